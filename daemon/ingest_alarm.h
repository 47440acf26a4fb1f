/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators must hear of one batch: refusals, equivocation, gaps and epochs of greetings. */
#ifndef TOLD_INGEST_ALARM_H
#define TOLD_INGEST_ALARM_H

#include "ingest_step.h"

/* Builds batch->alarms and batch->gaps anew from those given and from what the batch has found. */
void ingest_alarm_collect(struct ingest_batch *batch);
/* A gap is stated and alarmed in one. */
void ingest_alarm_gap(struct alarm_list *alarms, struct gap_list *gaps, const struct gap *gap);

#endif
