/* SPDX-License-Identifier: Apache-2.0 */
#include "told/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static int by_validity(const void *a_, const void *b_)
{
    const struct timeline_event *a = a_, *b = b_;
    int order = instant_compare(a->valid_from, b->valid_from);

    if (order == 0)
        order = instant_compare(a->received_at, b->received_at);
    if (order == 0)
        order = (a->event_id > b->event_id) - (a->event_id < b->event_id);
    return order;
}

void timeline_order(struct timeline *t)
{
    t->amended = false;
    for (size_t i = 0; i < t->count; i++)
        t->amended |= t->events[i].event != NULL && event_amends(t->events[i].event) != NULL;
    qsort(t->events, t->count, sizeof *t->events, by_validity);
}

static void release_fact(struct timeline_fact *fact)
{
    free(fact->field);
    json_decref(fact->value);
    free(fact->role);
    free(fact->person);
    free(fact->recorded_by);
}

void timeline_as_of(struct timeline *t, struct instant at)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->count; i++)
        if (instant_compare(t->events[i].received_at, at) > 0)
            t->events[i].state = TIMELINE_OUT;
    for (size_t i = 0; i < t->fact_count; i++) {
        if (instant_compare(t->facts[i].recorded_at, at) > 0)
            release_fact(&t->facts[i]);
        else
            t->facts[kept++] = t->facts[i];
    }
    t->fact_count = kept;
}

void timeline_release(struct timeline *t)
{
    for (size_t i = 0; i < t->count && t->events != NULL; i++) {
        event_free(t->events[i].event);
        free(t->events[i].outcome);
    }
    for (size_t i = 0; i < t->fact_count && t->facts != NULL; i++)
        release_fact(&t->facts[i]);
    free(t->events);
    free(t->facts);
    free(t->born_on);
    *t = (struct timeline){0};
}

static void take_fact(struct facts *facts, const struct timeline_fact *f)
{
    json_t *none;

    if (f->field != NULL) {
        facts_set(facts, f->field, f->value);
    } else if (strcmp(f->role, "*") == 0) {
        none = json_object();
        facts_set(facts, "allocations", none);
        json_decref(none);
    } else {
        facts_allocate(facts, f->role, f->person);
    }
}

/* One that waits to be decided again has been heard all the same. */
static bool was_decided(const struct timeline_event *e)
{
    return e->state == TIMELINE_DECIDED || (e->state == TIMELINE_WAITING && e->outcome != NULL && e->event != NULL);
}

/* Whether an amendment of it was decided, or is the one at `index`. What it said holds no more; that it happened does. */
static bool is_replaced(const struct timeline *t, size_t which, size_t index)
{
    const struct event *one = t->events[which].event;

    for (size_t i = 0; t->amended && i < t->count; i++) {
        const struct timeline_event *e = &t->events[i];

        if ((i == index || was_decided(e)) && event_amends(e->event) != NULL &&
            strcmp(event_amends(e->event), event_id(one)) == 0 && strcmp(event_source(e->event), event_source(one)) == 0)
            return true;
    }
    return false;
}

bool timeline_is_replaced(const struct timeline *t, size_t which)
{
    return is_replaced(t, which, t->count);
}

void timeline_view_stepwise(const struct timeline *t, size_t index, struct timeline_view *ret, timeline_step_fn *step,
                            void *cookie)
{
    size_t fact = 0;
    json_t *born;

    ret->facts = facts_new();
    ret->history = mem_new(sizeof *ret->history * (index + 1));
    ret->history_count = 0;
    if (t->born_on != NULL) {
        born = json_string(t->born_on);
        facts_set(ret->facts, "born_on", born);
        json_decref(born);
    }
    for (size_t i = 0; i <= index; i++) {
        const struct timeline_event *e = &t->events[i];

        for (; fact < t->fact_count && instant_compare(t->facts[fact].valid_from, e->valid_from) <= 0; fact++) {
            take_fact(ret->facts, &t->facts[fact]);
            step(cookie, ret->facts, &t->facts[fact], NULL);
        }
        if (i == index || !was_decided(e))
            continue;
        if (!is_replaced(t, i, index))
            facts_apply(ret->facts, e->event);
        step(cookie, ret->facts, NULL, e);
        ret->history[ret->history_count++] = (struct decide_past){e->received_at, e->event};
    }
    facts_close(ret->facts);
}

static void pass_by(void *cookie, const struct facts *facts, const struct timeline_fact *fact, const struct timeline_event *event)
{
    (void)cookie, (void)facts, (void)fact, (void)event;
}

void timeline_view(const struct timeline *t, size_t index, struct timeline_view *ret)
{
    timeline_view_stepwise(t, index, ret, pass_by, NULL);
}

void timeline_view_all(const struct timeline *t, struct timeline_view *ret)
{
    *ret = (struct timeline_view){.history = mem_new(sizeof *ret->history * (t->count + 1))};
    for (size_t i = 0; i < t->count; i++)
        if (was_decided(&t->events[i]))
            ret->history[ret->history_count++] = (struct decide_past){t->events[i].received_at, t->events[i].event};
}

void timeline_view_release(struct timeline_view *view)
{
    facts_free(view->facts);
    free(view->history);
    *view = (struct timeline_view){0};
}

size_t timeline_next_waiting(const struct timeline *t)
{
    size_t best = t->count;

    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *e = &t->events[i];

        if (e->state != TIMELINE_WAITING)
            continue;
        if (best == t->count || instant_compare(e->received_at, t->events[best].received_at) < 0 ||
            (instant_compare(e->received_at, t->events[best].received_at) == 0 && e->event_id < t->events[best].event_id))
            best = i;
    }
    return best;
}
