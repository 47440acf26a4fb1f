/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event that retracts or amends names an earlier one of its source, and by that it says whom it is about:
 *
 *   it retracts    that event is taken back wherever it stands, whatever the two say of the person
 *   it amends      it is about the same child where it says the same of the person, or nothing; where it says for certain
 *                  that it is another one, what was told of the earlier event is recalled
 */
#ifndef TOLD_DECIDE_FOLLOW_H
#define TOLD_DECIDE_FOLLOW_H

#include "duty_store.h"
#include "told/event.h"
#include "told/identity.h"

struct decide_following {
    int64_t event_id;
    const struct event *event;
    const struct person *person;
    bool taken_back; /* a match of it was taken back */
};

/* Between judging and settling an event that names an earlier one. *result becomes certain where the earlier one says so;
 * *ret_done: nothing is left to settle; *ret_joins: the earlier one is still a question, and this one belongs to it, or 0.
 * False only when the database failed. */
bool decide_follow(struct duty_store *s, const struct decide_following *w, struct identity_result *result, bool *ret_done,
                   int64_t *ret_joins);
/* Those that waited for an event that has come meanwhile, to whatever child, are matched again. */
bool decide_follow_wake(struct duty_store *s);
/* While a child is decided: whether the event that this one amends stands with another child, or nobody's. It is taken back
 * there. */
bool decide_follow_elsewhere(struct duty_store *s, const struct event *event, int64_t event_id, int64_t child_id,
                             bool *ret_elsewhere);

#endif
