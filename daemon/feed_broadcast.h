/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broadcast feeds: told subscribes to a publisher's PUB socket. What is lost is lost silently (trap 6), so every source
 * has a cursor, its beacons tell of the last event too, and what is missing is asked for on the replay channel.
 *
 *   SUB ──▶ feed_heard ──▶ ingest_store        while the database is away: SUB ──▶ spool ──▶ feed_heard …
 *   DEALER ◀──▶ feed_replay ──▶ ingest_store
 */
#ifndef TOLD_FEED_BROADCAST_H
#define TOLD_FEED_BROADCAST_H

#include <zmq.h>

#include "arrival.h"
#include "clock.h"
#include "config.h"
#include "cursor.h"
#include "ingest_store.h"

struct feed_broadcast; /* all subscriptions of this process */

/* All borrowed. NULL and *ret_reason (caller frees) when the spool cannot be used. */
struct feed_broadcast *feed_broadcast_new(void *zmq_context, struct clock *clock, struct ingest_store *store,
                                          struct cursor_table *cursors, const struct config *config, char **ret_reason);
/* What is not committed goes to the spool. */
void feed_broadcast_free(struct feed_broadcast *feeds);
/* Subscribes to what the configuration names and ends what it no longer names. */
void feed_broadcast_configure(struct feed_broadcast *feeds, const struct config *config);

size_t feed_broadcast_count(const struct feed_broadcast *feeds);
void *feed_broadcast_socket(const struct feed_broadcast *feeds, size_t i); /* for zmq_poll; asked anew before each */
/* Reads a bounded number of messages of each; true if more may be waiting. */
bool feed_broadcast_read(struct feed_broadcast *feeds, const struct config *config, bool is_away, int64_t now_ms);
/* One that waits for nobody else has settled; the caller keeps it. */
void feed_broadcast_settle(struct feed_broadcast *feeds, const struct config *config, const struct arrival *arrival);
/* What time brings: replay, the spool, doubts. */
void feed_broadcast_tick(struct feed_broadcast *feeds, const struct config *config, bool is_away, int64_t now_ms);

#endif
