/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a telling that did not arrive does to the climb: the next step is due now, not after its dwell. A server's "no", a
 * bounce days later and an out-of-office all come here. The caller has locked the duty's row, and its notifications after it.
 */
#ifndef TOLD_UNTOLD_H
#define TOLD_UNTOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "pg.h"

struct untold {
    struct pg *pg;
    struct instant now;
    bool escalate; /* a line must climb at once: escalate is to be woken */
};

/* The role could not be reached at this step. Only the step told last is hurried, and only where another is above it: the
 * top stays at its dwell, and the operators look. */
bool untold_line(struct untold *u, int64_t duty_id, int line, int step);
/* A notification has failed: hurries the lines that this leaves untold, its own and those that gave way to it, unless another
 * channel of the same rung may still reach, or has reached, their role. */
bool untold_failed(struct untold *u, const char *notification, int64_t duty_id, int step);
/* A server took it, and whoever it was for does not read it: the same lines climb sooner, whatever channel reached them. At
 * the top nothing can be sooner, and nobody is alarmed. *ret_count: lines that move. */
bool untold_unread(struct untold *u, const char *notification, int64_t duty_id, int step, int *ret_count);
/* It was sent, and came back: the lines that only it had reached are not reached, and the duty is told no more. Before
 * untold_failed, and after the notification has its state. */
bool untold_reached_no_more(struct untold *u, const char *notification, int64_t duty_id);

#endif
