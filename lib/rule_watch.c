/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `watch`: the rule starts at a moment rather than at an event (A16, A18, A24).
 *
 *   watch = { on = [ EVENTS that open it ]; when = CONDITION; at = CLOCK;
 *             unless = ( { on = EVENT; when = CONDITION; } … );   it came: there is nothing to tell
 *             ends   = ( { on = EVENT; when = CONDITION; } … ); } it matters no more, nor what came before
 *
 * The rest of the rule is decided at that moment, on what is known then, as an event of type told.instant.
 */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

static void watch_fault(struct rule_reader *reader, const config_setting_t *group, const char *key, int type_index,
                        char *reason)
{
    const config_setting_t *setting = rule_reader_member(group, key);

    rule_reader_fault(reader, setting == NULL ? group : setting,
                      mem_printf("watch, %s, for %s: %s", key, field_type_at((size_t)type_index)->name, reason));
    free(reason);
}

static void compile_arm(struct rule_reader *reader, const config_setting_t *group, const char *type)
{
    struct rule_watch *watch = reader->rule->watch;
    struct rule_watch_arm arm = {.rule = reader->rule, .type_index = field_type_find(type)};
    char *reason = NULL;

    if (arm.type_index < 0) {
        rule_reader_fault(reader, rule_reader_member(group, "on"),
                          mem_printf("watch, on: \"%s\" is no type of event; correct it", type));
        return;
    }
    arm.when = expr_parse(watch->when, arm.type_index, TERM_REACH_ALL, &reason);
    if (arm.when == NULL)
        watch_fault(reader, group, "when", arm.type_index, reason);
    arm.at = deadline_parse(watch->at, arm.type_index, &reason);
    if (arm.at == NULL)
        watch_fault(reader, group, "at", arm.type_index, reason);
    else if (deadline_date_count(arm.at) == 0)
        watch_fault(reader, group, "at", arm.type_index, mem_copy("count from a date, for example: 8 days before release.on"));
    watch->arms = mem_grow(watch->arms, watch->arm_count + 1, sizeof(arm));
    watch->arms[watch->arm_count++] = arm;
}

void rule_watch_read(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const known[] = {"on", "when", "at", "unless", "ends", NULL};
    const config_setting_t *setting = rule_reader_member(group, "watch");
    struct rule_watch *watch;

    if (setting == NULL)
        return;
    if (!config_setting_is_group(setting)) {
        rule_reader_fault(reader, setting, mem_copy("watch must be a group: watch = { on = …; at = …; unless = …; }"));
        return;
    }
    watch = mem_new(sizeof(*watch));
    reader->rule->watch = watch;
    rule_reader_refuse_unknown(reader, setting, known, "watch: ");
    rule_reader_list(reader, setting, "on", true, &watch->on);
    rule_reader_text(reader, setting, "when", "true", &watch->when);
    rule_reader_text(reader, setting, "at", NULL, &watch->at);
    for (size_t i = 0; watch->at[0] != '\0' && i < watch->on.count; i++)
        compile_arm(reader, setting, watch->on.list[i]);
    rule_close_read_events(reader, setting, "unless", &watch->unless, &watch->unless_count);
    rule_close_read_events(reader, setting, "ends", &watch->ends, &watch->end_count);
}
