/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mail over one relay: libcurl writes SMTP, MIME and TLS, we check every byte of address and header
 * before it does (trap 10) and find out whether the whole body went out before a failure (trap 11). Threads
 * and queue: email_pool.h.
 */
#ifndef TOLD_CHANNEL_EMAIL_H
#define TOLD_CHANNEL_EMAIL_H

#include "email_job.h"
#include "email_relay.h"

#include <stdatomic.h>

/* One sender: one connection, kept between mails and used again while it is alive. */
struct channel_email;
struct channel_email *
channel_email_new(const struct email_relay *relay); /* borrowed until free; NULL: no libcurl handle */
void channel_email_free(struct channel_email *channel);
/* Blocks until the server has answered, a timeout or *give_up, which may be set by another thread at any
 * time. A job that is a probe sends nothing: it only asks the server for a word. */
void channel_email_send(struct channel_email *channel, const struct email_job *job,
                        const atomic_bool *give_up, struct outcome *ret);
/* Connections opened so far: fewer than mails sent when they were used again. */
long channel_email_connections(const struct channel_email *channel);

#endif
