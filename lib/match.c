/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of identifiers, as their owners write them:
 *   PNC id       2012/0123456X or 12/123456X: year, serial of up to seven digits, check letter
 *   CRO number   123456/09X: serial, year, check letter; SF05/123456X: the same of a standard form
 *   NOMS number  A1234BC      NHS number  943 476 5919      UPN  A123456789012
 *   ASN          0925GD0000000123456X, also cut into pieces by slashes
 * Check letters are not verified: a mistyped number agrees with nobody's, and that is enough.
 * Ironing out is cautious: two writings become one only where they can mean nothing else.
 */
#include "told/match.h"

#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/civil.h"
#include "told/mem.h"

#define CENTURY_PIVOT                                                                                        \
    50 /* a PNC year "49" is 2049, "50" is 1950: no child of this century has an older number */
#define PNC_SERIAL_MOST 7
#define CRO_SERIAL_MOST 6

typedef char *tidy_fn(const char *text);

struct scheme {
    const char *name;
    bool trusted;
    tidy_fn *tidy;
    const char *agrees, *contradicts; /* the words of match_result.because */
};

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *without(const char *text, const char *punctuation)
{
    struct buf kept = {0};
    for (const char *c = text; *c != '\0'; c++)
        if (strchr(punctuation, *c) == NULL)
            buf_char(&kept, *c);
    return buf_take(&kept);
}

/* ---- one tidy for each form; the text comes in upper case and without blanks ---- */

/* Numbers of our own systems have whatever punctuation those like. */
static char *tidy_nothing(const char *text)
{
    return mem_copy(text);
}

static char *tidy_plain(const char *text)
{
    return without(text, "-./");
}

/* Digits, then one letter and the end; the number of digits, or 0. */
static size_t serial_length(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return is_letter(text[len]) && text[len + 1] == '\0' ? len : 0;
}

/* YYYY/NNNNNNNX; without the slash only a full serial can be told from the year. */
static char *tidy_pnc(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool slash = text[digits] == '/';
    if (!slash && digits < PNC_SERIAL_MOST)
        return mem_copy(text);
    size_t year_len = slash ? digits : digits - PNC_SERIAL_MOST;
    const char *serial = slash ? text + digits + 1 : text + year_len;
    size_t serial_len = serial_length(serial);
    if ((year_len != 2 && year_len != 4) || serial_len == 0 || serial_len > PNC_SERIAL_MOST)
        return mem_copy(text);

    const char *century = "";
    if (year_len == 2)
        century = (text[0] - '0') * 10 + (text[1] - '0') < CENTURY_PIVOT ? "20" : "19";
    return mem_printf("%s%.*s/%0*lu%s", century, (int)year_len, text, PNC_SERIAL_MOST,
                      strtoul(serial, NULL, 10), serial + serial_len);
}

/* NNNNNN/YYX */
static char *tidy_cro_plain(const char *text)
{
    size_t serial_len = strspn(text, "0123456789");
    if (serial_len == 0 || serial_len > CRO_SERIAL_MOST || text[serial_len] != '/' ||
        serial_length(text + serial_len + 1) != 2)
        return mem_copy(text);
    return mem_printf("%0*lu%s", CRO_SERIAL_MOST, strtoul(text, NULL, 10), text + serial_len);
}

/* SFYY/NNNNNNX */
static char *tidy_cro(const char *text)
{
    if (strncmp(text, "SF", 2) != 0)
        return tidy_cro_plain(text);
    if (strspn(text + 2, "0123456789") != 2 || text[4] != '/')
        return mem_copy(text);
    const char *serial = text + 5;
    size_t serial_len = serial_length(serial);
    if (serial_len == 0 || serial_len > CRO_SERIAL_MOST)
        return mem_copy(text);
    return mem_printf("%.5s%0*lu%s", text, CRO_SERIAL_MOST, strtoul(serial, NULL, 10), serial + serial_len);
}

/* ---- the schemes ---- */

#define TEXTS(scheme)                                                                                        \
    "one child shares the " scheme ", and nothing contradicts", "the " scheme " is another one"

static const struct scheme SCHEMES[] = {
    {"pnc", true, tidy_pnc, TEXTS("pnc")},     {"cro", true, tidy_cro, TEXTS("cro")},
    {"noms", true, tidy_plain, TEXTS("noms")}, {"nhs", true, tidy_plain, TEXTS("nhs")},
    {"upn", true, tidy_plain, TEXTS("upn")},   {"ccd", true, tidy_nothing, TEXTS("ccd")},
    {"yos", true, tidy_nothing, TEXTS("yos")}, {"lcs", true, tidy_nothing, TEXTS("lcs")},
    {"asn", false, tidy_plain, TEXTS("asn")},  {"urn", false, tidy_plain, TEXTS("urn")},
};

static const struct scheme *scheme_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof SCHEMES / sizeof SCHEMES[0]; i++)
        if (strcmp(SCHEMES[i].name, name) == 0)
            return &SCHEMES[i];
    return NULL;
}

bool match_scheme_is_known(const char *scheme)
{
    return scheme_find(scheme) != NULL;
}

bool match_scheme_is_trusted(const char *scheme)
{
    const struct scheme *found = scheme_find(scheme);
    return found != NULL && found->trusted;
}

char *match_normalise(const char *scheme, const char *value)
{
    const struct scheme *found = scheme_find(scheme);
    if (found == NULL || value == NULL)
        return NULL;
    struct buf upper = {0};
    for (const char *c = value; *c != '\0'; c++)
        if (!is_blank(*c))
            buf_char(&upper, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    /* "N/A", "none", "0000000": what is typed where there is no number would make strangers agree. */
    char *text = NULL;
    if (strpbrk(buf_string(&upper), "123456789") != NULL)
        text = found->tidy(buf_string(&upper));
    buf_release(&upper);
    return text;
}

/* ---- the verdict ---- */

enum agreement {
    NOT_STATED, /* by one side or both */
    AGREES,
    CONTRADICTS,
};

/* One child may have several numbers of a scheme (a record merged with another); one that agrees is enough.
 */
static enum agreement compare_scheme(const struct match_candidate *candidate, const char *scheme,
                                     const char *value)
{
    enum agreement found = NOT_STATED;
    for (size_t i = 0; i < candidate->identifier_count; i++) {
        const struct match_identifier *own = &candidate->identifiers[i];
        if (own->scheme == NULL || own->value == NULL || strcmp(own->scheme, scheme) != 0)
            continue;
        if (strcmp(own->value, value) == 0)
            return AGREES;
        found = CONTRADICTS;
    }
    return found;
}

/* Which trusted scheme agrees and which contradicts, first of each; NULL: none. */
static void compare_candidate(const json_t *person, const struct match_candidate *candidate,
                              const struct scheme **ret_agrees, const struct scheme **ret_contradicts)
{
    const json_t *identifiers = json_object_get(person, "identifiers");
    *ret_agrees = *ret_contradicts = NULL;
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        const struct scheme *scheme = &SCHEMES[i];
        if (!scheme->trusted)
            continue;
        char *value =
            match_normalise(scheme->name, json_string_value(json_object_get(identifiers, scheme->name)));
        if (value == NULL)
            continue;
        enum agreement agreement = compare_scheme(candidate, scheme->name, value);
        free(value);
        if (agreement == AGREES && *ret_agrees == NULL)
            *ret_agrees = scheme;
        if (agreement == CONTRADICTS && *ret_contradicts == NULL)
            *ret_contradicts = scheme;
    }
}

/* A date that cannot be read contradicts: it says something, and it is not what we know. */
static enum agreement compare_born_on(const json_t *person, const struct match_candidate *candidate)
{
    const json_t *stated = json_object_get(person, "born_on");
    if (stated == NULL || json_is_null(stated) || candidate->born_on == NULL)
        return NOT_STATED;
    struct civil_day theirs, ours;
    if (!json_is_string(stated) || !civil_parse(json_string_value(stated), &theirs) ||
        !civil_parse(candidate->born_on, &ours))
        return CONTRADICTS;
    return theirs.number == ours.number ? AGREES : CONTRADICTS;
}

static struct match_result verdict(enum match_verdict verdict, int64_t child_id, const char *because)
{
    return (struct match_result){.verdict = verdict, .child_id = child_id, .because = because};
}

struct match_result match_person(const json_t *person, const struct match_candidate *candidates, size_t count)
{
    const struct scheme *agrees = NULL, *contradicts = NULL;
    int64_t child_id = 0;
    bool born_otherwise = false;

    for (size_t i = 0; i < count; i++) {
        const struct scheme *here, *against;
        compare_candidate(person, &candidates[i], &here, &against);
        if (here == NULL)
            continue;
        if (agrees != NULL && child_id != candidates[i].child_id)
            return verdict(MATCH_DOUBTFUL, 0, "two children share an identifier with the event");
        child_id = candidates[i].child_id;
        agrees = here;
        contradicts = contradicts != NULL ? contradicts : against;
        born_otherwise |= compare_born_on(person, &candidates[i]) == CONTRADICTS;
    }
    if (agrees == NULL)
        return verdict(MATCH_NONE, 0, "no known child shares a trusted identifier");
    if (contradicts != NULL)
        return verdict(MATCH_DOUBTFUL, 0, contradicts->contradicts);
    if (born_otherwise)
        return verdict(MATCH_DOUBTFUL, 0, "the date of birth is another one");
    return verdict(MATCH_CERTAIN, child_id, agrees->agrees);
}
