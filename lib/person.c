/* SPDX-License-Identifier: Apache-2.0 */
#include "told/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

#define FIRST_YEAR 1900
#define OLDEST_AGE 110 /* beyond it a date of birth is what a form fills in */

/* Letters of Latin-1 and Latin Extended-A from U+00C0 on, as they are written without accents; ' ' where there is no letter. */
static const char *const LATIN[] = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* 00C0 */
    "d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "ss", /* 00D0 */
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* 00E0 */
    "d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "y", /* 00F0 */
    "a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d", /* 0100 */
    "d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g", /* 0110 */
    "g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i", /* 0120 */
    "i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l", /* 0130 */
    "l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o", /* 0140 */
    "o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s", /* 0150 */
    "s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u", /* 0160 */
    "u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s", /* 0170 */
};
enum { LATIN_FIRST = 0xC0, LATIN_COUNT = sizeof LATIN / sizeof *LATIN };

/* What forms say where they know no name. */
static const char *const NO_NAMES[] = {"unknown", "not known", "not stated", "not given", "none", "n a", "no name", "x", "xx", "xxx"};

/* One character of UTF-8; 0 at the end, a blank for bytes that are none. */
static unsigned next_character(const unsigned char **text)
{
    const unsigned char *at = *text;
    unsigned c = *at++;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;

    if (c == 0)
        return 0;
    if (c >= 0x80 && more == 0)
        c = ' ';
    else if (more > 0)
        c &= 0x3FU >> more;
    for (; more > 0 && (*at & 0xC0) == 0x80; more--)
        c = c << 6 | (*at++ & 0x3F);
    *text = at;
    return more > 0 ? ' ' : c;
}

static void put_utf8(struct buf *out, unsigned c)
{
    if (c >= 0x10000)
        buf_char(out, (char)(0xF0 | c >> 18));
    if (c >= 0x800)
        buf_char(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3F) : 0xE0 | c >> 12));
    buf_char(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F) : 0xC0 | c >> 6));
    buf_char(out, (char)(0x80 | (c & 0x3F)));
}

static bool is_apostrophe(unsigned c)
{
    return c == '\'' || c == '`' || c == 0xB4 || c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2BC || c == 0x2032;
}

/* Marks that stand on a letter (a name may come decomposed), and what is not seen at all. */
static bool is_mark(unsigned c)
{
    return (c >= 0x300 && c <= 0x36F) || c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0xFEFF;
}

static void put_letter(struct buf *out, unsigned c)
{
    if (c >= 'A' && c <= 'Z')
        buf_char(out, (char)(c - 'A' + 'a'));
    else if (c >= 'a' && c <= 'z')
        buf_char(out, (char)c);
    else if (c >= LATIN_FIRST && c < LATIN_FIRST + LATIN_COUNT)
        buf_text(out, LATIN[c - LATIN_FIRST]);
    else if (c < LATIN_FIRST || (c >= 0x2000 && c < 0x2100) || c == 0x3000)
        buf_char(out, ' '); /* punctuation, hyphens, digits */
    else
        put_utf8(out, c); /* other scripts as they stand */
}

/* One blank between words and none around, cut where a character begins. */
static char *tighten(const char *text)
{
    struct buf out = {0};
    size_t len;

    for (const char *c = text; *c != '\0'; c++)
        if (*c != ' ' || (out.len > 0 && out.bytes[out.len - 1] != ' '))
            buf_char(&out, *c);
    len = out.len;
    if (len > PERSON_NAME_MOST)
        for (len = PERSON_NAME_MOST; len > 0 && ((unsigned char)out.bytes[len] & 0xC0) == 0x80;)
            len--;
    while (len > 0 && out.bytes[len - 1] == ' ')
        len--;
    char *tight = mem_copy_n(buf_string(&out), len);
    buf_release(&out);
    return tight;
}

char *person_name(const char *text)
{
    const unsigned char *at = (const unsigned char *)(text != NULL ? text : "");
    struct buf letters = {0};
    char *name;

    /* Four times what is kept is enough: the rest of a name of a mebibyte is not looked at. */
    for (unsigned c; letters.len < 4 * PERSON_NAME_MOST && (c = next_character(&at)) != 0;)
        if (!is_apostrophe(c) && !is_mark(c))
            put_letter(&letters, c);
    name = tighten(buf_string(&letters));
    buf_release(&letters);
    for (size_t i = 0; i < sizeof NO_NAMES / sizeof *NO_NAMES; i++)
        if (strcmp(name, NO_NAMES[i]) == 0)
            name[0] = '\0';
    return name;
}

char *person_postcode(const char *text)
{
    char code[9];
    size_t len = 0;
    bool digit = false;

    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        char upper = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;

        if (upper == ' ' || upper == '-' || upper == '.')
            continue;
        if (len == 7 || !((upper >= 'A' && upper <= 'Z') || (upper >= '0' && upper <= '9')))
            return NULL;
        digit |= upper <= '9';
        code[len++] = upper;
    }
    /* ZZ99 is what stands where there is no address. */
    if (len < 5 || !digit || code[0] <= '9' || strncmp(code, "ZZ99", 4) == 0)
        return NULL;
    return mem_copy_n(code, len);
}

static bool is_among(const char *const *list, const char *word)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static void read_identifiers(struct person *p, const json_t *stated, const char *const *trusted)
{
    json_t *all = json_object_get(stated, "identifiers"), *value;
    size_t room = json_object_size(all);
    const char *scheme;

    p->identifiers = mem_new((room + 1) * sizeof *p->identifiers);
    p->is_trusted = mem_new((room + 1) * sizeof *p->is_trusted);
    json_object_foreach(all, scheme, value)
    {
        char *normal = match_normalise(scheme, json_string_value(value));

        if (normal == NULL)
            continue;
        p->is_trusted[p->identifier_count] = match_scheme_is_trusted(scheme) && is_among(trusted, scheme);
        p->identifiers[p->identifier_count++] = (struct match_identifier){mem_copy(scheme), normal};
    }
}

static void read_born(struct person *p, const json_t *stated)
{
    const json_t *born = json_object_get(stated, "born_on");

    p->is_born_stated = born != NULL && !json_is_null(born);
    if (p->is_born_stated)
        p->is_born_wrong = !json_is_string(born) || !civil_parse(json_string_value(born), &p->born_on);
}

/* A name alone is many people's; a name with its date of birth, or a number that is one person's, is not. */
static bool is_memorable(const struct person *p)
{
    bool numbered = false;

    for (size_t i = 0; i < p->identifier_count; i++)
        numbered |= p->is_trusted[i];
    return numbered || (p->family[0] != '\0' && p->given[0] != '\0' && p->is_born_stated && !p->is_born_wrong);
}

static void digest(struct person *p)
{
    json_t *all = json_pack("{s:s, s:s, s:s*, s:{}}", "family", p->family, "given", p->given, "postcode", p->postcode, "numbers");
    json_t *numbers = json_object_get(all, "numbers");
    char born[CIVIL_TEXT_SIZE];

    if (p->is_born_stated && !p->is_born_wrong)
        json_object_set_new(all, "born_on", json_string(civil_print(p->born_on, born)));
    /* Numbers of an arrest or a case change with each: they do not say who. */
    for (size_t i = 0; i < p->identifier_count; i++)
        if (p->is_trusted[i])
            json_object_set_new(numbers, p->identifiers[i].scheme, json_string(p->identifiers[i].value));
    json_digest(all, NULL, p->digest);
    json_decref(all);
}

struct person *person_read(const json_t *stated, const char *const *trusted)
{
    struct person *p = mem_new(sizeof *p);

    p->family = person_name(json_text_at(stated, "family_name"));
    p->given = person_name(json_text_at(stated, "given_names"));
    p->postcode = person_postcode(json_text_at(stated, "postcode"));
    read_born(p, stated);
    read_identifiers(p, stated, trusted);
    p->is_memorable = is_memorable(p);
    digest(p);
    return p;
}

void person_free(struct person *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->identifier_count; i++) {
        free((char *)(uintptr_t)p->identifiers[i].scheme);
        free((char *)(uintptr_t)p->identifiers[i].value);
    }
    free(p->identifiers);
    free(p->is_trusted);
    free(p->family);
    free(p->given);
    free(p->postcode);
    free(p);
}

bool person_born_is_filled(struct civil_day born_on)
{
    int year, month, day;

    civil_split(born_on, &year, &month, &day);
    return year < FIRST_YEAR || ((year == 1900 || year == 1970) && month == 1 && day == 1);
}

int person_age(const struct person *p, struct civil_day on)
{
    int age;

    if (!p->is_born_stated || p->is_born_wrong || person_born_is_filled(p->born_on))
        return -1;
    age = civil_age(p->born_on, on);
    return age < 0 || age > OLDEST_AGE ? -1 : age;
}
