/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replay channel of a broadcast feed: told's DEALER asks the publisher for what it has not heard. PUB/SUB is only an
 * accelerator; this is the truth.
 *
 *   due ──GET──▶ asked ──ITEM … END──▶ ended ──all committed──▶ CONFIRM ──more?──▶ due
 *    ▲             │ nothing for ten seconds: another connection       │ no
 *    └─ connect, gap, beacon ahead, every 30 s ◀───────────────────────┘
 */
#ifndef TOLD_FEED_REPLAY_H
#define TOLD_FEED_REPLAY_H

#include "arrival.h"
#include "config.h"
#include "cursor.h"
#include "ingest_store.h"

struct feed_replay; /* of one feed */

/* Context, store and cursors are borrowed. */
struct feed_replay *feed_replay_new(void *zmq_context, struct ingest_store *store, struct cursor_table *cursors,
                                    const struct config *config, const struct config_feed *feed);
void feed_replay_free(struct feed_replay *replay); /* NULL is fine */
void *feed_replay_socket(const struct feed_replay *replay); /* for zmq_poll; another one after a lost answer, or NULL */

/* Reads a bounded number of messages; true if more may be waiting. */
bool feed_replay_read(struct feed_replay *replay, const struct config_feed *feed, int64_t now_ms);
/* One of its ITEMs has settled, of whatever round. */
void feed_replay_settle(struct feed_replay *replay, const struct arrival *arrival);
/* Asks where it is time, confirms what is committed. away: the database cannot be reached, nothing is asked. */
void feed_replay_tick(struct feed_replay *replay, const struct config *config, bool away, int64_t now_ms);

#endif
