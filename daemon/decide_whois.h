/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of an event of which nobody can say for certain whom it is about: a person is asked, and the clock has been
 * running since the receipt. Nothing here names anybody. */
#ifndef TOLD_DECIDE_WHOIS_H
#define TOLD_DECIDE_WHOIS_H

#include "decide_hold.h"
#include "told/identity.h"

struct decide_whois {
    int64_t event_id;
    struct instant received_at;
    const struct event *event;
    const struct person *person;
    const struct identity_result *result; /* doubtful or none */
    bool taken_back; /* a match of it was taken back: a person is asked, whatever fits */
    int64_t joins;   /* the event that it amends, whose open question is this one's too; 0: none */
    struct decide_asking asking; /* a question is a duty: the brake may hold it */
};

/* Doubtful: a match review. None: an unknown-child duty, or, for somebody of 18 or over, decided. False only when the
 * database failed. */
bool decide_whois(struct duty_store *s, const struct decide_whois *w);

#endif
