/* SPDX-License-Identifier: Apache-2.0 */
#include "pg_column.h"

#include <stdlib.h>

const char *pg_column(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

int64_t pg_column_int(const PGresult *result, int row, int column)
{
    const char *text = pg_column(result, row, column);
    return text ? strtoll(text, NULL, 10) : 0;
}

bool pg_column_bool(const PGresult *result, int row, int column)
{
    const char *text = pg_column(result, row, column);
    return text && *text == 't';
}

struct instant pg_column_instant(const PGresult *result, int row, int column)
{
    struct instant at = INSTANT_NONE;
    const char *text = pg_column(result, row, column);
    if (text)
        instant_parse(text, &at);
    return at;
}
