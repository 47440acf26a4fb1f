/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was subscribed while PostgreSQL is away, on disk: records in files that are written to their end and then read
 * from the first on. A file goes when all that was read of it is committed; whoever is killed in between reads it again,
 * and the database knows what it has.
 *
 *   put, put, sync ─▶ 00…1.spool 00…2.spool … ─▶ next, next, … committed ─▶ forget
 */
#ifndef TOLD_SPOOL_H
#define TOLD_SPOOL_H

#include <stdbool.h>

#include "told/spool_record.h"

struct spool;

/* Makes the directory if it is missing (0700); refuses one that others can look into, or that another told uses. A torn
 * tail is cut. NULL and *ret_reason (caller frees) on failure. */
struct spool *spool_open(const char *directory, int64_t most_bytes, char **ret_reason);
void spool_close(struct spool *spool); /* what is not synced is lost; NULL is fine */

void spool_set_most(struct spool *spool, int64_t most_bytes);
bool spool_is_empty(const struct spool *spool);
int64_t spool_bytes(const struct spool *spool);
int64_t spool_most(const struct spool *spool);

/* False: it would not fit, or the disk would not have it. */
bool spool_put(struct spool *spool, const struct spool_record *record);
/* Makes durable what was put. False when the disk would not have it: then none of it is there. */
bool spool_sync(struct spool *spool);

/* The next one that is synced and was not read yet: SPOOL_RECORD; of SPOOL_DAMAGED, body and len are the bytes passed over.
 * SPOOL_END when there is none. Valid until the next call of any verb here. */
enum spool_verdict spool_next(struct spool *spool, struct spool_record *ret);
/* How many files could not be read so far: each was renamed in its directory, its bytes kept, and passed over. */
uint64_t spool_set_aside(const struct spool *spool);
/* All that was read is committed. */
void spool_forget(struct spool *spool);

#endif
