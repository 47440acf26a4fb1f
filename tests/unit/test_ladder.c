/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "told/ladder.h"

/* May, August and December 2024, as GOV.UK writes them. */
static const char HOLIDAYS[] =
    "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
    "{\"title\":\"Spring bank holiday\",\"date\":\"2024-05-27\",\"notes\":\"\",\"bunting\":true},"
    "{\"title\":\"Summer bank holiday\",\"date\":\"2024-08-26\",\"notes\":\"\",\"bunting\":true},"
    "{\"title\":\"Christmas Day\",\"date\":\"2024-12-25\",\"notes\":\"\",\"bunting\":true},"
    "{\"title\":\"Boxing Day\",\"date\":\"2024-12-26\",\"notes\":\"\",\"bunting\":true}]}}";

static const struct ladder_policy POLICY = {.dwell_working_days = 1, .dwell_immediate_minutes = 60};

static int make_calendar(void **state)
{
    char *reason = NULL;
    *state = calendar_parse(HOLIDAYS, strlen(HOLIDAYS), &reason);
    return *state == NULL;
}

static int free_calendar(void **state)
{
    calendar_free(*state);
    return 0;
}

static struct instant at(const char *text)
{
    struct instant instant;
    assert_true(instant_parse(text, &instant));
    return instant;
}

static void assert_instant(struct instant is, const char *expected)
{
    char out[INSTANT_TEXT_SIZE];
    assert_string_equal(instant_print(is, out), expected);
}

static void test_ladder_climbs_one_step_and_dwells(void **state)
{
    static const struct {
        const char *label, *now;
        int step, top;
        bool immediate;
        int expect_step;
        bool expect_top_again;
        const char *expect_next;
    } rows[] = {
        {"due Monday 17:00: next Tuesday 17:00", "2024-06-03T16:00:00Z", 0, 4, false, 1, false,
         "2024-06-04T16:00:00Z"},
        {"Friday: over the week-end", "2024-05-31T18:20:00Z", 1, 4, false, 2, false, "2024-06-03T16:00:00Z"},
        {"Friday: over a bank holiday too", "2024-05-24T16:00:00Z", 1, 4, false, 2, false,
         "2024-05-28T16:00:00Z"},
        {"Christmas, winter time", "2024-12-24T17:00:00Z", 0, 4, false, 1, false, "2024-12-27T17:00:00Z"},
        {"a day late: still one step only", "2024-06-05T08:00:00Z", 0, 4, false, 1, false,
         "2024-06-06T16:00:00Z"},
        {"to the top", "2024-06-03T16:00:00Z", 3, 4, false, 4, false, "2024-06-04T16:00:00Z"},
        {"beyond the top", "2024-06-03T16:00:00Z", 4, 4, false, 4, true, "2024-06-04T16:00:00Z"},
        {"the line became shorter", "2024-06-03T16:00:00Z", 4, 2, false, 2, true, "2024-06-04T16:00:00Z"},
        {"nobody above", "2024-06-03T16:00:00Z", 0, 0, false, 0, true, "2024-06-04T16:00:00Z"},
        {"immediate, Saturday night", "2024-06-01T22:30:00Z", 0, 4, true, 1, false, "2024-06-01T23:30:00Z"},
        {"immediate, at the top", "2024-06-02T02:30:00Z", 4, 4, true, 4, true, "2024-06-02T03:30:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ladder_line line = {.step = rows[i].step, .top = rows[i].top};
        struct ladder_move move = ladder_climb(&line, rows[i].immediate, &POLICY, *state, at(rows[i].now));
        char next[INSTANT_TEXT_SIZE];
        instant_print(move.next_at, next);
        if (move.step != rows[i].expect_step || move.top_again != rows[i].expect_top_again ||
            strcmp(next, rows[i].expect_next) != 0)
            fail_msg("%s: step %d again %d next %s", rows[i].label, move.step, move.top_again, next);
    }
}

static void test_ladder_wakes_a_stopped_line_as_any_other(void **state)
{
    struct ladder_line line = {.step = 1, .top = 4, .stopped = true};
    struct ladder_move move = ladder_climb(&line, false, &POLICY, *state, at("2024-06-03T16:00:00Z"));
    assert_int_equal(move.step, 2);
    assert_false(move.top_again);
}

static void test_ladder_next_lies_ahead_whatever_the_policy(void **state)
{
    static const struct ladder_policy nothing = {0};
    struct ladder_line line = {.step = 0, .top = 1};
    struct instant now = at("2024-06-03T09:00:00Z");
    assert_true(instant_compare(ladder_climb(&line, true, &nothing, *state, now).next_at, now) > 0);
    assert_true(instant_compare(ladder_climb(&line, false, &nothing, *state, now).next_at, now) > 0);
}

static void test_ladder_starts_at_due_or_at_once_where_that_is_past(void **state)
{
    (void)state;
    struct instant now = at("2024-06-03T09:00:00Z");
    assert_instant(ladder_first_at(at("2024-06-03T16:00:00Z"), now), "2024-06-03T16:00:00Z");
    assert_instant(ladder_first_at(at("2024-05-31T16:00:00Z"), now), "2024-06-03T09:00:00Z");
    assert_instant(ladder_first_at(INSTANT_NONE, now), "2024-06-03T09:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ladder_climbs_one_step_and_dwells, make_calendar, free_calendar),
        cmocka_unit_test_setup_teardown(test_ladder_wakes_a_stopped_line_as_any_other, make_calendar,
                                        free_calendar),
        cmocka_unit_test_setup_teardown(test_ladder_next_lies_ahead_whatever_the_policy, make_calendar,
                                        free_calendar),
        cmocka_unit_test(test_ladder_starts_at_due_or_at_once_where_that_is_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
