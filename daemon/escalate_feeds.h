/* SPDX-License-Identifier: Apache-2.0 */
/* What the clock and the holds say of the feeds: alarms that are raised here, and cleared here when a feed comes back. */
#ifndef TOLD_ESCALATE_FEEDS_H
#define TOLD_ESCALATE_FEEDS_H

#include "duty_store.h"

/* Every open hold has its open alarm, also after somebody has called that one done. False when the database failed. */
bool escalate_feeds_holds(struct duty_store *s);

/* The roles that get a copy of an alarm which states a gap of a feed; 0 of any other. */
size_t escalate_feeds_teams(const struct config *config, const char *kind, const char *key, const char *ret[DUTY_LINES_MOST]);

#endif
