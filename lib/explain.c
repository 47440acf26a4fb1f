/* SPDX-License-Identifier: Apache-2.0 */
#include "told/explain.h"

#include <stdlib.h>
#include <string.h>

#include "deadline_step.h"
#include "deadline_trail.h"
#include "event_slots.h"
#include "expr_tests.h"
#include "rule.h"
#include "told/buf.h"

static const struct rule_arm *find_arm(const struct rule *rule, int type_index)
{
    for (size_t i = 0; i < rule->arm_count; i++)
        if (rule->arms[i].type_index == type_index)
            return &rule->arms[i];
    return NULL;
}

static json_t *truth_json(enum truth truth)
{
    return truth == TRUTH_UNKNOWN ? json_null() : json_boolean(truth == TRUTH_TRUE);
}

struct listing {
    struct term_scope *scope;
    json_t *list;
};

static json_t *name_json(const struct term *term, struct term_scope *scope)
{
    struct value value = term_value(term, scope);
    struct buf text = {0};
    json_t *name = json_object();

    value_print(&value, term->words, &text);
    json_object_set_new(name, "name", json_string(term->name));
    json_object_set_new(name, "value", value.kind == VALUE_UNKNOWN ? json_null() : json_string(buf_string(&text)));
    buf_release(&text);
    return name;
}

static void add_test(void *cookie, const struct expr_test *test)
{
    struct listing *listing = cookie;
    json_t *names = json_array(), *one = json_object();

    for (size_t i = 0; i < test->term_count; i++)
        json_array_append_new(names, name_json(test->terms[i], listing->scope));
    json_object_set_new(one, "test", json_stringn(test->text, test->len));
    json_object_set_new(one, "holds", truth_json(test->truth));
    json_object_set_new(one, "decides", json_boolean(test->decides));
    json_object_set_new(one, "names", names);
    json_array_append_new(listing->list, one);
}

static json_t *conditions(const struct expr *expr, struct term_scope *scope)
{
    struct listing listing = {scope, json_array()};

    expr_tests(expr, scope, add_test, &listing);
    return listing.list;
}

static json_t *also(const struct rule_arm *arm, struct term_scope *scope)
{
    json_t *list = json_array();

    for (size_t i = 0; i < arm->rule->also_count; i++)
        json_array_append_new(list, json_pack("{ss ss so so}", "role", arm->rule->also[i].role, "when",
                                              arm->rule->also[i].when, "holds",
                                              truth_json(expr_eval(arm->also[i], scope)), "conditions",
                                              conditions(arm->also[i], scope)));
    return list;
}

static json_t *clock_json(const struct rule_arm *arm, const struct calendar *calendar, struct term_scope *scope,
                          const struct deadline_due *due)
{
    json_t *clock = deadline_trail(arm->within, calendar, scope, due);
    struct buf text = {0};
    char at[INSTANT_TEXT_SIZE];

    json_object_set_new(clock, "within", json_string(arm->rule->within));
    if (arm->within->condition != NULL)
        json_object_set_new(clock, "conditions", conditions(arm->within->condition, scope));
    if (!due->known)
        return clock;
    deadline_explain(arm->within, calendar, scope, due, &text);
    json_object_set_new(clock, "due_at", json_string(instant_print(due->at, at)));
    json_object_set_new(clock, "immediate", json_boolean(due->immediate));
    json_object_set_new(clock, "provisional", json_boolean(due->provisional));
    json_object_set_new(clock, "text", json_string(buf_string(&text)));
    buf_release(&text);
    return clock;
}

static void add_unknown(void *cookie, const char *name, size_t len)
{
    json_t *list = cookie;

    for (size_t i = 0; i < json_array_size(list); i++)
        if (strncmp(json_string_value(json_array_get(list, i)), name, len) == 0 &&
            json_string_length(json_array_get(list, i)) == len)
            return;
    json_array_append_new(list, json_stringn(name, len));
}

/* What only records is not recorded on a doubt, and asks nobody. */
static const char *outcome(const struct rule_arm *arm, enum truth truth, bool due_known)
{
    if (arm->within == NULL)
        return truth == TRUTH_TRUE ? "recorded" : "no";
    if (truth == TRUTH_FALSE)
        return "no";
    return truth == TRUTH_TRUE && due_known ? "duty" : "review";
}

json_t *explain_rule(const struct rule *rule, const struct calendar *calendar, const struct decide_input *input)
{
    const struct rule_arm *arm = find_arm(rule, event_type_index(input->event));
    struct deadline_due due = {.at = INSTANT_NONE};
    json_t *unknown = json_array(), *explained = json_object();
    struct term_scope scope;
    enum truth truth;

    if (arm == NULL) {
        json_decref(unknown);
        json_decref(explained);
        return NULL;
    }
    term_scope_init(&scope, input);
    truth = expr_eval(arm->when, &scope);
    if (arm->within != NULL)
        deadline_compute(arm->within, calendar, &scope, &due);
    if (truth == TRUTH_UNKNOWN)
        expr_unknown(arm->when, &scope, add_unknown, unknown);
    if (truth != TRUTH_FALSE && arm->within != NULL)
        deadline_unknown(arm->within, &scope, add_unknown, unknown);
    json_object_set_new(explained, "outcome", json_string(outcome(arm, truth, due.known)));
    json_object_set_new(explained, "holds", truth_json(truth));
    json_object_set_new(explained, "conditions", conditions(arm->when, &scope));
    json_object_set_new(explained, "also", also(arm, &scope));
    json_object_set_new(explained, "unknown", unknown);
    if (arm->within != NULL)
        json_object_set_new(explained, "clock", clock_json(arm, calendar, &scope, &due));
    return explained;
}

bool explain_listens(const struct rule *rule, const char *type)
{
    int index = field_type_find(type);

    return rule->enabled && index >= 0 && find_arm(rule, index) != NULL;
}

json_t *explain_types(const struct rule *rule)
{
    json_t *types = json_array();

    for (size_t i = 0; i < rule->arm_count; i++)
        json_array_append_new(types, json_string(field_type_at((size_t)rule->arms[i].type_index)->name));
    return types;
}

/* The value with only the first `count` events of the history. */
static struct value value_after(const struct term *term, const struct decide_input *input, size_t count)
{
    struct decide_input some = *input;
    struct term_scope scope;

    some.history_count = count;
    term_scope_init(&scope, &some);
    return term_value(term, &scope);
}

size_t explain_history(const char *name, const struct decide_input *input)
{
    struct term term;
    struct value last;
    size_t from = input->history_count;
    char *reason = term_find(name, NULL, event_type_index(input->event), TERM_REACH_ALL, &term);

    if (reason != NULL) {
        free(reason);
        return from;
    }
    last = value_after(&term, input, 0);
    for (size_t i = 0; i < input->history_count; i++) {
        struct value next = value_after(&term, input, i + 1);

        if (next.kind != last.kind || (next.kind != VALUE_UNKNOWN && !value_is_equal(&next, &last)))
            from = i;
        last = next;
    }
    term_release(&term);
    return from;
}
