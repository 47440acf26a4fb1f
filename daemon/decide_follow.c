/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_recall.h"
#include "store.h"
#include "told/mem.h"

#define NOT_YET " an event that has not come yet"

/* A foreign message is none: what it became are events of their own. */
static const struct pg_statement TARGET = {
    "follow_target",
    "SELECT e.event_id, s.child_id, s.state, s.match_review, s.unmatch, encode(e.body, 'escape')"
    " FROM told.event e JOIN told.event_state s USING (event_id) WHERE e.source = $1 AND e.id = $2 AND e.type NOT LIKE 'foreign.%'",
    2};

static const struct pg_statement END = {
    "follow_end", "UPDATE told.event_state SET state = $2, reason = $3, decided_at = $4, begun = 0 WHERE event_id = $1", 4};

/* A question about it is no question any more; whoever takes a match of it back just now will find that it was retracted. */
static const struct pg_statement RETRACT = {
    "follow_retract",
    "UPDATE told.event_state SET retracted_by = coalesce(retracted_by, $2), begun = 0,"
    " reason = CASE WHEN state IN ('review', 'held') THEN 'its event was retracted' ELSE reason END,"
    " state = CASE WHEN state IN ('review', 'held') THEN 'decided' ELSE state END WHERE event_id = $1",
    2};

static const struct pg_statement ASSIGN = {
    "follow_assign",
    "UPDATE told.event_state SET child_id = $2, match_because = 'its amendment says who it is about', match_review = $3,"
    " unmatch = false, begun = 0, state = CASE WHEN state = 'review' THEN 'waiting' ELSE state END WHERE event_id = $1",
    3};

/* Open questions about this event and about no other that is still asked. */
static const struct pg_statement QUESTIONS = {
    "follow_questions",
    "SELECT d.duty_id FROM told.duty d JOIN told.duty_ground g USING (duty_id) WHERE g.event_id = $1 AND d.kind = 'match'"
    " AND d.state <> 'closed' AND NOT EXISTS (SELECT FROM told.duty_ground o JOIN told.event_state s USING (event_id)"
    " WHERE o.duty_id = d.duty_id AND o.event_id <> $1 AND s.state = 'review' AND s.child_id IS NULL) ORDER BY d.duty_id"
    " FOR UPDATE OF d",
    1};

/* The few that are held for this reason are read as JSON, and no other. */
static const struct pg_statement WAKE = {
    "follow_wake",
    "WITH held AS MATERIALIZED (SELECT event_id, child_id FROM told.event_state WHERE state = 'held' AND reason LIKE 'it %" NOT_YET "'),"
    " named AS MATERIALIZED (SELECT h.event_id, h.child_id, e.source, convert_from(e.body, 'UTF8')::jsonb -> 'data' AS said"
    "  FROM held h JOIN told.event e USING (event_id))"
    " UPDATE told.event_state s SET state = 'waiting', child_id = NULL, reason = NULL, begun = 0 FROM named n JOIN told.event t"
    " ON t.source = n.source AND t.id = coalesce(n.said ->> 'retracts', n.said ->> 'amends') AND t.type NOT LIKE 'foreign.%' JOIN told.event_state ts"
    " ON ts.event_id = t.event_id WHERE s.event_id = n.event_id AND NOT (ts.state = 'waiting' AND ts.child_id IS NULL)"
    " AND (n.child_id IS NULL OR ts.child_id IS DISTINCT FROM n.child_id)",
    0};

/* decide takes it back with its child, and finds there who says that it is another's. */
static const struct pg_statement MOVE = {
    "follow_move",
    "UPDATE told.event_state SET state = 'waiting', unmatch = true, retracted_by = $2, reason = 'its amendment is about another"
    " child', begun = 0 WHERE event_id = $1 AND retracted_by IS NULL",
    2};

struct target {
    int64_t event_id; /* 0: it has not come */
    int64_t child_id; /* 0: nobody's, or being taken back */
    int64_t review_id;
    char state[16];
    bool is_unsettled; /* it waits to be matched itself */
    bool is_alike; /* the other says the same of the person, or nothing */
};

static const char *text_of(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

static bool says_nothing(const struct person *p)
{
    return p->family[0] == '\0' && p->given[0] == '\0' && p->postcode == NULL && !p->is_born_stated && p->identifier_count == 0;
}

static bool is_alike(const struct duty_store *s, const struct person *person, const char *escaped)
{
    enum event_fault fault;
    size_t len = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)escaped, &len);
    char *reason = NULL;
    struct event *event = event_parse((const char *)body, len, &fault, &reason);
    struct person *other = event != NULL ? person_read(event_person(event), (const char *const *)s->config->trusted) : NULL;
    bool alike = other != NULL && (says_nothing(person) || strcmp(person->digest, other->digest) == 0);

    person_free(other);
    event_free(event);
    free(reason);
    PQfreemem(body);
    return alike;
}

static bool is_in(const struct target *t, const char *state)
{
    return strcmp(t->state, state) == 0;
}

static bool look(struct duty_store *s, const struct event *event, const struct person *person, struct target *ret)
{
    const char *id = event_retracts(event) != NULL ? event_retracts(event) : event_amends(event);
    PGresult *row = pg_run(s->pg, &TARGET, (const char *[]){event_source(event), id});

    *ret = (struct target){0};
    if (row != NULL && PQntuples(row) > 0) {
        ret->event_id = pg_column_int(row, 0, 0);
        ret->child_id = pg_column_bool(row, 0, 4) ? 0 : pg_column_int(row, 0, 1);
        ret->review_id = pg_column_int(row, 0, 3);
        snprintf(ret->state, sizeof ret->state, "%s", pg_column(row, 0, 2));
        ret->is_unsettled = is_in(ret, "waiting") && pg_column(row, 0, 1) == NULL;
        ret->is_alike = person != NULL && is_alike(s, person, pg_column(row, 0, 5));
    }
    PQclear(row);
    return row != NULL;
}

/* Nobody knows yet whose it is. */
static bool is_open(const struct target *t)
{
    return t->event_id != 0 && t->child_id == 0 && (is_in(t, "review") || is_in(t, "held"));
}

static void certain(struct identity_result *result, int64_t child_id, int64_t review_id, const char *because)
{
    result->verdict = IDENTITY_CERTAIN;
    result->child_id = child_id;
    result->review_id = review_id;
    snprintf(result->because, sizeof result->because, "%s", because);
    /* Its own details say nothing of whose it is. */
    json_array_clear(result->evidence);
}

static bool end(struct duty_store *s, int64_t event_id, const char *state, const char *reason)
{
    char id[24], now[INSTANT_TEXT_SIZE];

    return pg_do(s->pg, &END, (const char *[]){text_of(id, event_id), state, reason, instant_print(s->now, now)});
}

/* recall: whoever was asked hears that there is nothing to find out. */
static bool close_questions(struct duty_store *s, int64_t event_id, bool recall, const char *reason, int64_t by)
{
    char id[24];
    PGresult *rows = pg_run(s->pg, &QUESTIONS, (const char *[]){text_of(id, event_id)});
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = recall ? decide_recall_duty(s, pg_column_int(rows, i, 0), reason, by)
                    : duty_store_close(s, pg_column_int(rows, i, 0), "discharged", reason, by);
    PQclear(rows);
    return ok;
}

/* What has come and is nobody's is retracted here; what has a child is in the child's own timeline. */
static bool retract(struct duty_store *s, const struct decide_following *w, const struct target *t)
{
    char id[24], by[24];

    return close_questions(s, t->event_id, true, "its event was retracted", w->event_id) &&
           pg_do(s->pg, &RETRACT, (const char *[]){text_of(id, t->event_id), text_of(by, w->event_id)}) &&
           end(s, w->event_id, "decided", "retracted an earlier event");
}

static bool wait_for(struct duty_store *s, const struct decide_following *w, bool alarm)
{
    static const char REASON[] = "it retracts" NOT_YET;
    char key[24];

    return end(s, w->event_id, "held", REASON) &&
           (!alarm || store_alarm(s->pg, "waits-for-event", text_of(key, w->event_id), REASON, s->now));
}

static bool follow_retraction(struct duty_store *s, const struct decide_following *w, const struct target *t,
                              struct identity_result *result, bool *ret_done)
{
    if (t->child_id != 0) {
        certain(result, t->child_id, 0, "it takes back an event of this child");
        return true;
    }
    if (t->event_id == 0 && result->verdict == IDENTITY_CERTAIN && !w->taken_back)
        return true; /* it waits there */
    *ret_done = true;
    if (t->event_id == 0 || t->is_unsettled)
        return wait_for(s, w, t->event_id == 0);
    return retract(s, w, t);
}

static bool follow_amendment(struct duty_store *s, const struct decide_following *w, const struct target *t,
                             struct identity_result *result, int64_t *ret_joins)
{
    bool is_certain = result->verdict == IDENTITY_CERTAIN && !w->taken_back;
    char id[24], child[24], review[24];

    if (t->child_id != 0 && !is_certain && !w->taken_back && t->is_alike)
        certain(result, t->child_id, t->review_id, "it says nothing else of the person than the event that it amends");
    else if (is_open(t) && !is_certain && t->is_alike)
        *ret_joins = t->event_id;
    if (!is_open(t) || !is_certain)
        return true;
    return close_questions(s, t->event_id, false, "its amendment says who it is about", w->event_id) &&
           pg_do(s->pg, &ASSIGN,
                 (const char *[]){text_of(id, t->event_id), text_of(child, result->child_id),
                                  result->review_id != 0 ? text_of(review, result->review_id) : NULL});
}

bool decide_follow(struct duty_store *s, const struct decide_following *w, struct identity_result *result, bool *ret_done,
                   int64_t *ret_joins)
{
    struct target t;

    *ret_done = false;
    *ret_joins = 0;
    if (!look(s, w->event, w->person, &t))
        return false;
    return event_retracts(w->event) != NULL ? follow_retraction(s, w, &t, result, ret_done)
                                            : follow_amendment(s, w, &t, result, ret_joins);
}

bool decide_follow_wake(struct duty_store *s)
{
    return pg_do(s->pg, &WAKE, NULL);
}

bool decide_follow_elsewhere(struct duty_store *s, const struct event *event, int64_t event_id, int64_t child_id,
                             bool *ret_elsewhere)
{
    struct target t;
    char id[24], by[24];

    *ret_elsewhere = false;
    if (!look(s, event, NULL, &t))
        return false;
    if (t.event_id == 0 || t.child_id == child_id || t.is_unsettled || is_open(&t))
        return true;
    *ret_elsewhere = true;
    return t.child_id == 0 || pg_do(s->pg, &MOVE, (const char *[]){text_of(id, t.event_id), text_of(by, event_id)});
}
