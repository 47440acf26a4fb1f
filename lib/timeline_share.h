/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that a source sends again whole: which share of each of them holds. Private to the timeline. */
#ifndef TOLD_TIMELINE_SHARE_H
#define TOLD_TIMELINE_SHARE_H

#include "told/timeline.h"

void timeline_share_join(struct timeline *t);

#endif
