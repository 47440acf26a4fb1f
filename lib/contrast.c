/* SPDX-License-Identifier: Apache-2.0 */
#include "told/contrast.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

/* A duty that is there already. */
struct standing {
    const struct rule *rule;
    const char *case_ref; /* of the event; borrowed */
    char *key, *shows;
    struct instant received_at;
};

/* One role that one event tells; no role: a review. Texts belong to the protocol. */
struct telling {
    const char *duty, *role;
    bool copy, paired;
    struct instant due_at;
};

/* One of the two protocols, on its way through the events. */
struct side {
    const struct protocol *protocol;
    const struct calendar *calendar;
    struct standing *standing;
    size_t standing_count;
    struct telling *told; /* by the present event */
    size_t told_count;
};

struct report {
    contrast_fn *change;
    void *cookie;
    size_t input;
};

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct standing *find_standing(const struct side *side, const struct decided_duty *duty, const char *case_ref)
{
    for (size_t i = 0; i < side->standing_count; i++) {
        struct standing *one = &side->standing[i];
        bool joins = one->case_ref == NULL || case_ref == NULL || strcmp(one->case_ref, case_ref) == 0;

        if (one->rule == duty->rule && joins && strcmp(one->key, duty->key) == 0)
            return one;
    }
    return NULL;
}

static void tell(struct side *side, const char *duty, const char *role, bool copy, struct instant due_at)
{
    for (size_t i = 0; i < side->told_count; i++) {
        struct telling *one = &side->told[i];

        if (strcmp(one->duty, duty) == 0 && is_same_text(one->role, role) && one->copy == copy) {
            one->due_at = instant_earlier(one->due_at, due_at);
            return;
        }
    }
    side->told = mem_grow(side->told, side->told_count + 1, sizeof *side->told);
    side->told[side->told_count++] = (struct telling){duty, role, copy, false, due_at};
}

static void tell_all(struct side *side, const struct decided_duty *duty, struct instant due_at)
{
    for (size_t i = 0; i < duty->tell_count; i++)
        tell(side, duty->duty, duty->tell[i], false, due_at);
    for (size_t i = 0; i < duty->copy_count; i++)
        tell(side, duty->duty, duty->copy[i], true, due_at);
}

/* The same duty again: its clock starts at the first receipt, and it tells only what has changed. */
static void tell_change(struct side *side, const struct decide_input *input, struct standing *one,
                        const struct decided_duty *duty)
{
    struct decide_input as_of_first = *input;
    const struct decided_duty *found = duty;
    struct decision first = {0};

    as_of_first.received_at = instant_earlier(one->received_at, input->received_at);
    decide(side->protocol, side->calendar, &as_of_first, &first);
    for (size_t i = 0; i < first.duty_count; i++)
        if (first.duties[i].rule == duty->rule)
            found = &first.duties[i];
    if (strcmp(found->shows, one->shows) != 0) {
        free(one->shows);
        one->shows = mem_copy(found->shows);
        tell_all(side, duty, found->due_at);
    }
    decision_release(&first);
}

static void take_duty(struct side *side, const struct decide_input *input, const struct decided_duty *duty)
{
    struct standing *one = find_standing(side, duty, event_case(input->event));

    if (one != NULL) {
        tell_change(side, input, one, duty);
        return;
    }
    side->standing = mem_grow(side->standing, side->standing_count + 1, sizeof *side->standing);
    side->standing[side->standing_count++] = (struct standing){.rule = duty->rule,
                                                               .case_ref = event_case(input->event),
                                                               .key = mem_copy(duty->key),
                                                               .shows = mem_copy(duty->shows),
                                                               .received_at = input->received_at};
    tell_all(side, duty, duty->due_at);
}

static void run(struct side *side, const struct decide_input *input)
{
    struct decision decision = {0};

    side->told_count = 0;
    decide(side->protocol, side->calendar, input, &decision);
    for (size_t i = 0; i < decision.duty_count; i++)
        take_duty(side, input, &decision.duties[i]);
    for (size_t i = 0; i < decision.review_count; i++)
        tell(side, decision.reviews[i].duty, NULL, false, decision.reviews[i].due_at);
    decision_release(&decision);
}

static void side_release(struct side *side)
{
    for (size_t i = 0; i < side->standing_count; i++) {
        free(side->standing[i].key);
        free(side->standing[i].shows);
    }
    free(side->standing);
    free(side->told);
}

static const struct telling *find_telling(const struct side *side, const struct telling *like)
{
    for (size_t i = 0; i < side->told_count; i++) {
        const struct telling *one = &side->told[i];

        if (strcmp(one->duty, like->duty) == 0 && is_same_text(one->role, like->role) && one->copy == like->copy)
            return one;
    }
    return NULL;
}

/* How one telling of either side differs from its counterpart; false if it does not, or if that one speaks for both. */
static bool differs(const struct telling *one, const struct telling *other, bool is_new, struct contrast_change *ret)
{
    bool review = one->role == NULL;
    int order;

    *ret = (struct contrast_change){.duty = one->duty,
                                    .copy = one->copy,
                                    .old_due_at = is_new ? INSTANT_NONE : one->due_at,
                                    .new_due_at = is_new ? one->due_at : INSTANT_NONE};
    if (other == NULL) {
        ret->kind = review ? (is_new ? CONTRAST_NEWLY_ASKED : CONTRAST_NO_LONGER_ASKED)
                           : (is_new ? CONTRAST_NEWLY_TOLD : CONTRAST_NO_LONGER_TOLD);
        return true;
    }
    order = instant_compare(one->due_at, other->due_at);
    if (!is_new || review || order == 0)
        return false;
    ret->kind = order < 0 ? CONTRAST_EARLIER : CONTRAST_LATER;
    ret->old_due_at = other->due_at;
    return true;
}

static bool is_same_change(const struct contrast_change *a, const struct contrast_change *b)
{
    return a->kind == b->kind && strcmp(a->duty, b->duty) == 0 && a->copy == b->copy &&
           instant_compare(a->old_due_at, b->old_due_at) == 0 && instant_compare(a->new_due_at, b->new_due_at) == 0;
}

/* Roles of one duty to which the same happens are one change. */
static void report_side(const struct report *report, struct side *of, const struct side *other, bool is_new)
{
    const char **roles = mem_new((of->told_count + 1) * sizeof *roles);
    struct contrast_change change, next;

    for (size_t i = 0; i < of->told_count; i++) {
        if (of->told[i].paired || !differs(&of->told[i], find_telling(other, &of->told[i]), is_new, &change))
            continue;
        for (size_t k = i; k < of->told_count; k++) {
            if (of->told[k].paired || !differs(&of->told[k], find_telling(other, &of->told[k]), is_new, &next) ||
                !is_same_change(&change, &next))
                continue;
            of->told[k].paired = true;
            if (of->told[k].role != NULL)
                roles[change.role_count++] = of->told[k].role;
        }
        change.input = report->input;
        change.roles = roles;
        report->change(report->cookie, &change);
    }
    free(roles);
}

void contrast(const struct protocol *now, const struct protocol *changed, const struct calendar *calendar,
              const struct decide_input *inputs, size_t count, size_t first, contrast_fn *change, void *cookie)
{
    struct side before = {.protocol = now, .calendar = calendar}, after = {.protocol = changed, .calendar = calendar};

    for (size_t i = 0; i < count; i++) {
        struct report to = {change, cookie, i};

        run(&before, &inputs[i]);
        run(&after, &inputs[i]);
        if (i < first)
            continue;
        report_side(&to, &before, &after, false);
        report_side(&to, &after, &before, true);
    }
    side_release(&before);
    side_release(&after);
}

const char *contrast_kind_text(enum contrast_kind kind)
{
    static const char *const texts[] = {
        [CONTRAST_NEWLY_TOLD] = "newly told",   [CONTRAST_NO_LONGER_TOLD] = "no longer told",
        [CONTRAST_EARLIER] = "earlier",         [CONTRAST_LATER] = "later",
        [CONTRAST_NEWLY_ASKED] = "newly asked", [CONTRAST_NO_LONGER_ASKED] = "no longer asked",
    };

    return texts[kind];
}
