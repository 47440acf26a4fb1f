/* SPDX-License-Identifier: Apache-2.0 */
/* What a sink wrote down: a numbered file for each thing it took, a line of NDJSON for each in LIST.ndjson,
 * whole lines only. Numbers go on where an earlier run in the same directory ended. Safe for several threads.
 */
#ifndef TOLD_SINK_STORE_H
#define TOLD_SINK_STORE_H

#include <jansson.h>
#include <stddef.h>

struct sink_store;

/* directory NULL: counts only. list "mails" with suffix "eml": DIR/mails.ndjson, DIR/mails/000001.eml. NULL
 * if it cannot be written to. */
struct sink_store *sink_store_new(const char *directory, const char *list, const char *suffix);
void sink_store_free(struct sink_store *store);
/* Takes over the object and adds "n" and "at" (real seconds since 1970). bytes NULL: no file. */
void sink_store_add(struct sink_store *store, json_t *object, const char *bytes, size_t len);
/* Things taken since sink_store_new. */
long sink_store_count(struct sink_store *store);

#endif
