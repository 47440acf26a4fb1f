/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one group of a rule file: strings, lists, roles; every fault with its line. */
#ifndef TOLD_LIB_RULE_READER_H
#define TOLD_LIB_RULE_READER_H

#include <libconfig.h>

#include "rule.h"

struct rule_reader {
    const char *file;
    protocol_fault_fn *fault;
    void *cookie;
    int faults;
    struct rule *rule;
};

void rule_reader_fault(struct rule_reader *reader, const config_setting_t *at,
                       char *text);         /* takes the text */
bool rule_reader_is_code(const char *text); /* a lower-case word with digits and hyphens */
const config_setting_t *rule_reader_member(const config_setting_t *group, const char *key); /* or NULL */
/* *ret is replaced; `otherwise` where the setting is absent, NULL: it must be there and say something. */
void rule_reader_text(struct rule_reader *reader, const config_setting_t *group, const char *key,
                      const char *otherwise, char **ret);
/* A list of different strings; whether it is there. */
bool rule_reader_list(struct rule_reader *reader, const config_setting_t *group, const char *key,
                      bool required, struct rule_texts *ret);
/* A role into the rule's roles; a fault if it cannot be one. */
void rule_reader_role(struct rule_reader *reader, const config_setting_t *at, const char *key,
                      const char *role);
void rule_reader_refuse_unknown(struct rule_reader *reader, const config_setting_t *group,
                                const char *const *known, const char *where);

void rule_close_read(struct rule_reader *reader, const config_setting_t *group);
/* A list of { on, when } under `key`, where it is there; the conditions see the event alone. */
void rule_close_read_events(struct rule_reader *reader, const config_setting_t *group, const char *key,
                            struct rule_close **ret, size_t *ret_count);
/* `watch`, where the rule has one: into rule->watch. */
void rule_watch_read(struct rule_reader *reader, const config_setting_t *group);
/* on, when and within, or `starts`: into the arms of the rule. */
void rule_compile(struct rule_reader *reader, const config_setting_t *group);
/* No arm: an empty condition and an empty clock. */
void rule_compile_nothing(struct rule *rule);

#endif
