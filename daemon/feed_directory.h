/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drop directories: one file of each at a time becomes arrivals, and is moved when all of them have settled. A file that
 * was read when told was killed is read again: the database knows what it has.
 */
#ifndef TOLD_FEED_DIRECTORY_H
#define TOLD_FEED_DIRECTORY_H

#include "arrival.h"
#include "config.h"
#include "ingest_store.h"

struct feed_directory; /* all of this process */

struct feed_directory *feed_directory_new(struct ingest_store *store); /* borrowed */
void feed_directory_free(struct feed_directory *feeds);
void feed_directory_configure(struct feed_directory *feeds, const struct config *config);
/* Once a second: looks for files. is_away: the database cannot be reached, nothing is begun. */
void feed_directory_tick(struct feed_directory *feeds, const struct config *config, bool is_away, int64_t now_ms);
/* Something of a file has settled; the caller keeps it. */
void feed_directory_settle(struct feed_directory *feeds, const struct arrival *arrival);

#endif
