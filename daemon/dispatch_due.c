/* SPDX-License-Identifier: Apache-2.0 */
/* What is due, and may be given to its destination now: relays by their free senders, endpoints each by its own room. */
#include <stdio.h>
#include <string.h>

#include "dispatch.h"

/* The advisory lock stands for the message's row until the notifications are locked: notification before message,
 * as everybody locks them. Another dispatch that holds it has the message. */
static const struct pg_statement DUE = {
    "claim_due",
    "SELECT message_id FROM (SELECT message_id FROM told.message WHERE state = 'waiting' AND next_at <= $1 AND channel = $2"
    " ORDER BY immediate DESC, next_at, message_id LIMIT $3) m WHERE pg_try_advisory_xact_lock(7403, (message_id & 2147483647)::int)",
    3};

/* For each endpoint as many as it may be given, and what is addressed to one that is not configured any more: that fails. */
static const struct pg_statement DUE_HOOKS = {
    "claim_due_hooks",
    "SELECT message_id FROM (SELECT m.* FROM unnest($2::text[], $3::int[]) q (address, room) CROSS JOIN LATERAL (SELECT message_id,"
    " immediate, next_at FROM told.message WHERE state = 'waiting' AND next_at <= $1 AND channel = 'webhook' AND address = q.address"
    " ORDER BY immediate DESC, next_at, message_id LIMIT q.room) m UNION ALL (SELECT message_id, immediate, next_at FROM told.message"
    " WHERE state = 'waiting' AND next_at <= $1 AND channel = 'webhook' AND address <> ALL ($2::text[]) LIMIT $4)"
    " ORDER BY 2 DESC, 3, 1 LIMIT $4) m WHERE pg_try_advisory_xact_lock(7403, (message_id & 2147483647)::int)",
    4};

bool dispatch_due_look(struct dispatch *d, bool *ret_queued, bool *ret_due)
{
    static const struct pg_statement LOOK = {
        "dispatch_look",
        "SELECT EXISTS (SELECT FROM told.notification WHERE state = 'queued' AND message_id IS NULL),"
        " EXISTS (SELECT FROM told.message WHERE state = 'waiting' AND next_at <= $1)",
        1};
    char now[INSTANT_TEXT_SIZE];
    PGresult *row = pg_run(d->pg, &LOOK, (const char *[]){instant_print(d->now, now)});
    bool ok = row != NULL;

    if (ok) {
        *ret_queued = pg_column_bool(row, 0, 0);
        *ret_due = pg_column_bool(row, 0, 1);
    }
    PQclear(row);
    return ok;
}

static PGresult *find_hooks(struct dispatch *d, const char *now, const char *limit)
{
    struct buf names = {0}, rooms = {0};
    char room[24];
    PGresult *due;

    for (size_t i = 0; d->webhook != NULL && i < webhook_pool_count(d->webhook); i++) {
        snprintf(room, sizeof room, "%zu", webhook_pool_room(d->webhook, i));
        pg_array_add(&names, webhook_pool_name(d->webhook, i));
        pg_array_add(&rooms, room);
    }
    due = pg_run(d->pg, &DUE_HOOKS, (const char *[]){now, pg_array_end(&names), pg_array_end(&rooms), limit});
    buf_release(&names);
    buf_release(&rooms);
    return due;
}

/* The ids of what is due, into `ret` as an array; returns how many, -1 when the database failed. */
int dispatch_due(struct dispatch *d, const char *channel, size_t most, struct buf *ret)
{
    char now[INSTANT_TEXT_SIZE], limit[24];
    PGresult *due;
    int count;

    snprintf(limit, sizeof limit, "%zu", most);
    instant_print(d->now, now);
    due = strcmp(channel, "email") == 0 ? pg_run(d->pg, &DUE, (const char *[]){now, channel, limit}) : find_hooks(d, now, limit);
    count = due != NULL ? PQntuples(due) : -1;
    for (int i = 0; i < count; i++)
        pg_array_add(ret, pg_column(due, i, 0));
    PQclear(due);
    return count;
}

/* Endpoints that may be given nothing now: what waits for them waits for an outcome or a probe, not for a clock. */
static void add_full(const struct dispatch *d, struct buf *names)
{
    for (size_t i = 0; d->webhook != NULL && i < webhook_pool_count(d->webhook); i++)
        if (webhook_pool_room(d->webhook, i) == 0)
            pg_array_add(names, webhook_pool_name(d->webhook, i));
}

struct instant dispatch_due_next(struct dispatch *d)
{
    static const struct pg_statement SOONEST = {
        "dispatch_soonest",
        "SELECT " PG_INSTANT("min(next_at)") " FROM told.message WHERE state = 'waiting' AND channel = ANY ($1::text[])"
        " AND NOT (channel = 'webhook' AND address = ANY ($2::text[]))",
        2};
    bool email = email_relays_free_slots(d->email) > 0, webhook = d->webhook == NULL || webhook_pool_free_slots(d->webhook) > 0;
    const char *channels = email && webhook ? "{email,webhook}" : email ? "{email}" : "{webhook}";
    struct instant at = INSTANT_NONE;
    struct buf full = {0};
    PGresult *rows;

    /* With no sender free a due message waits for an outcome, not for a clock. */
    if (!email && !webhook)
        return at;
    add_full(d, &full);
    rows = pg_run(d->pg, &SOONEST, (const char *[]){channels, pg_array_end(&full)});
    if (rows != NULL)
        at = pg_column_instant(rows, 0, 0);
    PQclear(rows);
    buf_release(&full);
    return at;
}
