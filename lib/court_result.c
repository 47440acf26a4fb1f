/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources: the national list of CJS result codes (data set of ministryofjustice/bichard7-next-data,
 * result-code.json) for the meaning of each number; HMCTS's result definitions and bail status list
 * (hmcts/cpp-context-hearing) for the short codes and the ranking. Only what is sure stands here. Left out on
 * purpose: variations and revocations of an order (1029 to 1032; the order was a sentence before), hospital
 * remands (4051; the catalogue has no word), stayed or adjourned sine die (2007, 2061; not an end), codes of
 * other jurisdictions.
 */
#include "court_result.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define LOCAL_AUTHORITY "local-authority-accommodation"
#define YOUTH_DETENTION "youth-detention-accommodation"

static const struct court_result BY_CODE[] = {
    {"1002", COURT_RESULT_SENTENCE, "custody", "imprisonment"}, /* seen on sixteen-year-olds */
    {"1003", COURT_RESULT_SENTENCE, "custody", "s90"},
    {"1007", COURT_RESULT_SENTENCE, "custody", "detention"}, /* which section: the short code says */
    {"1081", COURT_RESULT_SENTENCE, "custody", "dto"},
    {"1083", COURT_RESULT_SENTENCE, "community", "reparation"},
    {"1097", COURT_RESULT_SENTENCE, "community", "referral"},
    {"1116", COURT_RESULT_SENTENCE, "community",
     "community-order"}, /* an adult's; seen on a thirteen-year-old */
    {"1141", COURT_RESULT_SENTENCE, "community", "yro"},
    {"1142", COURT_RESULT_SENTENCE, "community", "yro-iss"},
    {"1143", COURT_RESULT_SENTENCE, "community", "yro-fostering"},
    {"1008", COURT_RESULT_SENTENCE, "other", "hospital"},
    {"1015", COURT_RESULT_SENTENCE, "other", "fine"},
    {"1017", COURT_RESULT_SENTENCE, "other", "absolute-discharge"},
    {"1018", COURT_RESULT_SENTENCE, "other", "conditional-discharge"},

    {"4020", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL}, /* committed for sentence */
    {"4029", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL},
    {"4033", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL}, /* remitted to the youth court */
    {"4054", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL}, /* committed for sentence */
    /* 4055, 4017 and 4046 direct a release once a condition is met. Until then the child is held, so told
     * says so: to call it bail would end a remand that has not ended. */
    {"4055", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL},
    {"4056", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL}, /* remitted to the youth court */
    {"4057", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL}, /* sent for trial */
    {"4058", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL},
    {"4012", COURT_RESULT_REMAND, "custody", NULL}, /* remitted for sentence */
    {"4016", COURT_RESULT_REMAND, "custody", NULL}, /* committed for sentence */
    {"4017", COURT_RESULT_REMAND, "custody", NULL},
    {"4028", COURT_RESULT_REMAND, "custody", NULL},
    {"4032", COURT_RESULT_REMAND, "custody", NULL}, /* remitted to the youth court */
    {"4046", COURT_RESULT_REMAND, "custody", NULL},
    {"4049", COURT_RESULT_REMAND, "custody", NULL}, /* the prosecutor appeals against bail */

    {"4011", COURT_RESULT_BAIL, "conditional", NULL}, /* remitted for sentence */
    {"4015", COURT_RESULT_BAIL, "conditional", NULL}, /* committed for sentence */
    {"4027", COURT_RESULT_BAIL, "conditional", NULL},
    {"4031", COURT_RESULT_BAIL, "conditional", NULL}, /* remitted to the youth court */
    {"4013", COURT_RESULT_BAIL, "unconditional", NULL},
    {"4014", COURT_RESULT_BAIL, "unconditional", NULL},
    {"4035", COURT_RESULT_BAIL, "unconditional", NULL},
    {"4047", COURT_RESULT_BAIL, "unconditional", NULL},
    {"4558", COURT_RESULT_BAIL, "unconditional", NULL}, /* sent for trial */

    {"2004", COURT_RESULT_ENDING, "acquitted", NULL},
    {"2005", COURT_RESULT_ENDING, "acquitted", NULL},
    {"2064", COURT_RESULT_ENDING, "acquitted", NULL}, /* no case to answer */
    {"2091", COURT_RESULT_ENDING, "acquitted", NULL}, /* no evidence offered */
    {"2006", COURT_RESULT_ENDING, "dismissed", NULL},
    {"2050", COURT_RESULT_ENDING, "dismissed", NULL}, /* no evidence offered */
    {"2051", COURT_RESULT_ENDING, "withdrawn", NULL},
    {"2063", COURT_RESULT_ENDING, "withdrawn", NULL},
    {"2094", COURT_RESULT_ENDING, "withdrawn", NULL}, /* a diversion took its place */
    {"2053", COURT_RESULT_ENDING, "discontinued", NULL},
};

static const struct court_result BY_SHORT_CODE[] = {
    {"DTO", COURT_RESULT_SENTENCE, "custody", "dto"},
    {"DETSO", COURT_RESULT_SENTENCE, "custody", "s91"},
    {"DETMP", COURT_RESULT_SENTENCE, "custody", "s90"},
    {"EXTDVSU", COURT_RESULT_SENTENCE, "custody", "s226b"},
    {"IMP", COURT_RESULT_SENTENCE, "custody", "imprisonment"},
    {"YRO", COURT_RESULT_SENTENCE, "community", "yro"},
    {"YROISS", COURT_RESULT_SENTENCE, "community", "yro-iss"},
    {"YROF", COURT_RESULT_SENTENCE, "community", "yro-fostering"},
    {"YOP", COURT_RESULT_SENTENCE, "community", "referral"},
    {"REPO", COURT_RESULT_SENTENCE, "community", "reparation"},
    {"AD", COURT_RESULT_SENTENCE, "other", "absolute-discharge"},
    {"RILA", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL},
    {"RILAB", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL},
    {"REMIL", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL},
    {"CCIIYDA", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL},
    {"CCSIYDA", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL},
    {"REMYD", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL},
    {"RI", COURT_RESULT_REMAND, "custody", NULL},
    {"RIB", COURT_RESULT_REMAND, "custody", NULL},
    {"RC", COURT_RESULT_BAIL, "conditional", NULL},
    {"REMCBY", COURT_RESULT_BAIL, "conditional", NULL},
    {"RU", COURT_RESULT_BAIL, "unconditional", NULL},
    {"REMUBY", COURT_RESULT_BAIL, "unconditional", NULL},
    {"CCIU", COURT_RESULT_BAIL, "unconditional", NULL},
    {"YDDLAA", COURT_RESULT_DESIGNATION, "", NULL},
};

/* P is bail that begins once a condition is met. The letter does not say whether it has been, and bail is its
 * name. */
static const struct court_result BY_STATUS[] = {
    {"S", COURT_RESULT_REMAND, YOUTH_DETENTION, NULL}, {"C", COURT_RESULT_REMAND, "custody", NULL},
    {"L", COURT_RESULT_REMAND, LOCAL_AUTHORITY, NULL}, {"P", COURT_RESULT_BAIL, "conditional", NULL},
    {"B", COURT_RESULT_BAIL, "conditional", NULL},     {"U", COURT_RESULT_BAIL, "unconditional", NULL},
};

#define SHORT_CODE_SIZE 16
#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct court_result *find_row(const struct court_result *rows, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, code) == 0)
            return &rows[i];
    return NULL;
}

/* One word of letters and digits in capitals: "imp" is printed in small letters. */
static bool read_short_code(const char *text, size_t len, char out[SHORT_CODE_SIZE])
{
    if (len == 0 || len >= SHORT_CODE_SIZE)
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
static const struct court_result *find_short(const char *short_code, const char *text)
{
    char code[SHORT_CODE_SIZE];
    const char *end = text == NULL ? NULL : strstr(text, " - ");
    bool is_read = short_code != NULL ? read_short_code(short_code, strlen(short_code), code)
                                      : end != NULL && read_short_code(text, (size_t)(end - text), code);

    return is_read ? find_row(BY_SHORT_CODE, ROWS(BY_SHORT_CODE), code) : NULL;
}

const struct court_result *court_result_of_status(const char *letter)
{
    return letter == NULL ? NULL : find_row(BY_STATUS, ROWS(BY_STATUS), letter);
}

const struct court_result *court_result_find(const char *cjs_code, const char *short_code, const char *text,
                                             bool *ret_contradicts)
{
    const struct court_result *by_short = find_short(short_code, text);
    const struct court_result *by_code = cjs_code == NULL ? NULL : find_row(BY_CODE, ROWS(BY_CODE), cjs_code);

    *ret_contradicts = false;
    if (by_short == NULL || by_code == NULL)
        return by_short != NULL ? by_short : by_code;
    if (by_short->sort != by_code->sort || strcmp(by_short->word, by_code->word) != 0) {
        *ret_contradicts = true;
        return NULL;
    }
    return by_short; /* the narrower one: 1007 is three sentences */
}

int court_result_rank(const struct court_result *result)
{
    static const char *const words[] = {"unconditional", "conditional", LOCAL_AUTHORITY, "custody",
                                        YOUTH_DETENTION};

    if (result->sort != COURT_RESULT_REMAND && result->sort != COURT_RESULT_BAIL)
        return 0;
    for (size_t i = 0; i < ROWS(words); i++)
        if (strcmp(words[i], result->word) == 0)
            return (int)i + 1;
    return 0;
}
