/* SPDX-License-Identifier: Apache-2.0 */
/* A child's timeline from the database. Read under the lock on the child's row. */
#ifndef TOLD_TIMELINE_LOAD_H
#define TOLD_TIMELINE_LOAD_H

#include "pg.h"
#include "told/timeline.h"

/* False when the database failed; timeline_release() either way. */
bool timeline_load(struct timeline *t, struct pg *pg, int64_t child_id);

#endif
