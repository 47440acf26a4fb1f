/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taken off in any order and at most six deep:
 *
 *   {"Type": "Notification", "Message": "<JSON as a string>", …}     SNS; the attributes beside it are not believed
 *   {"Records": [{"Sns": {"Message": …}}]}, {"body": "…"}            what subscribers of it make of that
 *   {"_metadata": …, "payload": {…}}, {"detail": {…}}, {"data": {…}} other envelopes
 */
#include "foreign_envelope.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_number.h"
#include "told/mem.h"

#define ENVELOPES_MOST 6

/* A body over the queue's limit lies in a store of its own, and only a claim check comes. */
static bool is_claim_check(const json_t *value)
{
    const char *name = json_string_value(json_array_get(value, 0));

    return name != NULL && strstr(name, "PayloadS3Pointer") != NULL;
}

/* NULL with *ret_inner (new reference), or the reason. */
static char *parse_inner(const char *text, json_t **ret_inner, char **twice)
{
    char *fault = NULL, *reason;

    free(*twice);
    *twice = NULL;
    *ret_inner = json_parse_foreign(text, strlen(text), twice, &fault);
    if (*ret_inner == NULL) {
        reason = mem_printf("the message within the envelope: %s", fault);
        free(fault);
        return reason;
    }
    foreign_number_spell(*ret_inner);
    if (!is_claim_check(*ret_inner))
        return NULL;
    json_decref(*ret_inner);
    *ret_inner = NULL;
    return mem_copy(
        "only a pointer to a message kept elsewhere: have the sender's bridge fetch it and send it whole, then "
        "retry");
}

/* What the object is wrapped around, borrowed; *ret_key says under which member. NULL: it is no envelope. */
static const json_t *wrapped_in(const json_t *object, const char **ret_key)
{
    static const char *const keys[] = {"Message", "Sns", "body", "payload", "detail", "content", "data"};
    const json_t *records = json_object_get(object, "Records");

    *ret_key = "Records[0]";
    if (json_array_size(records) == 1)
        return json_array_get(records, 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *value = json_object_get(object, keys[i]);
        *ret_key = keys[i];
        if (json_is_object(value) || json_is_string(value))
            return value;
    }
    return NULL;
}

char *foreign_envelope_open(json_t **root, bool (*is_known)(const json_t *), char **path, char **twice)
{
    for (int i = 0; i < ENVELOPES_MOST && !is_known(*root); i++) {
        const char *key;
        const json_t *inner = wrapped_in(*root, &key);
        json_t *opened = NULL;
        char *reason = NULL, *longer;

        if (inner == NULL)
            break;
        if (json_is_string(inner))
            reason = parse_inner(json_string_value(inner), &opened, twice);
        else
            opened = json_deep_copy(inner);
        if (reason != NULL)
            return reason;
        longer = mem_printf("%s%s.", *path, key);
        free(*path);
        *path = longer;
        json_decref(*root);
        *root = opened;
    }
    return NULL;
}
