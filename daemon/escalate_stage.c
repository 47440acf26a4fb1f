/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage that does not stop until somebody has answered. Each told role's line climbs by itself; alarms become
 * duties of the operators; the journal is sealed here. Timers live in the table and nowhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duty_store.h"
#include "escalate_destinations.h"
#include "escalate_feeds.h"
#include "escalate_silence.h"
#include "log.h"
#include "sealer.h"
#include "stage.h"
#include "stage_wake.h"
#include "store.h"
#include "told/mem.h"

enum {
    DUTIES_MOST = 200,
    ALARMS_MOST = 50,
    SEALS_MOST = 2000,
    CALENDAR_DAYS_LEAST = 400, /* bank holidays are announced more than a year ahead; beyond them dates are provisional */
    FEEDS_EVERY_MS = 1000,
};

static const struct pg_statement DUE = {
    "escalate_due",
    "SELECT duty_id, telling, immediate, kind, state FROM told.duty WHERE state <> 'closed' AND next_at <= $1"
    " ORDER BY next_at, duty_id LIMIT $2 FOR UPDATE SKIP LOCKED",
    2};

static const struct pg_statement LINES = {
    "escalate_lines",
    "SELECT line, role, chase, above, step, stopped, coalesce(array_length(above, 1), 0) FROM told.duty_line"
    " WHERE duty_id = $1 AND next_at <= $2 ORDER BY line",
    2};

static const struct pg_statement MOVE = {
    "escalate_move",
    "UPDATE told.duty_line SET step = $3, next_at = $4, stopped = false WHERE duty_id = $1 AND line = $2", 4};

/* Every line answered, and yet open: it needs more than acknowledgements. It comes round again; next_at is never empty. */
static const struct pg_statement NEXT = {
    "escalate_next",
    "UPDATE told.duty SET next_at = coalesce((SELECT min(next_at) FROM told.duty_line WHERE duty_id = $1), $2)"
    " WHERE duty_id = $1 AND state <> 'closed'",
    2};

static const struct pg_statement SOONEST = {
    "escalate_soonest",
    "SELECT " PG_INSTANT("min(next_at)") " FROM told.duty WHERE state <> 'closed'", 0};

static const struct pg_statement ALARMS = {
    "alarm_fresh",
    "SELECT alarm_id, kind, key, detail, " PG_INSTANT("raised_at") " FROM told.alarm"
    " WHERE duty_id IS NULL AND cleared_at IS NULL ORDER BY alarm_id LIMIT $1 FOR UPDATE SKIP LOCKED",
    1};

static const struct pg_statement ALARM_DUTY = {
    "alarm_duty", "UPDATE told.alarm SET duty_id = $2 WHERE alarm_id = $1", 2};

struct escalator {
    struct pg *pg;
    struct config *known; /* a reference to the snapshot that `roles` belongs to */
    struct directory *roles;
    struct civil_day calendar_looked_on; /* once a day is enough */
    struct instant started_at; /* told's: since when we listen, and have what was heard */
    int64_t looked_ms;         /* monotonic: at the silences of feeds */
};

struct due {
    int64_t duty_id;
    int telling;
    bool immediate;
    bool alarm;
};

/* The roles above a line, from PostgreSQL's array text; role names have no commas, quotes or braces. */
static size_t read_above(char *text, const char *ret[DUTY_ABOVE_MOST])
{
    size_t count = 0;
    char *save = NULL;

    for (char *word = strtok_r(text, "{},\"", &save); word != NULL && count < DUTY_ABOVE_MOST;
         word = strtok_r(NULL, "{},\"", &save))
        ret[count++] = word;
    return count;
}

static bool say_unanswered(struct duty_store *s, const struct due *d)
{
    char key[24];

    if (d->alarm)
        return true; /* the operators are its own line */
    snprintf(key, sizeof key, "D-%lld", (long long)d->duty_id);
    return store_alarm(s->pg, "unanswered-at-top", key, "nobody has answered up to the top of the line; it is told again",
                       s->now);
}

static bool climb_line(struct duty_store *s, const struct due *d, PGresult *rows, int i)
{
    char id[24], line_text[24], step_text[24], next[INSTANT_TEXT_SIZE], *above_text = mem_copy(pg_column(rows, i, 3));
    const char *above[DUTY_ABOVE_MOST], *role = pg_column(rows, i, 1), *told = role;
    size_t count = read_above(above_text, above);
    int line = (int)pg_column_int(rows, i, 0), old = (int)pg_column_int(rows, i, 4);
    struct ladder_line state = {.step = old, .top = (int)count, .stopped = pg_column_bool(rows, i, 5)};
    struct ladder_move move = ladder_climb(&state, d->immediate, &s->config->ladder, s->config->calendar, s->now);
    int step = old + 1; /* rungs go on counting beyond the top, so that each telling of the top is its own */
    char *detail;
    bool ok;

    if (count > 0)
        told = above[(size_t)step <= count ? (size_t)step - 1 : count - 1];
    snprintf(id, sizeof id, "%lld", (long long)d->duty_id);
    snprintf(line_text, sizeof line_text, "%d", line);
    snprintf(step_text, sizeof step_text, "%d", step);
    detail = store_detail("line", line_text, "step", step_text, "from", role, "to", told, NULL);
    ok = duty_store_notify(s, d->duty_id, d->telling, line, step, "escalate", told);
    if (ok && pg_column_bool(rows, i, 2) && strcmp(told, role) != 0)
        ok = duty_store_notify(s, d->duty_id, d->telling, line, step, "chase", role);
    if (ok && move.top_again)
        ok = say_unanswered(s, d);
    ok = ok && pg_do(s->pg, &MOVE, (const char *[]){id, line_text, step_text, instant_print(move.next_at, next)}) &&
         store_journal(s->pg, s->now,
                       &(struct store_journal){.what = "duty escalated", .duty_id = d->duty_id, .detail = detail});
    log_info("duty=%lld line=%d step=%d role=%s next=%s", (long long)d->duty_id, line, step, told, next);
    free(detail);
    free(above_text);
    return ok;
}

static bool climb_duty(struct duty_store *s, const struct due *d)
{
    char id[24], now[INSTANT_TEXT_SIZE], later[INSTANT_TEXT_SIZE];
    struct ladder_line answered = {0};
    struct ladder_move rest = ladder_climb(&answered, d->immediate, &s->config->ladder, s->config->calendar, s->now);
    PGresult *rows;
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)d->duty_id);
    rows = pg_run(s->pg, &LINES, (const char *[]){id, instant_print(s->now, now)});
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = climb_line(s, d, rows, i);
    PQclear(rows);
    return ok && pg_do(s->pg, &NEXT, (const char *[]){id, instant_print(rest.next_at, later)});
}

static int climb_step(struct duty_store *s)
{
    char now[INSTANT_TEXT_SIZE], most[24];
    PGresult *rows;
    int count;

    snprintf(most, sizeof most, "%d", DUTIES_MOST);
    if (!pg_begin(s->pg))
        return -1;
    rows = pg_run(s->pg, &DUE, (const char *[]){instant_print(s->now, now), most});
    count = rows != NULL ? PQntuples(rows) : -1;
    for (int i = 0; count >= 0 && rows != NULL && i < PQntuples(rows); i++) {
        struct due d = {.duty_id = pg_column_int(rows, i, 0),
                        .telling = (int)pg_column_int(rows, i, 1),
                        .immediate = pg_column_bool(rows, i, 2),
                        .alarm = strcmp(pg_column(rows, i, 3), "alarm") == 0};

        if (!climb_duty(s, &d))
            count = -1;
    }
    PQclear(rows);
    if (count >= 0 && pg_commit(s->pg))
        return count;
    pg_rollback(s->pg);
    return -1;
}

/* An alarm is told, climbs and is answered like any duty. What a feed has not said its teams should know too. */
static bool open_alarm(struct duty_store *s, PGresult *rows, int i)
{
    const char *tell[] = {s->config->operators_role}, *copy[DUTY_LINES_MOST];
    char id[24], number[24];
    char *key = mem_printf("[\"alarm\",%s]", pg_column(rows, i, 0));
    char *because = store_detail("kind", pg_column(rows, i, 1), "about", pg_column(rows, i, 2), "detail", pg_column(rows, i, 3), NULL);
    char *title = mem_printf("Look at an alarm: %s", pg_column(rows, i, 1));
    char *says = mem_printf("Look at this alarm and put it right: %s", pg_column(rows, i, 3));
    struct instant raised = pg_column_instant(rows, i, 4);
    struct instant due = instant_add_seconds(raised, 3600);
    int64_t duty = duty_store_open(s, &(struct duty_new){.kind = "alarm",
                                                         .rule = "alarm",
                                                         .key = key,
                                                         .occurrence = 1,
                                                         .duty = "alarm",
                                                         .title = title,
                                                         .says = says,
                                                         .immediate = true,
                                                         .received_at = raised,
                                                         .due_at = due,
                                                         .shows = because,
                                                         .closes = "done",
                                                         .because = because,
                                                         .tell = tell,
                                                         .tell_count = 1,
                                                         .copy = copy,
                                                         .copy_count = escalate_feeds_teams(s->config, pg_column(rows, i, 1),
                                                                                            pg_column(rows, i, 2), copy),
                                                         .ladder = ""});
    bool ok = duty >= 0;

    snprintf(id, sizeof id, "%s", pg_column(rows, i, 0));
    snprintf(number, sizeof number, "%lld", (long long)duty);
    if (duty > 0)
        ok = pg_do(s->pg, &ALARM_DUTY, (const char *[]){id, number});
    free(key);
    free(because);
    free(title);
    free(says);
    return ok;
}

static int alarm_step(struct duty_store *s)
{
    char most[24];
    PGresult *rows;
    int count;

    snprintf(most, sizeof most, "%d", ALARMS_MOST);
    if (!pg_begin(s->pg))
        return -1;
    rows = pg_run(s->pg, &ALARMS, (const char *[]){most});
    count = rows != NULL ? PQntuples(rows) : -1;
    for (int i = 0; count >= 0 && i < PQntuples(rows); i++)
        if (!open_alarm(s, rows, i))
            count = -1;
    PQclear(rows);
    if (count >= 0 && pg_commit(s->pg))
        return count;
    pg_rollback(s->pg);
    return -1;
}

/* Nobody notices by itself that the list of bank holidays runs out: every clock beyond it is a guess. */
static void look_at_calendar(struct escalator *e, struct duty_store *s)
{
    struct civil_day today = civil_day_of(s->now);
    char year[24];

    if (e->calendar_looked_on.number == today.number)
        return;
    snprintf(year, sizeof year, "%d", calendar_last_year(s->config->calendar));
    if (calendar_days_left(s->config->calendar, today) < CALENDAR_DAYS_LEAST &&
        !store_alarm(s->pg, "calendar-ends", year,
                     "the calendar of bank holidays ends in less than 400 days: put the announced days into its file", s->now))
        return;
    e->calendar_looked_on = today;
}

static struct instant soonest(struct escalator *e)
{
    PGresult *rows = pg_run(e->pg, &SOONEST, NULL);
    struct instant at = INSTANT_NONE;

    if (rows != NULL)
        at = pg_column_instant(rows, 0, 0);
    PQclear(rows);
    return at;
}

static void watch_feeds(struct escalator *e, struct duty_store *s)
{
    int64_t now_ms = clock_monotonic_ms();

    if (instant_is_none(e->started_at))
        e->started_at = s->now;
    escalate_feeds_holds(s);
    if (e->looked_ms == 0 || now_ms - e->looked_ms >= FEEDS_EVERY_MS) {
        e->looked_ms = now_ms;
        escalate_silence_step(s, e->started_at);
        escalate_destinations_step(s, clock_real());
    }
}

static struct instant escalate_tick(void *state, struct stage *stage, struct config *config, struct instant now)
{
    struct escalator *e = state;
    struct duty_store s = {.pg = e->pg, .config = config, .shadow = stage->shadow};
    int climbed, alarmed;

    (void)now;
    if (!pg_is_up(e->pg) || !store_clock(e->pg, stage->clock)) {
        stage->wake_fd = -1;
        e->started_at = INSTANT_NONE; /* what was heard meanwhile waits for the database too: no feed is to blame for that */
        return INSTANT_NONE;
    }
    if (e->known != config) {
        directory_free(e->roles);
        e->roles = config_directory(config);
        config_unref(e->known);
        e->known = config_ref(config);
        e->calendar_looked_on = CIVIL_NONE;
    }
    stage_wake_listen(stage, e->pg);
    s.roles = e->roles;
    s.now = clock_told(stage->clock);
    look_at_calendar(e, &s);
    watch_feeds(e, &s);
    alarmed = alarm_step(&s);
    climbed = climb_step(&s);
    if (alarmed > 0 || climbed > 0)
        stage_wake_next(stage, e->pg, STAGE_DISPATCH);
    sealer_step(e->pg, SEALS_MOST);
    return soonest(e);
}

void *escalate_stage_run(void *stage_)
{
    struct stage *stage = stage_;
    struct config *config = config_current_get(stage->config);
    struct escalator e = {.pg = pg_new(config->database, config->user_decide, config->database_deadline_ms),
                          .calendar_looked_on = CIVIL_NONE,
                          .started_at = INSTANT_NONE};

    config_unref(config);
    stage_loop(stage, escalate_tick, &e);
    directory_free(e.roles);
    config_unref(e.known);
    pg_free(e.pg);
    return NULL;
}
