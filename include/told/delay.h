/* SPDX-License-Identifier: Apache-2.0 */
/* Happened, recorded, received, opened: whose the time between them was. Pure text, in London's time, without a person. */
#ifndef TOLD_DELAY_H
#define TOLD_DELAY_H

#include "told/civil.h"

struct delay_times {
    struct instant happened; /* the event's own time */
    struct instant recorded; /* when the sender wrote it down; none: it does not say */
    struct instant received; /* when told stored it: where clocks start (A02) */
    struct instant opened;   /* when the duty came out of it */
    struct instant due;
};

#define DELAY_BEGINS "happened " /* how each such text begins */

/* "happened …, recorded by the sender …, received …: 7 days of delay were the sender's"; NULL where there is nothing to say:
 * it came within a day, was decided within the hour, and is not overdue. The caller frees. */
char *delay_text(const struct delay_times *times);

#endif
