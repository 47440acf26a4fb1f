/* SPDX-License-Identifier: Apache-2.0 */
/* How a clock was counted, day by day. */
#ifndef TOLD_LIB_DEADLINE_TRAIL_H
#define TOLD_LIB_DEADLINE_TRAIL_H

#include "deadline.h"

/* {"from", "on", "counted": [days], "skipped": [{"on", "because"}], "moved_back": [{"on", "because"}]}; {} where nothing
 * is counted in days, or where the clock is unknown. New reference. */
json_t *deadline_trail(const struct deadline *deadline, const struct calendar *calendar, struct term_scope *scope,
                       const struct deadline_due *due);

#endif
