/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte chooses the type of event; the rest is a condition, and a clock. Whatever is taken is evaluated where
 * nothing, something and everything is known, and must come out as the slow evaluator says.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/deadline.h"
#include "../../lib/expr.h"
#include "slow_expr.h"
#include "told/mem.h"

enum { KNOWLEDGE = 3 };

/* What every execution needs and none changes. */
struct world {
    struct calendar *calendar;
    struct facts *facts[KNOWLEDGE];
    struct event *events[64][KNOWLEDGE];
    struct decide_past past[KNOWLEDGE];
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void count_line(void *cookie, const char *text, size_t len)
{
    size_t *count = cookie;

    assert(strlen(text) == len && len > 0);
    ++*count;
}

static json_t *some_value(const struct field *field)
{
    switch (field->kind) {
    case VALUE_BOOL:
        return json_true();
    case VALUE_NUMBER:
        return json_integer(12);
    case VALUE_WORD:
        return json_string(field->words[0]);
    case VALUE_WORDS:
        return json_pack("[s]", field->words[0]);
    case VALUE_DAY:
        return json_string("2024-05-31");
    case VALUE_INSTANT:
        return json_string("2024-06-03T09:00:00Z");
    case VALUE_LIST:
        return json_array();
    default:
        return json_string("southwark");
    }
}

/* Of the fields none, every second, or all. */
static struct event *make_event(const struct field_type *type, int knowledge)
{
    json_t *data = json_pack("{s{}}", "person");
    json_t *json = json_pack("{ss ss ss ss ss so}", "specversion", "1.0", "id", "1", "source", "s", "type", type->name, "time",
                             "2024-05-31T10:00:00Z", "data", data);
    char *text, *reason = NULL;
    enum event_fault fault;
    struct event *event;

    for (unsigned i = 0; i < type->count; i++) {
        const char *dot = strchr(type->fields[i].name, '.');
        char *outer = dot != NULL ? mem_copy_n(type->fields[i].name, (size_t)(dot - type->fields[i].name)) : NULL;

        if (knowledge * (int)(i + 1) % 2 == 0 && knowledge < 2) {
            free(outer);
            continue;
        }
        if (outer != NULL && json_object_get(data, outer) == NULL)
            json_object_set_new(data, outer, json_object());
        json_object_set_new(outer != NULL ? json_object_get(data, outer) : data, dot != NULL ? dot + 1 : type->fields[i].name,
                            some_value(&type->fields[i]));
        free(outer);
    }
    text = json_dumps(json, 0);
    event = event_parse(text, strlen(text), &fault, &reason);
    assert(event != NULL);
    free(text);
    json_decref(json);
    return event;
}

static struct facts *make_facts(int knowledge)
{
    struct facts *facts = facts_new();

    for (int i = 0; knowledge > 0 && i < CHILD_FIELD_COUNT; i++) {
        const struct field *field = field_child((enum field_child)i);
        json_t *value = some_value(field);

        if (knowledge > 1 || i % 2 == 0)
            facts_set(facts, field->name, value);
        json_decref(value);
    }
    facts_allocate(facts, "social-worker", knowledge == 1 ? NULL : "p-1");
    return facts;
}

static const struct world *make_world(void)
{
    static const char holidays[] = "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
                                   "{\"title\":\"x\",\"date\":\"2024-12-25\"}]}}";
    struct world *world = mem_new(sizeof *world);
    char *reason = NULL;

    *world = (struct world){.calendar = calendar_parse(holidays, strlen(holidays), &reason)};
    assert(world->calendar != NULL && field_type_count() <= 64);
    for (int k = 0; k < KNOWLEDGE; k++) {
        world->facts[k] = make_facts(k);
        for (size_t i = 0; i < field_type_count(); i++)
            world->events[i][k] = make_event(field_type_at(i), k);
    }
    /* A history of all that can be known: dates of release among it. */
    world->past[0].event = world->events[field_type_find("custody.reception")][2];
    world->past[1].event = world->events[field_type_find("court.sentence")][2];
    world->past[2].event = world->events[field_type_find("custody.release-dates")][2];
    return world;
}

static void check_expr(const struct expr *expr, const char *text, int type_index, struct term_scope *scope)
{
    enum truth truth = expr_eval(expr, scope);
    struct buf scratch = {0};
    size_t missing = 0;
    size_t lines = 0;

    assert(truth == slow_eval(text, type_index, scope));
    expr_unknown(expr, scope, count_line, &missing);
    assert((truth == TRUTH_UNKNOWN) == (missing > 0));
    expr_explain(expr, scope, &scratch, count_line, &lines);
    buf_release(&scratch);
}

static void check_deadline(const struct deadline *deadline, const struct calendar *calendar, struct term_scope *scope)
{
    struct deadline_due due;
    struct buf text = {0};
    size_t missing = 0;

    deadline_compute(deadline, calendar, scope, &due);
    deadline_unknown(deadline, scope, count_line, &missing);
    assert(due.known == (missing == 0));
    if (due.known)
        deadline_explain(deadline, calendar, scope, &due, &text);
    buf_release(&text);
}

static void check_text(const struct world *world, const char *text, int type_index)
{
    char *reason = NULL;
    struct expr *expr = expr_parse(text, type_index, TERM_REACH_ALL, &reason);
    struct deadline *deadline;

    assert((expr == NULL) == (reason != NULL));
    free(reason);
    reason = NULL;
    deadline = deadline_parse(text, type_index, &reason);
    assert((deadline == NULL) == (reason != NULL));
    free(reason);
    for (int k = 0; k < KNOWLEDGE && (expr != NULL || deadline != NULL); k++) {
        struct decide_input input = {.authority = "southwark", .event = world->events[type_index][k], .facts = world->facts[k],
                                     .history = world->past, .history_count = k == 2 ? KNOWLEDGE : 0,
                                     .court_is_host = k == 2 ? TRUTH_TRUE : TRUTH_UNKNOWN};
        struct term_scope scope;

        instant_parse("2024-05-31T18:20:00Z", &input.received_at);
        term_scope_init(&scope, &input);
        if (expr != NULL)
            check_expr(expr, text, type_index, &scope);
        if (deadline != NULL)
            check_deadline(deadline, world->calendar, &scope);
    }
    expr_free(expr);
    deadline_free(deadline);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct world *world; /* made once: it would be nearly all of the time */
    int type_index = len == 0 ? 0 : (int)(bytes[0] % field_type_count());
    char *rest = mem_copy_n(len == 0 ? "" : (const char *)bytes + 1, len == 0 ? 0 : len - 1);

    if (world == NULL)
        world = make_world();
    check_text(world, rest, type_index);
    free(rest);
    return 0;
}
