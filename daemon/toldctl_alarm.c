/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_alarm.h"

#include <stdlib.h>

#include "store.h"

static const struct pg_statement find_alarm = {
    "alarm_find",
    "SELECT a.alarm_id, d.duty_id FROM told.alarm a LEFT JOIN told.duty d ON d.duty_id = a.duty_id AND d.state <> 'closed'"
    " WHERE a.kind = $1 AND a.key = $2 AND a.cleared_at IS NULL FOR UPDATE OF a",
    2};
static const struct pg_statement clear_alarm = {
    "alarm_clear_one", "UPDATE told.alarm SET cleared_at = $2 WHERE alarm_id = $1 AND cleared_at IS NULL", 2};

static int close_duty(struct toldctl *ctl, const struct answerer *who, int64_t duty_id, const char *kind, const char *key,
                      const char *note)
{
    struct answered_duty duty = {0};
    int code = toldctl_answerer_lock(ctl, duty_id, &duty);
    if (!code) {
        char *detail = store_detail("alarm", kind, "about", key, NULL);
        if (!toldctl_answerer_record(ctl, who, &duty, "done", note, detail) ||
            !toldctl_answerer_close(ctl, who, &duty, "done", "what it was about was answered"))
            code = TOLDCTL_DATABASE;
        free(detail);
    }
    answer_store_release(&duty);
    return code;
}

int toldctl_alarm_close(struct toldctl *ctl, const struct answerer *who, const char *kind, const char *key, const char *note)
{
    char at[INSTANT_TEXT_SIZE];
    PGresult *row = pg_run(ctl->pg, &find_alarm, (const char *[]){kind, key});
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(row) && pg_column(row, 0, 1))
        code = close_duty(ctl, who, pg_column_int(row, 0, 1), kind, key, note);
    if (!code && PQntuples(row) &&
        !pg_do(ctl->pg, &clear_alarm, (const char *[]){pg_column(row, 0, 0), instant_print(who->now, at)}))
        code = TOLDCTL_DATABASE;
    PQclear(row);
    return code;
}
