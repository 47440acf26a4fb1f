/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4180: fields with commas, quotes, line breaks; CRLF or LF; a UTF-8 byte order mark is skipped. */
#ifndef TOLD_CSV_H
#define TOLD_CSV_H

#include <stddef.h>

struct csv_row {
    char **cells; /* owned, in the order of the header; never NULL */
    size_t line;  /* 1-based, where the row begins */
};

struct csv {
    char **header; /* owned */
    size_t column_count;
    struct csv_row *rows;
    size_t row_count;
};

/* Called once for each fault: "what, what to do", never a value of the file. */
typedef void csv_fault_fn(void *cookie, size_t line, const char *text);

/* NULL if anything is wrong; every row that can be judged is, in one run. Blank lines are skipped. */
struct csv *csv_parse(const char *bytes, size_t len, csv_fault_fn *fault, void *cookie);
void csv_free(struct csv *csv);
/* The column of that name, or -1. */
int csv_column(const struct csv *csv, const char *name);
/* The cell, or NULL if it is empty or there is no such column (column < 0). */
const char *csv_cell(const struct csv_row *row, int column);

#endif
