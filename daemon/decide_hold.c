/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "told/mem.h"

enum {
    IMMEDIATE_MS = 3600 * 1000, /* a question with less time than this is immediate */
    WAKE_MOST = 500,            /* events of an answered hold in one transaction */
};

static const struct pg_statement HELD = {
    "hold_event", "UPDATE told.event_state SET state = 'held', reason = $2, begun = 0 WHERE event_id = $1", 2};

static const struct pg_statement FORGET = {
    "hold_forget",
    "UPDATE told.event_state SET state = 'decided', reason = 'taken back by a person, with its hold', retracted_by = event_id,"
    " decided_at = $2, begun = 0 WHERE event_id = $1",
    2};

static const struct pg_statement ANSWERED = {
    "hold_answered",
    "SELECT hold_id, state FROM told.hold WHERE state <> 'open' AND NOT settled ORDER BY hold_id LIMIT 1 FOR UPDATE SKIP LOCKED",
    0};

/* What is void is taken back also where it was believed before; what is released was held, by this and nothing else. */
static const struct pg_statement WAKE = {
    "hold_wake",
    "UPDATE told.event_state SET state = 'waiting', reason = NULL, begun = 0 WHERE event_id IN (SELECT s.event_id"
    " FROM told.held_event b JOIN told.event_state s USING (event_id) WHERE b.hold_id = $1 AND CASE WHEN $2 = 'void'"
    " THEN s.state IN ('held', 'decided', 'review') AND s.retracted_by IS NULL"
    " ELSE s.state = 'held' AND s.reason LIKE 'held by the fan-out brake%' END ORDER BY s.event_id LIMIT $3 FOR UPDATE OF s)",
    3};

static const struct pg_statement SETTLED = {"hold_settled", "UPDATE told.hold SET settled = true WHERE hold_id = $1", 1};

/* All reviews of an event are one question, due when the first of them is. */
static bool question_is_immediate(const struct decide_input *input, const struct decision *decision)
{
    struct instant due = INSTANT_NONE;

    for (size_t i = 0; i < decision->review_count; i++)
        due = instant_earlier(due, decision->reviews[i].due_at);
    return instant_ms_between(input->received_at, due) <= IMMEDIATE_MS;
}

struct duty_made decide_hold_count(const struct decide_input *input, const struct decision *decision)
{
    struct duty_made made = {0};

    for (size_t i = 0; i < decision->duty_count; i++)
        *(decision->duties[i].immediate ? &made.immediate : &made.calm) += 1;
    if (decision->review_count > 0)
        *(question_is_immediate(input, decision) ? &made.immediate : &made.calm) += 1;
    return made;
}

/* The immediate duties among them, borrowed; the caller frees the list. */
static struct decision immediate_part(const struct decide_input *input, const struct decision *decision)
{
    struct decision part = {.duties = mem_new((decision->duty_count + 1) * sizeof *part.duties)};

    for (size_t i = 0; i < decision->duty_count; i++)
        if (decision->duties[i].immediate)
            part.duties[part.duty_count++] = decision->duties[i];
    if (decision->review_count > 0 && question_is_immediate(input, decision)) {
        part.reviews = decision->reviews;
        part.review_count = decision->review_count;
    }
    return part;
}

bool decide_hold_event(struct duty_store *s, const struct decide_subject *about, const struct decision *decision,
                       const struct decide_asking *asking, struct decide_hold *hold)
{
    struct decision part = immediate_part(about->input, decision);
    struct duty_made most = decide_hold_count(about->input, decision);
    int opened = 0;
    char *reason;
    bool ok;

    s->made = (struct duty_made){0};
    ok = (part.duty_count == 0 && part.review_count == 0) || decide_apply(s, about, &part, &opened);
    free(part.duties);
    decide_brake_count(s, asking, &s->made);
    if (hold->would.calm == 0)
        hold->would.calm = most.calm;
    hold->would.immediate = s->made.immediate;
    reason = brake_text(&s->config->brake, &hold->load, hold->would.calm + hold->would.immediate, hold->verdict);
    ok = ok && decide_brake_hold(s, asking, hold->verdict, reason, &hold->would, &hold->id);
    free(reason);
    snprintf(hold->reason, sizeof hold->reason, "held by the fan-out brake, H-%lld", (long long)hold->id);
    return ok;
}

bool decide_hold_question(struct duty_store *s, struct decide_asking *asking, bool immediate, bool *ret_held)
{
    const struct duty_made one = {.calm = !immediate, .immediate = immediate};
    struct decide_brake_state state;
    struct decide_hold hold = {.verdict = BRAKE_FREE};
    char id[24], *reason;
    bool ok;

    if (!decide_brake_look(s, asking, &state))
        return false;
    if (state.hold == TIMELINE_HOLD_RELEASED)
        asking->hold = state.hold;
    if (!immediate && state.hold == TIMELINE_HOLD_OPEN)
        hold = (struct decide_hold){.verdict = BRAKE_HOUR, .id = state.hold_id};
    else if (!immediate && state.hold == TIMELINE_HOLD_NONE)
        hold.verdict = brake_judge(&s->config->brake, &state.load, 1);
    *ret_held = hold.verdict != BRAKE_FREE;
    if (!*ret_held) {
        decide_brake_count(s, asking, &one);
        return true;
    }
    reason = brake_text(&s->config->brake, &state.load, 1, hold.verdict);
    ok = decide_brake_hold(s, asking, hold.verdict, reason, &one, &hold.id);
    free(reason);
    snprintf(id, sizeof id, "%lld", (long long)asking->event_id);
    snprintf(hold.reason, sizeof hold.reason, "held by the fan-out brake, H-%lld", (long long)hold.id);
    return ok && pg_do(s->pg, &HELD, (const char *[]){id, hold.reason});
}

static int wake(struct duty_store *s, const char *hold, const char *state)
{
    char most[24];
    int count;
    PGresult *woken;

    snprintf(most, sizeof most, "%d", WAKE_MOST);
    woken = pg_run(s->pg, &WAKE, (const char *[]){hold, state, most});
    if (woken == NULL)
        return -1;
    count = atoi(PQcmdTuples(woken));
    PQclear(woken);
    return count < WAKE_MOST && !pg_do(s->pg, &SETTLED, (const char *[]){hold}) ? -1 : count;
}

int decide_hold_wake_step(struct duty_store *s)
{
    PGresult *row = pg_run(s->pg, &ANSWERED, NULL);
    int count = row != NULL ? PQntuples(row) : -1;
    bool ok;

    PQclear(row);
    if (count <= 0)
        return count;
    /* There is one: now in a transaction. */
    ok = pg_begin(s->pg) && (row = pg_run(s->pg, &ANSWERED, NULL)) != NULL;
    count = ok && PQntuples(row) > 0 ? wake(s, pg_column(row, 0, 0), pg_column(row, 0, 1)) : 0;
    if (ok)
        PQclear(row);
    if (ok && count >= 0 && pg_commit(s->pg))
        return count;
    pg_rollback(s->pg);
    return -1;
}

bool decide_hold_forget(struct duty_store *s, int64_t event_id)
{
    char id[24], now[INSTANT_TEXT_SIZE];

    snprintf(id, sizeof id, "%lld", (long long)event_id);
    return pg_do(s->pg, &FORGET, (const char *[]){id, instant_print(s->now, now)});
}
