/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

enum { NAMED_MOST = 6 }; /* duties that the first line of the notice names; toldctl duties --child lists them all */

static const struct pg_statement OPEN = {
    "handover_open",
    "SELECT duty_id, duty, " PG_INSTANT("due_at") " FROM told.duty WHERE child_id = $1 AND kind = 'duty' AND state <> 'closed'"
    " ORDER BY due_at, duty_id FOR UPDATE",
    1};

static bool ask(struct duty_store *s, const struct timeline *t, const struct timeline_event *e, const PGresult *rows)
{
    struct buf says = {0}, list = {0};
    char key[48], day[CIVIL_TEXT_SIZE];
    const char *tell[] = {s->config->review_role};
    struct instant due = calendar_alarm_at(calendar_add_working_days(s->config->calendar, civil_day_of(e->received_at), 1));
    int count = PQntuples(rows);
    char *because;
    bool ok;

    for (int i = 0; i < count; i++)
        buf_printf(&list, "%sD-%s (%s, due %s)", i > 0 ? ", " : "", pg_column(rows, i, 0), pg_column(rows, i, 1),
                   civil_print(civil_day_of(pg_column_instant(rows, i, 2)), day));
    if (count <= NAMED_MOST)
        buf_printf(&says, "Hand over to the authority that the court has designated: %s", buf_string(&list));
    else
        buf_printf(&says, "Hand over %d open duties, with their dates, to the authority that the court has designated", count);
    snprintf(key, sizeof key, "[\"handover\",%lld]", (long long)e->event_id);
    because = store_detail("question", "another authority is designated; were these handed over, with their dates?", "duties",
                           buf_string(&list), NULL);
    ok = duty_store_open(s, &(struct duty_new){.kind = "review",
                                               .child_id = t->child_id,
                                               .case_ref = event_case(e->event),
                                               .rule = "review",
                                               .key = key,
                                               .occurrence = 1,
                                               .duty = "review",
                                               .title = "Hand over open duties to another authority, with their dates",
                                               .says = buf_string(&says),
                                               .event_id = e->event_id,
                                               .received_at = e->received_at,
                                               .due_at = due,
                                               .shows = because,
                                               .closes = "done",
                                               .because = because,
                                               .tell = tell,
                                               .tell_count = 1,
                                               .ladder = ""}) >= 0;
    free(because);
    buf_release(&list);
    buf_release(&says);
    return ok;
}

static bool journal(struct duty_store *s, const struct timeline *t, const struct timeline_event *e, const PGresult *rows, int i)
{
    char due[INSTANT_TEXT_SIZE], *detail = store_detail("due_at", instant_print(pg_column_instant(rows, i, 2), due), NULL);
    bool ok = store_journal(s->pg, s->now,
                            &(struct store_journal){.what = "duty to be handed over",
                                                    .event_id = e->event_id,
                                                    .child_id = t->child_id,
                                                    .duty_id = pg_column_int(rows, i, 0),
                                                    .detail = detail});

    free(detail);
    return ok;
}

bool decide_handover(struct duty_store *s, const struct timeline *t, const struct timeline_event *e)
{
    const char *to = json_text_at(json_object_get(event_json(e->event), "data"), "to");
    char child[24];
    PGresult *rows;
    bool ok;

    if (strcmp(event_type(e->event), "court.authority-designated") != 0 || to == NULL || strcmp(to, s->config->authority) == 0)
        return true;
    snprintf(child, sizeof child, "%lld", (long long)t->child_id);
    rows = pg_run(s->pg, &OPEN, (const char *[]){child});
    ok = rows != NULL && (PQntuples(rows) == 0 || ask(s, t, e, rows));
    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = journal(s, t, e, rows, i);
    PQclear(rows);
    return ok;
}
