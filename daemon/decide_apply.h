/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision writes: duties opened, joined or changed, and the one review of what could not be decided. */
#ifndef TOLD_DECIDE_APPLY_H
#define TOLD_DECIDE_APPLY_H

#include "duty_store.h"

struct decide_subject {
    int64_t child_id;
    int64_t event_id;
    const struct event *event;
    const struct decide_input *input;
};

/* False only when the database failed. *ret_open: duties opened now. */
bool decide_apply(struct duty_store *s, const struct decide_subject *about, const struct decision *decision, int *ret_opened);
/* What only has to be on record, one row of the journal for each duty. Once for an event: when it is first decided. */
bool decide_apply_records(struct duty_store *s, const struct decide_subject *about, const struct decision *decision);
/* After a late fact: duties this event opened that would no longer come out stay open, and a person is asked. */
bool decide_apply_vanished(struct duty_store *s, const struct decide_subject *about, const struct decision *decision);

/* After an amendment: about is the event it amends, decision the amendment's. The question that the one asked is closed;
 * duties that the other does not make stay open, and a person is asked. */
bool decide_apply_replaced(struct duty_store *s, const struct decide_subject *about, const struct decision *decision);

#endif
