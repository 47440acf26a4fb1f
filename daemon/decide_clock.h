/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that move (A15, A28): a date that an open duty counts from, or the calendar. Both dates stay in the journal;
 * where the new one has passed, the climb begins at once; what has climbed is not taken back.
 */
#ifndef TOLD_DECIDE_CLOCK_H
#define TOLD_DECIDE_CLOCK_H

#include "duty_store.h"
#include "told/timeline.h"

/* Works the open duties of a child out again: of a new calendar all of them, else those that follow the release date. */
bool decide_clock_child(struct duty_store *s, const struct timeline *t, bool calendar_changed);
/* This process has loaded the configured calendar: from now on it is the one in force. */
bool decide_clock_enforce(struct duty_store *s);
/* Has the open clocks that were counted by another calendar counted again: an event of told's own for each child.
 * Returns how many were begun, -1 when the database failed. */
int decide_clock_sweep(struct duty_store *s);

#endif
