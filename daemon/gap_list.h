/* SPDX-License-Identifier: Apache-2.0 */
/* Gap statements that wait for the next transaction: what a source has and told has not heard. */
#ifndef TOLD_GAP_LIST_H
#define TOLD_GAP_LIST_H

#include <stddef.h>
#include <stdint.h>

#define GAP_END_UNKNOWN (-1)

struct gap {
    char *feed, *source; /* owned */
    const char *reason;  /* "missing", "epoch", "oldest": a word that stays */
    int64_t epoch;
    int64_t first, last; /* last: GAP_END_UNKNOWN, nobody can say */
    int64_t open_ms;     /* how long before its statement it was noticed */
};

struct gap_list {
    struct gap *gaps;
    size_t count;
};

void gap_list_add(struct gap_list *list, const struct gap *gap); /* copies the names */
void gap_list_move(struct gap_list *to, struct gap_list *from);  /* from is empty afterwards */
void gap_list_release(struct gap_list *list);
/* The statement as operators read it. The caller frees. */
char *gap_text(const struct gap *gap);

#endif
