/* SPDX-License-Identifier: Apache-2.0 */
#include "duty_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"

static const struct pg_statement OPEN = {
    "duty_open",
    "INSERT INTO told.duty (kind, child_id, case_ref, rule, key, occurrence, duty, title, says, immediate, provisional, event_id,"
    " received_at, due_at, shows, closes, because, protocol_hash, calendar_hash, opened_at, next_at,"
    " as_of, retry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
    " $21, $22, $23)"
    " ON CONFLICT (child_id, case_ref, rule, key, occurrence) DO NOTHING RETURNING duty_id",
    23};

static const struct pg_statement ADD_LINE = {
    "duty_line_add",
    "INSERT INTO told.duty_line (duty_id, line, role, chase, above, next_at) VALUES ($1, $2, $3, $4, $5, $6)", 6};

static const struct pg_statement ADD_GROUND = {
    "duty_ground_add",
    "INSERT INTO told.duty_ground (duty_id, event_id, added_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", 3};

static const struct pg_statement NOTIFY = {
    "notification_add",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, state, reason, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'email', $7, $8, $9)"
    " ON CONFLICT (duty_id, telling, line, step, role, channel) WHERE state <> 'superseded' DO NOTHING",
    9};

static const struct pg_statement RETELL = {
    "duty_tell_again",
    "UPDATE told.duty d SET telling = o.telling + 1, due_at = $2, shows = $3, immediate = $4"
    " FROM (SELECT duty_id, telling, due_at FROM told.duty WHERE duty_id = $1) o WHERE d.duty_id = o.duty_id"
    " RETURNING d.telling, " PG_INSTANT("o.due_at"),
    4};

/* Copies of the latest row of each role already told, as one more telling; resolved anew by dispatch. */
static const struct pg_statement RETELL_ROLES = {
    "notification_tell_again",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, state, reason, created_at)"
    " SELECT DISTINCT ON (line, step, role) duty_id, $2::int, line, step, kind, role, 'email', $3, $4, $5::timestamptz"
    " FROM told.notification WHERE duty_id = $1 AND telling < $2::int AND (state <> 'cancelled' OR reason = 'overtaken by a change')"
    " ORDER BY line, step, role, telling DESC ON CONFLICT DO NOTHING",
    5};

static const struct pg_statement MOVE_AS_OF = {
    "duty_as_of",
    "UPDATE told.duty d SET as_of = $2 FROM (SELECT duty_id, as_of FROM told.duty WHERE duty_id = $1) o"
    " WHERE d.duty_id = o.duty_id AND o.as_of IS DISTINCT FROM $2::date RETURNING o.as_of::text",
    2};

/* A moved deadline moves the first step of lines that have not climbed yet, and wakes those asleep until due_at. */
static const struct pg_statement MOVE_LINES = {
    "duty_line_move",
    "UPDATE told.duty_line SET next_at = greatest($2::timestamptz, $3::timestamptz)"
    " WHERE duty_id = $1 AND next_at IS NOT NULL AND (step = 0 OR stopped)",
    3};

static const struct pg_statement NEXT_AT = {
    "duty_next_at",
    "UPDATE told.duty SET next_at = coalesce((SELECT min(next_at) FROM told.duty_line WHERE duty_id = $1), next_at)"
    " WHERE duty_id = $1 AND state <> 'closed'",
    1};

static const struct pg_statement CLOSE = {
    "duty_close",
    "UPDATE told.duty SET state = 'closed', closed_as = $2, closed_at = $3, closed_reason = $4, next_at = NULL"
    " WHERE duty_id = $1 AND state <> 'closed' RETURNING kind",
    4};

static const struct pg_statement CLOSE_LINES = {
    "duty_line_close", "UPDATE told.duty_line SET next_at = NULL WHERE duty_id = $1", 1};

static const struct pg_statement CLOSE_QUEUED = {
    "notification_cancel",
    "UPDATE told.notification SET state = 'cancelled', reason = $2"
    " WHERE duty_id = $1 AND state IN ('queued', 'uncertain') AND kind NOT IN ('correction', 'closing')",
    2};

/* Whose calendar holds its deadline hears that it is over. */
static const struct pg_statement CLOSING = {"duty_closing", "SELECT told.duty_closing($1, $2, $3)", 3};

static const struct pg_statement CLEAR_ALARM = {
    "alarm_clear", "UPDATE told.alarm SET cleared_at = $2 WHERE duty_id = $1 AND cleared_at IS NULL", 2};

/* A bigint parameter; 0 is SQL NULL. */
static const char *number(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return value == 0 ? NULL : out;
}

static bool add_line(struct duty_store *s, int64_t duty_id, int line, const char *role, const struct duty_new *duty)
{
    const struct directory_role *known = directory_role(s->roles, role);
    const char *above[DUTY_ABOVE_MOST];
    size_t count = directory_ladder(s->roles, role, duty->ladder, above, DUTY_ABOVE_MOST);
    struct buf array = {0};
    char id[24], n[24], next[INSTANT_TEXT_SIZE];
    bool ok;

    for (size_t i = 0; i < count; i++)
        pg_array_add(&array, above[i]);
    snprintf(n, sizeof n, "%d", line);
    instant_print(ladder_first_at(duty->due_at, s->now), next);
    ok = pg_later(s->pg, &ADD_LINE,
                  (const char *[]){number(id, duty_id), n, role, known != NULL && known->chase ? "true" : "false",
                                   pg_array_end(&array), next}) &&
         duty_store_notify(s, duty_id, 1, line, 0, "tell", role);
    buf_release(&array);
    return ok;
}

static int64_t insert(struct duty_store *s, const struct duty_new *d)
{
    char child[24], event[24], occurrence[24], received[INSTANT_TEXT_SIZE], due[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE],
        next[INSTANT_TEXT_SIZE], *retry = backoff_print(&s->config->retry);
    PGresult *result;
    int64_t id;

    snprintf(occurrence, sizeof occurrence, "%d", d->occurrence);
    result = pg_run(s->pg, &OPEN,
                    (const char *[]){d->kind, number(child, d->child_id), d->case_ref, d->rule, d->key, occurrence, d->duty,
                                     d->title, d->says, d->immediate ? "true" : "false", d->provisional ? "true" : "false",
                                     number(event, d->event_id), instant_print(d->received_at, received),
                                     instant_print(d->due_at, due), d->shows, d->closes, d->because,
                                     protocol_hash(s->config->protocol), calendar_hash(s->config->calendar),
                                     instant_print(s->now, now), instant_print(ladder_first_at(d->due_at, s->now), next),
                                     d->as_of, retry});
    free(retry);
    if (result == NULL)
        return -1;
    id = PQntuples(result) > 0 ? pg_column_int(result, 0, 0) : 0;
    PQclear(result);
    return id;
}

int64_t duty_store_open(struct duty_store *s, const struct duty_new *d)
{
    int64_t id = insert(s, d);
    char due[INSTANT_TEXT_SIZE], *detail;
    bool ok = true;

    if (id <= 0)
        return id;
    if (strcmp(d->kind, "alarm") != 0)
        *(d->immediate ? &s->made.immediate : &s->made.calm) += 1;
    for (size_t i = 0; ok && i < d->tell_count; i++)
        ok = add_line(s, id, (int)i, d->tell[i], d);
    for (size_t i = 0; ok && i < d->copy_count; i++)
        ok = duty_store_notify(s, id, 1, -1, 0, "copy", d->copy[i]);
    if (ok && d->event_id != 0)
        ok = duty_store_add_ground(s, id, d->event_id);
    detail = store_detail("duty", d->duty, "rule", d->rule, "due_at", instant_print(d->due_at, due), "as_of", d->as_of,
                          NULL);
    ok = ok && store_journal(s->pg, s->now,
                             &(struct store_journal){.what = "duty opened",
                                                     .event_id = d->event_id,
                                                     .child_id = d->child_id,
                                                     .duty_id = id,
                                                     .detail = detail});
    free(detail);
    return ok ? id : -1;
}

bool duty_store_notify(struct duty_store *s, int64_t duty_id, int telling, int line, int step, const char *kind,
                       const char *role)
{
    char id[24], t[24], l[24], st[24], now[INSTANT_TEXT_SIZE];

    snprintf(t, sizeof t, "%d", telling);
    snprintf(l, sizeof l, "%d", line);
    snprintf(st, sizeof st, "%d", step);
    return pg_later(s->pg, &NOTIFY,
                    (const char *[]){number(id, duty_id), t, l, st, kind, role, s->shadow ? "cancelled" : "queued",
                                     s->shadow ? "shadow: nobody is told" : NULL, instant_print(s->now, now)});
}

bool duty_store_tell_again(struct duty_store *s, int64_t duty_id, struct instant due_at, bool immediate, const char *shows,
                           const char *why)
{
    char id[24], due[INSTANT_TEXT_SIZE], was_due[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE], telling[24], *detail;
    PGresult *result;
    bool ok;

    number(id, duty_id);
    instant_print(due_at, due);
    instant_print(s->now, now);
    result = pg_run(s->pg, &RETELL, (const char *[]){id, due, shows, immediate ? "true" : "false"});
    if (result == NULL)
        return false;
    *(immediate ? &s->made.immediate : &s->made.calm) += 1;
    snprintf(telling, sizeof telling, "%lld", (long long)pg_column_int(result, 0, 0));
    instant_print(pg_column_instant(result, 0, 1), was_due);
    PQclear(result);
    detail = store_detail("telling", telling, "due_at", due, "was_due_at", was_due, "because", why, NULL);
    ok = pg_do(s->pg, &CLOSE_QUEUED, (const char *[]){id, "overtaken by a change"}) &&
         pg_do(s->pg, &RETELL_ROLES,
               (const char *[]){id, telling, s->shadow ? "cancelled" : "queued",
                                s->shadow ? "shadow: nobody is told" : NULL, now}) &&
         pg_do(s->pg, &MOVE_LINES, (const char *[]){id, due, now}) && pg_do(s->pg, &NEXT_AT, (const char *[]){id}) &&
         store_journal(s->pg, s->now,
                       &(struct store_journal){.what = "duty changed", .duty_id = duty_id, .detail = detail});
    free(detail);
    return ok;
}

bool duty_store_move_as_of(struct duty_store *s, int64_t duty_id, const char *as_of)
{
    char id[24], *detail;
    PGresult *was = pg_run(s->pg, &MOVE_AS_OF, (const char *[]){number(id, duty_id), as_of});
    bool ok = was != NULL;

    if (ok && PQntuples(was) > 0) {
        detail = store_detail("as_of", as_of, "was_as_of", pg_column(was, 0, 0), NULL);
        ok = store_journal(s->pg, s->now,
                           &(struct store_journal){.what = "duty told as of another day", .duty_id = duty_id, .detail = detail});
        free(detail);
    }
    PQclear(was);
    return ok;
}

bool duty_store_add_ground(struct duty_store *s, int64_t duty_id, int64_t event_id)
{
    char id[24], event[24], now[INSTANT_TEXT_SIZE];

    return pg_later(s->pg, &ADD_GROUND,
                    (const char *[]){number(id, duty_id), number(event, event_id), instant_print(s->now, now)});
}

static bool tell_closing(struct duty_store *s, const char *duty, const char *now)
{
    enum config_closing tell = s->config->closing;

    return s->shadow || tell == CONFIG_CLOSING_NOBODY ||
           pg_do(s->pg, &CLOSING, (const char *[]){duty, tell == CONFIG_CLOSING_OTHERS ? "true" : "false", now});
}

bool duty_store_close(struct duty_store *s, int64_t duty_id, const char *closed_as, const char *reason, int64_t event_id)
{
    char id[24], now[INSTANT_TEXT_SIZE], *detail;
    PGresult *result;
    bool was_open, ok;

    number(id, duty_id);
    instant_print(s->now, now);
    result = pg_run(s->pg, &CLOSE, (const char *[]){id, closed_as, now, reason});
    if (result == NULL)
        return false;
    was_open = PQntuples(result) > 0;
    PQclear(result);
    if (!was_open)
        return true;
    detail = store_detail("as", closed_as, "reason", reason, NULL);
    ok = pg_do(s->pg, &CLOSE_LINES, (const char *[]){id}) &&
         pg_do(s->pg, &CLOSE_QUEUED, (const char *[]){id, "the duty is closed"}) &&
         pg_do(s->pg, &CLEAR_ALARM, (const char *[]){id, now}) && tell_closing(s, id, now) &&
         store_journal(s->pg, s->now,
                       &(struct store_journal){
                           .what = "duty closed", .event_id = event_id, .duty_id = duty_id, .detail = detail});
    free(detail);
    return ok;
}
