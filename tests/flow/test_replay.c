/* SPDX-License-Identifier: Apache-2.0 */
/* A broadcast feed with a replay channel: what is lost on the way is asked for, and what cannot be had makes the feed
 * degraded. This test is the publisher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "announcer.h"
#include "told/mem.h"

struct box {
    struct harness *h;
    struct announcer *announcer;
    pid_t told;
};

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.broadcast = true, .replay = true, .gap_after_s = 2, .replay_every_s = 1});
    box.announcer = announcer_open(box.h, true);
    box.told = harness_told(box.h, "ingest", NULL);
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
    return harness_await(box->h, sql, want, 15000);
}

static bool await_confirmed(struct box *box, const char *source, uint64_t sequence)
{
    for (int i = 0; i < 750; i++) {
        if (announcer_confirmed(box->announcer, source) == sequence)
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

static void log_many(struct box *box, const char *source, int64_t epoch, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        char *id = mem_printf("%s-%d-%d", source, (int)epoch, (int)i);

        announcer_log(box->announcer, source, epoch, id, i);
        free(id);
    }
}

static void test_replay_begins_with_the_oldest(void **state)
{
    struct box *box = *state;

    log_many(box, "broadcast/history", 1, 3, 1500); /* more than one GET, and more than one batch */
    announcer_beacon(box->announcer, "broadcast/history", 1, 1500, 3);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/history'", "1500"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/history'"), 1498);
    assert_true(await_confirmed(box, "broadcast/history", 1500));
}

static void test_replay_fills_a_gap_and_the_loss_of_the_last(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/gap", 1, "g1", 1);
    announcer_beacon(box->announcer, "broadcast/gap", 1, 1, 1);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/gap'", "1"));
    announcer_log(box->announcer, "broadcast/gap", 1, "g2", 2);
    announcer_say(box->announcer, "broadcast/gap", 1, "g3", 3);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/gap'", "3"));
    announcer_log(box->announcer, "broadcast/gap", 1, "g4", 4);
    announcer_beacon(box->announcer, "broadcast/gap", 1, 4, 1);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/gap'", "4"));
    assert_true(await_confirmed(box, "broadcast/gap", 4));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/gap'"), 4);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.feed_gap WHERE source = 'broadcast/gap'"), 0);
}

/* The last event was lost and no beacon says so either: it is asked for all the same. */
static void test_replay_asks_at_times_of_its_own(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/quiet", 1, "q1", 1);
    announcer_beacon(box->announcer, "broadcast/quiet", 1, 1, 1);
    assert_true(await_confirmed(box, "broadcast/quiet", 1));
    announcer_log(box->announcer, "broadcast/quiet", 1, "q2", 2);
    assert_true(await_confirmed(box, "broadcast/quiet", 2));
}

static void test_replay_states_a_gap_and_closes_it_when_it_is_heard(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/late", 1, "a1", 1);
    announcer_beacon(box->announcer, "broadcast/late", 1, 1, 1);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/late'", "1"));
    announcer_say(box->announcer, "broadcast/late", 1, "a4", 4);
    assert_true(await(box, "SELECT concat_ws(' ', feed, epoch, first, last, reason, since < stated_at) FROM told.feed_gap "
                           "WHERE source = 'broadcast/late' AND closed_at IS NULL", "broadcast 1 2 3 missing t"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/late' "
                                           "AND detail LIKE '%sequences 2 to 3%'"), 1);
    /* The publisher finds them again: out of order in its log, as it may be. */
    announcer_log(box->announcer, "broadcast/late", 1, "a3", 3);
    announcer_log(box->announcer, "broadcast/late", 1, "a2", 2);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/late'", "4"));
    assert_true(await(box, "SELECT closed_as FROM told.feed_gap WHERE source = 'broadcast/late'", "heard"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/late' "
                                           "AND cleared_at IS NULL"), 0);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.journal WHERE what = 'gap heard'"), 1);
}

static void test_replay_states_at_once_what_the_publisher_has_lost(void **state)
{
    struct box *box = *state;
    const char *const close[] = {"feeds", "close-gap", "broadcast/trim", "--note", "asked the court for a copy", NULL};

    announcer_say(box->announcer, "broadcast/trim", 1, "t1", 1);
    announcer_beacon(box->announcer, "broadcast/trim", 1, 1, 1);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/trim'", "1"));
    announcer_log(box->announcer, "broadcast/trim", 1, "t6", 6);
    announcer_trim(box->announcer, "broadcast/trim", 6);
    announcer_beacon(box->announcer, "broadcast/trim", 1, 6, 6);
    assert_true(await(box, "SELECT concat_ws(' ', first, last, reason) FROM told.feed_gap WHERE source = 'broadcast/trim'",
                      "2 5 oldest"));
    assert_true(await(box, "SELECT count(*) FROM told.event WHERE source = 'broadcast/trim'", "2"));
    assert_int_equal(harness_toldctl(box->h, NULL, close, NULL, NULL), 0);
    assert_true(await_confirmed(box, "broadcast/trim", 6)); /* from then on its log may go on without them */
}

static void test_replay_follows_a_new_epoch_from_its_oldest(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/epoch", 1, "e1", 1);
    announcer_beacon(box->announcer, "broadcast/epoch", 1, 1, 1);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/epoch'", "1 1"));
    log_many(box, "broadcast/epoch", 2, 1, 3);
    announcer_beacon(box->announcer, "broadcast/epoch", 2, 3, 1);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/epoch'", "3 2"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/epoch'"), 4);
    assert_true(await(box, "SELECT concat_ws(' ', epoch, first, coalesce(last::text, 'end'), reason) FROM told.feed_gap "
                           "WHERE source = 'broadcast/epoch'", "1 2 end epoch"));
}

/* What told missed while it was down comes when it is back, with nobody saying anything new. */
static void test_replay_asks_on_connect_for_every_source_it_knows(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/down", 1, "d1", 1);
    announcer_beacon(box->announcer, "broadcast/down", 1, 1, 1);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/down'", "1 1"));
    assert_int_equal(harness_signal(box->h, box->told, SIGTERM), 0);
    log_many(box, "broadcast/down", 1, 2, 3);
    box->told = harness_told(box->h, "ingest", NULL);
    assert_true(await(box, "SELECT settled FROM told.cursor WHERE source = 'broadcast/down'", "3"));
}

/* And a source that nobody answers for does not hold up another that has much to say. */
static void test_replay_dials_again_when_nobody_answers(void **state)
{
    struct box *box = *state;

    announcer_ignore(box->announcer, "broadcast/deaf");
    announcer_say(box->announcer, "broadcast/deaf", 1, "n1", 1);
    announcer_log(box->announcer, "broadcast/deaf", 1, "n2", 2);
    announcer_beacon(box->announcer, "broadcast/deaf", 1, 2, 1);
    assert_true(await(box, "SELECT count(*) FROM told.event WHERE source = 'broadcast/deaf'", "1"));
    for (int i = 0; i < 750; i++) {
        char *log = harness_log(box->h);
        bool said = strstr(log, "action=reconnect") != NULL;

        free(log);
        if (said)
            break;
        poll(NULL, 0, 20);
    }
    log_many(box, "broadcast/lively", 1, 1, 3000); /* six times a GET */
    announcer_beacon(box->announcer, "broadcast/lively", 1, 3000, 1);
    assert_true(harness_await(box->h, "SELECT settled FROM told.cursor WHERE source = 'broadcast/lively'", "3000", 30000));
    announcer_ignore(box->announcer, NULL);
    assert_true(await_confirmed(box, "broadcast/deaf", 2));
}

static void test_replay_quarantines_what_the_publisher_may_not_say(void **state)
{
    struct box *box = *state;

    announcer_say(box->announcer, "broadcast/bad", 1, "b1", 1);
    announcer_log_text(box->announcer, "broadcast/bad", 1, 2, "this is not JSON");
    announcer_log_text(box->announcer, "broadcast/bad", 1, 3,
                       "{\"specversion\":\"1.0\",\"id\":\"b3\",\"source\":\"broadcast/bad\",\"type\":\"police.parade\","
                       "\"time\":\"2024-06-03T10:00:00Z\",\"sequence\":\"00000000000000000003\",\"data\":{\"person\":{}}}");
    announcer_log(box->announcer, "broadcast/bad", 1, "b4", 4);
    announcer_beacon(box->announcer, "broadcast/bad", 1, 4, 1);
    assert_true(await(box, "SELECT count(*) FROM told.event WHERE source = 'broadcast/bad'", "2"));
    assert_true(await(box, "SELECT count(*) FROM told.quarantine WHERE feed = 'broadcast' AND (id = 'b3' OR source IS NULL)",
                      "2"));
    /* 2 has no number that could be read: it stays missing, and is stated. */
    assert_true(await(box, "SELECT first || ' ' || last FROM told.feed_gap WHERE source = 'broadcast/bad'", "2 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_begins_with_the_oldest),
        cmocka_unit_test(test_replay_fills_a_gap_and_the_loss_of_the_last),
        cmocka_unit_test(test_replay_asks_at_times_of_its_own),
        cmocka_unit_test(test_replay_states_a_gap_and_closes_it_when_it_is_heard),
        cmocka_unit_test(test_replay_states_at_once_what_the_publisher_has_lost),
        cmocka_unit_test(test_replay_follows_a_new_epoch_from_its_oldest),
        cmocka_unit_test(test_replay_asks_on_connect_for_every_source_it_knows),
        cmocka_unit_test(test_replay_dials_again_when_nobody_answers),
        cmocka_unit_test(test_replay_quarantines_what_the_publisher_may_not_say),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
