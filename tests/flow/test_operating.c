/* SPDX-License-Identifier: Apache-2.0 */
/* What operators do about messages: look, have one tried again, send a test; and what the log says of every try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define EX_REFUSED 65
#define EX_NOT_AVAILABLE 69
#define EX_LATER 75
#define EX_NOT_ALLOWED 77

static struct harness *begin(void **state, const char *smtp_script, const char *hook_script)
{
    struct harness *h = *state = harness_start(&(struct harness_options){.story_from = NOW,
                                                                         .story_stands = true,
                                                                         .poll_ms = 50,
                                                                         .smtp_script = smtp_script,
                                                                         .hook_script = hook_script});

    cast_import(h);
    harness_told(h, NULL, NULL);
    return h;
}

static void charge(struct harness *h, const char *lcs)
{
    char *id = mem_printf("charge-%s", lcs);

    cast_say(h, "police.charge", id, lcs, CAST_CHARGE);
    free(id);
}

#define OF_ASH "FROM told.message WHERE recipient = 'p-ash' AND channel = 'email'"

static void test_operating_retry_sends_what_failed_once_and_never_what_was_sent(void **state)
{
    struct harness *h = begin(state, "match=ash@ stage=rcpt do=550\n", NULL);
    char *notification;

    charge(h, "LCS-1");
    cast_await(h, "failed", "SELECT state " OF_ASH);
    cast_settle(h);
    harness_sinks_restart(h, NULL, NULL);
    notification = cast_value(h, "SELECT 'N-' || min(notification_id) FROM told.notification WHERE recipient = 'p-ash'");
    cast_succeed(h, "retry", notification);
    cast_await(h, "sent 2", "SELECT concat_ws(' ', state, attempts) " OF_ASH);
    cast_settle(h);
    cast_expect(h, "2", "SELECT count(*) FROM told.notification WHERE recipient = 'p-ash' AND state = 'sent'");
    cast_expect(h, "2 amara failed",
                "SELECT concat_ws(' ', count(*), min(who), min(detail->>'was')) FROM told.journal WHERE what = 'retry asked'");
    assert_int_equal(cast_operate(h, "retry", notification, NULL), EX_REFUSED);
    assert_int_equal(cast_operate(h, "retry", "N-4711", NULL), EX_REFUSED);
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_check(h);
    free(notification);
}

static void test_operating_retry_does_not_wait_for_the_next_try(void **state)
{
    struct harness *h = begin(state, "match=ash@ stage=rcpt do=451 times=1\n", NULL);
    char *uid;

    charge(h, "LCS-1");
    cast_await(h, "1", "SELECT count(*) FROM told.attempt WHERE outcome = 'tempfail'");
    cast_settle(h);
    uid = cast_value(h, "SELECT uid " OF_ASH);
    cast_succeed(h, "retry", uid);
    cast_await(h, "sent 2", "SELECT concat_ws(' ', state, attempts) " OF_ASH);
    assert_int_equal(cast_operate(h, "retry", uid, NULL), EX_REFUSED);
    cast_check(h);
    free(uid);
}

static void test_operating_retry_leaves_alone_what_is_with_the_server_or_not_needed(void **state)
{
    struct harness *h = begin(state, "match=gorse@ stage=rcpt do=451\n", NULL);
    char *message;

    harness_sinks_freeze(h);
    charge(h, "LCS-1");
    cast_await(h, "claimed", "SELECT state " OF_ASH);
    message = cast_value(h, "SELECT 'M-' || message_id " OF_ASH);
    assert_int_equal(cast_operate(h, "retry", message, NULL), EX_LATER);
    harness_sinks_thaw(h);
    cast_settle(h);
    cast_hear(h, "police.charge", "2024-06-03T08:55:00Z taken-back", "LCS-1", CAST_CHARGE ",\"retracts\":\"charge-LCS-1\"");
    assert_int_equal(cast_operate(h, "retry", message, NULL), EX_REFUSED);
    cast_expect(h, "0", "SELECT count(*) FROM told.journal WHERE what = 'retry asked'");
    assert_int_equal(cast_operate(h, "retry", "what", NULL), EX_REFUSED);
    assert_int_equal(cast_operate(h, "retry", "0", NULL), 64);
    cast_check(h);
    free(message);
}

/* ---- test-message ---- */

static void test_operating_test_message_goes_the_way_of_all_and_is_no_duty(void **state)
{
    struct harness *h = begin(state, NULL, NULL);
    json_t *mails, *hooks, *mail;
    char *text;

    cast_succeed(h, "test-message", "--to", "somebody@southwark.example");
    mails = cast_lines(h, "mails.ndjson");
    assert_int_equal(json_array_size(mails), 1);
    mail = json_array_get(mails, 0);
    assert_string_equal(json_text_at(mail, "to"), "somebody@southwark.example");
    assert_string_equal(json_text_at(mail, "subject"), "Test message from told for southwark");
    text = cast_mail(h, 1);
    assert_non_null(strstr(text, "Nobody has to do anything"));
    assert_non_null(strstr(text, "Auto-Submitted: auto-generated"));
    cast_succeed(h, "test-message", "--to", "case-system");
    hooks = cast_lines(h, "hooks.ndjson");
    assert_int_equal(json_array_size(hooks), 1);
    assert_true(json_is_true(json_object_get(json_array_get(hooks, 0), "valid")));
    free(text);
    text = harness_read(h, "hooks/000001.json");
    assert_non_null(strstr(text, "\"type\":\"told.test\""));
    cast_expect(h, "0 0", "SELECT (SELECT count(*) FROM told.duty) || ' ' || (SELECT count(*) FROM told.notification)");
    cast_expect(h, "sent 1 2", "SELECT concat_ws(' ', min(state), min(attempts), count(*)) FROM told.message WHERE test");
    cast_expect(h, "2", "SELECT count(*) FROM told.journal WHERE what = 'test message asked' AND who = 'amara'");
    assert_true(cast_log_has(h, "test=true attempt=1 result=delivered"));
    assert_false(cast_log_has(h, "somebody"));
    free(text);
    json_decref(mails);
    json_decref(hooks);
}

static void test_operating_test_message_says_what_came_of_it_and_is_tried_once(void **state)
{
    struct harness *h = begin(state, "match=gone@ stage=rcpt do=550\nmatch=busy@ stage=rcpt do=451\n", NULL);

    assert_int_equal(cast_operate(h, "test-message", "--to", "gone@southwark.example", NULL), EX_NOT_AVAILABLE);
    assert_int_equal(cast_operate(h, "test-message", "--to", "busy@southwark.example", NULL), EX_LATER);
    cast_expect(h, "failed 1 2",
                "SELECT concat_ws(' ', min(state), max(attempts), count(*)) FROM told.message WHERE test");
    assert_int_equal(cast_operate(h, "test-message", "--to", "no-such-endpoint", NULL), EX_REFUSED);
    assert_int_equal(cast_operate(h, "test-message", "--to", "a@b@southwark.example", NULL), EX_NOT_ALLOWED);
    assert_int_equal(cast_operate(h, "test-message", "--to", "x@southwark.example\r\nBcc: y@southwark.example", NULL),
                     EX_NOT_ALLOWED);
    assert_int_equal(cast_operate(h, "test-message", NULL), 64);
    cast_expect(h, "2", "SELECT count(*) FROM told.message");
    assert_int_equal(cast_operate(h, "retry", "M-1", NULL), EX_REFUSED);
}

static void test_operating_test_message_keeps_to_the_domains(void **state)
{
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    pid_t told = harness_told(h, NULL, NULL);
    char *text = harness_read(h, "told.conf"), *at = strstr(text, "email = {") + strlen("email = {");
    char *narrow = mem_printf("%.*s domains = [ \"southwark.example\", \"*.southwark.example\" ];%s", (int)(at - text), text, at);

    /* toldctl reads what stands now; told has not been asked to. */
    harness_write(h, "told.conf", narrow);
    assert_int_equal(cast_operate(h, "test-message", "--to", "x@thief.example", NULL), EX_NOT_ALLOWED);
    /* Past toldctl, to a told that knows by then. */
    assert_true(harness_reload(h, told));
    cast_expect(h, "1", "SELECT told.message_test('email', 'x@thief.example', '<told.test.1@told.example>', '" NOW "')");
    cast_await(h, "failed its domain is not among email.domains 0",
               "SELECT concat_ws(' ', state, reason, attempts) FROM told.message");
    cast_succeed(h, "test-message", "--to", "x@southwark.example");
    assert_int_equal(harness_lines(h, "mails.ndjson"), 1);
    free(narrow);
    free(text);
}

/* ---- looking ---- */

static json_t *notifications(struct harness *h, const char *option, const char *value)
{
    const char *const argv[] = {"notifications", "--json", option, value, NULL};
    struct buf out = {0}, err = {0};
    json_t *list;

    if (harness_toldctl(h, "amara", argv, &out, &err) != 0)
        fail_msg("%s", buf_string(&err));
    list = json_loads(buf_string(&out), 0, NULL);
    assert_non_null(list);
    buf_release(&out);
    buf_release(&err);
    return list;
}

static void expect_listed(struct harness *h, const char *option, const char *value, size_t want)
{
    json_t *list = notifications(h, option, value);

    if (json_array_size(list) != want)
        fail_msg("%s %s: %zu", option, value, json_array_size(list));
    json_decref(list);
}

static void test_operating_notifications_are_filtered(void **state)
{
    struct harness *h = begin(state, "match=birch@ stage=rcpt do=550\n", NULL);
    char *duty;

    charge(h, "LCS-1");
    cast_settle(h);
    cast_jump(h, "2024-06-03T10:00:00Z");
    charge(h, "LCS-6");
    cast_settle(h);
    duty = cast_value(h, "SELECT 'D-' || min(duty_id) FROM told.notification WHERE recipient = 'p-ash'");
    expect_listed(h, "--recipient", "p-ash", 2);
    expect_listed(h, "--state", "failed", 2);
    expect_listed(h, "--state", "uncertain", 0);
    expect_listed(h, "--duty", duty, 1);
    expect_listed(h, "--since", "2024-06-03T10:00:00Z", 4);
    expect_listed(h, "--since", "2024-06-03", 6);
    expect_listed(h, "--since", "2024-06-04", 0);
    assert_int_equal(cast_operate(h, "notifications", "--state", "waiting", NULL), 64);
    assert_int_equal(cast_operate(h, "notifications", "--since", "yesterday", NULL), 64);
    free(duty);
    cast_check(h);
}

/* ---- the log ---- */

static void check_line(const char *line)
{
    static const char *const KEYS[] = {"message=",  " notification=", " duty=",   " channel=",
                                       " attempt=", " result=",       " next=", " reason=\""};
    const char *at = line;

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        const char *found = strstr(at, KEYS[i]);

        if (found == NULL)
            fail_msg("no %s in: %s", KEYS[i], line);
        at = found + strlen(KEYS[i]);
        if (strchr(" \n", *at) != NULL)
            fail_msg("nothing after %s in: %s", KEYS[i], line);
    }
    if (strpbrk(line, "@") != NULL || strstr(line, "p-") != NULL || strcasestr(line, "cast") != NULL ||
        strcasestr(line, "ash") != NULL)
        fail_msg("a person in: %s", line);
}

/* One for each try that ended, by whatever channel and with whatever outcome. */
static void test_operating_log_has_one_line_a_try_and_no_person_in_it(void **state)
{
    struct harness *h = begin(state,
                              "match=ash@ stage=rcpt do=451 times=1\nmatch=juniper@ stage=dot do=accept-then-drop times=1\n"
                              "match=cedar@ stage=rcpt do=550\n",
                              "path=/told do=503 times=1\n");
    char *log, *save = NULL, *want;
    long lines = 0;

    charge(h, "LCS-1");
    charge(h, "LCS-3");
    charge(h, "LCS-4");
    cast_settle(h);
    cast_jump(h, "2024-06-03T09:20:00Z");
    cast_jump(h, "2024-06-04T17:00:00Z");
    cast_expect(h, "delivered permfail tempfail",
                "SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM told.attempt");
    log = harness_log(h);
    for (char *line = strtok_r(log, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        if (strstr(line, " attempt=") == NULL)
            continue;
        check_line(line);
        lines++;
    }
    want = mem_printf("%ld", lines);
    cast_expect(h, want, "SELECT count(*) FROM told.attempt WHERE ended_at IS NOT NULL");
    assert_true(lines > 8);
    free(want);
    free(log);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_operating_retry_sends_what_failed_once_and_never_what_was_sent, harness_teardown),
        cmocka_unit_test_teardown(test_operating_retry_does_not_wait_for_the_next_try, harness_teardown),
        cmocka_unit_test_teardown(test_operating_retry_leaves_alone_what_is_with_the_server_or_not_needed, harness_teardown),
        cmocka_unit_test_teardown(test_operating_test_message_goes_the_way_of_all_and_is_no_duty, harness_teardown),
        cmocka_unit_test_teardown(test_operating_test_message_says_what_came_of_it_and_is_tried_once, harness_teardown),
        cmocka_unit_test_teardown(test_operating_test_message_keeps_to_the_domains, harness_teardown),
        cmocka_unit_test_teardown(test_operating_notifications_are_filtered, harness_teardown),
        cmocka_unit_test_teardown(test_operating_log_has_one_line_a_try_and_no_person_in_it, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
