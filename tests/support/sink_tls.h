/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for a sink, with certificates made for the occasion: one authority, whose certificate a client is told to trust, and
 * servers that deserve it or do not. No sockets: bytes of the wire in and out, as smtp_session.h.
 */
#ifndef TOLD_SINK_TLS_H
#define TOLD_SINK_TLS_H

#include "told/buf.h"

#include <stdbool.h>

enum sink_tls_kind {
    SINK_TLS_GOOD, /* for 127.0.0.1 and localhost, by the authority */
    SINK_TLS_WRONG_HOST,
    SINK_TLS_SELF_SIGNED,
    SINK_TLS_EXPIRED,
    SINK_TLS_OLD, /* good, but offers TLS 1.1 at most */
};

/* Writes the authority's certificate to that file. NULL if it cannot. */
struct sink_tls_authority;
struct sink_tls_authority *sink_tls_authority_new(const char *ca_path);
void sink_tls_authority_free(struct sink_tls_authority *authority);

/* A server's certificate and key. The authority is needed for this call only. */
struct sink_tls;
struct sink_tls *sink_tls_new(struct sink_tls_authority *authority, enum sink_tls_kind kind);
/* Certificate and key as PEM, for a server that is not ours. False if they cannot be written. */
bool sink_tls_write(const struct sink_tls *tls, const char *certificate_path, const char *key_path);
void sink_tls_free(struct sink_tls *tls);

struct sink_tls_session;
struct sink_tls_session *sink_tls_session_new(struct sink_tls *tls);
void sink_tls_session_free(struct sink_tls_session *session);
/* Bytes from the wire: what they say goes to `plain`, what must go back (the handshake) to `wire`. False when TLS is over. */
bool sink_tls_session_feed(struct sink_tls_session *session, const char *bytes, size_t len, struct buf *plain,
                           struct buf *wire);
/* Text for the other side, once the handshake is done. */
void sink_tls_session_write(struct sink_tls_session *session, const char *bytes, size_t len, struct buf *wire);
bool sink_tls_session_is_ready(const struct sink_tls_session *session);

#endif
