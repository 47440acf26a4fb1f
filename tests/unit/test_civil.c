/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "told/civil.h"

static struct civil_day day_of(const char *text)
{
    struct civil_day day = CIVIL_NONE;

    if (!civil_parse(text, &day))
        fail_msg("no day: %s", text);
    return day;
}

static struct instant at_of(const char *text)
{
    struct instant at = INSTANT_NONE;

    if (!instant_parse(text, &at))
        fail_msg("no instant: %s", text);
    return at;
}

static void assert_day(struct civil_day day, const char *expected)
{
    char text[CIVIL_TEXT_SIZE];

    assert_string_equal(civil_print(day, text), expected);
}

static void assert_at(struct instant at, const char *expected)
{
    char text[INSTANT_TEXT_SIZE];

    assert_string_equal(instant_print(at, text), expected);
}

static void test_civil_parses_dates_that_exist_and_no_others(void **state)
{
    static const char *const good[] = {"1000-01-01", "1970-01-01", "2000-02-29",
                                       "2024-02-29", "2024-12-31", "9999-12-31"};
    static const char *const bad[] = {"",
                                      "2024",
                                      "2024-6-3",
                                      "2024-06-3",
                                      "2024-06-031",
                                      "0999-12-31",
                                      "2023-02-29",
                                      "1900-02-29",
                                      "2024-04-31",
                                      "2024-13-01",
                                      "2024-00-01",
                                      "2024-01-00",
                                      "2024-01-32",
                                      "2024/01/01",
                                      " 2024-01-01",
                                      "2024-01-01 ",
                                      "20240101",
                                      "-024-01-01",
                                      "2024-01-0x",
                                      "2024-01-01T00:00:00Z"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_day(day_of(good[i]), good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct civil_day day = {7};

        if (civil_parse(bad[i], &day))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(day.number, 7);
    }
    assert_false(civil_parse(NULL, &(struct civil_day){0}));
}

static void test_civil_dates_outside_the_calendar_are_none(void **state)
{
    (void)state;
    assert_true(civil_is_none(civil_day_of_date(2023, 2, 29)));
    assert_true(civil_is_none(civil_day_of_date(2023, 0, 1)));
    assert_true(civil_is_none(civil_day_of_date(2023, 13, 1)));
    assert_true(civil_is_none(civil_day_of_date(2023, 1, 0)));
    assert_true(civil_is_none(civil_day_of_date(INT32_MAX, 1, 1)));
    assert_true(civil_is_none(civil_day_of_date(INT32_MIN, 1, 1)));
    assert_int_equal(civil_day_of_date(1970, 1, 1).number, 0);
    assert_int_equal(civil_day_of_date(1969, 12, 31).number, -1);
    assert_day(CIVIL_NONE, "none");
    assert_day((struct civil_day){INT32_MAX}, "5881580-07-11");
    assert_day((struct civil_day){INT32_MIN + 1}, "-5877641-06-24");
}

static void test_civil_knows_the_day_of_the_week(void **state)
{
    static const struct {
        const char *day;
        int weekday;
    } rows[] = {{"1970-01-01", 3}, {"1969-12-29", 0}, {"1969-12-28", 6}, {"2024-02-29", 3},
                {"2024-06-02", 6}, {"2024-06-03", 0}, {"1900-01-01", 0}, {"2000-01-01", 5}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(civil_weekday(day_of(rows[i].day)), rows[i].weekday);
    assert_in_range(civil_weekday((struct civil_day){INT32_MAX}), 0, 6);
    assert_in_range(civil_weekday((struct civil_day){INT32_MIN + 1}), 0, 6);
}

static void test_civil_adds_days_across_leap_days(void **state)
{
    (void)state;
    assert_day(civil_add_days(day_of("2024-02-28"), 1), "2024-02-29");
    assert_day(civil_add_days(day_of("2024-02-28"), 2), "2024-03-01");
    assert_day(civil_add_days(day_of("2023-02-28"), 1), "2023-03-01");
    assert_day(civil_add_days(day_of("2024-03-31"), -7), "2024-03-24");
    assert_day(civil_add_days(day_of("2024-06-14"), 21), "2024-07-05");
    assert_true(civil_is_none(civil_add_days(CIVIL_NONE, 1)));
    assert_int_equal(civil_add_days((struct civil_day){INT32_MAX}, 1).number, INT32_MAX);
    assert_int_equal(civil_add_days((struct civil_day){INT32_MIN + 1}, -1).number, INT32_MIN + 1);
}

static void test_civil_months_end_on_the_last_day_where_there_is_no_other(void **state)
{
    static const struct {
        const char *day;
        int months;
        const char *expected;
    } rows[] = {
        {"2024-03-29", -1, "2024-02-29"}, {"2024-03-30", -1, "2024-02-29"}, {"2024-03-31", -1, "2024-02-29"},
        {"2023-03-31", -1, "2023-02-28"}, {"2024-07-31", -1, "2024-06-30"}, {"2024-05-20", -1, "2024-04-20"},
        {"2024-01-31", 1, "2024-02-29"},  {"2024-05-31", 1, "2024-06-30"},  {"2024-01-15", -1, "2023-12-15"},
        {"2023-12-31", 2, "2024-02-29"},  {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", -48, "2020-02-29"},
        {"2024-02-29", 0, "2024-02-29"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_day(civil_add_months(day_of(rows[i].day), rows[i].months), rows[i].expected);
    assert_true(civil_is_none(civil_add_months(CIVIL_NONE, 1)));
    assert_int_equal(civil_add_months((struct civil_day){INT32_MAX}, INT32_MAX).number, INT32_MAX);
    assert_int_equal(civil_add_months((struct civil_day){0}, INT32_MIN).number, INT32_MIN + 1);
}

static void test_civil_age_changes_on_the_birthday(void **state)
{
    static const struct {
        const char *born, *on;
        int age;
    } rows[] = {
        {"2008-06-10", "2024-06-09", 15}, {"2008-06-10", "2024-06-10", 16}, {"2008-06-10", "2024-06-11", 16},
        {"2008-02-29", "2024-02-28", 15}, {"2008-02-29", "2024-02-29", 16}, {"2008-02-29", "2026-02-28", 17},
        {"2008-02-29", "2026-03-01", 18}, {"2008-12-31", "2009-01-01", 0},  {"2008-12-31", "2008-12-31", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(civil_age(day_of(rows[i].born), day_of(rows[i].on)), rows[i].age);
}

static void test_civil_day_is_the_london_day(void **state)
{
    (void)state;
    assert_day(civil_day_of(at_of("2024-06-09T23:30:00Z")), "2024-06-10");
    assert_day(civil_day_of(at_of("2024-06-09T22:59:59.999999Z")), "2024-06-09");
    assert_day(civil_day_of(at_of("2024-12-09T23:30:00Z")), "2024-12-09");
    assert_day(civil_day_of(at_of("1969-12-31T23:59:59Z")), "1969-12-31");
    assert_true(civil_is_none(civil_day_of(INSTANT_NONE)));
    assert_int_equal(civil_minute_of(at_of("2024-06-09T23:30:00Z")), 30);
    assert_int_equal(civil_minute_of(at_of("2024-12-09T23:59:59Z")), 1439);
    assert_int_equal(civil_minute_of(at_of("1969-01-09T00:00:59Z")), 0);
}

static void test_civil_clock_changes_on_the_last_sundays(void **state)
{
    (void)state;
    assert_false(civil_is_summer(at_of("2024-03-31T00:59:59.999999Z")));
    assert_true(civil_is_summer(at_of("2024-03-31T01:00:00Z")));
    assert_true(civil_is_summer(at_of("2024-10-27T00:59:59.999999Z")));
    assert_false(civil_is_summer(at_of("2024-10-27T01:00:00Z")));
    /* The earliest and latest dates a last Sunday can have. */
    assert_false(civil_is_summer(at_of("2029-03-25T00:59:59Z")));
    assert_true(civil_is_summer(at_of("2029-03-25T01:00:00Z")));
    assert_false(civil_is_summer(at_of("2027-10-31T01:00:00Z")));
    assert_true(civil_is_summer(at_of("2027-10-31T00:59:59Z")));
}

static void test_civil_instant_on_the_nights_of_the_change(void **state)
{
    struct civil_day march = day_of("2024-03-31"), october = day_of("2024-10-27");

    (void)state;
    assert_at(civil_instant(march, 0, 59), "2024-03-31T00:59:00Z");
    assert_at(civil_instant(march, 1, 0), "2024-03-31T01:00:00Z");  /* never shown: the moment of the jump */
    assert_at(civil_instant(march, 1, 30), "2024-03-31T01:00:00Z"); /* never shown either */
    assert_at(civil_instant(march, 2, 0), "2024-03-31T01:00:00Z");
    assert_at(civil_instant(march, 17, 0), "2024-03-31T16:00:00Z");
    assert_at(civil_instant(october, 0, 59), "2024-10-26T23:59:00Z");
    assert_at(civil_instant(october, 1, 0), "2024-10-27T00:00:00Z"); /* shown twice: the first */
    assert_at(civil_instant(october, 1, 59), "2024-10-27T00:59:00Z");
    assert_at(civil_instant(october, 2, 0), "2024-10-27T02:00:00Z");
    assert_at(civil_instant(october, 17, 0), "2024-10-27T17:00:00Z");
    assert_true(instant_is_none(civil_instant(CIVIL_NONE, 17, 0)));
    assert_int_equal(civil_instant((struct civil_day){INT32_MAX}, 0, 0).us, INT64_MAX);
}

/* Ours against the tz database at one instant: the day, the minute, summer or winter, and the way back. */
static void compare_with_tz(int64_t seconds)
{
    struct instant at = {seconds * 1000000};
    time_t t = (time_t)seconds;
    struct civil_day day = civil_day_of(at);
    int64_t back_us;
    struct tm tm;

    assert_non_null(localtime_r(&t, &tm));
    if (day.number != civil_day_of_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday).number ||
        civil_minute_of(at) != tm.tm_hour * 60 + tm.tm_min || civil_is_summer(at) != (tm.tm_isdst > 0))
        fail_msg("differs from the tz database at %lld", (long long)seconds);
    /* The second showing of an October hour leads back to the first, one hour before. */
    back_us = at.us - civil_instant(day, tm.tm_hour, tm.tm_min).us;
    if (back_us != 0 &&
        !(back_us == INT64_C(3600000000) && tm.tm_mon == 9 && tm.tm_hour == 1 && tm.tm_isdst == 0))
        fail_msg("does not lead back at %lld", (long long)seconds);
}

static void test_civil_agrees_with_the_tz_database_from_2012_to_2037(void **state)
{
    const int64_t first = at_of("2012-01-01T00:00:00Z").us / 1000000,
                  end = at_of("2038-01-01T00:00:00Z").us / 1000000;
    struct tm tm;
    time_t july = 1720000000;

    (void)state;
    assert_int_equal(setenv("TZ", "Europe/London", 1), 0);
    tzset();
    localtime_r(&july, &tm);
    if (tm.tm_isdst <= 0)
        fail_msg("no Europe/London in the tz database here: install tzdata");
    for (int64_t s = first; s < end; s += 3600)
        compare_with_tz(s);
    /* Minute by minute around each change, which falls between the 25th and the 31st. */
    for (int year = 2012; year < 2038; year++)
        for (int month = 3; month <= 10; month += 7)
            for (int day = 25; day <= 31; day++)
                for (int minute = -120; minute <= 180; minute++)
                    compare_with_tz(instant_days_of_date(year, month, day) * 86400 + minute * 60);
    unsetenv("TZ");
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_civil_parses_dates_that_exist_and_no_others),
        cmocka_unit_test(test_civil_dates_outside_the_calendar_are_none),
        cmocka_unit_test(test_civil_knows_the_day_of_the_week),
        cmocka_unit_test(test_civil_adds_days_across_leap_days),
        cmocka_unit_test(test_civil_months_end_on_the_last_day_where_there_is_no_other),
        cmocka_unit_test(test_civil_age_changes_on_the_birthday),
        cmocka_unit_test(test_civil_day_is_the_london_day),
        cmocka_unit_test(test_civil_clock_changes_on_the_last_sundays),
        cmocka_unit_test(test_civil_instant_on_the_nights_of_the_change),
        cmocka_unit_test(test_civil_agrees_with_the_tz_database_from_2012_to_2037),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
