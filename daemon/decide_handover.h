/* SPDX-License-Identifier: Apache-2.0 */
/* Another authority is designated by the court: open clocks are handed over with their dates (protocol.md section 6, 9). */
#ifndef TOLD_DECIDE_HANDOVER_H
#define TOLD_DECIDE_HANDOVER_H

#include "duty_store.h"
#include "told/timeline.h"

/* Where the event gives the child to another authority and duties are open here: a person is asked to hand each over with
 * its date. They stay open until somebody says that it was done. */
bool decide_handover(struct duty_store *s, const struct timeline *t, const struct timeline_event *e);

#endif
