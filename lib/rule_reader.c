/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_reader.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

void rule_reader_fault(struct rule_reader *reader, const config_setting_t *at, char *text)
{
    char *whole = mem_printf("rule %s: %s", reader->rule->name, text);

    reader->fault(reader->cookie, reader->file, (int)config_setting_source_line(at), whole);
    reader->faults++;
    free(whole);
    free(text);
}

bool rule_reader_is_code(const char *text)
{
    return text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* libconfig passes any byte, and its \\x escapes make any; what we print as JSON must be UTF-8. */
static bool is_utf8(const char *text)
{
    json_t *json = json_string(text);
    bool fits = json != NULL;

    json_decref(json);
    return fits;
}

const config_setting_t *rule_reader_member(const config_setting_t *group, const char *key)
{
    /* libconfig 1.5 knows no const here; nothing is changed. */
    return config_setting_get_member((config_setting_t *)(uintptr_t)group, key);
}

void rule_reader_text(struct rule_reader *reader, const config_setting_t *group, const char *key,
                      const char *otherwise, char **ret)
{
    const config_setting_t *setting = rule_reader_member(group, key);
    const char *text = setting == NULL ? otherwise : config_setting_get_string(setting);

    if (text == NULL)
        rule_reader_fault(
            reader, setting == NULL ? group : setting,
            mem_printf(setting == NULL ? "%s is missing; add it" : "%s must be a string; put it in quotes",
                       key));
    else if (otherwise == NULL && text[0] == '\0')
        rule_reader_fault(reader, setting, mem_printf("%s is empty; say something", key));
    else if (!is_utf8(text))
        rule_reader_fault(reader, setting, mem_printf("%s is not UTF-8; save the file as UTF-8", key));
    free(*ret);
    *ret = mem_copy(text == NULL ? "" : text);
}

bool rule_reader_list(struct rule_reader *reader, const config_setting_t *group, const char *key,
                      bool required, struct rule_texts *ret)
{
    const config_setting_t *setting = rule_reader_member(group, key);

    if (setting == NULL && !required)
        return false;
    if (setting == NULL) {
        rule_reader_fault(reader, group, mem_printf("%s is missing; add it: %s = [ … ]", key, key));
        return false;
    }
    if (!config_setting_is_array(setting) && !config_setting_is_list(setting)) {
        rule_reader_fault(reader, setting, mem_printf("%s must be a list of strings: %s = [ … ]", key, key));
        return false;
    }
    if (required && config_setting_length(setting) == 0)
        rule_reader_fault(reader, setting, mem_printf("%s is empty; name at least one", key));
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *text = config_setting_get_string_elem(setting, i);

        if (text == NULL)
            rule_reader_fault(reader, setting,
                              mem_printf("%s must hold strings only; put each in quotes", key));
        else if (!is_utf8(text))
            rule_reader_fault(reader, setting, mem_printf("%s is not UTF-8; save the file as UTF-8", key));
        else if (rule_texts_has(ret, text))
            rule_reader_fault(reader, setting, mem_printf("%s names \"%s\" twice; keep one", key, text));
        else
            rule_texts_add(ret, text);
    }
    return true;
}

void rule_reader_role(struct rule_reader *reader, const config_setting_t *at, const char *key,
                      const char *role)
{
    if (!rule_reader_is_code(role))
        rule_reader_fault(
            reader, at,
            mem_printf("%s: \"%s\" is no name of a role; use lower-case words and hyphens", key, role));
    else if (!rule_texts_has(&reader->rule->roles, role))
        rule_texts_add(&reader->rule->roles, role);
}

void rule_reader_refuse_unknown(struct rule_reader *reader, const config_setting_t *group,
                                const char *const *known, const char *where)
{
    unsigned found;

    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *one = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(one);

        if (name != NULL && !value_find_word(known, name, &found))
            rule_reader_fault(
                reader, one,
                mem_printf("%s\"%s\" is no setting of a rule; correct or remove it", where, name));
    }
}
