/* SPDX-License-Identifier: Apache-2.0 */
/* A feed that contradicts itself, end to end: both bodies are kept, what comes after is stored, acknowledged and held, and
 * a person's thaw has it decided as of its receipt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crowd.h"
#include "dealer.h"
#include "told/mem.h"
#include "told/wire.h"

#define SOURCE "police/mps"

static int setup(void **state)
{
    struct harness *h = harness_start(&(struct harness_options){.story_from = "2024-05-31T17:00:00Z", .story_stands = true});

    crowd_import(h);
    harness_told(h, NULL, NULL);
    *state = h;
    return 0;
}

/* A charge of one of the crowd's children; `day` is what makes two of one id differ. */
static char *charge(const char *id, uint64_t sequence, int child, int day)
{
    char digits[24];

    return mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"" SOURCE "\",\"type\":\"police.charge\",\"sequence\":\"%s\","
                      "\"time\":\"2024-05-31T09:00:00Z\",\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-%d\"},"
                      "\"born_on\":\"2009-0%d-1%d\"},\"case\":\"01MP2%03d\",\"charged_on\":\"2024-05-%d\","
                      "\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft\"}],\"authority\":\"southwark\","
                      "\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false}}",
                      id, wire_sequence_print(sequence, digits), 2001 + child, 1 + child % 9, child % 9, child, day);
}

static void hear(struct dealer *dealer, const char *verb)
{
    json_t *body = dealer_hear(dealer, verb);

    assert_non_null(body);
    json_decref(body);
}

static void say(struct dealer *dealer, const char *id, uint64_t sequence, int child, int day, const char *answer)
{
    char *text = charge(id, sequence, child, day);

    dealer_say(dealer, "EVENT", text);
    hear(dealer, answer);
    free(text);
}

static void assert_duties_are_the_cores(struct harness *h)
{
    char *duties = crowd_duties(h), *expected = crowd_expected(h), *fault = crowd_difference(duties, expected);

    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    assert_true(strlen(expected) > 0);
    free(duties);
    free(expected);
}

static long frozen(struct harness *h)
{
    return harness_count(h, "SELECT count(*) FROM told.feed_state WHERE feed = 'police' AND frozen_at IS NOT NULL");
}

static int thaw(struct harness *h, const char *feed)
{
    const char *const argv[] = {"feeds", "thaw", feed, NULL};

    return harness_toldctl(h, NULL, argv, NULL, NULL);
}

static void test_freezing_holds_and_thawing_decides_as_of_receipt(void **state)
{
    struct harness *h = *state;
    struct dealer *dealer = dealer_open(h, "police");
    long before;

    assert_int_equal(thaw(h, "police"), 65); /* it is not frozen */
    dealer_hello(dealer, SOURCE, 1, 1);
    hear(dealer, "WELCOME");
    say(dealer, "f1", 1, 0, 30, "ACK");
    assert_true(crowd_settle(h, 20000));
    assert_duties_are_the_cores(h);
    say(dealer, "f1", 1, 0, 29, "NAK"); /* same id, other body */
    assert_int_equal(frozen(h), 1);
    assert_int_equal(harness_count(h, "SELECT (SELECT count(*) FROM told.event WHERE id = 'f1') + "
                                      "(SELECT count(*) FROM told.quarantine WHERE id = 'f1')"), 2);
    assert_true(harness_await(h, "SELECT count(*) FROM told.duty d JOIN told.alarm a USING (duty_id) "
                                 "WHERE a.kind = 'equivocation' AND a.key = 'police'", "1", 20000));
    before = harness_count(h, "SELECT count(*) FROM told.duty WHERE kind = 'duty'");
    say(dealer, "f2", 2, 1, 30, "ACK");
    say(dealer, "f3", 3, 2, 30, "ACK");
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event_state WHERE state = 'held' AND reason = 'feed frozen'"), 2);
    harness_jump(h, "2024-06-03T11:00:00Z"); /* a weekend, and a working morning */
    assert_true(crowd_settle(h, 20000));
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.duty WHERE kind = 'duty'"), before);
    assert_int_equal(thaw(h, "police"), 0);
    assert_true(crowd_settle(h, 20000));
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event_state WHERE state = 'held'"), 0);
    assert_duties_are_the_cores(h); /* their clocks began on the Friday */
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.journal WHERE what = 'feed thawed' AND who = 'amara'"), 1);
    say(dealer, "f4", 4, 3, 30, "ACK");
    assert_true(crowd_settle(h, 20000));
    assert_duties_are_the_cores(h);
    dealer_close(dealer);
}

static void test_freezing_knows_repeats_from_lies_across_epochs(void **state)
{
    struct harness *h = *state;
    struct dealer *dealer = dealer_open(h, "police");

    dealer_hello(dealer, SOURCE, 2, 1);
    hear(dealer, "WELCOME");
    say(dealer, "f2", 1, 1, 30, "ACK"); /* the same event in the log as it was rebuilt */
    say(dealer, "g1", 2, 4, 30, "ACK"); /* a number that another event had in the old log */
    assert_int_equal(frozen(h), 0);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event WHERE source = '" SOURCE "'"), 5);
    say(dealer, "g0", 1, 4, 30, "NAK"); /* a number that is now another event's */
    assert_int_equal(frozen(h), 1);
    assert_int_equal(thaw(h, "police"), 0);
    say(dealer, "f3", 3, 2, 29, "NAK"); /* same id, other body, other epoch */
    assert_int_equal(frozen(h), 1);
    assert_int_equal(thaw(h, "police"), 0);
    say(dealer, "g4", 4, 5, 30, "ACK");
    say(dealer, "g5", 4, 6, 30, "NAK"); /* same number, other event */
    assert_int_equal(frozen(h), 1);
    assert_int_equal(thaw(h, "police"), 0);
    assert_true(crowd_settle(h, 20000));
    assert_duties_are_the_cores(h);
    dealer_close(dealer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freezing_holds_and_thawing_decides_as_of_receipt),
        cmocka_unit_test(test_freezing_knows_repeats_from_lies_across_epochs),
    };

    return cmocka_run_group_tests(tests, setup, harness_teardown);
}
