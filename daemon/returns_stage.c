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

#include "alarm_store.h"
#include "log.h"
#include "returned_mime.h"
#include "returns.h"
#include "stage.h"
#include "stage_wake.h"
#include "store.h"

/* What is wrong lasts for so many looks before the operators hear of it. */
enum { LOOKS_FAILED_MOST = 5 };

struct listening {
    struct returns returns;
    struct returns_stuck stuck;
    int64_t looked_ms; /* monotonic; 0: not yet */
    bool is_more;      /* the last look left some */
    int failed;        /* looks in a row that read nothing */
    enum listening_known {
        LISTENING_UNKNOWN, /* since the start: an alarm of before may be open */
        LISTENING_WELL,
        LISTENING_ILL,
    } unread, stuck_known;
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

/* Nobody who answers by mail is heard meanwhile, and no bounce either. */
static void tell(struct listening *l, enum listening_known *known, bool is_ill, const char *kind, const char *detail)
{
    struct returns *r = &l->returns;
    struct duty_store s = {.pg = r->pg, .config = r->config, .now = r->now};
    bool changed = false;

    if (*known == (is_ill ? LISTENING_ILL : LISTENING_WELL))
        return;
    if (!pg_begin(r->pg) || !(is_ill ? alarm_store_begin(&s, kind, "returns", detail, &changed)
                                     : alarm_store_end(&s, kind, "returns", "it can be read again", &changed)) ||
        !pg_commit(r->pg)) {
        pg_rollback(r->pg);
        return;
    }
    *known = is_ill ? LISTENING_ILL : LISTENING_WELL;
    r->escalate |= changed;
}

static void tell_all(struct listening *l, bool ok)
{
    l->failed = ok ? 0 : l->failed + 1;
    if (ok || l->failed >= LOOKS_FAILED_MOST)
        tell(l, &l->unread, !ok, "returns-unread",
             "what comes back by mail cannot be read: bounces and answers by mail are not heard; the log says what to look at");
    if (ok)
        tell(l, &l->stuck_known, l->stuck.count > 0, "returns-stuck",
             "the mailbox of what comes back holds a mail that cannot be fetched: read it there, and take it out");
}

static void look(struct listening *l)
{
    struct returns *r = &l->returns;
    size_t left = RETURNS_MOST;
    bool ok = true, more = false;

    l->is_more = false;
    if (r->config->returns.maildir != NULL)
        ok = returns_maildir(&r->config->returns, &left, take, r, &l->is_more);
    if (r->config->returns.url != NULL && left > 0) {
        ok &= returns_imap(&r->config->returns, r->stage, &l->stuck, &left, take, r, &more);
        l->is_more |= more;
    }
    if (!atomic_load(&r->stage->stop))
        tell_all(l, ok);
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
