/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_read.h"
#include "config_refuse.h"
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

static void read_url_file(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                          struct webhook_endpoint *endpoint)
{
    const config_setting_t *place = config_setting_get_member(at, "url_file");
    const char *why;

    if (endpoint->url_file == NULL)
        return;
    if (endpoint->url != NULL) {
        config_text_fault_at(reading, told, place, "url_file stands beside url, remove one of them");
        free(endpoint->url);
    }
    endpoint->url = config_read_secret(reading, told, place, endpoint->url_file);
    why = endpoint->url != NULL ? config_refuse_url(endpoint->url) : NULL;
    if (why != NULL)
        config_text_fault_at(reading, told, place, "url_file: the file %s %s", endpoint->url_file, why);
}

static void read_api_key(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                         struct webhook_endpoint *endpoint)
{
    const config_setting_t *place = config_setting_get_member(at, "api_key");
    char *secret = endpoint->api_key_file != NULL ? config_read_secret(reading, told, place, endpoint->api_key_file) : NULL;
    const char *why = secret != NULL ? notify_key_parse(secret, &endpoint->api_key) : NULL;

    secret_free(secret);
    if (why != NULL)
        config_text_fault_at(reading, told, place, "api_key: the file %s %s", endpoint->api_key_file, why);
}

/* libcurl would open it only when something is due. Like secrets, it need not be readable for who sends nothing. */
static void find_file(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                      const char *key, char **file)
{
    char *reason = NULL, *path, *text;
    size_t len = 0;

    if (*file == NULL)
        return;
    path = config_text_path(reading->config, *file);
    free(*file);
    *file = path;
    if (!reading->with_secrets)
        return;
    text = config_text_read(path, &len, &reason);
    if (text == NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, key), "%s: %s", key, reason);
    else if (strstr(text, "-----BEGIN ") == NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, key), "%s: %s is no PEM file, name one", key, path);
    secret_free(text);
    free(reason);
}

/* The private half is a secret as any other; one under a passphrase would have OpenSSL ask for it at a terminal. */
static void find_key(struct config_reading *reading, const struct config_text *told, const config_setting_t *at, char **file)
{
    const config_setting_t *place = config_setting_get_member(at, "key_file");
    char *path, *text;

    if (*file == NULL)
        return;
    text = config_read_secret(reading, told, place, *file);
    path = secret_find(reading->config->directory, *file);
    free(*file);
    *file = path;
    if (text != NULL && strstr(text, "ENCRYPTED") != NULL)
        config_text_fault_at(reading, told, place, "key_file: %s is under a passphrase, store the key without one, mode 0600", path);
    else if (text != NULL && strstr(text, "PRIVATE KEY-----") == NULL)
        config_text_fault_at(reading, told, place, "key_file: %s holds no private key in PEM, name one", path);
    secret_free(text);
}

/* The list of hosts, where there is one, is the last word on where anything may go. */
static void check_host(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                       const struct webhook_endpoint *endpoint)
{
    char **hosts = reading->config->webhook_hosts;
    char *host = endpoint->url != NULL ? webhook_endpoint_host(endpoint->url) : NULL;
    bool found = host == NULL || hosts == NULL || hosts[0] == NULL;

    for (size_t i = 0; !found && hosts[i] != NULL; i++)
        found = strcasecmp(hosts[i], host) == 0;
    if (!found)
        config_text_fault_at(reading, told, at, "webhook %s: its host is not among webhook_hosts, add it there or correct the url",
                             endpoint->name);
    free(host);
}

static void read_endpoint(struct config_reading *reading, const struct config_text *told, const config_setting_t *at)
{
    struct config *config = reading->config;
    struct config_endpoint_read read = {.endpoint.name = mem_copy(config_setting_name(at))};
    struct webhook_endpoint *endpoint = &read.endpoint;
    size_t faults = reading->faults;
    const char *why = NULL;

    if (config_setting_is_group(at) != CONFIG_TRUE) {
        config_text_fault_at(reading, told, at, "webhook %s is no group, write NAME: { url = \"…\"; … }", endpoint->name);
        free(endpoint->name);
        return;
    }
    config_key_read(reading, told, at, &CONFIG_TABLE_ENDPOINT, &read);
    read_endpoint_secrets(reading, told, at, &read);
    read_url_file(reading, told, at, endpoint);
    read_api_key(reading, told, at, endpoint);
    if (endpoint->url == NULL && endpoint->url_file == NULL &&
        (endpoint->kind == WEBHOOK_NOTIFY_EMAIL || endpoint->kind == WEBHOOK_NOTIFY_SMS))
        endpoint->url = mem_copy(WEBHOOK_NOTIFY_URL);
    find_file(reading, told, at, "ca_file", &endpoint->ca_file);
    find_file(reading, told, at, "cert_file", &endpoint->cert_file);
    find_key(reading, told, at, &endpoint->key_file);
    if (endpoint->kind != WEBHOOK_STANDARD && read.secrets != NULL && read.secrets[0] != NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, "secrets"),
                             "webhook %s: secrets are for kind \"standard\" alone, remove them", endpoint->name);
    if (endpoint->kind == WEBHOOK_STANDARD && (read.secrets == NULL || read.secrets[0] == NULL))
        config_text_fault_at(reading, told, at, "webhook %s: secrets is missing, add it", endpoint->name);
    config_text_free_list(read.secrets);
    /* Where something is wrong already, the whole cannot be judged. */
    if (faults == reading->faults)
        why = webhook_endpoint_validate(endpoint, reading->with_secrets);
    if (why != NULL)
        config_text_fault_at(reading, told, at, "webhook %s: %s", endpoint->name, why);
    else if (faults == reading->faults)
        check_host(reading, told, at, endpoint);
    config->endpoints = mem_grow(config->endpoints, config->endpoint_count + 1, sizeof *config->endpoints);
    config->endpoints[config->endpoint_count++] = *endpoint;
    explicit_bzero(&read, sizeof read);
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
