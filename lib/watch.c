/* SPDX-License-Identifier: Apache-2.0 */
#include "told/watch.h"

#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "told/mem.h"
#include "watch_fold.h"

struct watch_state {
    const struct rule *rule;
    bool met;
    struct watch_pending pending; /* at INSTANT_NONE: nothing opened it */
};

struct watch_list {
    struct watch_state *states;
    size_t count;
};

bool watch_fold_step(const struct rule_watch *watch, bool met, const struct event *event)
{
    if (rule_close_find(watch->ends, watch->end_count, event) != NULL)
        return false;
    return met || rule_close_find(watch->unless, watch->unless_count, event) != NULL;
}

bool watch_fold_is_met(const struct rule_watch *watch, const struct decide_input *input)
{
    struct history history;
    bool met = false;

    history_init(&history, input);
    for (size_t i = 0; i < input->history_count; i++) {
        const struct event *event = history_standing(&history, i);

        if (event != NULL)
            met = watch_fold_step(watch, met, event);
    }
    return met;
}

struct watch_list *watch_list_new(const struct protocol *protocol)
{
    struct watch_list *list = mem_new(sizeof *list);

    for (size_t i = 0; i < protocol_count(protocol); i++) {
        const struct rule *rule = protocol_rule(protocol, i);

        if (rule->watch == NULL || !rule->enabled)
            continue;
        list->states = mem_grow(list->states, list->count + 1, sizeof *list->states);
        list->states[list->count++] = (struct watch_state){.rule = rule, .pending = {.at = INSTANT_NONE}};
    }
    return list;
}

void watch_list_free(struct watch_list *list)
{
    if (list == NULL)
        return;
    free(list->states);
    free(list);
}

static const struct decided_watch *find_opened(const struct decision *decision, const struct rule *rule)
{
    for (size_t i = 0; decision != NULL && i < decision->watch_count; i++) {
        if (decision->watches[i].rule == rule)
            return &decision->watches[i];
    }
    return NULL;
}

bool watch_list_opens(const struct watch_list *list, const struct event *event)
{
    for (size_t i = 0; i < list->count; i++) {
        if (rule_texts_has(&list->states[i].rule->watch->on, event_type(event)))
            return true;
    }
    return false;
}

void watch_list_take(struct watch_list *list, const struct event *event, const struct decision *decision)
{
    for (size_t i = 0; i < list->count; i++) {
        struct watch_state *state = &list->states[i];
        const struct rule_watch *watch = state->rule->watch;
        const struct decided_watch *opened = find_opened(decision, state->rule);
        bool opens = rule_texts_has(&watch->on, event_type(event));

        state->met = watch_fold_step(watch, state->met, event);
        if (opens || rule_close_find(watch->ends, watch->end_count, event) != NULL)
            state->pending.at = INSTANT_NONE; /* the later word holds, also where it names no moment */
        if (opened != NULL)
            state->pending = (struct watch_pending){state->rule, event, opened->at, opened->provisional};
    }
}

size_t watch_list_pending(const struct watch_list *list, struct watch_pending *ret, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count && count < most; i++) {
        const struct watch_state *state = &list->states[i];

        if (!state->met && instant_compare(state->pending.at, INSTANT_NONE) != 0)
            ret[count++] = state->pending;
    }
    return count;
}

char *watch_instant_text(const struct watch_pending *pending, int64_t child_id)
{
    char at[INSTANT_TEXT_SIZE], time[INSTANT_TEXT_SIZE], day[CIVIL_TEXT_SIZE];
    struct instant opened = event_valid_from(pending->ground);
    /* A moment that had passed when the watch was opened: it is asked on what was known then, not before it. */
    struct instant when = instant_compare(opened, pending->at) > 0 ? opened : pending->at;
    json_t *data = json_pack("{s{} ss ss ss ss}", "person", "what", "watch", "rule", rule_name(pending->rule), "on",
                             civil_print(civil_day_of(when), day), "at", instant_print(pending->at, at));
    json_t *event;
    char *id = mem_printf("watch-%lld-%s-%s", (long long)child_id, rule_name(pending->rule), at), *text;

    if (event_case(pending->ground) != NULL)
        json_object_set_new(data, "case", json_string(event_case(pending->ground)));
    event = json_pack("{ss ss ss ss ss so}", "specversion", "1.0", "id", id, "source", "told", "type", EVENT_TYPE_INSTANT,
                      "time", instant_print(when, time), "data", data);
    text = json_dumps(event, JSON_COMPACT);
    json_decref(event);
    free(id);
    return text;
}
