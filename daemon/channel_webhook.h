/* SPDX-License-Identifier: Apache-2.0 */
/* One webhook request: Standard Webhooks 1.0 over HTTP 1.1, to a configured endpoint only. The pool:
 * webhook_pool.h. */
#ifndef TOLD_CHANNEL_WEBHOOK_H
#define TOLD_CHANNEL_WEBHOOK_H

#include "outcome.h"
#include "told/signature.h"

#include <stddef.h>

#define WEBHOOK_SECRETS_MOST 2         /* the old one and the new one while a secret is changed */
#define WEBHOOK_REPLY_MOST (16 * 1024) /* bytes of a reply that are read, headers and body each */

/* Strings are borrowed from the configuration; the pool copies what it keeps. */
struct webhook_endpoint {
    char *name;
    char *
        url; /* https://…; http:// only where allow_private, and then to loopback or private addresses only */
    struct signature_key secrets[WEBHOOK_SECRETS_MOST];
    size_t secret_count;
    bool allow_private; /* loopback and private addresses may be connected to */
    char *ca_file;      /* NULL: the system's */
    int connect_timeout_s;
    int timeout_s; /* the whole request */
};

struct webhook_job {
    int64_t message_id;
    int64_t fence;
    size_t endpoint;   /* index into what the pool was started with */
    char *webhook_id;  /* "msg_…", the same for every attempt */
    int64_t timestamp; /* seconds, real time of this attempt */
    char *body;        /* JSON */
};

/* NULL, or what is wrong (static). */
const char *channel_webhook_validate_endpoint(const struct webhook_endpoint *endpoint);

/* One request on its way. */
struct channel_webhook;
/* Everything is copied but the endpoint, which must outlive it. NULL and *ret (an outcome: permfail or
 * tempfail) when the request cannot be made. */
struct channel_webhook *channel_webhook_new(const struct webhook_endpoint *endpoint,
                                            const struct webhook_job *job, struct outcome *ret);
void channel_webhook_free(struct channel_webhook *request);
void *channel_webhook_handle(
    struct channel_webhook *request); /* the CURL handle; its private pointer is the request */
void channel_webhook_finish(struct channel_webhook *request, int curl_code, struct outcome *ret);

#endif
