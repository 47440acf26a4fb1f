/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The climb of one told role up its line (defaults of design section 10; A20). Pure: now is a parameter.
 *
 *   step 0 told at once ──due_at, nobody acknowledged──▶ step 1 ──dwell──▶ step 2 … top ──dwell──▶ top again, operators alarmed
 *                       └─ nobody there, or no channel can reach: at once
 */
#ifndef TOLD_LADDER_H
#define TOLD_LADDER_H

#include "told/calendar.h"

struct ladder_policy {
    int dwell_working_days;      /* 1 */
    int dwell_immediate_minutes; /* 60 */
};

struct ladder_line {
    int step;                /* the step told last; 0 is the first telling */
    int top;                 /* number of steps above 0; 0: nobody above */
    struct instant next_at;  /* never none while the duty is open and this line climbs */
    bool stopped;            /* acknowledged in a way that does not close: sleeps until due_at, then climbs on */
};

struct ladder_move {
    int step;          /* to be told now; equals the old one when the top is told again */
    bool top_again;    /* beyond the top: the operators are alarmed as well */
    struct instant next_at;
};

/* What to do when next_at has come. */
struct ladder_move ladder_climb(const struct ladder_line *line, bool immediate, const struct ladder_policy *policy,
                                const struct calendar *calendar, struct instant now);
/* When a new line climbs first. */
struct instant ladder_first_at(struct instant due_at, struct instant now);

#endif
