/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_feed.h"
#include "bench_plain.h"
#include "param.h"
#include "pg.h"
#include "told/mem.h"

enum { COLUMNS_MOST = PARAM_MOST };

#define OF_DUTY "(SELECT d.event_id FROM told.duty d WHERE d.duty_id = t.duty_id)"

/* In the order of their references, with the event that each row came of. The chain over the journal is not among them: it is
 * sealed afterwards. */
static const struct {
    const char *name, *event;
} TABLES[] = {
    {"event", "t.event_id"},         {"event_state", "t.event_id"},      {"child_status", "t.event_id"},
    {"child_detail", "t.event_id"},  {"child_allocation", "t.event_id"}, {"message_fan_out", "t.event_id"},
    {"watch", "t.ground_id"},        {"duty", "t.event_id"},             {"duty_line", OF_DUTY},
    {"duty_ground", "t.event_id"},   {"notification", OF_DUTY},          {"journal", "coalesce(t.event_id, " OF_DUTY ")"},
};

enum { TABLE_COUNT = sizeof TABLES / sizeof *TABLES };

static const char CURSOR[] = "INSERT INTO told.cursor AS c (source, feed, epoch, settled, moved_at) VALUES ('plain', 'plain', 1, 0, now())"
                             " ON CONFLICT (source) DO UPDATE SET settled = c.settled + 1, moved_at = now()";

struct table {
    PGresult *rows; /* the place of the published event, from 0, then the columns */
    int width;
    enum param_kind kinds[COLUMNS_MOST];
    int next; /* the first that is not yet written */
};

struct bench_rows {
    PGconn *plain;
    struct table tables[TABLE_COUNT];
    size_t batch, events, count;
};

/* How a column is read, and how it goes back: in the binary form that costs the server least, else as text. */
static enum param_kind kind_of(const char *type)
{
    return strcmp(type, "bytea") == 0                      ? PARAM_BYTES
           : strcmp(type, "bigint") == 0                   ? PARAM_INTEGERS
           : strcmp(type, "timestamp with time zone") == 0 ? PARAM_INSTANTS
                                                           : PARAM_TEXTS;
}

static const char *array_of(enum param_kind kind)
{
    return kind == PARAM_BYTES ? "bytea[]" : kind == PARAM_INTEGERS ? "bigint[]" : kind == PARAM_INSTANTS ? "timestamptz[]" : "text[]";
}

static PGresult *columns_of(struct harness *h, const char *name)
{
    char *sql = mem_printf("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'told.%s'::regclass"
                           " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum", name);
    PGresult *columns = harness_query(h, sql);

    free(sql);
    if (PQntuples(columns) > COLUMNS_MOST) {
        fprintf(stderr, "bench: told.%s has more columns than a statement may have parameters here (param.h)\n", name);
        abort();
    }
    return columns;
}

static void read_table(struct harness *h, struct table *table, size_t i, const PGresult *columns)
{
    struct buf sql = {0};

    buf_text(&sql, "WITH r AS (SELECT event_id, row_number() OVER (ORDER BY event_id) - 1 AS place FROM told.event WHERE parent_id IS NULL)"
                   " SELECT r.place");
    for (int k = 0; k < table->width; k++)
        buf_printf(&sql, table->kinds[k] == PARAM_INSTANTS ? ", " PG_INSTANT("t.%s") : ", t.%s", PQgetvalue(columns, k, 0));
    buf_printf(&sql, " FROM told.%s t JOIN told.event e ON e.event_id = %s JOIN r ON r.event_id = coalesce(e.parent_id, e.event_id)"
                     " ORDER BY r.place, e.event_id, 2",
               TABLES[i].name, TABLES[i].event);
    table->rows = harness_query(h, buf_string(&sql));
    buf_release(&sql);
}

static void prepare(struct bench_rows *rows, size_t i, const PGresult *columns)
{
    struct buf names = {0}, values = {0}, arrays = {0};
    char *sql;

    for (int k = 0; k < rows->tables[i].width; k++) {
        const char *comma = k > 0 ? ", " : "";
        bool text = rows->tables[i].kinds[k] == PARAM_TEXTS;

        buf_printf(&names, "%s%s", comma, PQgetvalue(columns, k, 0));
        buf_printf(&values, "%sc%d%s%s", comma, k, text ? "::" : "", text ? PQgetvalue(columns, k, 1) : "");
        buf_printf(&arrays, "%s$%d::%s", comma, k + 1, array_of(rows->tables[i].kinds[k]));
    }
    sql = mem_printf("INSERT INTO told.%s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM unnest(%s) AS q (", TABLES[i].name,
                     buf_string(&names), buf_string(&values), buf_string(&arrays));
    for (int k = 0; k < rows->tables[i].width; k++) {
        char *longer = mem_printf("%s%sc%d%s", sql, k > 0 ? ", " : "", k, k + 1 == rows->tables[i].width ? ")" : "");

        free(sql);
        sql = longer;
    }
    bench_plain_prepare(rows->plain, TABLES[i].name, sql);
    free(sql);
    buf_release(&names);
    buf_release(&values);
    buf_release(&arrays);
}

struct bench_rows *bench_rows_take(struct harness *h, size_t batch)
{
    struct bench_rows *rows = mem_new(sizeof *rows);

    rows->plain = bench_plain_open(h);
    rows->batch = batch;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        struct table *table = &rows->tables[i];
        PGresult *columns = columns_of(h, TABLES[i].name);

        table->width = PQntuples(columns);
        for (int k = 0; k < table->width; k++)
            table->kinds[k] = kind_of(PQgetvalue(columns, k, 1));
        read_table(h, table, i, columns);
        rows->count += (size_t)PQntuples(table->rows);
        if (PQntuples(table->rows) > 0)
            prepare(rows, i, columns);
        PQclear(columns);
    }
    rows->events = (size_t)harness_count(h, "SELECT count(*) FROM told.event WHERE parent_id IS NULL");
    bench_plain_prepare(rows->plain, "cursor", CURSOR);
    PQclear(harness_query(h, "SET client_min_messages = error; TRUNCATE told.event, told.duty, told.journal CASCADE"));
    return rows;
}

void bench_rows_free(struct bench_rows *rows)
{
    if (rows == NULL)
        return;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        PQclear(rows->tables[i].rows);
    PQfinish(rows->plain);
    free(rows);
}

size_t bench_rows_events(const struct bench_rows *rows)
{
    return rows->events;
}

size_t bench_rows_count(const struct bench_rows *rows)
{
    return rows->count;
}

static void put(struct param *param, const PGresult *rows, int row, int column)
{
    size_t len = 0;
    unsigned char *bytes;

    if (PQgetisnull(rows, row, column)) {
        param_put_null(param);
    } else if (param->kind == PARAM_INTEGERS) {
        param_put_integer(param, pg_column_int(rows, row, column));
    } else if (param->kind == PARAM_INSTANTS) {
        param_put_instant(param, pg_column_instant(rows, row, column));
    } else if (param->kind == PARAM_BYTES) {
        bytes = PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, column), &len);
        param_put_bytes(param, bytes, len);
        PQfreemem(bytes);
    } else {
        param_put_text(param, PQgetvalue(rows, row, column));
    }
}

/* Of one table what belongs to the events before `end`. */
static void write_table(struct bench_rows *rows, size_t i, size_t end, struct param *params)
{
    struct table *table = &rows->tables[i];
    int first = table->next;

    while (table->next < PQntuples(table->rows) && (size_t)pg_column_int(table->rows, table->next, 0) < end)
        table->next++;
    if (table->next == first)
        return;
    for (int k = 0; k < table->width; k++) {
        param_begin(&params[k], table->kinds[k]);
        for (int row = first; row < table->next; row++)
            put(&params[k], table->rows, row, k + 1);
    }
    bench_plain_run(rows->plain, TABLES[i].name, params, table->width);
}

double bench_rows_write(struct bench_rows *rows, size_t from, size_t to)
{
    struct param params[COLUMNS_MOST] = {0};
    int64_t from_us = bench_feed_now_us();

    for (size_t end = from + rows->batch; end <= to; end += rows->batch) {
        bench_plain_text(rows->plain, "BEGIN");
        for (size_t i = 0; i < TABLE_COUNT; i++)
            write_table(rows, i, end, params);
        bench_plain_run(rows->plain, "cursor", NULL, 0);
        bench_plain_text(rows->plain, "COMMIT");
    }
    for (size_t i = 0; i < COLUMNS_MOST; i++)
        param_release(&params[i]);
    return (double)(bench_feed_now_us() - from_us) / 1e6;
}
