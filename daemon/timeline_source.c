/* SPDX-License-Identifier: Apache-2.0 */
#include "timeline_source.h"

#include <stdlib.h>
#include <string.h>

#include "told/explain.h"
#include "told/mem.h"

#define HAS "child.has("

/* The statement that made what is known of one field what it is, while the timeline is folded. */
struct search {
    const char *field; /* or NULL: role */
    char *role;
    json_t *value; /* as last seen; NULL: unknown */
    const struct timeline_fact *fact;
    const struct timeline_event *event;
    bool record; /* told.child's own date of birth */
};

/* NULL: unknown. New reference. */
static json_t *value_of(const struct search *search, const struct facts *facts)
{
    json_t *known = facts_json(facts), *value;
    const char *basis = json_text_at(known, "looked_after_basis");

    if (search->role != NULL) {
        value = json_object_get(json_object_get(known, "allocations_known"), search->role);
        if (value == NULL && json_object_get(known, "allocations") != NULL)
            value = json_object_get(json_object_get(known, "allocations"), search->role);
        value = value == NULL && json_object_get(known, "allocations") != NULL ? json_null() : json_incref(value);
    } else if (strcmp(search->field, "looked_after") == 0 && basis != NULL) {
        value = json_boolean(strcmp(basis, "none") != 0);
    } else {
        value = json_incref(json_object_get(known, search->field));
    }
    json_decref(known);
    return value;
}

static void look(void *cookie, const struct facts *facts, const struct timeline_fact *fact, const struct timeline_event *event)
{
    struct search *search = cookie;
    json_t *value = value_of(search, facts);

    if ((value == NULL) != (search->value == NULL) || (value != NULL && !json_equal(value, search->value))) {
        search->fact = fact;
        search->event = event;
        search->record = false;
    }
    json_decref(search->value);
    search->value = value;
}

static void add_instant(json_t *object, const char *key, struct instant at)
{
    char text[INSTANT_TEXT_SIZE];

    json_object_set_new(object, key, json_string(instant_print(at, text)));
}

static json_t *plain(const char *from, const char *text)
{
    return json_pack("{ss ss}", "from", from, "text", text);
}

static json_t *of_event(const struct timeline_event *e, bool is_this)
{
    char *text = mem_printf("event %lld, %s from %s", (long long)e->event_id, event_type(e->event), event_source(e->event));
    json_t *source = plain(is_this ? "this event" : "event", text);

    json_object_set_new(source, "event", json_integer(e->event_id));
    json_object_set_new(source, "type", json_string(event_type(e->event)));
    json_object_set_new(source, "source", json_string(event_source(e->event)));
    json_object_set_new(source, "id", json_string(event_id(e->event)));
    add_instant(source, "valid_from", e->valid_from);
    add_instant(source, "received_at", e->received_at);
    free(text);
    return source;
}

static json_t *of_fact(const struct timeline_fact *f)
{
    const char *from = f->is_answer ? "answer" : "import";
    char *row = mem_printf("%s %lld", f->field != NULL ? "child_status" : "child_allocation", (long long)f->number);
    char *text = mem_printf("%s %s by %s", from, row, f->recorded_by);
    json_t *source = plain(from, text);

    json_object_set_new(source, "row", json_string(row));
    json_object_set_new(source, "recorded_by", json_string(f->recorded_by));
    add_instant(source, "valid_from", f->valid_from);
    add_instant(source, "recorded_at", f->recorded_at);
    free(row);
    free(text);
    return source;
}

static json_t *of_search(const struct timeline *t, size_t index, struct search *search)
{
    struct timeline_view view = {0};
    json_t *at_end, *source;

    search->record = t->born_on != NULL && search->field != NULL && strcmp(search->field, "born_on") == 0;
    search->value = search->record ? json_string(t->born_on) : NULL;
    timeline_view_stepwise(t, index, &view, look, search);
    at_end = value_of(search, view.facts);
    if (search->fact != NULL)
        source = of_fact(search->fact);
    else if (search->event != NULL)
        source = of_event(search->event, false);
    else if (search->record)
        source = plain("record", "the child's own record");
    else if (at_end != NULL)
        source = plain("silence", "no event is stored that says otherwise");
    else
        source = plain("nobody", "nobody has said");
    json_decref(at_end);
    json_decref(search->value);
    timeline_view_release(&view);
    return source;
}

/* The stored field behind a name that is worked out. */
static const char *field_behind(const char *name, const struct decide_input *input)
{
    const char *field = name + strlen("child.");
    json_t *known;
    bool by_plan;

    if (strcmp(field, "age") == 0)
        return "born_on";
    if (strcmp(field, "out_of_borough") == 0)
        return "placement_authority";
    if (strcmp(field, "in_need") != 0)
        return field;
    known = facts_json(input->facts); /* A06: a child on a protection plan is a child in need */
    by_plan = json_is_true(json_object_get(known, "protection_plan"));
    json_decref(known);
    return by_plan ? "protection_plan" : field;
}

/* What the store does not know of the child, the event's own person may say. */
static bool says_itself(const struct event *event, const char *field)
{
    return (strcmp(field, "born_on") == 0 || strcmp(field, "home_authority") == 0) &&
           json_text_at(event_person(event), field) != NULL;
}

static json_t *of_child(const struct timeline *t, size_t index, const struct decide_input *input, const char *name)
{
    struct search search = {0};
    json_t *source;

    if (strncmp(name, HAS, strlen(HAS)) == 0)
        search.role = mem_copy_n(name + strlen(HAS), strcspn(name + strlen(HAS), ")"));
    else
        search.field = field_behind(name, input);
    source = of_search(t, index, &search);
    if (search.field != NULL && strcmp(json_text_at(source, "from"), "nobody") == 0 &&
        says_itself(t->events[index].event, search.field)) {
        json_decref(source);
        source = of_event(&t->events[index], true);
    }
    free(search.role);
    return source;
}

static json_t *of_history(const struct timeline *t, const struct decide_input *input, const char *name)
{
    size_t at = explain_history(name, input);

    for (size_t i = 0; at < input->history_count && i < t->count; i++)
        if (t->events[i].event == input->history[at].event)
            return of_event(&t->events[i], false);
    return plain("silence", "no event is stored that says otherwise");
}

/* What a person answered in place of the event; NULL: nobody did. */
static json_t *of_answer(const struct event *event, const char *name)
{
    json_t *one = json_object_get(event_answers(event), name), *source;
    char *row, *text;

    if (one == NULL)
        return NULL;
    row = mem_printf("child_status %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(one, "row")));
    text = mem_printf("answer %s by %s", row, json_text_at(one, "by"));
    source = plain("answer", text);
    json_object_set_new(source, "row", json_string(row));
    json_object_set(source, "recorded_by", json_object_get(one, "by"));
    json_object_set(source, "recorded_at", json_object_get(one, "recorded_at"));
    free(text);
    free(row);
    return source;
}

json_t *timeline_source(const struct timeline *t, size_t index, const struct decide_input *input, const char *name)
{
    json_t *answered = of_answer(t->events[index].event, name);

    if (answered != NULL)
        return answered;
    if (strncmp(name, "event.", 6) == 0)
        return of_event(&t->events[index], true);
    if (strncmp(name, "child.", 6) == 0)
        return of_child(t, index, input, name);
    if (strncmp(name, "history.", 8) == 0 || strncmp(name, "release.", 8) == 0)
        return of_history(t, input, name);
    if (strncmp(name, "court.", 6) == 0)
        return plain("configuration", "the courts of the configuration");
    return plain("configuration", "the authority of this installation");
}
