/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_apply.h"
#include "decide_braked.h"
#include "decide_clock.h"
#include "decide_court.h"
#include "decide_follow.h"
#include "decide_foreign.h"
#include "decide_handover.h"
#include "decide_recall.h"
#include "decide_watch.h"
#include "log.h"
#include "store.h"
#include "timeline_load.h"
#include "told/ledger.h"
#include "told/mem.h"
#include "told/timeline_take.h"
#include "version_shelf.h"

static const struct pg_statement DECIDED = {
    "event_decided",
    "UPDATE told.event_state SET state = $2, reason = $3, outcome = $4, decided_at = $5, begun = 0 WHERE event_id = $1", 5};

static const struct pg_statement RETRACT = {
    "event_retract", "UPDATE told.event_state SET retracted_by = $2 WHERE event_id = $1", 2};

/* An alias that this event taught goes with it. */
static const struct pg_statement FORGET_ALIAS = {
    "alias_withdraw",
    "UPDATE told.child_detail SET withdrawn_at = $2 WHERE event_id = $1 AND origin = 'event' AND withdrawn_at IS NULL", 2};

/* Matches that a person took back, or an amendment that is about another child, of this child. */
static const struct pg_statement TAKEN_BACK = {
    "event_taken_back",
    "SELECT event_id, retracted_by FROM told.event_state WHERE child_id = $1 AND unmatch AND state = 'waiting'"
    " AND ($2::bigint = 0 OR event_id = $2::bigint) ORDER BY event_id",
    2};

/* The child goes, the mark stays: it will be asked of a person. Unless its publisher has said that it never was about this
 * child: then it has ended. */
static const struct pg_statement UNMATCH = {
    "event_unmatch",
    "UPDATE told.event_state SET child_id = NULL, outcome = NULL, replaced_by = NULL, begun = 0,"
    " unmatch = retracted_by IS NULL, state = CASE WHEN retracted_by IS NULL THEN state ELSE 'decided' END,"
    " reason = CASE WHEN retracted_by IS NOT NULL THEN reason END,"
    " decided_at = CASE WHEN retracted_by IS NOT NULL THEN $2::timestamptz END WHERE event_id = $1",
    2};

/* What it took back itself was another child's to take back. */
static const struct pg_statement UNRETRACT = {
    "event_unretract",
    "UPDATE told.event_state SET retracted_by = NULL, state = 'waiting', outcome = NULL, begun = 0 WHERE retracted_by = $1", 1};

static const struct pg_statement OPEN_DUTIES = {
    "duty_open_of_child",
    "SELECT duty_id, rule, (SELECT string_agg(g.event_id::text, ' ') FROM told.duty_ground g WHERE g.duty_id = d.duty_id),"
    " protocol_hash FROM told.duty d"
    " WHERE child_id = $1 AND kind = 'duty' AND state <> 'closed' AND event_id IS NOT NULL ORDER BY duty_id FOR UPDATE",
    1};

static const struct pg_statement ALLOCATION = {
    "child_allocation_add",
    "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin, event_id)"
    " VALUES ($1, $2, $3, $4, $5, 'event', $6)",
    6};

static const struct pg_statement STATUS = {
    "child_status_add",
    "INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin, event_id)"
    " VALUES ($1, $2, $3, $4, $5, 'event', $6)",
    6};

static const struct pg_statement REPLACED = {
    "event_replaced", "UPDATE told.event_state SET replaced_by = $2 WHERE event_id = $1", 2};

struct child {
    struct duty_store *s;
    struct timeline t;
    bool calendar_changed; /* one of the events said so: all open clocks are counted again */
    bool heard;            /* the event that was taken up last: it is not held, and takes nothing back */
};

static const char *text_of(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

static bool end_event(struct child *c, struct timeline_event *e, const char *state, const char *reason, const char *outcome)
{
    char id[24], now[INSTANT_TEXT_SIZE];

    return pg_later(c->s->pg, &DECIDED,
                    (const char *[]){text_of(id, e->event_id), state, reason, outcome, instant_print(c->s->now, now)});
}

/* An event of told's own: the days are counted anew. */
static bool is_calendar(const struct event *event)
{
    const char *what = json_text_at(json_object_get(event_json(event), "data"), "what");

    return strcmp(event_type(event), EVENT_TYPE_INSTANT) == 0 && what != NULL && strcmp(what, "calendar") == 0;
}

static bool supersede(struct child *c, int64_t duty_id, const struct timeline_event *by)
{
    char *reason = mem_printf("superseded: %s", event_type(by->event));
    bool ok = duty_store_close(c->s, duty_id, "void", reason, by->event_id);

    free(reason);
    return ok;
}

static const struct timeline_event *find_closer(struct child *c, const struct rule *rule, const char *grounds,
                                                const struct timeline_event *only, enum decide_close *ret_how)
{
    int64_t *numbers = NULL;
    size_t count = 0;
    const struct timeline_event *closer;

    for (char *end; grounds != NULL && *grounds != '\0'; grounds = end) {
        numbers = mem_grow(numbers, count + 1, sizeof *numbers);
        numbers[count++] = strtoll(grounds, &end, 10);
    }
    closer = timeline_closer(&c->t, rule, numbers, count, only, ret_how);
    free(numbers);
    return closer;
}

/* Closes the open duties that an event ends. only: this one, as it comes; NULL: one that came before its duty did. */
static bool discharge(struct child *c, const struct timeline_event *only)
{
    char child[24];
    PGresult *rows = pg_run(c->s->pg, &OPEN_DUTIES, (const char *[]){text_of(child, c->t.child_id)});
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++) {
        enum decide_close how = DECIDE_CLOSES_NOT;
        const struct timeline_event *closer = NULL;
        /* As it was when the duty opened: that is what closes it. Where that version cannot be read any more no event closes
         * the duty, and it climbs until a person does. */
        const struct rule *rule = version_shelf_rule(c->s->versions, c->s->pg, c->s->config->protocol, pg_column(rows, i, 3),
                                                     pg_column(rows, i, 1), &ok);

        if (ok && rule != NULL)
            closer = find_closer(c, rule, pg_column(rows, i, 2), only, &how);
        if (how == DECIDE_CLOSES_DISCHARGED)
            ok = duty_store_close(c->s, pg_column_int(rows, i, 0), "discharged", event_type(closer->event), closer->event_id);
        if (how == DECIDE_CLOSES_SUPERSEDED)
            ok = supersede(c, pg_column_int(rows, i, 0), closer);
    }
    PQclear(rows);
    return ok;
}

static bool retract(void *cookie, struct timeline_event *target, struct timeline_event *by)
{
    struct child *c = cookie;
    char id[24], other[24], now[INSTANT_TEXT_SIZE];

    if (!pg_do(c->s->pg, &RETRACT, (const char *[]){text_of(id, target->event_id), text_of(other, by->event_id)}) ||
        !pg_do(c->s->pg, &FORGET_ALIAS, (const char *[]){id, instant_print(c->s->now, now)}))
        return false;
    /* What kept a duty open may be what was taken back, if it was ever decided. */
    return decide_recall(c->s, c->t.child_id, target->event_id, false, "its event was retracted", by->event_id) &&
           (target->outcome == NULL || discharge(c, NULL));
}

/* Statements are kept beside the events, for whoever asks who is allocated now without folding a child's history. */
static bool record_statements(struct child *c, const struct timeline_event *e)
{
    static const char *const NOT_STATUS[] = {"person", "case", "on", "amends", "retracts"};
    json_t *data = json_object_get(event_json(e->event), "data");
    char child[24], id[24], from[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    const char *key;
    json_t *value;
    bool ok = true;

    text_of(child, c->t.child_id);
    text_of(id, e->event_id);
    instant_print(e->valid_from, from);
    instant_print(c->s->now, now);
    if (strcmp(event_type(e->event), "care.allocation") == 0)
        return json_text_at(data, "role") == NULL || /* nothing is said of anybody */
               pg_later(c->s->pg, &ALLOCATION,
                        (const char *[]){child, json_text_at(data, "role"), json_text_at(data, "practitioner"), from, now, id});
    if (strcmp(event_type(e->event), "care.status") != 0)
        return true;
    for (void *at = json_object_iter(data); ok && at != NULL; at = json_object_iter_next(data, at)) {
        bool status = true;
        char *text;

        key = json_object_iter_key(at);
        value = json_object_iter_value(at);
        for (size_t i = 0; i < sizeof NOT_STATUS / sizeof *NOT_STATUS; i++)
            status &= strcmp(key, NOT_STATUS[i]) != 0;
        if (!status)
            continue;
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        ok = pg_later(c->s->pg, &STATUS, (const char *[]){child, key, text, from, now, id});
        free(text);
    }
    return ok;
}

/* Whose delay it was: the fact that came late, and from where. */
static bool say_late(struct child *c, const struct timeline_event *e, const struct timeline_event *cause)
{
    char id[24], *detail = store_detail("fact_event", text_of(id, cause->event_id), "source", event_source(cause->event), NULL);
    bool ok = store_journal(c->s->pg, c->s->now,
                            &(struct store_journal){.what = "decided again, duties opened late",
                                                    .event_id = e->event_id,
                                                    .child_id = c->t.child_id,
                                                    .detail = detail});

    free(detail);
    return ok;
}

/* An amendment stands in the place of its event: what that one made and this one does not is for a person to say. */
static bool replace_target(struct child *c, const struct timeline_event *e, const struct decide_subject *about,
                           const struct decision *decision)
{
    const char *amends = event_amends(e->event);
    struct timeline_event *target = amends != NULL ? timeline_find(&c->t, event_source(e->event), amends) : NULL;
    struct decide_subject replaced = *about;

    if (target == NULL || target == e)
        return true;
    replaced.event_id = target->event_id;
    return decide_apply_replaced(c->s, &replaced, decision);
}

/* One event with what it is decided on, and what comes of it. */
static void ask_rules(const struct child *c, size_t index, struct timeline_view *view, struct decide_input *input,
                      struct decision *ret)
{
    const struct timeline_event *e = &c->t.events[index];

    timeline_view(&c->t, index, view);
    *input = (struct decide_input){.authority = c->s->config->authority,
                                   .received_at = e->received_at,
                                   .event = e->event,
                                   .facts = view->facts,
                                   .history = view->history,
                                   .history_count = view->history_count};
    decide_court_facts(c->s->config, e->event, input);
    decide(c->s->config->protocol, c->s->config->calendar, input, ret);
}

static bool decide_at(void *cookie, size_t index, const struct timeline_event *cause, bool again)
{
    struct child *c = cookie;
    struct timeline_event *e = &c->t.events[index];
    struct timeline_view view;
    struct decide_input input;
    struct decision decision;
    struct decide_subject about = {c->t.child_id, e->event_id, e->event, &input};
    int opened = 0;
    char reason[80], outcome[65];
    bool before = e->outcome != NULL, ok = true;

    ask_rules(c, index, &view, &input, &decision);
    ledger_digest(&decision, outcome);
    if (again && before && strcmp(outcome, e->outcome) == 0)
        goto done;
    ok = decide_apply(c->s, &about, &decision, &opened) && (before || decide_apply_records(c->s, &about, &decision)) &&
         (!before || decide_apply_vanished(c->s, &about, &decision)) &&
         replace_target(c, e, &about, &decision) && (cause == e || opened == 0 || say_late(c, e, cause)) &&
         (opened == 0 || discharge(c, NULL));
    if (decision.duty_count == 0 && decision.review_count == 0)
        snprintf(reason, sizeof reason, "nothing to do");
    else
        snprintf(reason, sizeof reason, "%zu duties, %zu could not be decided", decision.duty_count, decision.review_count);
    ok = ok && end_event(c, e, decision.review_count > 0 ? "review" : "decided", reason, outcome);
    if (ok && opened > 0)
        log_info("event=%lld type=%s opened=%d%s", (long long)e->event_id, event_type(e->event), opened,
                 cause != e ? " again=true" : "");
    free(e->outcome);
    e->outcome = mem_copy(outcome);
done:
    decision_release(&decision);
    timeline_view_release(&view);
    return ok;
}

static bool hold(void *cookie, struct timeline_event *e, const char *reason)
{
    struct child *c = cookie;
    char key[24];

    return end_event(c, e, "held", reason, NULL) &&
           store_alarm(c->s->pg, "waits-for-event", text_of(key, e->event_id), reason, c->s->now);
}

static bool settle(void *cookie, struct timeline_event *e, const char *reason)
{
    return end_event(cookie, e, "decided", reason, e->outcome);
}

static bool hear(void *cookie, struct timeline_event *e)
{
    struct child *c = cookie;

    c->heard = true;
    return discharge(c, e) && (e->outcome != NULL || record_statements(c, e));
}

/* Fault injection, only in builds with -DTOLD_FAULTS: the event whose id TOLD_POISON names ends whoever decides it. */
static void poison(const struct event *event)
{
#ifdef TOLD_FAULTS
    const char *id = getenv("TOLD_POISON");

    if (id != NULL && strcmp(id, event_id(event)) == 0)
        abort();
#else
    (void)event;
#endif
}

static struct timeline_hand hand_of(struct child *c)
{
    return (struct timeline_hand){
        .cookie = c, .hold = hold, .settle = settle, .retract = retract, .hear = hear, .decide = decide_at};
}

static bool decide_waiting(struct child *c, size_t index)
{
    const struct timeline_hand hand = hand_of(c);
    struct timeline_event *e = &c->t.events[index];

    if (e->event == NULL) { /* taken under an older catalogue: a person sees it */
        e->state = TIMELINE_OUT;
        return decide_foreign_quarantine(c->s, e->event_id, "it can no longer be understood");
    }
    poison(e->event);
    c->heard = false;
    if (event_amends(e->event) != NULL && timeline_find(&c->t, event_source(e->event), event_amends(e->event)) == NULL &&
        !decide_follow_elsewhere(c->s, e->event, e->event_id, c->t.child_id, &e->stands_alone))
        return false;
    if (!timeline_take(&c->t, index, &hand))
        return false;
    c->calendar_changed |= c->heard && is_calendar(e->event);
    return !c->heard || decide_handover(c->s, &c->t, e);
}

/* Kept beside the events as their retraction is: whoever asks who is allocated leaves out what no longer holds. */
static bool record_replaced(struct child *c)
{
    char id[24], other[24];

    for (size_t i = 0; i < c->t.count; i++) {
        int64_t by = timeline_replaced_by(&c->t, i);

        if (by != c->t.events[i].replaced_by &&
            !pg_do(c->s->pg, &REPLACED,
                   (const char *[]){text_of(id, c->t.events[i].event_id), by != 0 ? text_of(other, by) : NULL}))
            return false;
    }
    return true;
}

/* The event at `index` was never this child's: whoever was told hears that, and everything else is decided without it.
 * amended_by: the amendment that says so; 0: a person does. */
static bool take_back(struct child *c, size_t index, int64_t amended_by)
{
    static const char WRONG[] = "its event was matched to the wrong child", MOVED[] = "its event was amended: it is about another child";
    const struct timeline_hand hand = hand_of(c);
    struct timeline_event *e = &c->t.events[index];
    char id[24], now[INSTANT_TEXT_SIZE];

    return decide_recall(c->s, c->t.child_id, e->event_id, true, amended_by != 0 ? MOVED : WRONG,
                         amended_by != 0 ? amended_by : e->event_id) &&
           pg_do(c->s->pg, &FORGET_ALIAS, (const char *[]){text_of(id, e->event_id), instant_print(c->s->now, now)}) &&
           pg_do(c->s->pg, &UNRETRACT, (const char *[]){id}) && pg_do(c->s->pg, &UNMATCH, (const char *[]){id, now}) &&
           store_journal(c->s->pg, c->s->now,
                         &(struct store_journal){
                             .what = amended_by != 0 ? "event amended away" : "match taken back", .event_id = e->event_id, .child_id = c->t.child_id}) &&
           decide_recall_discharged(c->s, c->t.child_id, e->event_id) && discharge(c, NULL) &&
           timeline_forget(&c->t, index, &hand);
}

/* Before anything else of this child is decided. Returns how many, -1 when the database failed. */
static int take_back_all(struct child *c, int64_t only)
{
    char child[24], one[24];
    PGresult *rows =
        pg_run(c->s->pg, &TAKEN_BACK, (const char *[]){text_of(child, c->t.child_id), text_of(one, only)});
    int count = rows != NULL ? PQntuples(rows) : -1;

    for (int i = 0; i < count; i++) {
        size_t at = 0;

        while (at < c->t.count && c->t.events[at].event_id != pg_column_int(rows, i, 0))
            at++;
        if (at < c->t.count && !take_back(c, at, pg_column_int(rows, i, 1)))
            count = -1;
    }
    PQclear(rows);
    return count;
}

static void ask_one(void *cookie, size_t index, struct decide_braked_asked *ret)
{
    const struct child *c = cookie;

    ask_rules(c, index, &ret->view, &ret->input, &ret->decision);
}

static bool decide_one(void *cookie, size_t index)
{
    return decide_waiting(cookie, index);
}

static bool take_back_one(void *cookie, size_t index)
{
    struct child *c = cookie;
    const struct timeline_hand hand = hand_of(c);

    return timeline_take_back(&c->t, index, &hand);
}

static bool hold_one(void *cookie, size_t index, const char *reason)
{
    struct child *c = cookie;

    return end_event(c, &c->t.events[index], "held", reason, NULL);
}

/* What the brake has done with an event that waits. */
static const struct decide_braked_steps STEPS = {ask_one, decide_one, take_back_one, hold_one};

/* The message of this event shares a hearing again without something: that was never so. Duties it made stay open, and a
 * person is asked. */
static bool leave_out(struct child *c, size_t index)
{
    const struct timeline_hand hand = hand_of(c);
    const struct decision nothing = {0};
    int64_t message = c->t.events[index].parent_id;
    bool ok = true;

    for (size_t i = 0; ok && message != 0 && i < c->t.count; i++) {
        struct timeline_event *e = &c->t.events[i];
        struct decide_input input = {.event = e->event, .received_at = e->received_at};

        if (e->left_out_by != message || e->outcome == NULL)
            continue;
        e->left_out_by = 0;
        ok = decide_apply_replaced(c->s, &(struct decide_subject){c->t.child_id, e->event_id, e->event, &input}, &nothing) &&
             end_event(c, e, "decided", e->silent, NULL) && timeline_forget(&c->t, i, &hand);
    }
    return ok;
}

int decide_child(struct duty_store *s, int64_t child_id, int64_t only)
{
    struct child c = {.s = s};
    int count;

    if (!timeline_load(&c.t, s->pg, child_id)) {
        timeline_release(&c.t);
        return -1;
    }
    count = take_back_all(&c, only);
    for (size_t i = 0; only != 0 && i < c.t.count; i++)
        if (c.t.events[i].event_id != only && c.t.events[i].state == TIMELINE_WAITING)
            c.t.events[i].state = TIMELINE_HELD;
    for (size_t i; count >= 0 && (i = timeline_next_waiting(&c.t)) < c.t.count;)
        count = decide_braked(s, &c.t, i, &STEPS, &c) && leave_out(&c, i) ? count + 1 : -1;
    if (count > 0 && ((c.t.amendment_count > 0 && !record_replaced(&c)) || !decide_watch_plan(s, &c.t) ||
                      !decide_clock_child(s, &c.t, c.calendar_changed)))
        count = -1;
    timeline_release(&c.t);
    return count;
}
