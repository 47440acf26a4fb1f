/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First half of a decision: which child is a waiting event about? Foreign messages are turned into their events here
 * too. One process at a time does this (advisory lock), in order of arrival, so that whoever decides a child later
 * sees its events in that order.
 */
#ifndef TOLD_DECIDE_MATCH_H
#define TOLD_DECIDE_MATCH_H

#include "duty_store.h"

/* Matches at most `most` events in one transaction; only: this one and no other, 0: whatever waits. Returns how many, -1
 * when the database failed. */
int decide_match_step(struct duty_store *s, int most, int64_t only);

#endif
