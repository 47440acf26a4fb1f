/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_whois.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store.h"
#include "told/mem.h"

enum { OF_AGE = 18 };

static const struct pg_statement TO_REVIEW = {
    "whois_review",
    "UPDATE told.event_state SET state = 'review', reason = $2, match_because = $2, match_evidence = $3::jsonb, match_review = NULL,"
    " unmatch = false WHERE event_id = $1",
    3};

static const struct pg_statement OF_AGE_DECIDED = {
    "whois_of_age",
    "UPDATE told.event_state SET state = 'decided', reason = $2, match_because = $3, match_evidence = $4::jsonb, decided_at = $5,"
    " begun = 0 WHERE event_id = $1",
    5};

/* A match that was taken back is asked again: one more occurrence. */
static const struct pg_statement OCCURRENCE = {
    "whois_occurrence",
    "SELECT coalesce(max(d.occurrence), 0) + 1 FROM told.duty_ground g JOIN told.duty d USING (duty_id)"
    " WHERE g.event_id = $1 AND d.kind = 'match'",
    1};

/* Asked already about the same person, or about the event that this one amends. */
static const struct pg_statement ASKED = {
    "whois_asked",
    "SELECT d.duty_id, " PG_INSTANT("d.due_at") " FROM told.duty d WHERE d.duty = $1 AND d.kind = 'match' AND d.state <> 'closed'"
    " AND d.duty_id IN (SELECT duty_id FROM told.match_asked WHERE digest = $2 UNION ALL"
    "  SELECT duty_id FROM told.duty_ground WHERE event_id = $3) ORDER BY d.duty_id LIMIT 1 FOR UPDATE",
    3};

static const struct pg_statement REMEMBER_ASKED = {
    "whois_remember", "INSERT INTO told.match_asked (duty_id, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING", 2};

/* Unknown is not false: only of whom it is known that they are not looked after, MASH need not hear. */
static const struct pg_statement LOOKED_AFTER = {
    "whois_looked_after",
    "SELECT EXISTS (SELECT FROM unnest($1::bigint[]) c (child_id) WHERE coalesce((SELECT s.value #>> '{}' FROM told.child_status s"
    " WHERE s.child_id = c.child_id AND s.field IN ('looked_after_basis', 'looked_after')"
    " ORDER BY s.valid_from DESC, s.status_id DESC LIMIT 1), '') NOT IN ('none', 'false'))",
    1};

/* 1 working day from receipt, or the shortest clock that the event could start (A26). */
static struct instant due_of(const struct duty_store *s, const struct decide_whois *w)
{
    struct facts *nothing = facts_new();
    struct decide_input input = {.authority = s->config->authority,
                                 .received_at = w->received_at,
                                 .event = w->event,
                                 .facts = nothing};
    struct decision d = {0};
    struct instant due = calendar_alarm_at(
        calendar_add_working_days(s->config->calendar, civil_day_of(w->received_at), 1));

    decide(s->config->protocol, s->config->calendar, &input, &d);
    for (size_t i = 0; i < d.duty_count; i++)
        due = instant_earlier(due, d.duties[i].due_at);
    for (size_t i = 0; i < d.review_count; i++)
        due = instant_earlier(due, d.reviews[i].due_at);
    decision_release(&d);
    facts_free(nothing);
    return due;
}

static bool is_immediate(const struct decide_whois *w, struct instant due)
{
    return instant_ms_between(w->received_at, due) <= 3600 * 1000;
}

static bool next_occurrence(struct duty_store *s, const char *event_id, int *ret)
{
    PGresult *rows = pg_run(s->pg, &OCCURRENCE, (const char *[]){event_id});
    bool ok = rows != NULL;

    if (ok)
        *ret = (int)pg_column_int(rows, 0, 0);
    PQclear(rows);
    return ok;
}

static bool may_be_looked_after(struct duty_store *s, const json_t *evidence, bool *ret)
{
    struct buf children = {0};
    const json_t *one;
    size_t i;
    PGresult *rows;

    json_array_foreach(evidence, i, one)
    {
        char number[24];

        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(json_object_get(one, "child")));
        pg_array_add(&children, number);
    }
    rows = pg_run(s->pg, &LOOKED_AFTER, (const char *[]){pg_array_end(&children)});
    buf_release(&children);
    *ret = rows != NULL && pg_column_bool(rows, 0, 0);
    PQclear(rows);
    return rows != NULL;
}

static const char *reason_of(const struct decide_whois *w)
{
    return w->taken_back ? "a match of it was taken back" : w->result->because;
}

static char *because_of(const struct decide_whois *w, bool doubtful)
{
    json_t *because = json_pack("{s:s, s:s, s:s, s:O}", "verdict", doubtful ? "doubtful" : "none", "because",
                                reason_of(w), "event", event_type(w->event), "candidates", w->result->evidence);
    char *text = json_dumps(because, JSON_COMPACT);

    json_decref(because);
    return text;
}

/* Whom to ask: the review's own role, and whoever must hear where the child may be looked after. */
static size_t whom(const struct config *config, bool doubtful, bool looked_after, const char *tell[2])
{
    tell[0] = doubtful || config->unknown_child_role == NULL ? config->review_role : config->unknown_child_role;
    tell[1] = config->looked_after_role;
    return doubtful && looked_after && tell[1] != NULL && strcmp(tell[0], tell[1]) != 0 ? 2 : 1;
}

static const char *duty_of(bool doubtful)
{
    return doubtful ? "match" : "unknown-child";
}

static bool ask(struct duty_store *s, const struct decide_whois *w, const char *event_id, struct instant due, bool doubtful)
{
    char shows[INSTANT_TEXT_SIZE], number[24], *because = because_of(w, doubtful), *key = mem_printf("[%s]", event_id);
    const char *tell[2];
    bool looked_after = false, ok;
    int occurrence = 1;
    int64_t id = -1;

    ok = next_occurrence(s, event_id, &occurrence) && (!doubtful || may_be_looked_after(s, w->result->evidence, &looked_after)) &&
         (id = duty_store_open(s, &(struct duty_new){.kind = "match",
                                               .case_ref = event_case(w->event),
                                               .rule = "match",
                                               .key = key,
                                               .occurrence = occurrence,
                                               .duty = duty_of(doubtful),
                                               .title = doubtful ? "Say which child an event is about"
                                                                 : "Find out who a child is whom nobody knows",
                                               .says = doubtful ? "Say which child this message is about"
                                                                : "Find out who the child of this message is: nobody known fits",
                                               .immediate = is_immediate(w, due),
                                               .event_id = w->event_id,
                                               .received_at = w->received_at,
                                               .due_at = due,
                                               .shows = instant_print(due, shows),
                                               .closes = "done",
                                               .because = because,
                                               .tell = tell,
                                               .tell_count = whom(s->config, doubtful, looked_after, tell),
                                               .ladder = ""})) >= 0;
    snprintf(number, sizeof number, "%lld", (long long)id);
    ok = ok && (id == 0 || !w->person->is_memorable || pg_do(s->pg, &REMEMBER_ASKED, (const char *[]){number, w->person->digest}));
    free(because);
    free(key);
    return ok;
}

/* One person is one question, and nobody is told twice of it: unless this event leaves less time than the question had. */
static bool join(struct duty_store *s, const struct decide_whois *w, const char *evidence, struct instant due, bool doubtful,
                 bool *ret_joined)
{
    char event[24], amended[24], shows[INSTANT_TEXT_SIZE];
    PGresult *row;
    int64_t id;
    bool ok;

    snprintf(event, sizeof event, "%lld", (long long)w->event_id);
    snprintf(amended, sizeof amended, "%lld", (long long)w->joins);
    row = pg_run(s->pg, &ASKED,
                 (const char *[]){duty_of(doubtful), w->person->is_memorable ? w->person->digest : NULL, amended});
    ok = row != NULL;
    *ret_joined = ok && PQntuples(row) > 0;
    if (*ret_joined) {
        id = pg_column_int(row, 0, 0);
        ok = pg_do(s->pg, &TO_REVIEW, (const char *[]){event, reason_of(w), evidence}) &&
             duty_store_add_ground(s, id, w->event_id) &&
             store_journal(s->pg, s->now,
                           &(struct store_journal){.what = "duty repeated", .event_id = w->event_id, .duty_id = id}) &&
             (instant_compare(due, pg_column_instant(row, 0, 1)) >= 0 ||
              duty_store_tell_again(s, id, due, is_immediate(w, due), instant_print(due, shows),
                                    "another event of the same person leaves less time"));
    }
    PQclear(row);
    return ok;
}

/* By the event itself. Where it does not say, it is taken for a child's. */
static bool is_of_age(const struct decide_whois *w)
{
    return person_age(w->person, civil_day_of(event_valid_from(w->event))) >= OF_AGE;
}

static bool leave(struct duty_store *s, const struct decide_whois *w, const char *event_id, const char *evidence)
{
    char now[INSTANT_TEXT_SIZE], *detail = store_detail("because", "of age by the event, and nobody known fits", NULL);
    bool ok = pg_do(s->pg, &OF_AGE_DECIDED,
                    (const char *[]){event_id, "nobody under 18 whom we know", w->result->because, evidence,
                                     instant_print(s->now, now)}) &&
              store_journal(s->pg, s->now,
                            &(struct store_journal){
                                .what = "event about nobody under 18 whom we know", .event_id = w->event_id, .detail = detail});

    free(detail);
    return ok;
}

/* What a person took back asks again whatever its feed does. */
static bool ask_unless_held(struct duty_store *s, const struct decide_whois *w, const char *event_id, const char *evidence,
                            bool doubtful)
{
    struct instant due = due_of(s, w);
    struct decide_asking asking = w->asking;
    bool held = false, joined = false;

    if (!w->taken_back && (!join(s, w, evidence, due, doubtful, &joined) || joined))
        return joined;
    if (!w->taken_back && (!decide_hold_question(s, &asking, is_immediate(w, due), &held) || held))
        return held;
    return pg_do(s->pg, &TO_REVIEW, (const char *[]){event_id, reason_of(w), evidence}) &&
           ask(s, w, event_id, due, doubtful || w->taken_back);
}

bool decide_whois(struct duty_store *s, const struct decide_whois *w)
{
    bool doubtful = w->result->verdict == IDENTITY_DOUBTFUL;
    char event_id[24], *evidence = json_dumps(w->result->evidence, JSON_COMPACT);
    bool ok;

    snprintf(event_id, sizeof event_id, "%lld", (long long)w->event_id);
    if (!doubtful && !w->taken_back && is_of_age(w))
        ok = leave(s, w, event_id, evidence);
    else
        ok = ask_unless_held(s, w, event_id, evidence, doubtful);
    free(evidence);
    return ok;
}
