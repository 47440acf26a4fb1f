/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "told/mem.h"
#include "told/wire.h"

enum { BUSY_EVERY_MS = 1000 };

/* ROUTER_MANDATORY makes the first frame fail where nobody is, or where nobody reads (trap 7). */
static void say(void *router, struct feed_peer *peer, enum wire_verb verb, const char *body)
{
    const char *word = wire_verb_text(verb);

    /* Who is dropped is no longer listened to, but still hears what became of what was kept. */
    if (peer->is_gone)
        return;
    if (zmq_send(router, peer->route, peer->route_len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        peer->is_gone = zmq_errno() == EHOSTUNREACH;
        peer->has_lost = true;
        return;
    }
    (void)zmq_send(router, word, strlen(word), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(router, body, strlen(body), ZMQ_DONTWAIT);
}

static void say_and_free(void *router, struct feed_peer *peer, enum wire_verb verb, char *body)
{
    say(router, peer, verb, body);
    free(body);
}

void feed_reply_welcome(void *router, struct feed_peer *peer, const char *source, int64_t epoch, int64_t next, int credit)
{
    char *owned = mem_copy(source);
    struct wire_welcome welcome = {owned, epoch, (uint64_t)next, credit};

    say_and_free(router, peer, WIRE_WELCOME, wire_welcome_print(&welcome));
    free(owned);
}

void feed_reply_ack_up_to(void *router, struct feed_peer *peer, const char *source, int64_t settled)
{
    char *owned = mem_copy(source);
    struct wire_ack ack = {owned, (uint64_t)settled, NULL};

    say_and_free(router, peer, WIRE_ACK, wire_ack_print(&ack));
    free(owned);
}

void feed_reply_ack_id(void *router, struct feed_peer *peer, const char *source, const char *id)
{
    char *owned = mem_copy(source);
    char *owned_id = mem_copy(id);
    struct wire_ack ack = {owned, 0, owned_id};

    say_and_free(router, peer, WIRE_ACK, wire_ack_print(&ack));
    free(owned);
    free(owned_id);
}

void feed_reply_nak(void *router, struct feed_peer *peer, const struct arrival *arrival)
{
    bool is_named = arrival->source != NULL && arrival->id != NULL;
    char digest[65];
    struct wire_nak nak = {arrival->source, is_named ? arrival->id : NULL, NULL, arrival->reason};

    memcpy(digest, arrival->sha256, sizeof digest);
    nak.sha256 = is_named ? NULL : digest;
    say_and_free(router, peer, WIRE_NAK, wire_nak_print(&nak));
}

void feed_reply_nak_hello(void *router, struct feed_peer *peer, const char *source, const char *reason)
{
    char *owned = mem_copy(source);
    char *owned_reason = mem_copy(reason);
    struct wire_nak nak = {owned, NULL, NULL, owned_reason};

    say_and_free(router, peer, WIRE_NAK, wire_nak_print(&nak));
    free(owned);
    free(owned_reason);
}

void feed_reply_busy(void *router, struct feed_peer *peer, const char *reason, int retry_after_s, int64_t now_ms)
{
    char *owned;
    struct wire_busy busy;

    if (peer->busy_ms != 0 && now_ms - peer->busy_ms < BUSY_EVERY_MS)
        return;
    peer->busy_ms = now_ms;
    owned = mem_copy(reason);
    busy = (struct wire_busy){owned, retry_after_s};
    say_and_free(router, peer, WIRE_BUSY, wire_busy_print(&busy));
    free(owned);
}

void feed_reply_ping(void *router, struct feed_peer *peer)
{
    say(router, peer, WIRE_PING, "{}");
}

void feed_reply_pong(void *router, struct feed_peer *peer)
{
    say(router, peer, WIRE_PONG, "{}");
}
