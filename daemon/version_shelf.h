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

#endif
