/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A prompt is {"promptReference", "label", "type", "value"}. References differ between the versions of the
 * result definitions (HDATE, fixedDate, dateOfHearing …), so the label is asked too.
 */
#include "hearing_prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foreign_slug.h"
#include "foreign_time.h"
#include "part_kind.h"
#include "told/mem.h"

#define WORDS_MOST 3 /* of an authority's name, once "London Borough of" and "Council" are off */

static bool is_named(const struct codes *codes, const char *text, const char *what)
{
    const struct codes_row *row = codes_find(codes, CODES_HEARING_PROMPTS, NULL, text);
    return row != NULL && strcmp(row->word, what) == 0;
}

/* The value of the first prompt that is known, by its reference or its label, for what is asked. */
static const char *find_value(const struct codes *codes, const json_t *result, const char *what)
{
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        if ((is_named(codes, json_text_at(prompt, "promptReference"), what) ||
             is_named(codes, json_text_at(prompt, "label"), what)) &&
            part_kind_text(prompt, "value") != NULL)
            return part_kind_text(prompt, "value");
    }
    return NULL;
}

bool hearing_prompt_orders_report(const struct codes *codes, const json_t *result)
{
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        const json_t *value = json_object_get(prompt, "value");
        if (is_named(codes, json_text_at(prompt, "promptReference"), "report") &&
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

static bool next_by_prompts(const struct codes *codes, const json_t *result, struct hearing_next *ret)
{
    *ret = (struct hearing_next){
        .existing = find_value(codes, result, "existing"),
        .at = local_instant(find_value(codes, result, "date"), find_value(codes, result, "time")),
        .court = find_value(codes, result, "court"),
        .purpose = find_value(codes, result, "purpose")};
    return !instant_is_none(ret->at);
}

bool hearing_prompt_next(const struct codes *codes, const json_t *result, struct hearing_next *ret)
{
    const json_t *next = json_object_get(result, "nextHearing");
    const char *at = part_kind_text(next, "listedStartDateTime");

    if (at == NULL)
        at = part_kind_text(next, "plannedStartDateTime");
    if (!json_is_object(next) || at == NULL)
        return next_by_prompts(codes, result, ret);
    *ret = (struct hearing_next){.existing = part_kind_text(next, "existingHearingId"),
                                 .at = INSTANT_NONE,
                                 .court = part_kind_text(json_object_get(next, "courtCentre"), "name"),
                                 .purpose = part_kind_text(json_object_get(next, "type"), "description")};
    if (!foreign_time_parse(at, &ret->at))
        ret->at = local_instant(at, NULL);
    return !instant_is_none(ret->at);
}

static bool cut_affix(char *code, const char *affix)
{
    size_t part = strlen(affix), len = strlen(code);

    if (len <= part)
        return false;
    if (affix[0] != '-' && strncmp(code, affix, part) == 0)
        memmove(code, code + part, len - part + 1);
    else if (affix[0] == '-' && strcmp(code + len - part, affix) == 0)
        code[len - part] = '\0';
    else
        return false;
    return true;
}

/* "London Borough of Southwark", "Southwark Council" and "Southwark Youth Offending Team" are southwark. What
 * is left too long, or has digits, is an address or a team: nothing is claimed for that. */
static char *authority_code(const struct codes *codes, const char *text)
{
    char *code = foreign_slug(text);
    bool again = code != NULL;
    size_t words = 1;

    while (again) {
        again = false;
        for (size_t i = 0; i < codes_size(codes, CODES_AUTHORITY_AFFIXES); i++)
            again |= cut_affix(code, codes_at(codes, CODES_AUTHORITY_AFFIXES, i)->code);
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

static void keep(const struct codes *codes, char **slot, const char *value)
{
    if (*slot == NULL && value != NULL)
        *slot = authority_code(codes, value);
}

void hearing_prompt_designation(const struct codes *codes, const json_t *result,
                                struct hearing_designation *ret)
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
            keep(codes, &ret->from, value);
        else if (name != NULL)
            keep(codes, &ret->to, value);
        else if (civil_is_none(ret->on) && read_day(value, &day))
            ret->on = day;
        free(name);
    }
}

char *hearing_prompt_designated(const struct codes *codes, const json_t *result)
{
    char *code = NULL;
    size_t i;
    json_t *prompt;

    json_array_foreach(json_object_get(result, "judicialResultPrompts"), i, prompt)
    {
        char *name = authority_prompt(prompt);
        if (name != NULL && strcasestr(name, "designated") != NULL)
            keep(codes, &code, part_kind_text(prompt, "value"));
        free(name);
    }
    return code;
}
