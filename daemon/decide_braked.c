/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_braked.h"

#include <string.h>

/* One event on its way through the brake. */
struct braked {
    struct duty_store *s;
    struct timeline *t;
    size_t index;
    const struct decide_braked_steps *steps;
    void *cookie;
    struct decide_asking asking;
    struct decide_brake_state state;
};

static bool has_decided_after(const struct braked *b)
{
    for (size_t i = b->index + 1; i < b->t->count; i++)
        if (b->t->events[i].state == TIMELINE_DECIDED)
            return true;
    return false;
}

static void ask(const struct braked *b, struct decide_braked_asked *ret)
{
    b->steps->ask(b->cookie, b->index, ret);
}

static void asked_release(struct decide_braked_asked *asked)
{
    decision_release(&asked->decision);
    timeline_view_release(&asked->view);
}

/* Holds the event: what is immediate in it is told all the same. */
static bool hold_event(struct braked *b, struct decide_hold *hold)
{
    struct timeline_event *e = &b->t->events[b->index];
    struct decide_braked_asked asked;
    struct decide_subject about = {b->t->child_id, e->event_id, e->event, &asked.input};
    bool ok;

    ask(b, &asked);
    hold->load = b->state.load;
    ok = decide_hold_event(b->s, &about, &asked.decision, &b->asking, hold);
    asked_release(&asked);
    e->state = TIMELINE_HELD;
    e->frozen = true;
    return ok && b->steps->hold(b->cookie, b->index, hold->reason);
}

/* Whether a held feed's event is one of those that are held: something that is not immediate comes out of it. */
static bool is_to_hold(const struct braked *b)
{
    struct decide_braked_asked asked;
    bool held;

    ask(b, &asked);
    held = decide_hold_count(&asked.input, &asked.decision).calm > 0;
    asked_release(&asked);
    return held;
}

/* What it has made, those that it had decided again among them, is judged; nothing that tells nobody anything new is held. */
static struct decide_hold judge(const struct braked *b)
{
    const struct duty_made *made = &b->s->made;
    struct decide_hold hold = {.verdict = BRAKE_FREE, .would = *made};

    if (made->calm > 0 && b->state.hold == TIMELINE_HOLD_OPEN) {
        hold.verdict = BRAKE_HOUR;
        hold.id = b->state.hold_id;
    } else if (made->calm > 0 && b->state.hold == TIMELINE_HOLD_NONE) {
        hold.verdict = brake_judge(&b->s->config->brake, &b->state.load, made->calm + made->immediate);
    }
    return hold;
}

/* Decided with a way back: the database's savepoint and the timeline's mark. */
static bool decide_with_way_back(struct braked *b)
{
    struct timeline_mark mark = {0};
    struct decide_hold hold;
    bool ok = pg_text(b->s->pg, "SAVEPOINT event");

    timeline_mark(b->t, &mark);
    ok = ok && b->steps->decide(b->cookie, b->index);
    hold = judge(b);
    if (ok && hold.verdict == BRAKE_FREE) {
        decide_brake_count(b->s, &b->asking, &b->s->made);
        ok = pg_text(b->s->pg, "RELEASE SAVEPOINT event");
    } else if (ok) {
        timeline_back(b->t, &mark);
        ok = pg_text(b->s->pg, "ROLLBACK TO SAVEPOINT event") && hold_event(b, &hold);
    }
    timeline_mark_release(&mark);
    return ok;
}

/* Far from any limit nothing is set; where one event has made too much all the same, the step is done again with a way back. */
static bool decide_counted(struct braked *b)
{
    const struct brake_policy *policy = &b->s->config->brake;

    if (decide_brake_is_careful(b->s->brake) || brake_room(policy, &b->state.load) < policy->message_most ||
        b->state.hold == TIMELINE_HOLD_OPEN || has_decided_after(b))
        return decide_with_way_back(b);
    if (!b->steps->decide(b->cookie, b->index))
        return false;
    if (judge(b).verdict != BRAKE_FREE) {
        decide_brake_again(b->s->brake);
        return false;
    }
    decide_brake_count(b->s, &b->asking, &b->s->made);
    return true;
}

/* What was decided before is asked again because of what a person answered or brought in: that is no feed's doing. */
static bool is_braked(const struct timeline_event *e)
{
    return e->outcome == NULL && e->event != NULL && event_retracts(e->event) == NULL &&
           strcmp(event_type(e->event), EVENT_TYPE_INSTANT) != 0;
}

bool decide_braked(struct duty_store *s, struct timeline *t, size_t index, const struct decide_braked_steps *steps, void *cookie)
{
    const struct timeline_event *e = &t->events[index];
    struct braked b = {.s = s,
                       .t = t,
                       .index = index,
                       .steps = steps,
                       .cookie = cookie,
                       .asking = {.event_id = e->event_id,
                                  .parent_id = e->parent_id,
                                  .feed = e->feed,
                                  .received_at = e->received_at,
                                  .hold = e->hold}};
    struct decide_hold hold = {.verdict = BRAKE_HOUR};

    s->made = (struct duty_made){0};
    if (e->hold == TIMELINE_HOLD_VOID)
        return steps->take_back(cookie, index);
    if (!is_braked(e))
        return steps->decide(cookie, index);
    if (!decide_brake_look(s, &b.asking, &b.state))
        return false;
    if (b.state.hold == TIMELINE_HOLD_VOID)
        return steps->take_back(cookie, index);
    if (b.state.hold == TIMELINE_HOLD_RELEASED)
        b.asking.hold = TIMELINE_HOLD_RELEASED;
    if (b.state.hold != TIMELINE_HOLD_OPEN || !is_to_hold(&b))
        return decide_counted(&b);
    hold.id = b.state.hold_id;
    return hold_event(&b, &hold);
}
