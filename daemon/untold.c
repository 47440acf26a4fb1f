/* SPDX-License-Identifier: Apache-2.0 */
#include "untold.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "store.h"

/* Only the step that failed, and only while another is above it: a line whose top cannot be reached would be told again
 * and again without a pause. Nothing comes back where the line has moved on, sleeps or is answered. */
static const struct pg_statement HURRY_LINE = {
    "untold_hurry_line",
    "WITH l AS (SELECT l.duty_id, l.line, l.step < coalesce(array_length(l.above, 1), 0) AS more, d.kind FROM told.duty_line l"
    " JOIN told.duty d USING (duty_id) WHERE l.duty_id = $1 AND l.line = $2 AND l.step = $3 AND d.state <> 'closed'"
    " AND l.next_at IS NOT NULL AND NOT l.stopped),"
    " moved AS (UPDATE told.duty_line o SET next_at = $4 FROM l WHERE o.duty_id = l.duty_id AND o.line = l.line AND l.more"
    " AND o.next_at > $4)"
    " SELECT more, kind = 'alarm' FROM l",
    4};
static const struct pg_statement HURRY_DUTY = {
    "untold_hurry_duty", "UPDATE told.duty SET next_at = $2 WHERE duty_id = $1 AND state <> 'closed' AND next_at > $2", 2};

/* The lines of a notification: its own and those that gave way to it. $2: only where no other channel of the same rung may
 * still reach, or has reached, their role. Whoever is only asked again beside the line does not move it. */
static const struct pg_statement LINES = {
    "untold_lines",
    "SELECT o.line FROM told.notification n JOIN told.notification o USING (duty_id, telling, step, channel, recipient)"
    " WHERE n.notification_id = $1 AND o.line >= 0 AND o.kind <> 'chase'"
    " AND (o.notification_id = n.notification_id OR o.state = 'superseded')"
    " AND (NOT $2::boolean OR NOT EXISTS (SELECT FROM told.notification x WHERE x.duty_id = n.duty_id AND x.telling = n.telling"
    " AND x.step = n.step AND x.line IN (n.line, o.line) AND x.role IN (n.role, o.role)"
    " AND x.state IN ('queued', 'claimed', 'sent', 'uncertain')))"
    " GROUP BY o.line ORDER BY o.line",
    2};

/* Of the lines as above: those that no other telling of their first step has reached. */
static const struct pg_statement UNREACH = {
    "untold_unreach",
    "UPDATE told.duty_line l SET reached_at = NULL FROM told.notification n JOIN told.notification o"
    " USING (duty_id, telling, step, channel, recipient) WHERE n.notification_id = $1 AND n.step = 0 AND l.duty_id = n.duty_id"
    " AND l.line = o.line AND (o.notification_id = n.notification_id OR o.state = 'superseded')"
    " AND NOT EXISTS (SELECT FROM told.notification x JOIN told.notification y USING (duty_id, telling, step, channel, recipient)"
    " WHERE x.duty_id = l.duty_id AND x.step = 0 AND x.state = 'sent' AND y.line = l.line"
    " AND (x.notification_id = y.notification_id OR y.state = 'superseded'))",
    1};
static const struct pg_statement UNTELL = {
    "untold_untell",
    "UPDATE told.duty d SET state = CASE state WHEN 'told' THEN 'open' ELSE state END, told_at = NULL"
    " WHERE duty_id = $1 AND state <> 'closed' AND told_at IS NOT NULL"
    " AND EXISTS (SELECT FROM told.duty_line l WHERE l.duty_id = d.duty_id AND l.reached_at IS NULL) RETURNING duty_id",
    1};

/* Nobody is above: it stays at its dwell, and the operators look. Their own alarms make no alarm, or there is no end. */
static bool say_unreachable(struct untold *u, int64_t duty_id, bool alarm)
{
    char key[24];

    snprintf(key, sizeof key, "D-%lld", (long long)duty_id);
    log_error("duty=%lld state=unreachable do=\"correct the directory: the top of its line cannot be reached\"",
              (long long)duty_id);
    return alarm || store_alarm(u->pg, "unreachable-at-top", key,
                                "no channel reaches the top of its line; it is tried again after each dwell", u->now);
}

/* *ret_more: whether it moves. */
static PGresult *hurry(struct untold *u, int64_t duty_id, int line, int step, bool *ret_more)
{
    char id[24], number[24], step_text[24], now[INSTANT_TEXT_SIZE];
    PGresult *rows;

    *ret_more = false;
    snprintf(id, sizeof id, "%lld", (long long)duty_id);
    snprintf(number, sizeof number, "%d", line);
    snprintf(step_text, sizeof step_text, "%d", step);
    rows = pg_run(u->pg, &HURRY_LINE, (const char *[]){id, number, step_text, instant_print(u->now, now)});
    if (rows == NULL || PQntuples(rows) == 0 || !pg_column_bool(rows, 0, 0))
        return rows;
    u->escalate = *ret_more = true;
    if (pg_do(u->pg, &HURRY_DUTY, (const char *[]){id, now}))
        return rows;
    PQclear(rows);
    return NULL;
}

bool untold_line(struct untold *u, int64_t duty_id, int line, int step)
{
    bool more, ok;
    PGresult *rows = hurry(u, duty_id, line, step, &more);

    ok = rows != NULL;
    if (ok && PQntuples(rows) > 0 && !more)
        ok = say_unreachable(u, duty_id, pg_column_bool(rows, 0, 1));
    PQclear(rows);
    return ok;
}

bool untold_failed(struct untold *u, const char *notification, int64_t duty_id, int step)
{
    PGresult *lines = pg_run(u->pg, &LINES, (const char *[]){notification, "true"});
    bool ok = lines != NULL;

    for (int i = 0; ok && i < PQntuples(lines); i++)
        ok = untold_line(u, duty_id, (int)pg_column_int(lines, i, 0), step);
    PQclear(lines);
    return ok;
}

bool untold_unread(struct untold *u, const char *notification, int64_t duty_id, int step, int *ret_count)
{
    PGresult *lines = pg_run(u->pg, &LINES, (const char *[]){notification, "false"}), *moved;
    bool ok = lines != NULL, more;

    for (int i = 0; ok && i < PQntuples(lines); i++) {
        moved = hurry(u, duty_id, (int)pg_column_int(lines, i, 0), step, &more);
        ok = moved != NULL;
        *ret_count += more;
        PQclear(moved);
    }
    PQclear(lines);
    return ok;
}

bool untold_reached_no_more(struct untold *u, const char *notification, int64_t duty_id)
{
    char id[24];
    PGresult *rows;
    bool ok, untold;

    snprintf(id, sizeof id, "%lld", (long long)duty_id);
    if (!pg_do(u->pg, &UNREACH, (const char *[]){notification}))
        return false;
    rows = pg_run(u->pg, &UNTELL, (const char *[]){id});
    ok = rows != NULL;
    untold = ok && PQntuples(rows) > 0;
    PQclear(rows);
    return ok && (!untold || store_journal(u->pg, u->now, &(struct store_journal){.what = "duty told no more", .duty_id = duty_id}));
}
