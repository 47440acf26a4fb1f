/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mail over one relay: libcurl writes SMTP, MIME and TLS, we check every byte of address and header
 * before it does (trap 10) and find out whether the whole body went out before a failure (trap 11). Threads
 * and queue: email_pool.h.
 */
#ifndef TOLD_CHANNEL_EMAIL_H
#define TOLD_CHANNEL_EMAIL_H

#include "email_relay.h"
#include "outcome.h"
#include "told/instant.h"

#include <stdatomic.h>

/* One message to one recipient. */
struct email_job {
    int64_t message_id;
    int64_t fence;
    char *envelope_from; /* return path of this attempt */
    char *to;
    char *subject;
    char *message_id_header; /* "<told.123@authority.example>", the same for every attempt */
    char *in_reply_to;       /* the same form; NULL: none */
    struct instant date;     /* told's time */
    char *text;              /* UTF-8; any line ends, they go out as CRLF */
    char *html;
};

/* One sender: one connection, kept between mails and used again while it is alive. */
struct channel_email;
struct channel_email *
channel_email_new(const struct email_relay *relay); /* borrowed until free; NULL: no libcurl handle */
void channel_email_free(struct channel_email *channel);
/* Blocks until the server has answered, a timeout or *give_up, which may be set by another thread at any
 * time. */
void channel_email_send(struct channel_email *channel, const struct email_job *job,
                        const atomic_bool *give_up, struct outcome *ret);
/* Connections opened so far: fewer than mails sent when they were used again. */
long channel_email_connections(const struct channel_email *channel);

#endif
