/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "told/instant.h"

struct accepted {
    const char *text;
    const char *printed;
    int64_t us;
};

static const struct accepted ACCEPTED[] = {
    {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0},
    {"2024-06-03T16:00:00Z", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-06-03T17:00:00+01:00", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-06-03t16:00:00z", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-06-03 16:00:00Z", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-06-03T16:00:00.5Z", "2024-06-03T16:00:00.500000Z", INT64_C(1717430400500000)},
    {"2024-06-03T16:00:00.123456789Z", "2024-06-03T16:00:00.123456Z", INT64_C(1717430400123456)},
    {"2024-06-03T16:00:00.000000Z", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-06-03T16:00:00-00:00", "2024-06-03T16:00:00Z", INT64_C(1717430400000000)},
    {"2024-02-29T23:59:59-12:30", "2024-03-01T12:29:59Z", INT64_C(1709296199000000)},
    {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", -1},
    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", INT64_C(1483228800000000)},
    {"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z", INT64_C(662688000000000)},
    {"2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250000Z", INT64_C(1483228800250000)},
    {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z", INT64_C(-62167219200000000)},
    {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
};

static const char *const REFUSED[] = {
    "",
    "2024",
    "2024-06-03",
    "2024-06-03T16:00:00",
    "2024-06-03T16:00Z",
    "2024-06-03T16:00:00.Z",
    "2024-06-03T16:00:00.1234567890Z",
    "2024-06-03T16:00:00,5Z",
    "2024-06-03T16:00:00+0100",
    "2024-06-03T16:00:00+01",
    "2024-06-03T16:00:00+24:00",
    "2024-06-03T16:00:00+01:60",
    "2024-06-03T16:00:00 Z",
    "2024-06-03T16:00:00Z ",
    " 2024-06-03T16:00:00Z",
    "2024-06-03_16:00:00Z",
    "2024-06-03T24:00:00Z",
    "2024-06-03T16:60:00Z",
    "2024-06-03T16:00:61Z",
    "2024-06-03T16:00:60Z",
    "2024-06-30T22:59:60Z",
    "2016-12-30T23:59:60Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-00-10T00:00:00Z",
    "2024-13-10T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-04-00T00:00:00Z",
    "24-06-03T16:00:00Z",
    "12024-06-03T16:00:00Z",
    "-2024-06-03T16:00:00Z",
    "+2024-06-03T16:00:00Z",
    "2024-6-3T16:00:00Z",
    "2024-06-03T16:00:00GMT",
    "0000-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-00:01",
    "1717430400",
};

static void test_instant_parses_what_rfc_3339_allows(void **state)
{
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof ACCEPTED / sizeof *ACCEPTED; i++) {
        struct instant at = INSTANT_NONE;

        if (!instant_parse(ACCEPTED[i].text, &at) || at.us != ACCEPTED[i].us)
            fail_msg("%s: %lld", ACCEPTED[i].text, (long long)at.us);
        assert_string_equal(instant_print(at, text), ACCEPTED[i].printed);
    }
}

static void test_instant_refuses_all_else_and_leaves_the_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        struct instant at = {42};

        if (instant_parse(REFUSED[i], &at))
            fail_msg("taken: %s", REFUSED[i]);
        assert_int_equal(at.us, 42);
    }
    assert_false(instant_parse(NULL, &(struct instant){0}));
}

static void test_instant_prints_what_it_parses(void **state)
{
    char text[INSTANT_TEXT_SIZE];
    struct instant back;

    (void)state;
    /* A stride that is prime to days, hours and seconds, over 1677 to 2262. */
    for (int64_t us = INT64_C(-9223372036000000); us < INT64_C(9223372036000000);
         us += INT64_C(7919000013337)) {
        assert_true(instant_parse(instant_print((struct instant){us}, text), &back));
        assert_int_equal(back.us, us);
    }
}

static void test_instant_prints_extremes_within_its_size(void **state)
{
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    assert_string_equal(instant_print(INSTANT_NONE, text), "none");
    assert_string_equal(instant_print((struct instant){INT64_MAX}, text), "294247-01-10T04:00:54.775807Z");
    assert_string_equal(instant_print((struct instant){INT64_MIN + 1}, text),
                        "-290308-12-21T19:59:05.224193Z");
}

static void test_instant_dates_and_days_are_inverse(void **state)
{
    int64_t expected = instant_days_of_date(1599, 12, 31);
    int year, month, day;

    (void)state;
    assert_int_equal(instant_days_of_date(1970, 1, 1), 0);
    assert_int_equal(instant_days_of_date(2000, 3, 1), 11017);
    /* One whole era of 400 years, day by day, each the successor of the one before. */
    for (int y = 1600; y < 2001; y++)
        for (int m = 1; m <= 12; m++)
            for (int d = 1; d <= 31; d++) {
                int64_t days = instant_days_of_date(y, m, d);

                instant_date_of_days(days, &year, &month, &day);
                if (month != m)
                    continue; /* there is no such day */
                assert_true(year == y && day == d);
                assert_int_equal(days, ++expected);
            }
}

static void test_instant_none_stays_none_and_sorts_first(void **state)
{
    struct instant a = {5}, b = {9};

    (void)state;
    assert_true(instant_is_none(INSTANT_NONE));
    assert_false(instant_is_none(a));
    assert_true(instant_is_none(instant_add_seconds(INSTANT_NONE, 5)));
    assert_true(instant_compare(INSTANT_NONE, a) < 0);
    assert_true(instant_compare(b, a) > 0);
    assert_true(instant_compare(a, a) == 0);
    assert_int_equal(instant_earlier(a, b).us, 5);
    assert_int_equal(instant_earlier(b, a).us, 5);
    assert_int_equal(instant_earlier(INSTANT_NONE, b).us, 9);
    assert_int_equal(instant_earlier(b, INSTANT_NONE).us, 9);
    assert_true(instant_is_none(instant_earlier(INSTANT_NONE, INSTANT_NONE)));
}

static void test_instant_adds_without_wrapping(void **state)
{
    struct instant at = {1000000};

    (void)state;
    assert_int_equal(instant_add_seconds(at, 2).us, 3000000);
    assert_int_equal(instant_add_seconds(at, -2).us, -1000000);
    assert_int_equal(instant_add_ms(at, 1500).us, 2500000);
    assert_int_equal(instant_add_seconds(at, INT64_MAX).us, INT64_MAX);
    assert_int_equal(instant_add_seconds(at, INT64_MIN).us, INT64_MIN + 1);
    assert_int_equal(instant_add_ms((struct instant){INT64_MAX}, 1).us, INT64_MAX);
    assert_int_equal(instant_add_ms((struct instant){INT64_MIN + 1}, -1).us, INT64_MIN + 1);
    assert_int_equal(instant_ms_between(at, (struct instant){3500000}), 2500);
    assert_int_equal(instant_ms_between((struct instant){3500000}, at), -2500);
    assert_true(instant_ms_between((struct instant){INT64_MIN + 1}, (struct instant){INT64_MAX}) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instant_parses_what_rfc_3339_allows),
        cmocka_unit_test(test_instant_refuses_all_else_and_leaves_the_result),
        cmocka_unit_test(test_instant_prints_what_it_parses),
        cmocka_unit_test(test_instant_prints_extremes_within_its_size),
        cmocka_unit_test(test_instant_dates_and_days_are_inverse),
        cmocka_unit_test(test_instant_none_stays_none_and_sorts_first),
        cmocka_unit_test(test_instant_adds_without_wrapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
