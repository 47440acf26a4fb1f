/* SPDX-License-Identifier: Apache-2.0 */
#include "email_relay.h"

#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "told/address.h"
#include "told/mem.h"

/* "host", "host:25", "[::1]", "[::1]:25" */
static bool is_port_fine(const char *host)
{
    const char *port = strrchr(host, ':');

    if (port == NULL || strchr(port, ']') != NULL)
        return true;
    return strspn(port + 1, "0123456789") == strlen(port + 1) && strlen(port + 1) <= 5 && atoi(port + 1) > 0 &&
           atoi(port + 1) <= 65535 && port != host && (host[0] == '[' ? port[-1] == ']' : strchr(host, ':') == port);
}

const char *email_relay_validate(const struct email_relay *relay)
{
    const char *scheme = relay->tls == EMAIL_TLS_IMPLICIT ? "smtps://" : "smtp://";
    if (!relay->url || strncmp(relay->url, scheme, strlen(scheme)) != 0)
        return relay->tls == EMAIL_TLS_IMPLICIT
                   ? "the relay's url must begin with smtps:// where tls is implicit"
                   : "the relay's url must begin with smtp:// where tls is not implicit";
    const char *host = relay->url + strlen(scheme);
    if (!*host || strpbrk(host, "/@?# ") || address_validate_header(host))
        return "the relay's url must be scheme://host:port and nothing more";
    if (!is_port_fine(host))
        return "the relay's url must end with its port, host:1 to host:65535, or without one";
    if (address_validate(relay->from))
        return "the relay's from is not a valid address";
    if (!relay->username != !relay->password)
        return "the relay needs username and password, or neither";
    if (relay->connect_timeout_s < 1 || relay->response_timeout_s < 1 || relay->final_timeout_s < 0)
        return "the relay's timeouts must be at least one second";
    if (relay->senders < 1 || relay->senders > 64)
        return "the relay's senders must be 1 to 64";
    return NULL;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool email_relay_is_equal(const struct email_relay *a, const struct email_relay *b)
{
    return is_same(a->name, b->name) && is_same(a->url, b->url) && a->tls == b->tls &&
           is_same(a->username, b->username) && is_same(a->password, b->password) && is_same(a->from, b->from) &&
           is_same(a->ca_file, b->ca_file) && a->connect_timeout_s == b->connect_timeout_s &&
           a->response_timeout_s == b->response_timeout_s && a->final_timeout_s == b->final_timeout_s && a->senders == b->senders;
}

void email_relay_copy(struct email_relay *to, const struct email_relay *from)
{
    *to = *from;
    to->name = mem_copy(from->name);
    to->url = mem_copy(from->url);
    to->username = mem_copy(from->username);
    to->password = mem_copy(from->password);
    to->password_file = mem_copy(from->password_file);
    to->from = mem_copy(from->from);
    to->ca_file = mem_copy(from->ca_file);
}

void email_relay_release(struct email_relay *relay)
{
    free(relay->name);
    free(relay->url);
    free(relay->username);
    secret_free(relay->password);
    free(relay->password_file);
    free(relay->from);
    free(relay->ca_file);
    *relay = (struct email_relay){0};
}
