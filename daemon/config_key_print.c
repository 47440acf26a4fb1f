/* SPDX-License-Identifier: Apache-2.0 */
/* config_key.h, the way back: settings printed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_key.h"
#include "told/buf.h"

static void append_text(struct buf *out, const char *text)
{
    buf_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_char(out, '\\');
        if ((unsigned char)*text < 0x20)
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        else
            buf_char(out, *text);
    }
    buf_char(out, '"');
}

static void append_texts(struct buf *out, char *const *list)
{
    buf_text(out, "[");
    for (size_t i = 0; list[i] != NULL; i++) {
        buf_text(out, i > 0 ? ", " : " ");
        append_text(out, list[i]);
    }
    buf_text(out, " ]");
}

static void append_numbers(struct buf *out, const void *field)
{
    int numbers[CONFIG_NUMBERS_MOST];

    memcpy(numbers, field, sizeof numbers);
    for (size_t i = 0; i < CONFIG_NUMBERS_MOST && numbers[i] != 0; i++)
        buf_printf(out, "%s %d", i > 0 ? "," : "[", numbers[i]);
    buf_text(out, " ]");
}

/* The value as it would be written; nothing for what is unset. */
static void append_value(struct buf *out, const struct config_key *key, const void *target)
{
    const char *field = (const char *)target + key->offset;
    char *text;
    char **list;
    int number;
    size_t size;
    bool yes;

    switch (key->kind) {
    case CONFIG_KEY_TEXT:
        memcpy(&text, field, sizeof text);
        if (text != NULL)
            append_text(out, text);
        break;
    case CONFIG_KEY_TEXTS:
        memcpy(&list, field, sizeof list);
        if (list != NULL)
            append_texts(out, list);
        break;
    case CONFIG_KEY_NUMBER:
        memcpy(&number, field, sizeof number);
        buf_printf(out, "%d", number);
        break;
    case CONFIG_KEY_NUMBERS:
        append_numbers(out, field);
        break;
    case CONFIG_KEY_SIZE:
        memcpy(&size, field, sizeof size);
        buf_printf(out, "%zu", size);
        break;
    case CONFIG_KEY_YES:
        memcpy(&yes, field, sizeof yes);
        buf_text(out, yes ? "true" : "false");
        break;
    case CONFIG_KEY_WORD:
        memcpy(&number, field, sizeof number);
        append_text(out, key->words[number]);
        break;
    case CONFIG_KEY_APART:
        break;
    }
}

void config_key_print(const struct config_table *table, const void *target, int indent)
{
    for (size_t i = 0; i < table->count; i++) {
        struct buf value = {0};

        append_value(&value, &table->keys[i], target);
        if (value.len > 0)
            printf("%*s%s = %s;\n", indent, "", table->keys[i].name, buf_string(&value));
        buf_release(&value);
    }
}

void config_key_print_text(const char *text)
{
    struct buf out = {0};

    append_text(&out, text);
    fputs(buf_string(&out), stdout);
    buf_release(&out);
}
