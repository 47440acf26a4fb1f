/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a message may go to: looked up when it is sent and again before each retry, within the domains that are allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define OURS "\"southwark.example\", \"*.southwark.example\""

static struct harness *make(void **state, const char *smtp_script)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50, .smtp_script = smtp_script});

    cast_import(h);
    return h;
}

static void allow(struct harness *h, const char *domains)
{
    char *text = harness_read(h, "told.conf"), *at = strstr(text, "email = {"), *changed;

    assert_non_null(at);
    at = strchr(at, '{') + 1;
    changed = mem_printf("%.*s domains = [ %s ];%s", (int)(at - text), text, domains, at);
    harness_write(h, "told.conf", changed);
    free(text);
    free(changed);
}

/* Past the import, as one that was made before the rules of today would stand. */
static void move_ash(struct harness *h, const char *address)
{
    char *sql = mem_printf("UPDATE told.person SET email = '%s' WHERE person_id = 'p-ash'", address);

    PQclear(harness_query(h, sql));
    PQclear(harness_query(h, "UPDATE told.installation SET directory_version = directory_version + 1"));
    free(sql);
}

static void charge(struct harness *h)
{
    cast_say(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
}

static void jump_to_retry(struct harness *h, const char *person)
{
    char *at = cast_value(
        h,
        "SELECT to_char(next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.message"
        " WHERE recipient = '%s' AND state = 'waiting'",
        person);

    assert_true(*at != '\0');
    cast_jump(h, at);
    free(at);
}

/* Both duties of the charge were told to her, and the journal says over which way she was found. */
static void expect_told(struct harness *h, const char *person, const char *because)
{
    cast_expect(h, "2", "SELECT count(*) FROM told.duty WHERE state = 'told' AND kind = 'duty'");
    cast_expect(h, "2",
                "SELECT count(*) FROM told.journal WHERE what = 'notification sent' AND detail->>'recipient' = '%s'"
                " AND detail->>'role' = 'social-worker' AND position('%s' IN detail->>'because') > 0",
                person, because);
}

static void expect_refused(struct harness *h, const char *reason)
{
    charge(h);
    cast_settle(h);
    expect_told(h, "p-cedar", "social-worker: p-ash has an address that may not be used");
    assert_int_equal(cast_mails_to(h, "cedar"), 1);
    cast_expect(h, reason, "SELECT detail FROM told.alarm WHERE kind = 'address-refused' AND key = 'p-ash'");
    cast_expect(h, "0", "SELECT count(*) FROM told.message WHERE recipient = 'p-ash'");
    assert_true(cast_log_has(h, "state=address-refused"));
    assert_false(cast_log_has(h, "p-ash"));
    cast_check(h);
}

static void test_right_recipient_outside_the_domains_falls_through_with_an_alarm(void **state)
{
    struct harness *h = make(state, NULL);

    allow(h, OURS);
    move_ash(h, "ash@southwark.example.thief.example");
    harness_told(h, NULL, NULL);
    expect_refused(h, "its domain is not among email.domains");
}

static void test_right_recipient_with_an_address_that_is_none_falls_through_with_an_alarm(void **state)
{
    struct harness *h = make(state, NULL);

    move_ash(h, "ash@southwark.example>\r\nRCPT TO:<thief@southwark.example");
    harness_told(h, NULL, NULL);
    expect_refused(h, "a byte in the domain that is neither letter, digit nor hyphen");
}

static void test_right_recipient_domains_narrowed_between_two_tries_hold_for_the_second(void **state)
{
    struct harness *h = make(state, "match=ash@ stage=rcpt do=451\n");
    pid_t told = harness_told(h, NULL, NULL);

    move_ash(h, "ash@lambeth.example");
    charge(h);
    cast_await(h, "1", "SELECT count(*) FROM told.attempt WHERE outcome = 'tempfail'");
    cast_settle(h);
    allow(h, OURS);
    assert_true(harness_reload(h, told));
    harness_sinks_restart(h, NULL, NULL);
    jump_to_retry(h, "p-ash");
    expect_told(h, "p-cedar", "p-ash has an address that may not be used");
    cast_expect(h, "cancelled 1", "SELECT state || ' ' || attempts FROM told.message WHERE recipient = 'p-ash'");
    cast_check(h);
}

static void test_right_recipient_of_a_case_that_moved_between_two_tries_is_the_new_worker(void **state)
{
    struct harness *h = make(state, "match=ash@ stage=rcpt do=451\n");
    char *path = harness_path(h, "moved.csv");

    harness_told(h, NULL, NULL);
    charge(h);
    cast_await(h, "1", "SELECT count(*) FROM told.attempt WHERE outcome = 'tempfail'");
    cast_settle(h);
    harness_write(h, "moved.csv",
                  "scheme,identifier,role,person,from\nlcs,LCS-1,social-worker,p-birch,2024-06-03\n");
    cast_succeed(h, "import", "allocations", path);
    harness_sinks_restart(h, NULL, NULL);
    jump_to_retry(h, "p-ash");
    expect_told(h, "p-birch", "social-worker: p-birch is allocated");
    assert_int_equal(cast_mails_to(h, "ash"), 0);
    assert_int_equal(cast_mails_to(h, "birch"), 1);
    cast_expect(h, "2",
                "SELECT count(*) FROM told.journal WHERE what = 'notification ended' AND detail->>'reason' ="
                " 'another recipient holds the role now' AND detail->>'because' = 'social-worker: p-ash is allocated'");
    cast_check(h);
    free(path);
}

/* What was said to somebody is put right where it was said, but not outside of what is allowed by then. */
static void test_right_recipient_no_correction_leaves_the_domains(void **state)
{
    struct harness *h = make(state, NULL);
    pid_t told = harness_told(h, NULL, NULL);

    move_ash(h, "ash@lambeth.example");
    charge(h);
    cast_settle(h);
    expect_told(h, "p-ash", "p-ash is allocated");
    allow(h, OURS);
    assert_true(harness_reload(h, told));
    cast_hear(h, "police.charge", "2024-06-03T08:55:00Z taken-back", "LCS-1", CAST_CHARGE ",\"retracts\":\"charge-1\"");
    cast_expect(h, "failed its domain is not among email.domains 2",
                "SELECT concat_ws(' ', state, reason, count(*)) FROM told.notification WHERE kind = 'correction'"
                " AND recipient = 'p-ash' GROUP BY state, reason");
    assert_int_equal(harness_lines(h, "mails.ndjson"), 1);
    cast_check(h);
}

static void test_right_recipient_import_refuses_addresses_outside_the_domains(void **state)
{
    static const char *const argv[] = {"import", "directory", NULL, NULL};
    struct harness *h = make(state, NULL);
    char *path = harness_path(h, "outside.csv");
    const char *with_path[] = {argv[0], argv[1], path, NULL};
    struct buf err = {0};

    allow(h, OURS);
    harness_write(h, "outside.csv",
                  "person,name,email\np-oak,Cast oak,oak@southwark.example\np-pine,Cast pine,pine@thief.example\n");
    assert_int_equal(harness_toldctl(h, "amara", with_path, NULL, &err), 65);
    assert_non_null(strstr(buf_string(&err), "3: email: its domain is not among email.domains"));
    assert_null(strstr(buf_string(&err), "thief"));
    cast_expect(h, "0", "SELECT count(*) FROM told.person WHERE person_id IN ('p-oak', 'p-pine')");
    buf_release(&err);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_right_recipient_outside_the_domains_falls_through_with_an_alarm, harness_teardown),
        cmocka_unit_test_teardown(test_right_recipient_with_an_address_that_is_none_falls_through_with_an_alarm,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_right_recipient_domains_narrowed_between_two_tries_hold_for_the_second,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_right_recipient_of_a_case_that_moved_between_two_tries_is_the_new_worker,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_right_recipient_no_correction_leaves_the_domains, harness_teardown),
        cmocka_unit_test_teardown(test_right_recipient_import_refuses_addresses_outside_the_domains, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
