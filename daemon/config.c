/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "config_table.h"
#include "secret.h"
#include "told/address.h"
#include "told/mem.h"

struct config *config_ref(struct config *config)
{
    __atomic_add_fetch(&config->references, 1, __ATOMIC_RELAXED);
    return config;
}

bool config_returns_is_on(const struct config_returns *returns)
{
    return returns->maildir != NULL || returns->url != NULL;
}

static void release_feeds(struct config *config)
{
    for (size_t i = 0; i < config->feed_count; i++) {
        config_key_release(&CONFIG_TABLE_FEED, &config->feeds[i]);
        config_key_release(&CONFIG_TABLE_EXPECTS, &config->feeds[i].expects);
        free(config->feeds[i].name);
    }
    free(config->feeds);
}

static void release_roles(struct config *config)
{
    for (size_t i = 0; i < config->role_count; i++) {
        struct config_role_read read = {.role = config->roles[i]};
        char *name;

        /* The directory's struct borrows; here the texts are ours. */
        memcpy(&name, &read.role.name, sizeof name);
        free(name);
        for (size_t j = 0; j < sizeof read.role.falls_to / sizeof read.role.falls_to[0]; j++) {
            memcpy(&name, &read.role.falls_to[j], sizeof name);
            free(name);
        }
        config_key_release(&CONFIG_TABLE_ROLE, &read);
    }
    free(config->roles);
    config_text_free_list(config->line_names);
    config_text_free_list(config->line_bottoms);
}

void config_release_endpoints(struct config *config)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        webhook_endpoint_release(&config->endpoints[i]);
    free(config->endpoints);
    config->endpoints = NULL;
    config->endpoint_count = 0;
}

static void release_texts(struct config *config)
{
    for (size_t i = 0; i < config->court_count; i++)
        free(config->courts[i].court);
    free(config->courts);
    for (size_t i = 0; i < config->template_count; i++) {
        free(config->templates[i].name);
        free(config->templates[i].text);
    }
    free(config->templates);
    free(config->protocol_text);
    free(config->calendar_text);
    free(config->file);
    free(config->directory);
}

void config_unref(struct config *config)
{
    if (config == NULL || __atomic_sub_fetch(&config->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    release_feeds(config);
    release_roles(config);
    config_release_endpoints(config);
    release_texts(config);
    protocol_free(config->protocol);
    calendar_free(config->calendar);
    codes_free(config->codes);
    secret_free(config->ingest_secret_key);
    config_release_relays(config);
    secret_free(config->returns.password);
    for (size_t i = 0; i < CONFIG_TABLE_TOLD_COUNT; i++)
        config_key_release(&CONFIG_TABLE_TOLD[i], config);
    free(config);
}

const struct config_feed *config_feed(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->feed_count; i++)
        if (strcmp(config->feeds[i].name, name) == 0)
            return &config->feeds[i];
    return NULL;
}

const struct config_feed *config_feed_of_key(const struct config *config, const char *z85)
{
    for (size_t i = 0; i < config->feed_count; i++) {
        const struct config_feed *feed = &config->feeds[i];

        if ((feed->key != NULL && strcmp(feed->key, z85) == 0) ||
            (feed->next_key != NULL && strcmp(feed->next_key, z85) == 0))
            return feed;
    }
    return NULL;
}

const struct webhook_endpoint *config_endpoint(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].name, name) == 0)
            return &config->endpoints[i];
    return NULL;
}

const struct config_template *config_template(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->template_count; i++)
        if (strcmp(config->templates[i].name, name) == 0)
            return &config->templates[i];
    return NULL;
}

const char *config_refuses_mail(const struct config *config, const char *address)
{
    const char *reason = address_validate(address);

    if (reason == NULL && !address_is_within(address, (const char *const *)config->email_domains))
        reason = "its domain is not among email.domains";
    return reason;
}

struct directory *config_directory(const struct config *config)
{
    struct directory *directory = directory_new(config->last_resort);

    for (size_t i = 0; i < config->role_count; i++)
        directory_add_role(directory, &config->roles[i]);
    return directory;
}
