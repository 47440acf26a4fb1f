/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that told has written, written again by plain libpq: what PostgreSQL alone can take of the same work. Rows are read
 * whole, with their numbers, and go back in batches, each table of a batch in one prepared statement, a batch in one commit.
 */
#ifndef TOLD_BENCH_ROWS_H
#define TOLD_BENCH_ROWS_H

#include <stddef.h>

#include "harness.h"

struct bench_rows;

/* What came of the published events, `batch` of them in one commit. told must have ended: their tables are emptied. */
struct bench_rows *bench_rows_take(struct harness *h, size_t batch);
void bench_rows_free(struct bench_rows *rows);

size_t bench_rows_events(const struct bench_rows *rows); /* published ones; what was made of a message is not one of them */
size_t bench_rows_count(const struct bench_rows *rows);
/* Writes the events from … to - 1 (multiples of the batch) and all their rows; returns the seconds it took. */
double bench_rows_write(struct bench_rows *rows, size_t from, size_t to);

#endif
