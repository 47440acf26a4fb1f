/* SPDX-License-Identifier: Apache-2.0 */
/* A case: one decision in one file, with what must and must not come of it. */
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/decide.h"
#include "told/mem.h"

struct decide_case {
    json_t *root; /* owned; texts are borrowed from it */
    struct decide_input input;
    struct event *event;
    struct facts *facts;
    struct decide_past *history;
    struct event **past; /* owned: the events of `history` */
};

void decide_case_free(struct decide_case *one)
{
    if (one == NULL)
        return;
    for (size_t i = 0; i < one->input.history_count; i++)
        event_free(one->past[i]);
    free(one->past);
    free(one->history);
    facts_free(one->facts);
    event_free(one->event);
    json_decref(one->root);
    free(one);
}

static char *case_read_event(json_t *json, const char *where, struct event **ret)
{
    enum event_fault fault;
    char *reason = NULL;
    char *whole;

    if (json == NULL)
        return mem_printf("%s: missing; a case needs it", where);
    *ret = event_from_json(json, &fault, &reason);
    if (*ret != NULL)
        return NULL;
    whole = mem_printf("%s: %s", where, reason);
    free(reason);
    return whole;
}

static char *case_read_instant(const json_t *object, const char *where, struct instant *ret)
{
    const char *text = json_text_at(object, "received_at");

    if (text == NULL || !instant_parse(text, ret))
        return mem_printf("%sreceived_at: must be an RFC 3339 time with a zone", where);
    return NULL;
}

static char *case_read_child(struct decide_case *one)
{
    json_t *child = json_object_get(one->root, "child");
    const char *key;
    json_t *value;

    one->facts = facts_new();
    one->input.facts = one->facts;
    if (!json_is_object(child))
        return mem_copy("child: must be an object; {} if nothing is known");
    json_object_foreach(child, key, value)
    {
        const char *reason = facts_set(one->facts, key, value);

        if (reason != NULL)
            return mem_printf("child.%s: %s", key, reason);
    }
    return NULL;
}

static char *case_read_truth(const json_t *court, const char *key, enum truth *ret)
{
    const json_t *value = json_object_get(court, key);

    if (value == NULL || json_is_null(value))
        return NULL;
    if (!json_is_boolean(value))
        return mem_printf("court.%s: must be true or false", key);
    *ret = json_is_true(value) ? TRUTH_TRUE : TRUTH_FALSE;
    return NULL;
}

static char *case_read_court(struct decide_case *one)
{
    const json_t *court = json_object_get(one->root, "court");
    char *reason;

    if (court == NULL || json_is_null(court))
        return NULL;
    if (!json_is_object(court))
        return mem_copy("court: must be an object");
    reason = case_read_truth(court, "is_host", &one->input.court_is_host);
    return reason != NULL ? reason : case_read_truth(court, "is_our_day", &one->input.court_is_our_day);
}

static char *case_read_past(struct decide_case *one, const json_t *past, size_t index)
{
    char *where = mem_printf("history[%zu].", index);
    char *where_event = mem_printf("%sevent", where);
    char *reason = case_read_instant(past, where, &one->history[index].received_at);

    if (reason == NULL)
        reason = case_read_event(json_object_get(past, "event"), where_event, &one->past[index]);
    free(where_event);
    free(where);
    if (reason != NULL)
        return reason;
    one->history[index].event = one->past[index];
    one->input.history_count = index + 1;
    return NULL;
}

static char *case_read_history(struct decide_case *one)
{
    const json_t *history = json_object_get(one->root, "history");
    char *reason = NULL;

    if (history == NULL)
        return NULL;
    if (!json_is_array(history))
        return mem_copy("history: must be an array");
    one->history = mem_new((json_array_size(history) + 1) * sizeof(*one->history));
    one->past = mem_new((json_array_size(history) + 1) * sizeof(struct event *));
    one->input.history = one->history;
    for (size_t i = 0; i < json_array_size(history) && reason == NULL; i++)
        reason = case_read_past(one, json_array_get(history, i), i);
    return reason;
}

static bool case_is_texts(const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one))
            return false;
    }
    return json_is_array(list);
}

static char *case_check_expected(const json_t *expect)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(expect))
        return mem_copy("expect: must be an array of duties");
    json_array_foreach(expect, i, one)
    {
        const json_t *tell = json_object_get(one, "tell");
        const json_t *due_at = json_object_get(one, "due_at");
        struct instant at;

        if (json_text_at(one, "duty") == NULL)
            return mem_printf("expect[%zu].duty: must be a string such as D41", i);
        if (tell != NULL && !case_is_texts(tell))
            return mem_printf("expect[%zu].tell: must be an array of roles", i);
        if (due_at != NULL && (!json_is_string(due_at) || !instant_parse(json_string_value(due_at), &at)))
            return mem_printf("expect[%zu].due_at: must be an RFC 3339 time with a zone", i);
    }
    return NULL;
}

/* A list of what to expect that is misspelt would pass for ever, so these keys are checked and others are
 * not. */
static char *case_check_lists(json_t *root)
{
    const char *key;
    json_t *value;

    json_object_foreach(root, key, value)
    {
        if (strcmp(key, "expect") == 0) {
            char *reason = case_check_expected(value);

            if (reason != NULL)
                return reason;
        } else if (strcmp(key, "expect_not") == 0 || strcmp(key, "expect_review") == 0) {
            if (!case_is_texts(value))
                return mem_printf("%s: must be an array of duties", key);
        } else if (strncmp(key, "expect", strlen("expect")) == 0) {
            return mem_printf("%s: not known; write expect, expect_not or expect_review", key);
        }
    }
    return NULL;
}

static char *case_read(struct decide_case *one)
{
    char *reason;

    if (!json_is_object(one->root))
        return mem_copy("a case must be a JSON object");
    one->input.authority = json_text_at(one->root, "authority");
    if (one->input.authority == NULL)
        return mem_copy("authority: must be a string; whose installation decides");
    if ((reason = case_read_instant(one->root, "", &one->input.received_at)) != NULL ||
        (reason = case_read_event(json_object_get(one->root, "event"), "event", &one->event)) != NULL ||
        (reason = case_read_child(one)) != NULL || (reason = case_read_court(one)) != NULL ||
        (reason = case_read_history(one)) != NULL || (reason = case_check_lists(one->root)) != NULL)
        return reason;
    one->input.event = one->event;
    return NULL;
}

struct decide_case *decide_case_parse(const char *bytes, size_t len, char **ret_reason)
{
    struct decide_case *one;
    char *reason = NULL;
    json_t *root = json_parse(bytes, len, &reason);

    if (root == NULL) {
        *ret_reason = reason;
        return NULL;
    }
    one = mem_new(sizeof(*one));
    one->root = root;
    reason = case_read(one);
    if (reason == NULL)
        return one;
    decide_case_free(one);
    *ret_reason = reason;
    return NULL;
}

const char *decide_case_name(const struct decide_case *one)
{
    const char *name = json_text_at(one->root, "name");

    return name == NULL ? "" : name;
}

const struct decide_input *decide_case_input(const struct decide_case *one)
{
    return &one->input;
}

static bool case_tells(const struct decided_duty *duty, const json_t *tell)
{
    const json_t *role;
    size_t i;
    size_t found = 0;

    json_array_foreach(tell, i, role)
    {
        for (size_t k = 0; k < duty->tell_count; k++)
            found += strcmp(duty->tell[k], json_string_value(role)) == 0 ? 1 : 0;
    }
    return found == duty->tell_count && found == json_array_size(tell);
}

static bool case_fits(const struct decided_duty *duty, const json_t *expected)
{
    const json_t *tell = json_object_get(expected, "tell");
    const char *due_at = json_text_at(expected, "due_at");
    struct instant at;

    if (strcmp(duty->duty, json_text_at(expected, "duty")) != 0 || (tell != NULL && !case_tells(duty, tell)))
        return false;
    return due_at == NULL || (instant_parse(due_at, &at) && instant_compare(at, duty->due_at) == 0);
}

static void case_print_duty(const struct decided_duty *duty, struct buf *out)
{
    char text[INSTANT_TEXT_SIZE];

    buf_printf(out, " %s tell", duty->duty);
    for (size_t i = 0; i < duty->tell_count; i++)
        buf_printf(out, " %s", duty->tell[i]);
    buf_printf(out, " due_at %s;", instant_print(duty->due_at, text));
}

/* What came out in place of the expected: the same duty otherwise, a review, or nothing. */
static void case_print_instead(const struct decision *decision, const char *duty, struct buf *out)
{
    for (size_t i = 0; i < decision->duty_count; i++) {
        if (strcmp(decision->duties[i].duty, duty) == 0)
            case_print_duty(&decision->duties[i], out);
    }
    for (size_t i = 0; i < decision->review_count; i++) {
        const struct decided_review *review = &decision->reviews[i];

        if (strcmp(review->duty, duty) != 0)
            continue;
        buf_text(out, " a review, unknown:");
        for (size_t k = 0; k < review->unknown_count; k++)
            buf_printf(out, " %s", review->unknown[k]);
        buf_char(out, ';');
    }
    for (size_t i = 0; i < decision->not_count; i++) {
        if (strcmp(decision->nots[i].duty, duty) == 0)
            buf_printf(out, " not: %s;", decision->nots[i].because);
    }
}

static void case_compare_duties(const json_t *expect, const struct decision *decision, struct buf *out)
{
    const json_t *expected;
    size_t i;

    json_array_foreach(expect, i, expected)
    {
        bool fits = false;

        for (size_t k = 0; k < decision->duty_count; k++)
            fits = fits || case_fits(&decision->duties[k], expected);
        if (fits)
            continue;
        buf_printf(out, "expected %s otherwise or at all; came out:", json_text_at(expected, "duty"));
        case_print_instead(decision, json_text_at(expected, "duty"), out);
        buf_char(out, '\n');
    }
}

static bool case_has_duty(const struct decision *decision, const char *duty)
{
    for (size_t i = 0; i < decision->duty_count; i++) {
        if (strcmp(decision->duties[i].duty, duty) == 0)
            return true;
    }
    return false;
}

static bool case_has_review(const struct decision *decision, const char *duty)
{
    for (size_t i = 0; i < decision->review_count; i++) {
        if (strcmp(decision->reviews[i].duty, duty) == 0)
            return true;
    }
    return false;
}

static void case_compare_names(const json_t *list, bool review, const struct decision *decision,
                               struct buf *out)
{
    const json_t *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        const char *duty = json_string_value(name);

        if (!case_has_duty(decision, duty) && case_has_review(decision, duty) == review)
            continue;
        buf_printf(out, "%s %s; came out:", review ? "expected a review of" : "did not expect", duty);
        case_print_instead(decision, duty, out);
        buf_char(out, '\n');
    }
}

char *decide_case_compare(const struct decide_case *one, const struct decision *decision)
{
    struct buf out = {0};

    case_compare_duties(json_object_get(one->root, "expect"), decision, &out);
    case_compare_names(json_object_get(one->root, "expect_not"), false, decision, &out);
    case_compare_names(json_object_get(one->root, "expect_review"), true, decision, &out);
    if (out.len == 0) {
        buf_release(&out);
        return NULL;
    }
    return buf_take(&out);
}
