/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm that ends because what it was about was answered by a command of its own. */
#ifndef TOLD_TOLDCTL_ALARM_H
#define TOLD_TOLDCTL_ALARM_H

#include "toldctl_answerer.h"

/* In a step. The operators' duty, where escalate has opened one, is recorded done with the note; without an open alarm of that
 * kind and key nothing happens. 0, an exit code after saying why, or TOLDCTL_DATABASE. */
int toldctl_alarm_close(struct toldctl *ctl, const struct answerer *who, const char *kind, const char *key, const char *note);

#endif
