/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any number of told processes may share one database: the same events, shuffled, make the same duties whether one told
 * does everything, two share the work, or the stages are split over three; and nobody is told anything twice.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "told/mem.h"

#ifdef __SANITIZE_THREAD__
#define EVENTS 200
#else
#define EVENTS 1000
#endif
#define SEED 20240531U

/* Plays the crowd on some told processes and returns the duties that came of it. */
static char *play(const char *const stages[], size_t count)
{
    static const struct harness_options options = {
        .story_from = "2024-05-31T17:00:00Z", .story_stands = true, .senders = 4, .lease_ms = 10000};
    struct harness *h = harness_start(&options);
    struct crowd crowd = {.seed = SEED};
    pid_t told[3], publishers[3];
    char *duties, *fault;

    crowd_import(h);
    crowd_write(h, &crowd, EVENTS);
    for (size_t i = 0; i < count; i++)
        told[i] = harness_told(h, stages[i], NULL);
    crowd_publish(h, publishers);
    fault = crowd_await(h, publishers);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    assert_true(crowd_settle(h, 120000));
    assert_int_equal(crowd_stored(h), EVENTS);
    /* What was gathered for one email each goes when its ten minutes are over. */
    harness_jump(h, "2024-05-31T17:15:00Z");
    assert_true(crowd_settle(h, 120000));
    duties = crowd_duties(h);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event_state WHERE state NOT IN ('decided', 'review')"), 0);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.attempt WHERE uncertain"), 0);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.notification WHERE state NOT IN ('sent', 'superseded')"), 0);
    fault = crowd_mails_fault(h);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(harness_signal(h, told[i], SIGTERM), 0);
    harness_stop(h);
    return duties;
}

static void test_stages_shared_or_split_make_the_same_duties(void **state)
{
    (void)state;
    char *alone = play((const char *[]){NULL}, 1);
    char *two = play((const char *[]){NULL, "decide,escalate,dispatch"}, 2);
    char *three = play((const char *[]){"ingest", "decide,escalate", "dispatch"}, 3);
    char *fault;

    assert_true(strlen(alone) > 1000);
    fault = crowd_difference(alone, two);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    fault = crowd_difference(alone, three);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    free(alone);
    free(two);
    free(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stages_shared_or_split_make_the_same_duties)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
