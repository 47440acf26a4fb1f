/* SPDX-License-Identifier: Apache-2.0 */
/* An unanswered duty climbs its lines a step at a time, by the calendar, until a person or a fact stops it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

static struct harness *begin(void **state, const char *from)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = from, .story_stands = true, .poll_ms = 50});

    cast_import(h);
    harness_told(h, NULL, NULL);
    return h;
}

static void publish(struct harness *h, const char *type, const char *lcs, const char *time,
                    const char *fields)
{
    char *id = mem_printf("%s-%s", type, time);

    cast_publish(h, &(struct cast_event){.type = type, .id = id, .time = time, .lcs = lcs, .fields = fields});
    cast_settle(h);
    free(id);
}

static char *duty_id(struct harness *h, const char *duty)
{
    char *id = cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = '%s' AND state <> 'closed'", duty);

    assert_true(*id != '\0');
    return id;
}

/* Up to which step the line of a role was told, to whom, and when the next one is. */
static void expect_line(struct harness *h, const char *duty, const char *role, const char *want)
{
    cast_expect(
        h, want,
        "SELECT concat_ws(' ', l.step, (SELECT string_agg(n.recipient || CASE n.state WHEN 'sent' THEN '' ELSE ' ' || n.state"
        " END, '+' ORDER BY n.notification_id) FROM told.notification n WHERE n.duty_id = l.duty_id AND n.line = l.line"
        " AND n.step = l.step AND n.telling = d.telling), to_char(l.next_at AT TIME ZONE 'UTC', 'Dy MM-DD HH24:MI'))"
        " FROM told.duty_line l JOIN told.duty d USING (duty_id) WHERE d.duty = '%s' AND l.role = '%s'",
        duty, role);
}

static void expect_open(struct harness *h, const char *duty)
{
    cast_expect(h, "t",
                "SELECT bool_and(state <> 'closed' AND next_at IS NOT NULL) FROM told.duty WHERE duty = '%s'",
                duty);
}

static void test_climbing_goes_step_by_step_from_friday_to_the_top_and_on(void **state)
{
    struct harness *h = begin(state, "2024-05-31T18:20:00Z");
    char *ignored;

    publish(h, "police.charge", "LCS-1", "2024-05-31T18:15:00Z", CAST_CHARGE);
    expect_line(h, "D41", "social-worker", "0 p-ash Mon 06-03 16:00");
    /* The weekend, and Monday until 17:00 in London, are hers. */
    cast_jump(h, "2024-06-03T15:59:59Z");
    cast_bystander(h);
    expect_line(h, "D41", "social-worker", "0 p-ash Mon 06-03 16:00");
    cast_jump(h, "2024-06-03T16:00:00Z");
    expect_line(h, "D41", "social-worker", "1 p-cedar Tue 06-04 16:00");
    cast_jump(h, "2024-06-04T16:00:00Z");
    expect_line(h, "D41", "social-worker", "2 p-dogwood Wed 06-05 16:00");
    cast_jump(h, "2024-06-05T16:00:00Z");
    expect_line(h, "D41", "social-worker", "3 p-elm Thu 06-06 16:00");
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind = 'unanswered-at-top'");
    cast_jump(h, "2024-06-06T16:00:00Z");
    expect_line(h, "D41", "social-worker", "4 p-fir Fri 06-07 16:00");
    expect_open(h, "D41");
    /* The top again after each dwell, over a weekend too, and the operators' alarm. */
    cast_jump(h, "2024-06-07T16:00:00Z");
    expect_line(h, "D41", "social-worker", "5 p-fir Mon 06-10 16:00");
    cast_expect(
        h, "2",
        "SELECT count(*) FROM told.alarm WHERE kind = 'unanswered-at-top' AND duty_id IS NOT NULL AND key IN"
        " (SELECT 'D-' || duty_id FROM told.duty WHERE duty IN ('D01', 'D41') AND event_id = 1)");
    assert_true(cast_mails_to(h, "told-operators") >= 1);
    cast_jump(h, "2024-06-10T16:00:00Z");
    expect_line(h, "D41", "social-worker", "6 p-fir Tue 06-11 16:00");
    /* Never by age. */
    cast_jump(h, "2024-07-10T16:00:00Z");
    expect_line(h, "D41", "social-worker", "7 p-fir Thu 07-11 16:00");
    expect_open(h, "D41");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state = 'closed'");
    /* Each step once, each told for itself. */
    cast_expect(
        h, "8 8",
        "SELECT count(*) || ' ' || count(DISTINCT step) FROM told.notification n JOIN told.duty d USING (duty_id)"
        " WHERE d.duty = 'D41' AND d.event_id = 1 AND n.state = 'sent'");
    ignored = cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = 'D41'");
    cast_succeed(h, "ack", ignored, "--for", "p-fir");
    free(ignored);
    cast_check(h);
}

static void test_climbing_keeps_to_the_bank_holiday(void **state)
{
    struct harness *h = begin(state, "2024-05-24T10:00:00Z"); /* a Friday; Monday 27 May is one */

    publish(h, "police.charge", "LCS-1", "2024-05-24T09:50:00Z", CAST_CHARGE);
    expect_line(h, "D41", "social-worker", "0 p-ash Tue 05-28 16:00");
    cast_jump(h, "2024-05-28T16:00:00Z");
    expect_line(h, "D41", "social-worker", "1 p-cedar Wed 05-29 16:00");
    cast_check(h);
}

static void test_climbing_takes_an_hour_a_step_for_an_immediate_duty_at_night(void **state)
{
    struct harness *h = begin(state, "2024-06-01T22:10:00Z"); /* a Saturday, 23:10 in London */

    publish(h, "court.home-concern", "LCS-1", "2024-06-01T22:05:00Z", CAST_COURT ",\"hearing\":\"h-1\"");
    expect_line(h, "D21", "social-worker", "0 p-ash Sat 06-01 23:10");
    cast_jump(h, "2024-06-01T23:10:00Z");
    expect_line(h, "D21", "social-worker", "1 p-cedar Sun 06-02 00:10");
    cast_jump(h, "2024-06-02T00:10:00Z");
    expect_line(h, "D21", "social-worker", "2 p-dogwood Sun 06-02 01:10");
    cast_check(h);
}

static void test_climbing_stops_on_an_acknowledgement(void **state)
{
    struct harness *h = begin(state, "2024-06-03T09:00:00Z");
    char *duty;

    publish(h, "police.charge", "LCS-1", "2024-06-03T08:50:00Z", CAST_CHARGE);
    duty = duty_id(h, "D41");
    /* A person who was not told and holds nothing in the line cannot stop it. */
    assert_int_not_equal(cast_operate(h, "ack", duty, "--for", "p-gorse", NULL), 0);
    expect_open(h, "D41");
    cast_succeed(h, "ack", duty, "--for", "p-ash");
    cast_jump(h, "2024-06-05T16:00:00Z");
    cast_expect(h, "closed acknowledged p-ash",
                "SELECT concat_ws(' ', d.state, closed_as, answered_for) FROM told.duty d JOIN"
                " told.answer USING (duty_id) WHERE duty = 'D41'");
    cast_expect(
        h, "0",
        "SELECT count(*) FROM told.notification JOIN told.duty USING (duty_id) WHERE duty = 'D41' AND step > 0");
    /* The other duty of the same charge was not answered by that. */
    expect_line(h, "D01", "social-worker", "1 p-cedar Thu 06-06 16:00");
    assert_int_not_equal(cast_operate(h, "ack", duty, "--for", "p-ash", NULL), 0);
    free(duty);
    cast_check(h);
}

static void test_climbing_stops_when_done_or_void_with_words(void **state)
{
    struct harness *h = begin(state, "2024-06-03T09:00:00Z");
    char *done, *nothing;

    publish(h, "police.charge", "LCS-1", "2024-06-03T08:50:00Z", CAST_CHARGE);
    done = duty_id(h, "D01");
    nothing = duty_id(h, "D41");
    assert_int_not_equal(cast_operate(h, "done", done, "--for", "p-ash", NULL), 0);
    assert_int_not_equal(cast_operate(h, "void", nothing, NULL), 0);
    cast_succeed(h, "done", done, "--for", "p-ash", "--note", "spoken to");
    cast_succeed(h, "void", nothing, "--reason", "another child");
    cast_jump(h, "2024-06-05T16:00:00Z");
    cast_expect(h, "done void", "SELECT string_agg(closed_as, ' ' ORDER BY duty) FROM told.duty");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE step > 0");
    free(done);
    free(nothing);
    cast_check(h);
}

static void test_climbing_sleeps_until_due_after_an_acknowledgement_of_what_must_be_done(void **state)
{
    struct harness *h = begin(state, "2024-06-03T09:00:00Z");
    char *duty;

    publish(
        h, "court.bail", "LCS-1", "2024-06-03T08:50:00Z",
        CAST_COURT
        ",\"hearing\":\"h-1\",\"decision\":\"conditional\",\"objected\":false,\"reside_as_directed\":true,"
        "\"return_home_prohibited\":true,\"parents\":\"present\"");
    expect_line(h, "D22", "social-worker", "0 p-ash Mon 06-03 16:00");
    duty = duty_id(h, "D22");
    cast_succeed(h, "ack", duty, "--for", "p-ash");
    expect_line(h, "D22", "social-worker", "0 p-ash Mon 06-03 16:00");
    cast_expect(
        h, "acknowledged t",
        "SELECT concat_ws(' ', state, (SELECT bool_and(stopped) FROM told.duty_line l WHERE l.duty_id ="
        " d.duty_id)) FROM told.duty d WHERE duty = 'D22'");
    cast_jump(h, "2024-06-03T15:59:59Z");
    cast_bystander(h);
    expect_line(h, "D22", "social-worker", "0 p-ash Mon 06-03 16:00");
    cast_jump(h, "2024-06-03T16:00:00Z");
    expect_line(h, "D22", "social-worker", "1 p-cedar Tue 06-04 16:00");
    /* Heard again after it was due: one dwell of peace. */
    cast_succeed(h, "ack", duty, "--for", "p-cedar");
    expect_line(h, "D22", "social-worker", "1 p-cedar Tue 06-04 16:00");
    cast_jump(h, "2024-06-04T16:00:00Z");
    expect_line(h, "D22", "social-worker", "2 p-dogwood Wed 06-05 16:00");
    cast_succeed(h, "done", duty, "--for", "p-dogwood", "--note", "a bed was found");
    cast_jump(h, "2024-06-06T16:00:00Z");
    cast_expect(
        h, "done 2",
        "SELECT concat_ws(' ', closed_as, (SELECT max(step) FROM told.notification n WHERE n.duty_id = d.duty_id))"
        " FROM told.duty d WHERE duty = 'D22'");
    free(duty);
    cast_check(h);
}

static void test_climbing_two_lines_side_by_side_until_each_is_answered(void **state)
{
    struct harness *h = begin(state, "2024-06-03T09:00:00Z");
    char *duty;

    publish(h, "yos.assessment", "LCS-1", "2024-06-03T08:50:00Z", ",\"state\":\"completed\",\"found\":[]");
    expect_line(h, "D10", "social-worker", "0 p-ash Tue 06-04 16:00");
    expect_line(h, "D10", "yos-worker", "0 p-gorse Tue 06-04 16:00");
    cast_jump(h, "2024-06-04T16:00:00Z");
    expect_line(h, "D10", "social-worker", "1 p-cedar Wed 06-05 16:00");
    expect_line(h, "D10", "yos-worker", "1 p-ivy Wed 06-05 16:00");
    /* The manager of one line answers: that line stops, the other climbs on. */
    duty = duty_id(h, "D10");
    cast_succeed(h, "ack", duty, "--for", "p-ivy");
    cast_jump(h, "2024-06-05T16:00:00Z");
    expect_line(h, "D10", "yos-worker", "1 p-ivy");
    expect_line(h, "D10", "social-worker", "2 p-dogwood Thu 06-06 16:00");
    expect_open(h, "D10");
    /* One who is above, but was not told yet. */
    cast_succeed(h, "ack", duty, "--for", "p-elm");
    cast_expect(h, "acknowledged", "SELECT closed_as FROM told.duty WHERE duty = 'D10'");
    free(duty);
    cast_check(h);
}

static void test_climbing_chases_those_outside_while_the_line_is_told(void **state)
{
    struct harness *h = begin(state, "2024-06-01T22:10:00Z");

    /* A court that is not ours on a Saturday: the home and the host service are asked. */
    publish(
        h, "court.bail", "LCS-1", "2024-06-01T22:05:00Z",
        ",\"court\":\"elsewhere-youth-court\",\"hearing\":\"h-1\",\"decision\":\"refused\",\"objected\":false");
    expect_line(h, "D27", "host-yos", "0 mailbox:host-yos Sat 06-01 23:10");
    cast_jump(h, "2024-06-01T23:10:00Z");
    cast_expect(
        h, "chase mailbox:host-yos, escalate p-ivy",
        "SELECT string_agg(n.kind || ' ' || n.recipient, ', ' ORDER BY n.kind) FROM told.notification n JOIN told.duty d"
        " USING (duty_id) JOIN told.duty_line l USING (duty_id, line) WHERE d.duty = 'D27' AND l.role = 'host-yos'"
        " AND n.step = 1 AND n.state IN ('sent', 'superseded')");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_climbing_goes_step_by_step_from_friday_to_the_top_and_on, harness_teardown),
        cmocka_unit_test_teardown(test_climbing_keeps_to_the_bank_holiday, harness_teardown),
        cmocka_unit_test_teardown(test_climbing_takes_an_hour_a_step_for_an_immediate_duty_at_night,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_climbing_stops_on_an_acknowledgement, harness_teardown),
        cmocka_unit_test_teardown(test_climbing_stops_when_done_or_void_with_words, harness_teardown),
        cmocka_unit_test_teardown(
            test_climbing_sleeps_until_due_after_an_acknowledgement_of_what_must_be_done, harness_teardown),
        cmocka_unit_test_teardown(test_climbing_two_lines_side_by_side_until_each_is_answered, harness_teardown),
        cmocka_unit_test_teardown(test_climbing_chases_those_outside_while_the_line_is_told, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
