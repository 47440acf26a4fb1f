/* SPDX-License-Identifier: Apache-2.0 */
/* When a message or a feed makes more than can be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/brake.h"

static const struct brake_policy POLICY = {.message_most = 20, .hour_most = 50, .busiest_times = 5, .busiest_days = 28};

static const struct {
    long message, hour, busiest, adds;
    enum brake_verdict want;
    long room; /* before it */
} TABLE[] = {
    {0, 0, 0, 0, BRAKE_FREE, 20},
    {0, 0, 0, 20, BRAKE_FREE, 20},      /* more than 20, not 20 */
    {0, 0, 0, 21, BRAKE_MESSAGE, 20},
    {19, 0, 0, 1, BRAKE_FREE, 1},       /* a register counts with all the children in it */
    {20, 0, 0, 1, BRAKE_MESSAGE, 0},
    {25, 0, 0, 0, BRAKE_FREE, 0},       /* who makes nothing is not held */
    {0, 49, 0, 1, BRAKE_FREE, 1},       /* a feed without a history has its fifty */
    {0, 50, 0, 1, BRAKE_HOUR, 0},
    {0, 50, 10, 1, BRAKE_HOUR, 0},      /* five times ten is fifty */
    {0, 50, 11, 1, BRAKE_FREE, 5},      /* five times eleven is more */
    {0, 55, 11, 1, BRAKE_HOUR, 0},
    {0, 49, 0, 5, BRAKE_HOUR, 1},       /* the last one may not carry it over */
    {0, 4000, 1000, 20, BRAKE_FREE, 20},
    {0, 4990, 1000, 20, BRAKE_HOUR, 10},
    {0, 1000000, 0, 21, BRAKE_MESSAGE, 0}, /* the message by itself, whatever its feed does */
};

static void test_brake_judges_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        struct brake_load load = {TABLE[i].message, TABLE[i].hour, TABLE[i].busiest};

        if (brake_judge(&POLICY, &load, TABLE[i].adds) != TABLE[i].want)
            fail_msg("row %zu is judged wrongly", i);
        if (brake_room(&POLICY, &load) != TABLE[i].room)
            fail_msg("row %zu: room is %ld", i, brake_room(&POLICY, &load));
    }
}

static void test_brake_lets_pass_whatever_it_says_there_is_room_for(void **state)
{
    (void)state;
    for (long hour = 0; hour < 70; hour++)
        for (long message = 0; message < 25; message++) {
            struct brake_load load = {message, hour, 12};
            long room = brake_room(&POLICY, &load);

            assert_int_equal(brake_judge(&POLICY, &load, room), BRAKE_FREE);
            assert_int_not_equal(brake_judge(&POLICY, &load, room + 1), BRAKE_FREE);
        }
}

static void test_brake_says_its_numbers(void **state)
{
    struct brake_load load = {18, 54, 11};
    char *message = brake_text(&POLICY, &load, 5, BRAKE_MESSAGE), *hour = brake_text(&POLICY, &load, 2, BRAKE_HOUR);

    (void)state;
    assert_string_equal(message, "one message would make 23 duties, more than 20");
    assert_string_equal(hour, "it would make 56 duties in one hour, more than 55 (50, or 5 times the 11 of its busiest hour"
                              " in 28 days)");
    free(message);
    free(hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brake_judges_the_table),
        cmocka_unit_test(test_brake_lets_pass_whatever_it_says_there_is_room_for),
        cmocka_unit_test(test_brake_says_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
