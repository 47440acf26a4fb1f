/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the database of a box. */
#include "harness_box.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static bool is_good(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* No SQLSTATE: libpq itself lost the server. 57P: the server says good-bye. */
static bool is_connection_error(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state == NULL || strncmp(state, "57P", 3) == 0;
}

PGresult *harness_query(struct harness *h, const char *sql)
{
    PGresult *result = PQexec(h->sql, sql);

    /* A test that stops the database comes back here after it, over a connection that has ended. */
    for (int i = 0; i < 50 && !is_good(result) && is_connection_error(result); i++) {
        PQclear(result);
        poll(NULL, 0, 100);
        PQreset(h->sql);
        result = PQexec(h->sql, sql);
    }
    if (!is_good(result)) {
        fprintf(stderr, "harness: %s\n  in: %s\n", PQresultErrorMessage(result), sql);
        abort();
    }
    return result;
}

char *harness_value(struct harness *h, const char *sql)
{
    PGresult *result = harness_query(h, sql);
    char *text = mem_copy(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");

    PQclear(result);
    return text;
}

long harness_count(struct harness *h, const char *sql)
{
    char *text = harness_value(h, sql);
    long n = strtol(text, NULL, 10);

    free(text);
    return n;
}

bool harness_await(struct harness *h, const char *sql, const char *want, int timeout_ms)
{
    int64_t end_ms = harness_now_ms() + timeout_ms;

    for (;;) {
        char *text = harness_value(h, sql);
        bool there = strcmp(text, want) == 0;

        if (!there && harness_now_ms() >= end_ms)
            fprintf(stderr, "harness: waited %d ms for \"%s\", there is \"%s\"\n  in: %s\n", timeout_ms, want, text, sql);
        free(text);
        if (there)
            return true;
        if (harness_now_ms() >= end_ms)
            return false;
        poll(NULL, 0, 20);
    }
}

void harness_jump(struct harness *h, const char *to)
{
    char *sql = mem_printf("UPDATE told.installation SET told_from = '%s', real_from = clock_timestamp()", to);

    PQclear(harness_query(h, sql));
    free(sql);
}
