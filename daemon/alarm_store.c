/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm_store.h"

#include "store.h"

static const struct pg_statement OPEN = {
    "alarm_store_open",
    "SELECT a.alarm_id, d.duty_id FROM told.alarm a LEFT JOIN told.duty d ON d.duty_id = a.duty_id AND d.state <> 'closed'"
    " WHERE a.kind = $1 AND a.key = $2 AND a.cleared_at IS NULL",
    2};
/* Duties are locked before whatever hangs on them, as everybody does. */
static const struct pg_statement LOCK_DUTY = {
    "alarm_store_lock_duty", "SELECT duty_id FROM told.duty WHERE duty_id = $1 FOR NO KEY UPDATE", 1};
static const struct pg_statement CLEAR = {
    "alarm_store_clear", "UPDATE told.alarm SET cleared_at = $2 WHERE alarm_id = $1 AND cleared_at IS NULL", 2};

bool alarm_store_begin(struct duty_store *s, const char *kind, const char *key, const char *detail, bool *ret_is_new)
{
    PGresult *open = pg_run(s->pg, &OPEN, (const char *[]){kind, key});
    bool ok = open != NULL, is_new = ok && PQntuples(open) == 0;

    PQclear(open);
    if (is_new)
        ok = store_alarm(s->pg, kind, key, detail, s->now);
    if (ok)
        *ret_is_new = is_new;
    return ok;
}

bool alarm_store_end(struct duty_store *s, const char *kind, const char *key, const char *reason, bool *ret_was_open)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *open = pg_run(s->pg, &OPEN, (const char *[]){kind, key});
    bool ok = open != NULL, was_open = ok && PQntuples(open) > 0;

    if (was_open && pg_column(open, 0, 1) != NULL)
        ok = pg_do(s->pg, &LOCK_DUTY, (const char *[]){pg_column(open, 0, 1)}) &&
             duty_store_close(s, pg_column_int(open, 0, 1), "discharged", reason, 0);
    if (ok && was_open)
        ok = pg_do(s->pg, &CLEAR, (const char *[]){pg_column(open, 0, 0), instant_print(s->now, now)});
    if (ok && ret_was_open != NULL)
        *ret_was_open = was_open;
    PQclear(open);
    return ok;
}
