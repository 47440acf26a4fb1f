/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "feed_judge.h"
#include "feed_message.h"
#include "log.h"
#include "told/mem.h"
#include "told/wire.h"

#define BEACON_TOPIC "told.beacon"

enum { MESSAGES_A_TURN = 500 };

/* While PostgreSQL is away this much is kept; what comes after that the gap alarm tells of. */
static const size_t KEPT_BYTES_MOST = 16 * 1024 * 1024;

struct subscription {
    char *feed;
    char *endpoint;
    char *key;
    void *socket;
    bool said_full;
};

struct feed_broadcast {
    void *context;
    struct ingest_store *store;
    struct cursor_table *cursors;
    struct feed_message *message; /* the one being read */
    struct subscription *subscriptions;
    size_t count;
};

struct feed_broadcast *feed_broadcast_new(void *zmq_context, struct ingest_store *store, struct cursor_table *cursors)
{
    struct feed_broadcast *feeds = mem_new(sizeof *feeds);

    feeds->context = zmq_context;
    feeds->store = store;
    feeds->cursors = cursors;
    feeds->message = feed_message_new();
    return feeds;
}

static void subscription_release(struct subscription *subscription)
{
    if (subscription->socket != NULL)
        (void)zmq_close(subscription->socket);
    free(subscription->feed);
    free(subscription->endpoint);
    free(subscription->key);
}

void feed_broadcast_free(struct feed_broadcast *feeds)
{
    if (feeds == NULL)
        return;
    for (size_t i = 0; i < feeds->count; i++)
        subscription_release(&feeds->subscriptions[i]);
    free(feeds->subscriptions);
    feed_message_free(feeds->message);
    free(feeds);
}

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text) + 1) == 0;
}

/* No heartbeat: on a connecting socket it aborts the program when its reader stalls (trap 1). */
static bool guard_connection(void *socket, const struct config *config, const struct config_feed *feed)
{
    int64_t most = WIRE_FRAME_MOST;

    return set_text(socket, ZMQ_CURVE_SERVERKEY, feed->key) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, config->ingest_public_key) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, config->ingest_secret_key) && set_number(socket, ZMQ_LINGER, 0) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE, 1) && set_number(socket, ZMQ_TCP_KEEPALIVE_IDLE, 30) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE_INTVL, 10) && set_number(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) &&
           set_number(socket, ZMQ_TCP_MAXRT, 60000) && set_number(socket, ZMQ_RCVHWM, 100000) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0 &&
           zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) == 0;
}

static void subscribe(struct feed_broadcast *feeds, const struct config *config, const struct config_feed *feed)
{
    struct subscription new = {.feed = mem_copy(feed->name),
                               .endpoint = mem_copy(feed->connect),
                               .key = mem_copy(feed->key),
                               .socket = zmq_socket(feeds->context, ZMQ_SUB)};

    if (new.socket == NULL || !guard_connection(new.socket, config, feed) ||
        zmq_connect(new.socket, feed->connect) != 0) {
        log_error("stage=ingest feed=%s endpoint=%s reason=\"cannot subscribe: %s; correct the feed's configuration\"",
                  feed->name, feed->connect, zmq_strerror(zmq_errno()));
        subscription_release(&new);
        return;
    }
    log_info("stage=ingest feed=%s endpoint=%s action=subscribed", feed->name, feed->connect);
    feeds->subscriptions = mem_grow(feeds->subscriptions, feeds->count + 1, sizeof new);
    feeds->subscriptions[feeds->count++] = new;
}

static bool is_same(const struct subscription *subscription, const struct config_feed *feed)
{
    return feed != NULL && feed->kind == FEED_BROADCAST && strcmp(subscription->endpoint, feed->connect) == 0 &&
           strcmp(subscription->key, feed->key) == 0;
}

static const struct subscription *subscription_find(const struct feed_broadcast *feeds, const char *feed)
{
    for (size_t i = 0; i < feeds->count; i++)
        if (strcmp(feeds->subscriptions[i].feed, feed) == 0)
            return &feeds->subscriptions[i];
    return NULL;
}

void feed_broadcast_configure(struct feed_broadcast *feeds, const struct config *config)
{
    size_t kept = 0;

    for (size_t i = 0; i < feeds->count; i++) {
        if (is_same(&feeds->subscriptions[i], config_feed(config, feeds->subscriptions[i].feed)))
            feeds->subscriptions[kept++] = feeds->subscriptions[i];
        else
            subscription_release(&feeds->subscriptions[i]);
    }
    feeds->count = kept;
    for (size_t i = 0; i < config->feed_count; i++)
        if (config->feeds[i].kind == FEED_BROADCAST && subscription_find(feeds, config->feeds[i].name) == NULL)
            subscribe(feeds, config, &config->feeds[i]);
}

size_t feed_broadcast_count(const struct feed_broadcast *feeds)
{
    return feeds->count;
}

void *feed_broadcast_socket(const struct feed_broadcast *feeds, size_t i)
{
    return feeds->subscriptions[i].socket;
}

/* ---- what comes in ---- */

/* Asks where the source stands, before the first of its events: nothing was said that settles, so `first` is where it
 * begins if it is new to us. */
static void greet(struct feed_broadcast *feeds, const struct config_feed *feed, const char *source, int64_t epoch,
                  int64_t first)
{
    struct arrival *greeting = arrival_new(ARRIVAL_GREETING, feed->name, 0);

    greeting->source = mem_copy(source);
    greeting->epoch = epoch;
    greeting->sequence = first;
    cursor_set_broadcast(cursor_get(feeds->cursors, source));
    ingest_store_put(feeds->store, greeting);
}

static bool is_greeted(const struct feed_broadcast *feeds, const char *source)
{
    const struct cursor *cursor = cursor_find(feeds->cursors, source);

    return cursor != NULL && cursor_is_broadcast(cursor);
}

static void take_event(struct feed_broadcast *feeds, const struct config_feed *feed, const struct feed_message *message)
{
    struct arrival *arrival = feed_judge_body(feed, message->word, message->body, message->len);
    bool is_own = arrival->source != NULL && feed_judge_source(feed, arrival->source);

    arrival->epoch = ARRIVAL_EPOCH_OF_CURSOR;
    arrival->has_sequence = arrival->has_sequence && is_own;
    arrival->settles = arrival->has_sequence;
    if (arrival->has_sequence && !is_greeted(feeds, arrival->source))
        greet(feeds, feed, arrival->source, ARRIVAL_EPOCH_OF_CURSOR, arrival->sequence);
    ingest_store_put(feeds->store, arrival);
}

static void take_debris(struct feed_broadcast *feeds, const struct config_feed *feed, const struct feed_message *message, const char *reason)
{
    ingest_store_put(feeds->store,
                     feed_judge_debris(feed, message->body, message->len, reason));
}

static void take_beacon(struct feed_broadcast *feeds, const struct config_feed *feed, const struct feed_message *message)
{
    struct wire_beacon beacon = {0};
    char *reason = wire_beacon_parse(message->body, message->len, &beacon);
    struct arrival *arrival;

    if (reason != NULL || !feed_judge_source(feed, beacon.source) || strlen(beacon.source) > ARRIVAL_NAME_MOST) {
        take_debris(feeds, feed, message, reason != NULL ? reason : "beacon: source: not granted to this feed");
        goto done;
    }
    /* A source that is new begins behind what it had before we heard of it; a known one of a higher epoch too. */
    if (!is_greeted(feeds, beacon.source) ||
        cursor_epoch(cursor_find(feeds->cursors, beacon.source)) < beacon.epoch)
        greet(feeds, feed, beacon.source, beacon.epoch, (int64_t)beacon.last_sequence + 1);
    else if (cursor_epoch(cursor_find(feeds->cursors, beacon.source)) > beacon.epoch)
        ingest_store_raise(feeds->store, "epoch", beacon.source, "a beacon with an epoch lower than the known one");
    arrival = arrival_new(ARRIVAL_BEACON, feed->name, 0);
    arrival->source = mem_copy(beacon.source);
    arrival->epoch = beacon.epoch;
    arrival->sequence = (int64_t)beacon.last_sequence;
    ingest_store_put(feeds->store, arrival);
done:
    free(reason);
    wire_beacon_release(&beacon);
}

static void hear(struct feed_broadcast *feeds, const struct config_feed *feed, const struct feed_message *message)
{
    ingest_store_hear(feeds->store, feed->name);
    if (message->frames != FEED_MESSAGE_FRAMES)
        take_debris(feeds, feed, message, "frames: a broadcast is a topic and a body, two frames");
    else if (strcmp(message->word, BEACON_TOPIC) == 0)
        take_beacon(feeds, feed, message);
    else
        take_event(feeds, feed, message);
}

static bool subscription_is_full(struct feed_broadcast *feeds, struct subscription *subscription)
{
    bool is_full = ingest_store_bytes(feeds->store) > KEPT_BYTES_MOST;

    if (is_full && !subscription->said_full)
        log_warning("stage=ingest feed=%s action=\"throwing away\" reason=\"memory for what waits is full\"",
                    subscription->feed);
    subscription->said_full = is_full;
    return is_full;
}

static bool subscription_read(struct feed_broadcast *feeds, struct subscription *subscription,
                              const struct config_feed *feed)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        if (!feed_message_read(feeds->message, subscription->socket))
            return false;
        if (!subscription_is_full(feeds, subscription))
            hear(feeds, feed, feeds->message);
    }
    return true;
}

bool feed_broadcast_read(struct feed_broadcast *feeds, const struct config *config)
{
    bool more = false;

    for (size_t i = 0; i < feeds->count; i++) {
        const struct config_feed *feed = config_feed(config, feeds->subscriptions[i].feed);

        if (feed != NULL && subscription_read(feeds, &feeds->subscriptions[i], feed))
            more = true;
    }
    return more;
}
