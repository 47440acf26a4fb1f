/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows, one statement: what would be a statement each is gathered here and goes to the server at once,
 * its columns as arrays for unnest($1::bigint[], $2::text[], …).
 */
#ifndef TOLD_PG_TABLE_H
#define TOLD_PG_TABLE_H

#include "pg.h"

#define PG_TABLE_COLUMNS 10

struct pg_table {
    size_t width; /* columns; set it, the rest begins as zero */
    size_t rows;
    struct buf columns[PG_TABLE_COLUMNS];
};

void pg_table_add(struct pg_table *table,
                  const char *const values[]); /* one of each column; NULL is SQL NULL */
/* Runs the statement with the columns as its first parameters and `more` (NULL: none) as the others, and
 * empties the table. As pg_run. */
PGresult *pg_table_run(struct pg *pg, const struct pg_statement *statement, struct pg_table *table,
                       const char *const more[]);
/* The same where the result is not wanted; without rows nothing is run. */
bool pg_table_do(struct pg *pg, const struct pg_statement *statement, struct pg_table *table,
                 const char *const more[]);
/* As pg_later; without rows nothing is run. */
bool pg_table_later(struct pg *pg, const struct pg_statement *statement, struct pg_table *table, const char *const more[]);
void pg_table_release(struct pg_table *table);

#endif
