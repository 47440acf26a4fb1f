/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/calendar.h"
#include "told/json.h"

static const char SHIPPED[] = "conf/calendar/bank-holidays.json"; /* tests run in the project's root */

static struct buf read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buf text = {0};
    char part[4096];

    if (file == NULL)
        fail_msg("cannot read %s: run the tests in the project's root", path);
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(&text, part, n);
    fclose(file);
    return text;
}

static struct calendar *parse(const char *text, size_t len)
{
    char *reason = NULL;
    struct calendar *calendar = calendar_parse(text, len, &reason);

    if (calendar == NULL)
        fail_msg("%s", reason);
    return calendar;
}

static int setup_shipped(void **state)
{
    struct buf text = read_file(SHIPPED);

    *state = parse(buf_string(&text), text.len);
    buf_release(&text);
    return 0;
}

static int teardown_shipped(void **state)
{
    calendar_free(*state);
    return 0;
}

static struct civil_day day_of(const char *text)
{
    struct civil_day day = CIVIL_NONE;

    if (!civil_parse(text, &day))
        fail_msg("no day: %s", text);
    return day;
}

static void assert_day(struct civil_day day, const char *expected, const char *row)
{
    char text[CIVIL_TEXT_SIZE];

    if (strcmp(civil_print(day, text), expected) != 0)
        fail_msg("%s: %s, expected %s", row, text, expected);
}

/* ---- the worked dates ---- */

static void test_calendar_counts_the_worked_dates(void **state)
{
    static const struct {
        const char *start;
        int count;
        const char *due;
    } rows[] = {
        {"2024-05-31", 1, "2024-06-03"}, /* Friday, Saturday and Sunday share one due day */
        {"2024-06-01", 1, "2024-06-03"},
        {"2024-06-02", 1, "2024-06-03"},
        {"2024-12-24", 1, "2024-12-27"}, /* Christmas Day, Boxing Day */
        {"2024-03-28", 1, "2024-04-02"}, /* Good Friday, Easter Monday */
        {"2022-09-16", 1, "2022-09-20"}, /* State Funeral */
        {"2024-06-10", 1, "2024-06-11"},
        {"2023-12-20", 10, "2024-01-08"},
        {"2023-12-20", 20, "2024-01-22"},
        {"2024-12-13", 10, "2024-12-31"},
        {"2024-12-13", 20, "2025-01-15"},
        {"2025-04-11", 10, "2025-04-29"}, /* Easter */
        {"2025-04-11", 20, "2025-05-14"}, /* and May Day */
        {"2022-09-02", 20, "2022-10-03"},
        {"2022-09-05", 10, "2022-09-20"},
        {"2023-05-15", -10, "2023-04-27"}, /* Coronation */
        {"2022-09-26", -10, "2022-09-09"},
        {"2025-01-06", -10, "2024-12-18"},
        {"2024-04-12", -10, "2024-03-27"},
        {"2024-06-01", 0, "2024-06-01"}, /* nothing counted: the day itself, working or not */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_day(calendar_add_working_days(*state, day_of(rows[i].start), rows[i].count), rows[i].due,
                   rows[i].start);
}

static void test_calendar_moves_months_and_weeks_back_to_working_days(void **state)
{
    static const struct {
        const char *start;
        int months, days;
        const char *due;
    } rows[] = {
        {"2024-03-29", -1, 0, "2024-02-29"}, {"2024-03-30", -1, 0, "2024-02-29"},
        {"2024-03-31", -1, 0, "2024-02-29"}, {"2023-03-31", -1, 0, "2023-02-28"},
        {"2024-07-31", -1, 0, "2024-06-28"}, {"2024-05-20", -1, 0, "2024-04-19"},
        {"2024-03-30", 0, -7, "2024-03-22"}, {"2024-03-31", 0, -7, "2024-03-22"},
        {"2024-01-31", 1, 0, "2024-02-29"},  {"2024-05-31", 1, 0, "2024-06-28"},
        {"2024-06-14", 0, 21, "2024-07-05"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct civil_day day =
            civil_add_days(civil_add_months(day_of(rows[i].start), rows[i].months), rows[i].days);

        assert_day(calendar_back_to_working_day(*state, day), rows[i].due, rows[i].start);
    }
}

static void test_calendar_counts_from_the_london_day(void **state)
{
    struct instant at;

    assert_true(instant_parse("2024-06-09T23:30:00Z", &at));
    assert_day(calendar_add_working_days(*state, civil_day_of(at), 1), "2024-06-11", "summer time");
    assert_true(instant_parse("2024-06-01T23:00:00+01:00", &at));
    assert_day(calendar_add_working_days(*state, civil_day_of(at), 1), "2024-06-03", "Saturday, 23:00");
}

static void test_calendar_without_the_late_holidays_counts_as_before(void **state)
{
    static const struct {
        const char *holiday, *start;
        int count;
        const char *due;
    } rows[] = {
        {"2022-09-19", "2022-09-02", 20, "2022-09-30"},
        {"2022-09-19", "2022-09-05", 10, "2022-09-19"},
        {"2022-09-19", "2022-09-26", -10, "2022-09-12"},
        {"2023-05-08", "2023-05-15", -10, "2023-04-28"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text = read_file(SHIPPED);
        char *date = strstr(text.bytes, rows[i].holiday);
        struct calendar *before;

        assert_non_null(date);
        memcpy(date, "2022-01-01", 10); /* a Saturday: a holiday that frees nobody */
        before = parse(text.bytes, text.len);
        assert_day(calendar_add_working_days(before, day_of(rows[i].start), rows[i].count), rows[i].due,
                   rows[i].start);
        assert_string_not_equal(calendar_hash(before), calendar_hash(*state));
        calendar_free(before);
        buf_release(&text);
    }
}

static void test_calendar_alarm_is_17_00_by_the_london_clock(void **state)
{
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    assert_string_equal(instant_print(calendar_alarm_at(day_of("2024-06-03")), text), "2024-06-03T16:00:00Z");
    assert_string_equal(instant_print(calendar_alarm_at(day_of("2024-12-03")), text), "2024-12-03T17:00:00Z");
    assert_string_equal(instant_print(calendar_alarm_at(day_of("2024-10-27")), text), "2024-10-27T17:00:00Z");
}

/* ---- against an independent reckoning: one day after another, holidays looked up in the file's own text
 * ---- */

struct slow {
    struct civil_day first;
    bool holiday[17 * 366];
};

static bool slow_is_working(const struct slow *slow, int32_t number)
{
    int32_t i = number - slow->first.number;
    /* Sakamoto's rule, so that not even the weekday comes from the code under test. */
    static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    int year, month, day, weekday;

    civil_split((struct civil_day){number}, &year, &month, &day);
    year -= month < 3;
    weekday = (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day) % 7; /* 0 Sunday */
    if (weekday == 0 || weekday == 6)
        return false;
    return i < 0 || i >= (int32_t)(sizeof slow->holiday) || !slow->holiday[i];
}

static void slow_fill(struct slow *slow, const char *text)
{
    static const char mark[] = "\"date\": \"";

    slow->first = day_of("2012-01-01");
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark)) {
        char date[11] = "";

        memcpy(date, at + strlen(mark), 10);
        slow->holiday[day_of(date).number - slow->first.number] = true;
    }
}

/* From 60 working days before to 60 after, both ways, from one day. */
static void compare_day(const struct calendar *calendar, const struct slow *slow, int32_t from)
{
    int32_t back = from;

    for (int sign = -1; sign <= 1; sign += 2) {
        int32_t at = from;

        for (int count = 1; count <= 60; count++) {
            do
                at += sign;
            while (!slow_is_working(slow, at));
            if (calendar_add_working_days(calendar, (struct civil_day){from}, sign * count).number != at)
                fail_msg("day %d, %+d working days", from, sign * count);
        }
    }
    assert_int_equal(calendar_is_working_day(calendar, (struct civil_day){from}),
                     slow_is_working(slow, from));
    while (!slow_is_working(slow, back))
        back--;
    assert_int_equal(calendar_back_to_working_day(calendar, (struct civil_day){from}).number, back);
}

static void test_calendar_agrees_with_a_slow_reckoning_on_every_day(void **state)
{
    struct buf text = read_file(SHIPPED);
    struct slow *slow = calloc(1, sizeof *slow);
    int32_t last = day_of("2028-12-31").number;

    slow_fill(slow, buf_string(&text));
    for (int32_t number = slow->first.number - 120; number <= last + 120; number++)
        compare_day(*state, slow, number);
    free(slow);
    buf_release(&text);
}

static void test_calendar_forward_and_back_meet_again(void **state)
{
    for (int32_t number = day_of("2010-01-01").number; number < day_of("2031-01-01").number; number++) {
        struct civil_day day = {number};

        for (int count = 1; count < 600; count += 37) {
            struct civil_day due = calendar_add_working_days(*state, day, count);

            assert_true(calendar_is_working_day(*state, due));
            assert_true(calendar_add_working_days(*state, due, -count).number <= day.number);
            if (calendar_is_working_day(*state, day))
                assert_int_equal(calendar_add_working_days(*state, due, -count).number, number);
        }
    }
}

/* ---- the edges of the covered years ---- */

static void test_calendar_knows_what_it_covers(void **state)
{
    assert_int_equal(calendar_first_year(*state), 2012);
    assert_int_equal(calendar_last_year(*state), 2028);
    assert_false(calendar_covers(*state, day_of("2011-12-31")));
    assert_true(calendar_covers(*state, day_of("2012-01-01")));
    assert_true(calendar_covers(*state, day_of("2028-12-31")));
    assert_false(calendar_covers(*state, day_of("2029-01-01")));
    assert_false(calendar_covers(*state, CIVIL_NONE));
    assert_int_equal(strlen(calendar_hash(*state)), 64);
}

static void test_calendar_outside_its_years_leaves_out_week_ends_only(void **state)
{
    assert_true(
        calendar_is_working_day(*state, day_of("2030-12-25"))); /* a Wednesday nobody has told us about */
    assert_false(calendar_is_working_day(*state, day_of("2030-12-28")));
    assert_day(calendar_add_working_days(*state, day_of("2028-12-29"), 1), "2029-01-01", "over the end");
    assert_day(calendar_add_working_days(*state, day_of("2029-01-01"), -1), "2028-12-29",
               "back over the end");
    assert_day(calendar_add_working_days(*state, day_of("2012-01-03"), -1), "2011-12-30",
               "over the beginning");
    assert_day(calendar_add_working_days(*state, day_of("1900-01-05"), 1), "1900-01-08", "long ago");
    assert_true(civil_is_none(calendar_add_working_days(*state, CIVIL_NONE, 3)));
    assert_true(civil_is_none(calendar_back_to_working_day(*state, CIVIL_NONE)));
    assert_false(
        civil_is_none(calendar_add_working_days(*state, (struct civil_day){INT32_MIN + 1}, INT32_MIN)));
    assert_int_equal(calendar_add_working_days(*state, (struct civil_day){INT32_MAX}, INT32_MAX).number,
                     INT32_MAX);
}

/* ---- files that cannot be used ---- */

static void assert_refused(const char *text, const char *expected)
{
    char *reason = NULL;

    assert_null(calendar_parse(text, strlen(text), &reason));
    assert_non_null(reason);
    assert_string_equal(reason, expected);
    free(reason);
}

#define DIVISION(events) "{\n\"england-and-wales\": {\n\"division\": \"events\",\n\"events\": " events "}}"
#define BAD_DATE ": no such date; write \"date\" as YYYY-MM-DD, a day that exists"
#define NO_DATE ": a holiday without a date; give it \"date\": \"YYYY-MM-DD\""
#define NO_EVENTS "line 1: \"england-and-wales\" has no \"events\"; list its holidays there"

static void test_calendar_refuses_what_it_cannot_use_and_says_where(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "line 1 column 0: empty; expected one object or array"},
        {"<html>", "line 1 column 1: not JSON; expected one object or array"},
        {"{\n\"england-and-wales\": {\n", "line 3 column 0: the text ends too early; send the whole value"},
        {"{}", "line 1: no \"england-and-wales\"; use the file that GOV.UK publishes as bank-holidays.json"},
        {"[]", "line 1: no \"england-and-wales\"; use the file that GOV.UK publishes as bank-holidays.json"},
        {"{\"england-and-wales\": []}", NO_EVENTS},
        {"{\"england-and-wales\": {}}", NO_EVENTS},
        {DIVISION("[]"), NO_EVENTS},
        {DIVISION("{}"), NO_EVENTS},
        {DIVISION("[\n{\"date\": \"2024-01-01\"},\n{\"date\": \"2024-02-30\"}]"), "line 6" BAD_DATE},
        {DIVISION(
             "[{\"date\": \"2024-01-01\", \"x\": [1, {\"y\": 2}, \",]}\"]},\n\n{\n\"date\": \"1.5.24\"}]"),
         "line 6" BAD_DATE},
        {DIVISION("[\n\n{\"title\": \"May Day\"}]"), "line 6" NO_DATE},
        {DIVISION("[{\"date\": 20240101}]"), "line 4" NO_DATE},
        {DIVISION("[\n\"2024-01-01\"]"), "line 5" NO_DATE},
        {DIVISION("[\n[\"2024-01-01\"]]"), "line 5" NO_DATE},
        /* A key written with an escape is the same key, but not found a second time. */
        {"{\"england\\u002dand-wales\": {\"events\": [{}]}}", "event 1" NO_DATE},
        /* A value that looks like the key, and another division first. */
        {"{\"scotland\": {\"events\": [\n{}]},\n\"england-and-wales\": {\"title\": \"events\",\n\"events\": "
         "[\n{}]}}",
         "line 5" NO_DATE},
        {DIVISION("[\n{\"date\": \"2021-01-01\"},\n{\"date\": \"2024-01-01\"}]"),
         "line 6: no holiday in 2022, between the first year, 2021, and the last, 2024; add the holidays of "
         "2022, or "
         "correct the year here"},
        {DIVISION("[\n{\"date\": \"2202-01-01\"},\n{\"date\": \"2021-12-27\"},\n{\"date\": \"2022-01-03\"}]"),
         "line 5: no holiday in 2023, between the first year, 2021, and the last, 2202; add the holidays of "
         "2023, or "
         "correct the year here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].text, rows[i].reason);
}

static void test_calendar_refuses_a_shipped_file_with_a_year_cut_out(void **state)
{
    struct buf text = read_file(SHIPPED);
    char *reason = NULL;

    (void)state;
    for (char *at = strstr(text.bytes, "\"2017-"); at != NULL; at = strstr(at, "\"2017-"))
        memcpy(at, "\"2016-", 6);
    assert_null(calendar_parse(text.bytes, text.len, &reason));
    assert_non_null(strstr(reason, "no holiday in 2017"));
    assert_int_equal(strncmp(reason, "line ", 5), 0);
    free(reason);
    buf_release(&text);
}

static void test_calendar_version_is_that_of_the_days(void **state)
{
    static const char one[] =
        "{\"england-and-wales\":{\"events\":[{\"date\":\"2024-01-01\"},{\"date\":\"2024-12-25\"}]}}";
    static const char same[] =
        "{\"england-and-wales\": {\"events\": [{\"date\": \"2024-12-25\", \"title\": \"C\"},\n"
        "{\"date\": \"2024-01-01\"}, {\"date\": \"2024-01-01\"}]}, \"scotland\": 1}";
    static const char other[] =
        "{\"england-and-wales\":{\"events\":[{\"date\":\"2024-01-01\"},{\"date\":\"2024-12-26\"}]}}";
    struct calendar *a = parse(one, strlen(one)), *b = parse(same, strlen(same)),
                    *c = parse(other, strlen(other));

    (void)state;
    assert_string_equal(calendar_hash(a), calendar_hash(b));
    assert_string_not_equal(calendar_hash(a), calendar_hash(c));
    calendar_free(a);
    calendar_free(b);
    calendar_free(c);
    calendar_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_counts_the_worked_dates),
        cmocka_unit_test(test_calendar_moves_months_and_weeks_back_to_working_days),
        cmocka_unit_test(test_calendar_counts_from_the_london_day),
        cmocka_unit_test(test_calendar_without_the_late_holidays_counts_as_before),
        cmocka_unit_test(test_calendar_alarm_is_17_00_by_the_london_clock),
        cmocka_unit_test(test_calendar_agrees_with_a_slow_reckoning_on_every_day),
        cmocka_unit_test(test_calendar_forward_and_back_meet_again),
        cmocka_unit_test(test_calendar_knows_what_it_covers),
        cmocka_unit_test(test_calendar_outside_its_years_leaves_out_week_ends_only),
        cmocka_unit_test(test_calendar_refuses_what_it_cannot_use_and_says_where),
        cmocka_unit_test(test_calendar_refuses_a_shipped_file_with_a_year_cut_out),
        cmocka_unit_test(test_calendar_version_is_that_of_the_days),
    };

    return cmocka_run_group_tests(tests, setup_shipped, teardown_shipped);
}
