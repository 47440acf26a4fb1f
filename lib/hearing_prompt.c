/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A prompt is {"promptReference", "label", "type", "value"}. References differ between the versions of the
 * result definitions (HDATE, fixedDate, dateOfHearing …), so the label is asked too.
 */
#include "hearing_prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "court_event.h"
#include "part_kind.h"
#include "told/mem.h"

#define WORDS_MOST 3 /* of an authority's name, once "London Borough of" and "Council" are off */

static bool is_one_of(const char *text, const char *const *words)
{
    for (; text != NULL && *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

/* The value of the first prompt known by one of these references or labels. */
static const char *find_value(const json_t *result, const char *const *names)
{
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        if ((is_one_of(json_text_at(prompt, "promptReference"), names) ||
             is_one_of(json_text_at(prompt, "label"), names)) &&
            part_kind_text(prompt, "value") != NULL)
            return part_kind_text(prompt, "value");
    }
    return NULL;
}

bool hearing_prompt_is_true(const json_t *result, const char *reference)
{
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        const json_t *value = json_object_get(prompt, "value");
        const char *name = json_text_at(prompt, "promptReference");
        if (name != NULL && strcmp(name, reference) == 0 &&
            (json_is_true(value) || (json_is_string(value) && strcmp(json_string_value(value), "true") == 0)))
            return true;
    }
    return false;
}

/* 02/07/2018, as clerks write it, or 2018-07-02. */
static bool read_day(const char *text, struct civil_day *ret)
{
    int day, month, year, end = 0;

    if (text == NULL)
        return false;
    if (civil_parse(text, ret))
        return true;
    if (sscanf(text, "%2d/%2d/%4d%n", &day, &month, &year, &end) != 3 || text[end] != '\0' || year < 1900)
        return false;
    struct civil_day found = civil_day_of_date(year, month, day);
    if (civil_is_none(found))
        return false;
    *ret = found;
    return true;
}

static struct instant local_instant(const char *day_text, const char *time_text)
{
    struct civil_day day;
    int hour = 0, minute = 0;

    if (!read_day(day_text, &day))
        return INSTANT_NONE;
    if (time_text == NULL || sscanf(time_text, "%2d:%2d", &hour, &minute) != 2 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59)
        hour = minute = 0; /* the day alone: its beginning, for what must be done before it */
    return civil_instant(day, hour, minute);
}

static bool next_by_prompts(const json_t *result, struct hearing_next *ret)
{
    static const char *const dates[] = {"HDATE",           "fixedDate",  "dateOfHearing",
                                        "Date of hearing", "Fixed Date", NULL};
    static const char *const times[] = {"timeOfHearing", "HTIME", "Time of hearing", NULL};
    static const char *const courts[] = {"HCHOUSE", "hCHOUSEOrganisationName", "Courthouse name",
                                         "Courthouse organisation name", NULL};
    static const char *const purposes[] = {"HTYPE", "Hearing type", NULL};
    static const char *const existing[] = {"existingHearingId", "Existing Hearing Id", NULL};

    *ret = (struct hearing_next){.existing = find_value(result, existing),
                                 .at = local_instant(find_value(result, dates), find_value(result, times)),
                                 .court = find_value(result, courts),
                                 .purpose = find_value(result, purposes)};
    return !instant_is_none(ret->at);
}

bool hearing_prompt_next(const json_t *result, struct hearing_next *ret)
{
    const json_t *next = json_object_get(result, "nextHearing");
    const char *at = part_kind_text(next, "listedStartDateTime");

    if (at == NULL)
        at = part_kind_text(next, "plannedStartDateTime");
    if (!json_is_object(next) || at == NULL)
        return next_by_prompts(result, ret);
    *ret = (struct hearing_next){.existing = part_kind_text(next, "existingHearingId"),
                                 .at = INSTANT_NONE,
                                 .court = part_kind_text(json_object_get(next, "courtCentre"), "name"),
                                 .purpose = part_kind_text(json_object_get(next, "type"), "description")};
    if (!instant_parse(at, &ret->at))
        ret->at = local_instant(at, NULL);
    return !instant_is_none(ret->at);
}

/* "London Borough of Southwark", "Southwark Council" and "Southwark Youth Offending Team" are southwark. What
 * is left too long, or has digits, is an address or a team: nothing is claimed for that. */
static char *authority_code(const char *text)
{
    static const char *const around[] = {"london-borough-of-",
                                         "royal-borough-of-",
                                         "the-",
                                         "city-of-",
                                         "county-of-",
                                         "borough-of-",
                                         "lb-of-",
                                         "lb-",
                                         "-council",
                                         "-london-borough",
                                         "-city",
                                         "-county",
                                         "-borough",
                                         "-metropolitan-borough",
                                         "-local-authority",
                                         "-childrens-services",
                                         "-childrens-social-care",
                                         "-social-services",
                                         "-youth-offending-team",
                                         "-youth-offending-service",
                                         "-youth-justice-service",
                                         "-yot",
                                         "-yos"};
    char *code = court_event_slug(text, NULL);
    bool again = code != NULL;
    size_t words = 1;

    while (again) {
        again = false;
        for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
            size_t part = strlen(around[i]), len = strlen(code);
            if (len <= part)
                continue;
            if (around[i][0] != '-' && strncmp(code, around[i], part) == 0)
                memmove(code, code + part, len - part + 1);
            else if (around[i][0] == '-' && strcmp(code + len - part, around[i]) == 0)
                code[len - part] = '\0';
            else
                continue;
            again = true;
        }
    }
    for (const char *c = code; c != NULL && *c != '\0'; c++)
        words += *c == '-';
    if (code != NULL && (words > WORDS_MOST || strpbrk(code, "0123456789") != NULL)) {
        free(code);
        return NULL;
    }
    return code;
}

static bool has_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasestr(text, *words) != NULL)
            return true;
    return false;
}

/* The reference and the label of a prompt that names an authority (and not its address), else NULL. Caller
 * frees. */
static char *authority_prompt(const json_t *prompt)
{
    static const char *const elsewhere[] = {"address",   "email", "post code", "postcode",
                                            "telephone", "date",  NULL};
    const char *reference = part_kind_text(prompt, "promptReference"),
               *label = part_kind_text(prompt, "label");
    char *both = mem_printf("%s %s", reference == NULL ? "" : reference, label == NULL ? "" : label);

    if (strcasestr(both, "authority") != NULL && !has_any(both, elsewhere))
        return both;
    free(both);
    return NULL;
}

static void keep(char **slot, const char *value)
{
    if (*slot == NULL && value != NULL)
        *slot = authority_code(value);
}

void hearing_prompt_designation(const json_t *result, struct hearing_designation *ret)
{
    static const char *const before[] = {"original", "previous", "former", "old ", NULL};
    size_t i;
    json_t *prompt;

    *ret = (struct hearing_designation){.on = CIVIL_NONE};
    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        const char *value = part_kind_text(prompt, "value");
        char *name = authority_prompt(prompt);
        struct civil_day day;
        if (name != NULL && has_any(name, before))
            keep(&ret->from, value);
        else if (name != NULL)
            keep(&ret->to, value);
        else if (civil_is_none(ret->on) && read_day(value, &day))
            ret->on = day;
        free(name);
    }
}

char *hearing_prompt_designated(const json_t *result)
{
    char *code = NULL;
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        char *name = authority_prompt(prompt);
        if (name != NULL && strcasestr(name, "designated") != NULL)
            keep(&code, part_kind_text(prompt, "value"));
        free(name);
    }
    return code;
}
