/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_confirmed.h"

#include <stdlib.h>
#include <string.h>

#include "feed_flood.h"
#include "feed_judge.h"
#include "feed_message.h"
#include "feed_peer.h"
#include "feed_reply.h"
#include "log.h"
#include "told/mem.h"
#include "told/wire.h"

enum { MESSAGES_A_TURN = 1000, BUSY_RETRY_S = 1 };

/* All publishers together; each has its own window of 16 MiB. */
static const size_t WAITING_BYTES_MOST = 128 * 1024 * 1024;

struct feed_confirmed {
    void *router;
    struct ingest_store *store;
    struct cursor_table *cursors;
    struct feed_peers *peers;
    struct feed_flood *flood;
    struct feed_message *message; /* the one being read */
    bool was_away;
    uint64_t refused;
};

struct feed_confirmed *feed_confirmed_new(void *router, struct ingest_store *store, struct cursor_table *cursors)
{
    struct feed_confirmed *feed = mem_new(sizeof *feed);

    feed->router = router;
    feed->store = store;
    feed->cursors = cursors;
    feed->peers = feed_peers_new();
    feed->flood = feed_flood_new();
    feed->message = feed_message_new();
    return feed;
}

void feed_confirmed_free(struct feed_confirmed *feed)
{
    if (feed == NULL)
        return;
    feed_peers_free(feed->peers);
    feed_flood_free(feed->flood);
    feed_message_free(feed->message);
    free(feed);
}

/* ---- who speaks ---- */

static void drop_peer(struct feed_peer *peer, const char *why)
{
    if (peer->is_dropped)
        return;
    log_warning("stage=ingest peer=%llu action=dropped reason=\"%s\"", (unsigned long long)peer->number, why);
    peer->is_dropped = true;
}

static void drop_key(struct feed_confirmed *feed, const char *key, const char *why)
{
    struct feed_peer *peer;

    for (size_t i = 0; (peer = feed_peers_at(feed->peers, i)) != NULL; i++)
        if (strcmp(peer->key, key) == 0)
            drop_peer(peer, why);
}

/* Authenticated at the handshake, and held against the live allow-list at every message (trap 3). NULL: throw it away. */
static struct feed_peer *identify(struct feed_confirmed *feed, const struct config *config, const struct feed_message *message,
                                  const struct config_feed **ret_config)
{
    struct feed_peer *peer = feed_peers_find(feed->peers, message->route, message->route_len);

    if (message->key[0] == '\0') {
        if (peer != NULL)
            drop_peer(peer, "a message without a proven key");
        return NULL;
    }
    if (peer == NULL || strcmp(peer->key, message->key) != 0)
        peer = feed_peers_add(feed->peers, message->route, message->route_len, message->key);
    *ret_config = config_feed_of_key(config, message->key);
    if (*ret_config == NULL || (*ret_config)->kind != FEED_CONFIRMED) {
        feed->refused++;
        if (peer != NULL)
            drop_peer(peer, "its key was revoked");
        return NULL;
    }
    return peer == NULL || peer->is_dropped ? NULL : peer;
}

uint64_t feed_confirmed_refused(const struct feed_confirmed *feed)
{
    return feed->refused;
}

/* ---- what it says ---- */

static void put(struct feed_confirmed *feed, struct feed_peer *peer, struct arrival *arrival)
{
    arrival->peer = peer->number;
    peer->pending++;
    peer->pending_bytes += arrival->len;
    ingest_store_put(feed->store, arrival);
}

/* False: too many already, it is not even kept. */
static bool put_refused(struct feed_confirmed *feed, struct feed_peer *peer, struct arrival *arrival, int64_t now_ms)
{
    enum feed_flood_verdict verdict = feed_flood_count(feed->flood, peer->key, now_ms);
    char *detail;

    if (verdict == FEED_FLOOD_CALM) {
        put(feed, peer, arrival);
        return true;
    }
    detail = mem_printf("feed %s: more than %d bodies quarantined within an hour; its connections were dropped",
                        arrival->feed, FEED_FLOOD_MOST);
    ingest_store_raise(feed->store, "flood", arrival->feed, detail);
    free(detail);
    if (verdict == FEED_FLOOD_BEGINS)
        put(feed, peer, arrival);
    else
        arrival_free(arrival);
    drop_key(feed, peer->key, "too many quarantined bodies");
    return verdict == FEED_FLOOD_BEGINS;
}

static void take_debris(struct feed_confirmed *feed, struct feed_peer *peer, const struct config_feed *config,
                        const struct feed_message *message, const char *reason, int64_t now_ms)
{
    (void)put_refused(feed, peer, feed_judge_debris(config, message->body, message->len, reason), now_ms);
    drop_peer(peer, reason);
}

static void greet(struct feed_confirmed *feed, struct feed_peer *peer, const struct feed_hello *hello, const char *name)
{
    struct arrival *arrival = arrival_new(ARRIVAL_GREETING, name, peer->number);

    arrival->source = mem_copy(hello->source);
    arrival->epoch = hello->epoch;
    arrival->sequence = hello->first_unacked;
    put(feed, peer, arrival);
}

/* A source without a grant is welcomed to nothing: its events are quarantined, for a mistaken grant must not lose one. */
static void welcome(struct feed_confirmed *feed, struct feed_peer *peer, const struct feed_hello *hello,
                    const struct config *config, const struct config_feed *own)
{
    if (hello->is_granted)
        greet(feed, peer, hello, own->name);
    else
        feed_reply_welcome(feed->router, peer, hello->source, hello->epoch, hello->first_unacked, config->credit);
}

/* Beyond its credit, or all of them together beyond what told will hold in memory. */
static bool is_beyond_credit(const struct feed_confirmed *feed, const struct feed_peer *peer, const struct config *config)
{
    return peer->is_throttled || peer->pending >= (size_t)config->credit + peer->hello_count ||
           peer->pending_bytes >= WIRE_CREDIT_BYTES + WIRE_FRAME_MOST ||
           ingest_store_bytes(feed->store) > WAITING_BYTES_MOST;
}

static void refuse_hello(struct feed_confirmed *feed, struct feed_peer *peer, const struct config_feed *own,
                         const struct feed_message *message, char *reason, int64_t now_ms)
{
    (void)put_refused(feed, peer, feed_judge_debris(own, message->body, message->len, reason), now_ms);
    free(reason);
}

static void take_hello(struct feed_confirmed *feed, struct feed_peer *peer, const struct config *config,
                       const struct config_feed *own, const struct feed_message *message, const char *away, int64_t now_ms)
{
    struct wire_hello said = {0};
    char *reason = wire_hello_parse(message->body, message->len, &said);
    struct feed_hello *hello = NULL;

    if (reason == NULL && said.version != WIRE_VERSION)
        reason = mem_printf("HELLO: wire: this told speaks version %d", WIRE_VERSION);
    if (reason == NULL && strlen(said.source) > ARRIVAL_NAME_MOST)
        reason = mem_printf("HELLO: source: longer than %d bytes", ARRIVAL_NAME_MOST);
    if (reason == NULL && (hello = feed_peer_hello_put(peer, said.source)) == NULL)
        reason = mem_printf("HELLO: more than %d sources on one connection", FEED_PEER_SOURCES_MOST);
    if (reason != NULL) {
        refuse_hello(feed, peer, own, message, reason, now_ms);
        goto done;
    }
    hello->epoch = said.epoch;
    hello->first_unacked = (int64_t)said.first_unacked;
    hello->is_granted = feed_judge_source(own, said.source);
    peer->busy_ms = 0;
    peer->has_lost = false;
    if (away != NULL) {
        feed_reply_busy(feed->router, peer, away, BUSY_RETRY_S, now_ms);
    } else if (is_beyond_credit(feed, peer, config)) {
        /* Each greeting is a transaction: who says HELLO without end is welcomed once, when all it said has settled. */
        peer->is_throttled = true;
        feed_reply_busy(feed->router, peer, "credit", BUSY_RETRY_S, now_ms);
    } else {
        welcome(feed, peer, hello, config, own);
    }
done:
    wire_hello_release(&said);
}

/* It may not be judged before its source has introduced itself: a reconnect is unseen, and its log may be another. */
static bool is_introduced(const struct feed_confirmed *feed, const struct feed_peer *peer,
                          const struct config_feed *own, struct arrival *arrival)
{
    const struct feed_hello *hello = arrival->source != NULL ? feed_peer_hello(peer, arrival->source) : NULL;
    const struct cursor *cursor;

    if (hello == NULL || !hello->is_granted) {
        /* Whose line it would be in whose log is not ours to say. */
        arrival->has_sequence = false;
        return arrival->source == NULL || !feed_judge_source(own, arrival->source);
    }
    cursor = cursor_find(feed->cursors, arrival->source);
    arrival->epoch = hello->epoch;
    arrival->settles = arrival->has_sequence;
    return cursor == NULL || cursor_epoch(cursor) <= hello->epoch;
}

static void take_event(struct feed_confirmed *feed, struct feed_peer *peer, const struct config_feed *own,
                       const struct feed_message *message, int64_t now_ms)
{
    struct arrival *arrival = feed_judge_body(own, NULL, message->body, message->len);

    if (!is_introduced(feed, peer, own, arrival)) {
        feed_reply_busy(feed->router, peer, "hello", 0, now_ms);
        arrival_free(arrival);
    } else if (arrival->kind == ARRIVAL_REFUSED) {
        (void)put_refused(feed, peer, arrival, now_ms);
    } else {
        put(feed, peer, arrival);
    }
}

static void hear_event(struct feed_confirmed *feed, struct feed_peer *peer, const struct config *config,
                       const struct config_feed *own, const struct feed_message *message, const char *away, int64_t now_ms)
{
    if (away != NULL) {
        feed_reply_busy(feed->router, peer, away, BUSY_RETRY_S, now_ms);
    } else if (peer->hello_count == 0 || peer->has_lost) {
        feed_reply_busy(feed->router, peer, "hello", 0, now_ms);
    } else if (is_beyond_credit(feed, peer, config)) {
        peer->is_throttled = true;
        feed_reply_busy(feed->router, peer, "credit", BUSY_RETRY_S, now_ms);
    } else {
        take_event(feed, peer, own, message, now_ms);
    }
}

static void hear(struct feed_confirmed *feed, const struct config *config, struct feed_message *message, const char *away,
                 int64_t now_ms)
{
    const struct config_feed *own = NULL;
    struct feed_peer *peer = identify(feed, config, message, &own);
    enum wire_verb verb;

    if (peer == NULL)
        return;
    peer->heard_ms = now_ms;
    ingest_store_hear(feed->store, own->name);
    if (message->frames != FEED_MESSAGE_FRAMES) {
        take_debris(feed, peer, own, message, "frames: a message is a verb and a body, two frames", now_ms);
        return;
    }
    verb = wire_verb_parse(message->word, strlen(message->word));
    if (verb == WIRE_EVENT) {
        hear_event(feed, peer, config, own, message, away, now_ms);
    } else if (verb == WIRE_HELLO) {
        take_hello(feed, peer, config, own, message, away, now_ms);
    } else if (verb == WIRE_PING) {
        feed_reply_pong(feed->router, peer);
        if (peer->has_lost)
            feed_reply_busy(feed->router, peer, "hello", 0, now_ms);
    } else if (verb != WIRE_PONG) {
        feed_message_debris(message);
        take_debris(feed, peer, own, message, "verb: a publisher says HELLO, EVENT, PING or PONG", now_ms);
    }
}

bool feed_confirmed_read(struct feed_confirmed *feed, const struct config *config, const char *away, int64_t now_ms)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        if (!feed_message_read_routed(feed->message, feed->router))
            return false;
        hear(feed, config, feed->message, away, now_ms);
    }
    return true;
}

/* ---- what has settled ---- */

/* An event that moved the cursor is acknowledged up to where it stands. One that was settled before and came again is
 * acknowledged up to itself: others of its kind may still be under way, and not all need turn out the same. */
static void settle_event(struct feed_confirmed *feed, struct feed_peer *peer, const struct arrival *arrival)
{
    struct feed_hello *hello = feed_peer_hello(peer, arrival->source);
    const struct cursor *cursor = cursor_find(feed->cursors, arrival->source);
    int64_t up_to;

    if (hello == NULL || cursor == NULL || !arrival->has_sequence || cursor_epoch(cursor) != arrival->epoch ||
        arrival->sequence > cursor_settled(cursor)) {
        feed_reply_ack_id(feed->router, peer, arrival->source, arrival->id);
        return;
    }
    up_to = arrival->sequence > hello->acked ? cursor_settled(cursor) : arrival->sequence;
    if (up_to > hello->ack_due)
        hello->ack_due = up_to;
}

static void settle_greeting(struct feed_confirmed *feed, struct feed_peer *peer, const struct config *config,
                            const struct arrival *arrival)
{
    struct feed_hello *hello = feed_peer_hello(peer, arrival->source);

    if (hello != NULL)
        hello->acked = arrival->sequence - 1;
    feed_reply_welcome(feed->router, peer, arrival->source, arrival->epoch, arrival->sequence, config->credit);
}

void feed_confirmed_settle(struct feed_confirmed *feed, const struct config *config, const struct arrival *arrival)
{
    struct feed_peer *peer = feed_peers_numbered(feed->peers, arrival->peer);

    if (peer == NULL)
        return;
    peer->pending--;
    peer->pending_bytes -= arrival->len;
    if (arrival->outcome == ARRIVAL_WELCOMED) {
        settle_greeting(feed, peer, config, arrival);
    } else if (arrival->outcome == ARRIVAL_STALE) {
        feed_peer_hello_drop(peer, arrival->source);
        feed_reply_nak_hello(feed->router, peer, arrival->source,
                             "epoch: lower than one this source has used; raise it when the log is rebuilt");
    } else if (arrival->outcome == ARRIVAL_QUARANTINED) {
        feed_reply_nak(feed->router, peer, arrival);
    } else {
        settle_event(feed, peer, arrival);
    }
}

void feed_confirmed_acknowledge(struct feed_confirmed *feed)
{
    struct feed_peer *peer;

    for (size_t i = 0; (peer = feed_peers_at(feed->peers, i)) != NULL; i++)
        for (size_t k = 0; k < peer->hello_count; k++) {
            struct feed_hello *hello = &peer->hellos[k];

            if (hello->ack_due == FEED_PEER_NO_ACK)
                continue;
            feed_reply_ack_up_to(feed->router, peer, hello->source, hello->ack_due);
            if (hello->ack_due > hello->acked)
                hello->acked = hello->ack_due;
            hello->ack_due = FEED_PEER_NO_ACK;
        }
}

/* ---- what time brings ---- */

static void tick_peer(struct feed_confirmed *feed, struct feed_peer *peer, const struct config *config, const char *away,
                      int64_t now_ms)
{
    const struct config_feed *own = config_feed_of_key(config, peer->key);
    bool is_back = away == NULL && (feed->was_away || (peer->is_throttled && peer->pending == 0));

    if (own == NULL || peer->is_dropped)
        return;
    if (away != NULL && !feed->was_away && peer->hello_count > 0) {
        peer->busy_ms = 0;
        feed_reply_busy(feed->router, peer, away, BUSY_RETRY_S, now_ms);
    }
    for (size_t i = 0; is_back && i < peer->hello_count; i++)
        welcome(feed, peer, &peer->hellos[i], config, own);
    if (is_back)
        peer->is_throttled = false;
    if (peer->hello_count > 0 && now_ms - peer->pinged_ms >= WIRE_PING_S * 1000) {
        peer->pinged_ms = now_ms;
        feed_reply_ping(feed->router, peer);
    }
}

void feed_confirmed_tick(struct feed_confirmed *feed, const struct config *config, const char *away, int64_t now_ms)
{
    struct feed_peer *peer;

    for (size_t i = 0; (peer = feed_peers_at(feed->peers, i)) != NULL; i++)
        tick_peer(feed, peer, config, away, now_ms);
    feed_peers_sweep(feed->peers, now_ms);
    feed->was_away = away != NULL;
}
