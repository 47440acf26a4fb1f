/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mail server answers nothing any more and every sender thread waits in it: clocks, ingest and webhooks go on, and
 * nothing is lost. TOLD_STALL_SECONDS says for how long (12), TOLD_LATENESS_MS how late a timer may be at p99.9 (5,000: on
 * a machine that runs other tests; `make soak` asks for 50).
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
#include <unistd.h>

#include "cast.h"
#include "clock.h"
#include "told/json.h"
#include "told/mem.h"

enum {
    SENDERS = 2,
    WARM = 8,         /* mails before it, so that the pool has all of its threads at work */
    CHILDREN = 300,
    TIMERS_A_SECOND = 5,
    SAID_EVERY_MS = 1000,
    ACKNOWLEDGED_MS = 20000,
    HOOK_MS = 20000,
};

static int number_of(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text != NULL && atoi(text) > 0 ? atoi(text) : otherwise;
}

/* Each of a case of its own: none waits for company. */
static void charge(struct harness *h, const char *lcs, const char *run, int n)
{
    char *id = mem_printf("%s-%d", run, n), *case_ref = mem_printf("01MP-%s-%d", run, n);

    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = id, .time = "2024-06-03T08:50:00Z", .lcs = lcs,
                                         .case_ref = case_ref, .fields = CAST_CHARGE});
    free(id);
    free(case_ref);
}

/* Nobody has a thousand charges: those that are many are of many children, all of one worker. */
static void import_children(struct harness *h)
{
    struct buf children = {0}, workers = {0};
    char *list = harness_path(h, "many.csv"), *held = harness_path(h, "held.csv");

    buf_text(&children, "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
                        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n");
    buf_text(&workers, "scheme,identifier,role,person,from\n");
    for (int i = 0; i < CHILDREN; i++) {
        buf_printf(&children, "LCS-%d,2010-%02d-%02d,s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n",
                   100 + i, 1 + i % 12, 1 + i % 28);
        buf_printf(&workers, "lcs,LCS-%d,social-worker,p-kapok,2024-01-08\nlcs,LCS-%d,yos-worker,p-gorse,2024-01-08\n", 100 + i, 100 + i);
    }
    harness_write(h, "many.csv", buf_string(&children));
    harness_write(h, "held.csv", buf_string(&workers));
    cast_succeed(h, "import", "children", list);
    cast_succeed(h, "import", "allocations", held);
    buf_release(&children);
    buf_release(&workers);
    free(list);
    free(held);
}

/* `count` charges, each of the next child, in one run of the publisher: RUN-FIRST and on. */
static void charge_many(struct harness *h, const char *run, int first, int count)
{
    const char *const argv[] = {"publish", "--feed", "police", "-", NULL};
    struct buf lines = {0}, out = {0}, err = {0};

    for (int i = first; i < first + count; i++)
        buf_printf(&lines,
                   "{\"specversion\":\"1.0\",\"id\":\"%s-%d\",\"source\":\"police/mps\",\"type\":\"police.charge\","
                   "\"time\":\"2024-06-03T08:50:00Z\",\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-%d\"}},\"case\":"
                   "\"01MP-%s-%d\"" CAST_CHARGE "}}\n",
                   run, i, 100 + i % CHILDREN, run, i);
    assert_int_equal(harness_toldctl_input(h, NULL, argv, lines.bytes, &out, &err), 0);
    buf_release(&lines);
    buf_release(&out);
    buf_release(&err);
}

/* One line of each duty is due at its own moment of the stall, a good second from now on. */
static void set_timers(struct harness *h, int count)
{
    char *sql = mem_printf(
        "WITH t AS (SELECT told_from + (clock_timestamp() - real_from) * rate AS now FROM told.installation),"
        " picked AS (SELECT duty_id, row_number() OVER (ORDER BY duty_id) AS n FROM told.duty JOIN told.event USING (event_id)"
        " WHERE id LIKE 'timed-%%' AND state <> 'closed' ORDER BY duty_id LIMIT %d),"
        " at AS (SELECT duty_id, now + interval '1500 ms' + n * interval '%d ms' AS due FROM picked, t),"
        " d AS (UPDATE told.duty d SET next_at = due FROM at WHERE d.duty_id = at.duty_id),"
        " l AS (UPDATE told.duty_line l SET next_at = due FROM at WHERE l.duty_id = at.duty_id AND l.line = 0 RETURNING 1)"
        " INSERT INTO public.timer SELECT duty_id, due FROM at WHERE EXISTS (SELECT FROM l)",
        count, 1000 / TIMERS_A_SECOND);

    PQclear(harness_query(h, "CREATE TABLE public.timer (duty_id bigint PRIMARY KEY, due timestamptz NOT NULL)"));
    PQclear(harness_query(h, sql));
    PQclear(harness_query(h, "NOTIFY told_escalate"));
    free(sql);
}

static void stall(struct harness *h)
{
    harness_sinks_restart(h, "stage=mail do=stall\n", NULL);
    /* More mail than there are threads, of one who has an address alone. */
    for (int i = 0; i < SENDERS + 2; i++)
        charge(h, "LCS-1", "stalled", i);
    cast_await(h, "t", "SELECT count(*) >= %d FROM told.message WHERE state = 'claimed' AND channel = 'email'", SENDERS);
}

/* A publisher is answered and a webhook arrives, as at any other time. */
static void go_on(struct harness *h, int n)
{
    int64_t begun = clock_monotonic_ms(), acknowledged;
    char *hooks;

    charge_many(h, "meanwhile", n, 1);
    acknowledged = clock_monotonic_ms() - begun;
    if (acknowledged > ACKNOWLEDGED_MS)
        fail_msg("an event was acknowledged after %lld ms", (long long)acknowledged);
    hooks = mem_printf("SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.event e"
                       " USING (event_id) WHERE e.id = 'meanwhile-%d' AND n.channel = 'webhook' AND n.step = 0"
                       " AND n.state = 'sent'",
                       n);
    assert_true(harness_await(h, hooks, "2", HOOK_MS));
    free(hooks);
    /* Nobody has let the threads go. */
    cast_expect(h, "t", "SELECT count(*) >= %d FROM told.message WHERE state = 'claimed' AND channel = 'email'", SENDERS);
}

static void check_timers(struct harness *h, int count, int lateness_ms)
{
    char *text;

    cast_await(h, "0",
               "SELECT count(*) FROM public.timer WHERE NOT EXISTS (SELECT FROM told.journal j WHERE j.duty_id = timer.duty_id"
               " AND what = 'duty escalated')");
    text = cast_value(h,
                      "SELECT format('%%s timers, lateness p50 %%s ms, p99.9 %%s ms', count(*),"
                      " round(1000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY late)::numeric, 1),"
                      " round(1000 * percentile_cont(0.999) WITHIN GROUP (ORDER BY late)::numeric, 1)) FROM (SELECT"
                      " extract(epoch FROM (SELECT min(at) FROM told.journal j WHERE j.duty_id = t.duty_id AND what ="
                      " 'duty escalated') - due) AS late FROM public.timer t) x");
    print_message("%s\n", text);
    cast_expect(h, "t",
                "SELECT count(*) >= %d AND min(late) >= 0 AND percentile_cont(0.999) WITHIN GROUP (ORDER BY late) * 1000 <= %d"
                " FROM (SELECT extract(epoch FROM (SELECT min(at) FROM told.journal j WHERE j.duty_id = t.duty_id AND what ="
                " 'duty escalated') - due)::float8 AS late FROM public.timer t) x",
                count, lateness_ms);
    free(text);
}

/* What was caught goes, once the server answers again: every message is sent, none twice that was not uncertain. */
static void check_nothing_is_lost(struct harness *h)
{
    harness_sinks_restart(h, NULL, NULL);
    cast_await(h, "t", "SELECT count(*) = 0 FROM told.message WHERE state = 'claimed'");
    PQclear(harness_query(h, "UPDATE told.installation SET told_from = told_from + interval '40 minutes'"));
    cast_await(h, "0", "SELECT count(*) FROM told.message WHERE topic LIKE 'case 01MP-stalled-%%' AND state <> 'sent'");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.message WHERE topic LIKE 'case 01MP-stalled-%%'");
    cast_expect(h, "0",
                "SELECT count(*) FROM (SELECT message_id FROM told.attempt WHERE outcome = 'delivered' GROUP BY 1 HAVING count(*) > 1) x");
}

static void test_mail_stall_stops_no_clock_no_feed_and_no_webhook(void **state)
{
    int seconds = number_of("TOLD_STALL_SECONDS", 12), count = (seconds - 2) * TIMERS_A_SECOND;
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = "2024-06-03T09:00:00Z", .senders = SENDERS, .response_timeout_s = 3600, .lease_ms = 30000});
    int64_t until;

    cast_import(h);
    import_children(h);
    harness_told(h, NULL, NULL);
    for (int i = 0; i < WARM; i++)
        charge(h, "LCS-1", "warm", i);
    charge_many(h, "timed", 0, count / 2 + 1); /* two duties of each */
    assert_true(harness_await(h, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'", "0", 20000 + seconds * 200));
    assert_true(harness_await(h, "SELECT count(*) FROM told.notification WHERE state <> 'sent' AND state <> 'superseded'", "0",
                              60000 + seconds * 200));
    stall(h);
    set_timers(h, count);
    until = clock_monotonic_ms() + (int64_t)seconds * 1000;
    for (int n = 0; clock_monotonic_ms() < until; n++) {
        int64_t next = clock_monotonic_ms() + SAID_EVERY_MS;

        go_on(h, n);
        while (clock_monotonic_ms() < next && clock_monotonic_ms() < until)
            usleep(20000);
    }
    check_timers(h, count, number_of("TOLD_LATENESS_MS", 5000));
    check_nothing_is_lost(h);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_mail_stall_stops_no_clock_no_feed_and_no_webhook, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
