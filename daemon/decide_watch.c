/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_court.h"
#include "log.h"
#include "store.h"
#include "told/mem.h"
#include "told/watch.h"

enum {
    PENDING_MOST = 64, /* rules that watch */
    COME_MOST = 200,   /* moments made events in one transaction */
};

static const struct pg_statement OPEN = {
    "watch_open",
    "SELECT watch_id, rule, " PG_INSTANT("at") ", calendar_hash FROM told.watch WHERE child_id = $1 AND state = 'open'"
    " ORDER BY watch_id FOR UPDATE",
    1};

/* One that was gone is open again where the date moves back; one that has come, or that a person ended, is not. */
static const struct pg_statement ADD = {
    "watch_add",
    "INSERT INTO told.watch AS w (child_id, rule, duty, at, provisional, ground_id, body, calendar_hash, opened_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (child_id, rule, at) DO UPDATE SET state = 'open', reason = NULL,"
    " ended_at = NULL, ground_id = EXCLUDED.ground_id, body = EXCLUDED.body, provisional = EXCLUDED.provisional,"
    " calendar_hash = EXCLUDED.calendar_hash WHERE w.state = 'gone' RETURNING watch_id",
    9};

static const struct pg_statement KEEP = {
    "watch_keep", "UPDATE told.watch SET calendar_hash = $2, provisional = $3, ground_id = $4 WHERE watch_id = $1", 4};

static const struct pg_statement END = {
    "watch_end", "UPDATE told.watch SET state = 'gone', reason = $2, ended_at = $3 WHERE watch_id = $1", 3};

static const struct pg_statement COME = {
    "watch_come",
    "WITH due AS (SELECT watch_id, child_id, body, at, body::json->>'id' AS id FROM told.watch"
    " WHERE state = 'open' AND at <= $1 ORDER BY at, watch_id LIMIT $2 FOR UPDATE SKIP LOCKED),"
    " event AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body)"
    " SELECT 'told', id, 'told', 'told.instant', (body::json->>'time')::timestamptz, $1,"
    " encode(sha256(convert_to(body, 'UTF8')), 'hex'), convert_to(body, 'UTF8')"
    " FROM due RETURNING event_id, id),"
    " state AS (INSERT INTO told.event_state (event_id, child_id, match_because)"
    " SELECT event_id, child_id, 'a moment of this child' FROM event JOIN due USING (id))"
    " UPDATE told.watch w SET state = 'come', ended_at = $1, event_id = event.event_id FROM due JOIN event USING (id)"
    " WHERE w.watch_id = due.watch_id RETURNING w.watch_id, w.duty, event.event_id",
    2};

static const struct pg_statement SOONEST = {
    "watch_soonest", "SELECT " PG_INSTANT("min(at)") " FROM told.watch WHERE state = 'open'", 0};

static bool journal(struct duty_store *s, const char *what, int64_t child_id, int64_t event_id, const char *watch,
                    const char *rule, const char *at, const char *reason)
{
    char *detail = store_detail("watch", watch, "rule", rule, "at", at, "reason", reason, NULL);
    bool ok = store_journal(s->pg, s->now,
                            &(struct store_journal){.what = what, .event_id = event_id, .child_id = child_id, .detail = detail});

    free(detail);
    return ok;
}

static int64_t number_of(const struct timeline *t, const struct event *event)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->events[i].event == event)
            return t->events[i].event_id;
    return 0;
}

/* The moments that this event opens, decided on what was known then. */
static void take_opening(struct duty_store *s, const struct timeline *t, size_t index, struct watch_list *list)
{
    const struct timeline_event *e = &t->events[index];
    struct timeline_view view = {0};
    struct decision decision = {0};
    struct decide_input input = {.authority = s->config->authority, .received_at = e->received_at, .event = e->event};

    timeline_view(t, index, &view);
    input.facts = view.facts;
    input.history = view.history;
    input.history_count = view.history_count;
    decide_court_facts(s->config, e->event, &input);
    decide(s->config->protocol, s->config->calendar, &input, &decision);
    watch_list_take(list, e->event, &decision);
    decision_release(&decision);
    timeline_view_release(&view);
}

static size_t plan(struct duty_store *s, const struct timeline *t, struct watch_pending *ret)
{
    struct watch_list *list = watch_list_new(s->config->protocol);
    size_t count;

    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *e = &t->events[i];

        if (e->state != TIMELINE_DECIDED || e->event == NULL || event_retracts(e->event) != NULL || timeline_is_replaced(t, i))
            continue;
        if (watch_list_opens(list, e->event))
            take_opening(s, t, i, list);
        else
            watch_list_take(list, e->event, NULL);
    }
    count = watch_list_pending(list, ret, PENDING_MOST);
    watch_list_free(list);
    return count;
}

/* Those that stand as they are; the others are gone. */
static bool settle_open(struct duty_store *s, const struct timeline *t, struct watch_pending *pending, size_t count, bool *kept)
{
    char child[24], at[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE], ground[24];
    PGresult *rows;
    bool ok;

    snprintf(child, sizeof child, "%lld", (long long)t->child_id);
    rows = pg_run(s->pg, &OPEN, (const char *[]){child});
    ok = rows != NULL;
    instant_print(s->now, now);
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const char *id = pg_column(rows, i, 0), *rule = pg_column(rows, i, 1);
        struct instant stored = pg_column_instant(rows, i, 2);
        const char *reason = "what it waited for has come, or what opened it is no more";
        bool stands = false;

        for (size_t k = 0; k < count; k++) {
            if (strcmp(rule_name(pending[k].rule), rule) != 0)
                continue;
            stands = instant_compare(pending[k].at, stored) == 0;
            kept[k] |= stands;
            reason = "its date moved";
            snprintf(ground, sizeof ground, "%lld", (long long)number_of(t, pending[k].ground));
            if (stands && strcmp(pg_column(rows, i, 3), calendar_hash(s->config->calendar)) != 0)
                ok = pg_do(s->pg, &KEEP,
                           (const char *[]){id, calendar_hash(s->config->calendar), pending[k].provisional ? "true" : "false", ground});
        }
        if (!stands)
            ok = ok && pg_do(s->pg, &END, (const char *[]){id, reason, now}) &&
                 journal(s, "watch ended", t->child_id, 0, id, rule, instant_print(stored, at), reason);
    }
    PQclear(rows);
    return ok;
}

static bool add(struct duty_store *s, const struct timeline *t, const struct watch_pending *p)
{
    char child[24], at[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE], ground[24], *body = watch_instant_text(p, t->child_id);
    int64_t event = number_of(t, p->ground);
    PGresult *row;
    bool ok;

    snprintf(child, sizeof child, "%lld", (long long)t->child_id);
    snprintf(ground, sizeof ground, "%lld", (long long)event);
    instant_print(p->at, at);
    row = pg_run(s->pg, &ADD,
                 (const char *[]){child, rule_name(p->rule), rule_duty(p->rule), at, p->provisional ? "true" : "false", ground, body,
                                  calendar_hash(s->config->calendar), instant_print(s->now, now)});
    ok = row != NULL && (PQntuples(row) == 0 || journal(s, "watch opened", t->child_id, event, pg_column(row, 0, 0),
                                                        rule_name(p->rule), at, NULL));
    PQclear(row);
    free(body);
    return ok;
}

bool decide_watch_plan(struct duty_store *s, const struct timeline *t)
{
    struct watch_pending pending[PENDING_MOST];
    bool kept[PENDING_MOST] = {false};
    size_t count = plan(s, t, pending);
    bool ok = settle_open(s, t, pending, count, kept);

    for (size_t i = 0; ok && i < count; i++)
        ok = kept[i] || add(s, t, &pending[i]);
    return ok;
}

int decide_watch_come(struct duty_store *s)
{
    char now[INSTANT_TEXT_SIZE], most[24];
    PGresult *rows;
    int count = -1;

    snprintf(most, sizeof most, "%d", COME_MOST);
    if (!pg_begin(s->pg))
        return -1;
    rows = pg_run(s->pg, &COME, (const char *[]){instant_print(s->now, now), most});
    if (rows != NULL)
        count = PQntuples(rows);
    for (int i = 0; i < count; i++)
        log_info("watch=%s duty=%s state=come event=%s", pg_column(rows, i, 0), pg_column(rows, i, 1), pg_column(rows, i, 2));
    PQclear(rows);
    if (count >= 0 && pg_commit(s->pg))
        return count;
    pg_rollback(s->pg);
    return -1;
}

struct instant decide_watch_soonest(struct pg *pg)
{
    PGresult *rows = pg_run(pg, &SOONEST, NULL);
    struct instant at = INSTANT_NONE;

    if (rows != NULL)
        at = pg_column_instant(rows, 0, 0);
    PQclear(rows);
    return at;
}
