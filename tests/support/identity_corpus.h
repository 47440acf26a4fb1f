/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up children and events: twins, namesakes, changed surnames, swapped names, mistyped dates, reused and merged
 * identifiers. Some are written by hand, the rest follows from a seed. Played through told as it runs: an import, a feed.
 */
#ifndef TOLD_IDENTITY_CORPUS_H
#define TOLD_IDENTITY_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness.h"

enum corpus_expect {
    CORPUS_NOT_WRONG, /* anything but certain of the wrong child */
    CORPUS_CERTAIN,
    CORPUS_DOUBTFUL,
    CORPUS_NONE,
};

/* One event beside the one child it is most easily taken for. */
struct corpus_pair {
    char label[80];
    char child[256]; /* pnc,noms,family_name,given_names,born_on,postcode as a line of an import */
    char other[256]; /* a second child of the same case (a twin, who has the other number), or "" */
    char person[512]; /* data.person of the event, JSON */
    bool is_same; /* it is about `child` */
    enum corpus_expect expect;
};

struct corpus {
    struct corpus_pair *pairs;
    size_t count;
};

void corpus_make(struct corpus *ret, unsigned seed);
void corpus_release(struct corpus *corpus);

struct corpus_score {
    size_t certain_right, certain_wrong, doubtful_right, doubtful_wrong, none_right, none_wrong;
    size_t doubtful_unasked; /* doubtful without an open review */
    size_t unexpected;       /* another verdict than the pair names */
    size_t leaked;           /* names in journal, duties or evidence */
    double seconds;          /* from the first acknowledgement until nothing waits */
};

/* Imports the children, publishes the events, waits until nothing waits. told runs, with ingest and decide. What is
 * unexpected is said on standard error, by label. */
void corpus_play(struct harness *h, const struct corpus *corpus, struct corpus_score *ret);

#endif
