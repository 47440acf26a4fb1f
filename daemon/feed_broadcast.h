/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Broadcast feeds: told subscribes to a publisher's PUB socket. What is lost is lost silently (trap 6), so every source
 * has a cursor, and its beacons tell of the last event too. Until there is replay, a gap is an alarm.
 */
#ifndef TOLD_FEED_BROADCAST_H
#define TOLD_FEED_BROADCAST_H

#include <zmq.h>

#include "arrival.h"
#include "config.h"
#include "cursor.h"
#include "ingest_store.h"

struct feed_broadcast; /* all subscriptions of this process */

/* All borrowed. */
struct feed_broadcast *feed_broadcast_new(void *zmq_context, struct ingest_store *store, struct cursor_table *cursors);
void feed_broadcast_free(struct feed_broadcast *feeds);
/* Subscribes to what the configuration names and ends what it no longer names. */
void feed_broadcast_configure(struct feed_broadcast *feeds, const struct config *config);

size_t feed_broadcast_count(const struct feed_broadcast *feeds);
void *feed_broadcast_socket(const struct feed_broadcast *feeds, size_t i); /* for zmq_poll */
/* Reads a bounded number of messages of each; true if more may be waiting. */
bool feed_broadcast_read(struct feed_broadcast *feeds, const struct config *config);

#endif
