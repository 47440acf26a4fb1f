/* SPDX-License-Identifier: Apache-2.0 */
/* What ends a duty: whose acknowledgement, a record that it was done, or later events. */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

#define DONE_AND_TOLD "done and told" /* two records: what a person did, what a server took (A34) */

/* `key` is the setting that holds the list: closes, unless, ends. */
static void read_event(struct rule_reader *reader, const config_setting_t *at, const char *key, const char *type,
                       const char *when, bool supersedes, struct rule_close **list, size_t *count)
{
    struct rule_close close = {
        .type_index = field_type_find(type), .when = mem_copy(when), .supersedes = supersedes};
    char *reason = NULL;

    if (close.type_index < 0) {
        rule_reader_fault(reader, at,
                          mem_printf("%s: \"%s\" is %s type of event", key, type,
                                     strcmp(key, "closes") == 0 ? "neither ack, done nor a" : "no"));
        free(close.when);
        return;
    }
    if (when != NULL)
        close.expr = expr_parse(when, close.type_index, TERM_REACH_EVENT, &reason);
    if (reason != NULL) {
        rule_reader_fault(reader, at, mem_printf("%s on %s, when: %s", key, type, reason));
        free(reason);
    }
    *list = mem_grow(*list, *count + 1, sizeof(close));
    (*list)[(*count)++] = close;
}

static void read_close_event(struct rule_reader *reader, const config_setting_t *at, const char *type,
                             const char *when)
{
    read_event(reader, at, "closes", type, when, false, &reader->rule->closes, &reader->rule->close_count);
}

/* What the duty is closed as: discharged, or superseded by another. */
static bool read_as(struct rule_reader *reader, const config_setting_t *one, const char *key)
{
    char *as = NULL;
    bool supersedes;

    rule_reader_text(reader, one, "as", "discharged", &as);
    supersedes = strcmp(as, "superseded") == 0;
    if (!supersedes && strcmp(as, "discharged") != 0)
        rule_reader_fault(reader, one, mem_printf("%s, as: \"%s\" is neither discharged nor superseded", key, as));
    free(as);
    return supersedes;
}

/* { on = …; when = …; as = …; } */
static void read_event_group(struct rule_reader *reader, const config_setting_t *one, const char *key,
                             struct rule_close **list, size_t *count)
{
    static const char *const known[] = {"on", "when", "as", NULL};
    char *where = mem_printf("%s: ", key);
    char *on = NULL;
    char *when = NULL;
    bool supersedes = read_as(reader, one, key);

    rule_reader_refuse_unknown(reader, one, known, where);
    rule_reader_text(reader, one, "on", NULL, &on);
    rule_reader_text(reader, one, "when", "true", &when);
    if (on[0] != '\0')
        read_event(reader, one, key, on, when, supersedes, list, count);
    free(where);
    free(on);
    free(when);
}

void rule_close_read_events(struct rule_reader *reader, const config_setting_t *group, const char *key,
                            struct rule_close **ret, size_t *ret_count)
{
    const config_setting_t *setting = rule_reader_member(group, key);

    if (setting == NULL)
        return;
    if (!config_setting_is_list(setting) || config_setting_length(setting) == 0) {
        rule_reader_fault(reader, setting, mem_printf("%s must be a list of groups: %s = ( { on = …; when = …; } )", key, key));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *one = config_setting_get_elem(setting, (unsigned)i);

        if (config_setting_is_group(one))
            read_event_group(reader, one, key, ret, ret_count);
        else
            rule_reader_fault(reader, setting, mem_printf("%s must hold groups: { on = …; when = …; }", key));
    }
}

static void read_close_ack(struct rule_reader *reader, const config_setting_t *at, const char *whose)
{
    struct rule *rule = reader->rule;

    if (rule->answer != RULE_ANSWER_NEVER)
        rule_reader_fault(reader, at, mem_copy("closes names two kinds of acknowledgement; keep one"));
    if (whose[0] == '\0') {
        rule->answer = RULE_ANSWER_ONE;
    } else if (strcmp(whose, " of all") == 0) {
        rule->answer = RULE_ANSWER_ALL;
    } else {
        rule->answer = RULE_ANSWER_ROLE;
        free(rule->answer_role);
        rule->answer_role = mem_copy(whose + strlen(" of "));
        if (!rule_texts_has(&rule->tell, rule->answer_role))
            rule_reader_fault(
                reader, at,
                mem_printf("closes: nobody tells \"%s\"; name a role of tell", rule->answer_role));
    }
}

static void read_close_word(struct rule_reader *reader, const config_setting_t *at, const char *text)
{
    if (strcmp(text, "done") == 0)
        reader->rule->done_closes = true;
    else if (strcmp(text, DONE_AND_TOLD) == 0)
        reader->rule->done_closes = reader->rule->done_wants_told = true;
    else if (strcmp(text, "ack") == 0 || strncmp(text, "ack of ", 7) == 0)
        read_close_ack(reader, at, text + strlen("ack"));
    else
        read_close_event(reader, at, text, NULL);
}

static void read_close(struct rule_reader *reader, const config_setting_t *list, const config_setting_t *one)
{
    if (!config_setting_is_group(one)) {
        if (config_setting_get_string(one) == NULL)
            rule_reader_fault(
                reader, list,
                mem_copy("closes must hold strings and groups: ( \"done\", { on = …; when = …; } )"));
        else
            read_close_word(reader, list, config_setting_get_string(one));
        return;
    }
    read_event_group(reader, one, "closes", &reader->rule->closes, &reader->rule->close_count);
}

static void print_closes(struct rule *rule)
{
    struct buf out = {0};
    const char *before = "";

    if (rule->answer != RULE_ANSWER_NEVER) {
        buf_text(&out, rule->answer == RULE_ANSWER_ONE ? "ack" : "ack of ");
        buf_text(&out, rule->answer == RULE_ANSWER_ALL    ? "all"
                       : rule->answer == RULE_ANSWER_ROLE ? rule->answer_role
                                                          : "");
        before = ", ";
    }
    if (rule->done_closes) {
        buf_printf(&out, "%s%s", before, rule->done_wants_told ? DONE_AND_TOLD : "done");
        before = ", ";
    }
    for (size_t i = 0; i < rule->close_count; i++) {
        buf_printf(&out, "%s%s", before, field_type_at((size_t)rule->closes[i].type_index)->name);
        before = ", ";
    }
    rule->closes_text = mem_copy(buf_string(&out));
    buf_release(&out);
}

void rule_close_read(struct rule_reader *reader, const config_setting_t *group)
{
    const config_setting_t *setting = rule_reader_member(group, "closes");

    if (setting == NULL)
        rule_reader_fault(reader, group,
                          mem_copy("closes is missing; say what ends the duty: ack, done, or events"));
    else if (config_setting_get_string(setting) != NULL)
        read_close_word(reader, setting, config_setting_get_string(setting));
    else if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
        rule_reader_fault(reader, setting,
                          mem_copy("closes must be a string or a list of strings and groups"));
    else if (config_setting_length(setting) == 0)
        rule_reader_fault(reader, setting, mem_copy("closes is empty; a duty must end some way"));
    else
        for (int i = 0; i < config_setting_length(setting); i++)
            read_close(reader, setting, config_setting_get_elem(setting, (unsigned)i));
    print_closes(reader->rule);
}
