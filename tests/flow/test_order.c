/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of arrival takes no duty away, with a database: one childhood in 50 orders, each as another child, taken by
 * two deciders at once while it arrives. tests/unit/test_childhood.c tries the same in more orders without a database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "childhood.h"
#include "harness.h"

enum { ORDERS = 50, EARLY = CHILDHOOD_COUNT - 9, HAPPENED = 1000 };

/* Children 1 to ORDERS live in the order of their number; 1000 and 1001 as it happened, the whole and the first part. */
struct child {
    int number, as;
    size_t until;
    struct childhood_arrival order[CHILDHOOD_COUNT];
};

enum { CHILDREN = ORDERS + 2 };

static void make_children(struct child children[CHILDREN])
{
    for (int i = 0; i < CHILDREN; i++) {
        bool part = i < ORDERS ? i % 3 == 0 : i > ORDERS;

        children[i] = (struct child){.number = i < ORDERS ? i + 1 : HAPPENED + i - ORDERS, .as = HAPPENED + part,
                                     .until = part ? (size_t)EARLY : (size_t)CHILDHOOD_COUNT};
        childhood_order(i < ORDERS ? (unsigned)i + 1 : 0, children[i].until, children[i].order);
    }
}

static void know_children(struct harness *h)
{
    char *sql = mem_printf("WITH made AS (INSERT INTO told.child (born_on, created_at) SELECT '" CHILDHOOD_BORN "', '2021-01-01'"
                           " FROM generate_series(1, %d) RETURNING child_id), numbered AS (SELECT child_id, row_number() OVER () AS n"
                           " FROM made) INSERT INTO told.child_identifier (scheme, value, child_id, recorded_at)"
                           " SELECT 'lcs', 'LCS-' || CASE WHEN n <= %d THEN n ELSE %d + n - %d END, child_id, '2021-01-01' FROM numbered",
                           CHILDREN, ORDERS, HAPPENED - 1, ORDERS);

    PQclear(harness_query(h, sql));
    free(sql);
}

/* One event of each child, as ingest writes them, in one transaction. */
static void arrive(struct harness *h, const struct child children[CHILDREN], size_t step)
{
    struct buf sql = {0};
    const char *before = "";

    buf_text(&sql, "WITH arrived AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body) VALUES ");
    for (int i = 0; i < CHILDREN; i++) {
        const struct childhood_arrival *a = &children[i].order[step];
        const struct childhood_event *e = &CHILDHOOD[a->event];
        char received[INSTANT_TEXT_SIZE], *body;

        if (step >= children[i].until)
            continue;
        body = childhood_body(e, children[i].number);
        buf_printf(&sql, "%s('%s', '%d-%s', '%s', '%s', '%s', '%s', '-', convert_to($json$%s$json$, 'UTF8'))", before,
                   childhood_source(e), children[i].number, e->id, e->feed, e->type, e->time,
                   instant_print(a->received_at, received), body);
        free(body);
        before = ", ";
    }
    buf_text(&sql, " RETURNING event_id) INSERT INTO told.event_state (event_id) SELECT event_id FROM arrived");
    PQclear(harness_query(h, buf_string(&sql)));
    buf_release(&sql);
}

/* Tables for the questions below: each child with the one that lived as it happened, and the duties as they are now. */
static void prepare(struct harness *h, const struct child children[CHILDREN])
{
    struct buf sql = {0};

    buf_text(&sql, "CREATE TABLE public.lived AS SELECT * FROM (VALUES ");
    for (int i = 0; i < ORDERS; i++)
        buf_printf(&sql, "%s(%d, %d)", i > 0 ? ", " : "", children[i].number, children[i].as);
    buf_text(&sql, ") l (child, happened)");
    PQclear(harness_query(h, buf_string(&sql)));
    buf_release(&sql);
    PQclear(harness_query(
        h, "CREATE VIEW public.owed AS SELECT substr(i.value, 5)::int AS child, d.duty_id, d.rule,"
           " replace(d.key, ' ' || substr(i.value, 5) || '-', ' ') AS key, d.occurrence, d.closed_as, d.shows AS told,"
           " d.shows::jsonb - 'due_at' AS shows,"
           " EXISTS (SELECT FROM told.duty r WHERE r.kind = 'review' AND r.key = '[\"stands\",' || d.duty_id || ']') AS asked"
           " FROM told.duty d JOIN told.child_identifier i ON i.child_id = d.child_id AND i.scheme = 'lcs' WHERE d.kind = 'duty'"
           /* What a watch opens hangs on when its moment came: all of them passed years before these events arrive. */
           " AND NOT EXISTS (SELECT FROM told.event e WHERE e.event_id = d.event_id AND e.source = 'told')"));
    PQclear(harness_query(h, "CREATE VIEW public.last AS SELECT DISTINCT ON (child, rule, key) * FROM public.owed"
                             " ORDER BY child, rule, key, occurrence DESC"));
}

static void expect_none(struct harness *h, const char *what, const char *sql)
{
    char *found = harness_value(h, sql);

    if (*found != '\0')
        fail_msg("%s:\n%s", what, found);
    free(found);
}

#define LINES "SELECT string_agg(concat_ws(' ', 'order', l.child, w.rule, w.key), E'\\n') FROM public.lived l"
#define BOTH                                                                    \
    LINES " JOIN public.last w ON w.child = l.happened JOIN public.last n ON n.child = l.child AND n.rule = w.rule" \
          " AND n.key = w.key WHERE "

static void check_duties(struct harness *h)
{
    /* One that was taken back before its turn came need not have been opened. */
    expect_none(h, "a duty fewer",
                LINES " JOIN public.last w ON w.child = l.happened WHERE w.closed_as IS DISTINCT FROM 'void' AND NOT EXISTS"
                      " (SELECT FROM public.last n WHERE n.child = l.child AND n.rule = w.rule AND n.key = w.key)");
    expect_none(h, "closed, and open in the order of happening", BOTH "w.closed_as IS NULL AND n.closed_as IS NOT NULL");
    expect_none(h, "open without a review, and closed in the order of happening",
                BOTH "w.closed_as IS NOT NULL AND n.closed_as IS NULL AND NOT n.asked");
    expect_none(h, "its reader was told something else last", BOTH "w.closed_as IS NULL AND n.shows <> w.shows");
    expect_none(h, "a duty more without a review",
                LINES " JOIN public.last w ON w.child = l.child WHERE w.closed_as IS NULL AND NOT w.asked AND NOT EXISTS"
                      " (SELECT FROM public.last h WHERE h.child = l.happened AND h.rule = w.rule AND h.key = w.key)");
}

static void check_tellings(struct harness *h)
{
    expect_none(h, "two duties that show the same",
                "SELECT string_agg(concat_ws(' ', child, rule, key), E'\\n') FROM (SELECT child, rule, key FROM public.owed"
                " GROUP BY child, rule, key, told HAVING count(*) > 1) twice");
    expect_none(h, "one telling twice",
                "SELECT string_agg(concat_ws(' ', duty_id, telling, role), E'\\n') FROM (SELECT duty_id, telling, role"
                " FROM told.notification WHERE state <> 'superseded'"
                " GROUP BY duty_id, telling, line, step, role, channel, recipient HAVING count(*) > 1) twice");
    expect_none(h, "of a duty more than the latest telling waits",
                "SELECT string_agg(n.notification_id::text, ' ') FROM told.notification n JOIN told.duty d USING (duty_id)"
                " WHERE n.state = 'queued' AND n.kind NOT IN ('correction', 'closing') AND (n.telling <> d.telling OR d.state = 'closed')");
}

static void test_order_of_arrival_takes_no_duty_away_from_two_deciders(void **state)
{
    static struct child children[CHILDREN];
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = "2025-01-06T09:00:00Z", .story_stands = true, .poll_ms = 20});

    make_children(children);
    know_children(h);
    harness_told(h, "decide", NULL);
    harness_told(h, "decide", NULL);
    for (size_t step = 0; step < CHILDHOOD_COUNT; step++)
        arrive(h, children, step);
    /* The moments of watches become events too, a moment after the last of the others. */
    assert_true(harness_await(h,
                              "SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
                              " + (SELECT count(*) FROM told.watch WHERE state = 'open' AND at <= clock_timestamp())",
                              "0", 120000));
    expect_none(h, "not decided",
                "SELECT string_agg(concat_ws(' ', id, state, reason), E'\\n') FROM told.event_state JOIN told.event USING (event_id)"
                " WHERE state NOT IN ('decided', 'review')");
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.child"), CHILDREN);
    assert_true(harness_count(h, "SELECT count(*) FROM told.duty WHERE kind = 'duty'") > CHILDREN * CHILDHOOD_COUNT);
    prepare(h, children);
    check_duties(h);
    check_tellings(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_order_of_arrival_takes_no_duty_away_from_two_deciders, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
