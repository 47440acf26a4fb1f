/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding an event that waits, under the brake: decided and counted, undone and held where it was too much, taken back where
 * a person says that it may not be believed. */
#ifndef TOLD_DECIDE_BRAKED_H
#define TOLD_DECIDE_BRAKED_H

#include "decide_hold.h"

struct decide_braked_asked {
    struct timeline_view view;
    struct decide_input input;
    struct decision decision;
};

/* How it is done to one event of the child's timeline. Each that returns bool: false when the database failed. */
struct decide_braked_steps {
    void (*ask)(void *cookie, size_t index, struct decide_braked_asked *ret); /* what would come of it; writes nothing */
    bool (*decide)(void *cookie, size_t index);
    bool (*take_back)(void *cookie, size_t index);
    bool (*hold)(void *cookie, size_t index, const char *reason); /* it is held from now on */
};

bool decide_braked(struct duty_store *s, struct timeline *t, size_t index, const struct decide_braked_steps *steps, void *cookie);

#endif
