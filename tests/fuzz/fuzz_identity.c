/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first byte picks a scheme; the rest is an identifier, a name, and a person when it is JSON. Ironing out twice is
 * ironing out once, and no person becomes certain against a contradiction.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/identity.h"
#include "told/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char *const SCHEMES[] = {"pnc", "cro", "asn", "noms", "urn", "ccd", "yos", "lcs", "nhs", "upn", NULL};

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

static void check_name(const char *text)
{
    char *once = person_name(text), *twice = person_name(once), *code = person_postcode(text);
    size_t len = strlen(once);

    assert(len <= PERSON_NAME_MOST && strcmp(once, twice) == 0);
    assert(len == 0 || (once[0] != ' ' && once[len - 1] != ' ' && strstr(once, "  ") == NULL));
    assert(strpbrk(once, "ABCDEFGHIJKLMNOPQRSTUVWXYZ'-\t\n0123456789") == NULL);
    assert(code == NULL || (strlen(code) >= 5 && strlen(code) <= 7));
    free(once);
    free(twice);
    free(code);
}

static void check_person(const char *text, size_t len)
{
    static char combination[] = "family given born postcode";
    static char *certain[] = {combination, NULL};
    static const struct identity_policy policy = {certain, 30, 25, 30, 15, 25, 40, 30};
    static const struct match_identifier first[] = {{"pnc", "2012/0123456X"}, {"nhs", "9434765919"}};
    static const struct match_identifier second[] = {{"noms", "A1234BC"}};
    static const struct identity_name names[] = {{.family = "marchbane", .given = "dee", .is_record = true, .family_edits = 9, .given_edits = 9}};
    static const struct identity_candidate children[] = {
        {.child_id = 1, .born_on = "2009-02-03", .identifiers = first, .identifier_count = 2, .names = names, .name_count = 1},
        {.child_id = 2, .born_on = NULL, .identifiers = second, .identifier_count = 1},
    };
    json_t *stated = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    struct person *person = person_read(stated, SCHEMES);
    struct identity_result result;

    identity_judge(&policy, person, children, 2, &result);
    assert(result.because[0] != '\0' && json_is_array(result.evidence));
    assert((result.verdict == IDENTITY_CERTAIN) == (result.child_id != 0));
    if (result.child_id == 1) {
        const json_t *born_on = json_object_get(stated, "born_on");
        assert(born_on == NULL || json_is_null(born_on) || strcmp(json_string_value(born_on), "2009-02-03") == 0);
    }
    identity_release(&result);
    identity_judge(&policy, person, children, 0, &result);
    assert(result.verdict == IDENTITY_NONE);
    identity_release(&result);
    person_free(person);
    json_decref(stated);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    char *text = mem_copy_n((const char *)bytes + 1, len - 1);
    check_normalise(SCHEMES[bytes[0] % (sizeof SCHEMES / sizeof SCHEMES[0] - 1)], text);
    check_name(text);
    check_person(text, len - 1);
    free(text);
    return 0;
}
