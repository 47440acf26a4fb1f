/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators must hear of one batch: refusals, equivocation, gaps and epochs of greetings. */
#ifndef TOLD_INGEST_ALARM_H
#define TOLD_INGEST_ALARM_H

#include "ingest_step.h"

/* Builds batch->alarms anew from those given and from what the batch has found. */
void ingest_alarm_collect(struct ingest_batch *batch);
/* The detail of a gap of a source: what is missing, and who can close it. The caller frees. */
char *ingest_alarm_gap_text(int64_t epoch, int64_t from);

#endif
