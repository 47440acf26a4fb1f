/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hearing is shared again, whole, whenever one result of it is amended, and nothing in the message says
 * what it replaces. Its events carry the statement they make (event_statement), so that of two with one
 * statement
 *
 *   the later that says the same     is silent: nobody is told and no question is asked again
 *   the later that says otherwise    amends the earlier, as if it had said so
 *   one shared earlier, come later   is silent: a late old share undoes nothing (reading A27)
 *
 * and a statement that the latest share of its hearing makes no more is silent too: the result was taken out. Each share of
 * a hearing that is over states an appearance of the person; what else it states of them begins with the same words.
 *
 * It follows from what is stored alone, in whatever order it is looked at.
 */
#include "timeline_share.h"

#include <stdlib.h>
#include <string.h>

#include "told/event.h"
#include "told/mem.h"

#define REPEATED "shared again: an earlier share says the same"
#define OVERTAKEN "an old share that came late: a newer one holds"
#define LEFT_OUT "shared again without it: the latest share of the hearing says it no more"
#define APPEARANCE "/appearance"

static bool has_statement(const struct timeline_event *e)
{
    return e->event != NULL && e->state != TIMELINE_OUT && e->silent == NULL && event_statement(e->event) != NULL &&
           event_amends(e->event) == NULL && event_retracts(e->event) == NULL;
}

/* By source and statement, then as they arrived. */
static int by_statement(const void *a_, const void *b_)
{
    const struct timeline_event *a = *(struct timeline_event *const *)a_,
                                *b = *(struct timeline_event *const *)b_;
    int order = strcmp(event_source(a->event), event_source(b->event));

    if (order == 0)
        order = strcmp(event_statement(a->event), event_statement(b->event));
    if (order == 0)
        order = instant_compare(a->received_at, b->received_at);
    if (order == 0)
        order = (a->event_id > b->event_id) - (a->event_id < b->event_id);
    return order;
}

static bool is_one_statement(const struct timeline_event *a, const struct timeline_event *b)
{
    return strcmp(event_source(a->event), event_source(b->event)) == 0 &&
           strcmp(event_statement(a->event), event_statement(b->event)) == 0;
}

/* Who it is about has been found out by then; an address that was corrected is no news of the court. */
static bool says_the_same(const struct event *a, const struct event *b)
{
    json_t *left = json_copy(json_object_get(event_json(a), "data"));
    json_t *right = json_copy(json_object_get(event_json(b), "data"));
    bool same;

    json_object_del(left, "person");
    json_object_del(right, "person");
    same = strcmp(event_type(a), event_type(b)) == 0 && json_equal(left, right);
    json_decref(left);
    json_decref(right);
    return same;
}

static bool is_older(const struct event *late, const struct event *standing)
{
    struct instant a = event_recorded_at(late), b = event_recorded_at(standing);
    return !instant_is_none(a) && !instant_is_none(b) && instant_compare(a, b) < 0;
}

static void silence(struct timeline_event *e, const char *why)
{
    e->silent = why;
    if (e->state == TIMELINE_DECIDED)
        e->state = TIMELINE_OUT;
}

/* ---- what is left out ---- */

/* How much of an appearance's statement names the hearing and the person; 0: it is no appearance. */
static size_t base_length(const struct timeline_event *e)
{
    const char *statement = event_statement(e->event);
    size_t len = strlen(statement), end = strlen(APPEARANCE);

    return len > end && strcmp(statement + len - end, APPEARANCE) == 0 ? len - end : 0;
}

/* Whether both are of one hearing and one person, of which `share` states the appearance. */
static bool is_within(const struct timeline_event *e, const struct timeline_event *share)
{
    size_t base = base_length(share);

    return base > 0 && strcmp(event_source(e->event), event_source(share->event)) == 0 &&
           strncmp(event_statement(e->event), event_statement(share->event), base + 1) == 0;
}

/* By when they were shared; where that is not said, as they arrived. */
static bool is_later(const struct timeline_event *a, const struct timeline_event *b)
{
    if (is_older(a->event, b->event) || is_older(b->event, a->event))
        return is_older(b->event, a->event);
    int order = instant_compare(a->received_at, b->received_at);
    return order != 0 ? order > 0 : a->event_id > b->event_id;
}

static const struct timeline_event *latest_share(const struct timeline *t, const struct timeline_event *e)
{
    const struct timeline_event *latest = NULL;

    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *share = &t->events[i];
        if (share->parent_id != 0 && has_statement(share) && is_within(e, share) &&
            (latest == NULL || is_later(share, latest)))
            latest = share;
    }
    return latest;
}

/* A message may be about one case of several: of a case that it does not name it leaves nothing out. */
static bool is_left_out(const struct timeline *t, const struct timeline_event *e, const struct timeline_event *share)
{
    const char *of = event_case(e->event);
    bool names_case = of == NULL;

    if (share == NULL || e->parent_id == 0 || share->parent_id == e->parent_id || is_older(share->event, e->event))
        return false;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *other = &t->events[i];
        if (other->parent_id != share->parent_id || !has_statement(other) || !is_within(other, share))
            continue;
        if (strcmp(event_statement(other->event), event_statement(e->event)) == 0)
            return false;
        names_case |= of != NULL && event_case(other->event) != NULL && strcmp(of, event_case(other->event)) == 0;
    }
    return names_case;
}

static void leave_out(struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *share = has_statement(&t->events[i]) ? latest_share(t, &t->events[i]) : NULL;
        if (is_left_out(t, &t->events[i], share))
            t->events[i].left_out_by = share->parent_id;
    }
    for (size_t i = 0; i < t->count; i++)
        if (t->events[i].left_out_by != 0)
            silence(&t->events[i], LEFT_OUT);
}

/* ---- what is said again ---- */

void timeline_share_join(struct timeline *t)
{
    struct timeline_event **shared = mem_new((t->count + 1) * sizeof *shared), *standing = NULL;
    size_t count = 0;

    leave_out(t);
    for (size_t i = 0; i < t->count; i++)
        if (has_statement(&t->events[i]))
            shared[count++] = &t->events[i];
    qsort(shared, count, sizeof *shared, by_statement);
    for (size_t i = 0; i < count; i++) {
        struct timeline_event *e = shared[i];
        if (standing == NULL || !is_one_statement(standing, e)) {
            standing = e;
        } else if (is_older(e->event, standing->event)) {
            silence(e, OVERTAKEN);
        } else if (says_the_same(standing->event, e->event)) {
            silence(e, REPEATED);
        } else {
            event_replace(e->event, event_id(standing->event));
            standing = e;
        }
    }
    free(shared);
}
