/* SPDX-License-Identifier: Apache-2.0 */
/* told's time in a story and outside; and the wake-ups of stages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "clock.h"
#include "kick.h"

static struct instant at(const char *text)
{
    struct instant instant = INSTANT_NONE;

    assert_true(instant_parse(text, &instant));
    return instant;
}

static void test_clock_is_real_time_outside_a_story(void **state)
{
    struct clock *clock = clock_new();

    (void)state;
    assert_false(clock_is_story(clock));
    assert_in_range(instant_ms_between(clock_real(), clock_told(clock)), 0, 1000);
    assert_int_equal(clock_ms_until(clock, instant_add_seconds(clock_told(clock), -5)), 0);
    assert_in_range(clock_ms_until(clock, instant_add_seconds(clock_told(clock), 5)), 4000, 5000);
    clock_free(clock);
}

static void test_clock_goes_at_the_rate_of_its_story(void **state)
{
    struct clock *clock = clock_new();
    struct instant from = at("2024-06-07T16:00:00Z");
    static const struct {
        double rate;
        int real_ago_s, told_s;
    } cases[] = {{1, 100, 100}, {60, 100, 6000}, {3600, 100, 360000}, {0.5, 100, 50}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct clock *one = clock_new();
        int64_t ms, slack_ms = (int64_t)(2000 * cases[i].rate) + 1; /* two real seconds of a busy machine */

        clock_follow(one, from, instant_add_seconds(clock_real(), -cases[i].real_ago_s), cases[i].rate);
        ms = instant_ms_between(from, clock_told(one));
        assert_true(clock_is_story(one));
        assert_true(ms >= cases[i].told_s * 1000 && ms <= cases[i].told_s * 1000 + slack_ms);
        clock_free(one);
    }
    clock_free(clock);
}

static void test_clock_waits_the_real_time_that_a_story_takes(void **state)
{
    struct clock *clock = clock_new();

    (void)state;
    clock_follow(clock, at("2024-06-07T16:00:00Z"), clock_real(), 60);
    assert_in_range(clock_ms_until(clock, instant_add_seconds(clock_told(clock), 600)), 8000, 10000);
    clock_follow(clock, at("2024-06-08T16:00:00Z"), clock_real(), 0); /* it stands still */
    assert_int_equal(clock_ms_until(clock, at("2024-06-08T16:00:01Z")), CLOCK_FAR_MS);
    assert_int_equal(clock_ms_until(clock, at("2024-06-08T16:00:00Z")), 0);
    clock_free(clock);
}

static void test_clock_of_a_story_never_goes_back(void **state)
{
    struct clock *clock = clock_new();
    struct instant before;

    (void)state;
    clock_follow(clock, at("2024-06-07T16:00:00Z"), clock_real(), 60);
    before = clock_told(clock);
    clock_follow(clock, at("2024-06-07T15:00:00Z"), clock_real(), 60); /* a row that was read late */
    assert_true(instant_compare(clock_told(clock), before) >= 0);
    clock_follow(clock, at("2024-06-10T09:00:00Z"), clock_real(), 60); /* a jump */
    assert_true(instant_compare(clock_told(clock), at("2024-06-10T09:00:00Z")) >= 0);
    clock_free(clock);
}

static void test_clock_takes_a_story_that_lies_in_the_past(void **state)
{
    struct clock *clock = clock_new();

    (void)state;
    (void)clock_told(clock); /* real time, years later, seen before the row was read */
    clock_follow(clock, at("2024-06-07T16:00:00Z"), clock_real(), 1);
    assert_true(instant_compare(clock_told(clock), at("2024-06-08T00:00:00Z")) < 0);
    clock_free(clock);
}

static void test_clock_ignores_a_row_that_makes_no_sense(void **state)
{
    struct clock *clock = clock_new();

    (void)state;
    clock_follow(clock, INSTANT_NONE, clock_real(), 1);
    clock_follow(clock, clock_real(), INSTANT_NONE, 1);
    clock_follow(clock, clock_real(), clock_real(), -1);
    clock_follow(clock, clock_real(), clock_real(), NAN);
    clock_follow(clock, clock_real(), clock_real(), INFINITY);
    assert_false(clock_is_story(clock));
    clock_free(clock);
}

struct racers {
    struct clock *clock;
    atomic_bool went_back;
};

static void *race(void *state)
{
    struct racers *racers = state;
    struct instant last = INSTANT_NONE, last_real = INSTANT_NONE;

    for (int i = 0; i < 5000; i++) {
        struct instant now = clock_told(racers->clock), real = clock_real();

        if (instant_compare(now, last) < 0 || instant_compare(real, last_real) < 0)
            atomic_store(&racers->went_back, true);
        last = now;
        last_real = real;
        if (i % 100 == 0)
            clock_follow(racers->clock, instant_add_seconds(now, -60 + i % 3 * 60), real, 60);
    }
    return NULL;
}

static void test_clock_never_goes_back_for_any_of_several_threads(void **state)
{
    struct racers racers = {.clock = clock_new()};
    pthread_t threads[3];

    (void)state;
    clock_follow(racers.clock, at("2024-06-07T16:00:00Z"), clock_real(), 60);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_false(atomic_load(&racers.went_back));
    clock_free(racers.clock);
}

/* ---- kick ---- */

static void *wake_it(void *kick)
{
    kick_wake(kick);
    return NULL;
}

static void test_kick_wakes_a_waiter_at_once(void **state)
{
    struct kick *kick = kick_new();
    int64_t begun_ms = clock_monotonic_ms();
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wake_it, kick), 0);
    kick_wait(kick, -1, 60000);
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 30000);
    assert_int_equal(pthread_join(thread, NULL), 0);
    kick_free(kick);
}

static void test_kick_is_kept_until_somebody_waits_and_then_gone(void **state)
{
    struct kick *kick = kick_new();
    int64_t begun_ms;

    (void)state;
    for (int i = 0; i < 1000; i++)
        kick_wake(kick); /* many are one */
    begun_ms = clock_monotonic_ms();
    kick_wait(kick, -1, 60000);
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 30000);
    begun_ms = clock_monotonic_ms();
    kick_wait(kick, -1, 30);
    assert_in_range(clock_monotonic_ms() - begun_ms, 25, 30000);
    kick_wake(kick);
    kick_clear(kick);
    begun_ms = clock_monotonic_ms();
    kick_wait(kick, -1, 30);
    assert_in_range(clock_monotonic_ms() - begun_ms, 25, 30000);
    kick_wake(NULL);
    kick_free(kick);
}

static void test_kick_waits_for_another_descriptor_too(void **state)
{
    struct kick *kick = kick_new(), *other = kick_new();
    int64_t begun_ms = clock_monotonic_ms();

    (void)state;
    kick_wake(other);
    kick_wait(kick, kick_fd(other), 60000);
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 30000);
    kick_free(kick);
    kick_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_is_real_time_outside_a_story),
        cmocka_unit_test(test_clock_goes_at_the_rate_of_its_story),
        cmocka_unit_test(test_clock_waits_the_real_time_that_a_story_takes),
        cmocka_unit_test(test_clock_of_a_story_never_goes_back),
        cmocka_unit_test(test_clock_takes_a_story_that_lies_in_the_past),
        cmocka_unit_test(test_clock_ignores_a_row_that_makes_no_sense),
        cmocka_unit_test(test_clock_never_goes_back_for_any_of_several_threads),
        cmocka_unit_test(test_kick_wakes_a_waiter_at_once),
        cmocka_unit_test(test_kick_is_kept_until_somebody_waits_and_then_gone),
        cmocka_unit_test(test_kick_waits_for_another_descriptor_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
