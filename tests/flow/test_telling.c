/* SPDX-License-Identifier: Apache-2.0 */
/* From an open duty to a server that took the message: what is tried again and when, what failed, what may
 * have arrived. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define MESSAGE_OF(person)                                                                                   \
    "SELECT %s FROM told.message WHERE recipient = 'p-" person                                               \
    "' AND channel = 'email' ORDER BY message_id LIMIT 1"

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

    cast_publish(h, &(struct cast_event){.type = "police.charge",
                                         .id = id,
                                         .time = "2024-06-03T08:50:00Z",
                                         .lcs = lcs,
                                         .fields = CAST_CHARGE});
    free(id);
}

/* Jumps to when the message of a person is tried next. */
static void jump_to_retry(struct harness *h, const char *person, const char *channel)
{
    char *at = cast_value(
        h,
        "SELECT to_char(next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM told.message"
        " WHERE recipient = 'p-%s' AND channel = '%s' AND state = 'waiting'",
        person, channel);

    assert_true(*at != '\0');
    cast_jump(h, at);
    free(at);
}

/* How many seconds after NOW (which the story's clock shows) the message is tried again. */
static long retry_after(struct harness *h, const char *person, const char *channel)
{
    char *seconds =
        cast_value(h,
                   "SELECT extract(epoch FROM next_at - '" NOW "')::int FROM told.message WHERE recipient ="
                   " 'p-%s' AND channel = '%s' AND state = 'waiting'",
                   person, channel);
    long value = strtol(seconds, NULL, 10);

    free(seconds);
    return value;
}

static void test_telling_451_is_tried_again_at_the_policys_time(void **state)
{
    struct harness *h = begin(state, "match=ash stage=rcpt do=451 times=1\n", NULL);

    charge(h, "LCS-1");
    cast_await(h, "tempfail 451 f", "SELECT concat_ws(' ', outcome, code, uncertain) FROM told.attempt");
    cast_settle(h);
    assert_in_range(retry_after(h, "ash", "email"), 48, 72);
    cast_expect(h, "2 queued",
                "SELECT count(*) || ' ' || min(state) FROM told.notification WHERE state <> 'superseded'");
    cast_jump(h, "2024-06-03T09:00:47Z");
    cast_bystander(h);
    cast_expect(h, "1", "SELECT attempts FROM told.message WHERE recipient = 'p-ash'");
    jump_to_retry(h, "ash", "email");
    cast_expect(h, "sent 2 1", MESSAGE_OF("ash"), "concat_ws(' ', state, attempts, failures)");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state <> 'told'");
    cast_check(h);
}

static void test_telling_550_fails_and_the_next_step_is_told_at_once(void **state)
{
    struct harness *h = begin(state, "match=ash@ stage=rcpt do=550\n", NULL);

    charge(h, "LCS-1");
    cast_await(h, "permfail 550",
               "SELECT concat_ws(' ', outcome, code) FROM told.attempt WHERE outcome = 'permfail'");
    cast_settle(h);
    cast_expect(
        h, "failed 2",
        "SELECT state || ' ' || count(*) FROM told.notification WHERE recipient = 'p-ash' GROUP BY state");
    cast_expect(
        h, "sent 2",
        "SELECT state || ' ' || count(*) FROM told.notification WHERE recipient = 'p-cedar' AND step = 1"
        " AND kind = 'escalate' GROUP BY state");
    /* Nothing closes; the social worker was not told; the next step has a whole dwell. */
    cast_expect(h, "2", "SELECT count(*) FROM told.duty WHERE state = 'open' AND told_at IS NULL");
    cast_expect(h, "2024-06-04 16:00:00",
                "SELECT min(next_at AT TIME ZONE 'UTC') FROM told.duty_line WHERE step = 1");
    assert_int_equal(cast_mails_to(h, "cedar"), 1);
    cast_check(h);
}

static void test_telling_a_line_that_nobody_can_be_reached_on_does_not_spin_at_its_top(void **state)
{
    struct harness *h = begin(state, "match=southwark.example stage=rcpt do=550\n", NULL);

    charge(h, "LCS-1");
    cast_await(h, "2",
               "SELECT count(*) FROM told.notification WHERE recipient = 'p-fir' AND state = 'failed'");
    cast_settle(h);
    cast_expect(h, "2 4",
                "SELECT count(*) || ' ' || max(step) FROM told.duty_line WHERE role = 'social-worker'");
    cast_expect(
        h, "2024-06-04 16:00:00",
        "SELECT min(l.next_at AT TIME ZONE 'UTC') FROM told.duty_line l WHERE role = 'social-worker'");
    /* Said to the operators, though their mailbox takes nothing either. */
    cast_expect(h, "2",
                "SELECT count(*) FROM told.alarm WHERE kind = 'unreachable-at-top' AND key LIKE 'D-%%'"
                " AND key IN (SELECT 'D-' || duty_id FROM told.duty WHERE kind = 'duty')");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state = 'closed'");
    cast_check(h);
}

static void test_telling_webhook_503_is_tried_again_under_the_same_id(void **state)
{
    struct harness *h = begin(state, NULL, "path=/told do=503 times=1\n");
    json_t *hooks;
    char *uid;

    charge(h, "LCS-4");
    cast_await(h, "1", "SELECT count(*) FROM told.attempt WHERE outcome = 'tempfail' AND code = 503");
    cast_settle(h);
    cast_expect(h, "0",
                "SELECT count(*) FROM told.message WHERE recipient = 'p-kapok' AND channel = 'email'");
    /* Two duties, two requests: webhooks are not merged. */
    cast_expect(h, "2", "SELECT count(*) FROM told.message WHERE recipient = 'p-kapok'");
    uid = cast_value(h, "SELECT uid FROM told.message WHERE state = 'waiting'");
    assert_in_range(retry_after(h, "kapok", "webhook"), 48, 72);
    jump_to_retry(h, "kapok", "webhook");
    cast_expect(h, "0", "SELECT count(*) FROM told.message WHERE recipient = 'p-kapok' AND state <> 'sent'");
    hooks = cast_lines(h, "hooks.ndjson");
    assert_int_equal(json_array_size(hooks), 2);
    assert_string_equal(json_text_at(json_array_get(hooks, 1), "webhook_id"), uid);
    assert_true(json_is_true(json_object_get(json_array_get(hooks, 1), "valid")));
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state <> 'told'");
    json_decref(hooks);
    free(uid);
    cast_check(h);
}

static void test_telling_webhook_410_is_final_and_alarms_but_the_mail_tells(void **state)
{
    struct harness *h = begin(state, NULL, "path=/told do=410\n");

    charge(h, "LCS-3");
    charge(h, "LCS-4");
    cast_await(h, "4", "SELECT count(*) FROM told.attempt WHERE outcome = 'permfail'");
    cast_await(h, "t", "SELECT count(*) BETWEEN 1 AND 4 FROM told.attempt WHERE code = 410");
    cast_settle(h);
    /* One has a mail address, and the mail tells; the other has none, and the manager is told at once. */
    cast_expect(
        h, "sent 2",
        "SELECT min(state) || ' ' || count(*) FROM told.notification WHERE recipient = 'p-juniper' AND channel = 'email'");
    cast_expect(h, "failed 4",
                "SELECT min(state) || ' ' || count(*) FROM told.notification WHERE channel = 'webhook'");
    /* The manager's second notice of the case may wait its ten minutes for company, and escalate may take its turn after
     * dispatch has settled. */
    cast_await(h, "2", "SELECT count(*) FROM told.notification WHERE recipient = 'p-cedar' AND step = 1");
    PQclear(harness_query(h, "UPDATE told.installation SET told_from = told_from + interval '11 minutes'"));
    cast_await(
        h, "2",
        "SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.event e USING (event_id)"
        " WHERE e.id = 'charge-LCS-4' AND n.recipient = 'p-cedar' AND n.step = 1 AND n.state = 'sent'");
    cast_expect(
        h, "0",
        "SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.event e USING (event_id)"
        " WHERE e.id = 'charge-LCS-3' AND n.step > 0");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.alarm WHERE kind = 'endpoint-gone'");
    cast_check(h);
}

static void test_telling_a_drop_after_the_dot_is_uncertain_and_may_be_a_repeat(void **state)
{
    struct harness *h = begin(state, "match=ash stage=dot do=accept-then-drop times=1\n", NULL);
    json_t *mails, *mail;
    char *uid, *text;
    size_t i;
    int copies = 0;

    charge(h, "LCS-1");
    cast_await(h, "tempfail t", "SELECT concat_ws(' ', outcome, uncertain) FROM told.attempt");
    cast_settle(h);
    cast_expect(h, "2", "SELECT count(*) FROM told.notification WHERE state = 'uncertain'");
    cast_expect(h, "2",
                "SELECT count(*) FROM told.duty WHERE state = 'open'"); /* not told: nobody said 250 */
    assert_in_range(retry_after(h, "ash", "email"), 900, 1080);
    cast_jump(h, "2024-06-03T09:14:59Z");
    cast_bystander(h);
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    jump_to_retry(h, "ash", "email");
    assert_int_equal(cast_mails_to(h, "ash"), 2);
    uid = cast_value(h, MESSAGE_OF("ash"), "uid");
    mails = cast_lines(h, "mails.ndjson");
    json_array_foreach(mails, i, mail)
    {
        if (strcmp(json_text_at(mail, "to"), "ash@southwark.example") != 0)
            continue;
        assert_string_equal(json_text_at(mail, "message_id"), uid);
        text = cast_mail(h, (int)i + 1);
        assert_int_equal(strstr(text, "may be a repeat") != NULL, copies > 0);
        copies++;
        free(text);
    }
    cast_expect(
        h, "2",
        "SELECT count(*) FROM told.duty WHERE state = 'told' AND event_id = (SELECT event_id FROM told.event WHERE id = 'charge-LCS-1')");
    json_decref(mails);
    free(uid);
    cast_check(h);
}

static void test_telling_waits_for_a_mail_server_that_is_away(void **state)
{
    struct harness *h = begin(state, NULL, NULL);

    harness_sinks_stop(h);
    charge(h, "LCS-1");
    cast_await(h, "tempfail f", "SELECT concat_ws(' ', outcome, uncertain) FROM told.attempt");
    cast_settle(h);
    jump_to_retry(h, "ash", "email");
    cast_expect(h, "waiting 2 2", MESSAGE_OF("ash"), "concat_ws(' ', state, attempts, failures)");
    harness_sinks_restart(h, NULL, NULL);
    jump_to_retry(h, "ash", "email");
    cast_expect(h, "sent 3 2", MESSAGE_OF("ash"), "concat_ws(' ', state, attempts, failures)");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_telling_451_is_tried_again_at_the_policys_time, harness_teardown),
        cmocka_unit_test_teardown(test_telling_550_fails_and_the_next_step_is_told_at_once, harness_teardown),
        cmocka_unit_test_teardown(test_telling_a_line_that_nobody_can_be_reached_on_does_not_spin_at_its_top,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_telling_webhook_503_is_tried_again_under_the_same_id, harness_teardown),
        cmocka_unit_test_teardown(test_telling_webhook_410_is_final_and_alarms_but_the_mail_tells, harness_teardown),
        cmocka_unit_test_teardown(test_telling_a_drop_after_the_dot_is_uncertain_and_may_be_a_repeat,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_telling_waits_for_a_mail_server_that_is_away, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
