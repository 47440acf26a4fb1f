/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subscription brings, now or out of the spool: events and beacons become arrivals.
 *
 * A broadcast event does not say its epoch. A number that its source has had already is a repeat, a lie, or the first word
 * of a log that was rebuilt: it waits, with all that follows it from that source, until a beacon says which.
 */
#ifndef TOLD_FEED_HEARD_H
#define TOLD_FEED_HEARD_H

#include "arrival.h"
#include "config.h"
#include "cursor.h"
#include "ingest_store.h"

struct feed_heard;

struct heard_message {
    const char *topic; /* "" if it has none that could be one */
    const char *body;
    size_t len;
    const char *damage; /* why it is none (what was kept is not as it was); NULL */
    bool is_whole;      /* a topic and a body, two frames */
    struct instant received_at; /* by the spool; none: just now */
};

/* Both borrowed. */
struct feed_heard *feed_heard_new(struct ingest_store *store, struct cursor_table *cursors);
void feed_heard_free(struct feed_heard *heard);

void feed_heard_take(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                     int64_t now_ms);
/* Asks where a source stands: nothing was said that settles, so `first` is where it begins if it is new to us. */
void feed_heard_greet(struct feed_heard *heard, const struct config_feed *feed, const char *source, int64_t epoch,
                      int64_t first);
/* What has waited for a beacon long enough goes without; or all of it. */
void feed_heard_tick(struct feed_heard *heard, int64_t now_ms);
void feed_heard_release_all(struct feed_heard *heard);

/* How many arrivals out of the spool have not settled; those of them that do not wait for a beacon, which may stand further
 * on in the spool. */
size_t feed_heard_drained(const struct feed_heard *heard);
size_t feed_heard_draining(const struct feed_heard *heard);
void feed_heard_settle(struct feed_heard *heard, const struct arrival *arrival);

#endif
