/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGKILL of told under load at twenty random moments, started again each time. Nothing acknowledged is lost, the duties
 * are those the pure core gives, and nobody is told twice but where an attempt is marked uncertain.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crowd.h"

enum { KILLS = 20, EVENTS_A_ROUND = 45, LATEST_MS = 250 };

/* TOLD_SEED=n plays one run again. */
static unsigned choose_seed(void)
{
    const char *given = getenv("TOLD_SEED");

    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
}

static unsigned dice(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void test_kill_twenty_times_under_load_loses_nothing(void **state)
{
    static const struct harness_options options = {
        .story_from = "2024-05-31T17:00:00Z", .story_stands = true, .lease_ms = 1000, .senders = 2};
    unsigned seed = choose_seed(), moments = seed;
    struct crowd crowd = {.seed = seed};
    struct harness *h = harness_start(&options);
    pid_t told, publishers[3];
    char *duties, *expected, *fault;

    (void)state;
    print_message("seed %u (TOLD_SEED=%u plays it again)\n", seed, seed);
    crowd_import(h);
    told = harness_told(h, NULL, NULL);
    for (int i = 0; i < KILLS; i++) {
        crowd_write(h, &crowd, EVENTS_A_ROUND);
        crowd_publish(h, publishers);
        /* Not waiting for a condition: the moment itself is what the dice choose. */
        poll(NULL, 0, (int)(dice(&moments) % LATEST_MS));
        harness_signal(h, told, SIGKILL);
        told = harness_told(h, NULL, NULL);
        fault = crowd_await(h, publishers);
        if (fault != NULL)
            fail_msg("%s", (fputs(fault, stderr), "see above"));
    }
    assert_true(crowd_settle(h, 120000));
    assert_int_equal(crowd_stored(h), KILLS * EVENTS_A_ROUND);
    harness_jump(h, "2024-05-31T17:15:00Z");
    assert_true(crowd_settle(h, 120000));
    duties = crowd_duties(h);
    expected = crowd_expected(h);
    fault = crowd_difference(duties, expected);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.notification WHERE state NOT IN ('sent', 'superseded')"), 0);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event_state WHERE state NOT IN ('decided', 'review')"), 0);
    fault = crowd_mails_fault(h);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    print_message("%ld mails, %ld uncertain attempts\n", harness_lines(h, "mails.ndjson"),
                  harness_count(h, "SELECT count(*) FROM told.attempt WHERE uncertain"));
    assert_int_equal(harness_signal(h, told, SIGTERM), 0);
    free(duties);
    free(expected);
    harness_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_twenty_times_under_load_loses_nothing)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
