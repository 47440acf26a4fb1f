/* SPDX-License-Identifier: Apache-2.0 */
/* What follows once a server has taken what a role is told: its line is reached, the duty told, perhaps met, perhaps done. */
#include <stdlib.h>

#include "dispatch.h"
#include "duty_store.h"
#include "pg_table.h"
#include "store.h"
#include "told/mem.h"

/* The told role's line, and those whose notification gave way because it goes to the same recipient. */
static const struct pg_statement REACHED = {
    "outcome_reached",
    "UPDATE told.duty_line l SET reached_at = coalesce(l.reached_at, $2) FROM told.notification n"
    " WHERE n.notification_id = ANY ($1::bigint[]) AND l.duty_id = n.duty_id AND (l.line = n.line OR l.line IN (SELECT o.line"
    " FROM told.notification o WHERE o.duty_id = n.duty_id AND o.telling = n.telling AND o.step = n.step"
    " AND o.state = 'superseded' AND o.recipient = n.recipient AND NOT EXISTS (SELECT FROM told.notification x"
    " WHERE x.duty_id = o.duty_id AND x.telling = o.telling AND x.line = o.line AND x.step = o.step AND x.state <> 'superseded')))",
    2};
/* next_at says "not closed" as well as the state does, and does not lead the planner to the index of all open duties. */
static const struct pg_statement TOLD = {
    "outcome_told",
    "UPDATE told.duty d SET state = CASE state WHEN 'open' THEN 'told' ELSE state END, told_at = $2"
    " WHERE duty_id = ANY ($1::bigint[]) AND next_at IS NOT NULL AND told_at IS NULL"
    " AND NOT EXISTS (SELECT FROM told.duty_line l WHERE l.duty_id = d.duty_id AND l.reached_at IS NULL) RETURNING duty_id",
    2};

/* A08: "Record the duty as met when the YOS has received it, with 'by feed' as the means": the role whose acknowledgement
 * it waits for has it. What went to the last resort has reached nobody of that role. */
static const struct pg_statement MET = {
    "outcome_met",
    "UPDATE told.duty d SET met_at = $2, met_role = l.role, met_by = 'feed' FROM told.duty_line l"
    " WHERE d.duty_id = ANY ($1::bigint[]) AND d.met_at IS NULL AND l.duty_id = d.duty_id AND l.reached_at IS NOT NULL"
    " AND l.role = substring(d.closes FROM '^ack of ([a-z0-9-]+)') AND EXISTS (SELECT FROM told.notification n"
    " JOIN told.notification o USING (duty_id, telling, step, recipient) WHERE n.duty_id = d.duty_id AND n.line = l.line"
    " AND n.step = 0 AND n.recipient <> 'last-resort' AND o.state = 'sent') RETURNING d.duty_id, l.role, d.child_id",
    2};

/* A34: "The duty is open until both exist". Somebody recorded the spoken word before the written one arrived. */
static const struct pg_statement BOTH = {
    "outcome_both",
    "SELECT duty_id FROM told.duty d WHERE duty_id = ANY ($1::bigint[]) AND next_at IS NOT NULL AND told_at IS NOT NULL"
    " AND position('done and told' IN closes) > 0"
    " AND EXISTS (SELECT FROM told.answer a WHERE a.duty_id = d.duty_id AND a.kind = 'done') ORDER BY duty_id",
    1};

static bool say_met(struct dispatch *d, const PGresult *met)
{
    struct pg_table journal = STORE_JOURNAL_TABLE;
    bool ok;

    if (PQntuples(met) == 0)
        return true;
    for (int i = 0; i < PQntuples(met); i++) {
        char *detail = store_detail("by", "feed", "role", pg_column(met, i, 1), NULL);

        store_journal_add(&journal, &(struct store_journal){.what = "duty met",
                                                            .duty_id = pg_column_int(met, i, 0),
                                                            .child_id = pg_column_int(met, i, 2),
                                                            .detail = detail});
        free(detail);
    }
    ok = store_journal_write(d->pg, d->now, &journal);
    pg_table_release(&journal);
    return ok;
}

static bool close_both(struct dispatch *d, const PGresult *both)
{
    struct duty_store s = {.pg = d->pg, .config = d->config, .now = d->now};
    bool ok = true;

    for (int i = 0; ok && i < PQntuples(both); i++)
        ok = duty_store_close(&s, pg_column_int(both, i, 0), "done",
                              "what a person did is recorded, and now the written word is accepted", 0);
    return ok;
}

bool dispatch_reached(struct dispatch *d, struct pg_table *reached, struct pg_table *duties)
{
    char now[INSTANT_TEXT_SIZE], *ids;
    const char *values[] = {NULL, instant_print(d->now, now)};
    PGresult *met = NULL, *both = NULL;
    bool ok;

    if (reached->rows == 0)
        return true;
    values[0] = ids = mem_copy(pg_array_end(&duties->columns[0]));
    ok = pg_table_later(d->pg, &REACHED, reached, &values[1]) && pg_later(d->pg, &TOLD, values) &&
         (met = pg_run(d->pg, &MET, values)) != NULL && say_met(d, met) &&
         (both = pg_run(d->pg, &BOTH, values)) != NULL && close_both(d, both);
    PQclear(met);
    PQclear(both);
    free(ids);
    return ok;
}
