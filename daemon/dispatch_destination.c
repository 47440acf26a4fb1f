/* SPDX-License-Identifier: Apache-2.0 */
/* How relays and hosts fare, told to whoever looks: a row each, written when something changes. */
#include <stdio.h>
#include <string.h>

#include "dispatch.h"
#include "log.h"
#include "pg_table.h"

static const struct pg_statement WRITE = {
    "destination_write",
    "INSERT INTO told.destination AS d (channel, name, state, since, concurrency, most, failures, error, probe_at, last_error,"
    " last_error_at, written_at, written_by) SELECT $10, name, state, $11::timestamptz, concurrency, most, failures, error, probe_at,"
    " last_error, last_error_at, $11::timestamptz, $12 FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[],"
    " $6::text[], $7::timestamptz[], $8::text[], $9::timestamptz[])"
    " q (name, state, concurrency, most, failures, error, probe_at, last_error, last_error_at)"
    " ON CONFLICT (channel, name) DO UPDATE SET state = EXCLUDED.state,"
    " since = CASE d.state WHEN EXCLUDED.state THEN d.since ELSE EXCLUDED.since END, concurrency = EXCLUDED.concurrency,"
    " most = EXCLUDED.most, failures = EXCLUDED.failures, error = EXCLUDED.error, probe_at = EXCLUDED.probe_at,"
    " last_error = coalesce(EXCLUDED.last_error, d.last_error), last_error_at = coalesce(EXCLUDED.last_error_at, d.last_error_at),"
    " written_at = EXCLUDED.written_at, written_by = EXCLUDED.written_by",
    12};

/* What others found. Our own of before a reload is as good: the pool has forgotten it. */
static const struct pg_statement HEARD = {
    "destination_heard",
    "SELECT name, state = 'dead', " PG_INSTANT("written_at") " FROM told.destination WHERE channel = 'webhook'"
    " AND (written_by <> $1 OR $2::boolean)",
    2};
enum { HEAR_EVERY_MS = 1000 };

static void add(struct pg_table *table, const char *name, const struct destination *d)
{
    char concurrency[16], most[16], failures[16], probe_at[INSTANT_TEXT_SIZE], last_error_at[INSTANT_TEXT_SIZE];
    struct instant probe = instant_add_ms(clock_real(), d->probe_at_ms - clock_monotonic_ms()),
                   last = instant_add_ms(clock_real(), d->last_error_ms - clock_monotonic_ms());

    snprintf(concurrency, sizeof concurrency, "%d", d->concurrency);
    snprintf(most, sizeof most, "%d", d->policy->most);
    snprintf(failures, sizeof failures, "%d", d->failures);
    pg_table_add(table, (const char *[]){name, destination_state_text(d->state), concurrency, most, failures, d->error,
                                         d->state == DESTINATION_DEAD ? instant_print(probe, probe_at) : NULL, d->last_error,
                                         d->last_error != NULL ? instant_print(last, last_error_at) : NULL});
}

/* A line when it dies and when it is well again; what it is given at a time is in the table. */
static void say(const char *channel, const char *name, const struct destination *d)
{
    if (d->state == DESTINATION_DEAD)
        log_warning("destination=%s channel=%s state=dead failures=%d reason=\"%s\" do=\"look at it: it is probed until it"
                    " answers\"", name, channel, d->failures, d->error);
    else
        log_info("destination=%s channel=%s state=alive", name, channel);
}

/* What cannot be written now is written with the next change: it is for people to look at, nothing rests on it. */
void dispatch_destination_write(struct dispatch *d)
{
    struct pg_table table = {.width = 9};
    char now[INSTANT_TEXT_SIZE];

    for (size_t i = 0; d->email != NULL && i < email_relays_count(d->email); i++) {
        if (!email_relays_changed(d->email, i))
            continue;
        if ((email_relays_destination(d->email, i)->state == DESTINATION_DEAD) != d->said_dead[i])
            say("email", email_relays_name(d->email, i), email_relays_destination(d->email, i));
        d->said_dead[i] = email_relays_destination(d->email, i)->state == DESTINATION_DEAD;
        add(&table, email_relays_name(d->email, i), email_relays_destination(d->email, i));
    }
    (void)pg_table_do(d->pg, &WRITE, &table,
                      (const char *[]){"email", instant_print(clock_real(), now), d->stage->worker});
    for (size_t i = 0; d->webhook != NULL && i < webhook_pool_count(d->webhook); i++) {
        if (!webhook_pool_changed(d->webhook, i))
            continue;
        say("webhook", webhook_pool_name(d->webhook, i), webhook_pool_destination(d->webhook, i));
        add(&table, webhook_pool_name(d->webhook, i), webhook_pool_destination(d->webhook, i));
    }
    (void)pg_table_do(d->pg, &WRITE, &table, (const char *[]){"webhook", now, d->stage->worker});
    pg_table_release(&table);
}

/* At the first look, and then every second: one of several told finds out, and all of them know. */
void dispatch_destination_hear(struct dispatch *d)
{
    int64_t now_ms = clock_monotonic_ms();
    struct instant now = clock_real();
    PGresult *rows;

    if (d->webhook == NULL || (d->heard_ms != 0 && now_ms - d->heard_ms < HEAR_EVERY_MS))
        return;
    rows = pg_run(d->pg, &HEARD, (const char *[]){d->stage->worker, d->heard_ms == 0 ? "true" : "false"});
    for (int row = 0; rows != NULL && row < PQntuples(rows); row++)
        for (size_t i = 0; i < webhook_pool_count(d->webhook); i++)
            if (strcmp(webhook_pool_name(d->webhook, i), pg_column(rows, row, 0)) == 0)
                webhook_pool_hear(d->webhook, i, pg_column_bool(rows, row, 1),
                                  now_ms - instant_ms_between(pg_column_instant(rows, row, 2), now));
    if (rows != NULL)
        d->heard_ms = now_ms;
    PQclear(rows);
}
