/* SPDX-License-Identifier: Apache-2.0 */
/* Old protocols that open duties still pin, each read from the database once. Of one thread. */
#ifndef TOLD_VERSION_SHELF_H
#define TOLD_VERSION_SHELF_H

#include "version_load.h"

struct version_shelf;

struct version_shelf *version_shelf_new(void);
void version_shelf_free(struct version_shelf *shelf);
/* Borrowed until the shelf is freed. NULL, with *ret_ok true, where that version cannot be read again (logged once); with
 * *ret_ok false when the database failed. */
const struct protocol *version_shelf_protocol(struct version_shelf *shelf, struct pg *pg, const char *hash, bool *ret_ok);

/* The same for a calendar. */
const struct calendar *version_shelf_calendar(struct version_shelf *shelf, struct pg *pg, const char *hash, bool *ret_ok);
/* A rule as a duty pinned it, by the protocol in use where that is the one. NULL and false as above. */
const struct rule *version_shelf_rule(struct version_shelf *shelf, struct pg *pg, const struct protocol *in_use, const char *hash,
                                      const char *name, bool *ret_ok);

#endif
