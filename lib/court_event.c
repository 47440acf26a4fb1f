/* SPDX-License-Identifier: Apache-2.0 */
#include "court_event.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_slug.h"
#include "told/event.h"
#include "told/mem.h"

static const struct {
    const char *type;
    const char *text;
    bool is_dated;   /* the type has a field `on` */
    bool is_of_case; /* said of each case by itself, not of the defendant at the hearing */
} WHATS[COURT_EVENT_WHATS] = {
    [COURT_EVENT_APPEARANCE] = {"court.appearance", "appearance", true, false},
    [COURT_EVENT_CONVICTION] = {"court.conviction", "conviction", true, true},
    [COURT_EVENT_ENDING] = {"court.proceedings-ended", "ended", true, true},
    [COURT_EVENT_SENTENCE] = {"court.sentence", "sentence", true, true},
    [COURT_EVENT_BAIL] = {"court.bail", "bail", false, false},
    [COURT_EVENT_REMAND] = {"court.remand", "remand", true, false},
    [COURT_EVENT_DESIGNATION] = {"court.authority-designated", "designation", true, false},
    [COURT_EVENT_REPORT] = {"court.report-requested", "report", false, false},
    [COURT_EVENT_LISTED] = {"court.hearing-listed", "listed", false, false},
};

void court_event_set(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, json_string(text));
}

char *court_event_house(const char *name, const char *centre)
{
    return foreign_slug(name != NULL ? name : centre);
}

/* The number of one arrest is the person's. The case reference is no identifier of a person: co-defendants
 * share it.
 */
static json_t *make_person(const json_t *known, const char *asn)
{
    json_t *person = json_deep_copy(known);
    json_t *identifiers = json_object_get(person, "identifiers");

    if (asn == NULL)
        return person;
    if (identifiers == NULL) {
        identifiers = json_object();
        json_object_set_new(person, "identifiers", identifiers);
    }
    court_event_set(identifiers, "asn", asn);
    return person;
}

static char *make_id(struct court_defendant *defendant, enum court_event_what what)
{
    unsigned count = ++defendant->made[what];
    const char *text = WHATS[what].text;

    if (count == 1)
        return mem_printf("%s/%s/%s", defendant->origin->id, defendant->stem, text);
    return mem_printf("%s/%s/%s-%u", defendant->origin->id, defendant->stem, text, count);
}

static void add_statement(json_t *event, const struct court_defendant *defendant, const char *case_ref,
                          const char *matter)
{
    char *text;

    if (defendant->statement == NULL)
        return;
    text = case_ref == NULL ? mem_printf("%s/%s", defendant->statement, matter)
                            : mem_printf("%s/%s/%s", defendant->statement, case_ref, matter);
    court_event_set(event, EVENT_STATEMENT, text);
    free(text);
}

void court_event_add(struct court_defendant *defendant, enum court_event_what what,
                     struct court_reference about, const char *matter, json_t *fields)
{
    const struct court_hearing *hearing = defendant->hearing;
    char at[INSTANT_TEXT_SIZE];
    char day[CIVIL_TEXT_SIZE];
    json_t *event = json_object();
    char *id = make_id(defendant, what);

    court_event_set(event, "specversion", "1.0");
    court_event_set(event, "id", id);
    court_event_set(event, "source", defendant->origin->source);
    court_event_set(event, "type", WHATS[what].type);
    court_event_set(event, "time", instant_print(hearing->at, at));
    if (!instant_is_none(hearing->recorded_at))
        court_event_set(event, "recordedtime", instant_print(hearing->recorded_at, at));
    court_event_set(event, "datacontenttype", "application/json");
    add_statement(event, defendant, WHATS[what].is_of_case ? about.case_ref : NULL, matter);

    json_object_set_new(fields, "person", make_person(defendant->person, about.asn));
    court_event_set(fields, "case", about.case_ref);
    if (what != COURT_EVENT_LISTED) { /* that is another hearing, maybe at another court */
        court_event_set(fields, "hearing", hearing->id);
        court_event_set(fields, "court", hearing->court);
    }
    if (WHATS[what].is_dated && !civil_is_none(hearing->day) && json_object_get(fields, "on") == NULL)
        court_event_set(fields, "on", civil_print(hearing->day, day));
    json_object_set_new(event, "data", fields);
    adapted_list_add_event(defendant->list, defendant->part, event);
    free(id);
}
