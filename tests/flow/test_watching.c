/* SPDX-License-Identifier: Apache-2.0 */
/* What did not happen: a watch tells nobody before its moment, and then its duty opens (A16, A18, A24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"

#define DATES(early) ",\"early_on\":\"" early "\",\"mandatory_on\":\"2024-10-31\",\"early_entitled\":true"
#define MEETING(kind, on, more) ",\"meeting\":\"" kind "\",\"on\":\"" on "\"" more

static struct harness *begin(void **state)
{
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = "2024-06-03T09:00:00Z", .story_stands = true, .poll_ms = 50});

    cast_import(h);
    harness_told(h, NULL, NULL);
    cast_hear(h, "court.sentence", "2024-06-03T08:00:00Z sentence-1", "LCS-6",
              CAST_COURT ",\"hearing\":\"h-1\",\"on\":\"2024-06-03\",\"kind\":\"custody\",\"order\":\"dto\",\"term_months\":8");
    cast_hear(h, "custody.reception", "2024-06-03T08:30:00Z reception-1", "LCS-6",
              ",\"establishment\":\"made-up\",\"establishment_kind\":\"yoi\",\"on\":\"2024-06-03\",\"sentenced\":true");
    return h;
}

static void expect_watches(struct harness *h, const char *want)
{
    cast_expect(h, want,
                "SELECT coalesce(string_agg(DISTINCT duty || ' ' || to_char(at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ', '), '')"
                " FROM told.watch WHERE state = 'open'");
}

static void expect_open(struct harness *h, const char *rules, const char *want)
{
    cast_expect(h, want,
                "SELECT coalesce(string_agg(rule || ' ' || to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ', ' ORDER BY rule), '')"
                " FROM told.duty WHERE state <> 'closed' AND rule LIKE '%s'",
                rules);
}

static void test_watching_a16_escalates_the_meeting_that_was_not_recorded(void **state)
{
    struct harness *h = begin(state);
    char *duty, *event;

    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-1", "LCS-6", DATES("2024-07-31"));
    expect_watches(h, "D66 06-28 16:00, D67 07-23 16:00");
    cast_jump(h, "2024-06-28T15:59:59Z");
    cast_bystander(h);
    expect_open(h, "D66%%", "");
    cast_jump(h, "2024-06-28T16:00:00Z");
    expect_open(h, "D66%%", "D66-watch 06-28 16:00");
    cast_expect(h, "care-service yos-worker",
                "SELECT string_agg(role, ' ' ORDER BY role) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D66-watch'");
    /* It is an event of told's own, and can be asked like any other. */
    cast_expect(h, "told told.instant decided",
                "SELECT DISTINCT concat_ws(' ', e.source, e.type, s.state) FROM told.event e JOIN told.event_state s USING (event_id)"
                " WHERE e.feed = 'told'");
    expect_watches(h, "D67 07-23 16:00");
    duty = cast_value(h, "SELECT duty_id FROM told.duty WHERE rule = 'D66-watch'");
    event = cast_value(h, "SELECT event_id FROM told.duty WHERE rule = 'D66-watch'");
    cast_succeed(h, "why", duty);
    cast_succeed(h, "explain", event);
    cast_succeed(h, "why-not", event, "D67");
    /* The placement is found: the fact closes the duty. */
    cast_jump(h, "2024-07-01T09:00:00Z");
    cast_hear(h, "custody.meeting-held", "2024-07-01T08:00:00Z meeting-1", "LCS-6",
              MEETING("release-preparation", "2024-07-01", ",\"placement_identified\":true"));
    expect_open(h, "D66%%", "");
    free(event);
    free(duty);
    cast_check(h);
}

static void test_watching_a18_tells_the_director_eight_days_before_release(void **state)
{
    struct harness *h = begin(state);

    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-1", "LCS-6", DATES("2024-07-31"));
    cast_hear(h, "custody.meeting-held", "2024-06-03T08:50:00Z meeting-1", "LCS-6",
              MEETING("release-preparation", "2024-06-03", ",\"placement_identified\":true"));
    expect_watches(h, "D67 07-23 16:00"); /* what D66 waits for has come */
    cast_jump(h, "2024-07-23T16:00:00Z");
    expect_open(h, "D66%%", "");
    expect_open(h, "D67%%", "D67-watch 07-24 16:00");
    cast_expect(h, "p-fir sent",
                "SELECT concat_ws(' ', recipient, n.state) FROM told.notification n JOIN told.duty USING (duty_id)"
                " WHERE rule = 'D67-watch' AND role = 'director' AND step = 0");
    cast_check(h);
}

static void test_watching_is_met_by_a_meeting_that_says_so_and_by_no_other(void **state)
{
    struct harness *h = begin(state);

    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-1", "LCS-6", DATES("2024-07-31"));
    cast_hear(h, "custody.meeting-held", "2024-06-03T08:50:00Z meeting-1", "LCS-6",
              MEETING("pre-release", "2024-06-03", "")); /* says nothing of an address */
    expect_watches(h, "D66 06-28 16:00, D67 07-23 16:00");
    cast_hear(h, "custody.meeting-held", "2024-06-03T08:55:00Z meeting-2", "LCS-6",
              MEETING("pre-release", "2024-06-03", ",\"address_available\":false"));
    expect_watches(h, "D66 06-28 16:00");
    expect_open(h, "D67%%", "D67 07-24 16:00"); /* the meeting itself started it */
    cast_check(h);
}

static void test_watching_moves_with_the_release_date_and_back(void **state)
{
    struct harness *h = begin(state);

    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-1", "LCS-6", DATES("2024-07-31"));
    cast_hear(h, "custody.release-dates", "2024-06-03T08:41:00Z dates-2", "LCS-6", DATES("2024-08-30"));
    expect_watches(h, "D66 07-30 16:00, D67 08-22 16:00");
    cast_hear(h, "custody.release-dates", "2024-06-03T08:42:00Z dates-3", "LCS-6", DATES("2024-07-31"));
    expect_watches(h, "D66 06-28 16:00, D67 07-23 16:00");
    /* One whose moment has passed comes at once: ten days are left. */
    cast_jump(h, "2024-06-10T09:00:00Z");
    cast_hear(h, "custody.release-dates", "2024-06-10T08:00:00Z dates-4", "LCS-6", DATES("2024-06-21"));
    expect_open(h, "D66%%", "D66-watch 05-21 16:00");
    expect_watches(h, "D67 06-13 16:00");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.journal WHERE what = 'watch ended' AND detail->>'reason' = 'its date moved'");
    /* Released: nothing waits any more. */
    cast_hear(h, "custody.release", "2024-06-10T08:10:00Z release-1", "LCS-6", ",\"on\":\"2024-06-10\",\"reason\":\"released\"");
    expect_open(h, "D66%%", "");
    expect_watches(h, "D91 07-01 16:00");
    cast_check(h);
}

static void test_watching_a24_asks_at_the_end_of_the_three_weeks(void **state)
{
    struct harness *h = begin(state);
    char *first;

    cast_jump(h, "2024-06-14T09:00:00Z");
    cast_hear(h, "custody.release", "2024-06-14T08:00:00Z release-1", "LCS-6", ",\"on\":\"2024-06-14\",\"reason\":\"released\"");
    expect_watches(h, "D91 07-05 16:00");
    first = cast_value(h, "SELECT duty_id FROM told.duty WHERE rule = 'D91'");
    cast_succeed(h, "done", first, "--for", "p-ivy", "--note", "first contact");
    cast_jump(h, "2024-07-05T16:00:00Z");
    expect_open(h, "D91%%", "D91-watch 07-08 16:00");
    cast_expect(h, "custody-scrutiny-panel resettlement-officer",
                "SELECT string_agg(role, ' ' ORDER BY role) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D91-watch'");
    free(first);
    cast_check(h);
}

static void test_watching_is_ended_by_a_person(void **state)
{
    struct harness *h = begin(state);
    char *watch, *number;

    cast_jump(h, "2024-06-14T09:00:00Z");
    cast_hear(h, "custody.release", "2024-06-14T08:00:00Z release-1", "LCS-6", ",\"on\":\"2024-06-14\",\"reason\":\"released\"");
    watch = cast_value(h, "SELECT 'W-' || watch_id FROM told.watch WHERE state = 'open'");
    assert_int_not_equal(cast_operate(h, "watches", "done", "W-999", "--for", "p-ivy", "--note", "x", NULL), 0);
    cast_succeed(h, "watches");
    cast_succeed(h, "watches", "done", watch, "--for", "p-ivy", "--note", "support lasted until today");
    assert_int_not_equal(cast_operate(h, "watches", "done", watch, "--for", "p-ivy", "--note", "again", NULL), 0);
    number = cast_value(h, "SELECT reason FROM told.watch WHERE 'W-' || watch_id = '%s'", watch);
    assert_string_equal(number, "done by a person");
    cast_jump(h, "2024-07-05T16:00:00Z");
    expect_open(h, "D91-watch", "");
    free(number);
    free(watch);
    cast_check(h);
}

static void test_watching_comes_once_with_two_told_and_a_kill(void **state)
{
    struct harness *h = begin(state);
    pid_t second = harness_told(h, "decide,escalate", NULL);

    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-1", "LCS-6", DATES("2024-07-31"));
    harness_jump(h, "2024-06-28T16:00:00Z");
    harness_signal(h, second, SIGKILL);
    cast_settle(h);
    expect_open(h, "D66%%", "D66-watch 06-28 16:00");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE rule LIKE 'D66%%'");
    cast_expect(h, "3", "SELECT count(*) FROM told.event WHERE feed = 'told'"); /* the three arms of the route */
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_watching_a16_escalates_the_meeting_that_was_not_recorded, harness_teardown),
        cmocka_unit_test_teardown(test_watching_a18_tells_the_director_eight_days_before_release, harness_teardown),
        cmocka_unit_test_teardown(test_watching_is_met_by_a_meeting_that_says_so_and_by_no_other, harness_teardown),
        cmocka_unit_test_teardown(test_watching_moves_with_the_release_date_and_back, harness_teardown),
        cmocka_unit_test_teardown(test_watching_a24_asks_at_the_end_of_the_three_weeks, harness_teardown),
        cmocka_unit_test_teardown(test_watching_is_ended_by_a_person, harness_teardown),
        cmocka_unit_test_teardown(test_watching_comes_once_with_two_told_and_a_kill, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
