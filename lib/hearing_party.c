/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case lists its defendants, so one child with two cases stands in the hearing twice. Two entries are one
 * person where their id is the same and nothing else of them says otherwise; copied ids (three defendants of
 * one case under one id have been seen) make nobody one person with somebody else.
 */
#include "hearing_party.h"

#include <stdlib.h>
#include <string.h>

#include "court_event.h"
#include "part_kind.h"
#include "told/mem.h"

static const struct part_kind DEFENDANT_KINDS[] = {
    {"id", JSON_STRING},
    {"masterDefendantId", JSON_STRING},
    {"pncId", JSON_STRING},
    {"croNumber", JSON_STRING},
    {"offences", JSON_ARRAY},
    {"personDefendant", JSON_OBJECT},
    {"personDetails", JSON_OBJECT},
    {"masterDefendant", JSON_OBJECT},
    {NULL, JSON_NULL},
};
static const struct part_kind PERSON_KINDS[] = {
    {"personDetails", JSON_OBJECT},
    {"bailStatus", JSON_OBJECT},
    {"arrestSummonsNumber", JSON_STRING},
    {NULL, JSON_NULL},
};
static const struct part_kind DETAILS_KINDS[] = {
    {"firstName", JSON_STRING}, {"middleName", JSON_STRING},  {"lastName", JSON_STRING},
    {"address", JSON_OBJECT},   {"dateOfBirth", JSON_STRING}, {NULL, JSON_NULL},
};

/* The subject of an application is described by its master defendant, where it has one. */
static const json_t *holder_of(const json_t *defendant)
{
    const json_t *master = json_object_get(defendant, "masterDefendant");
    return json_is_object(master) ? master : defendant;
}

const json_t *hearing_entry_person(const struct hearing_entry *entry)
{
    const json_t *person = json_object_get(holder_of(entry->defendant), "personDefendant");
    return json_is_object(person) ? person : NULL;
}

/* Only these are the defendant's own. associatedPersons[].person beside them is a parent or guardian, with a
 * date of birth of theirs. */
static const json_t *details_of(const struct hearing_entry *entry)
{
    const json_t *details = json_object_get(hearing_entry_person(entry), "personDetails");

    if (details == NULL || json_is_null(details))
        details = json_object_get(holder_of(entry->defendant), "personDetails");
    if (details == NULL || json_is_null(details))
        details = json_object_get(entry->defendant, "personDetails");
    return details;
}

/* Senders write null, and empty objects, where nothing is: only who has no details of a person is none. */
static bool is_organisation(const struct hearing_entry *entry)
{
    return (json_object_size(json_object_get(holder_of(entry->defendant), "legalEntityDefendant")) > 0 ||
            json_object_size(json_object_get(entry->defendant, "organisation")) > 0) &&
           json_object_size(details_of(entry)) == 0;
}

static char *fault_at(const char *where, char *reason)
{
    char *fault = mem_printf("%s%s", where, reason);

    free(reason);
    return fault;
}

static char *validate(const struct hearing_entry *entry)
{
    const json_t *person = hearing_entry_person(entry), *details;
    char *reason = part_kind_validate(entry->defendant, DEFENDANT_KINDS);

    if (reason != NULL)
        return reason;
    reason = part_kind_validate(holder_of(entry->defendant), DEFENDANT_KINDS);
    if (reason != NULL)
        return fault_at("masterDefendant: ", reason);
    reason = person == NULL ? NULL : part_kind_validate(person, PERSON_KINDS);
    if (reason != NULL)
        return fault_at("personDefendant: ", reason);
    details = details_of(entry);
    reason = details == NULL || json_is_null(details) ? NULL : part_kind_validate(details, DETAILS_KINDS);
    return reason == NULL ? NULL : fault_at("personDetails: ", reason);
}

static bool agree(const json_t *a, const json_t *b, const char *key)
{
    const char *left = part_kind_text(a, key), *right = part_kind_text(b, key);
    return left == NULL || right == NULL || strcasecmp(left, right) == 0;
}

static bool has_case(const struct hearing_party *party, const json_t *of)
{
    for (size_t i = 0; i < party->count; i++)
        if (party->entries[i].of == of)
            return true;
    return false;
}

static bool is_same(const struct hearing_party *party, const struct hearing_party *other)
{
    if (party->fault != NULL || other->fault != NULL || party->is_organisation || other->is_organisation)
        return false;
    if (party->master != NULL && other->master != NULL
            ? strcmp(party->master, other->master) != 0
            : party->id == NULL || other->id == NULL || strcmp(party->id, other->id) != 0)
        return false;
    return !has_case(party, other->entries[0].of) && agree(party->details, other->details, "dateOfBirth") &&
           agree(party->details, other->details, "firstName") &&
           agree(party->details, other->details, "lastName");
}

static void add_entry(struct hearing_party *party, struct hearing_entry entry)
{
    party->entries = mem_grow(party->entries, party->count + 1, sizeof *party->entries);
    party->entries[party->count++] = entry;
}

/* Takes the path. */
static void add(struct hearing_parties *parties, struct hearing_entry entry, char *path)
{
    const json_t *holder = holder_of(entry.defendant);
    struct hearing_party party = {.path = path, .fault = validate(&entry)};

    party.is_none = !json_is_object(entry.defendant);
    party.is_organisation = is_organisation(&entry);
    party.master = part_kind_text(holder, "masterDefendantId");
    party.id = part_kind_text(entry.defendant, "id");
    party.details = details_of(&entry);
    add_entry(&party, entry);
    for (size_t i = 0; i < parties->count; i++) {
        struct hearing_party *known = &parties->items[i];
        if (!is_same(known, &party))
            continue;
        add_entry(known, entry);
        if (known->details == NULL || part_kind_text(known->details, "dateOfBirth") == NULL)
            known->details = party.details != NULL ? party.details : known->details;
        free(party.entries);
        free(party.path);
        return;
    }
    parties->items = mem_grow(parties->items, parties->count + 1, sizeof *parties->items);
    parties->items[parties->count++] = party;
}

/* What stands where a defendant or their case should. Takes the path. */
static void add_fault(struct hearing_parties *parties, char *path, const char *fault)
{
    parties->items = mem_grow(parties->items, parties->count + 1, sizeof *parties->items);
    parties->items[parties->count++] = (struct hearing_party){.path = path, .fault = mem_copy(fault), .is_none = true};
}

static char *at(const char *path, const char *list, size_t i)
{
    return mem_printf("%s%s%s[%zu]", path, *path == '\0' ? "" : ".", list, i);
}

static bool is_same_id(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* What the defence asks of the court is the defence's: the applicant is the subject, or a defendant. */
static bool is_by_defence(const json_t *application, const json_t *subject)
{
    const json_t *applicant = json_object_get(application, "applicant");

    return json_is_object(json_object_get(applicant, "masterDefendant")) ||
           json_is_object(json_object_get(applicant, "defenceOrganisation")) ||
           is_same_id(part_kind_text(applicant, "id"), part_kind_text(subject, "id"));
}

static void add_application(struct hearing_parties *parties, const json_t *application, char *path)
{
    const json_t *subject = json_object_get(application, "subject");
    const json_t *respondents = json_object_get(application, "respondents");
    const json_t *applicant = json_object_get(application, "applicant");
    struct hearing_entry entry = {.of = application, .is_application = true};
    size_t i;
    json_t *respondent;

    if (!json_is_object(application)) {
        add_fault(parties, path, "not an object");
        return;
    }
    if (subject != NULL && !json_is_null(subject)) {
        entry.defendant = subject;
        entry.is_defence = is_by_defence(application, subject);
        add(parties, entry, mem_printf("%s.subject", path));
    } else if (json_array_size(respondents) == 0 && json_is_object(json_object_get(applicant, "masterDefendant"))) {
        entry.defendant = applicant;
        entry.is_defence = true;
        add(parties, entry, mem_printf("%s.applicant", path));
    } else {
        json_array_foreach(respondents, i, respondent)
        {
            entry.defendant = respondent;
            add(parties, entry, at(path, "respondents", i));
        }
    }
    free(path);
}

/* Takes the path. */
static void add_case(struct hearing_parties *parties, const json_t *of, char *path, size_t *read)
{
    const json_t *defendants = json_object_get(of, "defendants");
    size_t i;
    json_t *defendant;

    if (!json_is_object(of) || (defendants != NULL && !json_is_null(defendants) && !json_is_array(defendants))) {
        add_fault(parties, path, json_is_object(of) ? "defendants is not a list" : "not an object");
        return;
    }
    json_array_foreach(defendants, i, defendant)
    {
        if ((*read)++ < HEARING_ENTRIES_MOST)
            add(parties, (struct hearing_entry){.defendant = defendant, .of = of}, at(path, "defendants", i));
    }
    free(path);
}

char *hearing_parties_read(struct hearing_parties *ret, const json_t *hearing, const char *path)
{
    size_t i, read = 0;
    json_t *of;

    *ret = (struct hearing_parties){0};
    json_array_foreach(json_object_get(hearing, "prosecutionCases"), i, of)
    {
        if (read++ < HEARING_ENTRIES_MOST)
            add_case(ret, of, at(path, "prosecutionCases", i), &read);
    }
    json_array_foreach(json_object_get(hearing, "courtApplications"), i, of)
    {
        if (read++ < HEARING_ENTRIES_MOST)
            add_application(ret, of, at(path, "courtApplications", i));
    }
    return read <= HEARING_ENTRIES_MOST
               ? NULL
               : mem_printf("more than %d cases, defendants and applications: the sender must split the message",
                            HEARING_ENTRIES_MOST);
}

void hearing_parties_release(struct hearing_parties *parties)
{
    for (size_t i = 0; i < parties->count; i++) {
        free(parties->items[i].path);
        free(parties->items[i].fault);
        free(parties->items[i].entries);
    }
    free(parties->items);
    *parties = (struct hearing_parties){0};
}

/* The first entry that has the number says it. */
static void add_identifier(json_t *identifiers, const char *scheme, const struct hearing_party *party,
                           const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; i < party->count && value == NULL; i++) {
        value = part_kind_text(party->entries[i].defendant, key);
        if (value == NULL)
            value = part_kind_text(holder_of(party->entries[i].defendant), key);
    }
    court_event_set(identifiers, scheme, value);
}

/* masterDefendantId is the person's; where there is none, the id of the defendant is the best there is (it is
 * the same for the first case of a person). */
json_t *hearing_party_person(const struct hearing_party *party, struct civil_day born)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *person = json_object(), *identifiers = json_object();
    const char *first = part_kind_text(party->details, "firstName");
    const char *middle = part_kind_text(party->details, "middleName");
    const json_t *address = json_object_get(party->details, "address");
    const char *postcode = part_kind_text(address, "postcode");
    char *given = first != NULL && middle != NULL ? mem_printf("%s %s", first, middle) : mem_copy(first);

    court_event_set(identifiers, "ccd", party->master != NULL ? party->master : party->id);
    add_identifier(identifiers, "pnc", party, "pncId");
    add_identifier(identifiers, "cro", party, "croNumber");
    if (json_object_size(identifiers) > 0)
        json_object_set(person, "identifiers", identifiers);
    json_decref(identifiers);
    court_event_set(person, "given_names", given);
    court_event_set(person, "family_name", part_kind_text(party->details, "lastName"));
    if (!civil_is_none(born))
        court_event_set(person, "born_on", civil_print(born, day));
    court_event_set(person, "postcode", postcode != NULL ? postcode : part_kind_text(address, "postCode"));
    free(given);
    return person;
}
