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

static const struct scheme SCHEMES[] = {
    {"pnc", true, tidy_pnc},     {"cro", true, tidy_cro},
    {"noms", true, tidy_plain}, {"nhs", true, tidy_plain},
    {"upn", true, tidy_plain},   {"ccd", true, tidy_nothing},
    {"yos", true, tidy_nothing}, {"lcs", true, tidy_nothing},
    {"asn", false, tidy_plain},  {"urn", false, tidy_plain},
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
