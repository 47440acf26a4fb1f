/* SPDX-License-Identifier: Apache-2.0 */
/* How relays and hosts fare, told to whoever looks: a row each, written when something changes. */
#include <stdio.h>

#include "dispatch.h"
#include "log.h"
#include "pg_table.h"

static const struct pg_statement WRITE = {
    "destination_write",
    "INSERT INTO told.destination AS d (channel, name, state, since, concurrency, most, failures, error, probe_at, written_at,"
    " written_by) SELECT $8, name, state, $9::timestamptz, concurrency, most, failures, error, probe_at, $9::timestamptz, $10"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::timestamptz[])"
    " q (name, state, concurrency, most, failures, error, probe_at)"
    " ON CONFLICT (channel, name) DO UPDATE SET state = EXCLUDED.state,"
    " since = CASE d.state WHEN EXCLUDED.state THEN d.since ELSE EXCLUDED.since END, concurrency = EXCLUDED.concurrency,"
    " most = EXCLUDED.most, failures = EXCLUDED.failures, error = EXCLUDED.error, probe_at = EXCLUDED.probe_at,"
    " written_at = EXCLUDED.written_at, written_by = EXCLUDED.written_by",
    10};

static void add(struct pg_table *table, const char *name, const struct destination *d)
{
    char concurrency[16], most[16], failures[16], probe_at[INSTANT_TEXT_SIZE];
    struct instant probe = instant_add_ms(clock_real(), d->probe_at_ms - clock_monotonic_ms());

    snprintf(concurrency, sizeof concurrency, "%d", d->concurrency);
    snprintf(most, sizeof most, "%d", d->policy->most);
    snprintf(failures, sizeof failures, "%d", d->failures);
    pg_table_add(table, (const char *[]){name, destination_state_text(d->state), concurrency, most, failures, d->error,
                                         d->state == DESTINATION_DEAD ? instant_print(probe, probe_at) : NULL});
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
    struct pg_table table = {.width = 7};
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
