/* SPDX-License-Identifier: Apache-2.0 */
/* One group of a rule file into a rule. */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

#define SAYS_MOST 140

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

/* What only a duty has; and what only an entry has that some event starts. */
static void refuse_settings(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const of_duties[] = {"says",   "tell",   "also", "copy", "within",
                                            "ladder", "as_of",  "closes", "key",  "shows", "watch"};
    static const char *const of_starts[] = {"on", "when", "starts"};
    const struct rule *rule = reader->rule;

    for (size_t i = 0; rule->form != RULE_TELLS && i < sizeof(of_duties) / sizeof(of_duties[0]); i++) {
        const config_setting_t *setting = rule_reader_member(group, of_duties[i]);

        if (setting != NULL)
            rule_reader_fault(reader, setting,
                              mem_printf("an entry that tells nobody has no %s; remove it", of_duties[i]));
    }
    for (size_t i = 0; rule->form == RULE_STANDS && i < sizeof(of_starts) / sizeof(of_starts[0]); i++) {
        const config_setting_t *setting = rule_reader_member(group, of_starts[i]);

        if (setting != NULL)
            rule_reader_fault(reader, setting,
                              mem_printf("an entry started by nothing has no %s; remove one", of_starts[i]));
    }
}

/* A duty; or `records`; or started by nothing. */
static void read_form(struct rule_reader *reader, const config_setting_t *group)
{
    const config_setting_t *records = rule_reader_member(group, "records");
    const config_setting_t *started_by = rule_reader_member(group, "started_by");
    const char *by = started_by == NULL ? NULL : config_setting_get_string(started_by);

    if (records != NULL && config_setting_type(records) != CONFIG_TYPE_BOOL)
        rule_reader_fault(reader, records, mem_copy("records must be true or false"));
    else if (records != NULL && config_setting_get_bool(records) != 0)
        reader->rule->form = RULE_RECORDS;
    if (started_by == NULL)
        return;
    if (by == NULL || strcmp(by, "nothing") != 0)
        rule_reader_fault(reader, started_by,
                          mem_copy("started_by can only be \"nothing\"; name events in on or starts"));
    if (reader->rule->form == RULE_RECORDS)
        rule_reader_fault(reader, started_by, mem_copy("what nothing starts records nothing; keep one of the two"));
    reader->rule->form = RULE_STANDS;
}

/* Whoever reads the table must see why something stands in it and does nothing. */
static void read_reason(struct rule_reader *reader, const config_setting_t *group)
{
    const config_setting_t *setting = rule_reader_member(group, "reason");
    bool wanted = !reader->rule->enabled || reader->rule->form == RULE_STANDS;

    rule_reader_text(reader, group, "reason", wanted ? NULL : "", &reader->rule->reason);
    if (!wanted && setting != NULL)
        rule_reader_fault(reader, setting,
                          mem_copy("reason says why an entry is switched off or started by nothing; remove it"));
}

/* The first line of a notice: it must fit on a phone, and the notice puts its own full stop. */
static void read_says(struct rule_reader *reader, const config_setting_t *group)
{
    const config_setting_t *setting = rule_reader_member(group, "says");
    struct rule *rule = reader->rule;
    size_t len;

    rule_reader_text(reader, group, "says", rule->enabled && rule->form == RULE_TELLS ? NULL : "", &rule->says);
    len = strlen(rule->says);
    if (len > 0 && rule->says[len - 1] == '.')
        rule_reader_fault(reader, setting,
                          mem_copy("says ends with a full stop; leave it out, the notice has one"));
    if (len > SAYS_MOST)
        rule_reader_fault(reader, setting,
                          mem_printf("says is %zu bytes long; say it in at most %d", len, SAYS_MOST));
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

/* The kinds of the written protocol; a rule of an authority's own may go without. */
static void read_kind(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const kinds[] = {"TIMED", "AT-EVENT", "IMMEDIATE", "PROMPT", "AUTOMATIC", "GATE", "INBOUND", "STANDING",
                                        "RECORD", "ROUTING", "ESCALATION", "ADVISORY", "IMPLICIT", NULL};
    const config_setting_t *setting = rule_reader_member(group, "kind");
    bool known = setting == NULL;

    rule_reader_text(reader, group, "kind", "", &reader->rule->kind);
    for (size_t i = 0; kinds[i] != NULL && !known; i++)
        known = strcmp(kinds[i], reader->rule->kind) == 0;
    if (!known && reader->rule->kind[0] != '\0')
        rule_reader_fault(reader, setting, mem_copy("kind is none of the thirteen; write it as TIMED, STANDING, PROMPT, …"));
    else if (!known)
        rule_reader_fault(reader, setting, mem_copy("kind says nothing; fill it in or take it out"));
}

static void read_settings(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const known[] = {"title", "says",  "cites",   "on",     "when",   "starts",
                                        "tell",  "also",  "copy",    "within", "ladder", "as_of", "closes",
                                        "key",   "shows", "enabled", "kind",   "records", "started_by",
                                        "reason", "watch", NULL};
    struct rule *rule = reader->rule;
    bool tells;

    rule_reader_refuse_unknown(reader, group, known, "");
    read_form(reader, group);
    refuse_settings(reader, group);
    tells = rule->form == RULE_TELLS;
    rule_reader_text(reader, group, "title", NULL, &rule->title);
    rule_reader_text(reader, group, "cites", NULL, &rule->cites);
    read_kind(reader, group);
    rule_reader_text(reader, group, "ladder", "", &rule->ladder);
    rule_reader_text(reader, group, "as_of", "", &rule->as_of);
    read_enabled(reader, group);
    read_reason(reader, group);
    read_says(reader, group);
    read_roles(reader, group, "tell", tells, &rule->tell);
    read_roles(reader, group, "copy", false, &rule->copy);
    read_also(reader, group);
    if (tells)
        rule_close_read(reader, group);
    else
        rule->closes_text = mem_copy("");
    rule_reader_list(reader, group, "shows", false, &rule->shows);
    rule_watch_read(reader, group);
    if (tells && !rule_reader_list(reader, group, "key", false, &rule->key)) {
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
    if (rule->form == RULE_STANDS)
        rule_compile_nothing(rule);
    else
        rule_compile(&reader, group);
    if (reader.faults == 0)
        return rule;
    rule_free(rule);
    return NULL;
}
