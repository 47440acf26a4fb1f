/* SPDX-License-Identifier: Apache-2.0 */
#include "pg.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "told/mem.h"

#define CONNECT_EVERY_MS 1000
#define AHEAD_MOST 32 /* statements sent and not yet waited for: their answers fit into the socket */

struct pg {
    char *conninfo;
    char *user;
    int deadline_ms;
    PGconn *conn; /* owned; NULL while away */
    const char *
        *prepared; /* names prepared on this connection; the statements are constants and outlive us */
    size_t prepared_count;
    const char *ahead[AHEAD_MOST]; /* names of what was sent and not yet waited for */
    size_t ahead_count;
    bool in_step;     /* between pg_begin and its end */
    int64_t tried_ms; /* monotonic, of the last try to connect; 0: never */
    bool said_away;   /* logged once until it is back */
    bool warned;      /* a 01000 came with the running command */
    enum pg_status status;
    char sqlstate[8];
    char *message; /* owned; the server's primary message */
};

struct pg *pg_new(const char *conninfo, const char *user, int deadline_ms)
{
    struct pg *pg = mem_new(sizeof *pg);
    pg->conninfo = mem_copy(conninfo);
    pg->user = mem_copy(user);
    pg->deadline_ms = deadline_ms > 0 ? deadline_ms : 15000;
    pg->status = PG_AWAY;
    return pg;
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    pg_close(pg);
    free(pg->conninfo);
    free(pg->user);
    free(pg->message);
    free(pg);
}

void pg_close(struct pg *pg)
{
    if (pg->conn)
        PQfinish(pg->conn);
    pg->conn = NULL;
    free(pg->prepared);
    pg->prepared = NULL;
    pg->prepared_count = 0;
    pg->ahead_count = 0;
    pg->in_step = false;
}

int pg_socket(struct pg *pg)
{
    return pg->conn ? PQsocket(pg->conn) : -1;
}

PGconn *pg_conn(struct pg *pg)
{
    return pg->conn;
}

enum pg_status pg_status(const struct pg *pg)
{
    return pg->status;
}

const char *pg_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}

const char *pg_message(const struct pg *pg)
{
    return pg->message ? pg->message : "";
}

static void keep_error(struct pg *pg, const char *sqlstate, const char *message)
{
    strncpy(pg->sqlstate, sqlstate ? sqlstate : "", sizeof pg->sqlstate - 1);
    free(pg->message);
    pg->message = mem_copy(message ? message : "");
    size_t len = strlen(pg->message);
    while (len > 0 && pg->message[len - 1] == '\n')
        pg->message[--len] = 0;
}

/* The one door to "away": the connection is closed, so that what was in flight can be of no further
 * consequence here. */
static void go_away(struct pg *pg, const char *what, const char *message)
{
    char kept[8];
    memcpy(kept, pg->sqlstate, sizeof kept);
    keep_error(pg, kept, message);
    pg_close(pg);
    pg->status = PG_AWAY;
    if (!pg->said_away)
        log_warning("database=away user=%s during=%s sqlstate=%s", pg->user ? pg->user : "-", what,
                    *pg->sqlstate ? pg->sqlstate : "-");
    pg->said_away = true;
}

/* A commit that waited for a standby in vain is reported as success with this warning (trap 16). */
static void on_notice(void *cookie, const PGresult *result)
{
    struct pg *pg = cookie;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate && strcmp(sqlstate, "01000") == 0)
        pg->warned = true;
}

/* False when the deadline has passed. */
static bool wait_socket(const struct pg *pg, short events, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - clock_monotonic_ms();
        if (left <= 0)
            return false;
        struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
        int ready = poll(&fd, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static bool poll_connection(struct pg *pg, int64_t until_ms)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    for (;;) {
        if (!wait_socket(pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms)) {
            go_away(pg, "connect", "the server did not answer in time");
            return false;
        }
        next = PQconnectPoll(pg->conn);
        if (next == PGRES_POLLING_OK)
            return true;
        if (next == PGRES_POLLING_FAILED) {
            go_away(pg, "connect", PQerrorMessage(pg->conn));
            return false;
        }
    }
}

static bool start_connection(struct pg *pg)
{
    char user_timeout[24];
    snprintf(user_timeout, sizeof user_timeout, "%d", pg->deadline_ms);
    /* The conninfo is expanded where `dbname` stands: what follows it wins, what precedes it is a default. */
    const char *const keys[] = {"application_name",       "keepalives",
                                "keepalives_idle",        "keepalives_interval",
                                "keepalives_count",       "tcp_user_timeout",
                                "client_encoding",        "dbname",
                                pg->user ? "user" : NULL, NULL};
    const char *const values[] = {"told",       "1",    "30",         "10",     "3",
                                  user_timeout, "UTF8", pg->conninfo, pg->user, NULL};
    pg->conn = PQconnectStartParams(keys, values, 1);
    if (!pg->conn || PQstatus(pg->conn) == CONNECTION_BAD) {
        go_away(pg, "connect", pg->conn ? PQerrorMessage(pg->conn) : "out of memory");
        return false;
    }
    return true;
}

/* A lock that somebody holds for long is a reason to begin the step again, not to give up the connection: its server process
 * would go on waiting for the lock, each time one more.
 * Stages look things up by key. Plans are kept from when the tables were small, and would go on reading them whole long after
 * they have grown. */
static bool settle_session(struct pg *pg)
{
    char sql[384];

    snprintf(sql, sizeof sql,
             "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET client_min_messages = warning; SET lock_timeout = %d;"
             " SET client_connection_check_interval = 1000; SET enable_seqscan = off; SET enable_hashjoin = off;"
             " SET enable_mergejoin = off; SET jit = off",
             pg->deadline_ms / 3 * 2);
    return pg_text(pg, sql);
}

bool pg_is_up(struct pg *pg)
{
    if (pg->conn && PQstatus(pg->conn) == CONNECTION_OK)
        return true;
    int64_t now = clock_monotonic_ms();
    if (pg->tried_ms && now - pg->tried_ms < CONNECT_EVERY_MS) {
        pg->status = PG_AWAY;
        return false;
    }
    pg_close(pg);
    pg->tried_ms = now;
    pg->sqlstate[0] = 0;
    if (!start_connection(pg) || !poll_connection(pg, now + pg->deadline_ms))
        return false;
    PQsetnonblocking(pg->conn, 1);
    PQsetErrorVerbosity(pg->conn, PQERRORS_SQLSTATE); /* texts carry names (trap 18) */
    PQsetNoticeReceiver(pg->conn, on_notice, pg);
    if (!settle_session(pg))
        return false;
    if (pg->said_away)
        log_info("database=back user=%s", pg->user ? pg->user : "-");
    pg->said_away = false;
    return true;
}

/* 08 and 57P: the connection ends. 25006: a standby, where the primary was. 53: the server has no room; what
 * cannot be written is away, not wrong. */
static bool means_away(const char *sqlstate)
{
    return strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0 ||
           strncmp(sqlstate, "53", 2) == 0 || strcmp(sqlstate, "25006") == 0;
}

static bool means_again(const char *sqlstate)
{
    static const char *const states[] = {"40P01", "40001", "23505", "55P03", "57014"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(sqlstate, states[i]) == 0)
            return true;
    return false;
}

/* Takes the result; NULL unless it is one of success, and the status says why. */
static PGresult *judge(struct pg *pg, PGresult *result, const char *name)
{
    ExecStatusType got = PQresultStatus(result);
    if (got == PGRES_TUPLES_OK || got == PGRES_COMMAND_OK || got == PGRES_EMPTY_QUERY) {
        pg->status = PG_OK;
        pg->sqlstate[0] = 0;
        return result;
    }
    keep_error(pg, PQresultErrorField(result, PG_DIAG_SQLSTATE),
               PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    PQclear(result);
    if (PQstatus(pg->conn) == CONNECTION_BAD || means_away(pg->sqlstate)) {
        char *message = mem_copy(pg->message);
        go_away(pg, name, message);
        free(message);
    } else if (means_again(pg->sqlstate)) {
        pg->status = PG_AGAIN;
        log_info("statement=%s sqlstate=%s", name, pg->sqlstate);
    } else {
        pg->status = PG_FAULT;
        log_error("statement=%s sqlstate=%s", name, pg->sqlstate);
    }
    return NULL;
}

/* Of several results the first that failed, else the last. Takes both. */
static PGresult *choose(PGresult *kept, PGresult *next)
{
    if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
        PQclear(next);
        return kept;
    }
    PQclear(kept);
    return next;
}

/* What was sent is answered whole by the deadline, or the connection is given up: an answer that comes later
 * must not be taken for that of the next statement. False: it has been given up. *ret: NULL at the end of a statement. */
static bool next_result(struct pg *pg, const char *name, int64_t until_ms, PGresult **ret)
{
    const char *why = "the connection was lost";
    for (;;) {
        int unsent = PQflush(pg->conn);
        if (unsent < 0)
            break;
        if (!PQisBusy(pg->conn)) {
            *ret = PQgetResult(pg->conn);
            return true;
        }
        if (!wait_socket(pg, (short)(unsent ? POLLIN | POLLOUT : POLLIN), until_ms)) {
            why = "the server was silent beyond the deadline";
            break;
        }
        if (!PQconsumeInput(pg->conn))
            break;
    }
    keep_error(pg, NULL, NULL);
    go_away(pg, name, why);
    return false;
}

static PGresult *collect(struct pg *pg, const char *name, int64_t until_ms)
{
    PGresult *kept = NULL, *next = NULL;
    for (;;) {
        if (!next_result(pg, name, until_ms, &next)) {
            PQclear(kept);
            return NULL;
        }
        if (!next)
            return kept ? judge(pg, kept, name) : NULL;
        kept = choose(kept, next);
    }
}

/* One statement's result of several in flight, with the end behind it. */
static bool next_of_flight(struct pg *pg, const char *name, int64_t until_ms, PGresult **ret)
{
    PGresult *end = NULL;
    *ret = NULL;
    if (!next_result(pg, name, until_ms, ret))
        return false;
    if (*ret && PQresultStatus(*ret) != PGRES_PIPELINE_SYNC && !next_result(pg, name, until_ms, &end)) {
        PQclear(*ret);
        return false;
    }
    PQclear(end);
    if (!*ret) {
        keep_error(pg, NULL, NULL);
        go_away(pg, name, "the connection was lost");
    }
    return *ret != NULL;
}

static bool has_failed(const PGresult *result)
{
    ExecStatusType got = PQresultStatus(result);
    return got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK && got != PGRES_EMPTY_QUERY;
}

/* The answers to all that was sent ahead, then that of `name`, whose statement is the last: its result, or NULL because of the
 * first that failed (those behind it were not carried out). */
static PGresult *collect_flight(struct pg *pg, const char *name, int64_t until_ms)
{
    PGresult *kept = NULL, *next;
    const char *said = name;
    size_t count = pg->ahead_count;
    for (size_t i = 0; i <= count + 1; i++) {
        const char *of = i < count ? pg->ahead[i] : name;
        if (!next_of_flight(pg, of, until_ms, &next)) {
            PQclear(kept);
            return NULL;
        }
        if (i == count + 1 || kept) {
            PQclear(next); /* the end of the flight; or it was not carried out */
        } else if (i == count || has_failed(next)) {
            kept = next;
            said = of;
        } else {
            PQclear(next);
            pg->warned = false; /* only what the last of them warns of is asked about */
        }
        if (kept && PQstatus(pg->conn) == CONNECTION_BAD)
            break;
    }
    pg->ahead_count = 0;
    return judge(pg, kept, said);
}

static PGresult *finish(struct pg *pg, int sent, const char *name, int64_t until_ms)
{
    bool flight = PQpipelineStatus(pg->conn) != PQ_PIPELINE_OFF;
    pg->warned = false;
    if (sent && flight)
        sent = PQpipelineSync(pg->conn);
    if (sent)
        return flight ? collect_flight(pg, name, until_ms) : collect(pg, name, until_ms);
    keep_error(pg, NULL, NULL);
    go_away(pg, name, "the connection was lost");
    return NULL;
}

/* Sent, and not waited for. */
static bool send_ahead(struct pg *pg, int sent, const char *name)
{
    if (sent && PQflush(pg->conn) >= 0) {
        pg->ahead[pg->ahead_count++] = name;
        pg->status = PG_OK;
        return true;
    }
    keep_error(pg, NULL, NULL);
    go_away(pg, name, "the connection was lost");
    return false;
}

/* Waits for what was sent ahead. */
static bool settle_ahead(struct pg *pg)
{
    if (pg->ahead_count == 0)
        return true;
    PGresult *result = finish(pg, 1, pg->ahead[--pg->ahead_count], clock_monotonic_ms() + pg->deadline_ms);
    PQclear(result);
    return result != NULL;
}

static bool prepare(struct pg *pg, const struct pg_statement *statement, int64_t until_ms)
{
    for (size_t i = 0; i < pg->prepared_count; i++)
        if (strcmp(pg->prepared[i], statement->name) == 0)
            return true;
    int sent = PQsendPrepare(pg->conn, statement->name, statement->sql, statement->params, NULL);
    PGresult *result = finish(pg, sent, statement->name, until_ms);
    if (!result)
        return false;
    PQclear(result);
    pg->prepared = mem_grow(pg->prepared, pg->prepared_count + 1, sizeof *pg->prepared);
    pg->prepared[pg->prepared_count++] = statement->name;
    return true;
}

static bool is_away(struct pg *pg)
{
    if (pg->conn)
        return false;
    pg->status = PG_AWAY;
    return true;
}

PGresult *pg_run(struct pg *pg, const struct pg_statement *statement, const char *const *values)
{
    if (is_away(pg))
        return NULL;
    int64_t until_ms = clock_monotonic_ms() + pg->deadline_ms;
    if (!prepare(pg, statement, until_ms))
        return NULL;
    int sent = PQsendQueryPrepared(pg->conn, statement->name, statement->params, values, NULL, NULL, 0);
    return finish(pg, sent, statement->name, until_ms);
}

bool pg_do(struct pg *pg, const struct pg_statement *statement, const char *const *values)
{
    PGresult *result = pg_run(pg, statement, values);
    PQclear(result);
    return result != NULL;
}

bool pg_later(struct pg *pg, const struct pg_statement *statement, const char *const *values)
{
    if (is_away(pg))
        return false;
    if (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF && (!pg->in_step || !PQenterPipelineMode(pg->conn)))
        return pg_do(pg, statement, values);
    if (pg->ahead_count == AHEAD_MOST && !settle_ahead(pg))
        return false;
    return prepare(pg, statement, clock_monotonic_ms() + pg->deadline_ms) &&
           send_ahead(pg, PQsendQueryPrepared(pg->conn, statement->name, statement->params, values, NULL, NULL, 0), statement->name);
}

/* `name` stands in the log in place of the text. Several statements in one text go by themselves. */
static PGresult *run_text(struct pg *pg, const char *sql, const char *name)
{
    if (is_away(pg) || !settle_ahead(pg))
        return NULL;
    PQexitPipelineMode(pg->conn);
    int64_t until_ms = clock_monotonic_ms() + pg->deadline_ms;
    return finish(pg, PQsendQuery(pg->conn, sql), name, until_ms);
}

bool pg_text(struct pg *pg, const char *sql)
{
    PGresult *result = run_text(pg, sql, "text");
    PQclear(result);
    return result != NULL;
}

bool pg_begin(struct pg *pg)
{
    if (is_away(pg))
        return false;
    pg->in_step = PQenterPipelineMode(pg->conn) == 1;
    return pg->in_step ? send_ahead(pg, PQsendQueryParams(pg->conn, "BEGIN", 0, NULL, NULL, NULL, NULL, 0), "begin")
                       : pg_text(pg, "BEGIN");
}

/* The last of a step, in one flight with what was sent ahead of it. */
static PGresult *end_step(struct pg *pg, const char *sql, const char *name)
{
    if (is_away(pg))
        return NULL;
    int64_t until_ms = clock_monotonic_ms() + pg->deadline_ms;
    PGresult *result = finish(pg, PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0), name, until_ms);
    if (pg->conn && result) {
        PQexitPipelineMode(pg->conn);
        pg->in_step = false;
    }
    return result;
}

bool pg_commit(struct pg *pg)
{
    PGresult *result = end_step(pg, "COMMIT", "commit");
    if (!result)
        return false;
    /* COMMIT of a transaction that failed before succeeds, as a ROLLBACK. */
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    if (!committed) {
        pg->status = PG_FAULT;
        log_error("statement=commit reason=\"the transaction had failed before\"");
    } else if (pg->warned) {
        committed = false;
        keep_error(pg, "01000", "the commit may not be durable");
        go_away(pg, "commit", "the commit may not be durable");
    }
    return committed;
}

void pg_rollback(struct pg *pg)
{
    if (!pg->conn || (pg->ahead_count == 0 && PQtransactionStatus(pg->conn) == PQTRANS_IDLE))
        return;
    /* The caller still wants to know why it rolls back. */
    enum pg_status why = pg->status;
    char sqlstate[sizeof pg->sqlstate];
    memcpy(sqlstate, pg->sqlstate, sizeof sqlstate);
    PGresult *result = end_step(pg, "ROLLBACK", "rollback");
    if (!result && pg->conn) /* something ahead of it had failed */
        result = end_step(pg, "ROLLBACK", "rollback");
    if (result) {
        pg->status = why;
        memcpy(pg->sqlstate, sqlstate, sizeof sqlstate);
    }
    PQclear(result);
}
