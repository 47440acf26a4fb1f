/* SPDX-License-Identifier: Apache-2.0 */
/* Stored events as commands need them. */
#ifndef TOLD_TOLDCTL_EVENT_H
#define TOLD_TOLDCTL_EVENT_H

#include "told/event.h"
#include "toldctl.h"

/* 0 and the event parsed (caller frees), an exit code after saying why, or TOLDCTL_DATABASE. */
int toldctl_event_load(struct toldctl *ctl, int64_t event_id, struct event **ret);
/* The event waits to be decided, whatever was said of it; it was decided or in review before. */
bool toldctl_event_again(struct toldctl *ctl, int64_t event_id, const char *reason);

#endif
