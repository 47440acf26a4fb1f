/* SPDX-License-Identifier: Apache-2.0 */
/* A name that a rule may use, and the value it has in one decision. */
#ifndef TOLD_LIB_TERM_H
#define TOLD_LIB_TERM_H

#include "field.h"
#include "history.h"

enum term_from {
    TERM_CONSTANT, /* event.type: known as soon as the rule is read for one type */
    TERM_EVENT,
    TERM_RECEIVED_AT,
    TERM_CHILD,
    TERM_CHILD_AGE,
    TERM_CHILD_OUT_OF_BOROUGH,
    TERM_CHILD_HAS,
    TERM_COURT_IS_HOST,
    TERM_COURT_IS_OUR_DAY,
    TERM_AUTHORITY,
    TERM_HISTORY_ENTERED,
    TERM_HISTORY_CUSTODIAL,
    TERM_HISTORY_PROCEEDINGS,
    TERM_RELEASE_ON,
};

struct term {
    enum term_from from;
    unsigned slot; /* of TERM_EVENT and TERM_CHILD */
    enum value_kind kind;
    const char *const *words;
    struct value constant;
    char *name;       /* owned; as written: "event.first_hearing.at" */
    char *role;       /* owned; of TERM_CHILD_HAS */
    const char *asks; /* what must be answered where the value is unknown: "child.born_on" for an age */
};

/* One decision, with what was worked out of the history kept for the next rule. */
struct term_scope {
    const struct decide_input *input;
    struct history history;
    bool history_ready;
    struct value entered, custodial, proceedings, release_on;
    bool release_ready;
};

enum term_reach {
    TERM_REACH_ALL,
    TERM_REACH_EVENT, /* the fields of the event and nothing else: a condition of `closes` */
};

/* `name` as it stands in a rule for events of one type; `role` of child.has(role), else NULL. NULL on
 * success, else why not and what to do (caller frees). */
char *term_find(const char *name, const char *role, int type_index, enum term_reach reach, struct term *ret);
void term_release(struct term *term);
bool term_is_name(const char *name); /* whether a word of a rule names a value, rather than being one */

void term_scope_init(struct term_scope *scope, const struct decide_input *input);
struct value term_value(const struct term *term, struct term_scope *scope);

#endif
