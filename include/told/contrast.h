/* SPDX-License-Identifier: Apache-2.0 */
/* Two protocols over the same events of one child: who would be told by one and not by the other, earlier or later. */
#ifndef TOLD_CONTRAST_H
#define TOLD_CONTRAST_H

#include "told/decide.h"

enum contrast_kind {
    CONTRAST_NEWLY_TOLD,
    CONTRAST_NO_LONGER_TOLD,
    CONTRAST_EARLIER,
    CONTRAST_LATER,
    CONTRAST_NEWLY_ASKED,     /* a review: the changed rule cannot be decided on what is known */
    CONTRAST_NO_LONGER_ASKED,
};

struct contrast_change {
    enum contrast_kind kind;
    size_t input;       /* which of the inputs */
    const char *duty;   /* "D41" */
    const char **roles; /* valid during the call; none of a review */
    size_t role_count;
    bool copy; /* for information */
    struct instant old_due_at, new_due_at; /* none where nobody is told */
};

typedef void contrast_fn(void *cookie, const struct contrast_change *change);

/* inputs: in order of receipt. As the daemon does, the same duty again with nothing changed tells nobody, and its clock
 * starts at its first receipt; a duty is taken to be open still. Those before `first` are decided and not reported.
 * Duties are compared by the paragraph ("D41"), so that a renamed rule is no change. */
void contrast(const struct protocol *now, const struct protocol *changed, const struct calendar *calendar,
              const struct decide_input *inputs, size_t count, size_t first, contrast_fn *change, void *cookie);
const char *contrast_kind_text(enum contrast_kind kind); /* "newly told" */

#endif
