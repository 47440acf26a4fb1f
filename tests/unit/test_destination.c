/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "told/destination.h"

static const struct destination_policy POLICY = {
    .initial = 1, .most = 8, .dead_after = 3, .probe_first_ms = 1000, .probe_most_ms = 5000};

/* Each letter is a result: '+' served, '-' failed, '~' a probe that failed, '!' a probe that was served. */
struct course {
    const char *what;
    const char *results;
    enum destination_state state;
    int concurrency;
    int64_t probe_at_ms; /* with all of them at 10,000 */
};

static void play(struct destination *d, const char *results, int64_t now_ms)
{
    for (; *results != '\0'; results++) {
        if (*results == '~' || *results == '!')
            destination_probe(d);
        if (*results == '+' || *results == '!')
            (void)destination_success(d);
        else
            (void)destination_failure(d, "no connection", *results == '~', now_ms);
    }
}

static void test_destination_follows_what_comes_back(void **state)
{
    (void)state;
    static const struct course table[] = {
        {"it begins small", "", DESTINATION_ALIVE, 1, 0},
        {"each success adds one", "+++", DESTINATION_ALIVE, 4, 0},
        {"to the most and no further", "++++++++++++", DESTINATION_ALIVE, 8, 0},
        {"a failure halves it", "+++++++-", DESTINATION_ALIVE, 4, 0},
        {"two halve it twice", "+++++++--", DESTINATION_ALIVE, 2, 0},
        {"never below one", "--", DESTINATION_ALIVE, 1, 0},
        {"after a failure a whole cohort adds one", "+++++++-+++", DESTINATION_ALIVE, 4, 0},
        {"and not before", "+++++++-++++", DESTINATION_ALIVE, 5, 0},
        {"so many in a row and it is dead", "+++---", DESTINATION_DEAD, 1, 11000},
        {"a success between begins the count anew", "--+--", DESTINATION_ALIVE, 1, 0},
        {"what was in flight when it died does not put off the probe", "------", DESTINATION_DEAD, 1, 11000},
        {"a probe that fails does", "---~", DESTINATION_DEAD, 1, 12000},
        {"twice as long each time", "---~~", DESTINATION_DEAD, 1, 14000},
        {"up to the most", "---~~~~~", DESTINATION_DEAD, 1, 15000},
        {"a probe that is served wakes it, small", "+++++---!", DESTINATION_ALIVE, 1, 0},
        {"so does what was still in flight", "+++++---+", DESTINATION_ALIVE, 1, 0},
        {"its next death waits as the first did", "---~~~!---", DESTINATION_DEAD, 1, 11000},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct destination d;

        destination_init(&d, &POLICY);
        play(&d, table[i].results, 10000);
        if (d.state != table[i].state || d.concurrency != table[i].concurrency || d.probe_at_ms != table[i].probe_at_ms)
            fail_msg("%s: %s, %d at a time, probe at %lld", table[i].what, destination_state_text(d.state), d.concurrency,
                     (long long)d.probe_at_ms);
    }
}

static void test_destination_has_room_for_what_is_not_in_flight(void **state)
{
    (void)state;
    struct destination d;

    destination_init(&d, &POLICY);
    assert_int_equal(destination_room(&d, 0), 1);
    assert_int_equal(destination_room(&d, 1), 0);
    play(&d, "+++", 0);
    assert_int_equal(destination_room(&d, 1), 3);
    assert_int_equal(destination_room(&d, 9), 0);
    play(&d, "---", 0);
    assert_int_equal(destination_room(&d, 0), 0);
}

static void test_destination_wants_one_probe_at_a_time_when_it_is_due(void **state)
{
    (void)state;
    struct destination d;

    destination_init(&d, &POLICY);
    assert_false(destination_wants_probe(&d, 0));
    play(&d, "---", 500);
    assert_false(destination_wants_probe(&d, 1499));
    assert_true(destination_wants_probe(&d, 1500));
    destination_probe(&d);
    assert_false(destination_wants_probe(&d, 1500));
    assert_true(destination_failure(&d, "no connection", true, 1600));
    assert_false(destination_wants_probe(&d, 3599));
    assert_true(destination_wants_probe(&d, 3600));
}

static void test_destination_says_when_what_is_shown_changes(void **state)
{
    (void)state;
    static const char *const refused = "no connection", *const silent = "timed out";
    struct destination d;

    destination_init(&d, &POLICY);
    assert_true(destination_failure(&d, refused, false, 0));
    assert_ptr_equal(d.error, refused);
    assert_false(destination_failure(&d, refused, false, 0)); /* one at a time as before, and the same error */
    assert_true(destination_success(&d));
    assert_null(d.error);
    play(&d, "+++++++++++++++++++++++++++++++++++++++++++++++++", 0);
    assert_int_equal(d.concurrency, 8);
    assert_false(destination_success(&d));
    play(&d, "---", 0);
    assert_true(destination_failure(&d, silent, false, 0));
    assert_false(destination_failure(&d, silent, false, 0));
    assert_true(destination_success(&d));
    assert_string_equal(destination_state_text(d.state), "alive");
}

static void test_destination_of_one_sender_begins_with_one(void **state)
{
    (void)state;
    static const struct destination_policy one = {.initial = 2, .most = 1, .dead_after = 1};
    struct destination d;

    destination_init(&d, &one);
    assert_int_equal(d.concurrency, 1);
    play(&d, "++", 0);
    assert_int_equal(d.concurrency, 1);
    play(&d, "-", 0);
    assert_int_equal(d.state, DESTINATION_DEAD);
}

static void test_destination_hears_of_it_from_others(void **state)
{
    (void)state;
    struct destination d;

    destination_init(&d, &POLICY);
    play(&d, "+++", 0);
    assert_true(destination_hear_dead(&d, "somebody said so", 5000));
    assert_int_equal(d.state, DESTINATION_DEAD);
    assert_int_equal(destination_room(&d, 0), 0);
    assert_false(destination_hear_dead(&d, "somebody said so", 5500)); /* known already */
    assert_false(destination_wants_probe(&d, 5999));
    assert_true(destination_hear_alive(&d, 5600));
    assert_true(destination_wants_probe(&d, 5600));
    destination_probe(&d);
    assert_false(destination_hear_alive(&d, 5700));
    assert_true(destination_success(&d));
    assert_int_equal(d.state, DESTINATION_ALIVE);
    assert_false(destination_hear_alive(&d, 5800));
}

static void test_destination_keeps_its_last_error_when_it_is_well_again(void **state)
{
    (void)state;
    struct destination d;

    destination_init(&d, &POLICY);
    assert_null(d.last_error);
    play(&d, "---", 700);
    play(&d, "!", 900);
    assert_null(d.error);
    assert_string_equal(d.last_error, "no connection");
    assert_int_equal(d.last_error_ms, 700);
    destination_note(&d, "no such address", 1200);
    assert_int_equal(d.state, DESTINATION_ALIVE);
    assert_int_equal(d.failures, 0);
    assert_string_equal(d.last_error, "no such address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destination_follows_what_comes_back),
        cmocka_unit_test(test_destination_has_room_for_what_is_not_in_flight),
        cmocka_unit_test(test_destination_wants_one_probe_at_a_time_when_it_is_due),
        cmocka_unit_test(test_destination_says_when_what_is_shown_changes),
        cmocka_unit_test(test_destination_of_one_sender_begins_with_one),
        cmocka_unit_test(test_destination_hears_of_it_from_others),
        cmocka_unit_test(test_destination_keeps_its_last_error_when_it_is_well_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
