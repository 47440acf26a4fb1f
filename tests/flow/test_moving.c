/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that move while they run (A15, A28): a bank holiday announced ten days ahead, a release date that changes, a
 * calendar that at last reaches the year of a deadline. The days are the real ones of September 2022 and May 2023.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"
#include "whole_file.h"

#define CUSTODY(on) ",\"hearing\":\"h-1\",\"on\":\"" on "\",\"kind\":\"custody\",\"order\":\"dto\",\"term_months\":8"
#define DATES(early, late) ",\"early_on\":\"" early "\",\"mandatory_on\":\"" late "\",\"early_entitled\":true"

static void free_line(char *text, char *at)
{
    char *end = strstr(at, "},");

    while (at > text && *at != '{')
        at--;
    assert_non_null(end);
    memmove(at, end + 2, strlen(end + 2) + 1);
}

/* The shipped calendar without some of its days, up to the end of a year, into the test's own folder. */
static void write_calendar(struct harness *h, const char *const *without, const char *last_year)
{
    char *days = whole_file("conf/calendar/bank-holidays.json", NULL);

    assert_non_null(days);
    for (size_t i = 0; without[i] != NULL; i++) {
        char *at = strstr(days, without[i]);

        assert_non_null(at);
        free_line(days, at);
    }
    for (int year = atoi(last_year) + 1; year <= 2028; year++) {
        char *wanted = mem_printf("\"%d-", year), *at;

        /* The last of a list has no comma behind it: it goes with the one before. */
        while ((at = strstr(days, wanted)) != NULL) {
            char *from = at, *end = strchr(at, '}');

            while (*from != '{')
                from--;
            while (*from != ',' && *from != '[')
                from--;
            if (*from == '[')
                from++;
            memmove(from, end + 1, strlen(end + 1) + 1);
        }
        free(wanted);
    }
    harness_write(h, "days.json", days);
    free(days);
}

/* Points the configuration at that calendar. */
static void use_calendar(struct harness *h)
{
    char *path = harness_path(h, "days.json"), *config = harness_read(h, "told.conf");
    char *at = strstr(config, "calendar = \""), *rest;
    char *whole;

    assert_non_null(at);
    rest = strchr(at, '\n');
    *at = '\0';
    whole = mem_printf("%scalendar = \"%s\";%s", config, path, rest);
    harness_write(h, "told.conf", whole);
    free(whole);
    free(config);
    free(path);
}

static struct harness *begin(void **state, const char *from, const char *const *without, const char *last_year, pid_t *ret_told)
{
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = from, .story_stands = true, .poll_ms = 50});

    cast_import(h);
    write_calendar(h, without, last_year);
    use_calendar(h);
    *ret_told = harness_told(h, NULL, NULL);
    return h;
}

/* Until every open clock is counted by a calendar that is another than before. */
static void await_calendar(struct harness *h, const char *before)
{
    cast_await(h, "t",
               "SELECT hash <> '%s' AND NOT EXISTS (SELECT FROM told.duty WHERE state <> 'closed' AND kind <> 'alarm'"
               " AND calendar_hash <> hash) FROM told.calendar_in_force",
               before);
    cast_settle(h);
}

static void reload(struct harness *h, pid_t told)
{
    char *before = cast_value(h, "SELECT hash FROM told.calendar_in_force");

    assert_true(harness_reload(h, told));
    await_calendar(h, before);
    free(before);
}

static void expect_due(struct harness *h, const char *rule, const char *want)
{
    cast_expect(h, want,
                "SELECT string_agg(to_char(due_at AT TIME ZONE 'Europe/London', 'Dy DD Mon YYYY HH24:MI'), ', ')"
                " FROM told.duty WHERE rule = '%s' AND state <> 'closed'",
                rule);
}

static const char *const NONE[] = {NULL};

static void test_moving_a28_the_funeral_moves_open_clocks_both_ways(void **state)
{
    static const char *const FUNERAL[] = {"2022-09-19", NULL};
    pid_t told;
    struct harness *h = begin(state, "2022-09-05T09:00:00Z", FUNERAL, "2028", &told);

    cast_hear(h, "court.sentence", "2022-09-05T08:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2022-09-05"));
    cast_hear(h, "custody.release-dates", "2022-09-05T08:30:00Z dates-1", "LCS-1", DATES("2022-09-26", "2022-12-01"));
    expect_due(h, "D59", "Mon 19 Sep 2022 17:00");
    expect_due(h, "D63", "Mon 12 Sep 2022 17:00");
    /* Published on Friday 9 September 2022 at 18:51: the deadline is that very day at 17:00. */
    cast_jump(h, "2022-09-09T17:51:00Z");
    cast_expect(h, "0", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D63'");
    write_calendar(h, NONE, "2028");
    reload(h, told);
    expect_due(h, "D59", "Tue 20 Sep 2022 17:00");
    expect_due(h, "D60", "Tue 04 Oct 2022 17:00");
    expect_due(h, "D63", "Fri 09 Sep 2022 17:00");
    /* It has passed: the next step is told at once. */
    cast_expect(h, "1", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D63'");
    cast_expect(h, "0", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D59'");
    cast_expect(h, "2022-09-19T16:00:00Z 2022-09-20T16:00:00Z the calendar changed",
                "SELECT concat_ws(' ', detail->>'was_due_at', detail->>'due_at', detail->>'because') FROM told.journal j"
                " JOIN told.duty d USING (duty_id) WHERE what = 'duty changed' AND rule = 'D59'");
    cast_expect(h, "2", "SELECT telling FROM told.duty WHERE rule = 'D59'");
    cast_expect(h, "t", "SELECT because->>-1 LIKE 'due 2022-09-20%%Mon 19 September%%' FROM told.duty WHERE rule = 'D59'");
    cast_expect(h, "1", "SELECT count(*) FROM told.event WHERE source = 'told' AND id LIKE 'calendar-%%'");
    cast_check(h);
}

static void test_moving_a28_the_coronation_leaves_what_has_climbed(void **state)
{
    static const char *const CORONATION[] = {"2023-05-08", NULL};
    pid_t told;
    struct harness *h = begin(state, "2023-04-20T09:00:00Z", CORONATION, "2028", &told);

    cast_hear(h, "court.sentence", "2023-04-20T07:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2023-04-20"));
    cast_hear(h, "custody.release-dates", "2023-04-20T08:30:00Z dates-1", "LCS-1", DATES("2023-05-15", "2023-09-01"));
    expect_due(h, "D63", "Fri 28 Apr 2023 17:00");
    expect_due(h, "D59", "Fri 05 May 2023 17:00");
    cast_jump(h, "2023-05-05T16:00:00Z"); /* D59 has climbed to its first step */
    cast_expect(h, "1", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D59'");
    write_calendar(h, NONE, "2028");
    reload(h, told);
    expect_due(h, "D63", "Thu 27 Apr 2023 17:00");
    expect_due(h, "D60", "Mon 22 May 2023 17:00"); /* was Friday 19 May */
    /* 20 April to 5 May has no new day in it: the same date, nobody is told again, and the climb goes on. */
    expect_due(h, "D59", "Fri 05 May 2023 17:00");
    cast_expect(h, "1 1", "SELECT telling || ' ' || max(step) FROM told.duty JOIN told.duty_line USING (duty_id) WHERE rule = 'D59' GROUP BY telling");
    cast_check(h);
}

static void test_moving_a15_the_release_date_moves_what_counts_back_from_it(void **state)
{
    pid_t told;
    struct harness *h = begin(state, "2024-06-03T09:00:00Z", NONE, "2028", &told);

    cast_hear(h, "court.sentence", "2024-06-03T07:00:00Z sentence-1", "LCS-6", CAST_COURT CUSTODY("2024-06-03"));
    cast_hear(h, "custody.reception", "2024-06-03T07:30:00Z reception-1", "LCS-6",
              ",\"establishment\":\"made-up\",\"establishment_kind\":\"yoi\",\"on\":\"2024-06-03\",\"sentenced\":true");
    cast_hear(h, "custody.release-dates", "2024-06-03T08:00:00Z dates-1", "LCS-6", DATES("2024-09-30", "2024-12-01"));
    cast_hear(h, "custody.meeting-held", "2024-06-03T08:30:00Z meeting-1", "LCS-6",
              ",\"meeting\":\"release-preparation\",\"on\":\"2024-06-03\",\"placement_identified\":false");
    expect_due(h, "D66", "Fri 30 Aug 2024 17:00");
    expect_due(h, "D63", "Mon 16 Sep 2024 17:00");
    /* Later: D66 was opened by the meeting, and follows the date all the same. */
    cast_hear(h, "custody.release-dates", "2024-06-03T08:40:00Z dates-2", "LCS-6", DATES("2024-10-31", "2024-12-01"));
    expect_due(h, "D66", "Mon 30 Sep 2024 17:00");
    expect_due(h, "D63", "Thu 17 Oct 2024 17:00");
    cast_expect(h, "2024-08-30T16:00:00Z 2024-09-30T16:00:00Z the date it counts from moved",
                "SELECT concat_ws(' ', detail->>'was_due_at', detail->>'due_at', detail->>'because') FROM told.journal j"
                " JOIN told.duty d USING (duty_id) WHERE what = 'duty changed' AND rule = 'D66'");
    cast_expect(h, "0", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D66'");
    /* Sooner than there is time for: it escalates at once and is not thrown away. */
    cast_hear(h, "custody.release-dates", "2024-06-03T08:50:00Z dates-3", "LCS-6", DATES("2024-06-21", "2024-12-01"));
    expect_due(h, "D66", "Tue 21 May 2024 17:00");
    cast_expect(h, "1", "SELECT max(step) FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D66'");
    expect_due(h, "D63", "Fri 07 Jun 2024 17:00");
    /* And later again: nobody is left with the old date, and what has climbed stays told. */
    cast_hear(h, "custody.release-dates", "2024-06-03T08:55:00Z dates-4", "LCS-6", DATES("2024-10-31", "2024-12-01"));
    expect_due(h, "D66", "Mon 30 Sep 2024 17:00");
    cast_expect(h, "t",
                "SELECT count(*) > 0 FROM told.notification n JOIN told.duty d USING (duty_id) WHERE rule = 'D66' AND step = 1"
                " AND n.telling = d.telling AND n.state <> 'cancelled'");
    cast_check(h);
}

static void test_moving_a28_a_provisional_date_is_worked_out_when_its_year_comes(void **state)
{
    pid_t told;
    struct harness *h = begin(state, "2024-12-13T09:00:00Z", NONE, "2024", &told);

    cast_hear(h, "court.sentence", "2024-12-13T07:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2024-12-13"));
    expect_due(h, "D59", "Tue 31 Dec 2024 17:00");
    expect_due(h, "D60", "Tue 14 Jan 2025 17:00"); /* New Year's Day 2025 is not known yet */
    cast_expect(h, "D60", "SELECT string_agg(rule, ' ') FROM told.duty WHERE provisional");
    cast_expect(h, "calendar-ends 2024", "SELECT kind || ' ' || key FROM told.alarm WHERE cleared_at IS NULL");
    write_calendar(h, NONE, "2028");
    reload(h, told);
    expect_due(h, "D60", "Wed 15 Jan 2025 17:00");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE provisional");
    cast_check(h);
}

static void test_moving_a28_an_older_process_does_not_move_clocks_back(void **state)
{
    static const char *const FUNERAL[] = {"2022-09-19", NULL};
    pid_t old;
    struct harness *h = begin(state, "2022-09-05T09:00:00Z", FUNERAL, "2028", &old);
    char *before = cast_value(h, "SELECT hash FROM told.calendar_in_force");

    cast_hear(h, "court.sentence", "2022-09-05T08:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2022-09-05"));
    cast_hear(h, "police.charge", "2022-09-05T08:10:00Z unknown-1", NULL, CAST_CHARGE);
    write_calendar(h, NONE, "2028");
    harness_told(h, "decide", NULL); /* beside it, with the new calendar */
    await_calendar(h, before);
    cast_hear(h, "police.charge", "2022-09-05T08:30:00Z charge-1", "LCS-6", CAST_CHARGE);
    cast_settle(h);
    expect_due(h, "D59", "Tue 20 Sep 2022 17:00");
    cast_expect(h, "1", "SELECT count(*) FROM told.journal WHERE what = 'duty changed' AND detail->>'because' = 'the calendar changed'"
                        " AND duty_id = (SELECT duty_id FROM told.duty WHERE rule = 'D59')");
    free(before);
    cast_check(h);
}

static void test_moving_status_6_relevant_at_sixteen_passes_the_visit_on(void **state)
{
    pid_t told;
    struct harness *h = begin(state, "2025-01-20T09:00:00Z", NONE, "2028", &told);

    cast_hear(h, "court.sentence", "2025-01-20T07:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2025-01-20"));
    cast_hear(h, "custody.reception", "2025-01-20T07:30:00Z reception-1", "LCS-1",
              ",\"establishment\":\"made-up\",\"establishment_kind\":\"yoi\",\"on\":\"2025-01-20\",\"sentenced\":true");
    expect_due(h, "D59", "Mon 03 Feb 2025 17:00");
    cast_expect(h, "2025-02-03 17:00", "SELECT to_char(at AT TIME ZONE 'Europe/London', 'YYYY-MM-DD HH24:MI') FROM told.watch"
                                       " WHERE rule = 'D61-sixteen' AND state = 'open'");
    cast_jump(h, "2025-02-03T17:00:00Z");
    expect_due(h, "D61-sixteen", "Tue 04 Feb 2025 17:00");
    cast_jump(h, "2025-02-04T09:00:00Z");
    cast_hear(h, "care.status", "2025-02-04T08:00:00Z status-1", "LCS-1", ",\"care_leaver\":\"relevant\",\"on\":\"2025-02-04\"");
    cast_expect(h, "void superseded: care.status, void superseded: care.status",
                "SELECT string_agg(closed_as || ' ' || closed_reason, ', ') FROM told.duty WHERE rule IN ('D59', 'D60')");
    cast_expect(h, "discharged", "SELECT closed_as FROM told.duty WHERE rule = 'D61-sixteen'");
    cast_expect(h, "personal-adviser", "SELECT role FROM told.duty_line JOIN told.duty USING (duty_id) WHERE rule = 'D61-leaving-care'");
    cast_check(h);
}

static void test_moving_status_9_hands_open_clocks_over_with_their_dates(void **state)
{
    pid_t told;
    struct harness *h = begin(state, "2024-06-03T09:00:00Z", NONE, "2028", &told);
    char *review;

    cast_hear(h, "court.sentence", "2024-06-03T07:00:00Z sentence-1", "LCS-1", CAST_COURT CUSTODY("2024-06-03"));
    cast_hear(h, "court.authority-designated", "2024-06-03T08:00:00Z designated-1", "LCS-1",
              ",\"from\":\"southwark\",\"to\":\"lambeth\",\"on\":\"2024-06-03\"");
    review = cast_value(h, "SELECT duty_id FROM told.duty WHERE kind = 'review' AND key LIKE '[\"handover\"%%'");
    cast_expect(h, "t", "SELECT because->>'duties' LIKE '%%(D59, due 2024-06-17)%%(D60, due 2024-07-01)%%' FROM told.duty WHERE duty_id = %s",
                review);
    cast_expect(h, "2024-06-17T16:00:00Z", "SELECT detail->>'due_at' FROM told.journal JOIN told.duty USING (duty_id)"
                                           " WHERE what = 'duty to be handed over' AND rule = 'D59'");
    cast_expect(h, "t", "SELECT state <> 'closed' FROM told.duty WHERE rule = 'D59'"); /* until a person says that it was done */
    cast_succeed(h, "done", review, "--for", "p-hazel", "--note", "handed over");
    /* To ourselves there is nothing to hand over. */
    cast_hear(h, "court.authority-designated", "2024-06-03T08:30:00Z designated-2", "LCS-1",
              ",\"from\":\"lambeth\",\"to\":\"southwark\",\"on\":\"2024-06-03\"");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE kind = 'review' AND key LIKE '[\"handover\"%%'");
    free(review);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_moving_a28_the_funeral_moves_open_clocks_both_ways, harness_teardown),
        cmocka_unit_test_teardown(test_moving_a28_the_coronation_leaves_what_has_climbed, harness_teardown),
        cmocka_unit_test_teardown(test_moving_a15_the_release_date_moves_what_counts_back_from_it, harness_teardown),
        cmocka_unit_test_teardown(test_moving_a28_a_provisional_date_is_worked_out_when_its_year_comes, harness_teardown),
        cmocka_unit_test_teardown(test_moving_a28_an_older_process_does_not_move_clocks_back, harness_teardown),
        cmocka_unit_test_teardown(test_moving_status_6_relevant_at_sixteen_passes_the_visit_on, harness_teardown),
        cmocka_unit_test_teardown(test_moving_status_9_hands_open_clocks_over_with_their_dates, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
