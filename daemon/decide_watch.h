/* SPDX-License-Identifier: Apache-2.0 */
/* The moments that the store has to come back at: planned from a child's timeline, and made events when they come. */
#ifndef TOLD_DECIDE_WATCH_H
#define TOLD_DECIDE_WATCH_H

#include "duty_store.h"
#include "told/timeline.h"

/* Brings told.watch to what the child's events leave open by now. The child's row is locked. */
bool decide_watch_plan(struct duty_store *s, const struct timeline *t);
/* Makes events of the watches whose moment has come. Returns how many, -1 when the database failed. */
int decide_watch_come(struct duty_store *s);
/* The next moment; INSTANT_NONE where there is none. */
struct instant decide_watch_soonest(struct pg *pg);

#endif
