/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_link.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "told/mem.h"

enum { RETRY_MS = 1000, PREPARED_MOST = 24 };

enum link_state { LINK_AWAY, LINK_CONNECTING, LINK_IDLE, LINK_PREPARING, LINK_RUNNING, LINK_ANSWERED };

struct ingest_link {
    char *conninfo, *user;
    int deadline_ms;
    enum link_state state;
    PGconn *conn;
    PostgresPollingStatusType wants; /* of a connect */
    bool flushing;                   /* bytes are left that the socket would not take */
    bool warned;
    bool said_away;                  /* an outage is one line in the log, however often it is tried */
    int64_t began_ms;                /* of the connect or the statement */
    int64_t retry_ms;                /* not before */
    uint64_t number;
    const struct link_statement *prepared[PREPARED_MOST];
    size_t prepared_count;
    const struct link_statement *statement; /* being prepared or run */
    struct param *params;                   /* of a statement being prepared; the caller's */
    PGresult *answer;
};

struct ingest_link *ingest_link_new(void)
{
    return mem_new(sizeof(struct ingest_link));
}

static void link_close(struct ingest_link *link)
{
    PQclear(link->answer);
    link->answer = NULL;
    PQfinish(link->conn);
    link->conn = NULL;
    link->prepared_count = 0;
    link->flushing = false;
    link->state = LINK_AWAY;
}

void ingest_link_free(struct ingest_link *link)
{
    if (link == NULL)
        return;
    link_close(link);
    free(link->conninfo);
    free(link->user);
    free(link);
}

void ingest_link_aim(struct ingest_link *link, const char *conninfo, const char *user, int deadline_ms)
{
    free(link->conninfo);
    free(link->user);
    link->conninfo = mem_copy(conninfo);
    link->user = mem_copy(user);
    link->deadline_ms = deadline_ms;
}

void ingest_link_drop(struct ingest_link *link, const char *why)
{
    /* libpq's texts may carry names (trap 18): the state of the connection and our own words have to do. */
    if (!link->said_away)
        log_warning("stage=ingest database=away statement=%s reason=\"%s\"",
                    link->statement != NULL ? link->statement->name : "-", why);
    link->said_away = true;
    link->statement = NULL;
    link->retry_ms = link->began_ms + RETRY_MS;
    link_close(link);
}

static void link_notice(void *cookie, const PGresult *notice)
{
    struct ingest_link *link = cookie;
    const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

    if (state != NULL && strcmp(state, "01000") == 0)
        link->warned = true;
}

static void link_connect(struct ingest_link *link, int64_t now_ms)
{
    /* A statement that outlives our patience ends by itself, so that a lost connection leaves no lock behind. */
    char *options = mem_printf("-c statement_timeout=%d -c client_connection_check_interval=1000", link->deadline_ms);
    const char *const keys[] = {"dbname", "user", "client_encoding", "fallback_application_name", "options", NULL};
    const char *const values[] = {link->conninfo, link->user, "UTF8", "told-ingest", options, NULL};

    link->began_ms = now_ms;
    link->conn = PQconnectStartParams(keys, values, 1);
    free(options);
    if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD) {
        ingest_link_drop(link, "cannot connect; look at the server and at \"database\" in the configuration");
        return;
    }
    PQsetNoticeReceiver(link->conn, link_notice, link);
    PQsetErrorVerbosity(link->conn, PQERRORS_SQLSTATE);
    link->wants = PGRES_POLLING_WRITING;
    link->state = LINK_CONNECTING;
}

static bool link_is_ready(const struct ingest_link *link, short events)
{
    struct pollfd item = {PQsocket(link->conn), events, 0};

    return poll(&item, 1, 0) > 0;
}

static void link_connecting(struct ingest_link *link)
{
    if (!link_is_ready(link, link->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT))
        return;
    link->wants = PQconnectPoll(link->conn);
    if (link->wants == PGRES_POLLING_FAILED) {
        ingest_link_drop(link, "cannot connect; look at the server and at \"database\" in the configuration");
    } else if (link->wants == PGRES_POLLING_OK) {
        (void)PQsetnonblocking(link->conn, 1);
        link->state = LINK_IDLE;
        link->number++;
        if (link->said_away || link->number == 1)
            log_info("stage=ingest database=up connection=%" PRIu64, link->number);
        link->said_away = false;
    }
}

static void link_execute(struct ingest_link *link)
{
    if (param_send(link->conn, link->statement->name, link->params, link->statement->params) != 1) {
        ingest_link_drop(link, "connection lost");
        return;
    }
    link->state = LINK_RUNNING;
    link->flushing = true;
}

static bool link_is_prepared(const struct ingest_link *link, const struct link_statement *statement)
{
    for (size_t i = 0; i < link->prepared_count; i++)
        if (link->prepared[i] == statement)
            return true;
    return false;
}

void ingest_link_send(struct ingest_link *link, const struct link_statement *statement, struct param *params,
                      int64_t now_ms)
{
    link->statement = statement;
    link->params = params;
    link->began_ms = now_ms;
    link->warned = false;
    if (link_is_prepared(link, statement)) {
        link_execute(link);
    } else if (PQsendPrepare(link->conn, statement->name, statement->sql, 0, NULL) == 1) {
        link->state = LINK_PREPARING;
        link->flushing = true;
    } else {
        ingest_link_drop(link, "connection lost");
        return;
    }
    if (link->conn != NULL)
        link->flushing = PQflush(link->conn) > 0;
}

/* One statement has ended: its last result counts (there is but one). */
static void link_ended(struct ingest_link *link)
{
    PGresult *answer = link->answer;

    if (link->state == LINK_PREPARING && PQresultStatus(answer) == PGRES_COMMAND_OK) {
        link->answer = NULL;
        PQclear(answer);
        if (link->prepared_count < PREPARED_MOST)
            link->prepared[link->prepared_count++] = link->statement;
        link_execute(link);
        return;
    }
    link->state = LINK_ANSWERED;
}

static void link_running(struct ingest_link *link)
{
    if (link->flushing) {
        int left = PQflush(link->conn);

        if (left < 0) {
            ingest_link_drop(link, "connection lost");
            return;
        }
        link->flushing = left > 0;
    }
    if (link_is_ready(link, POLLIN) && PQconsumeInput(link->conn) != 1) {
        ingest_link_drop(link, "connection lost");
        return;
    }
    while (!PQisBusy(link->conn)) {
        PGresult *result = PQgetResult(link->conn);

        if (result == NULL) {
            link_ended(link);
            return;
        }
        PQclear(link->answer);
        link->answer = result;
    }
}

/* While nothing runs, a readable socket is news of the server: most often that it goes. */
static void link_idle(struct ingest_link *link)
{
    if (link_is_ready(link, POLLIN) && (PQconsumeInput(link->conn) != 1 || PQstatus(link->conn) == CONNECTION_BAD))
        ingest_link_drop(link, "connection lost");
}

void ingest_link_turn(struct ingest_link *link, int64_t now_ms)
{
    if (link->state == LINK_AWAY) {
        if (link->conninfo != NULL && now_ms >= link->retry_ms)
            link_connect(link, now_ms);
        return;
    }
    if (link->state == LINK_CONNECTING)
        link_connecting(link);
    else if (link->state == LINK_IDLE)
        link_idle(link);
    else if (link->state != LINK_ANSWERED)
        link_running(link);
    /* A silent server is away after the deadline, and what it makes of the statement is unknown (trap 16). */
    if ((link->state == LINK_CONNECTING || link->state == LINK_PREPARING || link->state == LINK_RUNNING) &&
        now_ms - link->began_ms > link->deadline_ms)
        ingest_link_drop(link, "no answer within database deadline");
}

int ingest_link_socket(const struct ingest_link *link)
{
    return link->conn != NULL ? PQsocket(link->conn) : -1;
}

short ingest_link_events(const struct ingest_link *link)
{
    if (link->state == LINK_CONNECTING)
        return link->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    return (short)(POLLIN | (link->flushing ? POLLOUT : 0));
}

bool ingest_link_is_up(const struct ingest_link *link)
{
    return link->state >= LINK_IDLE;
}

bool ingest_link_is_idle(const struct ingest_link *link)
{
    return link->state == LINK_IDLE;
}

uint64_t ingest_link_number(const struct ingest_link *link)
{
    return link->number;
}

int64_t ingest_link_running_ms(const struct ingest_link *link, int64_t now_ms)
{
    return link->state == LINK_PREPARING || link->state == LINK_RUNNING ? now_ms - link->began_ms : 0;
}

PGresult *ingest_link_take(struct ingest_link *link)
{
    PGresult *answer = link->answer;

    if (link->state != LINK_ANSWERED)
        return NULL;
    link->answer = NULL;
    link->statement = NULL;
    link->state = LINK_IDLE;
    return answer;
}

bool ingest_link_is_warned(const struct ingest_link *link)
{
    return link->warned;
}
