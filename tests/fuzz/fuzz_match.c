/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte picks a scheme; the rest is an identifier, and a person when it is JSON. Normalising twice
 * is normalising once, and no person becomes certain against a contradiction.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/match.h"
#include "told/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char *const SCHEMES[] = {"pnc", "cro", "asn", "noms", "urn", "ccd", "yos", "lcs", "nhs", "upn"};

static void check_normalise(const char *scheme, const char *text)
{
    char *once = match_normalise(scheme, text);
    if (once == NULL)
        return;
    char *twice = match_normalise(scheme, once);
    assert(twice != NULL && strcmp(once, twice) == 0);
    assert(once[0] != '\0' && strpbrk(once, " \t\r\n\v\fabcdefghijklmnopqrstuvwxyz") == NULL);
    free(twice);
    free(once);
}

static void check_person(const char *text, size_t len)
{
    static const struct match_identifier first[] = {{"pnc", "2012/0123456X"}, {"nhs", "9434765919"}};
    static const struct match_identifier second[] = {{"noms", "A1234BC"}};
    static const struct match_candidate children[] = {
        {.child_id = 1, .born_on = "2009-02-03", .identifiers = first, .identifier_count = 2},
        {.child_id = 2, .born_on = NULL, .identifiers = second, .identifier_count = 1},
    };
    json_t *person = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    struct match_result result = match_person(person, children, 2);

    assert(result.because != NULL);
    assert((result.verdict == MATCH_CERTAIN) == (result.child_id != 0));
    if (result.child_id == 1) {
        const json_t *born_on = json_object_get(person, "born_on");
        assert(born_on == NULL || json_is_null(born_on) ||
               strcmp(json_string_value(born_on), "2009-02-03") == 0);
    }
    assert(match_person(person, children, 0).verdict == MATCH_NONE);
    json_decref(person);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    char *text = mem_copy_n((const char *)bytes + 1, len - 1);
    check_normalise(SCHEMES[bytes[0] % (sizeof SCHEMES / sizeof SCHEMES[0])], text);
    check_person(text, len - 1);
    free(text);
    return 0;
}
