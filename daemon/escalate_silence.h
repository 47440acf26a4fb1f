/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds that say nothing for longer than their calendar allows: noticed once by whichever process, and ended when they are
 * heard again, with a statement of what was unheard. */
#ifndef TOLD_ESCALATE_SILENCE_H
#define TOLD_ESCALATE_SILENCE_H

#include "duty_store.h"

/* started_at: since when this process watches, in told's time; what was silent while nobody listened gets some minutes to
 * come back. One transaction a change. False when the database failed. */
bool escalate_silence_step(struct duty_store *s, struct instant started_at);

#endif
