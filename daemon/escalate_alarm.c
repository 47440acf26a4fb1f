/* SPDX-License-Identifier: Apache-2.0 */
#include "escalate_alarm.h"

static const struct pg_statement ALARM = {
    "alarm_of_fact",
    "SELECT a.alarm_id, a.duty_id, d.duty_id FROM told.alarm a LEFT JOIN told.duty d ON d.duty_id = a.duty_id AND d.state <> 'closed'"
    " WHERE a.kind = $1 AND a.key = $2 AND a.cleared_at IS NULL",
    2};
static const struct pg_statement LOCK_DUTY = {
    "alarm_of_fact_duty", "SELECT FROM told.duty WHERE duty_id = $1 FOR UPDATE", 1};
static const struct pg_statement CLEAR = {
    "alarm_of_fact_clear", "UPDATE told.alarm SET cleared_at = $2 WHERE alarm_id = $1 AND cleared_at IS NULL", 2};

bool escalate_alarm_clear(struct duty_store *s, const char *kind, const char *key, const char *fact)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *row = pg_run(s->pg, &ALARM, (const char *[]){kind, key});
    bool ok = row != NULL;

    if (ok && PQntuples(row) > 0 && pg_column(row, 0, 2) != NULL)
        ok = pg_do(s->pg, &LOCK_DUTY, (const char *[]){pg_column(row, 0, 2)}) &&
             duty_store_close(s, pg_column_int(row, 0, 2), "discharged", fact, 0);
    if (ok && PQntuples(row) > 0)
        ok = pg_do(s->pg, &CLEAR, (const char *[]){pg_column(row, 0, 0), instant_print(s->now, now)});
    PQclear(row);
    return ok;
}
