/* SPDX-License-Identifier: Apache-2.0 */
/* All webhook requests in flight, on one curl multi that the calling thread drives: wait, perform, take. */
#ifndef TOLD_WEBHOOK_POOL_H
#define TOLD_WEBHOOK_POOL_H

#include "channel_webhook.h"
#include "told/destination.h"

struct webhook_pool;

/* The endpoints are copied. NULL and *ret_reason (static) if one is not fit. in_flight_most: slots. */
struct webhook_pool *webhook_pool_start(const struct webhook_endpoint *endpoints, size_t count,
                                        size_t in_flight_most, const char **ret_reason);
/* Copies the job. False when no slot is free. A job that may not be sent has its outcome at once. */
bool webhook_pool_submit(struct webhook_pool *pool, const struct webhook_job *job);
size_t webhook_pool_free_slots(const struct webhook_pool *pool);

/* Each endpoint has a breaker: it opens after some failures in a row, and lets one request through now and then to see
 * whether the endpoint is well again. */
size_t webhook_pool_count(const struct webhook_pool *pool);
const char *webhook_pool_name(const struct webhook_pool *pool, size_t endpoint);
/* How many requests it may be given now; a probe that is due counts as one. */
size_t webhook_pool_room(const struct webhook_pool *pool, size_t endpoint);
const struct destination *webhook_pool_destination(const struct webhook_pool *pool, size_t endpoint);
bool webhook_pool_changed(struct webhook_pool *pool, size_t endpoint); /* what is shown of it, since this was last asked */
/* Whether its breaker has opened, or a probe has failed, and nobody has seen to it yet. */
bool webhook_pool_has_opened(const struct webhook_pool *pool, size_t endpoint);
void webhook_pool_seen(struct webhook_pool *pool, size_t endpoint);
/* What another told, or the one before us, has found of it. since_ms, monotonic: what we have been served by it since then
 * counts for more. */
void webhook_pool_hear(struct webhook_pool *pool, size_t endpoint, bool dead, int64_t since_ms);
/* Not while a probe is due: dead for want of anything to send, it may be well by now. */
bool webhook_pool_is_open(const struct webhook_pool *pool, const char *name);

/* Sleeps until a transfer needs the thread, one of the other fds is readable or timeout_ms have passed. */
void webhook_pool_wait(struct webhook_pool *pool, const int *fds, size_t count, int timeout_ms);
/* Moves every transfer on as far as it goes without waiting. */
void webhook_pool_perform(struct webhook_pool *pool);
size_t webhook_pool_take(struct webhook_pool *pool, struct outcome *outcomes, size_t most);
/* What is in flight gets wait_s seconds and is given up then (its outcome says so). Outcomes can still be
 * taken. */
void webhook_pool_stop(struct webhook_pool *pool, int wait_s);
void webhook_pool_free(struct webhook_pool *pool); /* NULL is fine */

#endif
