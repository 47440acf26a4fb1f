/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction of ingest: what it holds and how it ends. It talks to nobody: ingest_store sends the statements and
 * brings the answers.
 *
 * Fast:    begin · events · refused · alarms · cursors · commit, if every event went in.
 * Careful: begin · look each one up · only what is new · … · commit, after a row was found there.
 */
#ifndef TOLD_INGEST_BATCH_H
#define TOLD_INGEST_BATCH_H

#include "alarm_list.h"
#include "arrival.h"
#include "clock.h"
#include "cursor.h"
#include "gap_list.h"
#include "ingest_link.h"

struct ingest_batch;

enum batch_verdict {
    BATCH_ON,      /* the next step */
    BATCH_AGAIN,   /* roll back; it begins anew, carefully */
    BATCH_UNKNOWN, /* no clear yes to the commit, or no end in sight: give the connection up, acknowledge nothing */
    BATCH_DONE,    /* committed: let it settle */
};

/* notify: decide runs elsewhere and is told by an empty NOTIFY (trap 19: a hint, at most one a batch). */
struct ingest_batch *ingest_batch_new(struct clock *clock, struct cursor_table *cursors, bool notify);
void ingest_batch_free(struct ingest_batch *batch);

/* What waits for a transaction. */
struct ingest_waiting {
    struct arrival_queue arrivals;
    struct alarm_list alarms;
    struct gap_list gaps;
};

/* Takes what may go in one transaction from the front of the arrivals, all alarms and gaps, and what was heard. False:
 * nothing is there to do. */
bool ingest_batch_fill(struct ingest_batch *batch, struct ingest_waiting *waiting, int most);
void ingest_batch_hear(struct ingest_batch *batch, const char *feed); /* told.feed_state.heard_at: with the next fill */
bool ingest_batch_is_filled(const struct ingest_batch *batch);
struct arrival *ingest_batch_at(struct ingest_batch *batch, size_t i); /* NULL beyond the last */
size_t ingest_batch_bytes(const struct ingest_batch *batch);

/* The statement that comes next, its parameters filled in; NULL: nothing of it concerns the database. */
const struct link_statement *ingest_batch_next(struct ingest_batch *batch, struct param **ret_params);
enum batch_verdict ingest_batch_answer(struct ingest_batch *batch, const PGresult *answer, bool warned);
/* The database gave way to another transaction (40001, 40P01): the whole step again. */
enum batch_verdict ingest_batch_repeat(struct ingest_batch *batch);
/* The database refused something in it as bad data: from now on each goes alone, and one that was alone already becomes
 * a refusal without a name. To be returned after this. False if even that was refused. */
bool ingest_batch_isolate(struct ingest_batch *batch, const char *sqlstate);
/* The outcome is unknown or bad: all of it goes back to where it came from, in order. */
void ingest_batch_return(struct ingest_batch *batch, struct ingest_waiting *waiting);
/* A new connection: whether it leads to a demonstration has to be asked again. */
void ingest_batch_forget_clock(struct ingest_batch *batch);
/* After BATCH_DONE: moves what has settled; what was cut off goes back to waiting. True if decide has something new. */
bool ingest_batch_settle(struct ingest_batch *batch, struct arrival_queue *settled, struct arrival_queue *waiting);

#endif
