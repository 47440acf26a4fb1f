/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a duty, and for which of them somebody may answer. Inside the caller's transaction. */
#ifndef TOLD_ANSWER_LINES_H
#define TOLD_ANSWER_LINES_H

#include <jansson.h>

#include "answer_store.h"

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
bool answer_lines_load(struct answer_store *s, const struct answered_duty *duty, const char *person, struct answer_lines *ret);
void answer_lines_release(struct answer_lines *lines);
/* Marks those the person answers for: told to them, or to a mailbox of a role they had when it was told or have now; else
 * those in which they have a role. *ret_found: how many. False when the database failed. */
bool answer_lines_choose(struct answer_store *s, const struct answered_duty *duty, const char *person, struct answer_lines *lines,
                         size_t *ret_found);

#endif
