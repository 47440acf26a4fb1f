/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of arrival takes no duty away: one childhood in 1,000 orders, each arrival taken up by the code that the
 * daemon runs, with a ledger in memory in the place of its database. CHILDHOOD_SEED=N runs one order and says more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "childhood.h"
#include "written_case.h"
#include "told/ledger.h"
#include "told/timeline_take.h"

enum { ORDERS = 1000, DUTIES_MOST = 160, ALIKE_MOST = 16 };

struct book_duty {
    const struct rule *rule;
    char *key, *case_ref, *shows;
    int occurrence;
    const char *closed_as; /* NULL: open */
    int64_t ground;        /* the first */
    bool grounds[CHILDHOOD_COUNT + 1]; /* by number of event */
    struct instant received_at;
    bool asked; /* whether it still stands: its review */
};

/* One child's life in one order. */
struct life {
    const struct shipped *shipped;
    struct timeline t;
    struct book_duty duties[DUTIES_MOST];
    size_t count;
    bool retracted[CHILDHOOD_COUNT + 1];
    int decisions;
    char fault[200]; /* the first, or "" */
};

static bool hold(void *cookie, struct timeline_event *e, const char *reason)
{
    (void)cookie, (void)e, (void)reason;
    return true;
}

static bool settle(void *cookie, struct timeline_event *e, const char *reason)
{
    (void)cookie, (void)e, (void)reason;
    return true;
}

static void discharge(struct life *life, const struct timeline_event *only)
{
    for (size_t i = 0; i < life->count; i++) {
        struct book_duty *d = &life->duties[i];
        int64_t grounds[CHILDHOOD_COUNT];
        enum decide_close how;
        size_t count = 0;

        for (int64_t k = 1; k <= CHILDHOOD_COUNT; k++)
            if (d->grounds[k])
                grounds[count++] = k;
        if (d->closed_as == NULL && timeline_closer(&life->t, d->rule, grounds, count, only, &how) != NULL)
            d->closed_as = how == DECIDE_CLOSES_SUPERSEDED ? "superseded" : "discharged";
    }
}

static bool retract(void *cookie, struct timeline_event *target, struct timeline_event *by)
{
    struct life *life = cookie;

    (void)by;
    life->retracted[target->event_id] = true;
    for (size_t i = 0; i < life->count; i++) {
        struct book_duty *d = &life->duties[i];
        bool stands = !d->grounds[target->event_id];

        for (size_t k = 0; k <= CHILDHOOD_COUNT; k++)
            stands |= d->grounds[k] && !life->retracted[k];
        if (!stands && d->closed_as == NULL)
            d->closed_as = "void";
    }
    discharge(life, NULL);
    return true;
}

static bool hear(void *cookie, struct timeline_event *e)
{
    discharge(cookie, e);
    return true;
}

static bool is_newer(struct life *life, const struct book_duty *d, const struct timeline_event *e)
{
    for (size_t i = 0; i < life->t.count; i++) {
        const struct timeline_event *g = &life->t.events[i];

        if (!d->grounds[g->event_id] || life->retracted[g->event_id] ||
            (event_amends(e->event) != NULL && strcmp(event_amends(e->event), event_id(g->event)) == 0))
            continue;
        if (instant_compare(event_time(g->event), event_time(e->event)) > 0)
            return true;
    }
    return false;
}

static void open_duty(struct life *life, const struct timeline_event *e, const struct decided_duty *d, int occurrence)
{
    struct book_duty *new = &life->duties[life->count++];

    assert_true(life->count < DUTIES_MOST);
    *new = (struct book_duty){.rule = d->rule, .key = mem_copy(d->key), .case_ref = mem_copy(event_case(e->event)),
                              .shows = mem_copy(d->shows), .occurrence = occurrence, .ground = e->event_id,
                              .received_at = e->received_at};
    new->grounds[e->event_id] = true;
}

static void apply_duty(struct life *life, const struct timeline_event *e, const struct decide_input *input,
                       const struct decided_duty *d)
{
    struct ledger_duty alike[ALIKE_MOST];
    size_t count = 0;
    const struct ledger_duty *same;
    struct ledger_entry entry;

    for (size_t i = 0; i < life->count; i++) {
        const struct book_duty *b = &life->duties[i];

        if (b->rule != d->rule || strcmp(b->key, d->key) != 0)
            continue;
        assert_true(count < ALIKE_MOST);
        alike[count++] = (struct ledger_duty){(int64_t)i, b->case_ref, b->occurrence, b->closed_as != NULL,
                                              b->grounds[e->event_id], is_newer(life, b, e), b->shows, b->received_at};
    }
    same = ledger_same(alike, count, event_case(e->event));
    ledger_enter(life->shipped->protocol, life->shipped->calendar, input, d, same, &entry);
    if (entry.joins)
        life->duties[same->duty_id].grounds[e->event_id] = true;
    if (entry.tells) {
        free(life->duties[same->duty_id].shows);
        life->duties[same->duty_id].shows = mem_copy(entry.shows);
    }
    if (entry.occurrence > 0)
        open_duty(life, e, d, entry.occurrence);
    ledger_entry_release(&entry);
}

/* The open duties that an event made, and that would not come out now: a person is asked. */
static void ask_of_vanished(struct life *life, const struct timeline_event *e, const struct decision *decision)
{
    for (size_t i = 0; e != NULL && i < life->count; i++) {
        struct book_duty *d = &life->duties[i];

        if (d->closed_as == NULL && d->ground == e->event_id && ledger_made(decision, d->rule) == NULL)
            d->asked = true;
    }
}

static bool decide_at(void *cookie, size_t index, const struct timeline_event *cause, bool again)
{
    struct life *life = cookie;
    struct timeline_event *e = &life->t.events[index];
    struct timeline_view view = {0};
    struct decision decision = {0};
    bool court = json_object_get(json_object_get(event_json(e->event), "data"), "court") != NULL;
    struct decide_input input = {.authority = "southwark", .received_at = e->received_at, .event = e->event,
                                 .court_is_host = court ? TRUTH_TRUE : TRUTH_UNKNOWN,
                                 .court_is_our_day = court ? TRUTH_TRUE : TRUTH_UNKNOWN};
    size_t before = life->count;
    char outcome[65];

    (void)cause;
    timeline_view(&life->t, index, &view);
    input.facts = view.facts;
    input.history = view.history;
    input.history_count = view.history_count;
    decide(life->shipped->protocol, life->shipped->calendar, &input, &decision);
    life->decisions++;
    ledger_digest(&decision, outcome);
    if (!again || e->outcome == NULL || strcmp(outcome, e->outcome) != 0) {
        for (size_t i = 0; i < decision.duty_count; i++)
            apply_duty(life, e, &input, &decision.duties[i]);
        if (e->outcome != NULL)
            ask_of_vanished(life, e, &decision);
        if (event_amends(e->event) != NULL)
            ask_of_vanished(life, timeline_find(&life->t, event_source(e->event), event_amends(e->event)), &decision);
        if (life->count > before)
            discharge(life, NULL);
        free(e->outcome);
        e->outcome = mem_copy(outcome);
    }
    decision_release(&decision);
    timeline_view_release(&view);
    return true;
}

static void live(struct life *life, struct event *const events[CHILDHOOD_COUNT], unsigned seed, size_t until)
{
    const struct timeline_hand hand = {
        .cookie = life, .hold = hold, .settle = settle, .retract = retract, .hear = hear, .decide = decide_at};
    struct childhood_arrival order[CHILDHOOD_COUNT];

    life->t.events = mem_new(sizeof *life->t.events * CHILDHOOD_COUNT);
    life->t.born_on = mem_copy(CHILDHOOD_BORN);
    childhood_order(seed, until, order);
    for (size_t i = 0; i < until; i++) {
        struct event *event = events[order[i].event];

        life->t.events[life->t.count++] = (struct timeline_event){
            .event_id = (int64_t)order[i].event + 1, .event = event, .received_at = order[i].received_at,
            .valid_from = event_valid_from(event)};
        timeline_order(&life->t);
        for (size_t k; (k = timeline_next_waiting(&life->t)) < life->t.count;)
            timeline_take(&life->t, k, &hand);
    }
}

static void die(struct life *life)
{
    for (size_t i = 0; i < life->t.count; i++)
        life->t.events[i].event = NULL; /* they are shared by all orders */
    timeline_release(&life->t);
    for (size_t i = 0; i < life->count; i++) {
        free(life->duties[i].key);
        free(life->duties[i].case_ref);
        free(life->duties[i].shows);
    }
    free(life);
}

static struct life *make_life(const struct shipped *shipped)
{
    struct life *life = mem_new(sizeof *life);

    *life = (struct life){.shipped = shipped};
    return life;
}

static void print_life(const struct life *life)
{
    for (size_t i = 0; i < life->count; i++) {
        const struct book_duty *d = &life->duties[i];

        print_message("  %-18s %-60s %d %-10s %s%s\n      %s\n", rule_name(d->rule), d->key, d->occurrence,
                      d->closed_as != NULL ? d->closed_as : "open", d->case_ref != NULL ? d->case_ref : "-",
                      d->asked ? " asked" : "", d->shows);
    }
}

/* The last occurrence of the duty with that rule and key. */
static const struct book_duty *last_of(const struct life *life, const struct book_duty *one)
{
    const struct book_duty *last = NULL;

    for (size_t i = 0; i < life->count; i++) {
        const struct book_duty *d = &life->duties[i];

        if (d->rule == one->rule && strcmp(d->key, one->key) == 0 && (last == NULL || d->occurrence >= last->occurrence))
            last = d;
    }
    return last;
}

static void say(struct life *life, const char *what, const struct book_duty *d)
{
    if (life->fault[0] == '\0')
        snprintf(life->fault, sizeof life->fault, "%s: %s %s", what, rule_name(d->rule), d->key);
}

/* What the reader must know, but for the deadline: that depends on the receipt. */
static bool shows_alike(const struct book_duty *a, const struct book_duty *b)
{
    json_t *left = json_loads(a->shows, 0, NULL), *right = json_loads(b->shows, 0, NULL);
    bool alike;

    json_object_del(left, "due_at");
    json_object_del(right, "due_at");
    alike = json_equal(left, right);
    json_decref(left);
    json_decref(right);
    return alike;
}

static void compare(struct life *life, const struct life *happened)
{
    for (size_t i = 0; i < happened->count; i++) {
        const struct book_duty *then = last_of(happened, &happened->duties[i]), *now = last_of(life, then);

        if (now == NULL && strcmp(or_empty(then->closed_as), "void") != 0) /* taken back before it came: nobody has to be told */
            say(life, "a duty fewer", then);
        else if (now == NULL)
            continue;
        else if (then->closed_as == NULL && now->closed_as != NULL)
            say(life, "closed here, and open in the order of happening", then);
        else if (then->closed_as != NULL && now->closed_as == NULL && !now->asked)
            say(life, "open here without a review, and closed in the order of happening", then);
        else if (then->closed_as == NULL && !shows_alike(then, now))
            say(life, "its reader was told something else last", then);
    }
    for (size_t i = 0; i < life->count; i++) {
        const struct book_duty *d = &life->duties[i];

        if (last_of(happened, d) == NULL && d->closed_as == NULL && !d->asked)
            say(life, "a duty more without a review", d);
        for (size_t k = 0; k < i; k++)
            if (life->duties[k].rule == d->rule && strcmp(life->duties[k].key, d->key) == 0 &&
                strcmp(life->duties[k].shows, d->shows) == 0)
                say(life, "told twice the same", d);
    }
}

struct world {
    struct event *events[CHILDHOOD_COUNT];
    struct life *happened[CHILDHOOD_COUNT + 1]; /* in the order of happening, until then */
};

static void begin(struct world *world)
{
    *world = (struct world){0};
    for (size_t i = 0; i < CHILDHOOD_COUNT; i++) {
        char *body = childhood_body(&CHILDHOOD[i], 0), *reason = NULL;
        enum event_fault fault;

        world->events[i] = event_parse(body, strlen(body), &fault, &reason);
        if (world->events[i] == NULL)
            fail_msg("%s: %s", CHILDHOOD[i].id, reason);
        free(body);
    }
}

static void end(struct world *world)
{
    for (size_t i = 0; i <= CHILDHOOD_COUNT; i++)
        if (world->happened[i] != NULL)
            die(world->happened[i]);
    for (size_t i = 0; i < CHILDHOOD_COUNT; i++)
        event_free(world->events[i]);
}

/* False, and says why, if the order of that seed comes to anything else than the order of happening. */
static bool try_order(const struct shipped *shipped, struct world *world, unsigned seed, bool loud)
{
    size_t until = childhood_until(seed);
    struct life *life = make_life(shipped);
    bool good;

    if (world->happened[until] == NULL) {
        world->happened[until] = make_life(shipped);
        live(world->happened[until], world->events, 0, until);
    }
    live(life, world->events, seed, until);
    compare(life, world->happened[until]);
    if (loud) {
        print_message("in the order of happening:\n");
        print_life(world->happened[until]);
        print_message("in order %u:\n", seed);
        print_life(life);
    }
    good = life->fault[0] == '\0';
    if (!good)
        print_error("CHILDHOOD_SEED=%u: %s\n", seed, life->fault);
    die(life);
    return good;
}

static void test_childhood_loses_no_duty_and_repeats_none_in_any_order(void **state)
{
    const char *only = getenv("CHILDHOOD_SEED");
    unsigned first = only != NULL ? (unsigned)strtoul(only, NULL, 10) : 1, last = only != NULL ? first : ORDERS, bad = 0;
    struct world world;

    begin(&world);
    for (unsigned seed = first; seed <= last; seed++)
        bad += !try_order(*state, &world, seed, only != NULL);
    if (only == NULL)
        assert_true(world.happened[CHILDHOOD_COUNT]->count > CHILDHOOD_COUNT);
    end(&world);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_childhood_loses_no_duty_and_repeats_none_in_any_order),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
