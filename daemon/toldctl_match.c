/* SPDX-License-Identifier: Apache-2.0 */
/* match: a person says which child an event is about. Nothing is disclosed before that. */
#include "toldctl_match.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child_detail.h"
#include "store.h"
#include "told/mem.h"
#include "toldctl_answerer.h"

enum { OF_AGE = 18 };

static const struct pg_statement lock_children = {"match_children",
                                                  "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};
static const struct pg_statement lock_child = {
    "match_child", "SELECT child_id FROM told.child WHERE child_id = $1 FOR UPDATE", 1};
static const struct pg_statement shown_then = {
    "match_shown", "SELECT because->'candidates' FROM told.duty WHERE duty_id = $1", 1};
static const struct pg_statement insert_child = {
    "match_new_child", "INSERT INTO told.child (born_on, created_at) VALUES ($1, $2) RETURNING child_id", 2};
static const struct pg_statement insert_identifier = {
    "match_learn",
    "INSERT INTO told.child_identifier (scheme, value, child_id, recorded_at, review_id) VALUES ($1, $2, $3, $4, $5) ON "
    "CONFLICT DO NOTHING",
    5};
static const struct pg_statement set_born = {
    "match_born", "UPDATE told.child SET born_on = $2 WHERE child_id = $1 AND born_on IS NULL", 2};
static const struct pg_statement insert_decision = {
    "match_decide",
    "INSERT INTO told.match_decision (review_id, event_id, digest, child_id, is_same, set_born_on, recorded_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
    7};
static const struct pg_statement set_matched = {
    "match_event",
    "UPDATE told.event_state SET state = 'waiting', reason = NULL, begun = 0, child_id = $2, match_because = 'by a person',"
    " match_evidence = $3::jsonb, match_review = $1, unmatch = false"
    " WHERE state = 'review' AND event_id IN (SELECT event_id FROM told.duty_ground WHERE duty_id = $1"
    "  UNION SELECT event_id FROM told.duty WHERE duty_id = $1)",
    3};
static const struct pg_statement set_nobody = {
    "match_nobody",
    "UPDATE told.event_state SET state = 'decided', reason = 'nobody under 18 whom we know', begun = 0, match_because = 'by a person',"
    " match_evidence = $2::jsonb, match_review = $1, unmatch = false, decided_at = $3"
    " WHERE state = 'review' AND event_id IN (SELECT event_id FROM told.duty_ground WHERE duty_id = $1"
    "  UNION SELECT event_id FROM told.duty WHERE duty_id = $1)",
    3};

struct match_step {
    int64_t review_id;
    int64_t child_id; /* 0: none of those we know, or a new one */
    bool is_none, must_be_new, learn;
    struct answerer who;
    struct answered_duty duty;
    struct match_look look; /* who may be meant by now */
    int64_t event_id;
    int64_t matched; /* the child it came to; 0: somebody of age whom we do not know */
    bool is_new, set_born_on;
    bool is_unlisted; /* nothing that is known speaks for that child: a slip of the keyboard would look the same */
    size_t learned;
};

static const char *number(char out[24], int64_t value)
{
    snprintf(out, 24, "%" PRId64, value);
    return out;
}

static bool make_child(struct toldctl *ctl, struct match_step *m, const json_t *person)
{
    char now[INSTANT_TEXT_SIZE];
    const char *const values[] = {json_text_at(person, "born_on"), instant_print(m->who.now, now)};
    PGresult *row = pg_run(ctl->pg, &insert_child, values);
    if (!row)
        return false;
    m->matched = pg_column_int(row, 0, 0);
    m->is_new = true;
    PQclear(row);
    return true;
}

/* Identifiers that are nobody's yet become this child's, so that its next event needs no person. */
static bool learn_identifiers(struct toldctl *ctl, struct match_step *m)
{
    char child[24], review[24], now[INSTANT_TEXT_SIZE];
    const struct person *person = m->look.person;
    bool good = true;
    for (size_t i = 0; good && i < person->identifier_count; i++) {
        const char *const values[] = {person->identifiers[i].scheme, person->identifiers[i].value, number(child, m->matched),
                                      instant_print(m->who.now, now), number(review, m->review_id)};
        if (!match_scheme_is_trusted(values[0]))
            continue;
        PGresult *done = pg_run(ctl->pg, &insert_identifier, values);
        good = done != NULL;
        m->learned += good && strcmp(PQcmdTuples(done), "1") == 0;
        PQclear(done);
    }
    return good;
}

static bool learn(struct toldctl *ctl, struct match_step *m, const json_t *person)
{
    char child[24];
    const char *const born[] = {number(child, m->matched), json_text_at(person, "born_on")};
    if (!learn_identifiers(ctl, m))
        return false;
    if (!born[1])
        return true;
    PGresult *done = pg_run(ctl->pg, &set_born, born);
    m->set_born_on = done && strcmp(PQcmdTuples(done), "1") == 0;
    PQclear(done);
    return done != NULL;
}

static bool lists(const json_t *candidates, json_int_t child)
{
    const json_t *one;
    size_t i;
    json_array_foreach(candidates, i, one)
        if (json_integer_value(json_object_get(one, "child")) == child)
            return true;
    return false;
}

/* "None" was said of those that were shown. One that came up since (another command may have made it) was not among them. */
static int check_none(struct toldctl *ctl, const struct match_step *m)
{
    char id[24];
    const char *const values[] = {number(id, m->review_id)};
    PGresult *row = pg_run(ctl->pg, &shown_then, values);
    if (!row)
        return TOLDCTL_DATABASE;
    json_t *shown = pg_column(row, 0, 0) ? json_loads(pg_column(row, 0, 0), 0, NULL) : NULL;
    const json_t *one;
    size_t i;
    int code = 0;
    PQclear(row);
    json_array_foreach(m->look.result.evidence, i, one)
    {
        json_int_t child = json_integer_value(json_object_get(one, "child"));
        if (!code && !lists(shown, child))
            code = toldctl_refuse(EX_DATAERR,
                                  "child %" PRId64 " may be meant too, and was not known when review %s was opened; look at"
                                  " `toldctl match %s`, then give a child, or new",
                                  (int64_t)child, id, id);
    }
    json_decref(shown);
    return code;
}

/* None of those known: certain by now, somebody of age, or a child that is made from the event. */
static int choose_other(struct toldctl *ctl, struct match_step *m, const struct event *event)
{
    int age = person_age(m->look.person, civil_day_of(event_valid_from(event)));
    int code = 0;
    if (!m->must_be_new && m->look.result.verdict == IDENTITY_CERTAIN) {
        m->matched = m->look.result.child_id;
        return 0;
    }
    if (!m->must_be_new)
        code = check_none(ctl, m);
    if (code || (!m->must_be_new && age >= OF_AGE))
        return code;
    return make_child(ctl, m, event_person(event)) ? 0 : TOLDCTL_DATABASE;
}

/* Finds or makes the child, and locks its row. */
static int choose_child(struct toldctl *ctl, struct match_step *m, const struct event *event)
{
    char child[24];
    m->matched = m->child_id;
    int code = m->child_id ? 0 : choose_other(ctl, m, event);
    if (code || !m->matched)
        return code;
    const char *const values[] = {number(child, m->matched)};
    PGresult *row = pg_run(ctl->pg, &lock_child, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int found = PQntuples(row);
    PQclear(row);
    m->is_unlisted = m->child_id && !lists(m->look.result.evidence, m->matched);
    if (!found)
        return toldctl_refuse(EX_DATAERR, "there is no child %s; give the number of a known child, none or new", child);
    return !m->is_new && !m->learn ? 0 : learn(ctl, m, event_person(event)) ? 0 : TOLDCTL_DATABASE;
}

static bool decide_one(struct toldctl *ctl, const struct match_step *m, int64_t child_id, bool is_same)
{
    char review[24], event[24], child[24], now[INSTANT_TEXT_SIZE];
    const struct person *person = m->look.person;
    const char *const values[] = {number(review, m->review_id),
                                  number(event, m->event_id),
                                  person->is_memorable ? person->digest : NULL,
                                  number(child, child_id),
                                  is_same ? "true" : "false",
                                  is_same && m->set_born_on && !m->is_new ? "true" : "false",
                                  instant_print(m->who.now, now)};
    return pg_do(ctl->pg, &insert_decision, values);
}

/* The same details and the same child need no person again: this one is it, the others shown never are. */
static bool remember(struct toldctl *ctl, const struct match_step *m, const struct event *event)
{
    const json_t *one, *person = event_person(event);
    bool good = !m->matched || decide_one(ctl, m, m->matched, true);
    size_t i;
    json_array_foreach(m->look.result.evidence, i, one)
    {
        int64_t child = json_integer_value(json_object_get(one, "child"));
        good = good && (child == m->matched || decide_one(ctl, m, child, false));
    }
    const struct child_detail said = {.child_id = m->matched,
                                      .family_name = json_text_at(person, "family_name"),
                                      .given_names = json_text_at(person, "given_names"),
                                      .postcode = json_text_at(person, "postcode"),
                                      .origin = "answer",
                                      .event_id = m->event_id,
                                      .review_id = m->review_id,
                                      .at = m->who.now};
    return good && (!m->matched || child_detail_add(ctl->pg, &said, NULL));
}

static bool write_event(struct toldctl *ctl, const struct match_step *m)
{
    char id[24], child[24], now[INSTANT_TEXT_SIZE], *evidence = json_dumps(m->look.result.evidence, JSON_COMPACT);
    const char *const matched[] = {number(id, m->review_id), number(child, m->matched), evidence};
    const char *const nobody[] = {id, evidence, instant_print(m->who.now, now)};
    bool good = m->matched ? pg_do(ctl->pg, &set_matched, matched) : pg_do(ctl->pg, &set_nobody, nobody);
    free(evidence);
    return good;
}

static bool write_match(struct toldctl *ctl, struct match_step *m, const struct event *event)
{
    char child[24];
    m->duty.child_id = m->matched;
    number(child, m->matched);
    char *detail = store_detail("for", m->who.person, "child", m->is_new ? "new" : m->matched ? "known" : "nobody", "learned",
                                m->learned ? "identifiers" : NULL, "listed", m->is_unlisted ? "no" : NULL, NULL);
    bool good = write_event(ctl, m) && remember(ctl, m, event) &&
                toldctl_answerer_record(ctl, &m->who, &m->duty, "match",
                                        m->is_new || !m->matched ? "none of those known" : child, detail) &&
                toldctl_answerer_close(ctl, &m->who, &m->duty, "done", "matched by a person") &&
                (!m->matched || toldctl_answerer_again(ctl, m->matched, event_valid_from(event)));
    free(detail);
    return good;
}

/* Lock order: advisory, child, duty. */
static int step_match(struct toldctl *ctl, void *step)
{
    struct match_step *m = step;
    struct event *event = NULL;
    m->is_new = m->set_born_on = false;
    m->learned = 0;
    int code = toldctl_answerer_find(ctl, &m->who);
    if (!code)
        code = toldctl_match_event(ctl, m->review_id, &m->event_id, &event);
    if (!code && !pg_do(ctl->pg, &lock_children, NULL))
        code = TOLDCTL_DATABASE;
    toldctl_match_look_release(&m->look);
    if (!code && !toldctl_match_look(ctl, m->event_id, event, &m->look))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = choose_child(ctl, m, event);
    if (!code)
        code = toldctl_answerer_lock(ctl, m->review_id, &m->duty);
    if (!code)
        code = write_match(ctl, m, event) ? 0 : TOLDCTL_DATABASE;
    event_free(event);
    return code;
}

static void say(const struct toldctl *ctl, const struct match_step *m)
{
    if (ctl->json) {
        json_t *said = json_pack("{s:I, s:I, s:o, s:b, s:i, s:b}", "review", (json_int_t)m->review_id, "event",
                                 (json_int_t)m->duty.event_id, "child",
                                 m->matched ? json_integer(m->matched) : json_null(), "new", m->is_new, "learned",
                                 (int)m->learned, "listed", !m->is_unlisted && !m->is_new && m->matched);
        toldctl_print_json(said);
        json_decref(said);
    } else if (!m->matched) {
        printf("review %" PRId64 ": event %" PRId64 " is about nobody under 18 whom we know\n", m->review_id,
               m->duty.event_id);
    } else {
        printf("review %" PRId64 ": event %" PRId64 " is about child %" PRId64 "%s and is decided now\n",
               m->review_id, m->duty.event_id, m->matched,
               m->is_new    ? " (new)"
               : m->is_none ? " (known by now: nothing contradicts)"
                            : "");
        if (m->is_unlisted)
            printf("nothing that is known speaks for child %" PRId64 "; if that was a slip: `toldctl match --undo %" PRId64 "`\n",
                   m->matched, m->review_id);
    }
}

static int answer(struct toldctl *ctl, struct match_step *m, const char *word)
{
    m->must_be_new = strcmp(word, "new") == 0;
    m->is_none = strcmp(word, "none") == 0;
    if (!m->must_be_new && !m->is_none && !toldctl_number(word, &m->child_id))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_match, m);
    if (!code) {
        toldctl_kick(ctl);
        say(ctl, m);
    }
    toldctl_match_look_release(&m->look);
    toldctl_answerer_release(&m->who);
    answer_store_release(&m->duty);
    return code;
}

int toldctl_match(struct toldctl *ctl, int argc, char **argv)
{
    struct match_step m = {0};
    const char *undo = NULL, *reason = NULL;
    const struct toldctl_option options[] = {{.name = "for", .ret_text = &m.who.asked},
                                             {.name = "learn", .ret_flag = &m.learn},
                                             {.name = "undo", .ret_text = &undo},
                                             {.name = "reason", .ret_text = &reason},
                                             {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    int words = argc - at;
    bool good = toldctl_number(undo ? undo : words ? argv[at] : "", &m.review_id);
    if (!good || (undo && (words || m.learn)) || (!undo && reason))
        return toldctl_usage(ctl->command);
    if (undo)
        return toldctl_match_undo(ctl, m.review_id, m.who.asked, reason);
    return words == 1 ? toldctl_match_show(ctl, m.review_id) : answer(ctl, &m, argv[at + 1]);
}
