/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is stored about one child, in the order in which it became true: of two facts the later valid-from holds,
 * never the later arrival. Read under the lock on the child's row.
 */
#ifndef TOLD_TIMELINE_H
#define TOLD_TIMELINE_H

#include "pg.h"
#include "told/decide.h"

enum timeline_state {
    TIMELINE_WAITING,
    TIMELINE_DECIDED, /* or in review: it was decided at least once */
    TIMELINE_HELD,    /* by a frozen feed, or because the event it amends or retracts has not come yet */
    TIMELINE_OUT,     /* quarantined or retracted: says nothing */
};

struct timeline_event {
    int64_t event_id;
    struct event *event;
    struct instant received_at;
    struct instant valid_from;
    enum timeline_state state;
    char *outcome; /* digest of what it was last decided to mean, or NULL */
};

struct timeline {
    int64_t child_id;
    char *born_on; /* or NULL */
    struct timeline_event *events; /* in order of valid_from, received_at, number */
    size_t count;
    struct timeline_fact *facts; /* statements from imports and answers, in order of valid_from */
    size_t fact_count;
};

/* False when the database failed. */
bool timeline_load(struct timeline *t, struct pg *pg, int64_t child_id);
void timeline_release(struct timeline *t);

/* What one event of the timeline (by index) is decided on: the facts just before it and the events it looks back at, of
 * what is known so far: the events that are decided already. */
struct timeline_view {
    struct facts *facts;
    struct decide_past *history;
    size_t history_count;
};
void timeline_view(const struct timeline *t, size_t index, struct timeline_view *ret);
void timeline_view_release(struct timeline_view *view);
/* The index of the waiting event that arrived first, or count if none waits. */
size_t timeline_next_waiting(const struct timeline *t);

#endif
