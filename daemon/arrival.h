/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that came in at a feed, on its way to the database and back to whoever waits for the answer. */
#ifndef TOLD_ARRIVAL_H
#define TOLD_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "told/instant.h"

enum arrival_kind {
    ARRIVAL_EVENT,    /* understood: a row of told.event */
    ARRIVAL_REFUSED,  /* not understood or not allowed: a row of told.quarantine, with `reason` */
    ARRIVAL_GREETING, /* a source introduces itself: where does its cursor stand */
    ARRIVAL_BEACON,   /* a broadcast source says how far it has come */
    ARRIVAL_ROLL,     /* which sources a feed has had: `names` when it has settled */
};

enum arrival_outcome {
    ARRIVAL_WAITING,
    ARRIVAL_STORED,     /* committed now, or known before with the same content */
    ARRIVAL_QUARANTINED,
    ARRIVAL_WELCOMED,   /* a greeting: `sequence` is the next one wanted */
    ARRIVAL_STALE,      /* a greeting with an epoch lower than a known one */
};

#define ARRIVAL_EPOCH_OF_CURSOR (-1) /* a broadcast event does not say its epoch: the cursor knows it */
#define ARRIVAL_NAME_MOST 512        /* bytes of a source or an id: both stand in an index */

struct arrival {
    struct arrival *next; /* of the queue that owns it */
    enum arrival_kind kind;
    enum arrival_outcome outcome;
    uint64_t peer;    /* number of the peer that waits for the answer; 0: nobody does */
    uint64_t round;   /* of a replay, or of a file, that waits for it; 0: none */
    char *feed;
    char *source;     /* or NULL, where it cannot be known */
    char *id;         /* or NULL */
    char *type;       /* of an event */
    char *topic;      /* heard from a subscription and kept by nobody but us; else NULL */
    int64_t epoch;
    int64_t sequence; /* greeting: the first unacknowledged; beacon: the last */
    int64_t oldest;   /* beacon: what the publisher still has */
    bool has_replay;  /* greeting: what the source had before can be asked for */
    bool has_sequence;
    bool settles;     /* its sequence counts towards the cursor of its source */
    bool freezes;     /* equivocation: with it the feed is frozen */
    bool nameless;    /* refused by the database itself: its row goes without source, id and sequence */
    bool is_drained;  /* from the spool, which keeps it until it has settled */
    bool is_spooled;  /* in flight, and a copy of it is in the spool by now */
    bool alone;       /* the database refused a batch with it: goes in a transaction of its own */
    struct instant occurred_at;
    struct instant received_at; /* when it became durable elsewhere (the spool); none: with its row */
    char digest[65];
    char sha256[65];  /* of the bytes; for what is refused */
    char *reason;
    char **names;     /* NULL-terminated, or NULL */
    char *bytes;      /* as received */
    size_t len;
};

struct arrival_queue {
    struct arrival *first, *last; /* owned */
    size_t count;
    size_t bytes;
};

struct arrival *arrival_new(enum arrival_kind kind, const char *feed, uint64_t peer);
void arrival_free(struct arrival *arrival);
/* Makes a refusal of it; takes over the reason. */
void arrival_refuse(struct arrival *arrival, char *reason);

void arrival_queue_put(struct arrival_queue *queue, struct arrival *arrival); /* takes it over */
/* Puts the whole of `front` before what waits; front is empty afterwards. */
void arrival_queue_return(struct arrival_queue *queue, struct arrival_queue *front);
struct arrival *arrival_queue_take(struct arrival_queue *queue); /* the caller owns it; NULL when empty */
/* Moves what has a topic to the end of `ret`, in order; the rest stays. */
void arrival_queue_recall(struct arrival_queue *queue, struct arrival_queue *ret);
void arrival_queue_release(struct arrival_queue *queue);

#endif
