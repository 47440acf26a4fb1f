/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload cannot take over: connections, sockets and channels are made once, at the start. A snapshot always says
 * what is in force, so that nothing is sent by an endpoint's place in a list that the running channel does not know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "config_read.h"
#include "config_table.h"
#include "secret.h"
#include "told/mem.h"

struct keeping {
    const struct config *next;
    config_fault_fn *fault;
    void *cookie;
    size_t count;
};

static void say(struct keeping *keeping, const char *what)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s has changed, restart told for it to take effect", what);
    keeping->count++;
    keeping->fault(keeping->cookie, keeping->next->file, 1, text);
}

static void on_difference(void *cookie, const char *table, const char *key)
{
    char what[128];

    (void)snprintf(what, sizeof what, "%s%s%s", table, table[0] != '\0' ? "." : "", key);
    say(cookie, what);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Files that kept their names and changed what is in them. */
static void keep_secret(struct keeping *keeping, const char *now, char **next, const char *what)
{
    if (same(now, *next))
        return;
    say(keeping, what);
    secret_free(*next);
    *next = mem_copy(now);
}

static bool endpoints_are_equal(const struct config *a, const struct config *b)
{
    bool is_equal = a->endpoint_count == b->endpoint_count;

    for (size_t i = 0; i < a->endpoint_count && is_equal; i++)
        is_equal = webhook_endpoint_is_equal(&a->endpoints[i], &b->endpoints[i]);
    return is_equal;
}

static void keep_endpoints(struct keeping *keeping, const struct config *now, struct config *next)
{
    if (endpoints_are_equal(now, next))
        return;
    say(keeping, "webhooks");
    config_release_endpoints(next);
    next->endpoints = mem_new((now->endpoint_count + 1) * sizeof *next->endpoints);
    next->endpoint_count = now->endpoint_count;
    for (size_t i = 0; i < now->endpoint_count; i++)
        webhook_endpoint_copy(&next->endpoints[i], &now->endpoints[i]);
}

static bool relays_are_equal(const struct config *a, const struct config *b)
{
    bool is_equal = a->relay_count == b->relay_count;

    for (size_t i = 0; i < a->relay_count && is_equal; i++)
        is_equal = email_relay_is_equal(&a->relays[i], &b->relays[i]);
    return is_equal;
}

/* One relay that stands in email itself has been named setting by setting, but for what its password file holds. */
static void keep_relays(struct keeping *keeping, const struct config *now, struct config *next)
{
    if (relays_are_equal(now, next))
        return;
    if (now->email.url == NULL)
        say(keeping, "email.relays");
    else if (!same(now->relays[0].password, next->relays[0].password))
        say(keeping, "the password in email.password");
    config_release_relays(next);
    next->relays = mem_new(now->relay_count * sizeof *next->relays);
    next->relay_count = now->relay_count;
    for (size_t i = 0; i < now->relay_count; i++)
        email_relay_copy(&next->relays[i], &now->relays[i]);
}

size_t config_keep(const struct config *now, struct config *next, config_fault_fn *fault, void *cookie)
{
    struct keeping keeping = {.next = next, .fault = fault, .cookie = cookie};

    for (size_t i = 0; i < CONFIG_TABLE_TOLD_COUNT; i++)
        config_key_keep(&CONFIG_TABLE_TOLD[i], now, next, on_difference, &keeping);
    keep_secret(&keeping, now->ingest_secret_key, &next->ingest_secret_key, "the key in ingest.secret_key");
    keep_relays(&keeping, now, next);
    keep_endpoints(&keeping, now, next);
    return keeping.count;
}
