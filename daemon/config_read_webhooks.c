/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "config_table.h"
#include "secret.h"
#include "told/mem.h"

static void read_endpoint_secrets(struct config_reading *reading, const struct config_text *told,
                                  const config_setting_t *at, struct config_endpoint_read *read)
{
    const config_setting_t *place = config_setting_get_member(at, "secrets");
    struct webhook_endpoint *endpoint = &read->endpoint;

    for (size_t i = 0; read->secrets != NULL && read->secrets[i] != NULL; i++) {
        char *secret;
        const char *why;

        if (i == WEBHOOK_SECRETS_MOST) {
            config_text_fault_at(reading, told, place, "secrets names more than %d files, keep the new one and the old one",
                                 WEBHOOK_SECRETS_MOST);
            break;
        }
        secret = config_read_secret(reading, told, place, read->secrets[i]);
        if (secret == NULL)
            continue;
        why = signature_key_parse(secret, &endpoint->secrets[endpoint->secret_count]);
        secret_free(secret);
        if (why != NULL)
            config_text_fault_at(reading, told, place, "secrets: the file %s: %s", read->secrets[i], why);
        else
            endpoint->secret_count++;
    }
}

static void read_endpoint(struct config_reading *reading, const struct config_text *told, const config_setting_t *at)
{
    struct config *config = reading->config;
    struct config_endpoint_read read = {.endpoint.name = mem_copy(config_setting_name(at))};
    size_t faults = reading->faults;
    struct webhook_endpoint judged;
    const char *why = NULL;

    if (config_setting_is_group(at) != CONFIG_TRUE) {
        config_text_fault_at(reading, told, at, "webhook %s is no group, write NAME: { url = \"…\"; … }", read.endpoint.name);
        free(read.endpoint.name);
        return;
    }
    config_key_read(reading, told, at, &CONFIG_TABLE_ENDPOINT, &read);
    read_endpoint_secrets(reading, told, at, &read);
    config_text_free_list(read.secrets);
    judged = read.endpoint;
    if (!reading->with_secrets)
        judged.secret_count = 1;
    /* Where something is wrong already, the whole cannot be judged. */
    if (faults == reading->faults)
        why = channel_webhook_validate_endpoint(&judged);
    if (why != NULL)
        config_text_fault_at(reading, told, at, "webhook %s: %s", read.endpoint.name, why);
    config->endpoints = mem_grow(config->endpoints, config->endpoint_count + 1, sizeof *config->endpoints);
    config->endpoints[config->endpoint_count++] = read.endpoint;
    explicit_bzero(&read, sizeof read);
    explicit_bzero(&judged, sizeof judged);
}

void config_read_webhooks(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *root = config_root_setting(&told->parsed);
    const config_setting_t *webhooks = config_setting_get_member(root, "webhooks");

    if (webhooks == NULL || config_setting_is_group(webhooks) != CONFIG_TRUE)
        return;
    for (int i = 0; i < config_setting_length(webhooks); i++)
        read_endpoint(reading, told, config_setting_get_elem(webhooks, (unsigned)i));
}
