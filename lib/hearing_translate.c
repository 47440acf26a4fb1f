/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   {"hearing": {"defendants": [{"person", "cases": [{"urn", "offences"}]}]}, "sharedTime"}
 * public.hearing.resulted
 *   {"defendant": {"individualDefendant", "offences"}, "sessionDays", "urn"}
 * public.results.police-result-generated
 *   {"application": {…}, "courtHearing": {…}}   progression.event.application-referred-to-court-hearing
 *   {"urn", "hearings": [{"startDate", "startTime", "defendants": [{"id"}]}]} hearing.event.hearing-adjourned
 *   {"hearingId", "youthCourtDefendantIds": […]}   hearing.event.defendants-in-youthcourt-updated: nothing
 *   {"prosecutionConcluded": [{"defendantId", "isConcluded", …}]}                   prosecution_conclusion: nothing
 *   {"defendant": {"id", "isYouth"}}               progression.update-youth-flag-for-defendant: nothing
 *   {"courtRegisterDocumentRequests": […]}         another adapter's
 */
#include "hearing_translate.h"

#include <stdio.h>
#include <string.h>

#include "court_event.h"
#include "part_kind.h"
#include "told/mem.h"

/* The member again under another name, where it is there. jansson counts references through a pointer that is
 * not const. */
static void move(json_t *to, const char *as, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);

    if (value != NULL && !json_is_null(value))
        json_object_set(to, as, value);
}

static json_t *list_of(json_t *item)
{
    json_t *list = json_array();

    json_array_append_new(list, item);
    return list;
}

static json_t *case_of(const char *urn, json_t *defendants)
{
    json_t *identifier = json_object();
    json_t *made = json_object();

    court_event_set(identifier, "caseURN", urn);
    json_object_set_new(made, "prosecutionCaseIdentifier", identifier);
    json_object_set_new(made, "defendants", defendants);
    return made;
}

static bool is_police_result(const json_t *message)
{
    return json_is_object(json_object_get(message, "defendant")) &&
           (json_object_get(message, "sessionDays") != NULL ||
            json_object_get(message, "courtCentreWithLJA") != NULL);
}

static json_t *from_police_result(const json_t *message)
{
    const json_t *old = json_object_get(message, "defendant");
    const json_t *individual = json_object_get(old, "individualDefendant");
    json_t *hearing = json_object(), *defendant = json_object(), *person = json_object();

    move(person, "personDetails", individual, "person");
    move(person, "bailStatus", individual, "bailStatus");
    move(person, "arrestSummonsNumber", old, "prosecutorReference");
    move(defendant, "id", old, "defendantId");
    move(defendant, "masterDefendantId", old, "masterDefendantId");
    move(defendant, "pncId", old, "pncId");
    move(defendant, "offences", old, "offences");
    move(defendant, "judicialResults", old, "judicialResults");
    move(defendant, "legalEntityDefendant", old, "corporateDefendant");
    if (individual != NULL)
        json_object_set(defendant, "personDefendant", person);
    json_decref(person);
    move(hearing, "id", message, "id");
    move(hearing, "courtCentre", json_object_get(message, "courtCentreWithLJA"), "courtCentre");
    move(hearing, "hearingDays", message, "sessionDays");
    json_object_set_new(hearing, "hasSharedResults", json_true());
    json_object_set_new(hearing, "prosecutionCases",
                        list_of(case_of(part_kind_text(message, "urn"), list_of(defendant))));
    return hearing;
}

static json_t *old_defendant(const json_t *old, const json_t *entry)
{
    json_t *defendant = json_object(), *person = json_object();
    const char *status = part_kind_text(entry, "bailStatus");
    json_t *offences = json_deep_copy(json_object_get(entry, "offences"));
    size_t i;
    json_t *offence;

    json_array_foreach(offences, i, offence)
    {
        if (json_is_object(offence))
            move(offence, "offenceCode", offence, "code");
    }
    move(person, "personDetails", old, "person");
    if (status != NULL && strlen(status) == 1) /* often a word of its own, "none" among them */
        json_object_set_new(person, "bailStatus", json_pack("{ss}", "code", status));
    move(defendant, "id", old, "id");
    move(defendant, "masterDefendantId", old, "masterDefendantId");
    if (offences != NULL)
        json_object_set_new(defendant, "offences", offences);
    json_object_set_new(defendant, "personDefendant", person);
    return defendant;
}

/* The results of that form stand in a list of their own, under labels without codes: see hearing_result.c. */
static json_t *from_old_hearing(const json_t *old)
{
    json_t *hearing = json_object(), *centre = json_object(), *cases = json_array();
    const json_t *old_centre = json_object_get(old, "courtCentre");
    size_t i, k;
    json_t *defendant, *entry;

    move(hearing, "id", old, "id");
    move(hearing, "type", old, "type");
    move(hearing, "hearingDays", old, "hearingDays");
    move(hearing, "sharedResultLines", old, "sharedResultLines");
    move(centre, "name", old_centre, "courtCentreName");
    move(centre, "id", old_centre, "courtCentreId");
    move(centre, "name", old_centre, "name");
    json_object_set_new(hearing, "courtCentre", centre);
    json_object_set_new(hearing, "hasSharedResults", json_true());
    json_array_foreach(json_object_get(old, "defendants"), i, defendant)
    {
        json_t *entries = json_object_get(defendant, "cases");
        if (json_array_size(entries) == 0)
            json_array_append_new(cases, case_of(NULL, list_of(old_defendant(defendant, NULL))));
        json_array_foreach(entries, k, entry) json_array_append_new(
            cases, case_of(part_kind_text(entry, "urn"), list_of(old_defendant(defendant, entry))));
    }
    json_object_set_new(hearing, "prosecutionCases", cases);
    return hearing;
}

static json_t *from_referral(const json_t *message)
{
    const json_t *listed = json_object_get(message, "courtHearing");
    json_t *hearing = json_object(), *day = json_object();

    move(hearing, "id", listed, "id");
    move(hearing, "type", listed, "hearingType");
    move(hearing, "courtCentre", listed, "courtCentre");
    move(day, "sittingDay", listed, "listedStartDateTime");
    json_object_set_new(hearing, "hearingDays", list_of(day));
    json_object_set_new(hearing, "courtApplications",
                        list_of(json_deep_copy(json_object_get(message, "application"))));
    return hearing;
}

/* A local day and a local time of day, as an instant. */
static json_t *local_instant(const char *day_text, const char *time_text)
{
    char text[INSTANT_TEXT_SIZE];
    struct civil_day day;
    int hour = 0, minute = 0;

    if (day_text == NULL || !civil_parse(day_text, &day))
        return NULL;
    if (time_text != NULL && (sscanf(time_text, "%2d:%2d", &hour, &minute) != 2 || hour < 0 || hour > 23 ||
                              minute < 0 || minute > 59))
        hour = minute = 0;
    return json_string(instant_print(civil_instant(day, hour, minute), text));
}

static json_t *from_adjournment(const json_t *adjourned, const char *urn)
{
    json_t *hearing = json_object(), *day = json_object();
    json_t *at =
        local_instant(part_kind_text(adjourned, "startDate"), part_kind_text(adjourned, "startTime"));
    json_t *defendants = json_object_get(adjourned, "defendants");

    move(hearing, "id", adjourned, "id");
    if (part_kind_text(adjourned, "type") != NULL)
        json_object_set_new(hearing, "type",
                            json_pack("{ss}", "description", part_kind_text(adjourned, "type")));
    if (part_kind_text(adjourned, "courtCentreId") != NULL)
        json_object_set_new(hearing, "courtCentre",
                            json_pack("{ss}", "id", part_kind_text(adjourned, "courtCentreId")));
    if (at != NULL)
        json_object_set_new(day, "sittingDay", at);
    json_object_set_new(hearing, "hearingDays", list_of(day));
    json_object_set_new(
        hearing, "prosecutionCases",
        list_of(case_of(urn, json_is_array(defendants) ? json_incref(defendants) : json_array())));
    return hearing;
}

static json_t *from_adjourned(const json_t *message)
{
    json_t *hearings = json_array();
    size_t i;
    json_t *adjourned;

    json_array_foreach(json_object_get(message, "hearings"), i, adjourned)
        json_array_append_new(hearings, from_adjournment(adjourned, part_kind_text(message, "urn")));
    return hearings;
}

static bool is_youth_flag(const json_t *message)
{
    const json_t *defendant = json_object_get(message, "defendant");

    return json_object_get(defendant, "isYouth") != NULL && json_object_get(defendant, "offences") == NULL;
}

static bool is_conclusion(const json_t *message)
{
    return json_is_array(json_object_get(message, "prosecutionConcluded"));
}

static bool is_old_hearing(const json_t *message)
{
    const json_t *hearing = json_object_get(message, "hearing");

    return json_is_array(json_object_get(hearing, "defendants")) &&
           !json_is_array(json_object_get(hearing, "prosecutionCases"));
}

static bool is_referral(const json_t *message)
{
    return json_is_object(json_object_get(message, "application")) &&
           json_is_object(json_object_get(message, "courtHearing"));
}

static bool is_adjourned(const json_t *message)
{
    return json_is_array(json_object_get(message, "hearings"));
}

static bool is_register(const json_t *message)
{
    return json_is_array(json_object_get(message, "courtRegisterDocumentRequests")) ||
           json_is_object(json_object_get(message, "courtRegister"));
}

/* Whatever stands beside it: a hearing carries its own youthCourtDefendantIds. */
static bool is_whole(const json_t *message)
{
    return json_is_object(json_object_get(message, "hearing")) ||
           json_is_array(json_object_get(message, "prosecutionCases")) ||
           json_is_array(json_object_get(message, "courtApplications"));
}

bool hearing_translate_is_known(const json_t *message)
{
    if (is_whole(message))
        return is_old_hearing(message);
    return is_police_result(message) || is_referral(message) || is_adjourned(message) ||
           is_youth_flag(message) || is_register(message) || is_conclusion(message) ||
           json_is_array(json_object_get(message, "youthCourtDefendantIds"));
}

char *hearing_translate(const json_t *message, json_t **ret_hearings, bool *ret_is_listing,
                        const char **ret_nothing)
{
    if (is_old_hearing(message))
        *ret_hearings = list_of(from_old_hearing(json_object_get(message, "hearing")));
    else if (is_register(message))
        return mem_copy(
            "a court register, not a hearing: send it on a feed with adapter = \"hmcts-court-register\"");
    else if (is_police_result(message))
        *ret_hearings = list_of(from_police_result(message));
    else if (is_referral(message))
        *ret_hearings = list_of(from_referral(message));
    else if (is_adjourned(message))
        *ret_hearings = from_adjourned(message);
    else if (is_conclusion(message))
        *ret_nothing =
            "only by their ids whose prosecution is concluded: the results come with the hearing, which says who they are";
    else if (is_youth_flag(message))
        *ret_nothing =
            "only the sender's own flag of youth: age comes from the date of birth, which the hearing brings";
    else
        *ret_nothing =
            "only the ids of defendants now heard in the youth court: the hearing itself brings who they are";
    *ret_is_listing = is_referral(message) || is_adjourned(message);
    return NULL;
}
