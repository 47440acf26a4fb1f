/* SPDX-License-Identifier: Apache-2.0 */
/* What a careful batch found of its events, and what each of them therefore is. */
#ifndef TOLD_INGEST_LOOKUP_H
#define TOLD_INGEST_LOOKUP_H

#include "ingest_step.h"

/* The epoch an arrival's sequence counts in. */
int64_t ingest_lookup_epoch(const struct ingest_batch *batch, const struct arrival *arrival);

/*
 * answer: a row for each event, in order: (source, id) is there; says the same; its (source, epoch, sequence) belongs to
 * another; these very bytes were quarantined before.
 * New ones become fresh, known ones do not, a contradiction becomes a refusal that freezes its feed, and what stands
 * behind it is cut off: it must be stored as held, in the next batch.
 */
void ingest_lookup_judge(struct ingest_batch *batch, const PGresult *answer);

#endif
