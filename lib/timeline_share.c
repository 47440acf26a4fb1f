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
 * It follows from what is stored alone, in whatever order it is looked at.
 */
#include "timeline_share.h"

#include <stdlib.h>
#include <string.h>

#include "told/event.h"
#include "told/mem.h"

#define REPEATED "shared again: an earlier share says the same"
#define OVERTAKEN "an old share that came late: a newer one holds"

static bool has_statement(const struct timeline_event *e)
{
    return e->event != NULL && e->state != TIMELINE_OUT && event_statement(e->event) != NULL &&
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

void timeline_share_join(struct timeline *t)
{
    struct timeline_event **shared = mem_new((t->count + 1) * sizeof *shared), *standing = NULL;
    size_t count = 0;

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
