/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows for a child when one of its waiting events is taken up, whatever the order of arrival: what waits for an
 * event that has not come, what is decided again, what holds no more. The steps are here; their effects are the caller's.
 */
#ifndef TOLD_TIMELINE_TAKE_H
#define TOLD_TIMELINE_TAKE_H

#include "told/timeline.h"

/* The effects, in the order in which they are asked for. Each false: stop, it failed. */
struct timeline_hand {
    void *cookie;
    /* Held until the event that it amends or retracts has come; `reason` says which of the two. */
    bool (*hold)(void *cookie, struct timeline_event *e, const char *reason);
    /* Nothing to decide about it any more. */
    bool (*settle)(void *cookie, struct timeline_event *e, const char *reason);
    /* `target` is treated as never said from now on. */
    bool (*retract)(void *cookie, struct timeline_event *target, struct timeline_event *by);
    /* Whatever it says of the child is kept, and the open duties that it closes are closed. Once for an event. */
    bool (*hear)(void *cookie, struct timeline_event *e);
    /* Decided on timeline_view(), because of `cause`: itself, or one that changes what is known. again: to be passed over
     * if it comes out as it did the last time. */
    bool (*decide)(void *cookie, size_t index, const struct timeline_event *cause, bool again);
};

/* Takes up the waiting event at `index`, which can be read. The states of the timeline are moved on. */
bool timeline_take(struct timeline *t, size_t index, const struct timeline_hand *hand);
/* The event at `index` was never this child's: everything else is decided as if it had not come. */
bool timeline_forget(struct timeline *t, size_t index, const struct timeline_hand *hand);
/* A person says that the waiting event at `index` may not be believed: it was never said. Needs settle, retract and decide. */
bool timeline_take_back(struct timeline *t, size_t index, const struct timeline_hand *hand);
/* The event of that source and id, or NULL. */
struct timeline_event *timeline_find(const struct timeline *t, const char *source, const char *id);

#endif
