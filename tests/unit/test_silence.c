/* SPDX-License-Identifier: Apache-2.0 */
/* How long a feed may say nothing: courts on working days, police always, and the nights when the clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/mem.h"
#include "whole_file.h"
#include "told/silence.h"

static const struct {
    const char *heard;
    bool every_day;
    const char *from, *until, *after;
    const char *due; /* UTC */
} TABLE[] = {
    /* Police: every hour counts. */
    {"2024-06-03T09:00:00Z", true, "00:00", "24:00", "6h", "2024-06-03T15:00:00Z"},
    {"2024-06-01T22:00:00Z", true, "00:00", "24:00", "6h", "2024-06-02T04:00:00Z"}, /* a Saturday night */
    {"2024-12-24T23:00:00Z", true, "00:00", "24:00", "30m", "2024-12-24T23:30:00Z"},
    {"2024-06-03T09:00:00Z", true, "00:00", "24:00", "72h", "2024-06-06T09:00:00Z"},
    /* The hour that comes twice, and the one that never does: six hours are six hours. */
    {"2024-10-26T22:00:00Z", true, "00:00", "24:00", "6h", "2024-10-27T04:00:00Z"},
    {"2024-03-30T23:00:00Z", true, "00:00", "24:00", "6h", "2024-03-31T05:00:00Z"},
    {"2024-10-26T22:59:00Z", true, "01:00", "02:00", "2h", "2024-10-27T02:00:00Z"}, /* 01:00 to 02:00 lasts two hours then */
    {"2024-03-30T12:00:00Z", true, "01:00", "02:00", "1h", "2024-04-01T01:00:00Z"}, /* and none at all in March */
    /* Courts: 08:00 to 18:00 in London on working days. */
    {"2024-06-03T09:00:00Z", false, "08:00", "18:00", "4h", "2024-06-03T13:00:00Z"},
    {"2024-06-03T15:00:00Z", false, "08:00", "18:00", "4h", "2024-06-04T09:00:00Z"}, /* two hours left, two the next day */
    {"2024-06-07T15:00:00Z", false, "08:00", "18:00", "4h", "2024-06-10T09:00:00Z"}, /* Friday to Monday */
    {"2024-06-08T12:00:00Z", false, "08:00", "18:00", "4h", "2024-06-10T11:00:00Z"}, /* what came on a Saturday */
    {"2024-06-03T20:00:00Z", false, "08:00", "18:00", "4h", "2024-06-04T11:00:00Z"}, /* after hours */
    {"2024-06-03T13:00:00Z", false, "08:00", "18:00", "4h", "2024-06-03T17:00:00Z"}, /* exactly at the end of the day */
    /* Bank holidays: Good Friday and Easter Monday; Christmas; the State Funeral. */
    {"2024-03-28T16:00:00Z", false, "08:00", "18:00", "4h", "2024-04-02T09:00:00Z"}, /* and British Summer Time between */
    {"2024-12-24T16:00:00Z", false, "08:00", "18:00", "4h", "2024-12-27T10:00:00Z"},
    {"2022-09-16T15:00:00Z", false, "08:00", "18:00", "4h", "2022-09-20T09:00:00Z"},
    /* Longer than a day of it: three days of hours. */
    {"2024-06-03T09:00:00Z", false, "08:00", "18:00", "30h", "2024-06-06T09:00:00Z"},
    {"2024-12-20T17:00:00Z", false, "08:00", "18:00", "22h", "2024-12-27T09:00:00Z"},
    {"2024-06-03T09:00:00Z", false, "08:00", "18:00", "1m", "2024-06-03T09:01:00Z"},
};

static struct calendar *make_calendar(void)
{
    size_t len;
    char *text = whole_file("conf/calendar/bank-holidays.json", &len), *reason = NULL;
    struct calendar *calendar;

    assert_non_null(text);
    calendar = calendar_parse(text, len, &reason);
    free(text);
    assert_non_null(calendar);
    assert_null(reason);
    return calendar;
}

static void test_silence_is_due_by_the_table(void **state)
{
    struct calendar *calendar = make_calendar();

    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct silence_expects expects = {.every_day = TABLE[i].every_day};
        struct instant heard;
        char text[INSTANT_TEXT_SIZE];

        assert_true(instant_parse(TABLE[i].heard, &heard));
        assert_true(silence_parse_minute(TABLE[i].from, &expects.from_minute));
        assert_true(silence_parse_minute(TABLE[i].until, &expects.until_minute));
        assert_true(silence_parse_span(TABLE[i].after, &expects.after_minutes));
        if (strcmp(instant_print(silence_due(calendar, &expects, heard), text), TABLE[i].due) != 0)
            fail_msg("row %zu, heard %s: due %s, not %s", i, TABLE[i].heard, text, TABLE[i].due);
    }
    calendar_free(calendar);
}

static void test_silence_is_due_later_the_later_it_was_heard(void **state)
{
    struct calendar *calendar = make_calendar();
    struct silence_expects expects = {.from_minute = 480, .until_minute = 1080, .after_minutes = 240};
    struct instant heard, before = INSTANT_NONE;

    (void)state;
    assert_true(instant_parse("2024-03-20T00:00:00Z", &heard));
    for (int i = 0; i < 24 * 30; i++, heard = instant_add_seconds(heard, 3600)) {
        struct instant due = silence_due(calendar, &expects, heard);

        assert_true(instant_compare(due, heard) > 0);
        assert_true(instant_compare(due, before) >= 0);
        before = due;
    }
    calendar_free(calendar);
}

static void test_silence_refuses_what_is_no_time(void **state)
{
    static const char *const MINUTES[] = {"", "8:00", "08:60", "24:01", "25:00", "08-00", "08:000", "ab:cd", "-1:00"};
    static const char *const SPANS[] = {"", "h", "m", "0m", "0h", "4", "4d", "4h60m", "4h5", "1h0", "4hm", "-4h", "745h", "99999999h", "4h 5m"};
    static const struct {
        const char *text;
        int minutes;
    } GOOD[] = {{"1m", 1}, {"90m", 90}, {"4h", 240}, {"1h30m", 90}, {"744h", 744 * 60}};
    int value = 7;

    (void)state;
    for (size_t i = 0; i < sizeof MINUTES / sizeof *MINUTES; i++)
        if (silence_parse_minute(MINUTES[i], &value))
            fail_msg("\"%s\" is taken for a time of day", MINUTES[i]);
    for (size_t i = 0; i < sizeof SPANS / sizeof *SPANS; i++)
        if (silence_parse_span(SPANS[i], &value))
            fail_msg("\"%s\" is taken for a span", SPANS[i]);
    assert_int_equal(value, 7);
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        assert_true(silence_parse_span(GOOD[i].text, &value));
        assert_int_equal(value, GOOD[i].minutes);
    }
}

static void test_silence_states_what_was_unheard(void **state)
{
    static const struct {
        struct silence_cursor cursor;
        const char *says;
        bool whole;
    } ROWS[] = {
        {{"police/mps", 1, 100, 1, 140, false}, "; source police/mps: sequences 101 to 140 came since, none is missing", true},
        {{"police/mps", 1, 100, 1, 100, false}, "; source police/mps: still at sequence 100, nothing is known to be missing", true},
        {{"police/mps", 1, 100, 1, 100, true}, "; source police/mps: sequences are missing from 101 on", false},
        {{"police/mps", 1, 100, 2, 7, false},
         "; source police/mps: epoch 1 ended at sequence 100 and epoch 2 begins, now at 7: compare the two", false},
        {{"police/mps", 0, 0, 1, 7, false}, "; source police/mps: sequences 1 to 7 came since, none is missing", true},
        {{"police/mps", 1, 0, 1, 0, false},
         "; source police/mps: it numbers nothing, so only the sender can say what was unheard: ask for its count", false},
    };
    struct instant from, until;
    char *text;

    (void)state;
    assert_true(instant_parse("2024-03-30T18:00:00Z", &from));
    assert_true(instant_parse("2024-04-01T08:30:00Z", &until));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char *want = mem_printf("feed police: no events were heard from 2024-03-30 18:00 to 2024-04-01 09:30%s", ROWS[i].says);

        text = silence_statement("police", false, from, until, &ROWS[i].cursor, 1);
        assert_string_equal(text, want);
        assert_int_equal(silence_is_whole(&ROWS[i].cursor, 1), ROWS[i].whole);
        free(want);
        free(text);
    }
    text = silence_statement("court", true, from, until, NULL, 0);
    assert_non_null(strstr(text, "feed court: nothing at all was heard from"));
    assert_non_null(strstr(text, "only the sender can say"));
    assert_false(silence_is_whole(NULL, 0));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_is_due_by_the_table),
        cmocka_unit_test(test_silence_is_due_later_the_later_it_was_heard),
        cmocka_unit_test(test_silence_refuses_what_is_no_time),
        cmocka_unit_test(test_silence_states_what_was_unheard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
