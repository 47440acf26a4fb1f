/* SPDX-License-Identifier: Apache-2.0 */
/* What ends a duty: whose acknowledgement, a record that it was done, or later events. */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

static void read_close_event(struct rule_reader *reader, const config_setting_t *at, const char *type,
                             const char *when)
{
    struct rule_close close = {.type_index = field_type_find(type), .when = mem_copy(when)};
    char *reason = NULL;

    if (close.type_index < 0) {
        rule_reader_fault(reader, at,
                          mem_printf("closes: \"%s\" is neither ack, done nor a type of event", type));
        free(close.when);
        return;
    }
    if (when != NULL)
        close.expr = expr_parse(when, close.type_index, TERM_REACH_EVENT, &reason);
    if (reason != NULL) {
        rule_reader_fault(reader, at, mem_printf("closes on %s, when: %s", type, reason));
        free(reason);
    }
    reader->rule->closes = mem_grow(reader->rule->closes, reader->rule->close_count + 1, sizeof(close));
    reader->rule->closes[reader->rule->close_count++] = close;
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
    else if (strcmp(text, "ack") == 0 || strncmp(text, "ack of ", 7) == 0)
        read_close_ack(reader, at, text + strlen("ack"));
    else
        read_close_event(reader, at, text, NULL);
}

static void read_close(struct rule_reader *reader, const config_setting_t *list, const config_setting_t *one)
{
    static const char *const known[] = {"on", "when", NULL};
    char *on = NULL;
    char *when = NULL;

    if (!config_setting_is_group(one)) {
        if (config_setting_get_string(one) == NULL)
            rule_reader_fault(
                reader, list,
                mem_copy("closes must hold strings and groups: ( \"done\", { on = …; when = …; } )"));
        else
            read_close_word(reader, list, config_setting_get_string(one));
        return;
    }
    rule_reader_refuse_unknown(reader, one, known, "closes: ");
    rule_reader_text(reader, one, "on", NULL, &on);
    rule_reader_text(reader, one, "when", "true", &when);
    if (on[0] != '\0')
        read_close_event(reader, one, on, when);
    free(on);
    free(when);
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
        buf_printf(&out, "%sdone", before);
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
