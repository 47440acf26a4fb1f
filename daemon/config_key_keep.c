/* SPDX-License-Identifier: Apache-2.0 */
/* config_key.h at a reload: what a running process cannot take over stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "config_key.h"
#include "told/mem.h"

static bool texts_are_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Fixed settings are texts and numbers; lists and sizes are none. */
static bool keep_text(const void *now, void *next)
{
    char *old, *new, *copy;
    bool is_equal;

    memcpy(&old, now, sizeof old);
    memcpy(&new, next, sizeof new);
    is_equal = texts_are_equal(old, new);
    copy = mem_copy(old);
    memcpy(next, &copy, sizeof copy);
    free(new);
    return is_equal;
}

static bool keep_number(const void *now, void *next)
{
    bool is_equal = memcmp(now, next, sizeof(int)) == 0;

    memcpy(next, now, sizeof(int));
    return is_equal;
}

void config_key_keep(const struct config_table *table, const void *now, void *next, config_key_differs_fn *differs,
                     void *cookie)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct config_key *key = &table->keys[i];
        const void *old = (const char *)now + key->offset;
        void *new = (char *)next + key->offset;
        bool is_equal;

        if (!key->is_fixed)
            continue;
        if (key->kind == CONFIG_KEY_TEXT)
            is_equal = keep_text(old, new);
        else if (key->kind == CONFIG_KEY_NUMBER || key->kind == CONFIG_KEY_WORD)
            is_equal = keep_number(old, new);
        else
            abort(); /* our bug: a table says fixed of a kind that cannot be kept */
        if (!is_equal)
            differs(cookie, table->name, key->name);
    }
}
