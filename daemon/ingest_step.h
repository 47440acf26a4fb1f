/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of one ingest transaction, one step each: whether it is due, its parameters, what its answer means. */
#ifndef TOLD_INGEST_STEP_H
#define TOLD_INGEST_STEP_H

#include "alarm_list.h"
#include "arrival.h"
#include "clock.h"
#include "cursor.h"
#include "gap_list.h"
#include "ingest_link.h"

enum step_name {
    STEP_CLOCK,    /* a demonstration's time, before each batch */
    STEP_BEGIN,
    STEP_CLASSIFY, /* careful only: is it there, and does it say the same */
    STEP_RANGES,   /* of a greeting: what is stored behind its cursor */
    STEP_GREET,
    STEP_ROLL,     /* which sources a feed has had */
    STEP_EVENTS,
    STEP_REFUSED,
    STEP_FREEZE,
    STEP_ALARMS,
    STEP_GAPS,     /* gap statements */
    STEP_CURSORS,
    STEP_NUMBERS,  /* of events that were known under another one */
    STEP_HEARD,
    STEP_NOTIFY,
    STEP_COMMIT,
    STEP_COUNT,
};

enum step_verdict {
    STEP_ON,
    STEP_AGAIN,   /* a row was there after all: roll back, look each event up */
    STEP_UNKNOWN, /* a commit without a clear yes */
};

/* What a source was told when it greeted. */
struct batch_greeting {
    int64_t epoch, settled;
    bool was_known;
    int64_t was_epoch, was_settled;
    struct { int64_t first, last; } *ranges; /* owned */
    size_t range_count;
};

/* Shared by ingest_batch.c, which owns it, and the steps, which fill it in. */
struct ingest_batch {
    struct clock *clock;
    struct cursor_table *cursors;
    bool notify;
    bool clock_asked, is_story; /* of this connection */
    struct arrival **arrivals;  /* owned, in order of arrival */
    bool *fresh;                /* beside it: goes into told.event in this transaction */
    size_t count, bytes;
    struct arrival_queue cut; /* behind an equivocation: waits until the feed is frozen */
    struct alarm_list given;  /* raised elsewhere */
    struct alarm_list alarms; /* those, and what this batch itself raises */
    struct gap_list given_gaps, gaps; /* the same of gap statements */
    char **heard;             /* feeds; owned */
    size_t heard_count;
    struct batch_greeting greeting;
    bool careful;
    int tries;
    size_t stored;
    enum step_name step;
    char at[INSTANT_TEXT_SIZE]; /* told's time, once for the whole batch */
    struct param params[PARAM_MOST];
};

/* The first due step from `from` on; STEP_COUNT when there is nothing to do at all. */
enum step_name ingest_step_due(struct ingest_batch *batch, enum step_name from);
const struct link_statement *ingest_step_fill(struct ingest_batch *batch, enum step_name step);
enum step_verdict ingest_step_take(struct ingest_batch *batch, enum step_name step, const PGresult *answer, bool warned);

#endif
