/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage that decides. What waits is first matched to a child, in order of arrival, by one process at a time; then
 * each child's events are decided under the lock on its row.
 *
 *   waiting ──match──▶ waiting, child known ──decide──▶ decided | review
 *      └── nobody can say who ──▶ review (a person matches; then waiting again)
 *      └── begun twice without an end ──▶ quarantined, with an alarm
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_brake.h"
#include "decide_child.h"
#include "decide_clock.h"
#include "decide_foreign.h"
#include "decide_hold.h"
#include "decide_match.h"
#include "decide_watch.h"
#include "log.h"
#include "stage.h"
#include "stage_wake.h"
#include "store.h"
#include "told/mem.h"
#include "version_shelf.h"

enum {
    MATCH_MOST = 200,    /* events matched in one transaction */
    CHILDREN_MOST = 100, /* children locked in one transaction */
    STEPS_MOST = 20,     /* steps in one tick: then timers and stops get their turn */
    SWEEP_EVERY_MS = 60 * 1000, /* a process of before may still open duties by the calendar of before */
    POISON_MOST = 2,     /* tries begun without an end before an event is set aside */
};

static const struct pg_statement CHILDREN = {
    "decide_children",
    "SELECT DISTINCT child_id FROM told.event_state WHERE state = 'waiting' AND child_id IS NOT NULL ORDER BY 1 LIMIT $1", 1};

/* In ascending order, as everybody locks children. One that another process decides is left to it. */
static const struct pg_statement LOCK_CHILDREN = {
    "decide_lock",
    "SELECT child_id FROM told.child WHERE child_id = ANY ($1::bigint[]) ORDER BY child_id FOR UPDATE SKIP LOCKED", 1};

static const struct pg_statement BACKLOG = {
    "decide_backlog",
    "SELECT greatest((SELECT max(event_id) FROM told.event_state WHERE state = 'waiting' AND child_id IS NULL),"
    " (SELECT max(event_id) FROM (SELECT event_id FROM told.event_state WHERE state = 'waiting' AND child_id IS NOT NULL"
    " OFFSET 0) undecided), 0)", /* OFFSET: by the small index, not backwards through the large one */
    0};

/* What was begun before goes first: if it kills us that is found out at once, and if it did not, it soon has no mark that the
 * next unclean stop, whatever its cause, could make a second of. */
static const struct pg_statement FIRST = {
    "decide_first",
    "SELECT event_id, child_id, begun FROM ("
    "(SELECT 1 AS n, event_id, child_id, begun FROM told.event_state WHERE state = 'waiting' AND begun > 0 AND event_id <= $1"
    " ORDER BY event_id LIMIT 1) UNION ALL "
    "(SELECT 2, event_id, child_id, begun FROM told.event_state WHERE state = 'waiting' AND child_id IS NULL AND event_id <= $1"
    " ORDER BY event_id LIMIT 1) UNION ALL "
    "(SELECT 3, event_id, child_id, begun FROM told.event_state WHERE state = 'waiting' AND child_id IS NOT NULL"
    " AND event_id <= $1 ORDER BY child_id, event_id LIMIT 1)) first ORDER BY n LIMIT 1",
    1};

static const struct pg_statement TRY_EVENT = {"decide_try", "SELECT pg_try_advisory_lock(7402, ($1::bigint & 2147483647)::int)", 1};
static const struct pg_statement FREE_EVENT = {"decide_free", "SELECT pg_advisory_unlock(7402, ($1::bigint & 2147483647)::int)", 1};

static const struct pg_statement BEGIN_EVENT = {
    "decide_begin", "UPDATE told.event_state SET begun = begun + 1 WHERE event_id = $1 AND state = 'waiting'", 1};

/* It was not begun after all: somebody else holds its child, or the database asked for the whole step again. */
static const struct pg_statement UNBEGIN_EVENT = {
    "decide_unbegin", "UPDATE told.event_state SET begun = begun - 1 WHERE event_id = $1 AND begun > 0", 1};

static const struct pg_statement KEEP_PROTOCOL = {
    "protocol_keep", "INSERT INTO told.protocol_version (hash, text, first_used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", 3};
static const struct pg_statement KEEP_CALENDAR = {
    "calendar_keep", "INSERT INTO told.calendar_version (hash, text, first_used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", 3};
static const struct pg_statement CLEAR_LINES = {"line_clear", "DELETE FROM told.line", 0};
static const struct pg_statement ADD_LINE = {"line_add", "INSERT INTO told.line (line, step, role) VALUES ($1, $2, $3)", 3};

struct decider {
    struct stage *stage;
    struct pg *pg;
    struct config *known; /* a reference to the snapshot that `roles` and the stored versions belong to */
    struct directory *roles;
    int64_t sweep_at_ms; /* monotonic: when to look again for clocks that another calendar counted */
    struct version_shelf *versions;
    struct decide_brake *brake;
    int64_t careful_until; /* what waited when we started, or when a step failed: one event at a time up to here */
    bool started;
};

static bool keep_lines(struct decider *d, const struct config *config)
{
    bool ok = pg_do(d->pg, &CLEAR_LINES, NULL);

    for (size_t i = 0; ok && config->line_names != NULL && config->line_names[i] != NULL; i++) {
        const char *above[DUTY_ABOVE_MOST], *bottom = config->line_bottoms[i];
        size_t count = directory_ladder(d->roles, bottom, "", above, DUTY_ABOVE_MOST);

        for (size_t step = 0; ok && step <= count; step++) {
            char number[24];

            snprintf(number, sizeof number, "%zu", step);
            ok = pg_do(d->pg, &ADD_LINE,
                       (const char *[]){config->line_names[i], number, step == 0 ? bottom : above[step - 1]});
        }
    }
    return ok;
}

/* A duty pins protocol and calendar by hash: both are stored before the first one can. */
static bool take_config(struct decider *d, struct config *config, struct instant now)
{
    char at[INSTANT_TEXT_SIZE];
    struct duty_store s = {.pg = d->pg, .config = config, .now = now};

    if (d->known == config)
        return true;
    directory_free(d->roles);
    d->roles = config_directory(config);
    instant_print(now, at);
    if (!pg_begin(d->pg) || !pg_text(d->pg, "SELECT pg_advisory_xact_lock(7401, 2)") ||
        !pg_do(d->pg, &KEEP_PROTOCOL, (const char *[]){protocol_hash(config->protocol), config->protocol_text, at}) ||
        !pg_do(d->pg, &KEEP_CALENDAR, (const char *[]){calendar_hash(config->calendar), config->calendar_text, at}) ||
        !keep_lines(d, config) || !decide_clock_enforce(&s) || !pg_commit(d->pg)) {
        pg_rollback(d->pg);
        return false;
    }
    config_unref(d->known);
    d->known = config_ref(config);
    d->sweep_at_ms = 0;
    return true;
}

static PGresult *lock_children(struct decider *d)
{
    char most[24];
    struct buf array = {0};
    PGresult *found, *locked = NULL;

    snprintf(most, sizeof most, "%d", CHILDREN_MOST);
    found = pg_run(d->pg, &CHILDREN, (const char *[]){most});
    if (found == NULL)
        return NULL;
    for (int i = 0; i < PQntuples(found); i++)
        pg_array_add(&array, pg_column(found, i, 0));
    PQclear(found);
    locked = pg_run(d->pg, &LOCK_CHILDREN, (const char *[]){pg_array_end(&array)});
    buf_release(&array);
    return locked;
}

/* One transaction over some children. Returns how many events were decided, -1 when it failed. */
static int decide_step(struct decider *d, struct duty_store *s)
{
    PGresult *locked;
    int count = 0;

    if (!pg_begin(d->pg))
        return -1;
    decide_brake_begin(d->brake);
    locked = lock_children(d);
    if (locked == NULL)
        count = -1;
    for (int i = 0; count >= 0 && i < PQntuples(locked); i++) {
        int one = decide_child(s, pg_column_int(locked, i, 0), 0);

        count = one < 0 ? -1 : count + one;
        atomic_store(&d->stage->ticked_ms, clock_monotonic_ms()); /* much may wait after an outage */
    }
    PQclear(locked);
    if (count >= 0 && decide_brake_settle(s) && pg_commit(d->pg)) {
        decide_brake_rest(d->brake);
        return count;
    }
    pg_rollback(d->pg);
    return -1;
}

static bool set_aside(struct decider *d, struct duty_store *s, int64_t event_id)
{
    log_error("event=%lld state=quarantined reason=\"begun %d times without an end\" do=\"toldctl quarantine show\"",
              (long long)event_id, POISON_MOST);
    if (pg_begin(d->pg) && decide_foreign_quarantine(s, event_id, "deciding it was begun twice and never ended") &&
        pg_commit(d->pg))
        return true;
    pg_rollback(d->pg);
    return false;
}

/* Returns 1 when it was dealt with, 0 when somebody else holds its child, -1 when the database failed. */
static int decide_one(struct decider *d, struct duty_store *s, int64_t event_id, int64_t child_id)
{
    char array[32];
    PGresult *locked;
    bool held, ok;

    if (child_id == 0)
        return decide_match_step(s, 1, event_id) >= 0 ? 1 : -1;
    snprintf(array, sizeof array, "{%lld}", (long long)child_id);
    ok = pg_begin(d->pg);
    decide_brake_begin(d->brake);
    locked = ok ? pg_run(d->pg, &LOCK_CHILDREN, (const char *[]){array}) : NULL;
    held = locked != NULL && PQntuples(locked) == 0;
    ok = locked != NULL && (held || (decide_child(s, child_id, event_id) >= 0 && decide_brake_settle(s))) && pg_commit(d->pg);
    PQclear(locked);
    if (ok)
        decide_brake_rest(d->brake);
    else
        pg_rollback(d->pg);
    return !ok ? -1 : held ? 0 : 1;
}

/* The mark is committed before the event is begun, under the child's lock: while another process (or what a killed one left
 * in the server) holds the child, nothing is begun and nothing counts. Returns 1 when marked, 0 when the child is held. */
static int mark_begun(struct decider *d, const char *id, int64_t child_id)
{
    char array[32];
    PGresult *locked = NULL;
    bool held = false, ok;

    snprintf(array, sizeof array, "{%lld}", (long long)child_id);
    ok = pg_begin(d->pg);
    if (ok && child_id != 0) {
        locked = pg_run(d->pg, &LOCK_CHILDREN, (const char *[]){array});
        ok = locked != NULL;
        held = ok && PQntuples(locked) == 0;
        PQclear(locked);
    }
    if (ok && !held && pg_do(d->pg, &BEGIN_EVENT, (const char *[]){id}) && pg_commit(d->pg))
        return 1;
    pg_rollback(d->pg);
    return ok && held ? 0 : -1;
}

/* Whether the step that has just failed is only to be repeated: the database asks for it, or the brake's counts have moved. */
static bool is_again(const struct decider *d)
{
    return pg_status(d->pg) == PG_AGAIN || decide_brake_is_again(d->brake);
}

/* Taken back where it was not begun after all: only what ends us, or fails, counts. */
static int try_one(struct decider *d, struct duty_store *s, int64_t event_id, int64_t child_id)
{
    char id[24];
    int done;

    snprintf(id, sizeof id, "%lld", (long long)event_id);
    done = mark_begun(d, id, child_id);
    if (done <= 0)
        return done;
    done = decide_one(d, s, event_id, child_id);
    if (done == 0 || (done < 0 && is_again(d)))
        pg_do(d->pg, &UNBEGIN_EVENT, (const char *[]){id});
    return done;
}

/* After an unclean stop: one event at a time, so that one that kills us is found out.
 * Returns 1 when one was dealt with, 0 when none is left or the next has to wait, -1 when the database failed. */
static int careful_step(struct decider *d, struct duty_store *s)
{
    char until[24], id[24];
    int64_t event_id, child_id;
    bool tried, poison;
    int done;
    PGresult *rows;

    snprintf(until, sizeof until, "%lld", (long long)d->careful_until);
    rows = pg_run(d->pg, &FIRST, (const char *[]){until});
    if (rows == NULL)
        return -1;
    if (PQntuples(rows) == 0) {
        PQclear(rows);
        d->careful_until = 0;
        return 0;
    }
    event_id = pg_column_int(rows, 0, 0);
    child_id = pg_column_int(rows, 0, 1);
    poison = pg_column_int(rows, 0, 2) >= POISON_MOST;
    PQclear(rows);
    snprintf(id, sizeof id, "%lld", (long long)event_id);
    rows = pg_run(d->pg, &TRY_EVENT, (const char *[]){id});
    tried = rows != NULL && pg_column_bool(rows, 0, 0);
    if (rows != NULL && !tried)
        d->careful_until = 0; /* another process is careful with it */
    PQclear(rows);
    if (!tried)
        return d->careful_until == 0 ? 0 : -1;
    if (poison)
        done = set_aside(d, s, event_id) ? 1 : -1;
    else
        done = try_one(d, s, event_id, child_id);
    pg_do(d->pg, &FREE_EVENT, (const char *[]){id});
    return done;
}

static bool start(struct decider *d)
{
    PGresult *rows;

    if (d->started)
        return true;
    rows = pg_run(d->pg, &BACKLOG, NULL);
    if (rows == NULL)
        return false;
    d->careful_until = pg_column_int(rows, 0, 0);
    d->started = true;
    PQclear(rows);
    return true;
}

/* The moments that have come, and the clocks that another calendar has moved: events of told's own. */
static int moments_step(struct decider *d, struct duty_store *s)
{
    int come = decide_watch_come(s), swept = 0;

    if (come >= 0 && clock_monotonic_ms() >= d->sweep_at_ms) {
        swept = decide_clock_sweep(s);
        if (swept == 0)
            d->sweep_at_ms = clock_monotonic_ms() + SWEEP_EVERY_MS;
    }
    return come < 0 || swept < 0 ? -1 : come + swept;
}

/* One step of either kind. Returns how much was done, 0 when nothing waits, -1 when the database failed. */
static int step(struct decider *d, struct duty_store *s)
{
    int woken, matched, decided, come;

    if (d->careful_until > 0) {
        int careful = careful_step(d, s);

        if (careful != 0 || d->careful_until > 0)
            return careful;
    }
    woken = decide_hold_wake_step(s);
    matched = woken < 0 ? -1 : decide_match_step(s, MATCH_MOST, 0);
    decided = matched < 0 ? -1 : decide_step(d, s);
    /* Last, so that what came before a moment is decided before it. */
    come = decided < 0 || woken + matched + decided > 0 ? 0 : moments_step(d, s);
    return decided < 0 || come < 0 ? -1 : woken + matched + decided + come;
}

static struct instant decide_tick(void *state, struct stage *stage, struct config *config, struct instant now)
{
    struct decider *d = state;
    struct duty_store s = {.pg = d->pg, .config = config, .shadow = stage->shadow};
    int done = 1, total = 0;

    if (!pg_is_up(d->pg) || !store_clock(d->pg, stage->clock) || !start(d) || !take_config(d, config, now)) {
        stage->wake_fd = -1;
        return INSTANT_NONE;
    }
    stage_wake_listen(stage, d->pg);
    s.roles = d->roles;
    s.versions = d->versions;
    s.brake = d->brake;
    for (int i = 0; i < STEPS_MOST && done > 0 && !atomic_load(&stage->stop); i++) {
        s.now = clock_told(stage->clock);
        done = step(d, &s);
        total += done > 0 ? done : 0;
        atomic_store(&stage->ticked_ms, clock_monotonic_ms());
    }
    if (done < 0 && pg_status(d->pg) == PG_FAULT && !decide_brake_is_again(d->brake))
        d->started = false; /* the next tick finds out, one at a time, which event it is */
    if (total > 0) {
        stage_wake_next(stage, d->pg, STAGE_DISPATCH);
        stage_wake_next(stage, d->pg, STAGE_ESCALATE);
    }
    return done > 0 || (done < 0 && is_again(d)) ? clock_told(stage->clock) : decide_watch_soonest(d->pg);
}

void *decide_stage_run(void *stage_)
{
    struct stage *stage = stage_;
    struct config *config = config_current_get(stage->config);
    struct decider d = {.stage = stage, .pg = pg_new(config->database, config->user_decide, config->database_deadline_ms)};

    config_unref(config);
    d.versions = version_shelf_new();
    d.brake = decide_brake_new();
    stage_loop(stage, decide_tick, &d);
    directory_free(d.roles);
    version_shelf_free(d.versions);
    decide_brake_free(d.brake);
    config_unref(d.known);
    pg_free(d.pg);
    return NULL;
}
