/* SPDX-License-Identifier: Apache-2.0 */
/* The rule for each type of event that starts it: conditions, clock, key, and what the reader must know. */
#include <stdlib.h>
#include <string.h>

#include "rule_reader.h"
#include "told/mem.h"

/* "event.at" is shown as "at"; a name outside the event keeps the whole name. */
static const char *label_of(const char *name)
{
    return strncmp(name, "event.", 6) == 0 ? name + 6 : name;
}

static void add_show(struct rule_arm *arm, struct term term, bool is_due)
{
    struct rule_show show = {
        .term = term, .is_due = is_due, .label = is_due ? "due_at" : label_of(term.name)};
    size_t at = 0;

    while (at < arm->show_count && strcmp(arm->shows[at].label, show.label) < 0)
        at++;
    if (at < arm->show_count && strcmp(arm->shows[at].label, show.label) == 0) {
        term_release(&show.term);
        return;
    }
    arm->shows = mem_grow(arm->shows, arm->show_count + 1, sizeof(show));
    memmove(&arm->shows[at + 1], &arm->shows[at], (arm->show_count - at) * sizeof(show));
    arm->shows[at] = show;
    arm->show_count++;
}

static char *add_show_name(struct rule_arm *arm, const char *name)
{
    struct term term;
    char *reason = term_find(name, NULL, arm->type_index, TERM_REACH_ALL, &term);

    if (reason == NULL)
        add_show(arm, term, false);
    return reason;
}

static bool is_shown_unasked(const struct field *field)
{
    size_t len = strlen(field->name);

    return field->kind == VALUE_DAY || field->kind == VALUE_INSTANT ||
           (len >= 5 && strcmp(field->name + len - 5, "court") == 0);
}

/* What the rule names, else dates and court; always the due instant, the dates that the clock counts from, and
 * the day that says who is told. */
static void compile_shows(struct rule_reader *reader, const config_setting_t *group, struct rule_arm *arm)
{
    const struct field_type *type = field_type_at((size_t)arm->type_index);
    const struct rule *rule = reader->rule;
    bool said = rule_reader_member(group, "shows") != NULL;

    for (size_t i = 0; i < rule->shows.count; i++) {
        char *reason = add_show_name(arm, rule->shows.list[i]);

        if (reason != NULL)
            rule_reader_fault(reader, rule_reader_member(group, "shows"), mem_printf("shows: %s", reason));
        free(reason);
    }
    for (unsigned i = 0; !said && i < type->count; i++) {
        char *name = mem_printf("event.%s", type->fields[i].name);

        if (is_shown_unasked(&type->fields[i]))
            free(add_show_name(arm, name));
        free(name);
    }
    for (size_t i = 0; arm->within != NULL && i < deadline_date_count(arm->within); i++)
        free(add_show_name(arm, deadline_date(arm->within, i)->name));
    if (arm->as_of.name != NULL)
        free(add_show_name(arm, arm->as_of.name));
    add_show(arm, (struct term){.from = TERM_CONSTANT}, true);
}

static void compile_keys(struct rule_reader *reader, const config_setting_t *group, struct rule_arm *arm)
{
    const struct field_type *type = field_type_at((size_t)arm->type_index);
    const struct rule_texts *names = &reader->rule->key;

    arm->keys = mem_grow(NULL, names->count + 1, sizeof(*arm->keys));
    for (size_t i = 0; i < names->count; i++) {
        struct rule_key key = {.part = RULE_KEY_FIELD};
        int slot = field_find(type, label_of(names->list[i]));

        if (strcmp(names->list[i], "type") == 0)
            key.part = RULE_KEY_TYPE;
        else if (strcmp(names->list[i], "matter") == 0)
            key.part = RULE_KEY_MATTER;
        else if (slot < 0)
            rule_reader_fault(reader, rule_reader_member(group, "key"),
                              mem_printf("key: %s has no field \"%s\"; use type, matter or one it has",
                                         type->name, names->list[i]));
        key.slot = slot < 0 ? 0 : (unsigned)slot;
        arm->keys[arm->key_count++] = key;
    }
}

/* One way that the rule starts: the group of the rule itself, or one of its `starts`. */
struct start {
    const config_setting_t *group;
    struct rule_texts on;
    char *when;
    char *within;
};

/* Takes the reason, with the setting and the type in front of it. */
static void arm_fault(struct rule_reader *reader, const struct start *start, const char *key, int type_index,
                      char *reason)
{
    const config_setting_t *setting = rule_reader_member(start->group, key);

    rule_reader_fault(reader, setting == NULL ? start->group : setting,
                      mem_printf("%s, for %s: %s", key, field_type_at((size_t)type_index)->name, reason));
    free(reason);
}

static void compile_also(struct rule_reader *reader, const config_setting_t *group, struct rule_arm *arm)
{
    const struct rule *rule = reader->rule;
    char *reason = NULL;

    arm->also = mem_grow(NULL, rule->also_count + 1, sizeof(struct expr *));
    for (size_t i = 0; i < rule->also_count; i++) {
        arm->also[i] = expr_parse(rule->also[i].when, arm->type_index, TERM_REACH_ALL, &reason);
        if (arm->also[i] != NULL)
            continue;
        rule_reader_fault(reader, rule_reader_member(group, "also"), mem_printf("also, when: %s", reason));
        free(reason);
    }
}

/* "event.on": the day whose allocations say who is told (A13). */
static void compile_as_of(struct rule_reader *reader, const config_setting_t *group, struct rule_arm *arm)
{
    const struct rule *rule = reader->rule;
    const config_setting_t *setting = rule_reader_member(group, "as_of");
    const char *type = field_type_at((size_t)arm->type_index)->name;
    char *reason = setting != NULL ? term_find(rule->as_of, NULL, arm->type_index, TERM_REACH_ALL, &arm->as_of) : NULL;

    if (reason != NULL)
        rule_reader_fault(reader, setting, mem_printf("as_of, for %s: %s", type, reason));
    else if (setting != NULL && arm->as_of.kind != VALUE_DAY && arm->as_of.kind != VALUE_INSTANT)
        rule_reader_fault(reader, setting,
                          mem_printf("as_of, for %s: %s is no date; name one, such as event.on", type, rule->as_of));
    free(reason);
}

static void compile_duty(struct rule_reader *reader, const config_setting_t *group, const struct start *start,
                         struct rule_arm *arm)
{
    struct rule *rule = reader->rule;
    char *reason = NULL;

    arm->within = deadline_parse(start->within, arm->type_index, &reason);
    if (arm->within == NULL)
        arm_fault(reader, start, "within", arm->type_index, reason);
    else
        rule->immediate = rule->immediate || deadline_is_immediate(arm->within);
    compile_as_of(reader, group, arm);
    compile_also(reader, group, arm);
    compile_keys(reader, group, arm);
    compile_shows(reader, group, arm);
}

static void compile_arm(struct rule_reader *reader, const config_setting_t *group, const struct start *start,
                        int type_index)
{
    struct rule *rule = reader->rule;
    struct rule_arm arm = {.rule = rule, .type_index = type_index};
    char *reason = NULL;

    arm.when = expr_parse(start->when, type_index, TERM_REACH_ALL, &reason);
    if (arm.when == NULL)
        arm_fault(reader, start, "when", type_index, reason);
    if (rule->form == RULE_TELLS)
        compile_duty(reader, group, start, &arm);
    rule->arms = mem_grow(rule->arms, rule->arm_count + 1, sizeof(arm));
    rule->arms[rule->arm_count++] = arm;
}

/* The same fault in a condition is reported for the first type only: the others would repeat it. */
static void compile_start(struct rule_reader *reader, const config_setting_t *group,
                          const struct start *start)
{
    const config_setting_t *on = rule_reader_member(start->group, "on");
    bool sound = start->when[0] != '\0' && (start->within[0] != '\0' || reader->rule->form == RULE_RECORDS);

    for (size_t i = 0; i < start->on.count; i++) {
        const char *type = start->on.list[i];
        int type_index = field_type_find(type);
        int before = reader->faults;

        if (type_index < 0)
            rule_reader_fault(reader, on, mem_printf("on: \"%s\" is no type of event; correct it", type));
        else if (rule_texts_has(&reader->rule->on, type))
            rule_reader_fault(reader, on,
                              mem_printf("on: %s starts this rule twice; put both conditions in one", type));
        else if (sound)
            compile_arm(reader, group, start, type_index);
        sound = sound && (type_index < 0 || reader->faults == before);
        rule_texts_add(&reader->rule->on, type);
    }
}

/* "court.sentence: 1wd; custody.reception: prompt", or the text alone where all starts say the same. */
static void join(char **whole, const struct start *start, const char *text, bool alone)
{
    struct buf out = {0};

    if (*whole != NULL)
        buf_printf(&out, "%s; ", *whole);
    for (size_t i = 0; !alone && i < start->on.count; i++)
        buf_printf(&out, i == 0 ? "%s" : ", %s", start->on.list[i]);
    buf_printf(&out, alone ? "%s" : ": %s", text);
    free(*whole);
    *whole = mem_copy(buf_string(&out));
    buf_release(&out);
}

static const char *within_of(const config_setting_t *group)
{
    const config_setting_t *setting = rule_reader_member(group, "within");
    const char *text = setting == NULL ? NULL : config_setting_get_string(setting);

    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void read_start(struct rule_reader *reader, const config_setting_t *group, const config_setting_t *at)
{
    struct rule *rule = reader->rule;
    struct start start = {.group = at};
    /* Each of `starts` may leave its clock to the rule. */
    const char *within = rule->form == RULE_RECORDS ? "" : at == group ? NULL : within_of(group);

    if (rule->watch != NULL)
        rule_texts_add(&start.on, EVENT_TYPE_INSTANT);
    else
        rule_reader_list(reader, at, "on", true, &start.on);
    rule_reader_text(reader, at, "when", NULL, &start.when);
    rule_reader_text(reader, at, "within", rule_reader_member(at, "within") == NULL ? within : NULL,
                     &start.within);
    compile_start(reader, group, &start);
    join(&rule->when, &start, start.when, at == group);
    if (rule->form != RULE_RECORDS)
        join(&rule->within, &start, start.within, at == group);
    else if (rule->within == NULL)
        rule->within = mem_copy("");
    rule_texts_release(&start.on);
    free(start.when);
    free(start.within);
}

void rule_compile_nothing(struct rule *rule)
{
    rule->when = mem_copy("");
    rule->within = mem_copy("");
}

void rule_compile(struct rule_reader *reader, const config_setting_t *group)
{
    static const char *const of_duty[] = {"on", "when", "within", NULL};
    static const char *const of_record[] = {"on", "when", NULL};
    const char *const *known = reader->rule->form == RULE_RECORDS ? of_record : of_duty;
    const config_setting_t *starts = rule_reader_member(group, "starts");

    if (reader->rule->watch != NULL && (starts != NULL || rule_reader_member(group, "on") != NULL))
        rule_reader_fault(reader, rule_reader_member(group, "watch"),
                          mem_copy("a rule with watch starts at its moment; remove on and starts"));
    if (starts == NULL) {
        read_start(reader, group, group);
        return;
    }
    /* A table that is still to be filled, switched off until it is. */
    if (config_setting_is_list(starts) && config_setting_length(starts) == 0 && !reader->rule->enabled) {
        rule_compile_nothing(reader->rule);
        return;
    }
    if (!config_setting_is_list(starts) || config_setting_length(starts) == 0 ||
        rule_reader_member(group, "on") != NULL || rule_reader_member(group, "when") != NULL) {
        rule_reader_fault(reader, starts,
                          mem_copy("starts must be a list of groups { on = …; when = …; within = …; }, "
                                   "in place of on and when"));
        return;
    }
    for (int i = 0; i < config_setting_length(starts); i++) {
        const config_setting_t *one = config_setting_get_elem(starts, (unsigned)i);

        if (!config_setting_is_group(one)) {
            rule_reader_fault(reader, starts,
                              mem_copy("starts must hold groups: { on = …; when = …; within = …; }"));
            continue;
        }
        rule_reader_refuse_unknown(reader, one, known, "starts: ");
        read_start(reader, group, one);
    }
}
