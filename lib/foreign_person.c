/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign_person.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_time.h"
#include "told/match.h"
#include "told/mem.h"

#define AGE_OF_MAJORITY 18
#define AGE_OF_LEAVERS_MOST 25
#define AGE_BELIEVED_MOST 110 /* 1000-01-01 stands where nothing is known */
#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum foreign_age foreign_person_age(const char *text, struct civil_day on, struct civil_day *ret_born)
{
    struct civil_day born;

    *ret_born = CIVIL_NONE;
    if (text == NULL || *text == '\0')
        return FOREIGN_AGE_UNKNOWN;
    if (!foreign_time_parse_day(text, &born))
        return FOREIGN_AGE_NO_DATE;
    if (!civil_is_none(on) && (born.number > on.number || civil_age(born, on) > AGE_BELIEVED_MOST))
        return FOREIGN_AGE_ABSURD;
    *ret_born = born;
    return civil_is_none(on) || civil_age(born, on) < AGE_OF_MAJORITY ? FOREIGN_AGE_CHILD : FOREIGN_AGE_ADULT;
}

bool foreign_person_is_young_adult(struct civil_day born, struct civil_day on)
{
    int age = civil_is_none(born) || civil_is_none(on) ? 0 : civil_age(born, on);

    return age >= AGE_OF_MAJORITY && age < AGE_OF_LEAVERS_MOST;
}

/* A form: the sets of characters of each part and how many of them there must be. */
struct part {
    const char *set;
    size_t least, most;
};

#define PARTS_MOST 6

static const struct {
    const char *scheme;
    struct part parts[PARTS_MOST];
} FORMS[] = {
    /* 2012/0123456X as match_normalise leaves it */
    {"pnc", {{DIGITS, 4, 4}, {"/", 1, 1}, {DIGITS, 7, 7}, {LETTERS, 1, 1}}},
    {"cro", {{DIGITS, 6, 6}, {"/", 1, 1}, {DIGITS, 2, 2}, {LETTERS, 1, 1}}},
    {"cro", {{"SF", 2, 2}, {DIGITS, 2, 2}, {"/", 1, 1}, {DIGITS, 6, 6}, {LETTERS, 1, 1}}},
    /* year, force and station, system and number, check letter: 0925GD0000000123456X */
    {"asn", {{DIGITS, 2, 2}, {DIGITS LETTERS, 4, 4}, {DIGITS, 12, 15}, {LETTERS, 1, 1}}},
    {"noms", {{LETTERS, 1, 1}, {DIGITS, 4, 4}, {LETTERS, 2, 2}}},
};

static bool has_form(const char *text, const struct part *parts)
{
    for (size_t i = 0; i < PARTS_MOST && parts[i].set != NULL; i++) {
        size_t len = strspn(text, parts[i].set);
        if (len > parts[i].most)
            len = parts[i].most;
        if (len < parts[i].least)
            return false;
        text += len;
    }
    return *text == '\0';
}

static bool is_plausible(const char *scheme, const char *text)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
        if (strcmp(FORMS[i].scheme, scheme) == 0 && has_form(text, FORMS[i].parts))
            return true;
    return false;
}

bool foreign_person_identify(json_t *person, const char *scheme, const char *text)
{
    json_t *identifiers = json_object_get(person, "identifiers");
    char *normal = match_normalise(scheme, text);
    bool is_good = normal != NULL && is_plausible(scheme, normal);

    if (is_good) {
        if (identifiers == NULL) {
            identifiers = json_object();
            json_object_set_new(person, "identifiers", identifiers);
        }
        json_object_set_new(identifiers, scheme, json_string(normal));
    }
    free(normal);
    return is_good || text == NULL || *text == '\0';
}

void foreign_person_set(json_t *person, const char *key, const char *text)
{
    if (text == NULL)
        return;
    size_t from = strspn(text, " \t\r\n"), end = strlen(text);
    while (end > from && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    if (end > from)
        json_object_set_new(person, key, json_stringn(text + from, end - from));
}

void foreign_person_set_born(json_t *person, struct civil_day born)
{
    char day[CIVIL_TEXT_SIZE];

    if (!civil_is_none(born))
        json_object_set_new(person, "born_on", json_string(civil_print(born, day)));
}
