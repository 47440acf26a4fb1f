/* SPDX-License-Identifier: Apache-2.0 */
#include "told/protocol.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "conf_text.h"
#include "protocol_index.h"
#include "told/mem.h"

struct protocol {
    struct rule **rules;
    size_t count;
    struct protocol_arms *index; /* one for each type of the catalogue */
    struct protocol_watches *watches; /* the same */
    char hash[crypto_hash_sha256_BYTES * 2 + 1];
};

struct protocol_reader {
    struct protocol *protocol;
    protocol_fault_fn *fault;
    void *cookie;
    int faults;
};

static void protocol_fault(struct protocol_reader *reader, const char *file, int line, const char *text)
{
    reader->fault(reader->cookie, file, line, text);
    reader->faults++;
}

/* Counts what the rules report, and passes it on. */
static void protocol_rule_fault(void *cookie, const char *file, int line, const char *text)
{
    protocol_fault(cookie, file, line, text);
}

static void protocol_add(struct protocol_reader *reader, struct rule *rule)
{
    struct protocol *protocol = reader->protocol;
    const struct rule *twin = protocol_find(protocol, rule->name);

    if (twin != NULL) {
        char *text = mem_printf("rule %s: the name stands in %s line %d too; rename one", rule->name,
                                twin->file, twin->line);

        protocol_fault(reader, rule->file, rule->line, text);
        free(text);
        rule_free(rule);
        return;
    }
    protocol->rules = mem_grow(protocol->rules, protocol->count + 1, sizeof(struct rule *));
    protocol->rules[protocol->count++] = rule;
}

static void protocol_read_setting(struct protocol_reader *reader, const char *file,
                                  const config_setting_t *one)
{
    const char *name = config_setting_name(one);
    struct rule *rule;
    char *text;

    if (name == NULL || strncmp(name, "rule-", 5) != 0 || !config_setting_is_group(one)) {
        text = mem_printf("\"%s\" is no rule; a rule file holds groups: rule-D41 : { … };",
                          name == NULL ? "" : name);
        protocol_fault(reader, file, (int)config_setting_source_line(one), text);
        free(text);
        return;
    }
    rule = rule_read(one, file, protocol_rule_fault, reader);
    if (rule != NULL)
        protocol_add(reader, rule);
}

static void protocol_read(struct protocol_reader *reader, const struct protocol_file *file)
{
    config_t config;
    int line, faults = reader->faults;
    char *reason = conf_text_parse(&config, file->text, file->len, &line);
    const config_setting_t *root = config_root_setting(&config);

    if (reason != NULL)
        protocol_fault(reader, file->name, line, reason);
    for (int i = 0; reason == NULL && i < config_setting_length(root); i++)
        protocol_read_setting(reader, file->name, config_setting_get_elem(root, (unsigned)i));
    /* A rule says it better: it names its key. */
    line = reader->faults == faults ? conf_text_foreign_line(file->text, file->len) : 0;
    if (line > 0)
        protocol_fault(reader, file->name, line, "a byte that is not UTF-8; save the file as UTF-8");
    free(reason);
    config_destroy(&config);
}

static void protocol_index_watch(struct protocol *protocol, const struct rule_watch *watch)
{
    for (size_t i = 0; watch != NULL && i < watch->arm_count; i++) {
        struct protocol_watches *watches = &protocol->watches[watch->arms[i].type_index];

        watches->list = mem_grow(watches->list, watches->count + 1, sizeof(struct rule_watch_arm *));
        watches->list[watches->count++] = &watch->arms[i];
    }
}

static void protocol_make_index(struct protocol *protocol)
{
    protocol->watches = mem_new(field_type_count() * sizeof(*protocol->watches));
    protocol->index = mem_new(field_type_count() * sizeof(*protocol->index));
    for (size_t i = 0; i < protocol->count; i++) {
        const struct rule *rule = protocol->rules[i];

        for (size_t k = 0; rule->enabled && k < rule->arm_count; k++) {
            struct protocol_arms *arms = &protocol->index[rule->arms[k].type_index];

            arms->list = mem_grow(arms->list, arms->count + 1, sizeof(struct rule_arm *));
            arms->list[arms->count++] = &rule->arms[k];
        }
        if (rule->enabled)
            protocol_index_watch(protocol, rule->watch);
    }
}

/* Over the length and the bytes of each file in turn, so that no two sets of files look the same. */
static void protocol_make_hash(struct protocol *protocol, const struct protocol_file *files, size_t count)
{
    crypto_hash_sha256_state state;
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = files[i].len;

        crypto_hash_sha256_update(&state, (const uint8_t *)&len, sizeof(len));
        crypto_hash_sha256_update(&state, (const uint8_t *)files[i].text, files[i].len);
    }
    crypto_hash_sha256_final(&state, hash);
    (void)sodium_bin2hex(protocol->hash, sizeof(protocol->hash), hash, sizeof(hash));
}

struct protocol *protocol_parse(const struct protocol_file *files, size_t count, protocol_fault_fn *fault,
                                void *cookie)
{
    struct protocol *protocol = mem_new(sizeof(*protocol));
    struct protocol_reader reader = {.protocol = protocol, .fault = fault, .cookie = cookie};

    for (size_t i = 0; i < count; i++)
        protocol_read(&reader, &files[i]);
    if (reader.faults > 0) {
        protocol_free(protocol);
        return NULL;
    }
    protocol_make_index(protocol);
    protocol_make_hash(protocol, files, count);
    return protocol;
}

void protocol_free(struct protocol *protocol)
{
    if (protocol == NULL)
        return;
    for (size_t i = 0; i < protocol->count; i++)
        rule_free(protocol->rules[i]);
    for (size_t i = 0; protocol->index != NULL && i < field_type_count(); i++) {
        free(protocol->index[i].list);
        free(protocol->watches[i].list);
    }
    free(protocol->index);
    free(protocol->watches);
    free(protocol->rules);
    free(protocol);
}

const char *protocol_hash(const struct protocol *protocol)
{
    return protocol->hash;
}

size_t protocol_count(const struct protocol *protocol)
{
    return protocol->count;
}

const struct rule *protocol_rule(const struct protocol *protocol, size_t index)
{
    return protocol->rules[index];
}

const struct rule *protocol_find(const struct protocol *protocol, const char *rule_name)
{
    for (size_t i = 0; i < protocol->count; i++) {
        if (strcmp(protocol->rules[i]->name, rule_name) == 0)
            return protocol->rules[i];
    }
    return NULL;
}

const struct protocol_arms *protocol_arms(const struct protocol *protocol, int type_index)
{
    return &protocol->index[type_index];
}

const struct protocol_watches *protocol_watches(const struct protocol *protocol, int type_index)
{
    return &protocol->watches[type_index];
}

json_t *protocol_json(const struct protocol *protocol)
{
    json_t *rules = json_array();

    for (size_t i = 0; i < protocol->count; i++)
        json_array_append_new(rules, rule_json(protocol->rules[i]));
    return json_pack("{ss so}", "hash", protocol->hash, "rules", rules);
}
