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

#endif
