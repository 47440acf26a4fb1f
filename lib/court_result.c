/* SPDX-License-Identifier: Apache-2.0 */
#include "court_result.h"

#include <ctype.h>
#include <string.h>

/* One word of letters and digits in capitals: "imp" is printed in small letters. */
static bool read_short_code(const char *text, size_t len, char out[CODES_SHORT_SIZE])
{
    if (len == 0 || len >= CODES_SHORT_SIZE)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isascii(text[i]) || !isalnum((unsigned char)text[i]))
            return false;
        out[i] = (char)toupper((unsigned char)text[i]);
    }
    out[len] = '\0';
    return true;
}

/* "YROISS - Youth rehabilitation order …": the words before the first " - ", where they are one word. */
static const struct codes_row *find_short(const struct codes *codes, const char *short_code, const char *text)
{
    char code[CODES_SHORT_SIZE];
    const char *end = text == NULL ? NULL : strstr(text, " - ");
    bool is_read = short_code != NULL ? read_short_code(short_code, strlen(short_code), code)
                                      : end != NULL && read_short_code(text, (size_t)(end - text), code);

    return is_read ? codes_find(codes, CODES_COURT_SHORT_CODES, NULL, code) : NULL;
}

const struct codes_row *court_result_of_status(const struct codes *codes, const char *letter)
{
    const struct codes_row *row = codes_find(codes, CODES_BAIL_STATUSES, NULL, letter);

    return row == NULL || court_result_rank(row) == 0 ? NULL : row;
}

bool court_result_status_is_known(const struct codes *codes, const char *letter)
{
    return codes_find(codes, CODES_BAIL_STATUSES, NULL, letter) != NULL;
}

const char *court_result_status_look(const struct codes *codes, const char *letter)
{
    const struct codes_row *row = codes_find(codes, CODES_BAIL_STATUSES, NULL, letter);

    return row == NULL || row->sort != CODES_LOOK ? NULL : row->word;
}

/* Two reasons to say nothing, or to look, agree whatever their words. */
static bool agree(const struct codes_row *a, const struct codes_row *b)
{
    return a->sort == b->sort &&
           (a->sort == CODES_NOTHING || a->sort == CODES_LOOK || strcmp(a->word, b->word) == 0);
}

const struct codes_row *court_result_find(const struct codes *codes, const char *cjs_code,
                                          const char *short_code, const char *text, bool *ret_contradicts)
{
    const struct codes_row *by_short = find_short(codes, short_code, text);
    const struct codes_row *by_code = codes_find(codes, CODES_COURT_RESULTS, NULL, cjs_code);

    *ret_contradicts = false;
    if (by_short == NULL || by_code == NULL)
        return by_short != NULL ? by_short : by_code;
    if (!agree(by_short, by_code)) {
        *ret_contradicts = true;
        return NULL;
    }
    return by_short; /* the narrower one: 1007 is three sentences */
}

/* Refused bail that no remand came with: less is known than a remand says, and more is taken than by bail. */
int court_result_rank(const struct codes_row *result)
{
    static const char *const words[] = {"unconditional",
                                        "conditional",
                                        "being-refused",
                                        "refused",
                                        "local-authority-accommodation",
                                        "custody",
                                        "youth-detention-accommodation"};

    if (result->sort != CODES_REMAND && result->sort != CODES_BAIL)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], result->word) == 0)
            return (int)i + 1;
    return 0;
}
