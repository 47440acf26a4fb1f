/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest's connection to PostgreSQL. Nothing here waits: the thread that calls owns sockets that must be answered while
 * the server is slow, silent or gone (traps 16, 23). A turn moves whatever can be moved; the socket stands in its poll.
 *
 *   away ──1 s──▶ connecting ──▶ idle ──send──▶ (preparing ──▶) running ──▶ answered ──take──▶ idle
 *     ▲                │           │                   │
 *     └── deadline, error, lost ───┴───────────────────┘     what was in flight is then unknown
 */
#ifndef TOLD_INGEST_LINK_H
#define TOLD_INGEST_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "param.h"

struct ingest_link;

struct link_statement {
    const char *name; /* prepared under it at first use */
    const char *sql;
    int params;
};

struct ingest_link *ingest_link_new(void);
void ingest_link_free(struct ingest_link *link);
/* Where to connect from the next try on. The deadline counts for a connect and for each statement. */
void ingest_link_aim(struct ingest_link *link, const char *conninfo, const char *user, int deadline_ms);

void ingest_link_turn(struct ingest_link *link, int64_t now_ms);
int ingest_link_socket(const struct ingest_link *link); /* -1: none */
short ingest_link_events(const struct ingest_link *link); /* POLLIN, POLLOUT */

bool ingest_link_is_up(const struct ingest_link *link);   /* connected, perhaps running something */
bool ingest_link_is_idle(const struct ingest_link *link); /* connected, and a statement may be sent */
/* Counts connections made: whoever remembers the number knows that what was in flight then is lost. */
uint64_t ingest_link_number(const struct ingest_link *link);
int64_t ingest_link_running_ms(const struct ingest_link *link, int64_t now_ms); /* 0 unless a statement runs */

/* Only while idle. Parameters must stay until the answer is taken, the statement until the connection is gone. */
void ingest_link_send(struct ingest_link *link, const struct link_statement *statement, struct param *params,
                      int64_t now_ms);
/* The answer, once (the caller PQclears), or NULL while there is none. */
PGresult *ingest_link_take(struct ingest_link *link);
/* A warning 01000 came since the last send: a commit that says so is not durable (trap 16). */
bool ingest_link_is_warned(const struct ingest_link *link);
/* Gives the connection up; the next try comes after a second. */
void ingest_link_drop(struct ingest_link *link, const char *why);

#endif
