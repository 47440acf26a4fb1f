/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fan-out brake within one transaction of decide: what each feed and each foreign message has made, what holds are
 * open, and what this transaction adds. Counts are read without a lock and added at the end; where another process has
 * added meanwhile and both together are too many, the whole step is done again on the new counts.
 */
#ifndef TOLD_DECIDE_BRAKE_H
#define TOLD_DECIDE_BRAKE_H

#include "duty_store.h"
#include "told/timeline.h"
#include "told/brake.h"

/* Who asks: an event that has not been decided before. */
struct decide_asking {
    int64_t event_id;
    int64_t parent_id; /* the message it is part of; 0: it is one by itself */
    const char *feed;
    struct instant received_at;
    enum timeline_hold hold; /* of the event itself */
};

struct decide_brake_state {
    struct brake_load load;
    enum timeline_hold hold; /* of the event, its message or its feed: the one that counts */
    int64_t hold_id;         /* OPEN: which one; 0: it is still to be made */
};

struct decide_brake *decide_brake_new(void);
void decide_brake_free(struct decide_brake *brake);
/* At the head of each transaction: nothing is known yet. */
void decide_brake_begin(struct decide_brake *brake);
/* False when the database failed. */
bool decide_brake_look(struct duty_store *s, const struct decide_asking *asking, struct decide_brake_state *ret);
/* What the event has made counts. */
void decide_brake_count(struct duty_store *s, const struct decide_asking *asking, const struct duty_made *made);
/* Puts the event behind the open hold of its message or feed, which is made where there is none. False when the database
 * failed or the step must be done again. */
bool decide_brake_hold(struct duty_store *s, const struct decide_asking *asking, enum brake_verdict verdict, const char *reason,
                       const struct duty_made *would, int64_t *ret_hold);

/* Before the commit: adds what was counted. False when the database failed or the step must be done again. */
bool decide_brake_settle(struct duty_store *s);
/* The step must be done again, and every event of it gets a savepoint then … */
void decide_brake_again(struct decide_brake *brake);
void decide_brake_rest(struct decide_brake *brake); /* … until it has succeeded */
bool decide_brake_is_careful(const struct decide_brake *brake);
/* Whether the step that has just failed is only to be done again. */
bool decide_brake_is_again(const struct decide_brake *brake);

#endif
