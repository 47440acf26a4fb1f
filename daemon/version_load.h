/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol and calendar as a duty pinned them: from the database, by hash, never from the files, which have moved on.
 * NULL where that version cannot be had: then pg_status() is not PG_OK, or *ret_reason says what is wrong (caller frees).
 */
#ifndef TOLD_VERSION_LOAD_H
#define TOLD_VERSION_LOAD_H

#include "pg.h"
#include "told/calendar.h"
#include "told/protocol.h"

struct protocol *version_load_protocol(struct pg *pg, const char *hash, struct instant *ret_first_used_at, char **ret_reason);
/* ret_text (caller frees), ret_first_used_at: may be NULL. */
struct calendar *version_load_calendar(struct pg *pg, const char *hash, struct instant *ret_first_used_at, char **ret_text,
                                       char **ret_reason);

#endif
