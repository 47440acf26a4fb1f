/* SPDX-License-Identifier: Apache-2.0 */
/* Waking the next stage: an eventfd where it runs in this process, else an empty NOTIFY, at most one a step. */
#ifndef TOLD_STAGE_WAKE_H
#define TOLD_STAGE_WAKE_H

#include "pg.h"
#include "stage.h"

/* Listens on this stage's channel over its own connection and takes what has come; called at the head of each tick. */
void stage_wake_listen(struct stage *stage, struct pg *pg);
/* After a commit. Lost or late is no harm: the poll is the truth. */
void stage_wake_next(struct stage *stage, struct pg *pg, enum stage_name next);

#endif
