/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/rota.h"

static struct instant at(const char *text)
{
    struct instant instant;
    assert_true(instant_parse(text, &instant));
    return instant;
}

static struct rota_wall wall(const char *text)
{
    struct rota_wall got = ROTA_WALL_NONE;
    if (text != NULL)
        assert_true(rota_wall_parse(text, &got));
    return got;
}

static void test_rota_wall_reads_days_and_times_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed; /* NULL: refused */
    } rows[] = {
        {"2024-06-03", "2024-06-03 00:00"},
        {"2024-06-03 09:05", "2024-06-03 09:05"},
        {"2024-06-03T23:59", "2024-06-03 23:59"},
        {"2024-06-03 09:00:00", "2024-06-03 09:00"},
        {"", NULL},
        {"2024-02-30", NULL},
        {"2024-06-03 24:00", NULL},
        {"2024-06-03 09:60", NULL},
        {"2024-06-03 9:00", NULL},
        {"2024-06-03 09:00:30", NULL},
        {"2024-06-03T09:00Z", NULL},
        {"2024-06-03x09:00", NULL},
        {"03/06/2024 09:00", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[ROTA_WALL_TEXT_SIZE];
        struct rota_wall got = {{7}, 7};
        if (rota_wall_parse(rows[i].text, &got) != (rows[i].printed != NULL))
            fail_msg("%s", rows[i].text);
        if (rows[i].printed != NULL)
            assert_string_equal(rota_wall_print(got, text), rows[i].printed);
        else
            assert_int_equal(got.day.number, 7);
    }
}

static void test_rota_wall_knows_times_that_come_twice_or_never(void **state)
{
    (void)state;
    static const struct {
        const char *wall, *first, *last;
    } rows[] = {
        {"2024-06-03 09:00", "2024-06-03T08:00:00Z", "2024-06-03T08:00:00Z"},
        {"2024-12-02 09:00", "2024-12-02T09:00:00Z", "2024-12-02T09:00:00Z"},
        {"2024-10-27 00:59", "2024-10-26T23:59:00Z", "2024-10-26T23:59:00Z"},
        {"2024-10-27 01:00", "2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z"},
        {"2024-10-27 01:30", "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"},
        {"2024-10-27 01:59", "2024-10-27T00:59:00Z", "2024-10-27T01:59:00Z"},
        {"2024-10-27 02:00", "2024-10-27T02:00:00Z", "2024-10-27T02:00:00Z"},
        {"2024-03-31 00:59", "2024-03-31T00:59:00Z", "2024-03-31T00:59:00Z"},
        {"2024-03-31 01:00", "2024-03-31T01:00:00Z", "2024-03-31T01:00:00Z"},
        {"2024-03-31 01:30", "2024-03-31T01:00:00Z", "2024-03-31T01:00:00Z"},
        {"2024-03-31 02:00", "2024-03-31T01:00:00Z", "2024-03-31T01:00:00Z"},
        {"2024-03-31 02:30", "2024-03-31T01:30:00Z", "2024-03-31T01:30:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char first[INSTANT_TEXT_SIZE], last[INSTANT_TEXT_SIZE];
        instant_print(rota_wall_first(wall(rows[i].wall)), first);
        instant_print(rota_wall_last(wall(rows[i].wall)), last);
        if (strcmp(first, rows[i].first) != 0 || strcmp(last, rows[i].last) != 0)
            fail_msg("%s: %s to %s", rows[i].wall, first, last);
    }
    assert_true(instant_is_none(rota_wall_last(ROTA_WALL_NONE)));
}

static void test_rota_turn_reads_days_and_weeks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int days; /* -1: refused */
    } rows[] = {{NULL, 0},      {"", 0},         {"day", 1},      {"week", 7},     {"1 day", 1},     {"2 weeks", 14},
                {"10 days", 10}, {"52 weeks", 364}, {"days", -1},    {"weeks", -1},   {"0 days", -1},   {"53 weeks", -1},
                {"2weeks", -1}, {"-1 week", -1}, {"1000 days", -1}, {"week ", -1}, {"fortnight", -1}, {"2  weeks", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int days = -1;
        if (rota_turn_parse(rows[i].text, &days) != (rows[i].days >= 0) || days != rows[i].days)
            fail_msg("%s: %d", rows[i].text, days);
    }
}

#define WEEKLY "2024-06-03 09:00", NULL, 7, 3
#define DAILY "2024-06-03 17:30", "2024-06-06 12:00", 1, 2
#define ONCE "2024-06-03 09:00", "2024-06-07 17:00", 0, 1
#define AUTUMN "2024-10-26 01:30", "2024-10-30", 1, 2
#define SPRING "2024-03-30 01:30", NULL, 1, 2

struct made {
    const char *from, *until;
    int turn_days;
    size_t people;
};

static struct rota_row row_of(const struct made *made)
{
    return (struct rota_row){wall(made->from), wall(made->until), made->turn_days, made->people};
}

static void test_rota_on_hands_over_by_the_wall_clock(void **state)
{
    (void)state;
    static const struct {
        struct made row;
        const char *now;
        int on, too; /* -1: nobody */
    } rows[] = {
        {{WEEKLY}, "2024-06-03T07:59:59Z", -1, -1},
        {{WEEKLY}, "2024-06-03T08:00:00Z", 0, -1},
        {{WEEKLY}, "2024-06-10T07:59:59Z", 0, -1},
        {{WEEKLY}, "2024-06-10T08:00:00Z", 1, -1},
        {{WEEKLY}, "2024-06-17T08:00:00Z", 2, -1},
        {{WEEKLY}, "2024-06-24T08:00:00Z", 0, -1},
        /* Winter: nine o'clock is an hour later in UTC, and so is the hand-over. */
        {{WEEKLY}, "2024-10-28T08:00:00Z", 2, -1},
        {{WEEKLY}, "2024-10-28T09:00:00Z", 0, -1},
        {{WEEKLY}, "2034-06-05T07:59:59Z", 2, -1}, /* the end of turn 521 */
        {{DAILY}, "2024-06-03T16:29:59Z", -1, -1},
        {{DAILY}, "2024-06-03T16:30:00Z", 0, -1},
        {{DAILY}, "2024-06-04T16:30:00Z", 1, -1},
        {{DAILY}, "2024-06-05T16:30:00Z", 0, -1},
        {{DAILY}, "2024-06-06T10:59:59Z", 0, -1},
        {{DAILY}, "2024-06-06T11:00:00Z", -1, -1},
        {{DAILY}, "2024-06-06T16:30:00Z", -1, -1},
        {{ONCE}, "2024-06-03T07:59:59Z", -1, -1},
        {{ONCE}, "2024-06-03T08:00:00Z", 0, -1},
        {{ONCE}, "2024-06-07T15:59:59Z", 0, -1},
        {{ONCE}, "2024-06-07T16:00:00Z", -1, -1},
        /* The clocks go back: half past one comes twice, and both are on from the first to the second. */
        {{AUTUMN}, "2024-10-27T00:29:59Z", 0, -1},
        {{AUTUMN}, "2024-10-27T00:30:00Z", 1, 0},
        {{AUTUMN}, "2024-10-27T01:29:59Z", 1, 0},
        {{AUTUMN}, "2024-10-27T01:30:00Z", 1, -1},
        {{AUTUMN}, "2024-10-28T01:29:59Z", 1, -1},
        {{AUTUMN}, "2024-10-28T01:30:00Z", 0, -1},
        {{AUTUMN}, "2024-10-29T23:59:59Z", 1, -1},
        {{AUTUMN}, "2024-10-30T00:00:00Z", -1, -1},
        /* They go forward: half past one never comes, so the jump hands over. */
        {{SPRING}, "2024-03-31T00:59:59Z", 0, -1},
        {{SPRING}, "2024-03-31T01:00:00Z", 1, -1},
        {{SPRING}, "2024-04-01T00:29:59Z", 1, -1},
        {{SPRING}, "2024-04-01T00:30:00Z", 0, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rota_row row = row_of(&rows[i].row);
        size_t got[ROTA_ON_MOST] = {99, 99};
        size_t count = rota_on(&row, at(rows[i].now), got);
        size_t want = (size_t)((rows[i].on >= 0) + (rows[i].too >= 0));
        if (count != want || (want > 0 && got[0] != (size_t)rows[i].on) || (want > 1 && got[1] != (size_t)rows[i].too))
            fail_msg("row %zu, %s: %zu on, %zu %zu", i, rows[i].now, count, got[0], got[1]);
    }
}

static void test_rota_next_change_is_the_next_hand_over(void **state)
{
    (void)state;
    static const struct {
        struct made row;
        const char *after, *next; /* NULL: never */
    } rows[] = {
        {{WEEKLY}, "2024-01-01T00:00:00Z", "2024-06-03T08:00:00Z"},
        {{WEEKLY}, "2024-06-03T07:59:59Z", "2024-06-03T08:00:00Z"},
        {{WEEKLY}, "2024-06-03T08:00:00Z", "2024-06-10T08:00:00Z"},
        {{WEEKLY}, "2024-10-22T08:00:00Z", "2024-10-28T09:00:00Z"},
        {{DAILY}, "2024-06-05T16:30:00Z", "2024-06-06T11:00:00Z"},
        {{DAILY}, "2024-06-06T11:00:00Z", NULL},
        {{ONCE}, "2024-06-05T00:00:00Z", "2024-06-07T16:00:00Z"},
        {{ONCE}, "2024-06-07T16:00:00Z", NULL},
        {{AUTUMN}, "2024-10-27T00:00:00Z", "2024-10-27T00:30:00Z"},
        {{AUTUMN}, "2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"},
        {{AUTUMN}, "2024-10-27T01:30:00Z", "2024-10-28T01:30:00Z"},
        {{SPRING}, "2024-03-30T02:00:00Z", "2024-03-31T01:00:00Z"},
        {{SPRING}, "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[INSTANT_TEXT_SIZE] = "never";
        struct rota_row row = row_of(&rows[i].row);
        struct instant next = rota_next_change(&row, at(rows[i].after));
        if (!instant_is_none(next))
            instant_print(next, text);
        if (strcmp(text, rows[i].next != NULL ? rows[i].next : "never") != 0)
            fail_msg("row %zu, after %s: %s", i, rows[i].after, text);
    }
}

/* Minute by minute over both changes of the clock, for a hand-over at every quarter of the day: always somebody. */
static void test_rota_on_never_leaves_a_gap_when_the_clocks_change(void **state)
{
    (void)state;
    static const char *const nights[] = {"2024-03-29", "2024-10-25", "2025-03-28", "2025-10-24"};
    for (size_t i = 0; i < sizeof nights / sizeof *nights; i++)
        for (int minute = 0; minute < 24 * 60; minute += 15) {
            struct rota_row row = {.from = wall(nights[i]), .until = ROTA_WALL_NONE, .turn_days = 1, .people = 3};
            row.from.minute = minute;
            struct instant now = rota_wall_first(row.from), next = now;
            for (int step = 0; step < 4 * 24 * 60; step++, now = instant_add_seconds(now, 60)) {
                size_t on[ROTA_ON_MOST], count = rota_on(&row, now, on);
                assert_in_range(count, 1, 2);
                /* Nothing changes but at the instants that were named. */
                if (instant_compare(now, next) == 0)
                    next = rota_next_change(&row, now);
                assert_true(instant_compare(now, next) < 0);
            }
        }
}

static void test_rota_validate_names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        struct made row;
        const char *fault; /* how it begins; NULL: none */
    } rows[] = {
        {{WEEKLY}, NULL},
        {{ONCE}, NULL},
        {{NULL, NULL, 0, 1}, "from is empty"},
        {{"2024-06-03", "2024-06-03", 0, 1}, "until is not after from"},
        {{"2024-06-03", NULL, 7, 0}, "people is empty"},
        {{"2024-06-03", NULL, 0, 2}, "several people but no turn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rota_row row = row_of(&rows[i].row);
        const char *fault = rota_validate(&row);
        if ((fault == NULL) != (rows[i].fault == NULL) ||
            (fault != NULL && strncmp(fault, rows[i].fault, strlen(rows[i].fault)) != 0))
            fail_msg("row %zu: %s", i, fault);
    }
}

static void test_rota_find_gap_finds_the_first(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct made rows[4];
        size_t count;
        int row; /* -1: no gap */
        const char *from;
    } cases[] = {
        {"none", {{WEEKLY}}, 1, -1, NULL},
        {"one after the other", {{"2024-06-03", "2024-06-10", 0, 1}, {"2024-06-10", NULL, 0, 1}}, 2, -1, NULL},
        {"in any order", {{"2024-06-10", NULL, 0, 1}, {"2024-06-03", "2024-06-10", 0, 1}}, 2, -1, NULL},
        {"a minute", {{"2024-06-10 09:01", NULL, 0, 1}, {"2024-06-03", "2024-06-10 09:00", 0, 1}}, 2, 0, "2024-06-10 09:00"},
        {"the longer one reaches",
         {{"2024-06-03", "2024-07-01", 7, 2}, {"2024-06-04", "2024-06-05", 0, 1}, {"2024-07-01", NULL, 0, 1}},
         3, -1, NULL},
        {"the longer one does not reach",
         {{"2024-06-03", "2024-07-01", 7, 2}, {"2024-06-04", "2024-06-05", 0, 1}, {"2024-07-02", NULL, 0, 1}},
         3, 2, "2024-07-01 00:00"},
        {"one without end, and others", {{"2024-06-03", NULL, 7, 2}, {"2025-06-03", "2025-07-01", 0, 1}, {"2026-01-01", NULL, 0, 1}}, 3, -1, NULL},
        {"an hour that the night lacks", {{"2024-03-01", "2024-03-31 01:00", 0, 1}, {"2024-03-31 02:00", NULL, 0, 1}}, 2, -1, NULL},
        {"an hour that it has twice", {{"2024-10-01", "2024-10-27 01:00", 0, 1}, {"2024-10-27 01:30", NULL, 0, 1}}, 2, -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rota_row rows[4];
        struct rota_wall from;
        size_t row = 99;
        char text[ROTA_WALL_TEXT_SIZE];
        for (size_t k = 0; k < cases[i].count; k++)
            rows[k] = row_of(&cases[i].rows[k]);
        bool found = rota_find_gap(rows, cases[i].count, &row, &from);
        if (found != (cases[i].row >= 0) || (found && row != (size_t)cases[i].row))
            fail_msg("%s: %s %zu", cases[i].label, found ? "gap before row" : "no gap", row);
        if (found)
            assert_string_equal(rota_wall_print(from, text), cases[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rota_wall_reads_days_and_times_and_nothing_else),
        cmocka_unit_test(test_rota_wall_knows_times_that_come_twice_or_never),
        cmocka_unit_test(test_rota_turn_reads_days_and_weeks),
        cmocka_unit_test(test_rota_on_hands_over_by_the_wall_clock),
        cmocka_unit_test(test_rota_next_change_is_the_next_hand_over),
        cmocka_unit_test(test_rota_on_never_leaves_a_gap_when_the_clocks_change),
        cmocka_unit_test(test_rota_validate_names_what_is_wrong),
        cmocka_unit_test(test_rota_find_gap_finds_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
