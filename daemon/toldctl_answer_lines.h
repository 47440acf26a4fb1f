/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a duty, and for which of them somebody may answer. Inside the step's transaction. */
#ifndef TOLD_TOLDCTL_ANSWER_LINES_H
#define TOLD_TOLDCTL_ANSWER_LINES_H

#include "told/answer.h"
#include "toldctl_answerer.h"

struct answer_lines {
    struct answer_line *list;
    size_t count;
    int *numbers, *steps;
    bool *counts;   /* those that are answered for */
    json_t **above; /* what the texts are borrowed from */
    const char ***roles;
    PGresult *rows;
};

/* Locks them. False when the database failed. */
bool toldctl_answer_lines_load(struct toldctl *ctl, const struct answered_duty *duty, const struct answerer *who,
                               struct answer_lines *ret);
void toldctl_answer_lines_release(struct answer_lines *lines);
/* Marks those the person answers for: told to them, or to a mailbox of a role they had when it was told or have now; else
 * those in which they have a role. 0, an exit code after saying that they have none, or TOLDCTL_DATABASE. */
int toldctl_answer_lines_choose(struct toldctl *ctl, const struct answered_duty *duty, const struct answerer *who,
                                struct answer_lines *lines);

#endif
