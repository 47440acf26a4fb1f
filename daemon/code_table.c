/* SPDX-License-Identifier: Apache-2.0 */
#include "code_table.h"

#include <stdio.h>
#include <string.h>

#include "config_key.h"

static const char *text_of(const json_t *value)
{
    return json_is_string(value) ? json_string_value(value) : json_is_true(value) ? "true" : "false";
}

/* "1002  court.sentence, kind custody, order imprisonment". */
static void print_row(json_t *row)
{
    const char *key, *between = "  ";
    json_t *value;

    printf("  %-26s", json_text_at(row, "code"));
    json_object_foreach(row, key, value)
    {
        if (strcmp(key, "code") == 0)
            continue;
        printf("%s%s%s%s", between, strcmp(key, "event") == 0 ? "" : key, strcmp(key, "event") == 0 ? "" : " ",
               text_of(value));
        between = ", ";
    }
    printf("\n");
}

void code_table_print(const struct codes *codes)
{
    json_t *all = codes_json(codes), *table, *row;
    size_t i, k;

    json_array_foreach(json_object_get(all, "tables"), i, table)
    {
        printf("%s\n", json_text_at(table, "name"));
        json_array_foreach(json_object_get(table, "rows"), k, row) print_row(row);
        printf("\n");
    }
    printf("%zu codes, %s\n", codes_count(codes), codes_hash(codes));
    json_decref(all);
}

static void print_row_settings(json_t *row, bool is_last)
{
    const char *key;
    json_t *value;

    printf("  {");
    json_object_foreach(row, key, value)
    {
        printf(" %s = ", key);
        if (json_is_string(value))
            config_key_print_text(json_string_value(value));
        else
            printf("%s", text_of(value));
        printf(";");
    }
    printf(" }%s\n", is_last ? "" : ",");
}

void code_table_print_settings(const struct codes *codes)
{
    json_t *all = codes_json(codes), *table, *row;
    size_t i, k;

    json_array_foreach(json_object_get(all, "tables"), i, table)
    {
        const json_t *rows = json_object_get(table, "rows");

        printf("%s =\n(\n", json_text_at(table, "name"));
        json_array_foreach(rows, k, row) print_row_settings(row, k + 1 == json_array_size(rows));
        printf(");\n");
    }
    json_decref(all);
}
