/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer does to a duty: whose answer counts, which lines it stops, whether it closes (design
 * sections 3, 9.7 and 10; A33, A34). Pure: `closes` is the rule's printed form, the lines are as the duty
 * pinned them.
 */
#ifndef TOLD_ANSWER_H
#define TOLD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct answer_line {
    const char *role;         /* told first */
    const char *const *above; /* the steps above it; higher steps may answer for the line */
    size_t above_count;
    bool told;     /* some notification of this line came to the person who answers */
    bool answered; /* already, by anyone */
};

enum answer_effect {
    ANSWER_HEARD,  /* the lines answered for stop; the duty and its other lines go on */
    ANSWER_SLEEPS, /* those lines stop until due_at, then climb on: the duty wants more than an
                      acknowledgement */
    ANSWER_CLOSES,
};

/* Marks in `counts` (one for each line) the lines the person answers for: those told to them at any step; if
 * none was, those whose role, or a role above it, is one the person holds. Returns how many; 0: their answer
 * does not count. */
size_t answer_lines(const struct answer_line *lines, size_t count, const char *const *held, size_t held_count,
                    bool *counts);
/* What the acknowledgement of those lines does. */
enum answer_effect answer_acknowledge(const char *closes, const struct answer_line *lines, size_t count,
                                      const bool *counts);

/* What the record that it was done does. "done and told" wants both (A34): until a server has taken what each role is
 * told, the lines sleep as after an acknowledgement. */
enum answer_effect answer_done(const char *closes, bool told);

#endif
