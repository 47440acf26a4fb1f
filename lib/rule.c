/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

#include <stdlib.h>
#include <string.h>

#include "event_slots.h"
#include "told/mem.h"

void rule_texts_add(struct rule_texts *texts, const char *text)
{
    texts->list = mem_grow(texts->list, texts->count + 1, sizeof(*texts->list));
    texts->list[texts->count++] = mem_copy(text);
}

bool rule_texts_has(const struct rule_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->list[i], text) == 0)
            return true;
    }
    return false;
}

void rule_texts_release(struct rule_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->list[i]);
    free(texts->list);
    *texts = (struct rule_texts){0};
}

static void rule_arm_release(struct rule_arm *arm, size_t also_count)
{
    expr_free(arm->when);
    deadline_free(arm->within);
    for (size_t i = 0; arm->also != NULL && i < also_count; i++)
        expr_free(arm->also[i]);
    for (size_t i = 0; i < arm->show_count; i++)
        term_release(&arm->shows[i].term);
    term_release(&arm->as_of);
    free(arm->also);
    free(arm->shows);
    free(arm->keys);
}

static void rule_release_texts(struct rule *rule)
{
    char *const texts[] = {rule->name,   rule->duty,        rule->title,       rule->says,
                           rule->cites,  rule->kind,        rule->when,        rule->within,
                           rule->ladder, rule->as_of,       rule->answer_role, rule->closes_text, rule->file,
                           rule->reason};
    struct rule_texts *const lists[] = {&rule->on,  &rule->tell,  &rule->copy,
                                        &rule->key, &rule->shows, &rule->roles};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        rule_texts_release(lists[i]);
}

void rule_closes_free(struct rule_close *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].when);
        expr_free(list[i].expr);
    }
    free(list);
}

const struct rule_close *rule_close_find(const struct rule_close *list, size_t count, const struct event *event)
{
    struct decide_input input = {.event = event};
    struct term_scope scope;

    term_scope_init(&scope, &input);
    for (size_t i = 0; i < count; i++) {
        if (list[i].type_index == event_type_index(event) &&
            (list[i].expr == NULL || expr_eval(list[i].expr, &scope) == TRUTH_TRUE))
            return &list[i];
    }
    return NULL;
}

static void rule_watch_free(struct rule_watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->arm_count; i++) {
        expr_free(watch->arms[i].when);
        deadline_free(watch->arms[i].at);
    }
    rule_texts_release(&watch->on);
    rule_closes_free(watch->unless, watch->unless_count);
    rule_closes_free(watch->ends, watch->end_count);
    free(watch->arms);
    free(watch->when);
    free(watch->at);
    free(watch);
}

void rule_free(struct rule *rule)
{
    if (rule == NULL)
        return;
    for (size_t i = 0; i < rule->arm_count; i++)
        rule_arm_release(&rule->arms[i], rule->also_count);
    for (size_t i = 0; i < rule->also_count; i++) {
        free(rule->also[i].role);
        free(rule->also[i].when);
    }
    rule_closes_free(rule->closes, rule->close_count);
    rule_watch_free(rule->watch);
    rule_release_texts(rule);
    free(rule->arms);
    free(rule->also);
    free(rule);
}

const char *rule_name(const struct rule *rule)
{
    return rule->name;
}

const char *rule_duty(const struct rule *rule)
{
    return rule->duty;
}

const char *rule_title(const struct rule *rule)
{
    return rule->title;
}

const char *rule_says(const struct rule *rule)
{
    return rule->says;
}

const char *rule_cites(const struct rule *rule)
{
    return rule->cites;
}

const char *rule_within(const struct rule *rule)
{
    return rule->within;
}

const char *rule_when(const struct rule *rule)
{
    return rule->when;
}

const char *rule_closes(const struct rule *rule)
{
    return rule->closes_text;
}

const char *rule_as_of(const struct rule *rule)
{
    return rule->as_of;
}

const char *rule_kind(const struct rule *rule)
{
    return rule->kind;
}

const char *rule_ladder(const struct rule *rule)
{
    return rule->ladder;
}

enum rule_answer rule_answer(const struct rule *rule, const char **ret_role)
{
    if (rule->answer == RULE_ANSWER_ROLE)
        *ret_role = rule->answer_role;
    return rule->answer;
}

bool rule_is_watch(const struct rule *rule)
{
    return rule->watch != NULL;
}

bool rule_counts_from_release(const struct rule *rule)
{
    for (size_t i = 0; i < rule->arm_count; i++) {
        const struct deadline *within = rule->arms[i].within;

        for (size_t k = 0; within != NULL && k < deadline_date_count(within); k++) {
            if (deadline_date(within, k)->from == TERM_RELEASE_ON)
                return true;
        }
    }
    return false;
}

enum rule_form rule_form(const struct rule *rule)
{
    return rule->form;
}

const char *rule_reason(const struct rule *rule)
{
    return rule->reason;
}

bool rule_is_enabled(const struct rule *rule)
{
    return rule->enabled;
}

bool rule_is_immediate(const struct rule *rule)
{
    return rule->immediate;
}

size_t rule_role_count(const struct rule *rule)
{
    return rule->roles.count;
}

const char *rule_role(const struct rule *rule, size_t index)
{
    return rule->roles.list[index];
}

const char *rule_file(const struct rule *rule)
{
    return rule->file;
}

int rule_line(const struct rule *rule)
{
    return rule->line;
}

static json_t *rule_texts_json(const struct rule_texts *texts)
{
    json_t *json = json_array();

    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(json, json_string(texts->list[i]));
    return json;
}

static json_t *rule_closes_json(const struct rule_close *list, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{ss ss}", "on", field_type_at((size_t)list[i].type_index)->name,
                                              "when", list[i].when == NULL ? "true" : list[i].when));
    return json;
}

static json_t *rule_watch_json(const struct rule_watch *watch)
{
    if (watch == NULL)
        return json_null();
    return json_pack("{so ss ss so so}", "on", rule_texts_json(&watch->on), "when", watch->when, "at", watch->at,
                     "unless", rule_closes_json(watch->unless, watch->unless_count), "ends",
                     rule_closes_json(watch->ends, watch->end_count));
}

json_t *rule_json(const struct rule *rule)
{
    static const char *const forms[] = {
        [RULE_TELLS] = "tells", [RULE_RECORDS] = "records", [RULE_STANDS] = "stands"};
    json_t *also = json_array();

    for (size_t i = 0; i < rule->also_count; i++)
        json_array_append_new(also,
                              json_pack("{ss ss}", "role", rule->also[i].role, "when", rule->also[i].when));
    return json_pack("{ss ss ss ss ss ss so ss so so so so ss ss ss ss so so sb ss ss ss si}", "name", rule->name, "duty",
                     rule->duty, "title", rule->title, "says", rule->says, "cites", rule->cites, "kind",
                     rule->kind, "on", rule_texts_json(&rule->on), "when", rule->when, "watch", rule_watch_json(rule->watch), "tell",
                     rule_texts_json(&rule->tell), "also", also, "copy", rule_texts_json(&rule->copy),
                     "within", rule->within, "ladder", rule->ladder, "as_of", rule->as_of, "closes", rule->closes_text, "key",
                     rule_texts_json(&rule->key), "shows", rule_texts_json(&rule->shows), "enabled",
                     rule->enabled ? 1 : 0, "form", forms[rule->form], "reason", rule->reason, "file", rule->file, "line", rule->line);
}
