/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a result, as the stages want them. */
#ifndef TOLD_PG_COLUMN_H
#define TOLD_PG_COLUMN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "told/instant.h"

const char *pg_column(const PGresult *result, int row, int column); /* NULL if null */
int64_t pg_column_int(const PGresult *result, int row, int column); /* 0 if null */
bool pg_column_bool(const PGresult *result, int row, int column);
struct instant pg_column_instant(const PGresult *result, int row, int column); /* none if null; the statement
    gives it as to PG_INSTANT(column) */
/* SQL that prints a timestamptz the way instant_parse reads it. */
#define PG_INSTANT(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

#endif
