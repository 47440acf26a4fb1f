/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage that hears what comes back by mail.
 *
 *   Maildir, IMAP ──fetch──▶ bytes ──GMime──▶ judged ──one transaction──▶ told.returned, and what it changes
 *                                                         └─ after the commit ─▶ cur/, the folder `done`
 *
 * A crash before the commit leaves the mail where it was; a crash after it leaves a row that knows the mail's place, so it is
 * only put away. At most RETURNS_MOST a tick, so that a flood of spam stops neither timers nor a request to end.
 */
#include <stdlib.h>

#include "log.h"
#include "returned_mime.h"
#include "returns.h"
#include "stage.h"
#include "stage_wake.h"
#include "store.h"

struct listening {
    struct returns returns;
    int64_t looked_ms; /* monotonic; 0: not yet */
    bool is_more;      /* the last look left some */
};

/* Each mail is a step of its own: a poisoned one stops no other. */
static enum returns_taken take(void *cookie, const char *place, const char *bytes, size_t len)
{
    struct returns *r = cookie;
    enum returns_taken taken = returns_apply(r, place, bytes, len);

    atomic_store(&r->stage->ticked_ms, clock_monotonic_ms());
    if (taken == RETURNS_FAULT)
        log_error("stage=returns state=unwritten sqlstate=%s: a mail stays where it is and is tried again", pg_sqlstate(r->pg));
    return taken;
}

static void look(struct listening *l)
{
    struct returns *r = &l->returns;
    size_t left = RETURNS_MOST;

    l->is_more = false;
    if (r->config->returns.maildir != NULL)
        l->is_more = returns_maildir(&r->config->returns, &left, take, r);
    if (r->config->returns.url != NULL && left > 0)
        l->is_more |= returns_imap(&r->config->returns, r->stage, &left, take, r);
    if (r->escalate)
        stage_wake_next(r->stage, r->pg, STAGE_ESCALATE);
    r->escalate = false;
}

static struct instant returns_tick(void *state, struct stage *stage, struct config *config, struct instant now)
{
    struct listening *l = state;
    struct returns *r = &l->returns;
    int64_t now_ms = clock_monotonic_ms();

    (void)now;
    r->config = config;
    if (!config_returns_is_on(&config->returns))
        return INSTANT_NONE;
    if (l->looked_ms != 0 && !l->is_more && now_ms - l->looked_ms < (int64_t)config->returns.every_s * 1000)
        return INSTANT_NONE;
    if (!pg_is_up(r->pg) || !store_clock(r->pg, stage->clock) || !return_path_load(r->pg, &r->return_path)) {
        stage->wake_fd = -1;
        return INSTANT_NONE;
    }
    stage_wake_listen(stage, r->pg);
    r->now = clock_told(stage->clock);
    l->looked_ms = now_ms;
    look(l);
    return INSTANT_NONE;
}

void *returns_stage_run(void *stage_)
{
    struct stage *stage = stage_;
    struct config *config = config_current_get(stage->config);
    struct listening l = {.returns = {.stage = stage,
                                      .pg = pg_new(config->database, config->user_returns, config->database_deadline_ms)}};

    config_unref(config);
    returned_mime_start();
    stage_loop(stage, returns_tick, &l);
    return_path_wipe(&l.returns.return_path);
    pg_free(l.returns.pg);
    return NULL;
}
