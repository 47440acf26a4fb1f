/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPP-StdProsPoliceResult 1.2, the way back of spi_case.c:
 *
 *   Session ─┬─ CourtHearing ── Hearing ── CourtHearingLocation (an OU code), DateOfHearing, TimeOfHearing
 *            └─ Case … ─┬─ PTIURN
 *                       └─ Defendant … ─┬─ ProsecutorReference (the arrest summons number)
 *                                       ├─ CourtIndividualDefendant ── PersonDefendant, BailStatus, Address
 *                                       └─ Offence … ─┬─ BaseOffenceDetails, ConvictionDate, FinalDisposalIndicator
 *                                                     └─ Result … ── ResultCode, ResultText, Outcome, NextHearing
 *
 * It says what public.results.police-result-generated says in JSON, so it is read as that is. There is no id of the hearing:
 * its court and day are its name, so that a message sent again is about the same one. Of an element that stands twice where
 * it must stand once none is believed.
 */
#include "spi_result.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "court_event.h"
#include "foreign_slug.h"
#include "told/mem.h"

#define PERSON "CourtIndividualDefendant/PersonDefendant"
#define DETAILS PERSON "/BasePersonDetails"
#define ADDRESS "CourtIndividualDefendant/Address"
#define NEXT "NextHearing/NextHearingDetails"

static const char *text_at(const struct xml_node *from, const char *path)
{
    const struct xml_node *twice = NULL;
    const struct xml_node *found = xml_find(from, path, &twice);

    return found == NULL ? NULL : found->text;
}

static void set_object(json_t *to, const char *key, json_t *object)
{
    if (json_object_size(object) > 0)
        json_object_set(to, key, object);
    json_decref(object);
}

static json_t *named(const char *key, const char *text)
{
    json_t *object = json_object();

    court_event_set(object, key, text);
    return object;
}

/* A day and a time of day as one text; the day alone where there is no time. Caller frees. */
static char *moment_of(const struct xml_node *hearing)
{
    const char *day = text_at(hearing, "DateOfHearing"), *time = text_at(hearing, "TimeOfHearing");

    return day == NULL ? NULL : time == NULL ? mem_copy(day) : mem_printf("%sT%s", day, time);
}

/* ---- what was ordered ---- */

/* Of disposals alone: what is ordered beside them is final too. */
static bool is_disposal(const struct xml_node *offence, const char *code)
{
    const char *final = text_at(offence, "FinalDisposalIndicator");

    return final != NULL && (*final == 'Y' || *final == 'y') && code != NULL && *code == '1';
}

static void set_duration(json_t *result, const struct xml_node *element)
{
    const char *value = text_at(element, "Outcome/Duration/DurationValue");
    json_t *duration = named("primaryDurationUnit", text_at(element, "Outcome/Duration/DurationUnit"));

    if (value != NULL)
        json_object_set_new(duration, "primaryDurationValue", json_integer(strtol(value, NULL, 10)));
    court_event_set(duration, "secondaryDurationUnit", text_at(element, "Outcome/Duration/SecondaryDurationUnit"));
    set_object(result, "durationElement", duration);
}

static void set_next(json_t *result, const struct xml_node *element)
{
    const struct xml_node *twice = NULL;
    char *at = moment_of(xml_find(element, NEXT, &twice));
    json_t *next = named("listedStartDateTime", at);

    set_object(next, "courtCentre", named("name", text_at(element, NEXT "/CourtHearingLocation")));
    if (at != NULL)
        json_object_set(result, "nextHearing", next);
    json_decref(next);
    free(at);
}

/* Its prompts stand in the text, a line each. */
static void set_report(json_t *result, const struct xml_node *element)
{
    const char *text = text_at(element, "ResultText");

    if (text != NULL && strcasestr(text, "PSR ordered? true") != NULL)
        json_object_set_new(result, "judicialResultPrompts",
                            json_pack("[{s:s, s:b}]", "promptReference", "pSROrdered", "value", 1));
}

static json_t *result_of(const struct xml_node *offence, const struct xml_node *element)
{
    const char *code = text_at(element, "ResultCode");
    json_t *result = named("cjsCode", code);

    if (is_disposal(offence, code)) {
        court_event_set(result, "category", "FINAL");
        json_object_set_new(result, "isConvictedResult", json_true());
    }
    set_duration(result, element);
    set_next(result, element);
    set_report(result, element);
    return result;
}

static json_t *offence_of(const struct xml_node *element)
{
    json_t *offence = named("offenceCode", text_at(element, "BaseOffenceDetails/OffenceCode"));
    json_t *results = json_array();

    court_event_set(offence, "convictionDate", text_at(element, "ConvictionDate"));
    for (const struct xml_node *one = xml_child(element, "Result"); one != NULL; one = xml_next(one))
        json_array_append_new(results, result_of(element, one));
    json_object_set_new(offence, "judicialResults", results);
    return offence;
}

/* ---- who it is about ---- */

/* "SE1 2AB": of an address of bare lines the one that looks like a postcode. */
static bool is_postcode(const char *text)
{
    size_t len = strlen(text);

    return len >= 5 && len <= 8 && isupper((unsigned char)text[0]) && isdigit((unsigned char)text[len - 3]) &&
           isupper((unsigned char)text[len - 2]) && isupper((unsigned char)text[len - 1]);
}

static const char *postcode_of(const struct xml_node *defendant)
{
    const struct xml_node *twice = NULL, *lines = xml_find(defendant, ADDRESS "/SimpleAddress", &twice);
    const char *postcode = text_at(defendant, ADDRESS "/PostCode");

    for (const struct xml_node *line = lines == NULL ? NULL : lines->first; line != NULL && postcode == NULL; line = line->next)
        if (line->text != NULL && is_postcode(line->text))
            postcode = line->text;
    return postcode;
}

static char *given_names_of(const struct xml_node *defendant)
{
    static const char *const paths[] = {DETAILS "/PersonName/PersonGivenName1", DETAILS "/PersonName/PersonGivenName2",
                                        DETAILS "/PersonName/PersonGivenName3"};
    char *names = NULL;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *name = text_at(defendant, paths[i]);
        char *longer = name == NULL ? NULL : names == NULL ? mem_copy(name) : mem_printf("%s %s", names, name);

        if (longer == NULL)
            continue;
        free(names);
        names = longer;
    }
    return names;
}

static json_t *person_of(const struct xml_node *defendant)
{
    char *given = given_names_of(defendant);
    json_t *person = named("arrestSummonsNumber", text_at(defendant, "ProsecutorReference"));
    json_t *details = named("firstName", given);

    court_event_set(details, "lastName", text_at(defendant, DETAILS "/PersonName/PersonFamilyName"));
    court_event_set(details, "dateOfBirth", text_at(defendant, DETAILS "/Birthdate"));
    set_object(details, "address", named("postcode", postcode_of(defendant)));
    set_object(person, "personDetails", details);
    set_object(person, "bailStatus", named("code", text_at(defendant, "CourtIndividualDefendant/BailStatus")));
    free(given);
    return person;
}

static json_t *defendant_of(const struct xml_node *element)
{
    json_t *defendant = named("pncId", text_at(element, PERSON "/PNCidentifier"));
    json_t *offences = json_array();

    court_event_set(defendant, "croNumber", text_at(element, "CourtIndividualDefendant/CROnumber"));
    if (xml_child(element, "CourtIndividualDefendant") == NULL && xml_child(element, "CourtCorporateDefendant") != NULL)
        json_object_set_new(defendant, "legalEntityDefendant", json_pack("{s:{}}", "organisation"));
    else
        set_object(defendant, "personDefendant", person_of(element));
    for (const struct xml_node *one = xml_child(element, "Offence"); one != NULL; one = xml_next(one))
        json_array_append_new(offences, offence_of(one));
    json_object_set_new(defendant, "offences", offences);
    return defendant;
}

/* ---- the session ---- */

static json_t *case_of(const struct xml_node *element)
{
    json_t *found = json_object(), *defendants = json_array();

    set_object(found, "prosecutionCaseIdentifier", named("caseURN", text_at(element, "PTIURN")));
    for (const struct xml_node *one = xml_child(element, "Defendant"); one != NULL; one = xml_next(one))
        json_array_append_new(defendants, defendant_of(one));
    json_object_set_new(found, "defendants", defendants);
    return found;
}

static void set_sitting(json_t *hearing, const struct xml_node *element)
{
    const char *court = text_at(element, "CourtHearingLocation"), *day = text_at(element, "DateOfHearing");
    char *at = moment_of(element), *slug = foreign_slug(court);
    char *id = slug == NULL || day == NULL ? NULL : mem_printf("%s/%s", slug, day);

    court_event_set(hearing, "id", id);
    set_object(hearing, "courtCentre", named("name", court));
    if (at != NULL)
        json_object_set_new(hearing, "hearingDays", json_pack("[{s:s}]", "sittingDay", at));
    free(id);
    free(slug);
    free(at);
}

json_t *spi_result_hearing(const struct xml_node *session)
{
    const struct xml_node *twice = NULL;
    json_t *hearing = json_object(), *cases = json_array();

    set_sitting(hearing, xml_find(session, "CourtHearing/Hearing", &twice));
    json_object_set_new(hearing, "hasSharedResults", json_true());
    for (const struct xml_node *one = xml_child(session, "Case"); one != NULL; one = xml_next(one))
        json_array_append_new(cases, case_of(one));
    json_object_set_new(hearing, "prosecutionCases", cases);
    return hearing;
}
