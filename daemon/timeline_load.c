/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/event_answer.h"
#include "told/mem.h"

/* Answers about an event and not about its child: they become part of the event. */
#define OF_EVENT "'^(event|court|release)[.]'"

static const struct pg_statement CHILD = {"timeline_child", "SELECT born_on::text FROM told.child WHERE child_id = $1", 1};

static const struct pg_statement EVENTS = {
    "timeline_events",
    "SELECT e.event_id, encode(e.body, 'escape'), " PG_INSTANT("e.received_at") ", CASE WHEN s.retracted_by IS NOT NULL THEN"
    " 'retracted' WHEN s.unmatch AND s.state = 'waiting' THEN 'taken back'"
    " WHEN s.state = 'held' AND (s.reason = 'feed frozen' OR h.state = 'open') THEN 'frozen' ELSE s.state END, s.outcome,"
    " s.replaced_by, e.parent_id, e.feed, h.state,"
    " (SELECT jsonb_object_agg(a.field, jsonb_build_object('value', a.value, 'row', a.status_id, 'by', a.recorded_by, 'recorded_at',"
    " to_char(a.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) ORDER BY a.status_id) FROM told.child_status a"
    " WHERE a.child_id = s.child_id AND a.event_id = e.event_id AND a.origin = 'answer' AND a.field ~ " OF_EVENT ")"
    " FROM told.event_state s JOIN told.event e USING (event_id)"
    " LEFT JOIN told.held_event b USING (event_id) LEFT JOIN told.hold h USING (hold_id) WHERE s.child_id = $1 ORDER BY e.received_at, e.event_id",
    1};

/* What events said is read from the events themselves; these are the statements that came another way. */
static const struct pg_statement FACTS = {
    "timeline_facts",
    "SELECT " PG_INSTANT("valid_from") ", field, value::text, NULL, NULL, status_id AS n, recorded_at AS r, valid_from AS v,"
    " origin, recorded_by, " PG_INSTANT("recorded_at")
    " FROM told.child_status WHERE child_id = $1 AND origin <> 'event' AND field !~ " OF_EVENT
    " UNION ALL SELECT " PG_INSTANT("valid_from") ", NULL, NULL, role, person_id, allocation_id, recorded_at, valid_from,"
    " origin, recorded_by, " PG_INSTANT("recorded_at")
    " FROM told.child_allocation WHERE child_id = $1 AND origin <> 'event' ORDER BY v, r, n",
    1};

static enum timeline_state state_of(const char *text)
{
    if (strcmp(text, "waiting") == 0)
        return TIMELINE_WAITING;
    if (strcmp(text, "decided") == 0 || strcmp(text, "review") == 0)
        return TIMELINE_DECIDED;
    return strcmp(text, "held") == 0 ? TIMELINE_HELD : TIMELINE_OUT;
}

/* The event gets what a person answered in its place. An answer that it cannot take is left out. */
static void take_answers(struct timeline_event *e, const char *text)
{
    struct event *event = e->event;
    json_t *answers = event != NULL && text != NULL ? json_loads(text, 0, NULL) : NULL;
    json_t *one;
    const char *name;
    void *next;
    char *reason = NULL;

    json_object_foreach_safe(answers, next, name, one)
    {
        json_t *alone = json_pack("{sO}", name, one);
        struct event *answered = event_answer(event, alone, &reason);

        if (answered == NULL)
            json_object_del(answers, name);
        event_free(answered);
        free(reason);
        json_decref(alone);
    }
    if (json_object_size(answers) > 0) {
        struct event *answered = event_answer(event, answers, &reason);

        free(reason);
        if (answered != NULL) {
            e->unanswered = event;
            e->event = answered;
        }
    }
    json_decref(answers);
}

static void read_event(PGresult *rows, int i, struct timeline_event *ret)
{
    enum event_fault fault;
    char *reason = NULL;
    size_t len = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)pg_column(rows, i, 1), &len);

    ret->event_id = pg_column_int(rows, i, 0);
    ret->received_at = pg_column_instant(rows, i, 2);
    ret->frozen = strcmp(pg_column(rows, i, 3), "frozen") == 0;
    ret->state = ret->frozen ? TIMELINE_HELD : state_of(pg_column(rows, i, 3));
    ret->outcome = mem_copy(pg_column(rows, i, 4));
    ret->replaced_by = pg_column_int(rows, i, 5);
    ret->parent_id = pg_column_int(rows, i, 6);
    ret->feed = mem_copy(pg_column(rows, i, 7));
    ret->hold = timeline_hold_of(pg_column(rows, i, 8));
    ret->event = event_parse((const char *)body, len, &fault, &reason);
    take_answers(ret, pg_column(rows, i, 9));
    ret->valid_from = ret->event != NULL ? event_valid_from(ret->event) : ret->received_at;
    /* A retraction took something back; it says nothing itself. What waits and cannot be read is for who decides it. */
    if (ret->event == NULL ? ret->state != TIMELINE_WAITING : event_retracts(ret->event) != NULL && ret->state == TIMELINE_DECIDED)
        ret->state = TIMELINE_OUT;
    free(reason);
    PQfreemem(body);
}

static void read_fact(PGresult *rows, int i, struct timeline_fact *ret)
{
    const char *value = pg_column(rows, i, 2);

    ret->valid_from = pg_column_instant(rows, i, 0);
    ret->field = mem_copy(pg_column(rows, i, 1));
    ret->value = value != NULL ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    ret->role = mem_copy(pg_column(rows, i, 3));
    ret->person = mem_copy(pg_column(rows, i, 4));
    ret->number = pg_column_int(rows, i, 5);
    ret->is_answer = strcmp(pg_column(rows, i, 8), "answer") == 0;
    ret->recorded_by = mem_copy(pg_column(rows, i, 9));
    ret->recorded_at = pg_column_instant(rows, i, 10);
}

bool timeline_load(struct timeline *t, struct pg *pg, int64_t child_id)
{
    char id[24];
    const char *values[] = {id};
    PGresult *child = NULL, *events = NULL, *facts = NULL;

    *t = (struct timeline){.child_id = child_id};
    snprintf(id, sizeof id, "%lld", (long long)child_id);
    if ((child = pg_run(pg, &CHILD, values)) == NULL || (events = pg_run(pg, &EVENTS, values)) == NULL ||
        (facts = pg_run(pg, &FACTS, values)) == NULL)
        goto done;
    if (PQntuples(child) > 0)
        t->born_on = mem_copy(pg_column(child, 0, 0));
    t->count = (size_t)PQntuples(events);
    t->events = mem_new(sizeof *t->events * (t->count + 1));
    for (size_t i = 0; i < t->count; i++)
        read_event(events, (int)i, &t->events[i]);
    timeline_order(t);
    t->fact_count = (size_t)PQntuples(facts);
    t->facts = mem_new(sizeof *t->facts * (t->fact_count + 1));
    for (size_t i = 0; i < t->fact_count; i++)
        read_fact(facts, (int)i, &t->facts[i]);
done:
    PQclear(child);
    PQclear(events);
    PQclear(facts);
    return t->facts != NULL;
}
