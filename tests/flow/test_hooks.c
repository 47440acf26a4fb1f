/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that do not take what they are given: stopped, passed by, and asked again when they said so. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"

static struct harness *begin_with(void **state, const struct harness_options *more)
{
    struct harness_options options = *more;
    struct harness *h;

    options.story_from = NOW;
    options.story_stands = true;
    options.poll_ms = 50;
    h = *state = harness_start(&options);
    cast_import(h);
    harness_told(h, NULL, NULL);
    return h;
}

static struct harness *begin(void **state, const char *hook_script)
{
    return begin_with(state, &(struct harness_options){.hook_script = hook_script});
}

/* Two duties for p-kapok, who has a webhook alone. */
static void charge(struct harness *h, const char *id)
{
    cast_publish(h, &(struct cast_event){
                        .type = "police.charge", .id = id, .time = "2024-06-03T08:50:00Z", .lcs = "LCS-4", .fields = CAST_CHARGE});
}

static void test_hooks_410_stops_the_endpoint_until_a_person_starts_it(void **state)
{
    struct harness *h = begin(state, "path=/told do=410\n");

    charge(h, "charge-1");
    cast_await(h, "2", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'failed'");
    cast_settle(h);
    cast_expect(h, "case-system", "SELECT name FROM told.endpoint WHERE stopped_at IS NOT NULL");
    cast_expect(h, "1 case-system", "SELECT count(*) || ' ' || min(key) FROM told.alarm WHERE kind = 'endpoint-gone'");
    harness_sinks_restart(h, NULL, NULL);
    charge(h, "charge-2");
    cast_await(h, "4", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'failed'");
    assert_int_equal(harness_lines(h, "hooks.ndjson"), 0); /* the sink would take it by now */
    cast_expect(h, "t", "SELECT count(*) >= 2 FROM told.notification WHERE recipient = 'p-cedar' AND step = 1");
    assert_int_equal(cast_operate(h, "endpoints", "start", "elsewhere", NULL), 65);
    assert_int_equal(cast_operate(h, "endpoints", "begin", "case-system", NULL), 64);
    cast_succeed(h, "endpoints", "start", "case-system");
    cast_succeed(h, "endpoints");
    charge(h, "charge-3");
    cast_await(h, "2", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'sent'");
    cast_expect(h, "amara", "SELECT who FROM told.journal WHERE what = 'endpoint started'");
    cast_settle(h);
    cast_check(h);
}

static void test_hooks_breaker_that_opens_has_the_next_step_told_by_mail_and_is_probed(void **state)
{
    struct harness *h = begin(state, "path=/told do=503 times=6\n");

    charge(h, "charge-1");
    charge(h, "charge-2");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line l JOIN told.duty USING (duty_id) WHERE kind = 'duty' AND step > 0");
    charge(h, "charge-3");
    cast_await(h, "dead", "SELECT state FROM told.destination WHERE channel = 'webhook'");
    /* Nothing has failed for good: the webhooks go on, and the manager knows. */
    cast_await(h, "6", "SELECT count(DISTINCT n.duty_id) FROM told.notification n JOIN told.duty d USING (duty_id)"
                       " WHERE d.kind = 'duty' AND n.recipient = 'p-cedar' AND n.step = 1 AND n.channel = 'email'");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'failed'");
    cast_expect(h, "6", "SELECT count(*) FROM told.notification WHERE channel = 'email' AND recipient = 'p-kapok'"
                        " AND state = 'failed'");
    cast_jump(h, "2024-06-03T09:20:00Z");
    /* The first that goes through finds it as it was, the others find it well; that one is tried again at its time. */
    cast_await(h, "alive", "SELECT state FROM told.destination WHERE channel = 'webhook'");
    cast_jump(h, "2024-06-03T09:30:00Z");
    cast_await(h, "6", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'sent'");
    assert_int_equal(harness_lines(h, "hooks.ndjson"), 6);
    cast_check(h);
}

static void test_hooks_retry_after_is_kept_to_within_the_deadline(void **state)
{
    struct harness *h = begin(state, "path=/told do=503 times=1 retry_after=7200\npath=/told do=429 times=1 retry_after=999999\n");

    charge(h, "charge-1");
    cast_await(h, "2", "SELECT count(*) FROM told.attempt WHERE code IN (429, 503)");
    /* One in two hours, as asked; the other a minute before it is due, and not when it was asked for. */
    cast_expect(h, "2024-06-03 11:00:00 2024-06-04 15:59:00",
                "SELECT string_agg((next_at AT TIME ZONE 'UTC')::text, ' ' ORDER BY next_at) FROM told.message"
                " WHERE channel = 'webhook' AND state = 'waiting'");
    cast_jump(h, "2024-06-03T11:00:00Z");
    cast_await(h, "1", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'sent'");
    cast_settle(h);
    cast_jump(h, "2024-06-04T15:59:00Z");
    cast_await(h, "2", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'sent'");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line WHERE step > 0");
    cast_check(h);
}

/* The managers of a charge of p-kapok's are told, with nobody waiting for a webhook. */
static void await_managers(struct harness *h, const char *id)
{
    cast_await(h, "2",
               "SELECT count(DISTINCT d.duty_id) FROM told.notification n JOIN told.duty d USING (duty_id)"
               " JOIN told.event e USING (event_id) WHERE e.id = '%s' AND n.step = 1 AND n.channel = 'email'"
               " AND n.recipient = 'p-cedar'",
               id);
}

/* Each told that knows says so once. */
static void await_log(struct harness *h, const char *text, int want)
{
    for (int i = 0; i < 2000; i++) {
        char *log = harness_log(h);
        int found = 0;

        for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
            found++;
        free(log);
        if (found >= want)
            return;
        poll(NULL, 0, 10);
    }
    fail_msg("not %d times in the log: %s", want, text);
}

static void open_breaker(struct harness *h)
{
    charge(h, "charge-1");
    charge(h, "charge-2");
    charge(h, "charge-3");
    cast_await(h, "dead", "SELECT state FROM told.destination WHERE channel = 'webhook'");
}

static void test_hooks_breaker_is_open_after_a_restart_too(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50, .hook_script = "path=/told do=503\n"});
    pid_t told;

    cast_import(h);
    told = harness_told(h, NULL, NULL);
    open_breaker(h);
    await_managers(h, "charge-3");
    harness_signal(h, told, SIGTERM);
    harness_told(h, NULL, NULL);
    /* Two more are too few to open it anew. */
    charge(h, "charge-4");
    await_managers(h, "charge-4");
    cast_expect(h, "dead", "SELECT state FROM told.destination WHERE channel = 'webhook'");
    cast_check(h);
}

static void test_hooks_breaker_that_one_opens_is_open_for_the_other(void **state)
{
    struct harness *h = begin(state, "path=/told do=503\n");

    open_breaker(h);
    harness_told(h, "dispatch", NULL);
    await_log(h, "state=open", 2);
    charge(h, "charge-4");
    await_managers(h, "charge-4");
    /* Whoever probes it first finds it well, and the other hears of it. */
    harness_sinks_restart(h, NULL, NULL);
    cast_jump(h, "2024-06-03T10:30:00Z");
    cast_await(h, "alive", "SELECT state FROM told.destination WHERE channel = 'webhook'");
    cast_await(h, "8", "SELECT count(*) FROM told.notification WHERE channel = 'webhook' AND state = 'sent'");
    cast_check(h);
}

static void test_hooks_endpoint_that_stays_dead_is_an_alarm_until_it_answers(void **state)
{
    struct harness *h = begin_with(state, &(struct harness_options){.hook_script = "path=/told do=503\n", .dead_after_s = 1});

    open_breaker(h);
    cast_await(h, "webhook case-system", "SELECT key FROM told.alarm WHERE kind = 'destination-dead' AND duty_id IS NOT NULL");
    cast_expect(h, "t", "SELECT detail LIKE '%%HTTP 503: not available%%' FROM told.alarm WHERE kind = 'destination-dead'");
    cast_settle(h);
    /* Once, however long it lasts. */
    cast_expect(h, "1 1", "SELECT count(*) || ' ' || max(count) FROM told.alarm WHERE kind = 'destination-dead'");
    harness_sinks_restart(h, NULL, NULL);
    cast_jump(h, "2024-06-03T09:30:00Z");
    cast_await(h, "t", "SELECT cleared_at IS NOT NULL FROM told.alarm WHERE kind = 'destination-dead'");
    cast_expect(h, "closed discharged", "SELECT concat_ws(' ', d.state, d.closed_as) FROM told.duty d JOIN told.alarm a USING (duty_id)"
                                        " WHERE a.kind = 'destination-dead'");
    /* What it said last is still to be seen. */
    cast_expect(h, "alive HTTP 503: not available",
                "SELECT concat_ws(' ', state, error, last_error) FROM told.destination WHERE channel = 'webhook'");
    cast_check(h);
}

static void test_hooks_endpoint_that_would_refuse_everything_is_an_alarm(void **state)
{
    struct harness *h = begin(state, "path=/told do=404\n");

    charge(h, "charge-1");
    await_managers(h, "charge-1");
    cast_settle(h);
    cast_expect(h, "1 case-system HTTP 404: no such address",
                "SELECT concat_ws(' ', count(*), min(key), min(detail)) FROM told.alarm WHERE kind = 'endpoint-refuses'");
    cast_await(h, "alive HTTP 404: no such address",
               "SELECT concat_ws(' ', state, last_error) FROM told.destination WHERE channel = 'webhook'");
    cast_succeed(h, "destinations");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_hooks_410_stops_the_endpoint_until_a_person_starts_it, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_breaker_that_opens_has_the_next_step_told_by_mail_and_is_probed, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_retry_after_is_kept_to_within_the_deadline, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_breaker_is_open_after_a_restart_too, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_breaker_that_one_opens_is_open_for_the_other, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_endpoint_that_stays_dead_is_an_alarm_until_it_answers, harness_teardown),
        cmocka_unit_test_teardown(test_hooks_endpoint_that_would_refuse_everything_is_an_alarm, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
