/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_table.h"

#include <stdio.h>
#include <string.h>

#include "told/buf.h"

static void add_texts(struct buf *out, const json_t *list)
{
    size_t index;
    json_t *one;

    json_array_foreach(list, index, one)
        buf_printf(out, "%s%s", index > 0 ? ", " : "", json_string_value(one));
}

static void print_list(const json_t *row, const char *key, const char *label)
{
    const json_t *list = json_object_get(row, key);
    struct buf out = {0};

    if (json_array_size(list) == 0)
        return;
    add_texts(&out, list);
    printf("  %-7s %s\n", label, buf_string(&out));
    buf_release(&out);
}

static void print_text(const json_t *row, const char *key, const char *label)
{
    const char *text = json_text_at(row, key);

    if (text != NULL && text[0] != '\0')
        printf("  %-7s %s\n", label, text);
}

static void print_also(const json_t *row)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(row, "also"), index, one)
        printf("  %-7s %s, when %s\n", "also", json_text_at(one, "role"), json_text_at(one, "when"));
}

static void print_ladder(const json_t *row)
{
    const char *ladder = json_text_at(row, "ladder");

    if (json_array_size(json_object_get(row, "tell")) > 0)
        printf("  %-7s %s\n", "ladder", ladder[0] != '\0' ? ladder : "the line of each role told");
}

static const char *form_of(const json_t *row)
{
    const char *form = json_text_at(row, "form");

    if (strcmp(form, "records") == 0)
        return "  (recorded only)";
    return strcmp(form, "stands") == 0 ? "  (started by no event)" : "";
}

static void print_events(const json_t *watch, const char *key, const char *label)
{
    size_t index;
    json_t *one;

    json_array_foreach(json_object_get(watch, key), index, one)
        printf("  %-7s %s, when %s\n", label, json_text_at(one, "on"), json_text_at(one, "when"));
}

/* The moment it starts at, what opens that, and what makes it pointless. */
static void print_watch(const json_t *row)
{
    const json_t *watch = json_object_get(row, "watch");

    if (!json_is_object(watch))
        return;
    print_list(watch, "on", "opened");
    print_text(watch, "when", "if");
    print_text(watch, "at", "at");
    print_events(watch, "unless", "unless");
    print_events(watch, "ends", "ends");
}

static void print_rule(const json_t *row)
{
    printf("%s  %s%s%s\n", json_text_at(row, "name"), json_text_at(row, "title"), form_of(row),
           json_is_false(json_object_get(row, "enabled")) ? "  (switched off)" : "");
    print_watch(row);
    print_list(row, "on", "on");
    print_text(row, "when", "when");
    print_list(row, "tell", "tell");
    print_also(row);
    print_list(row, "copy", "copy");
    print_text(row, "within", "within");
    print_ladder(row);
    print_text(row, "as_of", "as of");
    print_text(row, "closes", "closes");
    print_list(row, "key", "key");
    print_text(row, "cites", "cites");
    print_text(row, "reason", "reason");
}

void rule_table_print(const struct protocol *protocol)
{
    json_t *table = protocol_json(protocol);
    size_t index;
    json_t *row;

    json_array_foreach(json_object_get(table, "rules"), index, row)
    {
        print_rule(row);
        printf("\n");
    }
    printf("%zu rules, protocol %s\n", protocol_count(protocol), protocol_hash(protocol));
    json_decref(table);
}
