/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint as the configuration describes it: where it is, what it wants to hear, how it knows that it is us. */
#ifndef TOLD_WEBHOOK_ENDPOINT_H
#define TOLD_WEBHOOK_ENDPOINT_H

#include "told/notify_token.h"
#include "told/signature.h"
#include "told/webhook_body.h"

#define WEBHOOK_SECRETS_MOST 2 /* the old one and the new one while a secret is changed */
#define WEBHOOK_NOTIFY_URL "https://api.notifications.service.gov.uk"

/* Of those who have a mail address too; who has none is always told here. */
enum webhook_when {
    WEBHOOK_ALWAYS,     /* beside every mail */
    WEBHOOK_MAIL_FAILS, /* as well, once a mail has failed so often or for so long (backoff.h) */
};

/* Strings belong to whoever holds it; one that is kept longer is copied. */
struct webhook_endpoint {
    char *name;
    enum webhook_kind kind;
    enum webhook_when when;
    char *url; /* https://…; http:// only where allow_private, and then to loopback or private addresses only */
    char *url_file; /* where the url stands if it is a secret itself, as that of Teams is; or NULL */
    struct signature_key secrets[WEBHOOK_SECRETS_MOST]; /* standard */
    size_t secret_count;
    char *api_key_file; /* Notify */
    struct notify_key api_key;
    char *template_id, *to;
    char **personalisation;
    bool allow_private; /* loopback and private addresses may be connected to */
    char *ca_file;      /* NULL: the system's */
    char *cert_file, *key_file; /* our own certificate, where the endpoint asks for one; both or none */
    int connect_timeout_s;
    int timeout_s; /* the whole request */
};

/* NULL, or what is wrong (static). Secrets that could not be read are left to the caller: with_secrets false. */
const char *webhook_endpoint_validate(const struct webhook_endpoint *endpoint, bool with_secrets);
/* The host of its url as libcurl reads it, or NULL; the caller frees. */
char *webhook_endpoint_host(const char *url);
bool webhook_endpoint_is_equal(const struct webhook_endpoint *a, const struct webhook_endpoint *b);
void webhook_endpoint_copy(struct webhook_endpoint *to, const struct webhook_endpoint *from);
void webhook_endpoint_release(struct webhook_endpoint *endpoint); /* wipes its secrets */

#endif
