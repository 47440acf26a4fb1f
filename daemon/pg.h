/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to PostgreSQL for stages that may block, but not for ever: each call ends by the client's
 * deadline, whatever the server does (trap 16). Errors are logged as SQLSTATE and statement name: texts carry
 * names (trap 18).
 */
#ifndef TOLD_PG_H
#define TOLD_PG_H

#include <libpq-fe.h>

#include "pg_array.h"
#include "pg_column.h"

struct pg;

enum pg_status {
    PG_OK,
    PG_AGAIN, /* 40P01, 40001, 23505: roll back and repeat the whole step */
    PG_AWAY,  /* no connection, lost, or silent beyond the deadline: a state with a name, not a reason to stop
               */
    PG_FAULT, /* our bug or a missing grant: logged as an error */
};

struct pg_statement {
    const char *name; /* prepared under this name at first use; what the log says */
    const char *sql;
    int params;
};

struct pg *pg_new(const char *conninfo, const char *user,
                  int deadline_ms); /* user NULL: as the conninfo or login says */
void pg_free(struct pg *pg);
/* Connects if there is no connection. At most one try a second, bounded by the deadline. */
bool pg_is_up(struct pg *pg);
void pg_close(struct pg *pg);
int pg_socket(struct pg *pg);   /* -1 while away */
PGconn *pg_conn(struct pg *pg); /* for LISTEN and escapes; NULL while away */

/* Runs a prepared statement with text parameters (NULL is SQL NULL). Returns the result (caller PQclears) or
 * NULL; then pg_status() says which. A call while away returns NULL at once. */
PGresult *pg_run(struct pg *pg, const struct pg_statement *statement, const char *const *values);
bool pg_do(struct pg *pg, const struct pg_statement *statement,
           const char *const *values);        /* result not wanted */
/* The same between pg_begin and pg_commit, and not waited for: what comes of it shows at the next pg_run, pg_do, pg_text or
 * pg_commit, which then fail in its place. So nothing but the transaction may depend on its success. */
bool pg_later(struct pg *pg, const struct pg_statement *statement, const char *const *values);
bool pg_text(struct pg *pg, const char *sql); /* simple protocol: several statements, no parameters */
bool pg_begin(struct pg *pg); /* not waited for either */
/* False also when the commit came back with a 01000 warning: it may not be durable (trap 16). */
bool pg_commit(struct pg *pg);
void pg_rollback(struct pg *pg);
enum pg_status pg_status(const struct pg *pg);
const char *pg_sqlstate(const struct pg *pg);
/* A server's own message, for toldctl only, where the reader may see it. */
const char *pg_message(const struct pg *pg);

#endif
