/* SPDX-License-Identifier: Apache-2.0 */
#include "pg_table.h"

enum { PARAMS_MOST = 16 };

void pg_table_add(struct pg_table *table, const char *const values[])
{
    for (size_t i = 0; i < table->width; i++)
        pg_array_add(&table->columns[i], values[i]);
    table->rows++;
}

static void end_columns(const struct pg_statement *statement, struct pg_table *table, const char *const more[],
                        const char *values[PARAMS_MOST])
{
    for (size_t i = 0; i < (size_t)statement->params && i < PARAMS_MOST; i++)
        values[i] = i < table->width ? pg_array_end(&table->columns[i]) : more[i - table->width];
}

static void empty(struct pg_table *table)
{
    for (size_t i = 0; i < table->width; i++)
        buf_reset(&table->columns[i]);
    table->rows = 0;
}

PGresult *pg_table_run(struct pg *pg, const struct pg_statement *statement, struct pg_table *table,
                       const char *const more[])
{
    const char *values[PARAMS_MOST] = {NULL};
    PGresult *result;

    end_columns(statement, table, more, values);
    result = pg_run(pg, statement, values);
    empty(table);
    return result;
}

bool pg_table_later(struct pg *pg, const struct pg_statement *statement, struct pg_table *table, const char *const more[])
{
    const char *values[PARAMS_MOST] = {NULL};
    bool sent;

    if (table->rows == 0)
        return true;
    end_columns(statement, table, more, values);
    sent = pg_later(pg, statement, values);
    empty(table);
    return sent;
}

bool pg_table_do(struct pg *pg, const struct pg_statement *statement, struct pg_table *table,
                 const char *const more[])
{
    PGresult *result;

    if (table->rows == 0)
        return true;
    result = pg_table_run(pg, statement, table, more);
    PQclear(result);
    return result != NULL;
}

void pg_table_release(struct pg_table *table)
{
    for (size_t i = 0; i < table->width; i++)
        buf_release(&table->columns[i]);
    table->rows = 0;
}
