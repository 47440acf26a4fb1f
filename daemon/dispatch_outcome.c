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
#include "pg_table.h"
#include "store.h"
#include "told/backoff.h"
#include "told/mem.h"
#include "untold.h"

/* Locks the duties of these messages, but waits for nobody: decide holds its own for as long as it decides. Returns the
 * messages that have to wait. */
static const struct pg_statement LOCK_DUTIES = {
    "outcome_lock",
    "WITH wanted AS (SELECT message_id, duty_id FROM told.notification WHERE message_id = ANY ($1::bigint[])),"
    " locked AS (SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM wanted) ORDER BY duty_id"
    " FOR NO KEY UPDATE SKIP LOCKED)"
    " SELECT DISTINCT message_id FROM wanted WHERE duty_id NOT IN (SELECT duty_id FROM locked)",
    1};

static const struct pg_statement LOCK_ITEMS = {
    "outcome_notifications",
    "SELECT notification_id FROM told.notification WHERE message_id = ANY ($1::bigint[]) ORDER BY notification_id FOR UPDATE", 1};

/* Only under the fence it was claimed with: a late result of a claim that was taken over changes nothing. */
static const struct pg_statement MESSAGES = {
    "outcome_messages",
    "SELECT n - 1, failures, immediate, " PG_INSTANT("first_try_at") ", state = 'claimed' AND m.fence = q.fence, attempts,"
    " channel, test, other_at IS NOT NULL FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY q (message_id, fence, n)"
    " JOIN told.message m USING (message_id) ORDER BY message_id, n FOR UPDATE OF m",
    2};

static const struct pg_statement WRITE_MESSAGES = {
    "outcome_write",
    "UPDATE told.message m SET state = q.state, next_at = q.next_at, reason = q.reason, failures = failures + q.failed,"
    " uncertain = m.uncertain OR q.uncertain, lease_until = NULL, claimed_by = NULL,"
    " other_at = CASE WHEN q.state <> 'sent' THEN m.other_at END"
    " FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::int[], $6::boolean[])"
    " q (message_id, state, next_at, reason, failed, uncertain) WHERE m.message_id = q.message_id",
    6};

/* Of the duty that is due first: when, and how it is tried again. */
static const struct pg_statement DUE = {
    "outcome_due",
    "SELECT " PG_INSTANT("due_at") ", retry FROM told.notification JOIN told.duty USING (duty_id) WHERE message_id = $1"
    " ORDER BY due_at, duty_id LIMIT 1",
    1};

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

static const struct pg_statement ATTEMPTS = {
    "outcome_attempts",
    "UPDATE told.attempt a SET ended_at = $8, outcome = q.outcome, uncertain = q.uncertain, code = q.code, reason = q.reason,"
    " destination = q.destination"
    " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[], $5::int[], $6::text[], $7::text[])"
    " q (message_id, fence, outcome, uncertain, code, reason, destination)"
    " WHERE a.message_id = q.message_id AND a.fence = q.fence AND a.ended_at IS NULL",
    8};
static const struct pg_statement LATE_ATTEMPT = {
    "outcome_late",
    "UPDATE told.attempt SET reason = reason || '; a late result came after it was taken over: ' || $3"
    " WHERE message_id = $1 AND fence = $2 AND reason = 'its process gave no outcome'",
    3};

static const struct pg_statement ITEMS = {
    "outcome_items",
    "UPDATE told.notification n SET state = q.state, reason = q.reason, sent_at = q.sent_at"
    " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) q (message_id, state, reason, sent_at)"
    " WHERE n.message_id = q.message_id AND n.state IN ('claimed', 'uncertain')"
    " RETURNING notification_id, duty_id, step, n.message_id, n.role, n.recipient, n.because, n.kind",
    4};

struct result {
    const struct outcome *o;
    char id[24], fence[24];
    int failures, attempt;
    bool held;        /* somebody holds its duty: later */
    bool known, ours; /* there is such a message; it is still claimed under this fence */
    bool immediate, email, test;
    bool has_other; /* an endpoint that is for when it fails */
    struct instant first_try_at;
    struct instant due_at;    /* the earliest of its duties */
    struct backoff backoff;   /* of that one; both are read where it was not taken */
    struct instant next_at;   /* of a message that is tried again */
    const char *item_state;   /* of its notifications from now on */
    struct buf notifications, duties; /* their numbers, with commas, for the log */
};

/* One batch; the tables hold what is written at its end. */
struct results {
    struct dispatch *d;
    struct result *list;
    size_t count;
    char now[INSTANT_TEXT_SIZE];
    struct pg_table messages, attempts, items, journal;
    struct pg_table reached, told; /* notifications that reached their role; their duties */
};

static void forget(struct dispatch *d, const struct outcome *o)
{
    for (size_t i = 0; i < d->flight_count; i++) {
        if (d->flights[i].message_id == o->message_id && d->flights[i].fence == o->fence) {
            d->flights[i] = d->flights[--d->flight_count];
            return;
        }
    }
}

static bool read_messages(struct results *all)
{
    struct pg_table keys = {.width = 2};
    PGresult *rows;

    /* One that has to wait is asked about as message 0, so that the rows still count as the list does. */
    for (size_t i = 0; i < all->count; i++)
        pg_table_add(&keys, (const char *[]){all->list[i].held ? "0" : all->list[i].id, all->list[i].fence});
    rows = pg_table_run(all->d->pg, &MESSAGES, &keys, NULL);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct result *r = &all->list[pg_column_int(rows, i, 0)];

        r->known = true;
        r->failures = (int)pg_column_int(rows, i, 1);
        r->immediate = pg_column_bool(rows, i, 2);
        r->first_try_at = pg_column_instant(rows, i, 3);
        r->ours = pg_column_bool(rows, i, 4);
        r->attempt = (int)pg_column_int(rows, i, 5);
        r->email = strcmp(pg_column(rows, i, 6), "email") == 0;
        r->test = pg_column_bool(rows, i, 7);
        r->has_other = pg_column_bool(rows, i, 8);
    }
    PQclear(rows);
    pg_table_release(&keys);
    return rows != NULL;
}

static bool read_due(struct dispatch *d, struct result *r)
{
    PGresult *rows = pg_run(d->pg, &DUE, (const char *[]){r->id});
    bool ok = rows != NULL;

    /* A test is about none. */
    r->due_at = ok && PQntuples(rows) > 0 ? pg_column_instant(rows, 0, 0) : d->now;
    r->backoff = dispatch_backoff(d, ok && PQntuples(rows) > 0 ? pg_column(rows, 0, 1) : NULL);
    PQclear(rows);
    return ok;
}

/* When it is tried again; none when it is over. */
static struct instant again_at(const struct dispatch *d, const struct result *r)
{
    const struct reply *reply = &r->o->reply;
    struct instant next, wish, last = instant_add_seconds(r->first_try_at, r->backoff.longest_s);

    if (reply->outcome != REPLY_TEMPFAIL || r->test) /* whoever sends a test looks, and sends another */
        return INSTANT_NONE;
    next = backoff_next(backoff_of(&r->backoff, r->immediate), r->failures + 1, reply->uncertain, (uint64_t)r->o->message_id, d->now);
    /* No server's wish ends a message before its time. */
    wish = reply->retry_after_s > 0 ? backoff_wish(next, reply->retry_after_s, r->due_at, d->now) : next;
    if (instant_compare(wish, last) <= 0)
        return wish;
    return instant_compare(next, last) <= 0 ? next : INSTANT_NONE;
}

static struct result *result_of(const struct results *all, int64_t message_id)
{
    size_t i = 0;

    while (all->list[i].o->message_id != message_id || !all->list[i].ours)
        i++;
    return &all->list[i];
}

/* Two notifications of one duty name it once. */
static void name_item(struct result *r, const char *notification, const char *duty)
{
    const char *last = r->duties.len > 0 ? strrchr(r->duties.bytes, ',') : NULL;

    buf_printf(&r->notifications, "%s%s", r->notifications.len > 0 ? "," : "", notification);
    if (r->duties.len == 0 || strcmp(last != NULL ? last + 1 : r->duties.bytes, duty) != 0)
        buf_printf(&r->duties, "%s%s", r->duties.len > 0 ? "," : "", duty);
}

static void note_item(struct results *all, struct result *r, const PGresult *rows, int i)
{
    bool sent = strcmp(r->item_state, "sent") == 0;
    char attempt[24], *detail;

    name_item(r, pg_column(rows, i, 0), pg_column(rows, i, 1));
    snprintf(attempt, sizeof attempt, "%d", r->attempt);
    detail = store_detail("state", r->item_state, "reason", r->o->reply.reason, "attempt", attempt, "channel",
                          r->email ? "email" : "webhook", "role", pg_column(rows, i, 4), "recipient", pg_column(rows, i, 5),
                          "because", pg_column(rows, i, 6), NULL);
    store_journal_add(&all->journal, &(struct store_journal){.what = sent ? "notification sent" : "notification tried",
                                                             .duty_id = pg_column_int(rows, i, 1),
                                                             .notification_id = pg_column_int(rows, i, 0),
                                                             .message_id = r->o->message_id,
                                                             .detail = detail});
    free(detail);
    if (sent && pg_column_int(rows, i, 2) == 0 && !dispatch_text_is_after(pg_column(rows, i, 7))) {
        pg_table_add(&all->reached, (const char *[]){pg_column(rows, i, 0)});
        pg_table_add(&all->told, (const char *[]){pg_column(rows, i, 1)});
    }
}

static bool hurry_lines(struct dispatch *d, const char *notification, int64_t duty_id, int step)
{
    struct untold u = {.pg = d->pg, .now = d->now};
    bool ok = untold_failed(&u, notification, duty_id, step);

    d->escalate |= u.escalate;
    return ok;
}

static bool wants_other(const struct result *r)
{
    return r->has_other && r->o->begun && r->o->reply.outcome != REPLY_DELIVERED &&
           (instant_is_none(r->next_at) || backoff_wants_other(backoff_of(&r->backoff, r->immediate), r->failures + 1));
}

/* Before lines are hurried: a mail that has failed for good leaves the other channel to reach its person. */
static bool use_others(struct results *all)
{
    struct buf ids = {0};
    bool ok = true;

    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].ours && wants_other(&all->list[i]))
            pg_array_add(&ids, all->list[i].id);
    if (ids.len > 0)
        ok = dispatch_other_use(all->d, pg_array_end(&ids));
    buf_release(&ids);
    return ok;
}

static bool end_items(struct results *all)
{
    struct dispatch *d = all->d;
    PGresult *rows;
    bool ok;

    if (all->items.rows == 0)
        return true;
    rows = pg_table_run(d->pg, &ITEMS, &all->items, NULL);
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        note_item(all, result_of(all, pg_column_int(rows, i, 3)), rows, i);
    ok = rows != NULL && store_journal_write(d->pg, d->now, &all->journal) &&
         dispatch_reached(d, &all->reached, &all->told) && use_others(all);
    for (int i = 0; ok && i < PQntuples(rows); i++)
        if (strcmp(result_of(all, pg_column_int(rows, i, 3))->item_state, "failed") == 0)
            ok = hurry_lines(d, pg_column(rows, i, 0), pg_column_int(rows, i, 1), (int)pg_column_int(rows, i, 2));
    PQclear(rows);
    return ok;
}

/* One line for each try, once it is written. Never a person: numbers, words of fixed sets, times. */
static void say(const struct result *r)
{
    char text[INSTANT_TEXT_SIZE];

    log_info("message=%s notification=%s duty=%s channel=%s destination=%s%s attempt=%d result=%s%s code=%ld next=%s reason=\"%s\" detail=\"%s\"",
             r->id, r->notifications.len > 0 ? r->notifications.bytes : "-", r->duties.len > 0 ? r->duties.bytes : "-",
             r->email ? "email" : "webhook", r->o->destination[0] != '\0' ? r->o->destination : "-", r->test ? " test=true" : "", r->attempt, reply_outcome_text(r->o->reply.outcome),
             r->o->reply.uncertain ? " uncertain=true" : "", r->o->code,
             instant_is_none(r->next_at) ? "-" : instant_print(r->next_at, text), r->o->reply.reason, r->o->detail);
}

static void say_all(const struct results *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].ours && all->list[i].o->begun)
            say(&all->list[i]);
}

/* Nothing is said of what is written already: of a commit whose answer got lost. */
static bool write_late(struct dispatch *d, const struct result *r)
{
    PGresult *done = pg_run(d->pg, &LATE_ATTEMPT, (const char *[]){r->id, r->fence, reply_outcome_text(r->o->reply.outcome)});
    char *detail;
    bool ok = done != NULL, late = ok && strcmp(PQcmdTuples(done), "0") != 0;

    PQclear(done);
    if (!late)
        return ok;
    log_warning("message=%s channel=%s fence=%s result=late outcome=%s reason=\"taken over by another claim; refused by the fence\"",
                r->id, r->email ? "email" : "webhook", r->fence, reply_outcome_text(r->o->reply.outcome));
    detail = store_detail("fence", r->fence, "result", reply_outcome_text(r->o->reply.outcome), "reason",
                          "its lease had run out and another claim had taken the message over", NULL);
    ok = store_journal(d->pg, d->now,
                       &(struct store_journal){
                           .what = "late result refused by the fence", .message_id = r->o->message_id, .detail = detail});
    free(detail);
    return ok;
}

/* Every message would be refused so. A test is looked at by whoever sends it. */
static bool say_astray(struct dispatch *d, const struct result *r)
{
    const char *reason = r->o->reply.reason;

    if (!r->o->reply.astray || r->test)
        return true;
    log_error("endpoint=%s state=refusing reason=\"%s\" do=\"look at its settings: it would refuse every message so\"",
              r->o->destination, reason);
    return store_alarm(d->pg, "endpoint-refuses", r->o->destination, reason, d->now);
}

static bool write_one(struct results *all, struct result *r)
{
    const struct reply *reply = &r->o->reply;
    const char *state, *uncertain = reply->uncertain ? "true" : "false";
    char code[24], next_text[INSTANT_TEXT_SIZE];
    bool again, sent = reply->outcome == REPLY_DELIVERED;

    if (!r->known)
        return true;
    if (!r->ours)
        return write_late(all->d, r);
    if (!sent && !read_due(all->d, r))
        return false;
    r->next_at = again_at(all->d, r);
    again = !instant_is_none(r->next_at);
    state = sent ? "sent" : again ? "waiting" : "failed";
    r->item_state = !again ? state : reply->uncertain ? "uncertain" : "queued"; /* queued: the body never went out */
    snprintf(code, sizeof code, "%ld", r->o->code);
    pg_table_add(&all->items, (const char *[]){r->id, r->item_state, reply->reason, sent ? all->now : NULL});
    pg_table_add(&all->messages, (const char *[]){r->id, state, again ? instant_print(r->next_at, next_text) : NULL,
                                                  reply->reason, sent ? "0" : "1", uncertain});
    pg_table_add(&all->attempts,
                 (const char *[]){r->id, r->fence, reply_outcome_text(reply->outcome), uncertain, code, reply->reason,
                                  r->o->destination[0] != '\0' ? r->o->destination : NULL});
    return say_astray(all->d, r) && (!reply->gone || dispatch_endpoint_stop(all->d, r->o->message_id));
}

/* Stopped before anything was tried: the claim is given back as if it had not been made, if it is still ours. */
static bool give_back(struct results *all, const struct result *r)
{
    struct pg *pg = all->d->pg;
    PGresult *rows = pg_run(pg, &GIVE_BACK, (const char *[]){r->id, r->fence, all->now});
    bool ok = rows != NULL, ours = ok && PQntuples(rows) > 0;

    PQclear(rows);
    if (!ours)
        return ok;
    return pg_do(pg, &FREE_ITEMS, (const char *[]){r->id}) &&
           pg_do(pg, &DROP_ATTEMPT, (const char *[]){r->id, r->fence, all->now});
}

static bool lock_duties(struct results *all)
{
    struct pg_table ids = {.width = 1};
    PGresult *held;

    for (size_t i = 0; i < all->count; i++)
        pg_table_add(&ids, (const char *[]){all->list[i].id});
    held = pg_table_run(all->d->pg, &LOCK_DUTIES, &ids, NULL);
    for (int row = 0; held != NULL && row < PQntuples(held); row++)
        for (size_t i = 0; i < all->count; i++)
            if (all->list[i].o->message_id == pg_column_int(held, row, 0))
                all->list[i].held = true;
    PQclear(held);
    pg_table_release(&ids);
    return held != NULL;
}

static bool lock_items(struct results *all)
{
    struct pg_table ids = {.width = 1};
    bool ok;

    for (size_t i = 0; i < all->count; i++)
        if (!all->list[i].held)
            pg_table_add(&ids, (const char *[]){all->list[i].id});
    ok = pg_table_do(all->d->pg, &LOCK_ITEMS, &ids, NULL);
    pg_table_release(&ids);
    return ok;
}

static bool write_all(struct results *all)
{
    struct pg *pg = all->d->pg;
    bool ok = lock_duties(all) && lock_items(all) && read_messages(all);

    for (size_t i = 0; ok && i < all->count; i++) {
        struct result *r = &all->list[i];

        if (!r->held)
            ok = r->o->begun ? write_one(all, r) : give_back(all, r);
    }
    return ok && end_items(all) && pg_table_later(pg, &WRITE_MESSAGES, &all->messages, NULL) &&
           pg_table_later(pg, &ATTEMPTS, &all->attempts, (const char *[]){all->now});
}

static void release_results(struct results *all)
{
    struct pg_table *tables[] = {&all->messages, &all->attempts, &all->items, &all->journal, &all->reached, &all->told};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        pg_table_release(tables[i]);
    for (size_t i = 0; i < all->count; i++) {
        buf_release(&all->list[i].notifications);
        buf_release(&all->list[i].duties);
    }
    free(all->list);
}

void dispatch_outcome_keep(struct dispatch *d, const struct outcome *outcome)
{
    if (d->kept_count == d->kept_room) {
        d->kept_room = d->kept_room * 2 + 16;
        d->kept = mem_grow(d->kept, d->kept_room, sizeof *d->kept);
    }
    d->kept[d->kept_count++] = *outcome;
}

void dispatch_outcome_give_up(struct dispatch *d)
{
    forget(d, &d->kept[0]);
    d->kept_count--;
    memmove(d->kept, d->kept + 1, d->kept_count * sizeof *d->kept);
}

/* Those written leave the list; those held go behind the ones that have not been tried. Returns how many were written. */
static int settle(struct dispatch *d, const struct results *all)
{
    size_t rest = d->kept_count - all->count, kept = 0;
    struct outcome *held = mem_new((all->count + 1) * sizeof *held);

    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].held)
            held[kept++] = d->kept[i];
        else
            forget(d, &d->kept[i]);
    }
    memmove(d->kept, d->kept + all->count, rest * sizeof *d->kept);
    memcpy(d->kept + rest, held, kept * sizeof *held);
    d->kept_count = rest + kept;
    free(held);
    return (int)(all->count - kept);
}

int dispatch_outcome(struct dispatch *d, size_t most)
{
    size_t count = d->kept_count < most ? d->kept_count : most;
    struct results all = {.d = d, .count = count, .messages.width = 6, .attempts.width = 7, .items.width = 4,
                          .journal = STORE_JOURNAL_TABLE, .reached.width = 1, .told.width = 1};
    bool ok = pg_begin(d->pg);
    int written = -1;

    all.list = mem_new(count * sizeof *all.list + 1);
    instant_print(d->now, all.now);
    for (size_t i = 0; i < count; i++) {
        struct result *r = &all.list[i];

        r->o = &d->kept[i];
        r->next_at = INSTANT_NONE;
        snprintf(r->id, sizeof r->id, "%lld", (long long)r->o->message_id);
        snprintf(r->fence, sizeof r->fence, "%lld", (long long)r->o->fence);
    }
    if (ok && write_all(&all) && pg_commit(d->pg)) {
        say_all(&all);
        written = settle(d, &all);
    } else {
        pg_rollback(d->pg);
    }
    release_results(&all);
    return written;
}
