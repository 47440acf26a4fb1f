/* SPDX-License-Identifier: Apache-2.0 */
/* What a person said in place of an event that left it out. */
#include "told/event_answer.h"

#include <stdlib.h>
#include <string.h>

#include "event_slots.h"
#include "told/mem.h"

#define OF_EVENT "event."

/* What no event states of itself, and a rule may ask for all the same. */
static const struct {
    const char *name;
    enum value_kind kind;
} beside[] = {{"court.is_host", VALUE_BOOL}, {"court.is_our_day", VALUE_BOOL}, {"release.on", VALUE_DAY}};

bool event_answer_is_name(const char *name)
{
    bool found = strncmp(name, OF_EVENT, strlen(OF_EVENT)) == 0;

    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        found |= strcmp(name, beside[i].name) == 0;
    return found;
}

static enum value_kind kind_beside(const char *name)
{
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (strcmp(name, beside[i].name) == 0)
            return beside[i].kind;
    return VALUE_UNKNOWN;
}

/* Puts one value where the event has none; an object is made for a name with a dot (first_hearing.at). */
static void put(json_t *data, const char *field, json_t *value)
{
    const char *dot = strchr(field, '.');
    char *outer = dot != NULL ? mem_copy_n(field, (size_t)(dot - field)) : NULL;
    json_t *object = outer != NULL ? json_object_get(data, outer) : data;

    if (!json_is_object(object)) {
        object = json_object();
        json_object_set_new(data, outer, object);
    }
    json_object_set(object, dot != NULL ? dot + 1 : field, value);
    free(outer);
}

static char *answer_field(const struct event *event, const char *field, json_t *value, json_t *data)
{
    int index = event_type_index(event);
    const struct field_type *type = index < 0 ? NULL : field_type_at((size_t)index);
    int slot = type == NULL ? -1 : field_find(type, field);
    struct value read;
    struct buf wanted = {0};

    if (slot < 0)
        return mem_printf("no such field of %s", event_type(event));
    if (event_slot(event, (unsigned)slot)->kind != VALUE_UNKNOWN)
        return mem_copy("the event says it itself; its publisher amends it");
    if (value_read(type->fields[slot].kind, type->fields[slot].words, value, &read) && read.kind != VALUE_UNKNOWN) {
        put(data, field, value);
        return NULL;
    }
    buf_text(&wanted, "must be ");
    value_wanted(type->fields[slot].kind, type->fields[slot].words, &wanted);
    return buf_take(&wanted);
}

static char *answer_beside(const char *name, json_t *value)
{
    enum value_kind kind = kind_beside(name);
    struct value read;

    if (kind == VALUE_UNKNOWN)
        return mem_copy("nothing that an answer may say");
    if (value_read(kind, NULL, value, &read) && read.kind != VALUE_UNKNOWN)
        return NULL;
    return mem_copy(kind == VALUE_DAY ? "must be a date YYYY-MM-DD" : "must be true or false");
}

struct event *event_answer(const struct event *event, const json_t *answers, char **ret_reason)
{
    json_t *whole = json_deep_copy(event_json(event));
    json_t *open = (json_t *)(uintptr_t)answers; /* jansson's iterators know no const */
    struct event *answered = NULL;
    enum event_fault fault;
    char *reason = NULL;

    for (void *at = json_object_iter(open); at != NULL && reason == NULL; at = json_object_iter_next(open, at)) {
        const char *name = json_object_iter_key(at);
        json_t *value = json_object_get(json_object_iter_value(at), "value");

        if (strncmp(name, OF_EVENT, strlen(OF_EVENT)) == 0)
            reason = answer_field(event, name + strlen(OF_EVENT), value, json_object_get(whole, "data"));
        else
            reason = answer_beside(name, value);
    }
    if (reason == NULL)
        answered = event_from_json(whole, &fault, &reason);
    if (answered != NULL)
        event_take_answers(answered, answers);
    json_decref(whole);
    *ret_reason = reason;
    return answered;
}

struct value event_answer_value(const struct event *event, const char *name)
{
    struct value read = VALUE_NONE;
    const json_t *value = json_object_get(json_object_get(event_answers(event), name), "value");

    if (value == NULL || !value_read(kind_beside(name), NULL, value, &read))
        return VALUE_NONE;
    return read;
}
