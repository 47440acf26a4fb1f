/* SPDX-License-Identifier: Apache-2.0 */
#include "part_kind.h"

#include "told/mem.h"

static const char *type_text(json_type type)
{
    return type == JSON_OBJECT ? "an object" : type == JSON_ARRAY ? "a list" : "a string";
}

char *part_kind_validate(const json_t *part, const struct part_kind *kinds)
{
    if (!json_is_object(part))
        return mem_copy("not an object");
    for (; kinds->key != NULL; kinds++) {
        const json_t *value = json_object_get(part, kinds->key);
        if (value != NULL && !json_is_null(value) && json_typeof(value) != kinds->type)
            return mem_printf("%s is not %s", kinds->key, type_text(kinds->type));
    }
    return NULL;
}

const char *part_kind_text(const json_t *object, const char *key)
{
    const char *text = json_text_at(object, key);
    return text == NULL || *text == '\0' ? NULL : text;
}
