/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match --undo REVIEW: the answer is forgotten with all that was learned from it, and the events that it settled are marked.
 * decide then recalls what was told of them, takes them out of the child's timeline and asks a person again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl_answerer.h"
#include "toldctl_match.h"

static const struct pg_statement lock_all = {"unmatch_children",
                                             "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};
static const struct pg_statement lock_child = {
    "unmatch_lock_child",
    "SELECT child_id FROM told.child WHERE child_id IN (SELECT child_id FROM told.event_state WHERE match_review = $1)"
    " ORDER BY child_id FOR UPDATE",
    1};
static const struct pg_statement lock_review = {
    "unmatch_review", "SELECT event_id FROM told.duty WHERE duty_id = $1 AND kind = 'match' FOR UPDATE", 1};
static const struct pg_statement forget_numbers = {"unmatch_numbers", "SELECT told.identifier_forget($1)::text", 1};
static const struct pg_statement forget_born = {
    "unmatch_born",
    "UPDATE told.child SET born_on = NULL WHERE child_id IN (SELECT child_id FROM told.match_decision"
    " WHERE review_id = $1 AND is_same AND set_born_on AND forgotten_at IS NULL)",
    1};
static const struct pg_statement forget_decisions = {
    "unmatch_decisions", "UPDATE told.match_decision SET forgotten_at = $2 WHERE review_id = $1 AND forgotten_at IS NULL", 2};
static const struct pg_statement forget_details = {
    "unmatch_details", "UPDATE told.child_detail SET withdrawn_at = $2 WHERE review_id = $1 AND withdrawn_at IS NULL", 2};
/* Those that the answer settled, now or later; and those of the child that only a number learned with it brought there. */
static const struct pg_statement mark_events = {
    "unmatch_events",
    "WITH learned AS (SELECT unnest($2::text[]) AS scheme), child AS (SELECT DISTINCT child_id FROM told.event_state"
    "  WHERE match_review = $1 AND child_id IS NOT NULL),"
    " gone AS (SELECT c.child_id, l.scheme FROM child c, learned l WHERE NOT EXISTS (SELECT FROM told.child_identifier k"
    "  WHERE k.child_id = c.child_id AND k.scheme = l.scheme))"
    " UPDATE told.event_state s SET state = 'waiting', unmatch = true, reason = 'its match was taken back', begun = 0"
    " WHERE NOT s.unmatch AND s.retracted_by IS NULL AND s.state IN ('waiting', 'decided', 'review') AND (s.match_review = $1"
    " OR (s.match_review IS NULL AND s.child_id IN (SELECT child_id FROM gone) AND EXISTS ("
    "  SELECT FROM jsonb_array_elements(s.match_evidence) e WHERE (e->>'child')::bigint = s.child_id"
    "  AND jsonb_array_length(e->'schemes') > 0 AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(e->'schemes') x"
    "  WHERE NOT EXISTS (SELECT FROM gone g WHERE g.child_id = s.child_id AND g.scheme = x)))))"
    " RETURNING s.event_id, s.child_id",
    2};

struct undo_step {
    int64_t review_id;
    const char *reason;
    struct answerer who;
    int events;
};

static int lock(struct toldctl *ctl, const char *id, int64_t *ret_event)
{
    const char *const values[] = {id};
    if (!pg_do(ctl->pg, &lock_all, NULL) || !pg_do(ctl->pg, &lock_child, values))
        return TOLDCTL_DATABASE;
    PGresult *row = pg_run(ctl->pg, &lock_review, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = PQntuples(row) ? 0
                              : toldctl_refuse(EX_DATAERR, "%s asked for no match; `toldctl reviews --all` lists those that did", id);
    *ret_event = code ? 0 : pg_column_int(row, 0, 0);
    PQclear(row);
    return code;
}

/* What was learned with the answer; *ret_schemes: of which identifiers were (an array; caller frees). */
static bool forget(struct toldctl *ctl, const char *id, const char *now, char **ret_schemes)
{
    const char *const one[] = {id}, *const two[] = {id, now};
    PGresult *row = pg_run(ctl->pg, &forget_numbers, one);
    *ret_schemes = row ? mem_copy(pg_column(row, 0, 0)) : NULL;
    PQclear(row);
    return *ret_schemes && pg_do(ctl->pg, &forget_born, one) && pg_do(ctl->pg, &forget_decisions, two) &&
           pg_do(ctl->pg, &forget_details, two);
}

static bool record(struct toldctl *ctl, const struct undo_step *u, int64_t event_id, const PGresult *marked)
{
    struct buf events = {0};
    for (int i = 0; i < PQntuples(marked); i++)
        buf_printf(&events, "%s%s", i ? " " : "", pg_column(marked, i, 0));
    struct answered_duty duty = {.duty_id = u->review_id, .event_id = event_id, .child_id = pg_column_int(marked, 0, 1)};
    char *detail = store_detail("for", u->who.person, "events", buf_string(&events), NULL);
    bool good = toldctl_answerer_record(ctl, &u->who, &duty, "unmatch", u->reason, detail);
    free(detail);
    buf_release(&events);
    return good;
}

static int step_undo(struct toldctl *ctl, void *step)
{
    struct undo_step *u = step;
    char id[24], now[INSTANT_TEXT_SIZE], *schemes = NULL;
    int64_t event_id = 0;
    snprintf(id, sizeof id, "%" PRId64, u->review_id);
    int code = toldctl_answerer_find(ctl, &u->who);
    if (!code)
        code = lock(ctl, id, &event_id);
    if (!code && !forget(ctl, id, instant_print(u->who.now, now), &schemes))
        code = TOLDCTL_DATABASE;
    const char *const values[] = {id, schemes};
    PGresult *marked = code ? NULL : pg_run(ctl->pg, &mark_events, values);
    if (!code && !marked)
        code = TOLDCTL_DATABASE;
    u->events = marked ? PQntuples(marked) : 0;
    if (!code && u->events == 0)
        code = toldctl_refuse(EX_DATAERR, "review %s settles no event, so there is nothing to take back", id);
    if (!code && !record(ctl, u, event_id, marked))
        code = TOLDCTL_DATABASE;
    PQclear(marked);
    free(schemes);
    return code;
}

int toldctl_match_undo(struct toldctl *ctl, int64_t review_id, const char *asked, const char *reason)
{
    struct undo_step u = {.review_id = review_id, .reason = reason, .who.asked = asked};
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_undo, &u);
    if (!code) {
        toldctl_kick(ctl);
        if (ctl->json)
            printf("{\"review\":%" PRId64 ",\"events\":%d}\n", review_id, u.events);
        else
            printf("review %" PRId64 ": the match of %d event%s is taken back; who was told is told so, and it is asked again\n",
                   review_id, u.events, u.events == 1 ? "" : "s");
    }
    toldctl_answerer_release(&u.who);
    return code;
}
