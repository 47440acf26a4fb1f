/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of the tries, written in batches under the fence each was claimed with. "Sent" is said here and nowhere
 * else, and only of a 250 or a 2xx (reply.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "log.h"
#include "store.h"
#include "told/backoff.h"
#include "told/mem.h"

static const struct pg_statement LOCK_DUTIES = {
    "outcome_lock",
    "SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM told.notification WHERE message_id = ANY ($1::bigint[]))"
    " ORDER BY duty_id FOR UPDATE",
    1};

static const struct pg_statement LOCK_ITEMS = {
    "outcome_notifications",
    "SELECT notification_id FROM told.notification WHERE message_id = ANY ($1::bigint[]) ORDER BY notification_id FOR UPDATE", 1};

/* Only under the fence it was claimed with: a late result of a claim that was taken over changes nothing. */
static const struct pg_statement MESSAGE = {
    "outcome_message",
    "SELECT failures, immediate, " PG_INSTANT("first_try_at") ", state = 'claimed' AND fence = $2, attempts, channel"
    " FROM told.message WHERE message_id = $1 FOR UPDATE",
    2};

static const struct pg_statement WRITE_MESSAGE = {
    "outcome_write",
    "UPDATE told.message SET state = $2, next_at = $3, reason = $4, failures = failures + $5::int,"
    " uncertain = uncertain OR $6::boolean, lease_until = NULL, claimed_by = NULL WHERE message_id = $1",
    6};

static const struct pg_statement GIVE_BACK = {
    "outcome_give_back",
    "UPDATE told.message SET state = 'waiting', next_at = $3, lease_until = NULL, claimed_by = NULL, attempts = attempts - 1"
    " WHERE message_id = $1 AND fence = $2 AND state = 'claimed' RETURNING message_id",
    3};
static const struct pg_statement DROP_ATTEMPT = {
    "outcome_not_begun",
    "UPDATE told.attempt SET ended_at = $3, outcome = 'tempfail', reason = 'given back before it was begun',"
    " number = -attempt_id::int WHERE message_id = $1 AND fence = $2",
    3};
static const struct pg_statement FREE_ITEMS = {
    "outcome_free", "UPDATE told.notification SET state = 'queued' WHERE message_id = $1 AND state = 'claimed'", 1};

static const struct pg_statement ATTEMPT = {
    "outcome_attempt",
    "UPDATE told.attempt SET ended_at = $3, outcome = $4, uncertain = $5, code = $6, reason = $7"
    " WHERE message_id = $1 AND fence = $2 AND ended_at IS NULL",
    7};
static const struct pg_statement LATE_ATTEMPT = {
    "outcome_late",
    "UPDATE told.attempt SET reason = reason || '; a late result came after it was taken over: ' || $3"
    " WHERE message_id = $1 AND fence = $2 AND reason = 'its process gave no outcome'",
    3};

static const struct pg_statement ITEMS = {
    "outcome_items",
    "UPDATE told.notification SET state = $2, reason = $3, sent_at = $4 WHERE message_id = $1"
    " AND state IN ('claimed', 'uncertain') RETURNING notification_id, duty_id, step",
    4};

/* The told role's line, and those whose notification gave way because it goes to the same recipient. */
static const struct pg_statement REACHED = {
    "outcome_reached",
    "UPDATE told.duty_line l SET reached_at = coalesce(l.reached_at, $2) FROM told.notification n"
    " WHERE n.notification_id = $1 AND l.duty_id = n.duty_id AND (l.line = n.line OR l.line IN (SELECT o.line"
    " FROM told.notification o WHERE o.duty_id = n.duty_id AND o.telling = n.telling AND o.step = n.step"
    " AND o.state = 'superseded' AND o.recipient = n.recipient AND NOT EXISTS (SELECT FROM told.notification x"
    " WHERE x.duty_id = o.duty_id AND x.telling = o.telling AND x.line = o.line AND x.step = o.step AND x.state <> 'superseded')))",
    2};
static const struct pg_statement TOLD = {
    "outcome_told",
    "UPDATE told.duty d SET state = CASE state WHEN 'open' THEN 'told' ELSE state END, told_at = $2"
    " WHERE duty_id = $1 AND state <> 'closed' AND told_at IS NULL AND NOT EXISTS (SELECT FROM told.duty_line l WHERE l.duty_id = d.duty_id AND l.reached_at IS NULL) RETURNING duty_id",
    2};

/* The lines that a failure leaves untold: its own and those that gave way to it, unless another channel of the same rung may
 * still reach, or has reached, their role. Whoever is only asked again beside the line does not move it. */
static const struct pg_statement UNTOLD = {
    "outcome_untold",
    "SELECT o.line FROM told.notification n JOIN told.notification o USING (duty_id, telling, step, channel, recipient)"
    " WHERE n.notification_id = $1 AND o.line >= 0 AND o.kind <> 'chase'"
    " AND (o.notification_id = n.notification_id OR o.state = 'superseded')"
    " AND NOT EXISTS (SELECT FROM told.notification x WHERE x.duty_id = n.duty_id AND x.telling = n.telling AND x.step = n.step"
    " AND x.line IN (n.line, o.line) AND x.role IN (n.role, o.role) AND x.state IN ('queued', 'claimed', 'sent', 'uncertain'))"
    " GROUP BY o.line ORDER BY o.line",
    1};

struct result {
    const struct outcome *o;
    char id[24], fence[24], now[INSTANT_TEXT_SIZE];
    int failures, attempt;
    bool immediate, ours, email;
    struct instant first_try_at;
};

void dispatch_forget(struct dispatch *d, const struct outcome *o)
{
    for (size_t i = 0; i < d->flight_count; i++) {
        if (d->flights[i].message_id == o->message_id && d->flights[i].fence == o->fence) {
            d->flights[i] = d->flights[--d->flight_count];
            return;
        }
    }
}

static bool read_message(struct dispatch *d, struct result *r)
{
    PGresult *rows = pg_run(d->pg, &MESSAGE, (const char *[]){r->id, r->fence});

    if (rows == NULL || PQntuples(rows) == 0) {
        PQclear(rows);
        return false;
    }
    r->failures = (int)pg_column_int(rows, 0, 0);
    r->immediate = pg_column_bool(rows, 0, 1);
    r->first_try_at = pg_column_instant(rows, 0, 2);
    r->ours = pg_column_bool(rows, 0, 3);
    r->attempt = (int)pg_column_int(rows, 0, 4);
    r->email = strcmp(pg_column(rows, 0, 5), "email") == 0;
    PQclear(rows);
    return true;
}

/* When it is tried again; none when it is over. */
static struct instant again_at(const struct dispatch *d, const struct result *r)
{
    const struct reply *reply = &r->o->reply;
    const struct backoff_policy *policy = r->immediate ? &BACKOFF_IMMEDIATE : &BACKOFF_ORDINARY;
    struct instant next, wish;

    if (reply->outcome != REPLY_TEMPFAIL)
        return INSTANT_NONE;
    next = backoff_next(policy, r->failures + 1, reply->uncertain, (uint64_t)r->o->message_id, d->now);
    wish = instant_add_seconds(d->now, reply->retry_after_s < 3600 ? reply->retry_after_s : 3600);
    if (instant_compare(wish, next) > 0)
        next = wish;
    if (instant_ms_between(r->first_try_at, next) > (int64_t)BACKOFF_LONGEST_S * 1000)
        return INSTANT_NONE;
    return next;
}

static bool hurry_lines(struct dispatch *d, const char *notification, int64_t duty_id, int step)
{
    PGresult *lines = pg_run(d->pg, &UNTOLD, (const char *[]){notification});
    bool ok = lines != NULL;

    for (int i = 0; ok && i < PQntuples(lines); i++)
        ok = dispatch_hurry(d, duty_id, (int)pg_column_int(lines, i, 0), step);
    PQclear(lines);
    return ok;
}

static bool end_items(struct dispatch *d, struct result *r, const char *state)
{
    bool sent = strcmp(state, "sent") == 0, failed = strcmp(state, "failed") == 0, ok;
    char attempt[24], *detail;
    PGresult *rows = pg_run(d->pg, &ITEMS, (const char *[]){r->id, state, r->o->reply.reason, sent ? r->now : NULL});

    snprintf(attempt, sizeof attempt, "%d", r->attempt);
    detail = store_detail("state", state, "reason", r->o->reply.reason, "attempt", attempt, "channel",
                          r->email ? "email" : "webhook", NULL);
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const char *id = pg_column(rows, i, 0), *duty = pg_column(rows, i, 1);
        int64_t duty_id = pg_column_int(rows, i, 1);
        int step = (int)pg_column_int(rows, i, 2);

        ok = store_journal(d->pg, d->now,
                           &(struct store_journal){.what = sent ? "notification sent" : "notification tried",
                                                   .duty_id = duty_id,
                                                   .notification_id = pg_column_int(rows, i, 0),
                                                   .message_id = r->o->message_id,
                                                   .detail = detail});
        if (ok && sent && step == 0)
            ok = pg_do(d->pg, &REACHED, (const char *[]){id, r->now}) && pg_do(d->pg, &TOLD, (const char *[]){duty, r->now});
        if (ok && failed)
            ok = hurry_lines(d, id, duty_id, step);
    }
    free(detail);
    PQclear(rows);
    return ok;
}

static void say(const struct result *r, struct instant next)
{
    char text[INSTANT_TEXT_SIZE];

    log_info("message=%s channel=%s attempt=%d result=%s%s code=%ld next=%s reason=\"%s\" detail=\"%s\"", r->id,
             r->email ? "email" : "webhook", r->attempt, reply_outcome_text(r->o->reply.outcome),
             r->o->reply.uncertain ? " uncertain=true" : "", r->o->code,
             instant_is_none(next) ? "-" : instant_print(next, text), r->o->reply.reason, r->o->detail);
}

/* Nothing is said of what is written already: of a commit whose answer got lost. */
static bool write_late(struct dispatch *d, const struct result *r)
{
    PGresult *done = pg_run(d->pg, &LATE_ATTEMPT, (const char *[]){r->id, r->fence, reply_outcome_text(r->o->reply.outcome)});
    bool ok = done != NULL, late = ok && strcmp(PQcmdTuples(done), "0") != 0;

    PQclear(done);
    if (!late)
        return ok;
    log_warning("message=%s fence=%s result=late reason=\"taken over by another claim; refused by the fence\"", r->id, r->fence);
    return store_journal(d->pg, d->now,
                         &(struct store_journal){.what = "late result refused by the fence", .message_id = r->o->message_id});
}

static bool write_one(struct dispatch *d, struct result *r)
{
    const struct reply *reply = &r->o->reply;
    struct instant next;
    const char *state, *item_state;
    char code[24], next_text[INSTANT_TEXT_SIZE];
    bool again;

    if (!read_message(d, r))
        return pg_status(d->pg) == PG_OK;
    if (!r->ours)
        return write_late(d, r);
    next = again_at(d, r);
    again = !instant_is_none(next);
    state = reply->outcome == REPLY_DELIVERED ? "sent" : again ? "waiting" : "failed";
    item_state = !again ? state : "uncertain"; /* a tempfail before the body is "queued" again; see below */
    if (again && !reply->uncertain)
        item_state = "queued";
    snprintf(code, sizeof code, "%ld", r->o->code);
    say(r, next);
    if (reply->gone && !store_alarm(d->pg, "endpoint-gone", r->id, "an endpoint answered 410: it wants no more", d->now))
        return false;
    return end_items(d, r, item_state) &&
           pg_do(d->pg, &WRITE_MESSAGE,
                 (const char *[]){r->id, state, again ? instant_print(next, next_text) : NULL, reply->reason,
                                  reply->outcome == REPLY_DELIVERED ? "0" : "1", reply->uncertain ? "true" : "false"}) &&
           pg_do(d->pg, &ATTEMPT,
                 (const char *[]){r->id, r->fence, r->now, reply_outcome_text(reply->outcome),
                                  reply->uncertain ? "true" : "false", code, reply->reason});
}

/* Stopped before anything was tried: the claim is given back as if it had not been made, if it is still ours. */
static bool give_back(struct dispatch *d, const struct result *r)
{
    PGresult *rows = pg_run(d->pg, &GIVE_BACK, (const char *[]){r->id, r->fence, r->now});
    bool ok = rows != NULL, ours = ok && PQntuples(rows) > 0;

    PQclear(rows);
    if (!ours)
        return ok;
    return pg_do(d->pg, &FREE_ITEMS, (const char *[]){r->id}) && pg_do(d->pg, &DROP_ATTEMPT, (const char *[]){r->id, r->fence, r->now});
}

int dispatch_outcome(struct dispatch *d, const struct outcome *outcomes, size_t count)
{
    struct buf ids = {0};
    bool ok = pg_begin(d->pg);
    char id[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%lld", (long long)outcomes[i].message_id);
        pg_array_add(&ids, id);
    }
    pg_array_end(&ids);
    ok = ok && pg_do(d->pg, &LOCK_DUTIES, (const char *[]){ids.bytes}) && pg_do(d->pg, &LOCK_ITEMS, (const char *[]){ids.bytes});
    for (size_t i = 0; ok && i < count; i++) {
        struct result r = {.o = &outcomes[i]};

        snprintf(r.id, sizeof r.id, "%lld", (long long)outcomes[i].message_id);
        snprintf(r.fence, sizeof r.fence, "%lld", (long long)outcomes[i].fence);
        instant_print(d->now, r.now);
        ok = outcomes[i].begun ? write_one(d, &r) : give_back(d, &r);
    }
    buf_release(&ids);
    if (!ok || !pg_commit(d->pg)) {
        pg_rollback(d->pg);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        dispatch_forget(d, &outcomes[i]);
    return (int)count;
}
