/* SPDX-License-Identifier: Apache-2.0 */
/* What told says to a publisher at the ROUTER. Nothing waits: a peer that is gone or does not read is marked. */
#ifndef TOLD_FEED_REPLY_H
#define TOLD_FEED_REPLY_H

#include "arrival.h"
#include "feed_peer.h"

void feed_reply_welcome(void *router, struct feed_peer *peer, const char *source, int64_t epoch, int64_t next, int credit);
void feed_reply_ack_up_to(void *router, struct feed_peer *peer, const char *source, int64_t settled);
void feed_reply_ack_id(void *router, struct feed_peer *peer, const char *source, const char *id);
void feed_reply_nak(void *router, struct feed_peer *peer, const struct arrival *arrival);
void feed_reply_nak_hello(void *router, struct feed_peer *peer, const char *source, const char *reason);
/* At most once a second to each peer. */
void feed_reply_busy(void *router, struct feed_peer *peer, const char *reason, int retry_after_s, int64_t now_ms);
void feed_reply_ping(void *router, struct feed_peer *peer);
void feed_reply_pong(void *router, struct feed_peer *peer);

#endif
