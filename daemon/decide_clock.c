/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_court.h"
#include "log.h"
#include "store.h"
#include "told/mem.h"
#include "version_shelf.h"

enum { SWEEP_MOST = 200 }; /* children, or duties without one, in one transaction */

/* The ground that holds is the last that came and was not taken back. */
static const struct pg_statement OF_CHILD = {
    "clock_of_child",
    "SELECT d.duty_id, d.kind, d.rule, d.protocol_hash, d.calendar_hash, " PG_INSTANT("d.received_at") ", " PG_INSTANT("d.due_at") ","
    " d.shows, (SELECT g.event_id FROM told.duty_ground g JOIN told.event e USING (event_id) JOIN told.event_state s USING (event_id)"
    " WHERE g.duty_id = d.duty_id AND s.retracted_by IS NULL ORDER BY e.received_at DESC, e.event_id DESC LIMIT 1), d.immediate"
    " FROM told.duty d WHERE d.child_id = $1 AND d.kind <> 'alarm' AND d.state <> 'closed' ORDER BY d.duty_id FOR UPDATE OF d",
    1};

/* What is not about a child that is known. Alarms have no clock of working days. */
static const struct pg_statement OF_NOBODY = {
    "clock_of_nobody",
    "SELECT d.duty_id, d.kind, d.rule, d.protocol_hash, d.calendar_hash, " PG_INSTANT("d.received_at") ", " PG_INSTANT("d.due_at") ","
    " d.shows, NULL, d.immediate FROM told.duty d WHERE d.child_id IS NULL AND d.kind <> 'alarm' AND d.state <> 'closed'"
    " AND d.calendar_hash <> $1 ORDER BY d.duty_id LIMIT $2 FOR UPDATE OF d SKIP LOCKED",
    2};

static const struct pg_statement PIN = {
    "clock_pin",
    "UPDATE told.duty SET calendar_hash = $2, provisional = coalesce($3, provisional),"
    " because = CASE WHEN $4::text IS NULL OR jsonb_typeof(because) <> 'array' THEN because ELSE because || to_jsonb($4::text) END"
    " WHERE duty_id = $1",
    4};

static const struct pg_statement ENFORCE = {
    "calendar_enforce",
    "INSERT INTO told.calendar_in_force AS f (hash, since) VALUES ($1, $2) ON CONFLICT (is_only) DO UPDATE SET hash = $1,"
    " since = greatest(f.since + interval '1 millisecond', $2::timestamptz) WHERE f.hash <> $1 RETURNING hash",
    2};

/* One event for a child and a change of the calendar: the instant since which it is in force is part of its id. */
static const struct pg_statement BEGIN = {
    "clock_begin",
    "WITH f AS (SELECT hash, since, to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at,"
    " to_char(since AT TIME ZONE 'Europe/London', 'YYYY-MM-DD') AS day FROM told.calendar_in_force WHERE hash = $1),"
    " behind AS (SELECT child_id FROM told.duty WHERE state <> 'closed' AND kind <> 'alarm' AND calendar_hash <> $1"
    " AND child_id IS NOT NULL UNION SELECT child_id FROM told.watch WHERE state = 'open' AND calendar_hash <> $1),"
    " said AS (SELECT b.child_id, f.since, 'calendar-' || b.child_id || '-' || f.at AS id, json_build_object('specversion', '1.0',"
    " 'id', 'calendar-' || b.child_id || '-' || f.at, 'source', 'told', 'type', 'told.instant', 'time', f.at, 'data',"
    " json_build_object('person', json_build_object(), 'what', 'calendar', 'calendar', f.hash, 'on', f.day, 'at', f.at))::text AS body"
    " FROM behind b, f),"
    " event AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body)"
    " SELECT 'told', id, 'told', 'told.instant', since, $2, encode(sha256(convert_to(body, 'UTF8')), 'hex'),"
    " convert_to(body, 'UTF8') FROM said s WHERE NOT EXISTS (SELECT FROM told.event e WHERE e.source = 'told' AND e.id = s.id)"
    " ORDER BY child_id LIMIT $3 ON CONFLICT DO NOTHING RETURNING event_id, id)"
    " INSERT INTO told.event_state (event_id, child_id, match_because)"
    " SELECT event_id, child_id, 'a moment of this child' FROM event JOIN said USING (id)",
    3};

/* One duty with the clock it has. */
struct clock_row {
    const char *id, *kind, *rule, *protocol_hash, *calendar_hash, *shows;
    struct instant received_at, due_at;
    int64_t ground; /* 0: none is left */
    bool immediate;
};

static struct clock_row read_row(const PGresult *rows, int i)
{
    return (struct clock_row){.id = pg_column(rows, i, 0),
                              .kind = pg_column(rows, i, 1),
                              .rule = pg_column(rows, i, 2),
                              .protocol_hash = pg_column(rows, i, 3),
                              .calendar_hash = pg_column(rows, i, 4),
                              .received_at = pg_column_instant(rows, i, 5),
                              .due_at = pg_column_instant(rows, i, 6),
                              .shows = pg_column(rows, i, 7),
                              .ground = pg_column_int(rows, i, 8),
                              .immediate = pg_column_bool(rows, i, 9)};
}

static bool pin(struct duty_store *s, const struct clock_row *r, const char *provisional, const char *explain)
{
    return pg_do(s->pg, &PIN, (const char *[]){r->id, calendar_hash(s->config->calendar), provisional, explain});
}

static bool move(struct duty_store *s, const struct clock_row *r, const struct decided_due *due)
{
    bool other_calendar = strcmp(r->calendar_hash, calendar_hash(s->config->calendar)) != 0;
    bool moved = strcmp(due->shows, r->shows) != 0;
    const char *why = other_calendar ? "the calendar changed" : "the date it counts from moved";

    if (moved) {
        log_info("duty=%s clock=moved reason=\"%s\"", r->id, why);
        if (!duty_store_tell_again(s, atoll(r->id), due->at, due->immediate, due->shows, why))
            return false;
    }
    return (!moved && !other_calendar) || pin(s, r, due->provisional ? "true" : "false", moved ? due->explain : NULL);
}

/* Everything known by now, for the date it counts from may have been said after the duty opened; the event itself is its
 * ground, and the facts are those that it was decided on. */
static bool due_of(struct duty_store *s, const struct timeline *t, const struct rule *rule, const struct clock_row *r,
                   struct decided_due *ret)
{
    struct timeline_view at = {0}, all = {0};
    struct decide_input input = {.authority = s->config->authority, .received_at = r->received_at};
    size_t index = 0;
    bool found;

    while (index < t->count && t->events[index].event_id != r->ground)
        index++;
    if (index == t->count || t->events[index].event == NULL)
        return false;
    timeline_view(t, index, &at);
    timeline_view_all(t, &all);
    input.event = t->events[index].event;
    input.facts = at.facts;
    input.history = all.history;
    input.history_count = all.history_count;
    decide_court_facts(s->config, input.event, &input);
    found = decide_due(rule, s->config->calendar, &input, ret);
    timeline_view_release(&at);
    timeline_view_release(&all);
    return found;
}

/* A question has one working day from its receipt. One whose duty had a shorter clock keeps that. */
static bool move_question(struct duty_store *s, const struct clock_row *r)
{
    struct civil_day from = civil_day_of(r->received_at);
    bool ok = true;
    const struct calendar *old = version_shelf_calendar(s->versions, s->pg, r->calendar_hash, &ok);
    struct decided_due due = {.immediate = r->immediate, .shows = mem_copy(r->shows)};

    if (old == NULL) {
        free(due.shows);
        return ok && pin(s, r, NULL, NULL);
    }
    due.at = r->due_at;
    if (instant_compare(r->due_at, calendar_alarm_at(calendar_add_working_days(old, from, 1))) == 0)
        due.at = calendar_alarm_at(calendar_add_working_days(s->config->calendar, from, 1));
    if (instant_compare(due.at, r->due_at) != 0)
        ok = duty_store_tell_again(s, atoll(r->id), due.at, r->immediate, r->shows, "the calendar changed");
    ok = ok && pin(s, r, NULL, NULL);
    decided_due_release(&due);
    return ok;
}

static bool move_duty(struct duty_store *s, const struct timeline *t, const struct clock_row *r, bool calendar_changed)
{
    bool ok = true;
    const struct rule *rule =
        version_shelf_rule(s->versions, s->pg, s->config->protocol, r->protocol_hash, r->rule, &ok);
    struct decided_due due = {0};

    if (!ok || (!calendar_changed && (rule == NULL || !rule_counts_from_release(rule))))
        return ok;
    if (rule == NULL || !due_of(s, t, rule, r, &due))
        return !calendar_changed || pin(s, r, NULL, NULL); /* it stays as it is: a person closes it */
    ok = move(s, r, &due);
    decided_due_release(&due);
    return ok;
}

bool decide_clock_child(struct duty_store *s, const struct timeline *t, bool calendar_changed)
{
    char child[24];
    PGresult *rows;
    bool ok;

    snprintf(child, sizeof child, "%lld", (long long)t->child_id);
    rows = pg_run(s->pg, &OF_CHILD, (const char *[]){child});
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        struct clock_row r = read_row(rows, i);

        if (strcmp(r.kind, "duty") == 0)
            ok = move_duty(s, t, &r, calendar_changed && strcmp(r.calendar_hash, calendar_hash(s->config->calendar)) != 0);
        else if (calendar_changed && strcmp(r.calendar_hash, calendar_hash(s->config->calendar)) != 0)
            ok = move_question(s, &r);
    }
    PQclear(rows);
    return ok;
}

bool decide_clock_enforce(struct duty_store *s)
{
    char now[INSTANT_TEXT_SIZE];
    const char *hash = calendar_hash(s->config->calendar);
    PGresult *row = pg_run(s->pg, &ENFORCE, (const char *[]){hash, instant_print(s->now, now)});
    char *detail = store_detail("calendar", hash, NULL);
    bool ok = row != NULL;

    if (ok && PQntuples(row) > 0)
        ok = store_journal(s->pg, s->now, &(struct store_journal){.what = "calendar in force", .detail = detail});
    free(detail);
    PQclear(row);
    return ok;
}

static int sweep_nobody(struct duty_store *s, const char *hash, const char *most)
{
    PGresult *rows = pg_run(s->pg, &OF_NOBODY, (const char *[]){hash, most});
    int count = rows != NULL ? PQntuples(rows) : -1;

    for (int i = 0; i < count; i++) {
        struct clock_row r = read_row(rows, i);

        if (!move_question(s, &r))
            count = -1;
    }
    PQclear(rows);
    return count;
}

/* Whoever has another calendar than the one in force leaves the clocks alone. */
static bool is_in_force(struct duty_store *s, bool *ret)
{
    static const struct pg_statement IN_FORCE = {"calendar_which", "SELECT hash FROM told.calendar_in_force", 0};
    PGresult *row = pg_run(s->pg, &IN_FORCE, NULL);

    *ret = row != NULL && PQntuples(row) > 0 && strcmp(pg_column(row, 0, 0), calendar_hash(s->config->calendar)) == 0;
    PQclear(row);
    return row != NULL;
}

int decide_clock_sweep(struct duty_store *s)
{
    char now[INSTANT_TEXT_SIZE], most[24];
    const char *hash = calendar_hash(s->config->calendar);
    int count = 0, begun;
    bool ours = false;

    snprintf(most, sizeof most, "%d", SWEEP_MOST);
    if (!pg_begin(s->pg))
        return -1;
    if (!is_in_force(s, &ours))
        count = -1;
    if (count >= 0 && ours) {
        PGresult *done = pg_run(s->pg, &BEGIN, (const char *[]){hash, instant_print(s->now, now), most});

        begun = done != NULL ? atoi(PQcmdTuples(done)) : -1;
        PQclear(done);
        count = begun < 0 ? -1 : sweep_nobody(s, hash, most);
        count = count < 0 ? -1 : count + begun;
    }
    if (count >= 0 && pg_commit(s->pg))
        return count;
    pg_rollback(s->pg);
    return -1;
}
