/* SPDX-License-Identifier: Apache-2.0 */
/* feeds gaps, feeds close-gap: the gap statements, and the person who says that one will never be filled. */
#ifndef TOLD_TOLDCTL_FEED_GAP_H
#define TOLD_TOLDCTL_FEED_GAP_H

#include "toldctl.h"

int toldctl_feed_gap_list(struct toldctl *ctl);
/* which: the number of one, or a source or a feed: all of its open ones. */
int toldctl_feed_gap_close(struct toldctl *ctl, const char *which, const char *note);

#endif
