/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result code 1081 and a result code "1081" are the same code. Only of what is digits by its nature: a date of birth
 * written as a number may be anything.
 */
#include "foreign_number.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static const char *const KEYS[] = {
    "id",          "masterDefendantId", "defendantId",    "hearingId",     "orderedHearingId",
    "cjsCode",     "cjsResultCode",     "offenceCode",    "pncId",         "croNumber",
    "caseURN",     "urn",               "pti_urn",        "arrestSummonsNumber",
    "prosecutorReference", "prosecutionAuthorityReference", "applicationReference", "caseOrApplicationReference",
};

static bool is_digits_by_nature(const char *key)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (strcmp(KEYS[i], key) == 0)
            return true;
    return false;
}

/* As deep as the parser lets a message be. */
void foreign_number_spell(json_t *message)
{
    const char *key;
    json_t *value;
    size_t i;

    json_array_foreach(message, i, value) foreign_number_spell(value);
    json_object_foreach(message, key, value)
    {
        if (json_is_integer(value) && is_digits_by_nature(key)) {
            char *text = mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
            json_object_set_new(message, key, json_string(text));
            free(text);
        } else {
            foreign_number_spell(value);
        }
    }
}
