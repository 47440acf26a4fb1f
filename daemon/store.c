/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "told/json.h"
#include "told/mem.h"

/* clang-format off */
static const struct pg_statement read_clock = {
    "store_clock",
    "SELECT demonstration, " PG_INSTANT("told_from") ", " PG_INSTANT("real_from") ", rate FROM"
    " told.installation", 0};
/* clang-format on */
static const struct pg_statement read_authority = {"store_authority",
                                                   "SELECT authority FROM told.installation", 0};
static const struct pg_statement raise_alarm = {
    "store_alarm",
    "INSERT INTO told.alarm (kind, key, detail, raised_at) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (kind, key) WHERE cleared_at IS NULL"
    " DO UPDATE SET count = alarm.count + 1, detail = EXCLUDED.detail",
    4};
static const struct pg_statement write_journal = {
    "store_journal",
    "INSERT INTO told.journal (at, what, event_id, child_id, duty_id, notification_id, message_id, detail)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::jsonb, '{}'))",
    8};

static const struct pg_statement write_journal_rows = {
    "store_journal_rows",
    "INSERT INTO told.journal (at, what, event_id, child_id, duty_id, notification_id, message_id, detail)"
    " SELECT $8::timestamptz, what, event_id, child_id, duty_id, notification_id, message_id,"
    " coalesce(detail::jsonb, '{}') FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[],"
    " $5::bigint[], $6::bigint[], $7::text[]) WITH ORDINALITY"
    " j (what, event_id, child_id, duty_id, notification_id, message_id, detail, n) ORDER BY n",
    8};

bool store_clock(struct pg *pg, struct clock *clock)
{
    PGresult *row = pg_run(pg, &read_clock, NULL);
    if (!row)
        return false;
    if (PQntuples(row) == 1 && pg_column_bool(row, 0, 0))
        clock_follow(clock, pg_column_instant(row, 0, 1), pg_column_instant(row, 0, 2),
                     strtod(pg_column(row, 0, 3), NULL));
    PQclear(row);
    return true;
}

char *store_check(struct pg *pg, const char *authority)
{
    char *reason = schema_check(pg);
    if (reason)
        return reason;
    PGresult *row = pg_run(pg, &read_authority, NULL);
    if (!row)
        return mem_copy("the database does not answer");
    if (PQntuples(row) == 0)
        reason =
            mem_copy("the database belongs to no installation yet: give `toldctl init --authority NAME`");
    else if (strcmp(pg_column(row, 0, 0), authority) != 0)
        reason = mem_printf(
            "the database belongs to the authority %s, the configuration to %s: correct `authority` or "
            "`database` in the configuration",
            pg_column(row, 0, 0), authority);
    PQclear(row);
    return reason;
}

bool store_alarm(struct pg *pg, const char *kind, const char *key, const char *detail, struct instant at)
{
    char text[INSTANT_TEXT_SIZE];
    const char *const values[] = {kind, key, detail, instant_print(at, text)};
    return pg_do(pg, &raise_alarm, values);
}

static const char *number_or_null(int64_t number, char out[24])
{
    snprintf(out, 24, "%" PRId64, number);
    return number ? out : NULL;
}

bool store_journal(struct pg *pg, struct instant at, const struct store_journal *row)
{
    char text[INSTANT_TEXT_SIZE], event[24], child[24], duty[24], notification[24], message[24];
    const char *const values[] = {instant_print(at, text),
                                  row->what,
                                  number_or_null(row->event_id, event),
                                  number_or_null(row->child_id, child),
                                  number_or_null(row->duty_id, duty),
                                  number_or_null(row->notification_id, notification),
                                  number_or_null(row->message_id, message),
                                  row->detail};
    return pg_later(pg, &write_journal, values);
}

void store_journal_add(struct pg_table *table, const struct store_journal *row)
{
    char event[24], child[24], duty[24], notification[24], message[24];
    pg_table_add(table, (const char *[]){row->what, number_or_null(row->event_id, event),
                                         number_or_null(row->child_id, child), number_or_null(row->duty_id, duty),
                                         number_or_null(row->notification_id, notification),
                                         number_or_null(row->message_id, message), row->detail});
}

bool store_journal_write(struct pg *pg, struct instant at, struct pg_table *table)
{
    char text[INSTANT_TEXT_SIZE];
    return pg_table_later(pg, &write_journal_rows, table, (const char *[]){instant_print(at, text)});
}

char *store_detail(const char *key, const char *value, ...)
{
    json_t *object = json_object();
    va_list rest;
    va_start(rest, value);
    while (key) {
        if (value)
            json_object_set_new(object, key, json_string(value));
        key = va_arg(rest, const char *);
        if (key)
            value = va_arg(rest, const char *);
    }
    va_end(rest);
    char *text = json_canonical(object);
    json_decref(object);
    return text;
}
