/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is stored about one child, in the order in which it became true: of two facts the later valid-from holds,
 * never the later arrival.
 */
#ifndef TOLD_TIMELINE_H
#define TOLD_TIMELINE_H

#include "told/decide.h"

enum timeline_state {
    TIMELINE_WAITING,
    TIMELINE_DECIDED, /* or in review: it was decided at least once */
    TIMELINE_HELD,    /* by a frozen feed or the brake, or because the event it amends or retracts has not come yet */
    TIMELINE_OUT,     /* quarantined or retracted: says nothing */
};

enum timeline_hold {
    TIMELINE_HOLD_NONE,
    TIMELINE_HOLD_OPEN,     /* the fan-out brake holds it */
    TIMELINE_HOLD_RELEASED, /* it did: a person says that it may be believed */
    TIMELINE_HOLD_VOID,     /* it did: a person says that it may not */
};

struct timeline_event {
    int64_t event_id;
    int64_t parent_id; /* the foreign message it was made from; 0: it came as it is */
    char *feed;
    struct event *event;
    struct event *unanswered; /* as it came, where a person has answered what it left out; else NULL */
    struct instant received_at;
    struct instant valid_from;
    enum timeline_state state;
    enum timeline_hold hold;
    bool stands_alone; /* what it amends stands with another child, and is taken back there */
    bool frozen;   /* held by its feed or the brake, until a person has it decided */
    int64_t replaced_by; /* as stored: the event that stands in its place; 0: none */
    char *outcome; /* digest of what it was last decided to mean, or NULL */
    const char *silent; /* why it says nothing beside another share of the same statement (a constant), or NULL */
    int64_t left_out_by; /* the message that shares the hearing again without it; 0: none does */
};

/* A statement that came by import or answer. */
struct timeline_fact {
    struct instant valid_from;
    char *field; /* of facts_set; or NULL: an allocation */
    json_t *value;
    char *role;   /* "*" with person NULL: known that nobody holds any role */
    char *person; /* or NULL */
    int64_t number; /* of its row in told.child_status or told.child_allocation */
    bool is_answer; /* else an import */
    char *recorded_by;
    struct instant recorded_at;
};

/* Which event amends which, by index. */
struct timeline_amendment {
    size_t by, of;
};

struct timeline {
    int64_t child_id;
    char *born_on; /* or NULL */
    struct timeline_event *events; /* in order of valid_from, time, received_at, number */
    size_t count;
    struct timeline_amendment *amendments; /* of events that are there both */
    size_t amendment_count;
    struct timeline_fact *facts; /* statements from imports and answers, in order of valid_from */
    size_t fact_count;
};

enum timeline_hold timeline_hold_of(const char *state); /* "open" "released" "void"; NULL: none */
/* Puts the events into their order, once they are all there. */
void timeline_order(struct timeline *t);
void timeline_release(struct timeline *t);
/* Forgets what was recorded after `at`: the timeline as it was then, as far as it is still stored. */
void timeline_as_of(struct timeline *t, struct instant at);

/* What one event of the timeline (by index) is decided on: the facts just before it and the events it looks back at, of
 * what is known so far: the events that are decided already. */
struct timeline_view {
    struct facts *facts;
    struct decide_past *history;
    size_t history_count;
};
void timeline_view(const struct timeline *t, size_t index, struct timeline_view *ret);
/* The same, watched: after each statement is taken, `facts` is what is known so far; one of fact and event is NULL. */
typedef void timeline_step_fn(void *cookie, const struct facts *facts, const struct timeline_fact *fact,
                              const struct timeline_event *event);
void timeline_view_stepwise(const struct timeline *t, size_t index, struct timeline_view *ret, timeline_step_fn *step,
                            void *cookie);
/* All that was heard by now, without facts: no event is decided on it, but a date that moves may have been said last. */
void timeline_view_all(const struct timeline *t, struct timeline_view *ret);
void timeline_view_release(struct timeline_view *view);
/* Whether an amendment stands in the place of this event: what it said holds no more. */
bool timeline_is_replaced(const struct timeline *t, size_t index);
int64_t timeline_replaced_by(const struct timeline *t, size_t index); /* that amendment, as it should be stored; 0: none */
/* The event that ends an open duty of `rule` with these grounds (numbers of events): one that was heard and happened since
 * they did, whatever came first. A ground that happened after it and shows something else keeps the duty open. only:
 * whether it is this one; NULL: any. NULL if none does. */
const struct timeline_event *timeline_closer(const struct timeline *t, const struct rule *rule, const int64_t *grounds,
                                             size_t ground_count, const struct timeline_event *only,
                                             enum decide_close *ret_how);
/* How the events stand, to go back to when what they were decided to is undone. */
struct timeline_mark {
    enum timeline_state *states;
    char **outcomes;
    size_t count;
};
void timeline_mark(const struct timeline *t, struct timeline_mark *ret);
void timeline_back(struct timeline *t, const struct timeline_mark *mark);
void timeline_mark_release(struct timeline_mark *mark); /* a zeroed one is fine */
/* The index of the waiting event that arrived first, or count if none waits. */
size_t timeline_next_waiting(const struct timeline *t);

#endif
