/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decided duty does to the duties a child has already: whether it is one of them again, changed or not, or a new
 * one (same child, rule and key). A function of its arguments; whoever keeps the duties carries it out.
 */
#ifndef TOLD_LEDGER_H
#define TOLD_LEDGER_H

#include "told/decide.h"

/* A duty of the same child, rule and key. */
struct ledger_duty {
    int64_t duty_id;
    const char *case_ref; /* or NULL */
    int occurrence;
    bool closed;
    bool grounded;     /* the event is one of its grounds already */
    bool newer;        /* another ground, which the event does not amend, happened after it: what that one shows, holds */
    const char *shows; /* as last told */
    struct instant received_at; /* of its first ground: where its clock starts */
};

/* The one among them that an event of that case (or NULL) is about; NULL: none. An event without a case joins the open
 * duty that has one, and the other way round. */
const struct ledger_duty *ledger_same(const struct ledger_duty *duties, size_t count, const char *case_ref);

/* What is to be done; all zero: nothing. */
struct ledger_entry {
    int occurrence; /* to be opened; 0: none */
    bool joins;     /* the event becomes one more of its grounds */
    bool changes;   /* what its reader must know has changed */
    bool tells;     /* those who were told are told again, of this: */
    struct instant due_at;
    bool immediate;
    char *shows;
};
/* `duty` was decided on `input`; same: what ledger_same() found. */
void ledger_enter(const struct protocol *protocol, const struct calendar *calendar, const struct decide_input *input,
                  const struct decided_duty *duty, const struct ledger_duty *same, struct ledger_entry *ret);
void ledger_entry_release(struct ledger_entry *entry);

/* The duty that a rule made in a decision, or NULL: an open one that the same event made before would not come out now. */
const struct decided_duty *ledger_made(const struct decision *decision, const struct rule *rule);
/* What a decision comes to: deciding again on other facts writes only where this differs. */
void ledger_digest(const struct decision *decision, char out[65]);

#endif
