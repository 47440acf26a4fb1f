/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between subscriptions and the spool: while the database is away what is heard is kept on disk, and what waited in memory
 * with it; when it is back all of it is heard again, in order, before anything newer.
 */
#ifndef TOLD_FEED_SPOOL_H
#define TOLD_FEED_SPOOL_H

#include "clock.h"
#include "feed_heard.h"
#include "feed_message.h"
#include "ingest_store.h"

struct feed_spool;

/* Borrowed. NULL and *ret_reason (caller frees) when the directory cannot be used. A configuration without a spool has no
 * subscriptions: all verbs then do nothing. */
struct feed_spool *feed_spool_new(struct clock *clock, struct ingest_store *store, struct feed_heard *heard,
                                  const struct config *config, char **ret_reason);
void feed_spool_free(struct feed_spool *spool);
void feed_spool_configure(struct feed_spool *spool, const struct config *config);

/* What is heard now has to be kept: the database is away, memory is full, or older things are kept still. */
bool feed_spool_is_wanted(const struct feed_spool *spool, bool is_away);
void feed_spool_keep(struct feed_spool *spool, const char *feed, const struct feed_message *message);
/* Makes durable what was kept. */
void feed_spool_sync(struct feed_spool *spool);
/* The database is away: what waits in memory goes to the disk too. */
void feed_spool_recall(struct feed_spool *spool);
/* The database is there: a bounded number of what was kept is heard, once what was heard before has settled. */
void feed_spool_drain(struct feed_spool *spool, const struct config *config, int64_t now_ms);

#endif
