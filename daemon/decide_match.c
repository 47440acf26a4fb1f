/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_foreign.h"
#include "log.h"
#include "store.h"
#include "told/match.h"
#include "told/mem.h"

static const struct pg_statement LOCK = {"match_lock", "SELECT pg_advisory_xact_lock(7401, 1)", 0};

static const struct pg_statement WAITING = {
    "match_waiting",
    "SELECT e.event_id, encode(e.body, 'escape'), " PG_INSTANT("e.received_at") ", e.source, e.id, e.type, e.feed"
    " FROM told.event_state s JOIN told.event e USING (event_id)"
    " WHERE s.state = 'waiting' AND s.child_id IS NULL"
    " AND s.event_id >= $2::bigint AND ($2::bigint = 0 OR s.event_id = $2::bigint)"
    " ORDER BY s.event_id LIMIT $1",
    2};

/* Every child that shares an identifier with one of the events, with all its identifiers. */
static const struct pg_statement CANDIDATES = {
    "match_candidates",
    "SELECT DISTINCT q.n, i.child_id, c.born_on::text, k.scheme, k.value"
    " FROM unnest($1::int[], $2::text[], $3::text[]) q (n, scheme, value)"
    " JOIN told.child_identifier i ON i.scheme = q.scheme AND i.value = q.value"
    " JOIN told.child c ON c.child_id = i.child_id"
    " JOIN told.child_identifier k ON k.child_id = i.child_id ORDER BY 1, 2",
    3};

static const struct pg_statement MATCHED = {
    "match_certain",
    "UPDATE told.event_state s SET child_id = q.child_id, match_because = q.because, begun = 0"
    " FROM unnest($1::bigint[], $2::bigint[], $3::text[]) q (event_id, child_id, because) WHERE s.event_id = q.event_id",
    3};

static const struct pg_statement TO_REVIEW = {
    "match_review", "UPDATE told.event_state SET state = 'review', reason = $2, match_because = $2 WHERE event_id = $1", 2};

struct waiting {
    int64_t event_id;
    struct instant received_at;
    struct event *event;
    const char *source, *id, *type; /* of the result */
};

struct candidates {
    struct match_candidate *list;
    size_t count;
    struct match_identifier *identifiers; /* one block that the candidates share */
    size_t identifier_count;
};

static bool is_trusted(const struct config *config, const char *scheme)
{
    for (size_t i = 0; config->trusted != NULL && config->trusted[i] != NULL; i++)
        if (strcmp(config->trusted[i], scheme) == 0)
            return true;
    return false;
}

/* Adds the normalised identifiers of one event's person to the query's arrays, of the schemes that are trusted here. */
static void ask(const struct config *config, struct buf arrays[3], int n, const json_t *person)
{
    json_t *identifiers = json_object_get(person, "identifiers"), *value;
    const char *scheme;
    char number[24];

    snprintf(number, sizeof number, "%d", n);
    json_object_foreach(identifiers, scheme, value)
    {
        char *normal = json_is_string(value) && is_trusted(config, scheme) ? match_normalise(scheme, json_string_value(value)) : NULL;

        if (normal == NULL)
            continue;
        pg_array_add(&arrays[0], number);
        pg_array_add(&arrays[1], scheme);
        pg_array_add(&arrays[2], normal);
        free(normal);
    }
}

/* The rows of one event, from *row on, grouped by child. */
static void gather(const PGresult *rows, int n, int *row, struct candidates *ret)
{
    int first = *row, last = first;

    while (last < PQntuples(rows) && pg_column_int(rows, last, 0) == n)
        last++;
    *row = last;
    ret->list = mem_new(sizeof *ret->list * (size_t)(last - first + 1));
    ret->identifiers = mem_new(sizeof *ret->identifiers * (size_t)(last - first + 1));
    for (int i = first; i < last; i++) {
        int64_t child = pg_column_int(rows, i, 1);

        if (ret->count == 0 || ret->list[ret->count - 1].child_id != child)
            ret->list[ret->count++] = (struct match_candidate){
                .child_id = child, .born_on = pg_column(rows, i, 2), .identifiers = &ret->identifiers[ret->identifier_count]};
        ret->identifiers[ret->identifier_count++] =
            (struct match_identifier){pg_column(rows, i, 3), pg_column(rows, i, 4)};
        ret->list[ret->count - 1].identifier_count++;
    }
}

/* The clock of a match review: 1 working day from receipt, or the shortest clock that the event could start (A26). */
static struct instant review_due(const struct duty_store *s, const struct waiting *w)
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

/* Nobody can say for certain who it is about: a person must, and the clock is already running. */
static bool open_match(struct duty_store *s, const struct waiting *w, const struct match_result *verdict)
{
    struct instant due = review_due(s, w);
    char id[24], shows[INSTANT_TEXT_SIZE], *because, *key;
    const char *tell[] = {s->config->review_role};
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)w->event_id);
    because = store_detail("verdict", verdict->verdict == MATCH_DOUBTFUL ? "doubtful" : "none", "because", verdict->because,
                           "event", w->type, NULL);
    key = mem_printf("[%s]", id);
    ok = pg_do(s->pg, &TO_REVIEW, (const char *[]){id, verdict->because}) &&
         duty_store_open(s, &(struct duty_new){.kind = "match",
                                               .case_ref = event_case(w->event),
                                               .rule = "match",
                                               .key = key,
                                               .occurrence = 1,
                                               .duty = "match",
                                               .title = "Say which child an event is about",
                                               .says = "Say which child this message is about",
                                               .immediate = instant_ms_between(w->received_at, due) <= 3600 * 1000,
                                               .event_id = w->event_id,
                                               .received_at = w->received_at,
                                               .due_at = due,
                                               .shows = instant_print(due, shows),
                                               .closes = "done",
                                               .because = because,
                                               .tell = tell,
                                               .tell_count = 1,
                                               .ladder = ""}) >= 0;
    free(because);
    free(key);
    return ok;
}

struct matched {
    struct buf events, children, because;
    int count;
};

static bool settle(struct duty_store *s, const struct waiting *w, const struct candidates *c, struct matched *certain)
{
    struct match_result verdict = match_person(event_person(w->event), c->list, c->count);
    char number[24];

    if (verdict.verdict != MATCH_CERTAIN)
        return open_match(s, w, &verdict);
    snprintf(number, sizeof number, "%lld", (long long)w->event_id);
    pg_array_add(&certain->events, number);
    snprintf(number, sizeof number, "%lld", (long long)verdict.child_id);
    pg_array_add(&certain->children, number);
    pg_array_add(&certain->because, verdict.because);
    certain->count++;
    return true;
}

static bool settle_all(struct duty_store *s, struct waiting *list, int count)
{
    struct buf arrays[3] = {{0}, {0}, {0}};
    struct matched certain = {0};
    PGresult *rows;
    int row = 0;
    bool ok;

    for (int i = 0; i < count; i++)
        if (list[i].event != NULL)
            ask(s->config, arrays, i, event_person(list[i].event));
    rows = pg_run(s->pg, &CANDIDATES,
                  (const char *[]){pg_array_end(&arrays[0]), pg_array_end(&arrays[1]), pg_array_end(&arrays[2])});
    ok = rows != NULL;
    for (int i = 0; ok && i < count; i++) {
        struct candidates c = {0};

        if (list[i].event == NULL)
            continue;
        gather(rows, i, &row, &c);
        ok = settle(s, &list[i], &c, &certain);
        free(c.list);
        free(c.identifiers);
    }
    if (ok && certain.count > 0)
        ok = pg_do(s->pg, &MATCHED,
                   (const char *[]){pg_array_end(&certain.events), pg_array_end(&certain.children),
                                    pg_array_end(&certain.because)});
    PQclear(rows);
    for (int i = 0; i < 3; i++)
        buf_release(&arrays[i]);
    buf_release(&certain.events);
    buf_release(&certain.children);
    buf_release(&certain.because);
    return ok;
}

/* Parses one waiting row. A foreign message is expanded instead, and stays NULL here. */
static bool read_waiting(struct duty_store *s, PGresult *rows, int i, struct waiting *ret)
{
    enum event_fault fault;
    size_t len = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)pg_column(rows, i, 1), &len);
    char *reason = NULL;
    bool ok = true;

    ret->event_id = pg_column_int(rows, i, 0);
    ret->received_at = pg_column_instant(rows, i, 2);
    ret->source = pg_column(rows, i, 3);
    ret->id = pg_column(rows, i, 4);
    ret->type = pg_column(rows, i, 5);
    if (strncmp(ret->type, EVENT_FOREIGN_PREFIX, strlen(EVENT_FOREIGN_PREFIX)) == 0)
        ok = decide_foreign_expand(s, ret->event_id, (const char *)body, len, ret->received_at, pg_column(rows, i, 6));
    else if ((ret->event = event_parse((const char *)body, len, &fault, &reason)) == NULL)
        /* Ingest took it under an older catalogue, or a person retried it: back to where a person sees it. */
        ok = decide_foreign_quarantine(s, ret->event_id, reason);
    free(reason);
    PQfreemem(body);
    return ok;
}

int decide_match_step(struct duty_store *s, int most, int64_t only)
{
    char limit[24], one[24];
    struct waiting *list = NULL;
    PGresult *rows = NULL;
    int count = -1;
    bool ok = pg_begin(s->pg) && pg_do(s->pg, &LOCK, NULL);

    snprintf(limit, sizeof limit, "%d", most);
    snprintf(one, sizeof one, "%lld", (long long)only);
    rows = ok ? pg_run(s->pg, &WAITING, (const char *[]){limit, one}) : NULL;
    if (rows == NULL)
        goto done;
    count = PQntuples(rows);
    list = mem_new(sizeof *list * (size_t)(count + 1));
    for (int i = 0; ok && i < count; i++)
        ok = read_waiting(s, rows, i, &list[i]);
    ok = ok && (count == 0 || settle_all(s, list, count)) && pg_commit(s->pg);
    for (int i = 0; i < count; i++)
        event_free(list[i].event);
    if (!ok)
        count = -1;
done:
    if (count < 0)
        pg_rollback(s->pg);
    PQclear(rows);
    free(list);
    return count;
}
