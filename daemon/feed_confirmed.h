/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confirmed feed: publishers' DEALERs at told's ROUTER. Bodies go to ingest_store; answers follow its commits.
 *
 *   HELLO ─▶ greeting ─▶ WELCOME        EVENT ─▶ arrival ─▶ committed ─▶ ACK | NAK        PING ─▶ PONG
 *   while the database is away: BUSY, EVENTs thrown away; when it is back every source is greeted again
 */
#ifndef TOLD_FEED_CONFIRMED_H
#define TOLD_FEED_CONFIRMED_H

#include "arrival.h"
#include "config.h"
#include "cursor.h"
#include "ingest_store.h"

struct feed_confirmed;

/* All borrowed. */
struct feed_confirmed *feed_confirmed_new(void *router, struct ingest_store *store, struct cursor_table *cursors);
void feed_confirmed_free(struct feed_confirmed *feed);

/* Reads a bounded number of messages; true if more may be waiting. away: why the database cannot be reached, or NULL. */
bool feed_confirmed_read(struct feed_confirmed *feed, const struct config *config, const char *away, int64_t now_ms);
/* The answer to something of ours that has settled; the caller keeps it. */
void feed_confirmed_settle(struct feed_confirmed *feed, const struct config *config, const struct arrival *arrival);
/* After all of a commit has settled: the cumulative ACKs. */
void feed_confirmed_acknowledge(struct feed_confirmed *feed);
/* Messages thrown away because their key is no longer let in. */
uint64_t feed_confirmed_refused(const struct feed_confirmed *feed);
/* What time brings: BUSY and its end, PING, peers that are gone. */
void feed_confirmed_tick(struct feed_confirmed *feed, const struct config *config, const char *away, int64_t now_ms);

#endif
