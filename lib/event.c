/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0, structured mode, JSON. Required here beyond the specification: `time`, `data`, and
 * `data.person` of every type of the catalogue. A null attribute or member counts as absent.
 */
#include "event_slots.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

enum {
    EVENT_TEXT_MOST = 512, /* id and source are a key of the store: an index row has its limits */
    EVENT_SEQUENCE_DIGITS = 20,
    EVENT_TRACEPARENT_LEN = 55,
};

struct event {
    json_t *json; /* owned; all text below is borrowed from it */
    const json_t *person;
    const char *id;
    const char *source;
    const char *type;
    const char *case_reference;
    const char *amends;
    const char *retracts;
    const char *traceparent;
    const char *statement;
    json_t *answers; /* owned, or NULL: what a person said in its place */
    char *replaced; /* owned: what `amends` is where it was found out and not said */
    struct instant recorded_at;
    struct instant time;
    struct instant valid_from;
    struct civil_day day;
    uint64_t sequence;
    bool has_sequence;
    int type_index;
    struct value slots[FIELD_COUNT_MOST];
};

static const json_t *event_member(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);

    return json_is_null(member) ? NULL : member;
}

/* Printable text of a length that a key can have. */
static bool event_is_key(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > EVENT_TEXT_MOST)
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

/* An attribute that is text: NULL on success (*ret NULL if it is absent). */
static char *event_read_text(const json_t *object, const char *where, const char *key, bool required,
                             const char **ret)
{
    const json_t *member = event_member(object, key);

    if (member == NULL) {
        *ret = NULL;
        return required ? mem_printf("%s%s: missing; every event needs it", where, key) : NULL;
    }
    if (!json_is_string(member) || !event_is_key(json_string_value(member)))
        return mem_printf("%s%s: must be a string of 1 to %d bytes without control characters", where, key,
                          EVENT_TEXT_MOST);
    *ret = json_string_value(member);
    return NULL;
}

static char *event_read_time(const json_t *root, const char *key, bool required, struct instant *ret)
{
    const json_t *member = event_member(root, key);

    if (member == NULL)
        return required ? mem_printf("%s: missing; every event needs it", key) : NULL;
    if (!json_is_string(member) || !instant_parse(json_string_value(member), ret))
        return mem_printf("%s: must be an RFC 3339 time with a zone", key);
    return NULL;
}

static char *event_read_sequence(struct event *event)
{
    const json_t *member = event_member(event->json, "sequence");
    const char *text = json_string_value(member);
    uint64_t sum = 0;

    if (member == NULL)
        return NULL;
    if (text == NULL || strlen(text) != EVENT_SEQUENCE_DIGITS ||
        strspn(text, "0123456789") != EVENT_SEQUENCE_DIGITS)
        return mem_printf("sequence: must be a string of %d digits, padded with zeros",
                          EVENT_SEQUENCE_DIGITS);
    for (size_t i = 0; i < EVENT_SEQUENCE_DIGITS; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');

        if (sum > (INT64_MAX - digit) / 10)
            return mem_printf("sequence: must be at most 09223372036854775807");
        sum = sum * 10 + digit;
    }
    event->sequence = sum;
    event->has_sequence = true;
    return NULL;
}

/* W3C Trace Context: a header that is malformed is ignored, for it must never cost an event. */
static bool event_is_traceparent(const char *text)
{
    return strlen(text) == EVENT_TRACEPARENT_LEN &&
           strspn(text, "0123456789abcdef-") == EVENT_TRACEPARENT_LEN && text[2] == '-' && text[35] == '-' &&
           text[52] == '-';
}

static char *event_read_attributes(struct event *event)
{
    const json_t *version = event_member(event->json, "specversion");
    const char *subject;
    char *reason;

    if (!json_is_string(version) || strcmp(json_string_value(version), "1.0") != 0)
        return mem_printf("specversion: must be \"1.0\"");
    if ((reason = event_read_text(event->json, "", "id", true, &event->id)) != NULL ||
        (reason = event_read_text(event->json, "", "source", true, &event->source)) != NULL ||
        (reason = event_read_text(event->json, "", "type", true, &event->type)) != NULL ||
        (reason = event_read_time(event->json, "time", true, &event->time)) != NULL ||
        (reason = event_read_time(event->json, "recordedtime", false, &event->recorded_at)) != NULL ||
        (reason = event_read_text(event->json, "", "subject", false, &subject)) != NULL ||
        (reason = event_read_text(event->json, "", "traceparent", false, &event->traceparent)) != NULL ||
        (reason = event_read_text(event->json, "", EVENT_STATEMENT, false, &event->statement)) != NULL)
        return reason;
    if (event->traceparent != NULL && !event_is_traceparent(event->traceparent))
        event->traceparent = NULL;
    return event_read_sequence(event);
}

/* The scheme is foreign text as much as the value, so neither is repeated in the reason. */
static char *event_read_identifiers(const json_t *identifiers)
{
    json_t *open = (json_t *)(uintptr_t)identifiers; /* jansson's iterators know no const */

    if (identifiers == NULL)
        return NULL;
    if (!json_is_object(identifiers))
        return mem_printf("data.person.identifiers: must be an object of scheme and value");
    for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at)) {
        const json_t *value = json_object_iter_value(at);

        if (!json_is_null(value) && !json_is_string(value))
            return mem_printf("data.person.identifiers: every value must be a string");
    }
    return NULL;
}

static char *event_read_person(struct event *event, const json_t *data)
{
    static const char *const texts[] = {"given_names", "family_name", "postcode", "home_authority", NULL};
    const json_t *born_on;
    struct civil_day day;

    event->person = event_member(data, "person");
    if (!json_is_object(event->person))
        return mem_printf("data.person: must be an object; {} if nothing is known of the person");
    for (size_t i = 0; texts[i] != NULL; i++) {
        const json_t *member = event_member(event->person, texts[i]);

        if (member != NULL && !json_is_string(member))
            return mem_printf("data.person.%s: must be a string", texts[i]);
    }
    born_on = event_member(event->person, "born_on");
    if (born_on != NULL && (!json_is_string(born_on) || !civil_parse(json_string_value(born_on), &day)))
        return mem_printf("data.person.born_on: must be a date YYYY-MM-DD");
    return event_read_identifiers(event_member(event->person, "identifiers"));
}

/* The member that a field names, one object down where its name has a dot; NULL if absent. */
static char *event_find_member(const json_t *data, const char *name, const json_t **ret)
{
    const char *dot = strchr(name, '.');
    const json_t *outer;
    char *outer_name;
    char *reason = NULL;

    if (dot == NULL) {
        *ret = event_member(data, name);
        return NULL;
    }
    outer_name = mem_copy_n(name, (size_t)(dot - name));
    outer = event_member(data, outer_name);
    if (outer != NULL && !json_is_object(outer))
        reason = mem_printf("data.%s: must be an object", outer_name);
    else
        *ret = outer == NULL ? NULL : event_member(outer, dot + 1);
    free(outer_name);
    return reason;
}

static char *event_wrong_field(const struct field *field)
{
    struct buf reason = {0};

    buf_printf(&reason, "data.%s: must be ", field->name);
    value_wanted(field->kind, field->words, &reason);
    return buf_take(&reason);
}

static char *event_read_fields(struct event *event, const json_t *data)
{
    const struct field_type *type = field_type_at((size_t)event->type_index);

    for (unsigned i = 0; i < type->count; i++) {
        const struct field *field = &type->fields[i];
        const json_t *member = NULL;
        char *reason = event_find_member(data, field->name, &member);

        if (reason != NULL)
            return reason;
        if (!value_read(field->kind, field->words, member, &event->slots[i]))
            return event_wrong_field(field);
    }
    return NULL;
}

static char *event_read_data(struct event *event)
{
    const json_t *data = event_member(event->json, "data");
    char *reason;

    if (!json_is_object(data))
        return mem_printf("data: must be an object with the person and the fields of the type");
    if ((reason = event_read_person(event, data)) != NULL ||
        (reason = event_read_text(data, "data.", "case", false, &event->case_reference)) != NULL ||
        (reason = event_read_text(data, "data.", "amends", false, &event->amends)) != NULL ||
        (reason = event_read_text(data, "data.", "retracts", false, &event->retracts)) != NULL)
        return reason;
    return event_read_fields(event, data);
}

static void event_place_in_time(struct event *event)
{
    struct value on = event_value(event, "on");

    event->valid_from = event->time;
    event->day = civil_day_of(event->time);
    if (on.kind == VALUE_DAY && on.day.number != event->day.number) {
        event->day = on.day;
        event->valid_from = civil_instant(on.day, 0, 0);
    }
}

static bool event_is_adapter_name(const char *name)
{
    return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static enum event_fault event_read(struct event *event, char **ret_reason)
{
    if (!json_is_object(event->json)) {
        *ret_reason = mem_printf("an event must be a JSON object");
        return EVENT_NOT_AN_EVENT;
    }
    *ret_reason = event_read_attributes(event);
    if (*ret_reason != NULL)
        return EVENT_NOT_AN_EVENT;
    event->type_index = field_type_find(event->type);
    if (event->type_index < 0 && !event_is_foreign(event)) { /* of somebody else's message nothing is read */
        *ret_reason =
            mem_printf("type: no type of the catalogue; correct it, or add an adapter for foreign messages");
        return EVENT_UNKNOWN_TYPE;
    }
    if (event_member(event->json, "data") == NULL && event_member(event->json, "data_base64") == NULL) {
        *ret_reason = mem_printf("data: missing; every event needs it");
        return EVENT_NOT_AN_EVENT;
    }
    if (event->type_index >= 0)
        *ret_reason = event_read_data(event);
    if (*ret_reason != NULL)
        return EVENT_WRONG_FIELD;
    event_place_in_time(event);
    return EVENT_OK;
}

struct event *event_from_json(json_t *root, enum event_fault *ret_fault, char **ret_reason)
{
    struct event *event = mem_new(sizeof(*event));
    enum event_fault fault;
    char *reason = NULL;

    event->json = json_incref(root);
    event->recorded_at = INSTANT_NONE;
    fault = event_read(event, &reason);
    if (fault == EVENT_OK)
        return event;
    event_free(event);
    *ret_fault = fault;
    *ret_reason = reason;
    return NULL;
}

struct event *event_parse(const char *bytes, size_t len, enum event_fault *ret_fault, char **ret_reason)
{
    char *reason = NULL;
    json_t *root = json_parse(bytes, len, &reason);
    struct event *event;

    if (root == NULL) {
        *ret_fault = EVENT_NOT_JSON;
        *ret_reason = reason;
        return NULL;
    }
    event = event_from_json(root, ret_fault, ret_reason);
    json_decref(root);
    return event;
}

void event_free(struct event *event)
{
    if (event == NULL)
        return;
    json_decref(event->json);
    json_decref(event->answers);
    free(event->replaced);
    free(event);
}

void event_take_answers(struct event *event, const json_t *answers)
{
    event->answers = json_deep_copy(answers);
}

const json_t *event_answers(const struct event *event)
{
    return event->answers;
}

const char *event_id(const struct event *event)
{
    return event->id;
}

const char *event_source(const struct event *event)
{
    return event->source;
}

const char *event_type(const struct event *event)
{
    return event->type;
}

struct instant event_time(const struct event *event)
{
    return event->time;
}

struct instant event_recorded(const struct event *event)
{
    const char *text = json_text_at(event->json, "recordedtime");
    struct instant at;

    return text != NULL && instant_parse(text, &at) ? at : INSTANT_NONE;
}

bool event_has_sequence(const struct event *event)
{
    return event->has_sequence;
}

uint64_t event_sequence(const struct event *event)
{
    return event->sequence;
}

const char *event_case(const struct event *event)
{
    return event->case_reference;
}

const char *event_amends(const struct event *event)
{
    return event->amends;
}

const char *event_retracts(const struct event *event)
{
    return event->retracts;
}

bool event_is_foreign(const struct event *event)
{
    size_t prefix = strlen(EVENT_FOREIGN_PREFIX);

    return strncmp(event->type, EVENT_FOREIGN_PREFIX, prefix) == 0 &&
           event_is_adapter_name(event->type + prefix);
}

const json_t *event_json(const struct event *event)
{
    return event->json;
}

const json_t *event_person(const struct event *event)
{
    return event->person;
}

struct instant event_recorded_at(const struct event *event)
{
    return event->recorded_at;
}

const char *event_statement(const struct event *event)
{
    return event->statement;
}

void event_replace(struct event *event, const char *id)
{
    free(event->replaced);
    event->replaced = mem_copy(id);
    event->amends = event->replaced;
}

const char *event_traceparent(const struct event *event)
{
    return event->traceparent;
}

struct instant event_valid_from(const struct event *event)
{
    return event->valid_from;
}

void event_digest(const struct event *event, char out[65])
{
    static const char *const without[] = {"sequence", "recordedtime", "traceparent", NULL};
    /* Around somebody else's message the time is only when it was wrapped: a file that is written anew says the same. */
    static const char *const of_foreign[] = {"sequence", "recordedtime", "traceparent", "time", NULL};

    json_digest(event->json, event_is_foreign(event) ? of_foreign : without, out);
}

int event_type_index(const struct event *event)
{
    return event->type_index;
}

struct civil_day event_day(const struct event *event)
{
    return event->day;
}

const struct value *event_slot(const struct event *event, unsigned slot)
{
    return &event->slots[slot];
}

struct value event_value(const struct event *event, const char *name)
{
    int slot = event->type_index < 0 ? -1 : field_find(field_type_at((size_t)event->type_index), name);

    return slot < 0 ? VALUE_NONE : event->slots[slot];
}

const char *event_word(const struct event *event, const char *name)
{
    const struct field_type *type = event->type_index < 0 ? NULL : field_type_at((size_t)event->type_index);
    int slot = type == NULL ? -1 : field_find(type, name);

    if (slot < 0)
        return NULL;
    if (event->slots[slot].kind == VALUE_WORD)
        return type->fields[slot].words[event->slots[slot].word];
    return event->slots[slot].kind == VALUE_TEXT ? event->slots[slot].text : NULL;
}

bool event_says(const struct event *event, const char *name, const char *word)
{
    const char *found = event_word(event, name);

    return found != NULL && strcmp(found, word) == 0;
}

bool event_is_true(const struct event *event, const char *name)
{
    struct value found = event_value(event, name);

    return found.kind == VALUE_BOOL && found.truth;
}

bool event_is_type(const struct event *event, const char *type)
{
    return strcmp(event->type, type) == 0;
}
