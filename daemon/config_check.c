/* SPDX-License-Identifier: Apache-2.0 */
/* What only shows when everything is read: names in one section that must stand in another. */
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "told/address.h"

static const struct config_place *place_of_role(const struct config_reading *reading, const char *name, size_t len)
{
    for (size_t i = 0; i < reading->config->role_count; i++)
        if (strlen(reading->config->roles[i].name) == len && strncmp(reading->config->roles[i].name, name, len) == 0)
            return &reading->roles[i];
    return NULL;
}

static const struct directory_role *role_find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->role_count; i++)
        if (strcmp(config->roles[i].name, name) == 0)
            return &config->roles[i];
    return NULL;
}

static bool line_is_known(const struct config *config, const char *line)
{
    for (size_t i = 0; config->line_names != NULL && config->line_names[i] != NULL; i++)
        if (strcmp(config->line_names[i], line) == 0)
            return true;
    return false;
}

static bool endpoint_is_known(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].name, name) == 0)
            return true;
    return false;
}

/* The directory names the role its fault is about: "role NAME: what". */
static void check_directory(struct config_reading *reading, const struct config_text *told)
{
    struct directory *directory = config_directory(reading->config);
    size_t cursor = 0;
    char *fault;

    while ((fault = directory_validate(directory, &cursor)) != NULL) {
        const char *name = strncmp(fault, "role ", 5) == 0 ? fault + 5 : "";
        const struct config_place *place = place_of_role(reading, name, strcspn(name, ":"));

        config_text_fault(reading, place != NULL ? place->file : told->path, place != NULL ? place->line : 1, "%s", fault);
        free(fault);
    }
    directory_free(directory);
}

/* Of one whose grammar is right; a wrong one is said where it stands. */
static bool is_outside(const struct config *config, const char *address)
{
    return address_validate(address) == NULL && config_refuses_mail(config, address) != NULL;
}

static void check_roles(struct config_reading *reading)
{
    const struct config *config = reading->config;

    for (size_t i = 0; i < config->role_count; i++) {
        const struct directory_role *role = &config->roles[i];
        const struct config_place *place = &reading->roles[i];

        if (role->mailbox != NULL && is_outside(config, role->mailbox))
            config_text_fault(reading, place->file, place->line,
                              "role %s: mailbox is outside email.domains, add its domain there or name another", role->name);
        if (role->line != NULL && !line_is_known(config, role->line))
            config_text_fault(reading, place->file, place->line,
                              "role %s: line names %s, which is no line, add it under lines or name another", role->name,
                              role->line);
        if (role->webhook != NULL && !endpoint_is_known(config, role->webhook))
            config_text_fault(reading, place->file, place->line,
                              "role %s: webhook names %s, which is no endpoint, add it under webhooks or name another",
                              role->name, role->webhook);
    }
}

/* Whoever a rule tells can be climbed from: a role without a line would be told once and never again. */
static void check_rule(struct config_reading *reading, const struct rule *rule)
{
    const struct config *config = reading->config;
    const char *ladder = rule_ladder(rule); /* "" is each role's own line */

    if (ladder[0] != '\0' && !line_is_known(config, ladder))
        config_text_fault(reading, rule_file(rule), rule_line(rule),
                          "rule %s: ladder names %s, which is no line, add it under lines in %s or name another",
                          rule_name(rule), ladder, config->names.roles);
    for (size_t i = 0; i < rule_role_count(rule); i++) {
        const char *name = rule_role(rule, i);
        const struct directory_role *role = role_find(config, name);

        if (role == NULL)
            config_text_fault(reading, rule_file(rule), rule_line(rule),
                              "rule %s names the role %s, which is not in %s, add it there or name another",
                              rule_name(rule), name, config->names.roles);
        else if (role->line == NULL)
            config_text_fault(reading, rule_file(rule), rule_line(rule),
                              "rule %s names the role %s, which is in no line, write line = \"…\" in %s", rule_name(rule),
                              name, config->names.roles);
    }
}

void config_check_protocol(struct config_reading *reading, const struct protocol *protocol)
{
    for (size_t i = 0; i < protocol_count(protocol); i++)
        check_rule(reading, protocol_rule(protocol, i));
}

static void check_named(struct config_reading *reading, const struct config_text *told, const char *setting,
                        const char *role)
{
    const config_setting_t *at = config_lookup(&told->parsed, setting);

    if (role_find(reading->config, role) == NULL)
        config_text_fault_at(reading, told, at, "%s names %s, which is not in %s, add it there or name another", setting,
                             role, reading->config->names.roles);
}

/* Weights that can never reach the threshold would call every mistyped child unknown. */
static void check_identity(struct config_reading *reading, const struct config_text *told)
{
    const struct identity_policy *i = &reading->config->identity;
    int most = i->family_weight + i->given_weight + i->born_weight;

    if (most < i->doubtful)
        config_text_fault_at(reading, told, config_lookup(&told->parsed, "identity"),
                             "identity: name and date of birth together have %d points and doubtful asks for %d, lower it or"
                             " raise the weights",
                             most, i->doubtful);
}

/* What is subscribed cannot be asked to wait, so it needs a place while the database is away. */
static void check_spool(struct config_reading *reading, const struct config_text *told)
{
    const struct config *config = reading->config;
    const config_setting_t *at = config_setting_get_member(config_root_setting(&told->parsed), "ingest");

    for (size_t i = 0; i < config->feed_count; i++)
        if (config->feeds[i].kind == FEED_BROADCAST && config->ingest_bind != NULL && config->spool == NULL) {
            config_text_fault_at(reading, told, at,
                                 "feed %s is a broadcast and ingest has no spool, name a directory of told's own, mode 0700",
                                 config->feeds[i].name);
            return;
        }
}

/* Whom a feed's gap statements are told. */
static void check_feeds(struct config_reading *reading, const struct config_text *told)
{
    const struct config *config = reading->config;

    for (size_t i = 0; i < config->feed_count; i++)
        for (char **role = config->feeds[i].gap_tells; role != NULL && *role != NULL; role++)
            if (role_find(config, *role) == NULL)
                config_text_fault_at(reading, told, config_lookup(&told->parsed, "feeds"),
                                     "feed %s: gap_tells names %s, which is not in %s, add it there or name another",
                                     config->feeds[i].name, *role, config->names.roles);
}

void config_check(struct config_reading *reading, const struct config_text *told)
{
    const struct config *config = reading->config;

    check_spool(reading, told);
    if (config->last_resort != NULL && is_outside(config, config->last_resort))
        config_text_fault_at(reading, told, config_setting_get_member(config_root_setting(&told->parsed), "last_resort"),
                             "last_resort is outside email.domains, add its domain there or name another");
    if (config->role_count == 0)
        return; /* the file could not be read: every rule would be wrong */
    check_directory(reading, told);
    check_roles(reading);
    check_named(reading, told, "review_role", config->review_role);
    check_named(reading, told, "operators_role", config->operators_role);
    if (config->unknown_child_role != NULL)
        check_named(reading, told, "identity.unknown_child_role", config->unknown_child_role);
    if (config->looked_after_role != NULL)
        check_named(reading, told, "identity.looked_after_role", config->looked_after_role);
    check_feeds(reading, told);
    check_identity(reading, told);
    if (config->protocol != NULL)
        config_check_protocol(reading, config->protocol);
}
