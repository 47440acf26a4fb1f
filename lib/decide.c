/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 1. Every rule that listens to this type of event is asked; it says yes, no or unknown.
 * 2. Yes with a clock that can be worked out is a duty. Two rules that tell the same roles of one duty are
 * one.
 * 3. Unknown, in the condition or in the clock, is a review; a duty that comes out by one of its rules needs
 * none.
 * 4. Yes of a rule that only records is a record; unknown of one is none, and no review.
 * 5. The rest is kept with its reason, for whoever asks why not.
 * 6. A rule that watches is asked what moment it waits for, at the events that open it. At that moment, an event of
 * told's own, it is asked like any other; where what it waited for has come it says no.
 */
#include "told/decide.h"

#include <string.h>

#include "decide_memory.h"
#include "decide_text.h"
#include "event_slots.h"
#include "protocol_index.h"
#include "watch_fold.h"

enum verdict {
    VERDICT_NO,
    VERDICT_MET, /* a watch, and what it waits for has come */
    VERDICT_ELSE, /* a moment that another rule waited for */
    VERDICT_UNKNOWN,
    VERDICT_YES,
    VERDICT_RECORD,
};

struct answer {
    enum verdict verdict;
    struct deadline_due due;
};

struct decider {
    const struct calendar *calendar;
    const struct decide_input *input;
    const struct protocol_arms *arms;
    struct answer *answers; /* one for each arm */
    struct term_scope scope;
    struct buf text;
    struct buf scratch;
    struct decision *ret;
};

static bool decide_is_for(const struct decide_input *input, const struct rule *rule)
{
    const char *name = event_word(input->event, "rule");

    return name != NULL && strcmp(name, rule->name) == 0;
}

static void decide_ask(struct decider *decider, size_t index)
{
    const struct rule_arm *arm = decider->arms->list[index];
    struct answer *answer = &decider->answers[index];
    enum truth truth;

    if (arm->rule->watch != NULL && !decide_is_for(decider->input, arm->rule)) {
        answer->verdict = VERDICT_ELSE;
        return;
    }
    if (arm->rule->watch != NULL && watch_fold_is_met(arm->rule->watch, decider->input)) {
        answer->verdict = VERDICT_MET;
        return;
    }
    truth = expr_eval(arm->when, &decider->scope);
    if (arm->within == NULL)
        answer->verdict = truth == TRUTH_TRUE ? VERDICT_RECORD : VERDICT_NO;
    if (truth == TRUTH_FALSE || arm->within == NULL)
        return;
    deadline_compute(arm->within, decider->calendar, &decider->scope, &answer->due);
    answer->verdict = truth == TRUTH_TRUE && answer->due.known ? VERDICT_YES : VERDICT_UNKNOWN;
}

static char *decide_take_text(struct decider *decider)
{
    char *text = decide_memory_text(decider->ret->memory, buf_string(&decider->text), decider->text.len);

    buf_reset(&decider->text);
    return text;
}

/* Those whom the rule names, and those whom it surely names as well. */
static void decide_tell(struct decider *decider, const struct rule_arm *arm, struct decided_duty *duty)
{
    const struct rule *rule = arm->rule;

    duty->tell =
        decide_memory_take(decider->ret->memory, rule->tell.count + rule->also_count, sizeof(char *));
    for (size_t i = 0; i < rule->tell.count; i++)
        duty->tell[duty->tell_count++] = rule->tell.list[i];
    for (size_t i = 0; i < rule->also_count; i++) {
        if (expr_eval(arm->also[i], &decider->scope) == TRUTH_TRUE &&
            !rule_texts_has(&rule->tell, rule->also[i].role))
            duty->tell[duty->tell_count++] = rule->also[i].role;
    }
    duty->copy = decide_memory_take(decider->ret->memory, rule->copy.count, sizeof(char *));
    for (size_t i = 0; i < rule->copy.count; i++)
        duty->copy[duty->copy_count++] = rule->copy.list[i];
}

static bool decide_is_told(const struct decided_duty *duty, const char *role)
{
    for (size_t i = 0; i < duty->tell_count; i++) {
        if (strcmp(duty->tell[i], role) == 0)
            return true;
    }
    return false;
}

static bool decide_is_same_duty(const struct decided_duty *a, const struct decided_duty *b)
{
    if (strcmp(a->duty, b->duty) != 0 || a->tell_count != b->tell_count)
        return false;
    for (size_t i = 0; i < a->tell_count; i++) {
        if (!decide_is_told(b, a->tell[i]))
            return false;
    }
    return true;
}

/* The duty that tells the same roles already, if another rule brought it out. */
static struct decided_duty *decide_find_twin(const struct decision *decision, const struct decided_duty *duty)
{
    for (size_t i = 0; i < decision->duty_count; i++) {
        if (decide_is_same_duty(&decision->duties[i], duty))
            return &decision->duties[i];
    }
    return NULL;
}

static struct civil_day decide_as_of(struct decider *decider, const struct rule_arm *arm)
{
    struct value day = arm->as_of.name != NULL ? term_value(&arm->as_of, &decider->scope) : VALUE_NONE;

    return day.kind == VALUE_DAY ? day.day : day.kind == VALUE_INSTANT ? civil_day_of(day.at) : CIVIL_NONE;
}

static void decide_add_duty(struct decider *decider, size_t index)
{
    const struct rule_arm *arm = decider->arms->list[index];
    const struct deadline_due *due = &decider->answers[index].due;
    struct decided_duty duty = {.rule = arm->rule,
                                .duty = arm->rule->duty,
                                .ladder = arm->rule->ladder,
                                .as_of = decide_as_of(decider, arm),
                                .due_at = due->at,
                                .immediate = due->immediate,
                                .provisional = due->provisional};
    struct decided_duty *twin;

    decide_tell(decider, arm, &duty);
    twin = decide_find_twin(decider->ret, &duty);
    if (twin != NULL && instant_compare(twin->due_at, duty.due_at) <= 0)
        return; /* the earlier clock stands */
    decide_text_key(arm, decider->input, &decider->text);
    duty.key = decide_take_text(decider);
    decide_text_shows(arm, &decider->scope, due->at, &decider->text);
    duty.shows = decide_take_text(decider);
    duty.because = decide_text_because(arm, decider->calendar, &decider->scope, due, &decider->scratch);
    if (twin == NULL) {
        decider->ret->duties[decider->ret->duty_count++] = duty;
    } else {
        json_decref(twin->because);
        *twin = duty;
    }
}

static bool decide_has_duty(const struct decision *decision, const char *duty)
{
    for (size_t i = 0; i < decision->duty_count; i++) {
        if (strcmp(decision->duties[i].duty, duty) == 0)
            return true;
    }
    return false;
}

static struct decided_review *decide_find_review(const struct decision *decision, const char *duty)
{
    for (size_t i = 0; i < decision->review_count; i++) {
        if (strcmp(decision->reviews[i].duty, duty) == 0)
            return &decision->reviews[i];
    }
    return NULL;
}

struct missing {
    struct decider *decider;
    struct decided_review *review;
};

static void decide_add_missing(void *cookie, const char *name, size_t len)
{
    const struct missing *missing = cookie;
    struct decided_review *review = missing->review;
    const char **grown;

    for (size_t i = 0; i < review->unknown_count; i++) {
        if (strcmp(review->unknown[i], name) == 0)
            return;
    }
    grown = decide_memory_take(missing->decider->ret->memory, review->unknown_count + 1, sizeof(char *));
    if (review->unknown_count > 0)
        memcpy(grown, review->unknown, review->unknown_count * sizeof(char *));
    grown[review->unknown_count++] = decide_memory_text(missing->decider->ret->memory, name, len);
    review->unknown = grown;
}

/* 1 working day, or the duty's own clock where that is shorter; a second rule of the duty adds what it
 * misses. */
static void decide_add_review(struct decider *decider, size_t index)
{
    const struct rule_arm *arm = decider->arms->list[index];
    struct instant own = decider->answers[index].due.at;
    struct decided_review *review = decide_find_review(decider->ret, arm->rule->duty);
    struct missing missing;

    if (review == NULL) {
        review = &decider->ret->reviews[decider->ret->review_count++];
        review->duty = arm->rule->duty;
        review->due_at = deadline_next_working_day(decider->calendar, decider->input->received_at);
    }
    review->due_at = instant_earlier(review->due_at, own);
    missing = (struct missing){decider, review};
    if (expr_eval(arm->when, &decider->scope) == TRUTH_UNKNOWN)
        expr_unknown(arm->when, &decider->scope, decide_add_missing, &missing);
    deadline_unknown(arm->within, &decider->scope, decide_add_missing, &missing);
}

static void decide_add_not(struct decider *decider, size_t index, const char *because)
{
    const struct rule_arm *arm = decider->arms->list[index];
    struct decided_not *one = &decider->ret->nots[decider->ret->not_count++];

    one->duty = arm->rule->duty;
    if (because == NULL)
        decide_text_not(arm, &decider->scope, &decider->scratch, &decider->text);
    else
        buf_text(&decider->text, because);
    one->because = decide_take_text(decider);
}

static bool decide_has_record(const struct decision *decision, const char *duty)
{
    for (size_t i = 0; i < decision->record_count; i++) {
        if (strcmp(decision->records[i].duty, duty) == 0)
            return true;
    }
    return false;
}

static void decide_add_record(struct decider *decider, size_t index)
{
    const struct rule_arm *arm = decider->arms->list[index];
    struct decided_record record = {.rule = arm->rule, .duty = arm->rule->duty};

    if (decide_has_record(decider->ret, record.duty))
        return;
    record.because = decide_text_because(arm, decider->calendar, &decider->scope, NULL, &decider->scratch);
    decider->ret->records[decider->ret->record_count++] = record;
}

/* Neither a duty nor a question nor a record came of any rule of that duty. */
static bool decide_is_out(const struct decision *decision, const char *duty)
{
    return !decide_has_duty(decision, duty) && decide_find_review(decision, duty) == NULL &&
           !decide_has_record(decision, duty);
}

static void decide_all(struct decider *decider)
{
    size_t count = decider->arms->count;

    for (size_t i = 0; i < count; i++)
        decide_ask(decider, i);
    for (size_t i = 0; i < count; i++) {
        if (decider->answers[i].verdict == VERDICT_YES)
            decide_add_duty(decider, i);
        if (decider->answers[i].verdict == VERDICT_RECORD)
            decide_add_record(decider, i);
    }
    for (size_t i = 0; i < count; i++) {
        if (decider->answers[i].verdict == VERDICT_UNKNOWN &&
            !decide_has_duty(decider->ret, decider->arms->list[i]->rule->duty))
            decide_add_review(decider, i);
    }
    for (size_t i = 0; i < count; i++) {
        const char *duty = decider->arms->list[i]->rule->duty;

        if (decider->answers[i].verdict == VERDICT_NO && decide_is_out(decider->ret, duty))
            decide_add_not(decider, i, NULL);
        if (decider->answers[i].verdict == VERDICT_MET)
            decide_add_not(decider, i, "what it watches for has come");
    }
}

/* The event itself is part of what is known when the moment is worked out: it may be what states the date. */
static const struct decide_past *decide_with_itself(struct decider *decider)
{
    const struct decide_input *input = decider->input;
    struct decide_past *past = decide_memory_take(decider->ret->memory, input->history_count + 1, sizeof(*past));

    if (input->history_count > 0)
        memcpy(past, input->history, input->history_count * sizeof(*past));
    past[input->history_count] = (struct decide_past){input->received_at, input->event};
    return past;
}

/* An unknown condition opens the watch all the same: at its moment the rule is asked again. */
static void decide_watches(struct decider *decider, const struct protocol_watches *watches)
{
    struct decide_input input = *decider->input;
    struct term_scope scope;

    if (watches->count == 0)
        return;
    input.history = decide_with_itself(decider);
    input.history_count++;
    term_scope_init(&scope, &input);
    for (size_t i = 0; i < watches->count; i++) {
        const struct rule_watch_arm *arm = watches->list[i];
        struct deadline_due due;

        if (expr_eval(arm->when, &scope) == TRUTH_FALSE)
            continue;
        deadline_compute(arm->at, decider->calendar, &scope, &due);
        if (due.known)
            decider->ret->watches[decider->ret->watch_count++] =
                (struct decided_watch){arm->rule, arm->rule->duty, due.at, due.provisional};
    }
}

void decide(const struct protocol *protocol, const struct calendar *calendar,
            const struct decide_input *input, struct decision *ret)
{
    struct decider decider = {.calendar = calendar, .input = input, .ret = ret};
    const struct protocol_watches *watches;
    int type_index = event_type_index(input->event);
    size_t count;

    *ret = (struct decision){0};
    if (type_index < 0)
        return; /* no rule listens to what is outside the catalogue */
    decider.arms = protocol_arms(protocol, type_index);
    watches = protocol_watches(protocol, type_index);
    count = decider.arms->count;
    ret->memory = decide_memory_new();
    ret->duties = decide_memory_take(ret->memory, count, sizeof(*ret->duties));
    ret->reviews = decide_memory_take(ret->memory, count, sizeof(*ret->reviews));
    ret->records = decide_memory_take(ret->memory, count, sizeof(*ret->records));
    ret->nots = decide_memory_take(ret->memory, count, sizeof(*ret->nots));
    ret->watches = decide_memory_take(ret->memory, watches->count, sizeof(*ret->watches));
    decider.answers = decide_memory_take(ret->memory, count, sizeof(*decider.answers));
    term_scope_init(&decider.scope, input);
    if (event_retracts(input->event) == NULL) {
        decide_all(&decider);
        decide_watches(&decider, watches);
    } else {
        for (size_t i = 0; i < count; i++)
            decide_add_not(&decider, i, "the event only takes back an earlier one");
    }
    buf_release(&decider.scratch);
    buf_release(&decider.text);
}

void decision_release(struct decision *decision)
{
    for (size_t i = 0; i < decision->duty_count; i++)
        json_decref(decision->duties[i].because);
    for (size_t i = 0; i < decision->record_count; i++)
        json_decref(decision->records[i].because);
    decide_memory_free(decision->memory);
    *decision = (struct decision){0};
}

static json_t *decision_list(const char *const *list, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_string(list[i]));
    return json;
}

static json_t *decision_duty_json(const struct decided_duty *duty)
{
    char due_at[INSTANT_TEXT_SIZE], as_of[CIVIL_TEXT_SIZE];

    return json_pack("{ss so so ss so sO so sb sb ss ss*}", "duty", duty->duty, "tell",
                     decision_list(duty->tell, duty->tell_count), "recipients", json_array(), "due_at",
                     instant_print(duty->due_at, due_at), "ladder", json_array(), "because", duty->because,
                     "copy", decision_list(duty->copy, duty->copy_count), "immediate",
                     duty->immediate ? 1 : 0, "provisional", duty->provisional ? 1 : 0, "rule",
                     rule_name(duty->rule), "as_of", civil_is_none(duty->as_of) ? NULL : civil_print(duty->as_of, as_of));
}

/* Whether one before it waits for the same duty at the same moment: the arms of a route do. */
static bool decision_has_watch(const struct decision *decision, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(decision->watches[i].duty, decision->watches[index].duty) == 0 &&
            instant_compare(decision->watches[i].at, decision->watches[index].at) == 0)
            return true;
    }
    return false;
}

json_t *decision_json(const struct decision *decision)
{
    json_t *duties = json_array();
    json_t *reviews = json_array();
    json_t *records = json_array();
    json_t *watches = json_array();
    json_t *nots = json_array();
    char due_at[INSTANT_TEXT_SIZE];

    for (size_t i = 0; i < decision->duty_count; i++)
        json_array_append_new(duties, decision_duty_json(&decision->duties[i]));
    for (size_t i = 0; i < decision->review_count; i++) {
        const struct decided_review *review = &decision->reviews[i];

        json_array_append_new(reviews, json_pack("{ss so ss}", "duty", review->duty, "unknown",
                                                 decision_list(review->unknown, review->unknown_count),
                                                 "due_at", instant_print(review->due_at, due_at)));
    }
    for (size_t i = 0; i < decision->record_count; i++)
        json_array_append_new(records, json_pack("{ss sO}", "duty", decision->records[i].duty, "because",
                                                 decision->records[i].because));
    for (size_t i = 0; i < decision->watch_count; i++)
        if (!decision_has_watch(decision, i))
            json_array_append_new(watches, json_pack("{ss ss ss}", "duty", decision->watches[i].duty, "due_at",
                                                 instant_print(decision->watches[i].at, due_at), "rule",
                                                 rule_name(decision->watches[i].rule)));
    for (size_t i = 0; i < decision->not_count; i++)
        json_array_append_new(
            nots, json_pack("{ss ss}", "duty", decision->nots[i].duty, "because", decision->nots[i].because));
    return json_pack("{so so so so so}", "duties", duties, "reviews", reviews, "watches", watches,
                     "records", records, "not", nots);
}

static bool decide_is_other(const struct event *ground, const struct event *later, const char *field)
{
    const char *a = event_word(ground, field);
    const char *b = event_word(later, field);

    return a != NULL && b != NULL && strcmp(a, b) != 0;
}

enum decide_close decide_closes(const struct rule *rule, const struct event *ground, const struct event *later)
{
    const struct rule_close *found;
    bool other_case = event_case(ground) != NULL && event_case(later) != NULL &&
                      strcmp(event_case(ground), event_case(later)) != 0;

    if (event_retracts(later) != NULL || other_case || decide_is_other(ground, later, "hearing") ||
        decide_is_other(ground, later, "meeting"))
        return DECIDE_CLOSES_NOT;
    found = rule_close_find(rule->closes, rule->close_count, later);
    if (found == NULL)
        return DECIDE_CLOSES_NOT;
    return found->supersedes ? DECIDE_CLOSES_SUPERSEDED : DECIDE_CLOSES_DISCHARGED;
}

static void decide_print_shows(const struct rule *rule, const struct event *event, struct buf *out)
{
    struct decide_input input = {.event = event, .authority = ""};
    struct term_scope scope;

    term_scope_init(&scope, &input);
    for (size_t i = 0; i < rule->arm_count; i++)
        if (rule->arms[i].type_index == event_type_index(event))
            decide_text_shows(&rule->arms[i], &scope, INSTANT_NONE, out);
}

bool decide_shows_alike(const struct rule *rule, const struct event *one, const struct event *other)
{
    struct buf left = {0}, right = {0};
    bool alike;

    decide_print_shows(rule, one, &left);
    decide_print_shows(rule, other, &right);
    alike = strcmp(buf_string(&left), buf_string(&right)) == 0;
    buf_release(&left);
    buf_release(&right);
    return alike;
}
