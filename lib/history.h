/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules ask of the events that came before. Two-valued, but for the release date: what is not stored did
 * not happen. An event that a later one amends or retracts is passed over.
 */
#ifndef TOLD_LIB_HISTORY_H
#define TOLD_LIB_HISTORY_H

#include "told/decide.h"

struct history {
    const struct decide_input *input;
    bool corrected; /* some event amends or retracts another */
};

void history_init(struct history *history, const struct decide_input *input);
/* The event at `index` if it still stands: nobody unsaid it, and it is no mere retraction. */
const struct event *history_standing(const struct history *history, size_t index);

/* Since the last release: a reception with a sentence, or a custodial sentence after a reception. */
bool history_entered(const struct history *history);
/* Since the last release: a custodial sentence, or a reception with a sentence. */
bool history_custodial(const struct history *history);
/* A charge or a hearing, and neither sentence nor end of proceedings in its case after it. */
bool history_proceedings(const struct history *history);
/* Of the latest release dates since the last release: the early one if entitlement is stated, else the
 * mandatory one. */
struct civil_day history_release_on(const struct history *history);
/* The id of the first event of the chain of amends that the decided one ends. */
const char *history_first_id(const struct decide_input *input);

#endif
