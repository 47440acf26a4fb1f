/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has arrived goes to PostgreSQL and comes back settled, without ever waiting for it: the thread that turns this
 * owns the sockets. A batch is what came while the last one committed; none waits to fill.
 */
#ifndef TOLD_INGEST_STORE_H
#define TOLD_INGEST_STORE_H

#include "arrival.h"
#include "clock.h"
#include "config.h"
#include "cursor.h"
#include "kick.h"

struct ingest_store;

/* decide: kicked after a commit; NULL: it runs elsewhere and is notified. Clock, cursors and kick are borrowed. */
struct ingest_store *ingest_store_new(struct clock *clock, struct cursor_table *cursors, struct kick *decide);
void ingest_store_free(struct ingest_store *store);
void ingest_store_configure(struct ingest_store *store, const struct config *config);

void ingest_store_put(struct ingest_store *store, struct arrival *arrival); /* takes it over */
void ingest_store_raise(struct ingest_store *store, const char *kind, const char *key, const char *detail);
void ingest_store_hear(struct ingest_store *store, const char *feed); /* something came from it; written every 10 s */

void ingest_store_turn(struct ingest_store *store, int64_t now_ms);
/* What was heard from subscriptions and waits is moved to `ret`, for it to be kept elsewhere … */
void ingest_store_recall(struct ingest_store *store, struct arrival_queue *ret);
/* … and what is in flight can be copied; NULL beyond the last. */
struct arrival *ingest_store_in_flight(struct ingest_store *store, size_t i);
struct arrival *ingest_store_take(struct ingest_store *store); /* the next one settled (caller frees), or NULL */

int ingest_store_socket(const struct ingest_store *store); /* -1: none */
short ingest_store_events(const struct ingest_store *store);
/* NULL while the database answers; else the reason that publishers are given. Also when it has not answered for
 * two seconds: publishers need not wait for the deadline to learn that they should. */
const char *ingest_store_away(const struct ingest_store *store, int64_t now_ms);
bool ingest_store_is_idle(const struct ingest_store *store); /* nothing waits, nothing is in flight */
size_t ingest_store_bytes(const struct ingest_store *store); /* waiting and in flight */

#endif
