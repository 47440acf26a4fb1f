/* SPDX-License-Identifier: Apache-2.0 */
/* told as systemd and an operator see it: ready, watched, told to read again, told to stop, and refusing to run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster.h"
#include "harness.h"
#include "shipped_codes.h"
#include "told/mem.h"
#include "whole_file.h"

enum { SOON_MS = 20000 };

static int start(void **state)
{
    const struct harness_options options = {0};

    *state = harness_start(&options);
    return 0;
}

static int stop(void **state)
{
    unsetenv("TOLD_HANG");
    unsetenv("TOLD_HANG_FILE");
    harness_stop(*state);
    return 0;
}

static void assert_ends(struct harness *h, pid_t told, int exit_code)
{
    int status = harness_signal(h, told, SIGTERM);

    if (!WIFEXITED(status) || WEXITSTATUS(status) != exit_code) {
        char *log = harness_log(h);

        fail_msg("told ended with status %x instead of exit %d; it said:\n%s", (unsigned)status, exit_code, log);
    }
}

static void assert_logged(struct harness *h, const char *want)
{
    char *log = harness_log(h);

    if (strstr(log, want) == NULL)
        fail_msg("\"%s\" is not in the log:\n%s", want, log);
    free(log);
}

static void await_logged(struct harness *h, const char *want)
{
    char *log = NULL;

    for (int i = 0; i < SOON_MS / 20; i++) {
        free(log);
        log = harness_log(h);
        if (strstr(log, want) != NULL)
            break;
        poll(NULL, 0, 20);
    }
    free(log);
    assert_logged(h, want);
}

static void test_service_is_ready_petted_and_stopped_in_order(void **state)
{
    pid_t told = harness_told(*state, NULL, "WATCHDOG_USEC=2000000");
    char *log;

    assert_true(harness_await_notify(*state, "STATUS=running", SOON_MS));
    assert_true(harness_await_notify(*state, "WATCHDOG=1", SOON_MS));
    assert_true(harness_await_notify(*state, "WATCHDOG=1", SOON_MS));
    assert_ends(*state, told, 0);
    assert_true(harness_await_notify(*state, "STOPPING=1", SOON_MS));
    log = harness_log(*state);
    assert_true(strstr(log, "stage=ingest state=stopped") < strstr(log, "stage=decide state=stopped"));
    assert_true(strstr(log, "stage=decide state=stopped") < strstr(log, "stage=escalate state=stopped"));
    assert_true(strstr(log, "stage=escalate state=stopped") < strstr(log, "stage=dispatch state=stopped"));
    assert_non_null(strstr(log, "told=stopped exit=0"));
    free(log);
}

/* Needs a build with -DTOLD_FAULTS, as those of the tests are. */
static void check_hang(struct harness *h, const char *stage)
{
    char *file = harness_path(h, "hang"), *want = mem_printf("watchdog=withheld stage=%s", stage);
    pid_t told;

    setenv("TOLD_HANG", stage, 1);
    setenv("TOLD_HANG_FILE", file, 1);
    told = harness_told(h, NULL, "WATCHDOG_USEC=1000000");
    assert_true(harness_await_notify(h, "WATCHDOG=1", SOON_MS));
    harness_write(h, "hang", "");
    await_logged(h, want);
    while (harness_await_notify(h, "WATCHDOG=1", 100)) /* those from before it hung */
        ;
    assert_false(harness_await_notify(h, "WATCHDOG=1", 1500));
    harness_signal(h, told, SIGKILL);
    unlink(file);
    free(file);
    free(want);
}

static void test_service_is_not_petted_while_a_stage_hangs(void **state)
{
    static const char *const stages[] = {"ingest", "decide", "escalate", "dispatch"};

    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        check_hang(*state, stages[i]);
}

static void test_service_reloads_or_keeps_the_old_and_says_so(void **state)
{
    pid_t told = harness_told(*state, NULL, NULL);
    char *good = whole_file(harness_config(*state), NULL), *bad = mem_printf("%spol_ms = 1;\nlast_result = 2;\n", good), *other;

    harness_write(*state, "told.conf", bad);
    harness_signal(*state, told, SIGHUP);
    assert_true(harness_await_notify(*state, "RELOADING=1\nMONOTONIC_USEC=", SOON_MS));
    assert_true(harness_await_notify(*state, "READY=1", SOON_MS));
    assert_logged(*state, "unknown setting pol_ms");
    assert_logged(*state, "unknown setting last_result");
    assert_logged(*state, "configuration=refused");
    other = mem_printf("%sladder = { dwell_working_days = 2; };\n", good);
    memcpy(strstr(other, "senders = 2"), "senders = 3", 11);
    harness_write(*state, "told.conf", other);
    harness_signal(*state, told, SIGHUP);
    assert_true(harness_await_notify(*state, "RELOADING=1", SOON_MS));
    assert_true(harness_await_notify(*state, "READY=1", SOON_MS));
    assert_logged(*state, "configuration=reloaded");
    assert_logged(*state, "email.senders has changed, restart told");
    assert_ends(*state, told, 0);
    free(good);
    free(bad);
    free(other);
}

static void reload(struct harness *h, pid_t told)
{
    harness_signal(h, told, SIGHUP);
    assert_true(harness_await_notify(h, "RELOADING=1", SOON_MS));
    assert_true(harness_await_notify(h, "READY=1", SOON_MS));
}

/* The rules that decide are the last good ones, whatever stands in the file. */
static void test_service_keeps_good_rules_when_a_rule_file_is_mistyped(void **state)
{
#define RULE(type, within)                                                                                            \
    "\nrule-D1: { title = \"t\"; says = \"Do it\"; cites = \"1\"; on = [ \"" type "\" ]; when = \"true\";"                    \
    " tell = [ \"mash\" ]; within = \"" within "\"; closes = \"ack\"; };\n"
    static const char *const mistyped[][2] = {
        {RULE("court.bial", "1wd"), "rules.conf:2: rule D1: "},
        {RULE("court.bail", "1 week"), "rules.conf:2: rule D1: within"},
        {"\nrule-D1: { title = \"t\"; ", "rules.conf:"},
    };
    struct harness *h = *state;
    char *good = whole_file(harness_config(h), NULL), *from = strstr(good, "protocol = \""), *config, *log, *since;
    pid_t told;

    assert_non_null(from);
    config = mem_printf("%.*sprotocol = \"rules.conf\"%s", (int)(from - good), good,
                        strchr(from + strlen("protocol = \""), '"') + 1);
    harness_write(h, "rules.conf", RULE("court.bail", "1wd"));
    harness_write(h, "told.conf", config);
    told = harness_told(h, NULL, NULL);
    assert_true(harness_await(h, "SELECT text LIKE '%court.bail%' FROM told.protocol_version ORDER BY first_used_at DESC LIMIT 1",
                              "t", SOON_MS));
    for (size_t i = 0; i < sizeof mistyped / sizeof mistyped[0]; i++) {
        log = harness_log(h);
        harness_write(h, "rules.conf", mistyped[i][0]);
        reload(h, told);
        since = harness_log(h);
        if (strstr(since + strlen(log), mistyped[i][1]) == NULL || strstr(since + strlen(log), "configuration=refused") == NULL)
            fail_msg("\"%s\" was not said:\n%s", mistyped[i][1], since + strlen(log));
        free(since);
        free(log);
    }
    /* Decided while the mistyped file lies there. */
    free(harness_value(h, "WITH c AS (INSERT INTO told.child (created_at) VALUES (now()) RETURNING child_id), e AS (INSERT INTO"
                          " told.event (source, id, feed, type, occurred_at, received_at, digest, body) VALUES ('court/c', 'b',"
                          " 'court', 'court.bail', now(), now(), '', convert_to('{\"specversion\":\"1.0\",\"id\":\"b\","
                          "\"source\":\"court/c\",\"type\":\"court.bail\",\"time\":\"2024-05-31T10:00:00Z\",\"data\":{"
                          "\"person\":{},\"hearing\":\"h\",\"decision\":\"unconditional\"}}', 'UTF8')) RETURNING event_id)"
                          " INSERT INTO told.event_state (event_id, child_id) SELECT event_id, child_id FROM c, e RETURNING 1"));
    assert_true(harness_await(h, "SELECT protocol_hash = (SELECT hash FROM told.protocol_version WHERE text LIKE '%court.bail%1wd%'"
                                 " ORDER BY first_used_at DESC LIMIT 1) FROM told.duty WHERE rule = 'D1'",
                              "t", SOON_MS));
    harness_write(h, "rules.conf", RULE("court.bail", "2wd"));
    reload(h, told);
    assert_true(harness_await(h, "SELECT count(*) FROM told.protocol_version WHERE text LIKE '%2wd%' AND text LIKE '%\"rules.conf\"%'",
                              "1", SOON_MS));
    assert_ends(h, told, 0);
    harness_write(h, "told.conf", good);
    free(config);
    free(good);
#undef RULE
}

/* A hearing of the Common Platform as it lies in the database, waiting to be decided. */
static void insert_hearing(struct harness *h, const char *id)
{
    char *sql = mem_printf(
        "WITH e AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body) VALUES"
        " ('hearing/southwark', '%s', 'hearing', 'foreign.hmcts-hearing', now(), now(), '', convert_to('{\"specversion\":"
        "\"1.0\",\"id\":\"%s\",\"source\":\"hearing/southwark\",\"type\":\"foreign.hmcts-hearing\",\"time\":"
        "\"2024-11-15T16:00:00Z\",\"data\":{\"sharedTime\":\"2024-11-15T15:30:00Z\",\"hearing\":{\"id\":\"%s\","
        "\"hearingDays\":[{\"sittingDay\":\"2024-11-15T10:00:00Z\"}],\"hasSharedResults\":true,\"prosecutionCases\":"
        "[{\"defendants\":[{\"masterDefendantId\":\"%s\",\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":"
        "\"2009-02-03\"}},\"offences\":[{\"judicialResults\":[{\"cjsCode\":\"4029\"}]}]}]}]}}}', 'UTF8'))"
        " RETURNING event_id) INSERT INTO told.event_state (event_id) SELECT event_id FROM e RETURNING 1",
        id, id, id, id);

    free(harness_value(h, sql));
    free(sql);
}

/* Where the remand of that hearing is to. */
static void await_remand(struct harness *h, const char *id, const char *to)
{
    char *sql = mem_printf("SELECT convert_from(body, 'UTF8')::jsonb #>> '{data,to}' FROM told.event WHERE type = 'court.remand'"
                           " AND id LIKE '%s/%%'",
                           id);

    if (!harness_await(h, sql, to, 10000))
        fail_msg("the remand of %s is not to %s", id, to);
    free(sql);
}

/* What a code means is changed by a row and a reload; a mistyped row changes nothing. */
static void test_service_takes_changed_codes_and_keeps_good_ones_when_a_row_is_mistyped(void **state)
{
    static const char row[] = "{ code = \"4029\"; event = \"court.remand\"; to = \"";
    struct harness *h = *state;
    char *good = whole_file(harness_config(h), NULL), *from = strstr(good, "codes = \""), *config, *codes = shipped_codes_text(), *changed, *at;
    pid_t told;

    assert_non_null(from);
    config = mem_printf("%.*scodes = \"codes.conf\"%s", (int)(from - good), good, strchr(from + strlen("codes = \""), '"') + 1);
    at = strstr(codes, row);
    assert_non_null(at);
    at += strlen(row);
    harness_write(h, "codes.conf", codes);
    harness_write(h, "told.conf", config);
    told = harness_told(h, NULL, NULL);
    changed = mem_printf("%.*shome%s", (int)(at - codes), codes, strchr(at, '"'));
    harness_write(h, "codes.conf", changed);
    reload(h, told);
    assert_logged(h, "court-results 4029: to is none of its words; write one of local-authority-accommodation");
    assert_logged(h, "configuration=refused");
    insert_hearing(h, "h-1");
    await_remand(h, "h-1", "local-authority-accommodation");
    free(changed);
    changed = mem_printf("%.*scustody%s", (int)(at - codes), codes, strchr(at, '"'));
    harness_write(h, "codes.conf", changed);
    reload(h, told);
    insert_hearing(h, "h-2");
    await_remand(h, "h-2", "custody");
    assert_ends(h, told, 0);
    harness_write(h, "told.conf", good);
    free(changed);
    free(codes);
    free(config);
    free(good);
}

static void test_service_waits_for_a_database_that_is_away(void **state)
{
    pid_t told;

    cluster_halt(harness_cluster(*state));
    told = harness_told(*state, NULL, "WATCHDOG_USEC=4000000"); /* ready: publishers are answered with BUSY */
    assert_true(harness_await_notify(*state, "STATUS=waiting for the database", SOON_MS));
    assert_true(harness_await_notify(*state, "WATCHDOG=1", SOON_MS));
    assert_logged(*state, "database=away state=waiting");
    cluster_resume(harness_cluster(*state));
    assert_true(harness_await_notify(*state, "STATUS=running", SOON_MS));
    assert_logged(*state, "stage=dispatch state=started");
    assert_ends(*state, told, 0);
}

/* told as it would be started by hand: its exit code, and all it wrote. */
static int run(struct harness *h, const char *arguments, struct buf *out)
{
    char build[1024], *command, some[1024];
    ssize_t len = readlink("/proc/self/exe", build, sizeof build - 1);
    FILE *pipe;
    int status;

    assert_true(len > 0);
    build[len] = '\0';
    *strstr(build, "/tests/") = '\0';
    command = mem_printf("'%s/told' -f '%s' %s 2>&1", build, harness_config(h), arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    for (size_t got; (got = fread(some, 1, sizeof some, pipe)) > 0;)
        buf_append(out, some, got);
    status = pclose(pipe);
    free(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_run(struct harness *h, const char *arguments, int exit_code, const char *want)
{
    struct buf out = {0};
    int found = run(h, arguments, &out);

    if (found != exit_code || strstr(buf_string(&out), want) == NULL)
        fail_msg("told %s: exit %d (wanted %d with \"%s\"):\n%s", arguments, found, exit_code, want, buf_string(&out));
    buf_release(&out);
}

static void test_service_checks_without_a_database(void **state)
{
    char *good = whole_file(harness_config(*state), NULL), *bad = mem_printf("%spol_ms = 1;\n", good);

    cluster_halt(harness_cluster(*state));
    check_run(*state, "-n", 0, "D41");
    check_run(*state, "-n", 0, "RILAB");
    check_run(*state, "-n -v", 0, "deadline_ms");
    check_run(*state, "--help", 0, "Usage: told");
    check_run(*state, "--stages nothing", 64, "not a list of stages");
    check_run(*state, "--without-secrets", 64, "goes with -n only");
    harness_write(*state, "told.conf", bad);
    check_run(*state, "-n", 78, "unknown setting pol_ms");
    check_run(*state, "", 78, "unknown setting pol_ms");
    harness_write(*state, "told.conf", good);
    cluster_resume(harness_cluster(*state));
    free(good);
    free(bad);
}

static void test_service_refuses_a_database_that_does_not_fit(void **state)
{
    char *kept = harness_value(*state, "SELECT checksum FROM told.schema_version WHERE number = 1");
    char *back = mem_printf("UPDATE told.schema_version SET checksum = '%s' WHERE number = 1 RETURNING number", kept);

    free(harness_value(*state, "UPDATE told.installation SET authority = 'elsewhere' RETURNING authority"));
    check_run(*state, "--stages decide", 69, "belongs to the authority elsewhere");
    free(harness_value(*state, "UPDATE told.installation SET authority = 'southwark' RETURNING authority"));
    free(harness_value(*state, "UPDATE told.schema_version SET checksum = 'x' WHERE number = 1 RETURNING number"));
    check_run(*state, "--stages decide", 69, "database=refused");
    free(harness_value(*state, back));
    free(kept);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_is_ready_petted_and_stopped_in_order),
        cmocka_unit_test(test_service_is_not_petted_while_a_stage_hangs),
        cmocka_unit_test(test_service_reloads_or_keeps_the_old_and_says_so),
        cmocka_unit_test(test_service_keeps_good_rules_when_a_rule_file_is_mistyped),
        cmocka_unit_test(test_service_takes_changed_codes_and_keeps_good_ones_when_a_row_is_mistyped),
        cmocka_unit_test(test_service_refuses_a_database_that_does_not_fit),
        /* From here on the database goes away under the harness's own connection. */
        cmocka_unit_test(test_service_waits_for_a_database_that_is_away),
        cmocka_unit_test(test_service_checks_without_a_database),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
