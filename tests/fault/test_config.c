/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad configurations are refused with every fault as file:line: what, what to do. tests/golden/config/NAME.conf says in
 * NAME.faults what is said of it; GOLDEN_UPDATE=1 writes those anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>
#include <zmq.h>

#include "config.h"
#include "secret.h"
#include "told/buf.h"
#include "told/mem.h"
#include "whole_file.h"

static const char GOLDEN[] = "tests/golden/config";

static void keep_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file, line, text);
}

static void write_all(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What was found against what the golden file says. */
static void compare_golden(const char *path, const char *found)
{
    char *expected;

    if (getenv("GOLDEN_UPDATE") != NULL)
        write_all(path, found);
    expected = whole_file(path, NULL);
    if (expected == NULL)
        fail_msg("%s is missing: write it with GOLDEN_UPDATE=1", path);
    assert_string_equal(found, expected);
    free(expected);
}

static void check_golden(const char *name)
{
    char *path = mem_printf("%s/%s.conf", GOLDEN, name), *golden = mem_printf("%s/%s.faults", GOLDEN, name);
    struct buf faults = {0};
    struct config *config = config_load(path, false, keep_fault, &faults);

    assert_null(config);
    compare_golden(golden, buf_string(&faults));
    buf_release(&faults);
    free(path);
    free(golden);
}

static void test_config_refuses_wrong_settings_all_in_one_run(void **state)
{
    (void)state;
    check_golden("settings");
}

static void test_config_refuses_what_cannot_be_parsed(void **state)
{
    (void)state;
    check_golden("unparsable");
    check_golden("twice");
}

static void test_config_names_what_is_missing(void **state)
{
    (void)state;
    check_golden("empty");
}

static void test_config_refuses_wrong_feeds_of_all_files(void **state)
{
    (void)state;
    check_golden("feeds");
}

static void test_config_refuses_wrong_roles(void **state)
{
    (void)state;
    check_golden("wrong-roles");
}

static void test_config_refuses_wrong_rules_calendars_and_templates(void **state)
{
    (void)state;
    check_golden("rules");
}

static void test_config_refuses_wrong_codes_of_all_files(void **state)
{
    (void)state;
    check_golden("codes");
    check_golden("codes-missing");
}

static void test_config_refuses_a_file_of_rules_without_a_rule(void **state)
{
    (void)state;
    check_golden("cut-off");
}

static void test_config_refuses_names_that_stand_nowhere(void **state)
{
    (void)state;
    check_golden("names");
}

static void test_config_refuses_mailboxes_outside_the_domains(void **state)
{
    (void)state;
    check_golden("domains");
}

static void test_config_refuses_files_that_are_not_there(void **state)
{
    (void)state;
    check_golden("files");
}

static void test_config_refuses_wrong_channels(void **state)
{
    (void)state;
    check_golden("channels");
}

static void test_config_refuses_wrong_relays(void **state)
{
    (void)state;
    check_golden("relays");
}

static struct config *load(const char *path, bool with_secrets)
{
    struct buf faults = {0};
    struct config *config = config_load(path, with_secrets, keep_fault, &faults);

    if (config == NULL || faults.len > 0)
        fail_msg("%s", buf_string(&faults));
    buf_release(&faults);
    return config;
}

/* Standard output of config_print, by way of a file. */
static char *printed(const struct config *config)
{
    char path[] = "/tmp/told-config.XXXXXX";
    int file = mkstemp(path), kept = dup(STDOUT_FILENO);
    char *text;

    assert_true(file >= 0 && kept >= 0);
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(file, STDOUT_FILENO) >= 0);
    config_print(config);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    close(file);
    text = whole_file(path, NULL);
    unlink(path);
    return text;
}

static void test_config_takes_a_good_one_and_prints_it_with_defaults(void **state)
{
    struct config *config = load("tests/golden/config/good.conf", false);
    char *text = printed(config);

    (void)state;
    assert_string_equal(config->authority, "kingsmere");
    assert_int_equal(config->feed_count, 2);
    assert_int_equal(config_feed(config, "register")->max_bytes, 4 * 1024 * 1024);
    assert_ptr_equal(config_feed_of_key(config, config_feed(config, "police")->key), config_feed(config, "police"));
    assert_null(config_feed(config, "fax"));
    assert_string_equal(config_feed(config, "police")->connect, "tcp://127.0.0.1:5571");
    assert_int_equal(config->courts[0].days, 1 | 64);
    assert_int_equal(config->lease_ms, 30000);
    assert_int_equal(config->relays[0].response_timeout_s, 300);
    assert_int_equal(config->relays[0].final_timeout_s, 600);
    assert_non_null(config_template(config, "merged"));
    assert_memory_equal(&config->retry.immediate, &BACKOFF_IMMEDIATE, sizeof BACKOFF_IMMEDIATE);
    assert_memory_equal(&config->retry.ordinary, &BACKOFF_ORDINARY, sizeof BACKOFF_ORDINARY);
    assert_int_equal(config->retry.longest_s, BACKOFF_LONGEST_S);
    compare_golden("tests/golden/config/good.print", text);
    free(text);
    config_unref(config);
}

/* What a relay leaves out is as email has it; clear text is never what is left out. */
static void test_config_takes_several_relays_in_their_order(void **state)
{
    struct config *config = load("tests/golden/config/relays-good.conf", false);
    const struct email_relay *first = &config->relays[0], *second = &config->relays[1];
    char *text = printed(config);

    (void)state;
    assert_int_equal(config->relay_count, 2);
    assert_string_equal(first->name, "main");
    assert_int_equal(first->tls, EMAIL_TLS_STARTTLS);
    assert_int_equal(first->senders, 8);
    assert_int_equal(first->response_timeout_s, 300);
    assert_int_equal(first->final_timeout_s, 600);
    assert_string_equal(first->from, "told@kingsmere.example");
    assert_string_equal(first->username, "told");
    assert_int_equal(second->tls, EMAIL_TLS_IMPLICIT);
    assert_int_equal(second->senders, 3);
    assert_int_equal(second->connect_timeout_s, 5);
    compare_golden("tests/golden/config/relays-good.print", text);
    free(text);
    config_unref(config);
}

static void test_config_takes_what_is_shipped(void **state)
{
    struct config *config = load("conf/told.conf", false);

    (void)state;
    assert_string_equal(config->authority, "southwark");
    assert_int_equal(config->feed_count, 8);
    config_unref(config);
}

/* ---- secrets ---- */

struct place {
    char directory[32];
    char *conf, *key, *hook;
};

static char *repository_path(const char *name)
{
    char here[1024];

    assert_non_null(getcwd(here, sizeof here));
    return mem_printf("%s/%s/%s", here, GOLDEN, name);
}

/* A configuration in a directory of its own, because a repository keeps no modes. */
static int setup_place(void **state)
{
    struct place *place = mem_new(sizeof *place);
    char *parts = repository_path("parts"), *text;

    strcpy(place->directory, "/tmp/told-conf.XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->conf = mem_printf("%s/told.conf", place->directory);
    place->key = mem_printf("%s/told.key", place->directory);
    place->hook = mem_printf("%s/hook.secret", place->directory);
    text = mem_printf("authority = \"kingsmere\"; reference_domain = \"told.kingsmere.example\";\n"
                      "last_resort = \"last-resort@kingsmere.example\"; trusted = [ \"pnc\" ];\n"
                      "review_role = \"social-work-team-manager\";\n"
                      "feeds = \"%s/feeds-good\"; protocol = \"%s/protocol-good\"; roles = \"%s/roles.conf\";\n"
                      "calendar = \"%s/calendar.json\"; codes = \"%s/codes-good\"; templates = \"%s/../../../../conf/templates\";\n"
                      "email: { url = \"smtp://localhost:25\"; tls = \"none\"; from = \"told@kingsmere.example\"; };\n"
                      "webhooks: { case-system: { url = \"https://cases.kingsmere.example/\"; secrets = \"hook.secret\"; }; };\n"
                      "ingest: { bind = \"tcp://127.0.0.1:5571\"; };\n",
                      parts, parts, parts, parts, parts, parts);
    write_all(place->conf, text);
    free(text);
    free(parts);
    *state = place;
    return 0;
}

static int teardown_place(void **state)
{
    struct place *place = *state;

    unlink(place->conf);
    unlink(place->key);
    unlink(place->hook);
    rmdir(place->directory);
    free(place->conf);
    free(place->key);
    free(place->hook);
    free(place);
    return 0;
}

/* Z85 may hold any character but quotes and backslash. */
static void make_key(char secret[41], char public_key[41])
{
    assert_int_equal(zmq_curve_keypair(public_key, secret), 0);
}

static void write_secret(const char *path, const char *text)
{
    char *reason = secret_write(path, text);

    if (reason != NULL)
        fail_msg("%s", reason);
}

static void write_hook(const char *path)
{
    unsigned char bytes[32];
    char text[80] = "whsec_";

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text + 6, sizeof text - 6, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    write_secret(path, text);
}

static void check_faults(const char *path, const char *first, const char *second)
{
    struct buf faults = {0};

    assert_null(config_load(path, true, keep_fault, &faults));
    if (strstr(buf_string(&faults), first) == NULL || (second != NULL && strstr(buf_string(&faults), second) == NULL))
        fail_msg("neither \"%s\" nor \"%s\" in: %s", first, second, buf_string(&faults));
    buf_release(&faults);
}

static void test_config_reads_secrets_and_never_prints_them(void **state)
{
    struct place *place = *state;
    char secret[41], public_key[41];
    struct config *config;
    char *text;

    make_key(secret, public_key);
    write_secret(place->key, secret);
    write_hook(place->hook);
    config = load(place->conf, true);
    assert_string_equal(config->ingest_secret_key, secret);
    assert_string_equal(config->ingest_public_key, public_key);
    assert_int_equal(config->endpoints[0].secret_count, 1);
    text = printed(config);
    assert_null(strstr(text, secret));
    assert_null(strstr(text, "whsec_"));
    free(text);
    config_unref(config);
}

static void test_config_refuses_secrets_that_are_missing_open_or_wrong(void **state)
{
    struct place *place = *state;
    char secret[41], public_key[41];

    check_faults(place->conf, "told.key does not exist, create it with mode 0600", "hook.secret does not exist");
    make_key(secret, public_key);
    write_secret(place->key, secret);
    write_secret(place->hook, "not a secret of that kind");
    assert_int_equal(chmod(place->key, 0640), 0);
    check_faults(place->conf, "told.key is open to group or others (mode 0640)", "told.conf:7: secrets: the file hook.secret");
    unlink(place->key);
    write_secret(place->key, "short");
    check_faults(place->conf, "holds no CURVE secret key", NULL);
}

static void test_secret_is_read_only_when_it_is_ours_alone(void **state)
{
    struct place *place = *state;
    static const struct {
        mode_t mode;
        bool is_good;
    } modes[] = {{0600, true}, {0400, true}, {0640, false}, {0604, false}, {0610, false}, {0666, false}};

    write_secret(place->key, "swordfish \n");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        char *reason = NULL, *secret;

        assert_int_equal(chmod(place->key, modes[i].mode), 0);
        secret = secret_read(place->directory, "told.key", &reason);
        assert_int_equal(secret != NULL, modes[i].is_good);
        assert_int_equal(reason == NULL, modes[i].is_good);
        if (secret != NULL)
            assert_string_equal(secret, "swordfish");
        secret_free(secret);
        free(reason);
    }
}

static void test_secret_of_the_service_comes_first(void **state)
{
    struct place *place = *state;
    char credentials[] = "/tmp/told-cred.XXXXXX", *path, *reason = NULL, *secret;

    assert_non_null(mkdtemp(credentials));
    path = mem_printf("%s/told.key", credentials);
    write_secret(place->key, "of the file");
    write_secret(path, "of the service");
    assert_int_equal(chmod(path, 0440), 0); /* the mask of systemd's ACL */
    setenv("CREDENTIALS_DIRECTORY", credentials, 1);
    secret = secret_read(place->directory, "told.key", &reason);
    assert_string_equal(secret, "of the service");
    secret_free(secret);
    secret = secret_read(place->directory, place->key, &reason); /* a path is not a credential's name */
    assert_string_equal(secret, "of the file");
    secret_free(secret);
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(path);
    rmdir(credentials);
    free(path);
}

static void test_secret_is_never_written_over(void **state)
{
    struct place *place = *state;
    char *reason;
    struct stat at;

    write_secret(place->key, "first");
    assert_int_equal(stat(place->key, &at), 0);
    assert_int_equal(at.st_mode & 0777, 0600);
    reason = secret_write(place->key, "second");
    assert_non_null(reason);
    free(reason);
    reason = NULL;
    char *secret = secret_read(place->directory, "told.key", &reason);
    assert_string_equal(secret, "first");
    secret_free(secret);
}

/* ---- snapshots ---- */

static void count_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)file;
    (void)line;
    buf_printf(cookie, "%s\n", text);
}

static void test_config_keeps_what_a_reload_cannot_take_over(void **state)
{
    struct config *now = load("tests/golden/config/good.conf", false), *next = load("tests/golden/config/good.conf", false);
    struct buf said = {0};

    (void)state;
    assert_int_equal(config_keep(now, next, count_fault, &said), 0);
    next->credit = 7;
    next->database_deadline_ms = 7;
    next->email.senders = 7;
    next->endpoints[0].timeout_s = 7;
    free(next->ingest_bind);
    next->ingest_bind = NULL;
    next->relays[0].password = mem_copy("another");
    assert_int_equal(config_keep(now, next, count_fault, &said), 5);
    assert_non_null(strstr(buf_string(&said), "database.deadline_ms has changed, restart told"));
    assert_non_null(strstr(buf_string(&said), "email.senders has changed"));
    assert_non_null(strstr(buf_string(&said), "ingest.bind has changed"));
    assert_non_null(strstr(buf_string(&said), "the password in email.password has changed"));
    assert_non_null(strstr(buf_string(&said), "webhooks has changed"));
    assert_int_equal(next->credit, 7);
    assert_int_equal(next->database_deadline_ms, 15000);
    assert_string_equal(next->ingest_bind, now->ingest_bind);
    assert_int_equal(next->endpoints[0].timeout_s, now->endpoints[0].timeout_s);
    assert_null(next->relays[0].password);
    buf_release(&said);
    config_unref(now);
    config_unref(next);
}

static void test_config_current_keeps_a_snapshot_while_it_is_held(void **state)
{
    struct config *first = load("tests/golden/config/good.conf", false);
    struct config_current *current = config_current_new(first);
    struct config *held = config_current_get(current);

    (void)state;
    assert_ptr_equal(held, first);
    config_current_set(current, load("tests/golden/config/good.conf", false));
    assert_string_equal(held->authority, "kingsmere"); /* the sanitizer would say otherwise */
    config_unref(held);
    held = config_current_get(current);
    assert_string_equal(held->last_resort, "last-resort@kingsmere.example");
    config_unref(held);
    config_current_free(current);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_refuses_wrong_settings_all_in_one_run),
        cmocka_unit_test(test_config_refuses_what_cannot_be_parsed),
        cmocka_unit_test(test_config_names_what_is_missing),
        cmocka_unit_test(test_config_refuses_wrong_feeds_of_all_files),
        cmocka_unit_test(test_config_refuses_wrong_roles),
        cmocka_unit_test(test_config_refuses_wrong_rules_calendars_and_templates),
        cmocka_unit_test(test_config_refuses_wrong_codes_of_all_files),
        cmocka_unit_test(test_config_refuses_a_file_of_rules_without_a_rule),
        cmocka_unit_test(test_config_refuses_names_that_stand_nowhere),
        cmocka_unit_test(test_config_refuses_mailboxes_outside_the_domains),
        cmocka_unit_test(test_config_refuses_files_that_are_not_there),
        cmocka_unit_test(test_config_refuses_wrong_channels),
        cmocka_unit_test(test_config_refuses_wrong_relays),
        cmocka_unit_test(test_config_takes_several_relays_in_their_order),
        cmocka_unit_test(test_config_takes_a_good_one_and_prints_it_with_defaults),
        cmocka_unit_test(test_config_takes_what_is_shipped),
        cmocka_unit_test_setup_teardown(test_config_reads_secrets_and_never_prints_them, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(test_config_refuses_secrets_that_are_missing_open_or_wrong, setup_place,
                                        teardown_place),
        cmocka_unit_test_setup_teardown(test_secret_is_read_only_when_it_is_ours_alone, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(test_secret_of_the_service_comes_first, setup_place, teardown_place),
        cmocka_unit_test_setup_teardown(test_secret_is_never_written_over, setup_place, teardown_place),
        cmocka_unit_test(test_config_keeps_what_a_reload_cannot_take_over),
        cmocka_unit_test(test_config_current_keeps_a_snapshot_while_it_is_held),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
