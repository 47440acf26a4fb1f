/* SPDX-License-Identifier: Apache-2.0 */
/* A clock as it was read, shared by its reader and those who count. */
#ifndef TOLD_LIB_DEADLINE_STEP_H
#define TOLD_LIB_DEADLINE_STEP_H

#include "deadline.h"

enum deadline_way {
    DUE_IMMEDIATE,
    DUE_PROMPT,
    DUE_WORKING_DAYS_AFTER,
    DUE_WORKING_DAYS_BEFORE,
    DUE_DAYS_BEFORE,
    DUE_MONTHS_BEFORE,
    DUE_MONTHS_AFTER,
    DUE_DAYS_AFTER,
    DUE_YEARS_AFTER,
    DUE_BEFORE_INSTANT,
};

struct deadline_step {
    enum deadline_way way;
    int count;
    bool has_date;
    struct term date; /* counted from receipt without one */
};

struct deadline {
    struct deadline_step steps[2]; /* the second where the condition is false */
    size_t step_count;
    struct expr *condition;
};

/* The step that the condition chooses; NULL where that is unknown. */
const struct deadline_step *deadline_chosen_step(const struct deadline *deadline, struct term_scope *scope);
/* The day that is counted from; its date must be known. */
struct civil_day deadline_start_day(const struct deadline_step *step, struct term_scope *scope);
/* The day that the count gives, before it is moved back to a working day. */
struct civil_day deadline_counted_day(const struct deadline_step *step, const struct calendar *calendar,
                                      struct civil_day start);

/* Whether a count that ends on a day off goes back to the working day before it. */
bool deadline_moves_back(const struct deadline_step *step);

#endif
