/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_plain.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster.h"
#include "told/mem.h"

static void expect_fine(PGconn *plain, PGresult *result)
{
    ExecStatusType got = PQresultStatus(result);

    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK) {
        fprintf(stderr, "bench: plain libpq: %s\n", PQerrorMessage(plain));
        abort();
    }
    PQclear(result);
}

PGconn *bench_plain_open(struct harness *h)
{
    char *conninfo = mem_printf("%s user=postgres", cluster_conninfo(harness_cluster(h)));
    PGconn *plain = PQconnectdb(conninfo);

    if (PQstatus(plain) != CONNECTION_OK) {
        fprintf(stderr, "bench: plain libpq: %s\n", PQerrorMessage(plain));
        abort();
    }
    free(conninfo);
    return plain;
}

void bench_plain_prepare(PGconn *plain, const char *name, const char *sql)
{
    expect_fine(plain, PQprepare(plain, name, sql, 0, NULL));
}

void bench_plain_text(PGconn *plain, const char *sql)
{
    expect_fine(plain, PQexec(plain, sql));
}

void bench_plain_run(PGconn *plain, const char *name, struct param *params, int count)
{
    PGresult *result;

    if (param_send(plain, name, params, count) != 1) {
        fprintf(stderr, "bench: plain libpq: %s\n", PQerrorMessage(plain));
        abort();
    }
    while ((result = PQgetResult(plain)) != NULL)
        expect_fine(plain, result);
}
