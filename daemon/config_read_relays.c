/* SPDX-License-Identifier: Apache-2.0 */
/* Where mail goes out: a list of relays in the order they are tried, or one that stands in email itself. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "config_refuse.h"
#include "config_table.h"
#include "told/mem.h"

/* Judged by what is written; the channel judges the address it really connects to as well. */
bool config_read_is_loopback(const char *url)
{
    const char *host = strstr(url, "://");
    size_t len;
    char name[64];
    struct in_addr address;

    if (host == NULL)
        return false;
    host += 3;
    if (strncmp(host, "[::1]", 5) == 0)
        return true;
    len = strcspn(host, ":/");
    if (len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return strcmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127);
}

/* `at` holds the relay's settings. */
static void judge_relay(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                        struct email_relay *relay)
{
    const config_setting_t *url = config_setting_get_member(at, "url");
    struct email_relay judged;
    const char *why;

    if (relay->password_file != NULL)
        relay->password =
            config_read_secret(reading, told, config_setting_get_member(at, "password"), relay->password_file);
    if ((relay->username != NULL) != (relay->password_file != NULL))
        config_text_fault_at(reading, told, at, "email: username and password go together, add the other or remove it");
    if (relay->url == NULL || relay->from == NULL || config_refuse_url(relay->url) != NULL ||
        config_refuse_address(relay->from) != NULL)
        return; /* said already */
    judged = *relay;
    judged.password = judged.username; /* whether there is one is said above */
    why = email_relay_validate(&judged);
    if (why != NULL)
        config_text_fault_at(reading, told, url, "email: %s", why);
    if (relay->tls == EMAIL_TLS_NONE && !config_read_is_loopback(relay->url))
        config_text_fault_at(reading, told, url,
                             "email: clear text to a host that is not this one, write tls = \"starttls\" or \"implicit\"");
    if (relay->tls == EMAIL_TLS_NONE && relay->ca_file != NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, "ca_file"),
                             "email: a ca_file where tls is \"none\", remove it or turn TLS on");
}

/* libcurl would open it only when a mail is due. Like secrets, it need not be readable for who sends nothing. */
static void find_ca_file(struct config_reading *reading, const struct config_text *told, const config_setting_t *at,
                         struct email_relay *relay)
{
    char *reason = NULL, *text, *ca_file;
    size_t len = 0;

    if (relay->ca_file == NULL)
        return;
    ca_file = config_text_path(reading->config, relay->ca_file);
    free(relay->ca_file);
    relay->ca_file = ca_file;
    if (!reading->with_secrets)
        return;
    text = config_text_read(ca_file, &len, &reason);
    if (text == NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, "ca_file"), "email: %s", reason);
    else if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL && strstr(text, "-----BEGIN TRUSTED CERTIFICATE-----") == NULL)
        config_text_fault_at(reading, told, config_setting_get_member(at, "ca_file"),
                             "email: %s holds no certificate, name a file of PEM certificates", ca_file);
    free(text);
    free(reason);
}

static struct email_relay *relay_add(struct config *config)
{
    config->relays = mem_grow(config->relays, config->relay_count + 1, sizeof *config->relays);
    config->relays[config->relay_count] = (struct email_relay){0};
    return &config->relays[config->relay_count++];
}

/* What it leaves out is as email itself has it. */
static void inherit(const config_setting_t *at, struct email_relay *relay, const struct email_relay *email)
{
    relay->from = mem_copy(email->from);
    if (config_setting_get_member(at, "tls") == NULL)
        relay->tls = email->tls;
    if (relay->ca_file == NULL && relay->tls != EMAIL_TLS_NONE)
        relay->ca_file = mem_copy(email->ca_file);
    if (relay->connect_timeout_s == 0)
        relay->connect_timeout_s = email->connect_timeout_s;
    if (relay->response_timeout_s == 0)
        relay->response_timeout_s = email->response_timeout_s;
    if (relay->final_timeout_s == 0)
        relay->final_timeout_s = email->final_timeout_s;
    if (relay->senders == 0)
        relay->senders = email->senders;
}

static void read_relay(struct config_reading *reading, const struct config_text *told, const config_setting_t *at)
{
    struct config *config = reading->config;
    struct email_relay relay = {0};

    if (config_setting_is_group(at) != CONFIG_TRUE) {
        config_text_fault_at(reading, told, at, "relays holds something else than a group, write { name = \"…\"; url = \"…\"; }");
        return;
    }
    config_key_read(reading, told, at, &CONFIG_TABLE_RELAY, &relay);
    for (size_t i = 0; i < config->relay_count && relay.name != NULL; i++)
        if (config->relays[i].name != NULL && strcmp(config->relays[i].name, relay.name) == 0)
            config_text_fault_at(reading, told, at, "two relays are named %s, give each a name of its own", relay.name);
    inherit(at, &relay, &config->email);
    judge_relay(reading, told, at, &relay);
    find_ca_file(reading, told, at, &relay);
    *relay_add(config) = relay;
}

static void read_list(struct config_reading *reading, const struct config_text *told, const config_setting_t *email,
                      const config_setting_t *list)
{
    static const char *const OF_ONE[] = {"url", "username", "password"};

    for (size_t i = 0; i < sizeof OF_ONE / sizeof *OF_ONE; i++) {
        const config_setting_t *at = config_setting_get_member(email, OF_ONE[i]);

        if (at != NULL)
            config_text_fault_at(reading, told, at, "email: %s stands beside relays, move it into the relay it is for",
                                 OF_ONE[i]);
    }
    if (config_setting_length(list) == 0)
        config_text_fault_at(reading, told, list, "email: relays is empty, name at least one or remove it");
    if (config_setting_length(list) > EMAIL_RELAYS_MOST)
        config_text_fault_at(reading, told, list, "email: more than %d relays, name fewer", EMAIL_RELAYS_MOST);
    for (int i = 0; i < config_setting_length(list); i++)
        read_relay(reading, told, config_setting_get_elem(list, (unsigned)i));
}

static void read_one(struct config_reading *reading, const struct config_text *told, const config_setting_t *email)
{
    struct config *config = reading->config;

    if (email == NULL || config_setting_get_member(email, "url") == NULL) {
        config_text_fault_at(reading, told, email, "email: url is missing, add it or a list of relays");
        return;
    }
    email_relay_copy(relay_add(config), &config->email);
    judge_relay(reading, told, email, &config->relays[0]);
    find_ca_file(reading, told, email, &config->relays[0]);
}

void config_read_relays(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *email = config_setting_get_member(config_root_setting(&told->parsed), "email");
    const config_setting_t *list;

    if (email != NULL && config_setting_is_group(email) != CONFIG_TRUE)
        return; /* said already */
    list = email != NULL ? config_setting_get_member(email, "relays") : NULL;
    if (list == NULL)
        read_one(reading, told, email);
    else if (config_setting_is_list(list) == CONFIG_TRUE)
        read_list(reading, told, email, list);
}

void config_release_relays(struct config *config)
{
    for (size_t i = 0; i < config->relay_count; i++)
        email_relay_release(&config->relays[i]);
    free(config->relays);
    config->relays = NULL;
    config->relay_count = 0;
}
