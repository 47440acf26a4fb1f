/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_lookup.h"

#include <string.h>

#include "pg.h"
#include "told/mem.h"

/*
 * wire.md: "Same (source, epoch, sequence) with the same body: acknowledged again. Same (source, id) under another
 * sequence or epoch, equal as JSON but for sequence, recordedtime, traceparent: acknowledged, no new duty. Different in
 * either case: equivocation."
 */
enum lookup_verdict {
    LOOKUP_FRESH,
    LOOKUP_KNOWN,
    LOOKUP_REFUSED_BEFORE, /* said again because our answer got lost: no new alarm, no second freezing */
    LOOKUP_OTHER_CONTENT,
    LOOKUP_OTHER_ID,
};

int64_t ingest_lookup_epoch(const struct ingest_batch *batch, const struct arrival *arrival)
{
    const struct cursor *cursor;

    if (arrival->epoch != ARRIVAL_EPOCH_OF_CURSOR)
        return arrival->epoch;
    cursor = arrival->source != NULL ? cursor_find(batch->cursors, arrival->source) : NULL;
    return cursor != NULL ? cursor_epoch(cursor) : 0;
}

static enum lookup_verdict lookup_row(const PGresult *answer, int row)
{
    bool is_there = pg_column_bool(answer, row, 0);
    bool is_same = pg_column_bool(answer, row, 1);
    bool is_taken = pg_column_bool(answer, row, 2);

    if (is_there && is_same && !is_taken)
        return LOOKUP_KNOWN;
    if (!is_there && !is_taken)
        return LOOKUP_FRESH;
    if (pg_column_bool(answer, row, 3))
        return LOOKUP_REFUSED_BEFORE;
    return is_there && !is_same ? LOOKUP_OTHER_CONTENT : LOOKUP_OTHER_ID;
}

/* Against one that stands before it in the same batch, and is not in the database yet. */
static enum lookup_verdict lookup_pair(const struct ingest_batch *batch, const struct arrival *a, const struct arrival *b)
{
    bool same_number;

    if (strcmp(a->source, b->source) != 0)
        return LOOKUP_FRESH;
    if (strcmp(a->id, b->id) == 0)
        return strcmp(a->digest, b->digest) == 0 ? LOOKUP_KNOWN : LOOKUP_OTHER_CONTENT;
    same_number = a->has_sequence && b->has_sequence && a->sequence == b->sequence &&
                  ingest_lookup_epoch(batch, a) == ingest_lookup_epoch(batch, b);
    return same_number ? LOOKUP_OTHER_ID : LOOKUP_FRESH;
}

static enum lookup_verdict lookup_before(const struct ingest_batch *batch, size_t at)
{
    enum lookup_verdict verdict = LOOKUP_FRESH;

    for (size_t i = 0; i < at && verdict == LOOKUP_FRESH; i++)
        if (batch->arrivals[i]->kind == ARRIVAL_EVENT && batch->fresh[i])
            verdict = lookup_pair(batch, batch->arrivals[i], batch->arrivals[at]);
    return verdict;
}

static void lookup_cut(struct ingest_batch *batch, size_t count)
{
    for (size_t i = count; i < batch->count; i++) {
        batch->bytes -= batch->arrivals[i]->len;
        arrival_queue_put(&batch->cut, batch->arrivals[i]);
    }
    batch->count = count;
}

static void lookup_refuse(struct arrival *arrival, enum lookup_verdict verdict)
{
    arrival_refuse(arrival, mem_copy(verdict == LOOKUP_OTHER_ID
                                         ? "equivocation: this source, epoch and sequence are another event's"
                                         : "equivocation: an event of this source and id says something else"));
    arrival->freezes = verdict != LOOKUP_REFUSED_BEFORE;
}

void ingest_lookup_judge(struct ingest_batch *batch, const PGresult *answer)
{
    int row = 0;

    for (size_t i = 0; i < batch->count; i++) {
        struct arrival *arrival = batch->arrivals[i];
        enum lookup_verdict verdict;

        if (arrival->kind != ARRIVAL_EVENT)
            continue;
        verdict = lookup_row(answer, row++);
        if (verdict == LOOKUP_FRESH)
            verdict = lookup_before(batch, i);
        batch->fresh[i] = verdict == LOOKUP_FRESH;
        if (verdict > LOOKUP_KNOWN)
            lookup_refuse(arrival, verdict);
        if (arrival->freezes)
            lookup_cut(batch, i + 1);
    }
}
