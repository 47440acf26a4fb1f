/* SPDX-License-Identifier: Apache-2.0 */
#include "sink_script.h"

#include "told/mem.h"
#include "whole_file.h"

#include <stdlib.h>
#include <string.h>

struct rule {
    char *match, *stage, *word; /* owned; match and stage NULL: any */
    struct sink_fault fault;
    long times; /* -1: always */
    long after; /* so many more pass */
};

struct sink_script {
    struct rule *rules;
    size_t count;
};

static bool set_act(struct rule *rule, const char *word)
{
    static const struct {
        const char *word;
        enum sink_act act;
    } words[] = {{"drop", SINK_DROP},
                 {"drop-after-dot", SINK_DROP},
                 {"accept-then-drop", SINK_ACCEPT_THEN_DROP},
                 {"stall", SINK_STALL},
                 {"accept-then-stall", SINK_ACCEPT_THEN_STALL},
                 {"huge", SINK_HUGE},
                 {"reset", SINK_RESET},
                 {"half-close", SINK_HALF_CLOSE},
                 {"garbage", SINK_GARBAGE},
                 {"noise", SINK_NOISE},
                 {"strip", SINK_STRIP},
                 {"drip", SINK_DRIP},
                 {"long-line", SINK_LONG_LINE},
                 {"bare-lf", SINK_BARE_LF}};
    free(rule->word);
    rule->word = mem_copy(word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i].word))
            rule->fault.act = words[i].act;
    if (!rule->fault.act) {
        rule->fault.code = atoi(word);
        rule->fault.act = rule->fault.code >= 200 && rule->fault.code <= 599 ? SINK_REPLY : SINK_NOTHING;
    }
    return rule->fault.act != SINK_NOTHING;
}

static bool set_field(struct rule *rule, char *field)
{
    char *value = strchr(field, '=');
    if (!value)
        return false;
    *value++ = '\0';
    if (!strcmp(field, "match") || !strcmp(field, "path")) {
        free(rule->match);
        rule->match = mem_copy(value);
    } else if (!strcmp(field, "stage")) {
        free(rule->stage);
        rule->stage = mem_copy(value);
    } else if (!strcmp(field, "do")) {
        return set_act(rule, value);
    } else if (!strcmp(field, "times")) {
        rule->times = atol(value);
    } else if (!strcmp(field, "after")) {
        rule->after = atol(value);
    } else if (!strcmp(field, "retry_after")) {
        rule->fault.retry_after_s = atoi(value);
    } else if (!strcmp(field, "retry_date")) {
        rule->fault.retry_after_s = -atoi(value);
    } else {
        return false;
    }
    return true;
}

static bool add_line(struct sink_script *script, char *line)
{
    char *rest = NULL;
    line[strcspn(line, "#\r")] = '\0';
    char *field = strtok_r(line, " \t", &rest);
    if (!field)
        return true;
    script->rules = mem_grow(script->rules, script->count + 1, sizeof *script->rules);
    struct rule *rule = &script->rules[script->count++];
    *rule = (struct rule){.times = -1};
    for (; field; field = strtok_r(NULL, " \t", &rest))
        if (!set_field(rule, field))
            return false;
    return rule->fault.act != SINK_NOTHING;
}

struct sink_script *sink_script_new(const char *text, int *ret_line)
{
    struct sink_script *script = mem_new(sizeof *script);
    for (int number = 1; text && *text; number++) {
        size_t len = strcspn(text, "\n");
        char *line = mem_copy_n(text, len);
        bool fine = add_line(script, line);
        free(line);
        if (!fine) {
            *ret_line = number;
            sink_script_free(script);
            return NULL;
        }
        text += len + (text[len] == '\n');
    }
    return script;
}

struct sink_script *sink_script_load(const char *path, int *ret_line)
{
    char *text = whole_file(path, NULL);
    struct sink_script *script = NULL;

    *ret_line = 0;
    if (text != NULL)
        script = sink_script_new(text, ret_line);
    free(text);
    return script;
}

void sink_script_free(struct sink_script *script)
{
    if (!script)
        return;
    for (size_t i = 0; i < script->count; i++) {
        free(script->rules[i].match);
        free(script->rules[i].stage);
        free(script->rules[i].word);
    }
    free(script->rules);
    free(script);
}

bool sink_script_take(struct sink_script *script, const char *stage, const char *subject,
                      struct sink_fault *ret)
{
    for (size_t i = 0; i < script->count; i++) {
        struct rule *rule = &script->rules[i];
        if (!rule->times || (rule->stage && strcmp(rule->stage, stage) != 0) ||
            (rule->match && !strstr(subject, rule->match)))
            continue;
        if (rule->after > 0) {
            rule->after--;
            continue;
        }
        if (rule->times > 0)
            rule->times--;
        *ret = rule->fault;
        ret->word = rule->word;
        return true;
    }
    return false;
}
