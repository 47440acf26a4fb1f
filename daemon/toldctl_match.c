/* SPDX-License-Identifier: Apache-2.0 */
/* match: a person says which child an event is about. Nothing is disclosed before that. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/match.h"
#include "told/mem.h"
#include "toldctl_answerer.h"
#include "toldctl_event.h"

static const struct pg_statement lock_children = {"match_children",
                                                  "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};
static const struct pg_statement find_match = {
    "match_find", "SELECT event_id FROM told.duty WHERE duty_id = $1 AND kind = 'match'", 1};
static const struct pg_statement lock_child = {
    "match_child", "SELECT child_id FROM told.child WHERE child_id = $1 FOR UPDATE", 1};
/* Every child that shares one of the identifiers, with all it has. */
static const struct pg_statement find_candidates = {
    "match_look_again",
    "SELECT c.child_id, c.born_on::text, k.scheme, k.value FROM told.child c JOIN told.child_identifier k "
    "USING (child_id)"
    " WHERE c.child_id IN (SELECT i.child_id FROM told.child_identifier i JOIN unnest($1::text[], "
    "$2::text[]) q (scheme, value)"
    "  ON i.scheme = q.scheme AND i.value = q.value) ORDER BY c.child_id",
    2};
static const struct pg_statement insert_child = {
    "match_new_child", "INSERT INTO told.child (born_on, created_at) VALUES ($1, $2) RETURNING child_id", 2};
static const struct pg_statement insert_identifier = {
    "match_learn",
    "INSERT INTO told.child_identifier (scheme, value, child_id, recorded_at) VALUES ($1, $2, $3, $4) ON "
    "CONFLICT DO NOTHING",
    4};
static const struct pg_statement set_born = {
    "match_born", "UPDATE told.child SET born_on = $2 WHERE child_id = $1 AND born_on IS NULL", 2};
static const struct pg_statement set_matched = {
    "match_event",
    "UPDATE told.event_state SET state = 'waiting', reason = NULL, begun = 0, child_id = $2, match_because = "
    "'by a person'"
    " WHERE state = 'review' AND event_id IN (SELECT event_id FROM told.duty_ground WHERE duty_id = $1"
    "  UNION SELECT event_id FROM told.duty WHERE duty_id = $1)",
    2};

struct match_step {
    int64_t review_id;
    int64_t child_id; /* 0: none of those we know */
    bool is_none, learn;
    struct answerer who;
    struct answered_duty duty;
    int64_t matched; /* the child it came to */
    bool is_new;
    size_t learned;
};

/* The child that the event is certain to be about by now: another command may have made it since the review
 * opened. */
static bool look_again(struct toldctl *ctl, const json_t *person, int64_t *ret_child)
{
    struct buf schemes = {0}, texts = {0};
    const char *scheme;
    json_t *value, *identifiers = json_object_get(person, "identifiers");
    json_object_foreach(identifiers, scheme, value)
    {
        char *normal = json_is_string(value) ? match_normalise(scheme, json_string_value(value)) : NULL;
        if (normal) {
            pg_array_add(&schemes, scheme);
            pg_array_add(&texts, normal);
        }
        free(normal);
    }
    const char *const values[] = {pg_array_end(&schemes), pg_array_end(&texts)};
    PGresult *rows = pg_run(ctl->pg, &find_candidates, values);
    buf_release(&schemes);
    buf_release(&texts);
    if (!rows)
        return false;
    size_t count = (size_t)PQntuples(rows), children = 0;
    struct match_candidate *list = mem_new((count + 1) * sizeof *list);
    struct match_identifier *all = mem_new((count + 1) * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        int64_t child = pg_column_int(rows, (int)i, 0);
        if (children == 0 || list[children - 1].child_id != child)
            list[children++] = (struct match_candidate){
                .child_id = child, .born_on = pg_column(rows, (int)i, 1), .identifiers = &all[i]};
        all[i] = (struct match_identifier){pg_column(rows, (int)i, 2), pg_column(rows, (int)i, 3)};
        list[children - 1].identifier_count++;
    }
    struct match_result verdict = match_person(person, list, children);
    *ret_child = verdict.verdict == MATCH_CERTAIN ? verdict.child_id : 0;
    free(list);
    free(all);
    PQclear(rows);
    return true;
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
static bool learn(struct toldctl *ctl, struct match_step *m, const json_t *person)
{
    char child[24], now[INSTANT_TEXT_SIZE];
    const char *scheme;
    json_t *value, *identifiers = json_object_get(person, "identifiers");
    bool good = true;
    snprintf(child, sizeof child, "%" PRId64, m->matched);
    instant_print(m->who.now, now);
    json_object_foreach(identifiers, scheme, value)
    {
        char *normal = json_is_string(value) && match_scheme_is_trusted(scheme)
                           ? match_normalise(scheme, json_string_value(value))
                           : NULL;
        const char *const values[] = {scheme, normal, child, now};
        if (!normal)
            continue;
        PGresult *done = good ? pg_run(ctl->pg, &insert_identifier, values) : NULL;
        good = done != NULL;
        m->learned += good && strcmp(PQcmdTuples(done), "1") == 0;
        PQclear(done);
        free(normal);
    }
    const char *const born[] = {child, json_text_at(person, "born_on")};
    return good && (!born[1] || pg_do(ctl->pg, &set_born, born));
}

/* Finds or makes the child, and locks its row. */
static int choose_child(struct toldctl *ctl, struct match_step *m, const json_t *person)
{
    char child[24];
    m->matched = m->child_id;
    if (m->is_none && !look_again(ctl, person, &m->matched))
        return TOLDCTL_DATABASE;
    if (m->is_none && !m->matched && !make_child(ctl, m, person))
        return TOLDCTL_DATABASE;
    snprintf(child, sizeof child, "%" PRId64, m->matched);
    const char *const values[] = {child};
    PGresult *row = pg_run(ctl->pg, &lock_child, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int found = PQntuples(row);
    PQclear(row);
    if (!found)
        return toldctl_refuse(EX_DATAERR, "there is no child %s; give the number of a known child, or none",
                              child);
    return !m->is_new && !m->learn ? 0 : learn(ctl, m, person) ? 0 : TOLDCTL_DATABASE;
}

static int find_event(struct toldctl *ctl, const struct match_step *m, struct event **ret)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, m->review_id);
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &find_match, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code =
        PQntuples(row) && pg_column(row, 0, 0)
            ? toldctl_event_load(ctl, pg_column_int(row, 0, 0), ret)
            : toldctl_refuse(EX_DATAERR, "%s asks for no match; `toldctl reviews` lists those that do", id);
    PQclear(row);
    return code;
}

static bool write_match(struct toldctl *ctl, struct match_step *m, const struct event *event)
{
    char id[24], child[24];
    snprintf(id, sizeof id, "%" PRId64, m->review_id);
    snprintf(child, sizeof child, "%" PRId64, m->matched);
    const char *const values[] = {id, child};
    m->duty.child_id = m->matched;
    char *detail = store_detail("for", m->who.person, "child", m->is_new ? "new" : "known", "learned",
                                m->learned ? "identifiers" : NULL, NULL);
    bool good = pg_do(ctl->pg, &set_matched, values) &&
                toldctl_answerer_record(ctl, &m->who, &m->duty, "match",
                                        m->is_new ? "none of those known" : child, detail) &&
                toldctl_answerer_close(ctl, &m->who, &m->duty, "done", "matched by a person") &&
                toldctl_answerer_again(ctl, m->matched, event_valid_from(event));
    free(detail);
    return good;
}

/* Lock order: advisory, child, duty. */
static int step_match(struct toldctl *ctl, void *step)
{
    struct match_step *m = step;
    struct event *event = NULL;
    m->is_new = false;
    m->learned = 0;
    int code = toldctl_answerer_find(ctl, &m->who);
    if (!code)
        code = find_event(ctl, m, &event);
    if (!code && !pg_do(ctl->pg, &lock_children, NULL))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = choose_child(ctl, m, event_person(event));
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
        json_t *said = json_pack("{s:I, s:I, s:I, s:b, s:i}", "review", (json_int_t)m->review_id, "event",
                                 (json_int_t)m->duty.event_id, "child", (json_int_t)m->matched, "new",
                                 m->is_new, "learned", (int)m->learned);
        toldctl_print_json(said);
        json_decref(said);
        return;
    }
    printf("review %" PRId64 ": event %" PRId64 " is about child %" PRId64 "%s and is decided now\n",
           m->review_id, m->duty.event_id, m->matched,
           m->is_new    ? " (new)"
           : m->is_none ? " (known by now: an identifier agrees and nothing contradicts)"
                        : "");
}

int toldctl_match(struct toldctl *ctl, int argc, char **argv)
{
    struct match_step m = {0};
    const struct toldctl_option options[] = {
        {.name = "for", .ret_text = &m.who.asked}, {.name = "learn", .ret_flag = &m.learn}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 2, 2);
    if (at < 0)
        return EX_USAGE;
    m.is_none = strcmp(argv[at + 1], "none") == 0;
    if (!toldctl_number(argv[at], &m.review_id) || (!m.is_none && !toldctl_number(argv[at + 1], &m.child_id)))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_match, &m);
    if (!code) {
        toldctl_kick(ctl);
        say(ctl, &m);
    }
    toldctl_answerer_release(&m.who);
    toldctl_answerer_release_duty(&m.duty);
    return code;
}
