/* SPDX-License-Identifier: Apache-2.0 */
#include "escalate_destinations.h"

#include <stdlib.h>
#include <string.h>

#include "alarm_store.h"
#include "log.h"
#include "store.h"
#include "told/buf.h"
#include "told/mem.h"

#define KIND "destination-dead"

/* Those of the configuration: what was taken out of it fares as it likes. Whoever else escalates skips what we hold. */
static const struct pg_statement CHANGED = {
    "destinations_changed",
    "SELECT channel, name, state = 'dead', coalesce(last_error, error, 'no reply') FROM told.destination d"
    " WHERE ((state = 'dead' AND alarmed_at IS NULL AND since <= $3) OR (state = 'alive' AND alarmed_at IS NOT NULL))"
    " AND ((channel = 'email' AND name = ANY ($1::text[])) OR (channel = 'webhook' AND name = ANY ($2::text[])))"
    " ORDER BY channel, name FOR NO KEY UPDATE SKIP LOCKED",
    3};
static const struct pg_statement MARK = {
    "destinations_mark", "UPDATE told.destination SET alarmed_at = $3 WHERE channel = $1 AND name = $2", 3};

static bool say_dead(struct duty_store *s, const char *channel, const char *key, const char *error)
{
    bool email = strcmp(channel, "email") == 0;
    char *detail = mem_printf("the %s takes nothing any more, and what waits for it goes another way or not at all; last error:"
                              " %s; it is probed until it answers",
                              email ? "mail relay" : "endpoint", error);
    bool ok = store_alarm(s->pg, KIND, key, detail, s->now);

    log_error("destination=%s state=dead reason=\"%s\" do=\"ask who runs it; toldctl destinations shows how it fares\"", key, error);
    free(detail);
    return ok;
}

static bool change(struct duty_store *s, const PGresult *rows, int i, struct instant real_now)
{
    const char *channel = pg_column(rows, i, 0), *name = pg_column(rows, i, 1);
    bool dead = pg_column_bool(rows, i, 2), ok;
    char *key = mem_printf("%s %s", channel, name), at[INSTANT_TEXT_SIZE];

    ok = dead ? say_dead(s, channel, key, pg_column(rows, i, 3))
              : alarm_store_end(s, KIND, key, "it takes what it is given again", NULL);
    ok = ok && pg_do(s->pg, &MARK, (const char *[]){channel, name, dead ? instant_print(real_now, at) : NULL});
    free(key);
    return ok;
}

bool escalate_destinations_step(struct duty_store *s, struct instant real_now)
{
    char before[INSTANT_TEXT_SIZE];
    struct buf relays = {0}, endpoints = {0};
    PGresult *rows = NULL;
    bool ok = pg_begin(s->pg);

    /* Of one relay alone dispatch says at once that no mail goes out. */
    for (size_t i = 0; s->config->relay_count > 1 && i < s->config->relay_count; i++)
        pg_array_add(&relays, s->config->relays[i].name != NULL ? s->config->relays[i].name : "relay");
    for (size_t i = 0; i < s->config->endpoint_count; i++)
        pg_array_add(&endpoints, s->config->endpoints[i].name);
    instant_print(instant_add_seconds(real_now, -s->config->dead_after_s), before);
    if (ok)
        rows = pg_run(s->pg, &CHANGED, (const char *[]){pg_array_end(&relays), pg_array_end(&endpoints), before});
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = change(s, rows, i, real_now);
    PQclear(rows);
    buf_release(&relays);
    buf_release(&endpoints);
    if (ok && pg_commit(s->pg))
        return true;
    pg_rollback(s->pg);
    return false;
}
