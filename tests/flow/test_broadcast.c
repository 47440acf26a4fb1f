/* SPDX-License-Identifier: Apache-2.0 */
/* A broadcast feed: this test is the publisher, told subscribes. What is lost is noticed, even when it is the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "announcer.h"
#include "dealer.h"
#include "told/mem.h"

struct box {
    struct harness *h;
    struct announcer *announcer;
};

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.broadcast = true, .replay_every_s = 1});
    box.announcer = announcer_open(box.h, false);
    harness_told(box.h, "ingest", NULL);
    announcer_await_subscriber(box.announcer);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    announcer_close(box->announcer);
    harness_stop(box->h);
    return 0;
}

static bool await(struct box *box, const char *sql, const char *want)
{
    return harness_await(box->h, sql, want, 10000);
}

static void test_broadcast_stores_what_it_hears(void **state)
{
    struct box *box = *state;

    announcer_event(box->announcer, "broadcast/plain", "p1", 41);
    announcer_event(box->announcer, "broadcast/plain", "p2", 42);
    announcer_beacon(box->announcer, "broadcast/plain", 5, 42, 1);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/plain'", "42 5"));
    announcer_event(box->announcer, "broadcast/plain", "p3", 43);
    assert_true(await(box, "SELECT epoch || ' ' || sequence FROM told.event WHERE source = 'broadcast/plain' AND id = 'p3'",
                      "5 43"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm"), 0);
}

static void test_broadcast_alarms_of_a_gap_and_stores_what_is_behind_it(void **state)
{
    struct box *box = *state;

    announcer_event(box->announcer, "broadcast/gap", "g1", 1);
    announcer_event(box->announcer, "broadcast/gap", "g4", 4);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/gap'", "1"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/gap'"), 2);
    assert_int_equal(harness_count(box->h, "SELECT settled FROM told.cursor WHERE source = 'broadcast/gap'"), 1);
}

static void test_broadcast_sees_the_loss_of_the_last_event(void **state)
{
    struct box *box = *state;

    announcer_event(box->announcer, "broadcast/last", "l1", 1);
    announcer_beacon(box->announcer, "broadcast/last", 1, 2, 1);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/last'", "1"));
}

/* None of the new log was heard, so it begins with its oldest; how far the old one went nobody knows. */
static void test_broadcast_alarms_of_a_new_epoch(void **state)
{
    struct box *box = *state;

    announcer_event(box->announcer, "broadcast/epoch", "e1", 1);
    announcer_beacon(box->announcer, "broadcast/epoch", 1, 1, 1);
    announcer_beacon(box->announcer, "broadcast/epoch", 2, 7, 1);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'epoch' AND key = 'broadcast/epoch'", "1"));
    announcer_event(box->announcer, "broadcast/epoch", "e2", 8);
    assert_true(await(box, "SELECT epoch FROM told.event WHERE source = 'broadcast/epoch' AND id = 'e2'", "2"));
    assert_true(await(box, "SELECT string_agg(concat_ws(' ', epoch, first, last, reason), ', ' ORDER BY epoch) FROM told.feed_gap "
                           "WHERE source = 'broadcast/epoch' AND closed_at IS NULL", "1 2 epoch, 2 1 7 missing"));
}

/* A number that was there already, before a beacon says that the log was rebuilt: it is no lie. */
static void test_broadcast_waits_for_a_beacon_before_it_calls_a_number_a_lie(void **state)
{
    struct box *box = *state;

    announcer_event(box->announcer, "broadcast/rebuilt", "r1", 1);
    announcer_event(box->announcer, "broadcast/rebuilt", "r2", 2);
    announcer_beacon(box->announcer, "broadcast/rebuilt", 1, 2, 1);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/rebuilt'", "2"));
    announcer_event(box->announcer, "broadcast/rebuilt", "s1", 1);
    announcer_event(box->announcer, "broadcast/rebuilt", "s2", 2);
    announcer_event(box->announcer, "broadcast/rebuilt", "s3", 3);
    announcer_beacon(box->announcer, "broadcast/rebuilt", 2, 3, 1);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/rebuilt'", "3 2"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/rebuilt'"), 5);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.feed_state WHERE frozen_at IS NOT NULL"), 0);
}

/* Nobody will ever fill it, so a person says so, and the cursor goes on over what is stored behind it. */
static void test_broadcast_has_its_gap_closed_by_a_person(void **state)
{
    struct box *box = *state;
    const char *const list[] = {"feeds", "gaps", "--json", NULL}, *const mute[] = {"feeds", "close-gap", "broadcast/close", NULL};
    const char *const close[] = {"feeds", "close-gap", "broadcast/close", "--note", "the court sent them by hand", NULL};
    struct buf out = {0};

    announcer_event(box->announcer, "broadcast/close", "c1", 1);
    announcer_event(box->announcer, "broadcast/close", "c4", 4);
    announcer_event(box->announcer, "broadcast/close", "c5", 5);
    announcer_event(box->announcer, "broadcast/close", "c8", 8);
    assert_true(await(box, "SELECT count(*) FROM told.feed_gap WHERE source = 'broadcast/close'", "2"));
    assert_int_equal(harness_toldctl(box->h, NULL, list, &out, NULL), 0);
    assert_non_null(strstr(buf_string(&out), "\"broadcast/close\""));
    buf_release(&out);
    assert_int_equal(harness_toldctl(box->h, NULL, mute, NULL, NULL), 64);
    assert_int_equal(harness_toldctl(box->h, NULL, close, NULL, NULL), 0);
    assert_int_equal(harness_toldctl(box->h, NULL, close, NULL, NULL), 65);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.journal WHERE what = 'gap closed' AND who = 'amara' "
                                           "AND detail->>'note' = 'the court sent them by hand'"), 2);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm WHERE key = 'broadcast/close' "
                                           "AND cleared_at IS NULL"), 0);
    /* told looks again within a second, and goes on from where that leaves it. */
    for (uint64_t at = 9; at < 200; at++) {
        char *id = mem_printf("c%d", (int)at);

        announcer_event(box->announcer, "broadcast/close", id, at);
        free(id);
        poll(NULL, 0, 50); /* told is asked nothing by it: only its own next look brings it on */
        if (harness_count(box->h, "SELECT settled FROM told.cursor WHERE source = 'broadcast/close'") > 8)
            return;
    }
    fail_msg("the cursor never came past the closed gap");
}

/* Behind the 100th body that had to be quarantined no more are kept, and what is good still comes in. */
static void test_broadcast_keeps_a_hundred_bad_bodies_an_hour(void **state)
{
    struct box *box = *state;

    for (int i = 0; i < 150; i++) {
        char *body = mem_printf("no event %d", i);

        announcer_publish(box->announcer, "police.charge", body);
        free(body);
    }
    announcer_event(box->announcer, "broadcast/flood", "f1", 1);
    assert_true(await(box, "SELECT count(*) FROM told.event WHERE source = 'broadcast/flood'", "1"));
    assert_true(harness_count(box->h, "SELECT count(*) FROM told.quarantine WHERE feed = 'broadcast'") <= 101);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm WHERE kind = 'flood'"), 1);
}

static void test_broadcast_quarantines_another_topic_than_the_type(void **state)
{
    struct box *box = *state;
    char *text = dealer_event_text("broadcast/topic", "t1", 1, "X1");

    announcer_publish(box->announcer, "police.arrest", text);
    assert_true(await(box, "SELECT reason FROM told.quarantine WHERE source = 'broadcast/topic'",
                      "topic: another than the type of the body"));
    announcer_publish(box->announcer, "told.beacon", "{}");
    assert_true(await(box, "SELECT count(*) FROM told.quarantine WHERE feed = 'broadcast' AND source IS NULL", "1"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcast_stores_what_it_hears),
        cmocka_unit_test(test_broadcast_alarms_of_a_gap_and_stores_what_is_behind_it),
        cmocka_unit_test(test_broadcast_sees_the_loss_of_the_last_event),
        cmocka_unit_test(test_broadcast_alarms_of_a_new_epoch),
        cmocka_unit_test(test_broadcast_waits_for_a_beacon_before_it_calls_a_number_a_lie),
        cmocka_unit_test(test_broadcast_has_its_gap_closed_by_a_person),
        cmocka_unit_test(test_broadcast_quarantines_another_topic_than_the_type),
        cmocka_unit_test(test_broadcast_keeps_a_hundred_bad_bodies_an_hour),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
