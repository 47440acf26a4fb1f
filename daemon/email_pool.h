/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small pool of sender threads for one relay (libcurl's SMTP blocks inside its multi interface, trap 9).
 * Outcomes come back through a queue and wake an eventfd that dispatch polls.
 */
#ifndef TOLD_EMAIL_POOL_H
#define TOLD_EMAIL_POOL_H

#include "channel_email.h"

#include <stddef.h>

struct email_pool;

/* The relay is copied. wake_fd: an eventfd, borrowed; written whenever an outcome is there. Signals stay with
 * the thread that calls. NULL and *ret_reason (static) if the relay is not fit or no thread or handle could
 * be made. */
struct email_pool *email_pool_start(const struct email_relay *relay, int wake_fd, const char **ret_reason);
/* Copies the job. False when no slot is free. */
bool email_pool_submit(struct email_pool *pool, const struct email_job *job);
/* Jobs to submit now, so that no sender idles until dispatch looks again: at least one a sender, and no more
 * than they send in a moment. */
size_t email_pool_free_slots(struct email_pool *pool);
/* Takes a job over, slots or none; false (and it is still the caller's) when the pool is stopping. */
bool email_pool_hand_over(struct email_pool *pool, struct email_job *job);
/* One that no sender has begun, back to the caller. */
bool email_pool_withdraw(struct email_pool *pool, struct email_job *ret);
/* So many at a time and no more, from now on; at first as many as there are senders. */
void email_pool_limit(struct email_pool *pool, size_t most);
/* The caller releases the jobs. */
size_t email_pool_take(struct email_pool *pool, struct email_done *done, size_t most);
/* What is in flight gets wait_s seconds to end and is given up then; what no sender had begun comes back with
 * begun = false. All outcomes can still be taken until email_pool_free. */
void email_pool_stop(struct email_pool *pool, int wait_s);
void email_pool_free(struct email_pool *pool); /* stops without waiting if that was not done; NULL is fine */

#endif
