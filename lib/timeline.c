/* SPDX-License-Identifier: Apache-2.0 */
#include "told/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "timeline_share.h"
#include "told/mem.h"

enum timeline_hold timeline_hold_of(const char *state)
{
    if (state == NULL)
        return TIMELINE_HOLD_NONE;
    if (strcmp(state, "open") == 0)
        return TIMELINE_HOLD_OPEN;
    return strcmp(state, "released") == 0 ? TIMELINE_HOLD_RELEASED : TIMELINE_HOLD_VOID;
}

/* Two that hold from the same day on stand as their publishers say they happened; the order of arrival decides last. */
static int by_validity(const void *a_, const void *b_)
{
    const struct timeline_event *a = a_, *b = b_;
    int order = instant_compare(a->valid_from, b->valid_from);

    if (order == 0 && a->event != NULL && b->event != NULL)
        order = instant_compare(event_time(a->event), event_time(b->event));
    if (order == 0)
        order = instant_compare(a->received_at, b->received_at);
    if (order == 0)
        order = (a->event_id > b->event_id) - (a->event_id < b->event_id);
    return order;
}

static bool amends(const struct timeline_event *later, const struct timeline_event *one)
{
    return one->event != NULL && strcmp(event_amends(later->event), event_id(one->event)) == 0 &&
           strcmp(event_source(later->event), event_source(one->event)) == 0;
}

void timeline_order(struct timeline *t)
{
    timeline_share_join(t);
    qsort(t->events, t->count, sizeof *t->events, by_validity);
    t->amendment_count = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (t->events[i].event == NULL || event_amends(t->events[i].event) == NULL)
            continue;
        for (size_t k = 0; k < t->count; k++) {
            if (!amends(&t->events[i], &t->events[k]))
                continue;
            t->amendments = mem_grow(t->amendments, t->amendment_count + 1, sizeof *t->amendments);
            t->amendments[t->amendment_count++] = (struct timeline_amendment){.by = i, .of = k};
        }
    }
}

static void release_fact(struct timeline_fact *fact)
{
    free(fact->field);
    json_decref(fact->value);
    free(fact->role);
    free(fact->person);
    free(fact->recorded_by);
}

static bool was_answered_after(const struct timeline_event *e, struct instant at)
{
    json_t *answers = (json_t *)(uintptr_t)(e->unanswered != NULL ? event_answers(e->event) : NULL);
    struct instant recorded;

    for (void *one = json_object_iter(answers); one != NULL; one = json_object_iter_next(answers, one)) {
        const char *text = json_text_at(json_object_iter_value(one), "recorded_at");

        if (text != NULL && instant_parse(text, &recorded) && instant_compare(recorded, at) > 0)
            return true;
    }
    return false;
}

void timeline_as_of(struct timeline *t, struct instant at)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->count; i++) {
        struct timeline_event *e = &t->events[i];

        if (instant_compare(e->received_at, at) > 0)
            e->state = TIMELINE_OUT;
        if (was_answered_after(e, at)) {
            event_free(e->event);
            e->event = e->unanswered;
            e->unanswered = NULL;
        }
    }
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
        event_free(t->events[i].unanswered);
        free(t->events[i].outcome);
        free(t->events[i].feed);
    }
    for (size_t i = 0; i < t->fact_count && t->facts != NULL; i++)
        release_fact(&t->facts[i]);
    free(t->events);
    free(t->facts);
    free(t->amendments);
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

/* The amendment of it that was decided, or is the one at `index`; NULL: none. What it said holds no more; that it happened
 * does. */
static const struct timeline_event *replacement(const struct timeline *t, size_t which, size_t index)
{
    for (size_t i = 0; i < t->amendment_count; i++) {
        const struct timeline_amendment *a = &t->amendments[i];

        if (a->of == which && (a->by == index || was_decided(&t->events[a->by])))
            return &t->events[a->by];
    }
    return NULL;
}

bool timeline_is_replaced(const struct timeline *t, size_t which)
{
    return replacement(t, which, t->count) != NULL;
}

int64_t timeline_replaced_by(const struct timeline *t, size_t which)
{
    const struct timeline_event *by = t->events[which].event != NULL ? replacement(t, which, t->count) : NULL;

    return by != NULL ? by->event_id : 0;
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
        if (replacement(t, i, index) == NULL)
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

/* What a watch waited for may have happened before its moment and be heard of after it: it closes the duty all the same. */
static bool happened_since(const struct timeline_event *e, const struct timeline_event *ground, const struct timeline_event *only)
{
    int order = instant_compare(e->valid_from, ground->valid_from);

    if (only != NULL && strcmp(event_type(ground->event), EVENT_TYPE_INSTANT) == 0)
        return true;
    return order > 0 || (order == 0 && instant_compare(event_time(e->event), event_time(ground->event)) >= 0);
}

static bool is_among(int64_t number, const int64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

/* Marks the grounds that say why the duty is there; those that an amendment stands for only where there is no other. */
static void mark_grounds(const struct timeline *t, const int64_t *grounds, size_t count, bool *ret_marks)
{
    bool any = false;

    for (int replaced = 0; replaced < 2 && !any; replaced++) {
        for (size_t i = 0; i < t->count; i++) {
            const struct timeline_event *g = &t->events[i];

            ret_marks[i] = g->event != NULL && g->state != TIMELINE_OUT && is_among(g->event_id, grounds, count) &&
                           (replaced == 1 || !timeline_is_replaced(t, i));
            any |= ret_marks[i];
        }
    }
}

static enum decide_close closes(const struct timeline *t, const struct rule *rule, const bool *marks, const struct timeline_event *e,
                                const struct timeline_event *only)
{
    const struct timeline_event *base = NULL;
    enum decide_close how;

    for (size_t i = 0; i < t->count; i++)
        if (marks[i] && &t->events[i] != e && happened_since(e, &t->events[i], only))
            base = &t->events[i];
    how = base != NULL ? decide_closes(rule, base->event, e->event) : DECIDE_CLOSES_NOT;
    for (size_t i = 0; i < t->count && how != DECIDE_CLOSES_NOT; i++)
        if (marks[i] && !happened_since(e, &t->events[i], only) && !decide_shows_alike(rule, base->event, t->events[i].event))
            return DECIDE_CLOSES_NOT;
    return how;
}

const struct timeline_event *timeline_closer(const struct timeline *t, const struct rule *rule, const int64_t *grounds,
                                             size_t ground_count, const struct timeline_event *only, enum decide_close *ret_how)
{
    const struct timeline_event *found = NULL;
    bool *marks;

    *ret_how = DECIDE_CLOSES_NOT;
    if (rule->close_count == 0)
        return NULL;
    marks = mem_new(sizeof *marks * (t->count + 1));
    mark_grounds(t, grounds, ground_count, marks);
    for (size_t i = 0; i < t->count && found == NULL; i++) {
        const struct timeline_event *e = &t->events[i];

        if (only != NULL ? e == only : was_decided(e) && !timeline_is_replaced(t, i))
            *ret_how = closes(t, rule, marks, e, only);
        if (*ret_how != DECIDE_CLOSES_NOT)
            found = e;
    }
    free(marks);
    return found;
}

void timeline_mark(const struct timeline *t, struct timeline_mark *ret)
{
    *ret = (struct timeline_mark){.states = mem_new((t->count + 1) * sizeof *ret->states),
                                  .outcomes = mem_new((t->count + 1) * sizeof *ret->outcomes),
                                  .count = t->count};
    for (size_t i = 0; i < t->count; i++) {
        ret->states[i] = t->events[i].state;
        ret->outcomes[i] = mem_copy(t->events[i].outcome);
    }
}

void timeline_back(struct timeline *t, const struct timeline_mark *mark)
{
    for (size_t i = 0; i < mark->count; i++) {
        t->events[i].state = mark->states[i];
        free(t->events[i].outcome);
        t->events[i].outcome = mem_copy(mark->outcomes[i]);
    }
}

void timeline_mark_release(struct timeline_mark *mark)
{
    for (size_t i = 0; i < mark->count; i++)
        free(mark->outcomes[i]);
    free(mark->outcomes);
    free(mark->states);
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
