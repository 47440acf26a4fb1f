/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: a reason or a value, never both; a value is shallow enough and its canonical text
 * stable. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int depth_of(json_t *value)
{
    int most = 0;
    size_t index;
    const char *key;
    json_t *child;

    json_object_foreach(value, key, child) most = depth_of(child) > most ? depth_of(child) : most;
    json_array_foreach(value, index, child) most = depth_of(child) > most ? depth_of(child) : most;
    return most + (json_is_object(value) || json_is_array(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const without[] = {"sequence", "recordedtime", NULL};
    char *reason = NULL, *text, *again;
    json_t *value = json_parse((const char *)bytes, len, &reason), *back;
    char digest[65];

    assert((value == NULL) == (reason != NULL));
    if (value == NULL) {
        assert(strncmp(reason, "line ", 5) == 0 && strlen(reason) < 128);
        free(reason);
        return 0;
    }
    assert(json_is_object(value) || json_is_array(value));
    assert(depth_of(value) <= JSON_DEPTH_MOST);
    text = json_canonical(value);
    back = json_parse(text, strlen(text), &reason);
    assert(back != NULL);
    again = json_canonical(back);
    assert(strcmp(text, again) == 0);
    json_digest(value, without, digest);
    assert(strlen(digest) == 64);
    json_decref(value);
    json_decref(back);
    free(text);
    free(again);
    return 0;
}
