/* SPDX-License-Identifier: Apache-2.0 */
/* Holding one event: what of it is immediate is told, the rest waits behind a hold until a person answers that. */
#ifndef TOLD_DECIDE_HOLD_H
#define TOLD_DECIDE_HOLD_H

#include "decide_apply.h"
#include "decide_brake.h"

struct decide_hold {
    enum brake_verdict verdict;
    int64_t id;             /* 0: none yet */
    struct brake_load load; /* for its reason */
    struct duty_made would; /* what it would make; counted from the decision where nobody has tried */
    char reason[64];        /* filled in: why the event is held */
};

/* What a decision comes to at most: whatever is there already counts too. */
struct duty_made decide_hold_count(const struct decide_input *input, const struct decision *decision);
/* Applies what is immediate and puts the event behind its hold; its state is the caller's to write. */
bool decide_hold_event(struct duty_store *s, const struct decide_subject *about, const struct decision *decision,
                       const struct decide_asking *asking, struct decide_hold *hold);
/* Asked before one question about who an event is about is opened: counts it and says false in *ret_held, or holds it. */
bool decide_hold_question(struct duty_store *s, struct decide_asking *asking, bool immediate, bool *ret_held);
/* Has some events of a hold that a person has answered taken up again, in one transaction. Returns how many, -1 when the
 * database failed. */
int decide_hold_wake_step(struct duty_store *s);
/* Nobody ever knew who it was about, and a person says that it may not be believed. */
bool decide_hold_forget(struct duty_store *s, int64_t event_id);

#endif
