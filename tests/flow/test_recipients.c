/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told, in how many messages, and how little those say. */
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
#include "whole_file.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define MESSAGE_OF(person)                                                                                   \
    "SELECT %s FROM told.message WHERE recipient = 'p-" person                                               \
    "' AND channel = 'email' ORDER BY message_id LIMIT 1"

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

/* Replaces the one place where `from` stands. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (at == NULL)
        fail_msg("there is no \"%s\"", from);
    return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* Reorganised: the role of MASH's manager is no more, but the duty that is open was to climb to it. */
static void drop_the_mash_manager(struct harness *h)
{
    char *roles = whole_file("conf/roles.conf", NULL), *config = whole_file(harness_config(h), NULL),
         *root = realpath(".", NULL);
    char *above = replaced(roles, "above = \"mash-manager\"", "above = \"social-work-service-manager\"");
    char *renamed = replaced(above, "  mash-manager:", "  mash-coordinator:");
    char *line = mem_printf("roles = \"%s/conf/roles.conf\"", root);
    char *changed = replaced(config, line, "roles = \"roles.conf\"");

    harness_write(h, "roles.conf", renamed);
    harness_write(h, "told.conf", changed);
    free(roles);
    free(config);
    free(root);
    free(above);
    free(renamed);
    free(line);
    free(changed);
}

static void test_recipients_nobody_reaches_the_last_resort_alarms_and_climbs_at_once(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    pid_t told;

    cast_import(h);
    told = harness_told(h, NULL, NULL);
    cast_publish(h,
                 &(struct cast_event){.type = "police.concern",
                                      .id = "concern-1",
                                      .time = "2024-06-03T08:50:00Z",
                                      .lcs = "LCS-1",
                                      .fields = ",\"via\":\"school\",\"kind\":\"missing\",\"risk\":\"low\""});
    cast_settle(h);
    cast_expect(h, "mash",
                "SELECT role FROM told.duty_line JOIN told.duty USING (duty_id) WHERE duty = 'D14'");
    drop_the_mash_manager(h);
    assert_true(harness_reload(h, told));
    cast_jump(h, "2024-06-04T16:00:00Z"); /* due, unanswered */
    cast_expect(h, "mash-manager last-resort sent",
                "SELECT concat_ws(' ', role, recipient, n.state) FROM told.notification n"
                " JOIN told.duty d USING (duty_id) WHERE d.duty = 'D14' AND step = 1");
    cast_expect(h, "p-dogwood sent",
                "SELECT concat_ws(' ', recipient, n.state) FROM told.notification n"
                " JOIN told.duty d USING (duty_id) WHERE d.duty = 'D14' AND step = 2");
    cast_expect(
        h, "1",
        "SELECT count(*) FROM told.alarm a JOIN told.duty d ON d.duty = 'D14' WHERE a.kind = 'nobody-to-tell'"
        " AND a.key LIKE 'D-' || d.duty_id || ' %%'");
    assert_true(cast_mails_to(h, "last-resort") >= 1);
    cast_expect(h, "t",
                "SELECT bool_and(next_at > '2024-06-04T16:00:00Z') FROM told.duty WHERE duty = 'D14'");
    cast_check(h);
}

static void test_recipients_a_leaver_between_two_tries_is_superseded(void **state)
{
    struct harness *h = cast_play(state, NOW, "match=ash@ stage=rcpt do=451\n");

    charge(h, "LCS-1");
    cast_await(h, "1", "SELECT count(*) FROM told.attempt WHERE outcome = 'tempfail'");
    cast_settle(h);
    cast_import_people(h, "p-ash", "2024-06-02");
    jump_to_retry(h, "ash", "email");
    cast_expect(
        h, "superseded another recipient holds the role now 2",
        "SELECT concat_ws(' ', state, reason, count(*)) FROM told.notification WHERE recipient = 'p-ash' GROUP BY state, reason");
    cast_expect(
        h, "sent 2",
        "SELECT state || ' ' || count(*) FROM told.notification WHERE recipient = 'p-cedar' AND step = 0"
        " GROUP BY state");
    cast_expect(
        h, "2",
        "SELECT count(*) FROM told.journal WHERE what = 'notification ended' AND detail->>'state' = 'superseded'");
    cast_expect(h, "cancelled", MESSAGE_OF("ash"), "state");
    cast_expect(
        h, "t",
        "SELECT bool_and(because LIKE '%%p-ash has left%%') FROM told.notification WHERE recipient = 'p-cedar'");
    assert_int_equal(cast_mails_to(h, "ash"), 0);
    assert_int_equal(cast_mails_to(h, "cedar"), 1);
    cast_expect(h, "2", "SELECT count(*) FROM told.duty WHERE state = 'told'");
    cast_check(h);
}

static void test_recipients_two_roles_that_are_one_person_is_one_notification(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);
    char *duty;

    cast_publish(h, &(struct cast_event){.type = "yos.assessment",
                                         .id = "assessment-1",
                                         .time = "2024-06-03T08:50:00Z",
                                         .lcs = "LCS-2",
                                         .fields = ",\"state\":\"completed\",\"found\":[]"});
    cast_settle(h);
    cast_expect(h, "sent superseded",
                "SELECT string_agg(n.state, ' ' ORDER BY n.state) FROM told.notification n"
                " JOIN told.duty d USING (duty_id) WHERE d.duty = 'D10'");
    cast_expect(
        h, "2 2",
        "SELECT count(*) || ' ' || count(reached_at) FROM told.duty_line JOIN told.duty USING (duty_id)"
        " WHERE duty = 'D10'");
    cast_expect(h, "told", "SELECT state FROM told.duty WHERE duty = 'D10'");
    /* One word of theirs answers for both. */
    duty = cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = 'D10'");
    cast_succeed(h, "ack", duty, "--for", "p-ash");
    cast_expect(h, "acknowledged", "SELECT closed_as FROM told.duty WHERE duty = 'D10'");
    free(duty);
    cast_check(h);
}

static void hearing(struct harness *h, const char *type, const char *id, const char *fields)
{
    char *all = mem_printf(CAST_COURT ",\"hearing\":\"h-1\"%s", fields);

    cast_publish(h,
                 &(struct cast_event){
                     .type = type, .id = id, .time = "2024-06-03T08:50:00Z", .lcs = "LCS-1", .fields = all});
    cast_settle(h);
    free(all);
}

static void test_recipients_six_duties_of_one_case_in_ten_minutes_are_two_mails(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    charge(h, "LCS-1"); /* D01 D41 */
    cast_settle(h);
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_jump(h, "2024-06-03T09:02:00Z");
    hearing(h, "court.hearing-listed", "listed-1",
            ",\"at\":\"2024-07-20T09:00:00Z\",\"purpose\":\"first\""); /* D41 D43 */
    cast_jump(h, "2024-06-03T09:05:00Z");
    hearing(h, "court.conviction", "convicted-1", ",\"on\":\"2024-06-03\",\"offences\":[]"); /* D42 */
    cast_jump(h, "2024-06-03T09:09:00Z");
    hearing(h, "court.report-requested", "report-1",
            ",\"report\":\"psr\",\"due_on\":\"2024-07-10\""); /* D41, of the same hearing */
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_expect(
        h, "6",
        "SELECT count(*) FROM told.duty d JOIN told.notification n USING (duty_id) WHERE n.recipient = 'p-ash'");
    cast_expect(h, "2024-06-03 09:10:00",
                "SELECT next_at AT TIME ZONE 'UTC' FROM told.message WHERE state = 'waiting'");
    cast_jump(h, "2024-06-03T09:10:00Z");
    assert_int_equal(cast_mails_to(h, "ash"), 2);
    cast_expect(
        h, "6",
        "SELECT count(DISTINCT duty_id) FROM told.duty JOIN told.notification n USING (duty_id) WHERE n.recipient ="
        " 'p-ash' AND n.state = 'sent'");
    cast_expect(h, "2", "SELECT count(DISTINCT message_id) FROM told.notification WHERE recipient = 'p-ash'");
    cast_check(h);
}

static void test_recipients_immediate_never_waits_for_other_mail(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    charge(h, "LCS-1");
    cast_settle(h);
    cast_jump(h, "2024-06-03T09:02:00Z");
    hearing(h, "court.conviction", "convicted-1", ",\"on\":\"2024-06-03\",\"offences\":[]");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    hearing(h, "court.home-concern", "concern-1", "");
    assert_int_equal(cast_mails_to(h, "ash"), 2);
    cast_expect(h, "sent",
                "SELECT n.state FROM told.notification n JOIN told.duty USING (duty_id) WHERE duty = 'D21'");
    cast_expect(h, "queued",
                "SELECT n.state FROM told.notification n JOIN told.duty USING (duty_id) WHERE duty = 'D42'");
    cast_check(h);
}

/* The case reference is the one thing of a feed that is shown: here it is text that would harm a header, and
 * no ASCII. */
static void test_recipients_shows_a_strange_case_reference_and_stays_within_ascii(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);
    json_t *mails;
    char *text, *html, *calendar;

    cast_publish(h, &(struct cast_event){.type = "police.charge",
                                         .id = "charge-1",
                                         .time = "2024-06-03T08:50:00Z",
                                         .lcs = "LCS-3",
                                         .case_ref = "01MP \\u00c4/7 <b>*x*</b> {{child}}",
                                         .fields = CAST_CHARGE});
    cast_settle(h);
    mails = cast_lines(h, "mails.ndjson");
    assert_int_equal(json_array_size(mails), 1);
    assert_non_null(strstr(json_text_at(json_array_get(mails, 0), "subject"), "01MP"));
    text = cast_mail(h, 1);
    html = strstr(text, "text/html");
    assert_non_null(html);
    calendar = strstr(html, "text/calendar"); /* plain text, where a bracket is a bracket */
    assert_non_null(calendar);
    *calendar = '\0';
    assert_null(strstr(html, "<b>"));
    assert_non_null(strstr(html, "{{child}}")); /* as it was said, not filled in */
    assert_int_equal(harness_lines(h, "hooks.ndjson"), 2);
    free(text);
    json_decref(mails);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_recipients_nobody_reaches_the_last_resort_alarms_and_climbs_at_once,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_recipients_a_leaver_between_two_tries_is_superseded, harness_teardown),
        cmocka_unit_test_teardown(test_recipients_two_roles_that_are_one_person_is_one_notification,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_recipients_six_duties_of_one_case_in_ten_minutes_are_two_mails,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_recipients_immediate_never_waits_for_other_mail, harness_teardown),
        cmocka_unit_test_teardown(test_recipients_shows_a_strange_case_reference_and_stays_within_ascii,
                                  harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
