/* SPDX-License-Identifier: Apache-2.0 */
/* One request over HTTP 1.1 to a configured endpoint only: a Standard Webhook, or what Teams or Notify wants. The pool:
 * webhook_pool.h. */
#ifndef TOLD_CHANNEL_WEBHOOK_H
#define TOLD_CHANNEL_WEBHOOK_H

#include "outcome.h"
#include "webhook_endpoint.h"

#include <stddef.h>

#define WEBHOOK_REPLY_MOST (16 * 1024) /* bytes of a reply that are read, headers and body each */

struct webhook_job {
    int64_t message_id;
    int64_t fence;
    size_t endpoint;   /* index into what the pool was started with */
    char *webhook_id;  /* "msg_…", the same for every attempt */
    int64_t timestamp; /* seconds, real time of this attempt */
    char *body;        /* JSON */
};

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
