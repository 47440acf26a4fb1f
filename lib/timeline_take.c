/* SPDX-License-Identifier: Apache-2.0 */
#include "told/timeline_take.h"

#include <string.h>

struct timeline_event *timeline_find(const struct timeline *t, const char *source, const char *id)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct event *e = t->events[i].event;

        if (e != NULL && strcmp(event_source(e), source) == 0 && strcmp(event_id(e), id) == 0)
            return &t->events[i];
    }
    return NULL;
}

static size_t index_of(const struct timeline *t, const struct timeline_event *e)
{
    return (size_t)(e - t->events);
}

/* What is known now may change what was decided on later-valid events. What was amended is not asked again. */
static bool decide_later(struct timeline *t, size_t from, const struct timeline_event *cause, const struct timeline_hand *hand)
{
    for (size_t i = from + 1; i < t->count; i++)
        if (t->events[i].state == TIMELINE_DECIDED && !timeline_is_replaced(t, i) && !hand->decide(hand->cookie, i, cause, true))
            return false;
    return true;
}

/* Something is taken back: what it amended holds again, and a duty that showed what it said shows again what those of its
 * type say that remain. Later ones may come out otherwise. */
static bool decide_remaining(struct timeline *t, const struct timeline_event *target, const struct timeline_event *cause,
                             const struct timeline_hand *hand)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *e = &t->events[i];
        bool alike = e->event != NULL && strcmp(event_type(e->event), event_type(target->event)) == 0;

        if (e->state == TIMELINE_DECIDED && !timeline_is_replaced(t, i) && (alike || e > target) &&
            !hand->decide(hand->cookie, i, cause, !alike))
            return false;
    }
    return true;
}

/* What waited for this event waits no longer. */
static void wake_waiters(struct timeline *t, const struct timeline_event *e)
{
    for (size_t i = 0; i < t->count; i++) {
        struct timeline_event *w = &t->events[i];
        const char *target;

        if (w->state != TIMELINE_HELD || w->frozen || w->event == NULL || strcmp(event_source(w->event), event_source(e->event)) != 0)
            continue;
        target = event_retracts(w->event) != NULL ? event_retracts(w->event) : event_amends(w->event);
        if (target != NULL && strcmp(target, event_id(e->event)) == 0)
            w->state = TIMELINE_WAITING;
    }
}

static bool has_come(const struct timeline_event *target)
{
    return target != NULL && target->state != TIMELINE_WAITING && target->state != TIMELINE_HELD;
}

/* The operators see that it waits. */
static bool wait_for(struct timeline_event *e, const char *reason, const struct timeline_hand *hand)
{
    e->state = TIMELINE_HELD;
    return hand->hold(hand->cookie, e, reason);
}

static bool take_retraction(struct timeline *t, struct timeline_event *e, const struct timeline_hand *hand)
{
    struct timeline_event *target = timeline_find(t, event_source(e->event), event_retracts(e->event));

    if (!has_come(target))
        return wait_for(e, "it retracts an event that has not come yet", hand);
    e->state = TIMELINE_OUT;
    target->state = TIMELINE_OUT;
    return hand->retract(hand->cookie, target, e) && hand->settle(hand->cookie, e, "retracted an earlier event") &&
           decide_remaining(t, target, e, hand);
}

bool timeline_take(struct timeline *t, size_t index, const struct timeline_hand *hand)
{
    struct timeline_event *e = &t->events[index], *target = NULL;

    if (e->silent != NULL) {
        e->state = TIMELINE_OUT;
        return hand->settle(hand->cookie, e, e->silent);
    }
    if (e->outcome != NULL && timeline_is_replaced(t, index)) {
        e->state = TIMELINE_DECIDED;
        return hand->settle(hand->cookie, e, "an amendment stands in its place");
    }
    if (event_retracts(e->event) != NULL)
        return take_retraction(t, e, hand);
    if (event_amends(e->event) != NULL) {
        target = timeline_find(t, event_source(e->event), event_amends(e->event));
        if (!has_come(target) && !e->stands_alone)
            return wait_for(e, "it amends an event that has not come yet", hand);
    }
    if (!hand->hear(hand->cookie, e) || !hand->decide(hand->cookie, index, e, false))
        return false;
    e->state = TIMELINE_DECIDED;
    wake_waiters(t, e);
    return decide_later(t, target != NULL && target < e ? index_of(t, target) : index, e, hand);
}

bool timeline_forget(struct timeline *t, size_t index, const struct timeline_hand *hand)
{
    struct timeline_event *e = &t->events[index];

    e->state = TIMELINE_OUT;
    return e->event == NULL || decide_remaining(t, e, e, hand);
}

bool timeline_take_back(struct timeline *t, size_t index, const struct timeline_hand *hand)
{
    struct timeline_event *e = &t->events[index];

    e->state = TIMELINE_OUT;
    if (!hand->retract(hand->cookie, e, e) || !hand->settle(hand->cookie, e, "taken back by a person, with its hold"))
        return false;
    if (e->event == NULL)
        return true;
    wake_waiters(t, e);
    return e->outcome == NULL || decide_remaining(t, e, e, hand);
}
