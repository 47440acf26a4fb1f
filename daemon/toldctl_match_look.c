/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "toldctl_event.h"
#include "toldctl_match.h"

static const struct pg_statement find_match = {
    "match_find", "SELECT event_id FROM told.duty WHERE duty_id = $1 AND kind = 'match'", 1};

int toldctl_match_event(struct toldctl *ctl, int64_t review_id, int64_t *ret_event_id, struct event **ret)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, review_id);
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &find_match, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(row) && pg_column(row, 0, 0)) {
        *ret_event_id = pg_column_int(row, 0, 0);
        code = toldctl_event_load(ctl, *ret_event_id, ret);
    } else {
        code = toldctl_refuse(EX_DATAERR, "%s asks for no match; `toldctl reviews` lists those that do", id);
    }
    PQclear(row);
    return code;
}

bool toldctl_match_look(struct toldctl *ctl, int64_t event_id, const struct event *event, struct match_look *ret)
{
    *ret = (struct match_look){
        .person = person_read(event_person(event), (const char *const *)ctl->config->trusted)};
    const struct candidates_asked asked = {event_id, ret->person, true};
    if (!candidates_find(ctl->pg, &asked, 1, &ret->found))
        return false;
    identity_judge(&ctl->config->identity, ret->person, ret->found.of[0].list, ret->found.of[0].count,
                   &ret->result);
    return true;
}

void toldctl_match_look_release(struct match_look *look)
{
    identity_release(&look->result);
    candidates_release(&look->found, 1);
    person_free(look->person);
    *look = (struct match_look){0};
}
