/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `toldctl feeds`. argv[0] is the word after it; each returns the exit code. */
#ifndef TOLD_TOLDCTL_FEEDS_H
#define TOLD_TOLDCTL_FEEDS_H

#include "toldctl.h"

int toldctl_feeds_state(struct toldctl *ctl);                            /* (nothing): how each feed stands */
int toldctl_feeds_account(struct toldctl *ctl, const char *day, const char *feed); /* --day DAY [FEED] */
int toldctl_feeds_count(struct toldctl *ctl, int argc, char **argv);     /* count FEED DAY N --note TEXT */
int toldctl_feeds_holds(struct toldctl *ctl, int argc, char **argv);     /* holds [--all] */
int toldctl_feeds_release(struct toldctl *ctl, int argc, char **argv);   /* release HOLD [--note TEXT] */
int toldctl_feeds_void(struct toldctl *ctl, int argc, char **argv);      /* void HOLD --reason TEXT [--all] */
int toldctl_feeds_silences(struct toldctl *ctl, int argc, char **argv);  /* silences [FEED] */

#endif
