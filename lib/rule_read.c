/* SPDX-License-Identifier: Apache-2.0 */
/* One group of a rule file into a rule. */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

static void read_enabled(struct rule_reader *reader, const config_setting_t *group)
{
    const config_setting_t *setting = rule_reader_member(group, "enabled");

    reader->rule->enabled = true;
    if (setting == NULL)
        return;
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        rule_reader_fault(reader, setting, mem_copy("enabled must be true or false"));
    reader->rule->enabled = config_setting_get_bool(setting) != 0;
}

static void read_roles(struct rule_reader *reader, const config_setting_t *group, const char *key,
                       bool required, struct rule_texts *ret)
{
    if (!rule_reader_list(reader, group, key, required, ret))
        return;
    for (size_t i = 0; i < ret->count; i++)
        rule_reader_role(reader, rule_reader_member(group, key), key, ret->list[i]);
}

/* tell additionally, where `when` is surely so */
static void read_also(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const known[] = {"role", "when", NULL};
    const config_setting_t *setting = rule_reader_member(group, "also");
    struct rule *rule = reader->rule;

    if (setting == NULL)
        return;
    if (!config_setting_is_list(setting)) {
        rule_reader_fault(reader, setting,
                          mem_copy("also must be a list of groups: also = ( { role = …; when = …; } )"));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *one = config_setting_get_elem(setting, (unsigned)i);
        struct rule_also also = {0};

        if (!config_setting_is_group(one)) {
            rule_reader_fault(reader, setting, mem_copy("also must hold groups: { role = …; when = …; }"));
            continue;
        }
        rule_reader_refuse_unknown(reader, one, known, "also: ");
        rule_reader_text(reader, one, "role", NULL, &also.role);
        rule_reader_text(reader, one, "when", NULL, &also.when);
        rule_reader_role(reader, one, "also", also.role);
        rule->also = mem_grow(rule->also, rule->also_count + 1, sizeof(also));
        rule->also[rule->also_count++] = also;
    }
}

static void read_settings(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const known[] = {"title", "cites",   "on",     "when",   "starts", "tell",
                                        "also",  "copy",    "within", "ladder", "closes", "key",
                                        "shows", "enabled", "kind",   NULL};
    struct rule *rule = reader->rule;

    rule_reader_refuse_unknown(reader, group, known, "");
    rule_reader_text(reader, group, "title", NULL, &rule->title);
    rule_reader_text(reader, group, "cites", NULL, &rule->cites);
    rule_reader_text(reader, group, "kind", "", &rule->kind);
    rule_reader_text(reader, group, "ladder", "", &rule->ladder);
    read_enabled(reader, group);
    read_roles(reader, group, "tell", true, &rule->tell);
    read_roles(reader, group, "copy", false, &rule->copy);
    read_also(reader, group);
    rule_close_read(reader, group);
    rule_reader_list(reader, group, "shows", false, &rule->shows);
    if (!rule_reader_list(reader, group, "key", false, &rule->key)) {
        rule_texts_add(&rule->key, "type");
        rule_texts_add(&rule->key, "matter");
    }
}

/* "rule-D41-leaver": the rule D41-leaver of the duty D41. */
static void read_name(struct rule_reader *reader, const config_setting_t *group)
{
    const char *name = config_setting_name(group) + strlen("rule-");
    size_t letters = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    size_t digits = strspn(name + letters, "0123456789");
    const char *rest = name + letters + digits;

    reader->rule->name = mem_copy(name);
    reader->rule->duty = mem_copy_n(name, letters + digits);
    if (letters == 0 || digits == 0 ||
        (rest[0] != '\0' && (rest[0] != '-' || !rule_reader_is_code(rest + 1))))
        rule_reader_fault(reader, group,
                          mem_copy("no name of a rule; write rule-D41, or rule-D41-word for a second one"));
}

struct rule *rule_read(const config_setting_t *group, const char *file, protocol_fault_fn *fault,
                       void *cookie)
{
    struct rule *rule = mem_new(sizeof(*rule));
    struct rule_reader reader = {.file = file, .fault = fault, .cookie = cookie, .rule = rule};

    rule->file = mem_copy(file);
    rule->line = (int)config_setting_source_line(group);
    read_name(&reader, group);
    read_settings(&reader, group);
    rule_compile(&reader, group);
    if (reader.faults == 0)
        return rule;
    rule_free(rule);
    return NULL;
}
