/* SPDX-License-Identifier: Apache-2.0 */
#include "told/codes.h"

#include <stdlib.h>
#include <string.h>

#include "codes_index.h"
#include "conf_text.h"
#include "told/buf.h"
#include "told/hashchain.h"
#include "told/mem.h"

struct rows {
    struct codes_row *items;
    size_t count;
    bool is_read;
};

struct codes {
    struct rows tables[CODES_TABLES];
    char hash[65];
};

static bool is_same_code(const struct codes_spec *spec, const char *a, const char *b)
{
    return (spec->is_case_blind ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

/* Sides are compared by what they say: adapters have words of their own. */
static const struct codes_row *find(const struct rows *rows, const struct codes_spec *spec, const char *side,
                                    const char *code)
{
    for (size_t i = 0; i < rows->count; i++)
        if (is_same_code(spec, rows->items[i].code, code) &&
            (side == NULL || rows->items[i].side == NULL || strcmp(rows->items[i].side, side) == 0))
            return &rows->items[i];
    return NULL;
}

const struct codes_row *codes_find(const struct codes *codes, enum codes_table table, const char *side,
                                   const char *code)
{
    return code == NULL ? NULL : find(&codes->tables[table], codes_table_spec(table), side, code);
}

size_t codes_size(const struct codes *codes, enum codes_table table)
{
    return codes->tables[table].count;
}

const struct codes_row *codes_at(const struct codes *codes, enum codes_table table, size_t index)
{
    return &codes->tables[table].items[index];
}

static void add_row(struct codes_reader *reader, struct rows *rows, const config_setting_t *at)
{
    struct codes_row row = {0};
    const struct codes_row *twin;

    if (!config_setting_is_group(at)) {
        codes_row_fault(
            reader, at,
            mem_printf("%s: something else than a row; write { code = \"…\"; … }", reader->spec->name));
        return;
    }
    if (!codes_row_read(reader, at, &row)) {
        codes_row_release(&row);
        return;
    }
    twin = find(rows, reader->spec, row.side, row.code);
    if (twin != NULL) {
        codes_row_fault(reader, at,
                        mem_printf("%s %s: the code stands in line %d too; remove one", reader->spec->name,
                                   row.code, twin->line));
        codes_row_release(&row);
        return;
    }
    rows->items = mem_grow(rows->items, rows->count + 1, sizeof *rows->items);
    rows->items[rows->count++] = row;
}

static char *table_names(void)
{
    struct buf names = {0};

    for (enum codes_table i = 0; i < CODES_TABLES; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", codes_table_spec(i)->name);
    return buf_take(&names);
}

static void read_table(struct codes *codes, struct codes_reader *reader, const config_setting_t *at)
{
    const char *name = config_setting_name(at);
    int table = codes_table_find(name);
    struct rows *rows = table < 0 ? NULL : &codes->tables[table];

    if (rows == NULL) {
        char *names = table_names();
        codes_row_fault(reader, at,
                        mem_printf("\"%s\" is no table of codes; name one of %s, or remove it", name, names));
        free(names);
        return;
    }
    reader->spec = codes_table_spec((enum codes_table)table);
    if (rows->is_read) {
        codes_row_fault(reader, at, mem_printf("%s stands in another file too; remove one", name));
        return;
    }
    rows->is_read = true;
    if (!config_setting_is_list(at)) {
        codes_row_fault(
            reader, at,
            mem_printf("%s must be a list of rows; write %s = ( { code = \"…\"; … }, … );", name, name));
        return;
    }
    for (int i = 0; i < config_setting_length(at); i++)
        add_row(reader, rows, config_setting_get_elem(at, (unsigned)i));
}

/* Whether it could be parsed: a file that could not says nothing of what is missing. */
static bool read_file(struct codes *codes, struct codes_reader *reader, const struct codes_file *file)
{
    config_t config;
    int line;
    char *reason = conf_text_parse(&config, file->text, file->len, &line);
    bool is_parsed = reason == NULL;

    reader->file = file->name;
    if (is_parsed && (line = conf_text_foreign_line(file->text, file->len)) > 0)
        reason = mem_copy("a byte that is not UTF-8; save the file as UTF-8");
    if (reason != NULL) {
        reader->fault(reader->cookie, file->name, line, reason);
        reader->faults++;
    }
    for (int i = 0; is_parsed && i < config_setting_length(config_root_setting(&config)); i++)
        read_table(codes, reader, config_setting_get_elem(config_root_setting(&config), (unsigned)i));
    free(reason);
    config_destroy(&config);
    return is_parsed;
}

/* An adapter without its table would know no code at all, and say so of every message. */
static void check_missing(const struct codes *codes, struct codes_reader *reader)
{
    for (enum codes_table i = 0; i < CODES_TABLES; i++) {
        const char *name = codes_table_spec(i)->name;
        char *text;

        if (codes->tables[i].is_read)
            continue;
        text = mem_printf("the table %s is missing; put %s.conf there as it is shipped", name, name);
        reader->fault(reader->cookie, NULL, 0, text);
        reader->faults++;
        free(text);
    }
}

static json_t *tables_json(const struct codes *codes)
{
    json_t *tables = json_array();

    for (enum codes_table i = 0; i < CODES_TABLES; i++) {
        json_t *rows = json_array();

        for (size_t k = 0; k < codes->tables[i].count; k++)
            json_array_append_new(rows, codes_row_json(codes_table_spec(i), &codes->tables[i].items[k]));
        json_array_append_new(tables, json_pack("{ss so}", "name", codes_table_spec(i)->name, "rows", rows));
    }
    return tables;
}

static void make_hash(struct codes *codes)
{
    json_t *tables = tables_json(codes);
    char *text = json_canonical(tables);

    hashchain_hex(text, strlen(text), codes->hash);
    free(text);
    json_decref(tables);
}

struct codes *codes_parse(const struct codes_file *files, size_t count, codes_fault_fn *fault, void *cookie)
{
    struct codes *codes = mem_new(sizeof *codes);
    struct codes_reader reader = {.fault = fault, .cookie = cookie};
    bool are_parsed = true;

    for (size_t i = 0; i < count; i++)
        are_parsed = read_file(codes, &reader, &files[i]) && are_parsed;
    if (are_parsed)
        check_missing(codes, &reader);
    if (reader.faults > 0) {
        codes_free(codes);
        return NULL;
    }
    make_hash(codes);
    return codes;
}

void codes_free(struct codes *codes)
{
    if (codes == NULL)
        return;
    for (enum codes_table i = 0; i < CODES_TABLES; i++) {
        for (size_t k = 0; k < codes->tables[i].count; k++)
            codes_row_release(&codes->tables[i].items[k]);
        free(codes->tables[i].items);
    }
    free(codes);
}

const char *codes_hash(const struct codes *codes)
{
    return codes->hash;
}

size_t codes_count(const struct codes *codes)
{
    size_t count = 0;

    for (enum codes_table i = 0; i < CODES_TABLES; i++)
        count += codes->tables[i].count;
    return count;
}

json_t *codes_json(const struct codes *codes)
{
    return json_pack("{ss so}", "hash", codes->hash, "tables", tables_json(codes));
}
