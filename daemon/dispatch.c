/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch.h"

#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "kick.h"
#include "log.h"
#include "stage_wake.h"
#include "store.h"
#include "told/mem.h"

/* A duty that somebody holds is looked at again after HELD_MS; at a stop, for as long as deciding may take. */
enum { HELD_MS = 20, DRAIN_TRIES = 250, TAKE_OVER_MOST_MS = 500 };

static void stop_pools(struct dispatch *d)
{
    email_relays_free(d->email);
    webhook_pool_free(d->webhook);
    d->email = NULL;
    d->webhook = NULL;
    d->heard_ms = 0;
}

/* The database refuses one of them: the others are written, and the lease of that one runs out, as after a crash. */
static int write_each(struct dispatch *d)
{
    int done = 0;

    for (size_t left = d->kept_count; left > 0; left--, done++) {
        if (dispatch_outcome(d, 1) >= 0)
            continue;
        if (pg_status(d->pg) != PG_FAULT)
            return -1;
        log_error("message=%lld result=unwritten sqlstate=%s: it counts as uncertain when its lease has run out",
                  (long long)d->kept[0].message_id, pg_sqlstate(d->pg));
        dispatch_outcome_give_up(d);
    }
    return done;
}

/* While the database is away they are kept, and with them the leases: only with this process they would be lost. */
static int write_outcomes(struct dispatch *d)
{
    struct outcome list[DISPATCH_OUTCOMES_MOST];
    size_t count = 0;
    int done;

    if (d->email != NULL)
        count += email_relays_take(d->email, list, DISPATCH_OUTCOMES_MOST);
    if (d->webhook != NULL)
        count += webhook_pool_take(d->webhook, list + count, DISPATCH_OUTCOMES_MOST - count);
    for (size_t i = 0; i < count; i++)
        dispatch_outcome_keep(d, &list[i]);
    if (d->kept_count == 0)
        return 0;
    done = dispatch_outcome(d, DISPATCH_OUTCOMES_MOST);
    return done < 0 && pg_status(d->pg) == PG_FAULT ? write_each(d) : done;
}

/* In-flight messages finish under the old settings; their outcomes are written before anything new is claimed. */
static void drain(struct dispatch *d, int wait_s)
{
    if (d->email != NULL)
        email_relays_stop(d->email, wait_s);
    atomic_store(&d->stage->ticked_ms, clock_monotonic_ms()); /* each may take all of its time */
    if (d->webhook != NULL)
        webhook_pool_stop(d->webhook, wait_s);
    atomic_store(&d->stage->ticked_ms, clock_monotonic_ms());
    for (int i = 0; i < DRAIN_TRIES; i++) {
        int done = write_outcomes(d);

        if ((done < 0 && pg_status(d->pg) != PG_AGAIN) || (done == 0 && d->kept_count == 0))
            break;
        if (done <= 0)
            poll(NULL, 0, HELD_MS);
    }
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
    d->email = email_relays_start(config->relays, config->relay_count, kick_fd(d->stage->kick), &reason);
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
    d->directory = NULL;
    refused_addresses_free(d->refused);
    d->refused = NULL;
    /* One snapshot: an import between its statements would leave posts without their people. */
    if (pg_begin(d->pg) && pg_text(d->pg, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        d->refused = refused_addresses_load(d->pg);
    if (d->refused != NULL)
        d->directory = directory_load(d->pg, d->config, &d->directory_version);
    pg_rollback(d->pg);
    return d->directory != NULL;
}

/* Leases run out in seconds: looking at each wake-up would only delay what is told. */
static void take_over(struct dispatch *d)
{
    int64_t now_ms = clock_monotonic_ms();
    int every_ms = d->config->lease_ms / 4 < TAKE_OVER_MOST_MS ? d->config->lease_ms / 4 : TAKE_OVER_MOST_MS;

    if (d->took_over_ms != 0 && now_ms - d->took_over_ms < every_ms)
        return;
    d->took_over_ms = now_ms;
    dispatch_take_over(d);
}

/* One round of everything; returns whether there was something to do. */
static int round_of(struct dispatch *d)
{
    int done = write_outcomes(d), n;
    bool queued, due;

    if (done < 0)
        return -1;
    dispatch_endpoint_opened(d);
    if ((n = dispatch_other(d)) < 0)
        return -1;
    done += n;
    if (!dispatch_due_look(d, &queued, &due) || (n = queued ? dispatch_route(d) : 0) < 0)
        return -1;
    done += n;
    if (!due && n == 0)
        return done;
    if ((n = dispatch_claim(d, "email", email_relays_free_slots(d->email))) < 0)
        return -1;
    done += n;
    /* Without any endpoint left in the configuration what waits for one fails, and the next step is told. */
    if ((n = dispatch_claim(d, "webhook", d->webhook != NULL ? webhook_pool_free_slots(d->webhook) : DISPATCH_WEBHOOKS_MOST)) < 0)
        return -1;
    return done + n;
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
    if (!pg_is_up(d->pg) || !store_clock(d->pg, stage->clock) || !return_path_load(d->pg, &d->return_path) || !take_directory(d)) {
        stage->wake_fd = -1;
        return INSTANT_NONE;
    }
    stage_wake_listen(stage, d->pg);
    d->now = clock_told(stage->clock);
    /* After an outage: what came of ours and what is still in flight, before it is judged by its lease. */
    write_outcomes(d);
    dispatch_renew(d);
    take_over(d);
    dispatch_destination_hear(d);
    for (int i = 0; i < 20 && done > 0 && !atomic_load(&stage->stop); i++) {
        done = round_of(d);
        if (d->webhook != NULL)
            webhook_pool_perform(d->webhook);
        dispatch_renew(d);
    }
    dispatch_destination_write(d);
    dispatch_mail_look(d);
    if (d->escalate)
        stage_wake_next(stage, d->pg, STAGE_ESCALATE);
    d->escalate = false;
    if (done < 0)
        return pg_status(d->pg) == PG_AGAIN ? clock_told(stage->clock) : INSTANT_NONE;
    return done > 0 ? clock_told(stage->clock) : dispatch_due_next(d);
}

static void dispatch_wait(void *state, struct stage *stage, int timeout_ms)
{
    struct dispatch *d = state;
    int fds[2] = {kick_fd(stage->kick), stage->wake_fd};

    if (d->kept_count > 0 && stage->wake_fd >= 0 && timeout_ms > HELD_MS)
        timeout_ms = HELD_MS;

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
    refused_addresses_free(d.refused);
    return_path_wipe(&d.return_path);
    config_unref(d.config);
    free(d.flights);
    free(d.kept);
    pg_free(d.pg);
    return NULL;
}
