/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   {"eventType", "occurredAt", "publishedAt",
 *    "additionalInformation": {"nomsNumber", "reason", "probableCause", "nomisMovementReasonCode",
 * "prisonId", …}, "personReference": {"identifiers": [{"type": "NOMS", "value"}]}}
 *
 * and, of the events before those, {"eventType", "eventDatetime" (a wall clock), "offenderIdDisplay"}.
 * Not believed: that a MessageId is the message's own (three different receptions were seen with one). Nobody
 * has a name or a date of birth here: the prison number is all there is to know who it is.
 */
#include "custody_event.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "custody_code.h"
#include "foreign_person.h"
#include "foreign_time.h"
#include "told/buf.h"
#include "told/civil.h"
#include "told/mem.h"

struct movement {
    const struct codes_row *code;
    const char *cause, *movement, *prison_id;
};

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_text_at(object, key);
    return text == NULL || *text == '\0' ? NULL : text;
}

/* Its own word for what it is, else the attribute that SNS filters by: an object, or a bare string. */
static const char *event_type_of(const struct custody_message *message, const json_t *json)
{
    const json_t *attribute = json_object_get(message->attributes, "eventType");
    const char *type = text_at(json, "eventType");

    if (type == NULL && json_object_get(json, "eventType") == NULL)
        type = json_is_string(attribute) ? json_string_value(attribute) : text_at(attribute, "Value");
    return type;
}

static void fault(const struct custody_message *message, const char *reason)
{
    adapted_list_add_fault(message->list, message->part, reason);
}

/* Every place where a prison number stands must say the same one. False: added a fault. */
static bool identify(const struct custody_message *message, const json_t *json, json_t *person)
{
    const json_t *references = json_object_get(json_object_get(json, "personReference"), "identifiers"),
                 *reference;
    const char *numbers[3] = {text_at(json_object_get(json, "additionalInformation"), "nomsNumber"),
                              text_at(json, "offenderIdDisplay"), NULL};
    const char *found = NULL;
    size_t i;

    json_array_foreach(references, i, reference)
    {
        const char *type = text_at(reference, "type");
        if (type != NULL && strcmp(type, "NOMS") == 0 && numbers[2] == NULL)
            numbers[2] = text_at(reference, "value");
    }
    for (i = 0; i < 3; i++) {
        if (numbers[i] != NULL && found != NULL && strcasecmp(numbers[i], found) != 0) {
            fault(message, "two different NOMS numbers: look at the message itself");
            return false;
        }
        found = numbers[i] != NULL ? numbers[i] : found;
    }
    if (found == NULL || !foreign_person_identify(person, "noms", found)) {
        fault(message, found == NULL ? "no NOMS number" : "nomsNumber has not the form of a NOMS number");
        return false;
    }
    return true;
}

/* When it happened; none: not stated, or no time. */
static struct instant happened_at(const struct custody_message *message, const json_t *json)
{
    static const char *const keys[] = {"occurredAt", "eventDatetime"};
    struct instant at;

    for (size_t i = 0; i < 2; i++) {
        const char *text = text_at(json, keys[i]);
        if (text == NULL)
            continue;
        if (foreign_time_parse(text, &at))
            return at;
        fault(message, "the time it happened is no time: taken as unknown");
    }
    return INSTANT_NONE;
}

static char *make_establishment(const char *prison_id)
{
    struct buf code = {0};

    for (const char *c = prison_id; *c != '\0'; c++)
        buf_char(&code, (char)tolower((unsigned char)*c));
    return buf_take(&code);
}

static void set_day(json_t *data, struct instant at)
{
    char day[CIVIL_TEXT_SIZE];

    /* A day that is missing stays unknown: only the envelope, which must have a time, falls back. */
    if (!instant_is_none(at))
        json_object_set_new(data, "on", json_string(civil_print(civil_day_of(at), day)));
}

/* The fields of the type beside person; *ret_type and *ret_short name it. */
static json_t *make_data(const struct codes *codes, const struct movement *movement, struct instant at,
                         const char **ret_type, const char **ret_short)
{
    json_t *data = json_object();
    char *prison = movement->prison_id == NULL ? NULL : make_establishment(movement->prison_id);
    const char *kind = custody_code_establishment(codes, movement->prison_id);
    enum custody_truth sentenced = custody_code_sentenced(codes, movement->cause, movement->movement);

    switch (movement->code->sort) {
    case CODES_RECEPTION:
        *ret_type = "custody.reception";
        *ret_short = "reception";
        foreign_person_set(data, "establishment", prison);
        foreign_person_set(data, "establishment_kind", kind);
        if (sentenced != CUSTODY_NOT_SAID)
            json_object_set_new(data, "sentenced", json_boolean(sentenced == CUSTODY_YES));
        set_day(data, at);
        break;
    case CODES_TRANSFER:
        *ret_type = "custody.transfer";
        *ret_short = "transfer";
        foreign_person_set(data, "to", prison);
        set_day(data, at);
        break;
    case CODES_RELEASE:
        *ret_type = "custody.release";
        *ret_short = "release";
        foreign_person_set(data, "reason", movement->code->word);
        set_day(data, at);
        break;
    default: /* the dates are not in the message: a review asks for them */
        *ret_type = "custody.release-dates";
        *ret_short = "dates";
        break;
    }
    free(prison);
    return data;
}

static void add_event(const struct custody_message *message, const json_t *json,
                      const struct movement *movement, json_t *person)
{
    const char *type, *short_name, *published = text_at(json, "publishedAt");
    char text[INSTANT_TEXT_SIZE];
    struct instant at = happened_at(message, json), written_at = message->enveloped_at;
    json_t *event = json_object(),
           *data = make_data(message->origin->codes, movement, at, &type, &short_name);
    char *id = mem_printf("%s/%zu/%s", message->origin->id, message->index, short_name);

    if (published != NULL)
        foreign_time_parse(published, &written_at);
    if (instant_is_none(at))
        at = instant_is_none(written_at) ? message->origin->sent_at : written_at;
    json_object_set_new(event, "specversion", json_string("1.0"));
    json_object_set_new(event, "id", json_string(id));
    json_object_set_new(event, "source", json_string(message->origin->source));
    json_object_set_new(event, "type", json_string(type));
    json_object_set_new(event, "time", json_string(instant_print(at, text)));
    if (!instant_is_none(written_at))
        json_object_set_new(event, "recordedtime", json_string(instant_print(written_at, text)));
    json_object_set_new(event, "datacontenttype", json_string("application/json"));
    json_object_set(data, "person", person);
    json_object_set_new(event, "data", data);
    adapted_list_add_event(message->list, message->part, event);
    free(id);
}

/* What the reason says, unless the code of the movement says something narrower. */
static const struct codes_row *read_movement(const struct codes *codes, enum custody_direction direction,
                                             const json_t *more, struct movement *ret)
{
    const char *reason = text_at(more, "reason");
    const struct codes_row *narrower;

    ret->movement = text_at(more, "nomisMovementReasonCode");
    ret->cause = text_at(more, "probableCause") != NULL ? text_at(more, "probableCause") : reason;
    ret->prison_id = text_at(more, "prisonId");
    ret->code = custody_code_of_reason(codes, direction, reason);
    narrower = custody_code_of_movement(codes, direction, ret->movement);
    if (narrower != NULL && ret->code != NULL &&
        (ret->code->sort == CODES_RECEPTION ||
         (ret->code->sort == CODES_RELEASE && strcmp(ret->code->word, "released") == 0)))
        ret->code = narrower;
    return ret->code;
}

/* What there is to say about the movement, once its code is known. */
static void read_known(const struct custody_message *message, const json_t *json,
                       const struct movement *movement)
{
    json_t *person = json_object();

    if (movement->code->sort == CODES_NOTHING) {
        adapted_list_add_nothing(message->list, message->part, movement->code->word);
    } else if (movement->code->sort == CODES_LOOK) {
        char *reason = mem_printf("%s: look at the message itself", movement->code->word);
        fault(message, reason);
        free(reason);
    } else if (identify(message, json, person)) {
        add_event(message, json, movement, person);
    }
    json_decref(person);
}

void custody_event_read(const struct custody_message *message, const json_t *json)
{
    const struct codes *codes = message->origin->codes;
    const char *type = event_type_of(message, json);
    enum custody_direction direction = CUSTODY_IN;
    struct movement movement = {.code = type == NULL ? NULL : custody_code_of_type(codes, type, &direction)};

    if (type == NULL)
        fault(message, "no eventType (a string): not a domain event");
    else if (movement.code == NULL)
        adapted_list_add_nothing(message->list, message->part,
                                 "of a type that no event of the catalogue says");
    else if (movement.code->sort != CODES_RELEASE_DATES &&
             read_movement(codes, direction, json_object_get(json, "additionalInformation"), &movement) ==
                 NULL)
        fault(message,
              "additionalInformation.reason: missing, or none that told knows: look at the message itself");
    else
        read_known(message, json, &movement);
}
