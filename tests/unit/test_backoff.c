/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "told/backoff.h"

static const struct instant NOW = {INT64_C(1717180000000000)};

static int64_t wait_ms(const struct backoff_policy *policy, int failures, bool uncertain, uint64_t seed)
{
    return instant_ms_between(NOW, backoff_next(policy, failures, uncertain, seed, NOW));
}

static void test_backoff_waits_as_the_design_says_give_or_take_a_fifth(void **state)
{
    (void)state;
    static const struct {
        const struct backoff_policy *policy;
        int failures;
        bool uncertain;
        int least_s, most_s;
    } rows[] = {
        {&BACKOFF_IMMEDIATE, 1, false, 24, 36},
        {&BACKOFF_IMMEDIATE, 2, false, 48, 72},
        {&BACKOFF_IMMEDIATE, 3, false, 96, 144},
        {&BACKOFF_IMMEDIATE, 4, false, 240, 360},
        {&BACKOFF_IMMEDIATE, 5, false, 240, 360},
        {&BACKOFF_IMMEDIATE, 5000, false, 240, 360},
        {&BACKOFF_ORDINARY, 1, false, 48, 72},
        {&BACKOFF_ORDINARY, 2, false, 240, 360},
        {&BACKOFF_ORDINARY, 3, false, 720, 1080},
        {&BACKOFF_ORDINARY, 4, false, 1440, 2160},
        {&BACKOFF_ORDINARY, 5, false, 2880, 4320},
        {&BACKOFF_ORDINARY, 6, false, 2880, 4320},
        {&BACKOFF_ORDINARY, 1000, false, 2880, 4320},
        {&BACKOFF_ORDINARY, 0, false, 48, 72},
        /* never before the server has had its time */
        {&BACKOFF_IMMEDIATE, 1, true, 120, 144},
        {&BACKOFF_IMMEDIATE, 4, true, 240, 360},
        {&BACKOFF_ORDINARY, 1, true, 900, 1080},
        {&BACKOFF_ORDINARY, 5, true, 2880, 4320},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint64_t seed = 0; seed < 500; seed++) {
            int64_t wait = wait_ms(rows[i].policy, rows[i].failures, rows[i].uncertain, seed);
            if (wait < rows[i].least_s * INT64_C(1000) || wait > rows[i].most_s * INT64_C(1000))
                fail_msg("row %zu seed %d: %d ms", i, (int)seed, (int)wait);
        }
}

static void test_backoff_is_the_same_for_the_same_seed_and_spread_over_seeds(void **state)
{
    (void)state;
    int early = 0, late = 0;
    assert_int_equal(wait_ms(&BACKOFF_ORDINARY, 5, false, 42), wait_ms(&BACKOFF_ORDINARY, 5, false, 42));
    assert_int_not_equal(wait_ms(&BACKOFF_ORDINARY, 5, false, 42), wait_ms(&BACKOFF_ORDINARY, 6, false, 42));
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        int64_t wait = wait_ms(&BACKOFF_ORDINARY, 5, false, seed);
        early += wait < 3240000;
        late += wait > 3960000;
    }
    assert_in_range(early, 150, 350); /* a quarter each, for neighbouring ids */
    assert_in_range(late, 150, 350);
}

static void test_backoff_never_makes_a_hot_loop_of_an_empty_policy(void **state)
{
    (void)state;
    static const struct backoff_policy empty = {.jitter_percent = 0};
    assert_int_equal(wait_ms(&empty, 3, false, 1), 1000);
    assert_int_equal(wait_ms(&empty, 3, true, 1), 1000);
}

static void test_backoff_uses_the_other_channel_as_the_design_says(void **state)
{
    (void)state;
    assert_int_equal(BACKOFF_IMMEDIATE.other_channel_failures, 1);
    assert_int_equal(BACKOFF_ORDINARY.other_channel_failures, 3);
    assert_int_equal(BACKOFF_ORDINARY.other_channel_s, 15 * 60);
    assert_false(backoff_wants_other(&BACKOFF_ORDINARY, 2));
    assert_true(backoff_wants_other(&BACKOFF_ORDINARY, 3));
    assert_true(backoff_wants_other(&BACKOFF_IMMEDIATE, 1));
}

static void test_backoff_keeps_to_a_servers_wish_within_the_deadline(void **state)
{
    (void)state;
    static const struct {
        int next_s, wish_s, due_s, want_s; /* from now */
    } table[] = {
        {60, 30, 7200, 60},        /* never sooner than it would be tried anyway */
        {60, 600, 7200, 600},      {60, 7140, 7200, 7140},
        {60, 7141, 7200, 7140},    {60, 999999, 7200, 7140},
        {60, 600, 90, 60},         /* the deadline is nearer than the next try */
        {60, 600, 0, 600},         {60, 600, -7200, 600},
        {60, 999999, -7200, 3600}, /* past it, an hour at most */
        {9000, 999999, -1, 9000},
    };
    struct instant now;
    assert_true(instant_parse("2024-06-03T09:00:00Z", &now));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct instant got = backoff_wish(instant_add_seconds(now, table[i].next_s), table[i].wish_s,
                                          instant_add_seconds(now, table[i].due_s), now);
        if (instant_ms_between(now, got) != (int64_t)table[i].want_s * 1000)
            fail_msg("row %zu: %lld ms", i, (long long)instant_ms_between(now, got));
    }
}

static void test_backoff_is_kept_as_text_and_read_back(void **state)
{
    (void)state;
    static const char PINNED[] = "30,60,120,300 120 20 1 120;60,300,900,1800,3600 900 20 3 900;432000";
    static const char *const wrong[] = {
        "", ";", "30", "30 1 2 3 4;60 1 2 3 4;", "30 1 2 3 4;60 1 2 3 4", "30 1 2 3 4;60 1 2 3 4;5 ", "30 1 2 3 4;60 1 2 3 4;5;",
        ",30 1 2 3 4;60 1 2 3 4;5", "30,0 1 2 3 4;60 1 2 3 4;5", "30 1 2 3;60 1 2 3 4;5", "30 1 2 3 4 5;60 1 2 3 4;5",
        "-30 1 2 3 4;60 1 2 3 4;5", " 30 1 2 3 4;60 1 2 3 4;5", "30 1 200 3 4;60 1 2 3 4;5", "30 1 2 3 4;60 1 2 3 4;999999999999",
        "1,2,3,4,5,6,7,8,9,10,11,12,13 1 2 3 4;60 1 2 3 4;5", "x 1 2 3 4;60 1 2 3 4;5"};
    struct backoff usual = {BACKOFF_IMMEDIATE, BACKOFF_ORDINARY, BACKOFF_LONGEST_S}, read = {.longest_s = 7};
    char *text = backoff_print(&usual);

    assert_string_equal(text, PINNED);
    free(text);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (backoff_parse(wrong[i], &read) || read.longest_s != 7)
            fail_msg("\"%s\"", wrong[i]);
    assert_true(backoff_parse(PINNED, &read));
    assert_memory_equal(&read, &usual, sizeof usual);
    assert_ptr_equal(backoff_of(&usual, true), &usual.immediate);
    /* The longest list there is. */
    assert_true(backoff_parse("1,2,3,4,5,6,7,8,9,10,11,12 0 0 1 1;1 0 100 1 1;60", &read));
    assert_int_equal(read.immediate.steps_s[11], 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_waits_as_the_design_says_give_or_take_a_fifth),
        cmocka_unit_test(test_backoff_is_the_same_for_the_same_seed_and_spread_over_seeds),
        cmocka_unit_test(test_backoff_never_makes_a_hot_loop_of_an_empty_policy),
        cmocka_unit_test(test_backoff_keeps_to_a_servers_wish_within_the_deadline),
        cmocka_unit_test(test_backoff_uses_the_other_channel_as_the_design_says),
        cmocka_unit_test(test_backoff_is_kept_as_text_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
