/* SPDX-License-Identifier: Apache-2.0 */
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "told/mem.h"
#include "toldctl.h"

/* Types of PostgreSQL, from its catalogue (pg_type.dat): the numbers never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_JSON = 114,
    TYPE_FLOAT8 = 701,
    TYPE_JSONB = 3802,
};

static json_t *cell_json(const PGresult *rows, int row, int column)
{
    const char *text = pg_column(rows, row, column);
    if (!text)
        return json_null();
    switch (PQftype(rows, column)) {
    case TYPE_BOOL:
        return json_boolean(*text == 't');
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        return json_integer(strtoll(text, NULL, 10));
    case TYPE_FLOAT8:
        return json_real(strtod(text, NULL));
    case TYPE_JSON:
    case TYPE_JSONB: {
        json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
        return value ? value : json_string(text);
    }
    default:
        return json_string(text);
    }
}

json_t *toldctl_row(const PGresult *rows, int row)
{
    json_t *object = json_object();
    for (int column = 0; column < PQnfields(rows); column++)
        json_object_set_new(object, PQfname(rows, column), cell_json(rows, row, column));
    return object;
}

json_t *toldctl_rows(const PGresult *rows)
{
    json_t *list = json_array();
    for (int row = 0; row < PQntuples(rows); row++)
        json_array_append_new(list, toldctl_row(rows, row));
    return list;
}

void toldctl_print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
}

const char *toldctl_local_time(struct instant at, char out[TOLDCTL_TIME_SIZE])
{
    char day[CIVIL_TEXT_SIZE];
    if (instant_is_none(at))
        return strcpy(out, "-");
    int minute = civil_minute_of(at);
    snprintf(out, TOLDCTL_TIME_SIZE, "%s %02d:%02d", civil_print(civil_day_of(at), day), minute / 60,
             minute % 60);
    return out;
}

static bool is_instant(const char *name)
{
    size_t len = strlen(name);
    return len > 3 && strcmp(name + len - 3, "_at") == 0;
}

static void set_cell(struct libscols_line *line, const PGresult *rows, int row, int column)
{
    char local[TOLDCTL_TIME_SIZE];
    const char *text = pg_column(rows, row, column);
    struct instant at;
    if (text && is_instant(PQfname(rows, column)) && instant_parse(text, &at))
        text = toldctl_local_time(at, local);
    else if (text && PQftype(rows, column) == TYPE_BOOL)
        text = *text == 't' ? "yes" : "no";
    /* libsmartcols shows control bytes as \x…: what a feed sent cannot write on the reader's terminal. */
    scols_line_set_data(line, (size_t)column, text ? text : "-");
}

static void add_columns(struct libscols_table *table, const PGresult *rows)
{
    for (int column = 0; column < PQnfields(rows); column++) {
        char *heading = mem_copy(PQfname(rows, column));
        size_t len = strlen(heading);
        if (is_instant(heading))
            heading[len - 3] = 0;
        for (char *p = heading; *p; p++)
            *p = *p == '_' ? ' ' : (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        Oid type = PQftype(rows, column);
        bool is_number = type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2;
        scols_table_new_column(table, heading, 0, is_number ? SCOLS_FL_RIGHT : 0);
        free(heading);
    }
}

static void print_table(const PGresult *rows)
{
    struct libscols_table *table = scols_new_table();
    add_columns(table, rows);
    scols_table_set_stream(table, stdout);
    if (!isatty(STDOUT_FILENO))
        scols_table_enable_nowrap(table, 1);
    for (int row = 0; row < PQntuples(rows); row++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        for (int column = 0; column < PQnfields(rows); column++)
            set_cell(line, rows, row, column);
    }
    scols_print_table(table);
    scols_unref_table(table);
}

void toldctl_print(const struct toldctl *ctl, const PGresult *rows)
{
    if (!ctl->json) {
        print_table(rows);
        return;
    }
    json_t *list = toldctl_rows(rows);
    toldctl_print_json(list);
    json_decref(list);
}

int toldctl_list(struct toldctl *ctl, const struct pg_statement *statement, const char *const *values)
{
    PGresult *rows = pg_run(ctl->pg, statement, values);
    if (!rows)
        return toldctl_database_code(ctl);
    toldctl_print(ctl, rows);
    PQclear(rows);
    return 0;
}
