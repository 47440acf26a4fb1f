/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into which message: the first about a case goes at once, more of the same recipient and case within ten
 * minutes wait for their end and go as one email (design section 9.6). What is known of earlier messages is
 * read once for the whole batch; what the batch itself begins is known from memory.
 */
#include "dispatch_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_table.h"
#include "store.h"
#include "told/mem.h"

/* Another notification of this telling and step goes to the same recipient already. */
static const struct pg_statement TAKEN = {
    "place_taken",
    "SELECT q.n - 1 FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY q (notification_id, recipient, n)"
    " JOIN told.notification n USING (notification_id) WHERE EXISTS (SELECT FROM told.notification o"
    " WHERE o.duty_id = n.duty_id AND o.telling = n.telling AND o.step = n.step AND o.recipient = q.recipient"
    " AND o.channel = n.channel AND o.state <> 'superseded' AND o.notification_id <> n.notification_id)",
    2};

/* The message of each recipient and topic that is still collecting, and when the last one began. next_at says
 * "waiting" as well as the state does, and does not lead the planner to the index of all that is due. */
static const struct pg_statement RECENT = {
    "place_recent",
    "SELECT q.place, (SELECT message_id FROM told.message m WHERE m.recipient = q.recipient AND m.topic = q.topic"
    " AND channel = 'email' AND next_at IS NOT NULL AND NOT frozen AND NOT immediate ORDER BY message_id DESC LIMIT 1),"
    " (SELECT " PG_INSTANT(
        "min(created_at)") " FROM told.message m WHERE m.recipient = q.recipient AND m.topic = q.topic"
                           " AND channel = 'email' AND NOT immediate AND created_at > $4)"
                           " FROM unnest($1::int[], $2::text[], $3::text[]) q (place, recipient, topic) ORDER BY q.place",
    4};

/* Whoever claims a message holds this lock first: a message is joined or claimed, never both at once. The
 * state is looked at in a statement of its own after the lock, for only that sees what was committed before
 * it. */
static const struct pg_statement TRY_MESSAGE = {
    "place_try_message", "SELECT pg_try_advisory_xact_lock(7403, ($1::bigint & 2147483647)::int)", 1};
static const struct pg_statement STILL_OPEN = {
    "place_still_open",
    "SELECT EXISTS (SELECT FROM told.message WHERE message_id = $1 AND state = 'waiting' AND NOT frozen)", 1};

static const struct pg_statement NEW_MESSAGES = {
    "place_messages",
    "INSERT INTO told.message (channel, recipient, address, topic, immediate, uid, next_at, other_at, created_at)"
    " SELECT channel, recipient, address, topic, immediate, uid, next_at, other_at, $9::timestamptz FROM unnest($1::text[],"
    " $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::timestamptz[], $8::timestamptz[]) WITH ORDINALITY"
    " q (channel, recipient, address, topic, immediate, uid, next_at, other_at, n) ORDER BY n RETURNING message_id, uid",
    9};

static const struct pg_statement ASSIGN = {
    "place_assign",
    "UPDATE told.notification n SET recipient = q.recipient, because = q.because, message_id = q.message_id"
    " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) q (notification_id, recipient, because, message_id)"
    " WHERE n.notification_id = q.notification_id",
    4};

static const struct pg_statement END = {
    "place_end",
    "UPDATE told.notification SET state = $2, reason = $3, recipient = $4, because = $5 WHERE notification_id = $1",
    5};

bool dispatch_place_end(struct dispatch *d, const struct dispatch_queued *q, const char *state,
                        const char *reason, const struct recipient *who)
{
    char *detail = store_detail("state", state, "reason", reason, "role", q->role, "recipient", who != NULL ? who->id : NULL,
                                "because", who != NULL ? who->because : NULL, NULL);
    bool ok = pg_do(d->pg, &END,
                    (const char *[]){q->id, state, reason, who != NULL ? who->id : NULL,
                                     who != NULL ? who->because : NULL}) &&
              store_journal(d->pg, d->now,
                            &(struct store_journal){.what = "notification ended",
                                                    .duty_id = q->duty_id,
                                                    .notification_id = strtoll(q->id, NULL, 10),
                                                    .detail = detail});

    free(detail);
    return ok;
}

/* ---- one recipient, one telling ---- */

static bool is_same_telling(const struct dispatch_place *a, const struct dispatch_place *b)
{
    return a->queued.duty_id == b->queued.duty_id && a->queued.telling == b->queued.telling &&
           a->queued.step == b->queued.step && strcmp(a->queued.channel, b->queued.channel) == 0 &&
           strcmp(a->who.id, b->who.id) == 0;
}

static bool supersede(struct dispatch *d, struct dispatch_place *places, size_t count)
{
    struct pg_table keys = {.width = 2};
    PGresult *rows;
    bool ok;

    for (size_t i = 0; i < count; i++)
        pg_table_add(&keys, (const char *[]){places[i].queued.id, places[i].who.id});
    rows = pg_table_run(d->pg, &TAKEN, &keys, NULL);
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++)
        places[pg_column_int(rows, i, 0)].superseded = true;
    for (size_t i = 0; i < count; i++)
        for (size_t earlier = 0; earlier < i && !places[i].superseded; earlier++)
            places[i].superseded =
                !places[earlier].superseded && is_same_telling(&places[earlier], &places[i]);
    for (size_t i = 0; ok && i < count; i++)
        if (places[i].superseded)
            ok = dispatch_place_end(d, &places[i].queued, "superseded",
                                    "the same recipient is told of this duty at this step already",
                                    &places[i].who);
    PQclear(rows);
    pg_table_release(&keys);
    return ok;
}

/* ---- which message ---- */

static bool is_closing(const struct dispatch_queued *q)
{
    return strcmp(q->kind, "closing") == 0;
}

/* What is closed shares a mail with what is closed. */
static void topic_of(const struct dispatch_queued *q, char *out, size_t size)
{
    const char *closed = is_closing(q) ? "closed " : "";

    if (q->case_ref != NULL)
        snprintf(out, size, "%scase %s", closed, q->case_ref);
    else if (q->child_id != 0)
        snprintf(out, size, "%schild %lld", closed, (long long)q->child_id);
    else
        snprintf(out, size, "%sduty %lld", closed, (long long)q->duty_id);
}

/* *ret: whether the collecting message can be joined. */
static bool try_join(struct dispatch *d, const char *message, bool *ret)
{
    PGresult *locked = pg_run(d->pg, &TRY_MESSAGE, (const char *[]){message}), *open = NULL;

    if (locked != NULL && !pg_column_bool(locked, 0, 0)) {
        PQclear(locked);
        *ret = false;
        return true;
    }
    open = locked != NULL ? pg_run(d->pg, &STILL_OPEN, (const char *[]){message}) : NULL;
    *ret = open != NULL && pg_column_bool(open, 0, 0);
    PQclear(locked);
    PQclear(open);
    return open != NULL;
}

/* Immediate duties never wait; webhooks and corrections are not merged. */
static bool is_merged(const struct dispatch_place *p)
{
    return !p->superseded && !p->queued.immediate && strcmp(p->queued.channel, "email") == 0 &&
           strcmp(p->queued.kind, "correction") != 0;
}

/* The newest message that this batch makes for the same recipient and topic before `place`, as its number +
 * 1; 0: none. */
static size_t made_before(const struct dispatch_place *places, size_t place)
{
    for (size_t i = place; i > 0; i--) {
        const struct dispatch_place *p = &places[i - 1];

        if (p->makes && !p->queued.immediate && strcmp(p->queued.channel, "email") == 0 &&
            strcmp(p->who.id, places[place].who.id) == 0 && strcmp(p->topic, places[place].topic) == 0)
            return i;
    }
    return 0;
}

/* collecting, began: what the database says of its recipient and topic. Any whose due_at would pass does not
 * wait. */
static bool merge(struct dispatch *d, struct dispatch_place *places, size_t place, const char *collecting,
                  struct instant began)
{
    struct dispatch_place *p = &places[place];
    size_t made = made_before(places, place);
    struct instant end_at;
    bool joins = false, ok = true;

    if (made > 0 && instant_is_none(began))
        began = d->now;
    end_at = instant_is_none(began) ? d->now : instant_add_seconds(began, d->config->merge_window_s);
    if (is_closing(&p->queued) || instant_compare(p->queued.due_at, end_at) > 0) {
        p->send_at = end_at;
        p->joins = made;
        if (made == 0 && collecting != NULL)
            ok = try_join(d, collecting, &joins);
        if (joins)
            snprintf(p->message, sizeof p->message, "%s", collecting);
    }
    p->makes = p->joins == 0 && !joins;
    return ok;
}

static bool choose(struct dispatch *d, struct dispatch_place *places, size_t count)
{
    struct pg_table keys = {.width = 3};
    char number[24], since[INSTANT_TEXT_SIZE];
    PGresult *rows = NULL;
    bool ok = true;

    instant_print(instant_add_seconds(d->now, -d->config->merge_window_s), since);
    for (size_t i = 0; i < count; i++) {
        places[i].send_at = d->now;
        topic_of(&places[i].queued, places[i].topic, sizeof places[i].topic);
        snprintf(number, sizeof number, "%zu", i);
        if (is_merged(&places[i]))
            pg_table_add(&keys, (const char *[]){number, places[i].who.id, places[i].topic});
    }
    if (keys.rows > 0) {
        rows = pg_table_run(d->pg, &RECENT, &keys, (const char *[]){since});
        ok = rows != NULL;
    }
    /* In order, for what one begins the next may join; those without a row are not merged. */
    for (size_t i = 0, row = 0; ok && i < count; i++) {
        places[i].makes = !places[i].superseded;
        if (!is_merged(&places[i]))
            continue;
        places[i].makes = false;
        ok = merge(d, places, i, pg_column(rows, (int)row, 1), pg_column_instant(rows, (int)row, 2));
        row++;
    }
    PQclear(rows);
    pg_table_release(&keys);
    return ok;
}

/* ---- written ---- */

static char *uid_of(const struct dispatch *d, const struct dispatch_place *p)
{
    return strcmp(p->queued.channel, "email") == 0
               ? mem_printf("<told.n%s@%s>", p->queued.id, d->config->reference_domain)
               : mem_printf("msg_told_n%s", p->queued.id);
}

static void describe(const struct dispatch *d, const struct dispatch_place *p, struct pg_table *messages)
{
    struct backoff backoff = dispatch_backoff(d, p->queued.retry);
    char at[INSTANT_TEXT_SIZE], other_at[INSTANT_TEXT_SIZE], *uid = uid_of(d, p);
    struct instant other = instant_add_seconds(p->send_at, backoff_of(&backoff, p->queued.immediate)->other_channel_s);

    pg_table_add(messages, (const char *[]){p->queued.channel, p->who.id, p->address, p->topic,
                                            p->queued.immediate ? "true" : "false", uid,
                                            instant_print(p->send_at, at), p->has_other ? instant_print(other, other_at) : NULL});
    free(uid);
}

/* The row of the message with this uid; they come back in the order they were given, which is where we look
 * first. */
static const char *find_message(const PGresult *rows, int first, const char *uid)
{
    int count = PQntuples(rows), i = first;

    while (strcmp(pg_column(rows, i, 1), uid) != 0)
        i = (i + 1) % count;
    return pg_column(rows, i, 0);
}

static bool make_messages(struct dispatch *d, struct dispatch_place *places, size_t count)
{
    struct pg_table messages = {.width = 8};
    char now[INSTANT_TEXT_SIZE];
    PGresult *rows;
    int row = 0;

    for (size_t i = 0; i < count; i++)
        if (places[i].makes)
            describe(d, &places[i], &messages);
    if (messages.rows == 0)
        return true;
    rows = pg_table_run(d->pg, &NEW_MESSAGES, &messages, (const char *[]){instant_print(d->now, now)});
    pg_table_release(&messages);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        char *uid = places[i].makes ? uid_of(d, &places[i]) : NULL;

        if (uid != NULL)
            snprintf(places[i].message, sizeof places[i].message, "%s", find_message(rows, row++, uid));
        free(uid);
    }
    PQclear(rows);
    return rows != NULL;
}

static bool assign(struct dispatch *d, const struct dispatch_place *places, size_t count)
{
    struct pg_table table = {.width = 4};
    bool ok;

    for (size_t i = 0; i < count; i++) {
        const struct dispatch_place *p = &places[i];

        if (!p->superseded)
            pg_table_add(&table, (const char *[]){p->queued.id, p->who.id, p->who.because,
                                                  p->joins > 0 ? places[p->joins - 1].message : p->message});
    }
    ok = pg_table_later(d->pg, &ASSIGN, &table, NULL);
    pg_table_release(&table);
    return ok;
}

bool dispatch_place_all(struct dispatch *d, struct dispatch_place *places, size_t count)
{
    return count == 0 || (supersede(d, places, count) && choose(d, places, count) &&
                          make_messages(d, places, count) && assign(d, places, count));
}
