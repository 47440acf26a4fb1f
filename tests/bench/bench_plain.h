/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the ceilings: libpq and nothing else. Whatever fails ends the bench, with PostgreSQL's own words. */
#ifndef TOLD_BENCH_PLAIN_H
#define TOLD_BENCH_PLAIN_H

#include <libpq-fe.h>

#include "harness.h"
#include "param.h"

PGconn *bench_plain_open(struct harness *h); /* as the superuser; PQfinish it */
void bench_plain_prepare(PGconn *plain, const char *name, const char *sql);
/* One text without parameters: BEGIN, COMMIT. */
void bench_plain_text(PGconn *plain, const char *sql);
void bench_plain_run(PGconn *plain, const char *name, struct param *params, int count);

#endif
