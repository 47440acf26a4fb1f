/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "kick.h"
#include "log.h"
#include "stage_wake.h"
#include "store.h"
#include "told/mem.h"

static void stop_pools(struct dispatch *d)
{
    email_pool_free(d->email);
    webhook_pool_free(d->webhook);
    d->email = NULL;
    d->webhook = NULL;
}

static int write_outcomes(struct dispatch *d)
{
    struct outcome list[DISPATCH_OUTCOMES_MOST];
    size_t count = 0;

    if (d->email != NULL)
        count += email_pool_take(d->email, list, DISPATCH_OUTCOMES_MOST);
    if (d->webhook != NULL)
        count += webhook_pool_take(d->webhook, list + count, DISPATCH_OUTCOMES_MOST - count);
    if (count == 0)
        return 0;
    /* If the database fails now the results are lost: the leases run out and the tries count as uncertain. */
    for (int i = 0; i < 3; i++) {
        int done = dispatch_outcome(d, list, count);

        if (done >= 0)
            return (int)count;
        if (pg_status(d->pg) != PG_AGAIN)
            break;
    }
    return -1;
}

/* In-flight messages finish under the old settings; their outcomes are written before anything new is claimed. */
static void drain(struct dispatch *d, int wait_s)
{
    if (d->email != NULL)
        email_pool_stop(d->email, wait_s);
    if (d->webhook != NULL)
        webhook_pool_stop(d->webhook, wait_s);
    while (write_outcomes(d) > 0)
        ;
}

static bool take_config(struct dispatch *d, struct config *config)
{
    const char *reason = NULL;

    if (d->config == config)
        return true;
    drain(d, DISPATCH_STOP_S);
    stop_pools(d);
    config_unref(d->config);
    d->config = config_ref(config);
    directory_free(d->directory);
    d->directory = NULL;
    d->email = email_pool_start(&config->relay, kick_fd(d->stage->kick), &reason);
    if (d->email != NULL && config->endpoint_count > 0)
        d->webhook = webhook_pool_start(config->endpoints, config->endpoint_count, DISPATCH_WEBHOOKS_MOST, &reason);
    if (reason == NULL)
        return true;
    log_error("stage=dispatch reason=\"%s\" do=\"correct email or webhooks in the configuration\"", reason);
    atomic_store(&d->stage->failed, true);
    return false;
}

static bool take_directory(struct dispatch *d)
{
    int64_t version;

    if (d->directory != NULL && (!directory_load_version(d->pg, &version) || version == d->directory_version))
        return pg_status(d->pg) == PG_OK;
    directory_free(d->directory);
    d->directory = directory_load(d->pg, d->config, &d->directory_version);
    return d->directory != NULL;
}

/* One round of everything; returns whether there was something to do. */
static int round_of(struct dispatch *d)
{
    int done = write_outcomes(d), n;

    if (done < 0)
        return -1;
    if ((n = dispatch_route(d)) < 0)
        return -1;
    done += n;
    if ((n = dispatch_claim(d, "email", email_pool_free_slots(d->email))) < 0)
        return -1;
    done += n;
    if (d->webhook != NULL && (n = dispatch_claim(d, "webhook", webhook_pool_free_slots(d->webhook))) < 0)
        return -1;
    return done + (d->webhook != NULL ? n : 0);
}

static struct instant next_due(struct dispatch *d)
{
    static const struct pg_statement SOONEST = {
        "dispatch_soonest", "SELECT " PG_INSTANT("min(next_at)") " FROM told.message WHERE state = 'waiting'", 0};
    PGresult *rows;
    struct instant at = INSTANT_NONE;

    /* With no sender free a due message waits for an outcome, not for a clock. */
    if (email_pool_free_slots(d->email) == 0)
        return at;
    rows = pg_run(d->pg, &SOONEST, NULL);
    if (rows != NULL)
        at = pg_column_instant(rows, 0, 0);
    PQclear(rows);
    return at;
}

static struct instant dispatch_tick(void *state, struct stage *stage, struct config *config, struct instant now)
{
    struct dispatch *d = state;
    int done = 1;

    (void)now;
    if (!take_config(d, config))
        return INSTANT_NONE;
    if (d->webhook != NULL)
        webhook_pool_perform(d->webhook);
    if (!pg_is_up(d->pg) || !store_clock(d->pg, stage->clock) || !take_directory(d)) {
        stage->wake_fd = -1;
        return INSTANT_NONE;
    }
    stage_wake_listen(stage, d->pg);
    d->now = clock_told(stage->clock);
    dispatch_take_over(d);
    dispatch_renew(d);
    for (int i = 0; i < 20 && done > 0 && !atomic_load(&stage->stop); i++) {
        done = round_of(d);
        if (d->webhook != NULL)
            webhook_pool_perform(d->webhook);
        dispatch_renew(d);
    }
    if (d->escalate)
        stage_wake_next(stage, d->pg, STAGE_ESCALATE);
    d->escalate = false;
    if (done < 0)
        return pg_status(d->pg) == PG_AGAIN ? clock_told(stage->clock) : INSTANT_NONE;
    return done > 0 ? clock_told(stage->clock) : next_due(d);
}

static void dispatch_wait(void *state, struct stage *stage, int timeout_ms)
{
    struct dispatch *d = state;
    int fds[2] = {kick_fd(stage->kick), stage->wake_fd};

    if (d->webhook == NULL) {
        kick_wait(stage->kick, stage->wake_fd, timeout_ms);
        return;
    }
    webhook_pool_wait(d->webhook, fds, stage->wake_fd < 0 ? 1 : 2, timeout_ms);
    kick_clear(stage->kick);
}

void *dispatch_run(void *stage_)
{
    struct stage *stage = stage_;
    struct config *config = config_current_get(stage->config);
    struct dispatch d = {.stage = stage,
                         .pg = pg_new(config->database, config->user_dispatch, config->database_deadline_ms)};

    config_unref(config);
    stage->wait = dispatch_wait;
    stage_loop(stage, dispatch_tick, &d);
    drain(&d, DISPATCH_STOP_S);
    stop_pools(&d);
    directory_free(d.directory);
    config_unref(d.config);
    free(d.flights);
    pg_free(d.pg);
    return NULL;
}
