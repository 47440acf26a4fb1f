/* SPDX-License-Identifier: Apache-2.0 */
#include "register_event.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

static const struct {
    const char *type;
    const char *text;
    bool is_dated; /* the type has a field `on` */
} SHORTS[REGISTER_SHORTS] = {
    [REGISTER_APPEARANCE] = {"court.appearance", "appearance", true},
    [REGISTER_CONVICTION] = {"court.conviction", "conviction", true},
    [REGISTER_ENDING] = {"court.proceedings-ended", "ended", true},
    [REGISTER_SENTENCE] = {"court.sentence", "sentence", true},
    [REGISTER_BAIL] = {"court.bail", "bail", false},
    [REGISTER_REMAND] = {"court.remand", "remand", true},
};

/* The registers fill a gap with "" as often as they leave it out: both are unknown. */
static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_text_at(object, key);
    return text == NULL || *text == '\0' ? NULL : text;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

/* "Lavender Hill Magistrates' Court" is lavender-hill-magistrates-court: the code the reference data knows it
 * by. The id of the court centre would be as stable, but it is one centre for several houses. */
static char *make_slug(const char *name)
{
    struct buf slug = {0};

    for (const char *c = name; *c != '\0'; c++) {
        if (isascii(*c) && isalnum((unsigned char)*c))
            buf_char(&slug, (char)tolower((unsigned char)*c));
        else if (*c == '\'')
            continue;
        else if (strncmp(c, "\u2019", 3) == 0)
            c += 2;
        else if (slug.len > 0 && slug.bytes[slug.len - 1] != '-')
            buf_char(&slug, '-');
    }
    while (slug.len > 0 && slug.bytes[slug.len - 1] == '-')
        slug.bytes[--slug.len] = '\0';
    if (slug.len == 0) {
        buf_release(&slug);
        return NULL;
    }
    return buf_take(&slug);
}

void register_hearing_init(struct register_hearing *hearing, const json_t *request, struct instant sent_at)
{
    const char *house = text_at(json_object_get(request, "hearingVenue"), "courtHouse");
    const char *centre = text_at(request, "courtCentreId");
    const char *date = text_at(request, "hearingDate");
    const char *registered = text_at(request, "registerDate");

    *hearing = (struct register_hearing){
        .id = text_at(request, "hearingId"),
        .court = house != NULL    ? make_slug(house)
                 : centre != NULL ? make_slug(centre)
                                  : NULL,
        .day = CIVIL_NONE,
        .at = INSTANT_NONE,
        .recorded_at = INSTANT_NONE,
    };
    if (registered != NULL)
        instant_parse(registered, &hearing->recorded_at);
    /* The day is London's: a hearing stamped 23:30Z in June is the next day's. */
    if (date != NULL && instant_parse(date, &hearing->at))
        hearing->day = civil_day_of(hearing->at);
    else if (date != NULL && civil_parse(date, &hearing->day))
        hearing->at = civil_instant(hearing->day, 0, 0);
    /* A date that is missing stays unknown: only the envelope, which must have a time, falls back. */
    if (instant_is_none(hearing->at))
        hearing->at = instant_is_none(hearing->recorded_at) ? sent_at : hearing->recorded_at;
}

void register_hearing_release(struct register_hearing *hearing)
{
    free(hearing->court);
    *hearing = (struct register_hearing){0};
}

/* One string holds the whole name. Its last word is taken for the family name; a single word could be either,
 * so nothing is claimed for it. */
static void add_names(json_t *person, const char *name)
{
    size_t from = strspn(name, " ");
    size_t end = strlen(name);

    while (end > from && name[end - 1] == ' ')
        end--;
    size_t family = end;
    while (family > from && name[family - 1] != ' ')
        family--;
    size_t given_end = family;
    while (given_end > from && name[given_end - 1] == ' ')
        given_end--;
    if (given_end == from)
        return;
    json_object_set_new(person, "given_names", json_stringn(name + from, given_end - from));
    json_object_set_new(person, "family_name", json_stringn(name + family, end - family));
}

/* Everything here is the defendant's own: parentGuardian stands beside it with an address, and elsewhere in
 * the same feed with a date of birth, and neither is the child's. */
static json_t *make_person(const struct register_defendant *defendant, const json_t *entry)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *person = json_object();
    json_t *identifiers = json_object();
    const char *name = text_at(defendant->json, "name");

    set_text(identifiers, "ccd", text_at(defendant->json, "masterDefendantId"));
    /* The number of one arrest. The case reference is no identifier of a person: co-defendants share it. */
    set_text(identifiers, "asn", text_at(entry, "arrestSummonsNumber"));
    if (json_object_size(identifiers) > 0)
        json_object_set(person, "identifiers", identifiers);
    json_decref(identifiers);
    if (name != NULL)
        add_names(person, name);
    if (!civil_is_none(defendant->born))
        set_text(person, "born_on", civil_print(defendant->born, day));
    set_text(person, "postcode", text_at(json_object_get(defendant->json, "address"), "postCode"));
    return person;
}

static char *make_id(struct register_defendant *defendant, enum register_short what)
{
    unsigned count = ++defendant->made[what];
    const char *text = SHORTS[what].text;

    if (count == 1)
        return mem_printf("%s/%zu/%zu/%s", defendant->origin->id, defendant->register_index, defendant->index,
                          text);
    return mem_printf("%s/%zu/%zu/%s-%u", defendant->origin->id, defendant->register_index, defendant->index,
                      text, count);
}

void register_event_add(struct register_defendant *defendant, enum register_short what, const json_t *entry,
                        json_t *fields)
{
    const struct register_hearing *hearing = defendant->hearing;
    char at[INSTANT_TEXT_SIZE];
    char day[CIVIL_TEXT_SIZE];
    json_t *event = json_object();
    char *id = make_id(defendant, what);

    set_text(event, "specversion", "1.0");
    set_text(event, "id", id);
    set_text(event, "source", defendant->origin->source);
    set_text(event, "type", SHORTS[what].type);
    set_text(event, "time", instant_print(hearing->at, at));
    if (!instant_is_none(hearing->recorded_at))
        set_text(event, "recordedtime", instant_print(hearing->recorded_at, at));
    set_text(event, "datacontenttype", "application/json");

    json_object_set_new(fields, "person", make_person(defendant, entry));
    set_text(fields, "case", text_at(entry, "caseOrApplicationReference"));
    set_text(fields, "hearing", hearing->id);
    set_text(fields, "court", hearing->court);
    if (SHORTS[what].is_dated && !civil_is_none(hearing->day) && json_object_get(fields, "on") == NULL)
        set_text(fields, "on", civil_print(hearing->day, day));
    json_object_set_new(event, "data", fields);
    adapted_list_add_event(defendant->list, defendant->part, event);
    free(id);
}
