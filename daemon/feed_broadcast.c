/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "feed_connect.h"
#include "feed_heard.h"
#include "feed_message.h"
#include "feed_replay.h"
#include "feed_spool.h"
#include "log.h"
#include "told/mem.h"

enum { MESSAGES_A_TURN = 500 };

struct subscription {
    char *feed, *endpoint, *key;
    char *replay_endpoint;      /* or NULL */
    void *socket;
    struct feed_replay *replay; /* or NULL */
};

struct feed_broadcast {
    void *context;
    struct ingest_store *store;
    struct cursor_table *cursors;
    struct feed_heard *heard;
    struct feed_spool *spool;
    struct feed_message *message; /* the one being read */
    struct subscription *subscriptions;
    size_t count;
};

struct feed_broadcast *feed_broadcast_new(void *zmq_context, struct clock *clock, struct ingest_store *store,
                                          struct cursor_table *cursors, const struct config *config, char **ret_reason)
{
    struct feed_broadcast *feeds = mem_new(sizeof *feeds);

    feeds->context = zmq_context;
    feeds->store = store;
    feeds->cursors = cursors;
    feeds->heard = feed_heard_new(store, cursors);
    feeds->message = feed_message_new();
    feeds->spool = feed_spool_new(clock, store, feeds->heard, config, ret_reason);
    if (feeds->spool != NULL)
        return feeds;
    feed_broadcast_free(feeds);
    return NULL;
}

static void subscription_release(struct subscription *subscription)
{
    if (subscription->socket != NULL)
        (void)zmq_close(subscription->socket);
    feed_replay_free(subscription->replay);
    free(subscription->feed);
    free(subscription->endpoint);
    free(subscription->key);
    free(subscription->replay_endpoint);
}

void feed_broadcast_free(struct feed_broadcast *feeds)
{
    if (feeds == NULL)
        return;
    if (feeds->spool != NULL) {
        feed_spool_recall(feeds->spool);
        feed_spool_sync(feeds->spool);
    }
    for (size_t i = 0; i < feeds->count; i++)
        subscription_release(&feeds->subscriptions[i]);
    free(feeds->subscriptions);
    feed_spool_free(feeds->spool);
    feed_heard_free(feeds->heard);
    feed_message_free(feeds->message);
    free(feeds);
}

/* ---- subscriptions ---- */

static void subscribe(struct feed_broadcast *feeds, const struct config *config, const struct config_feed *feed)
{
    struct subscription new = {.feed = mem_copy(feed->name), .endpoint = mem_copy(feed->connect), .key = mem_copy(feed->key)};
    struct arrival *roll;

    new.socket = feed_connect(feeds->context, ZMQ_SUB, config, feed, feed->connect, NULL);
    if (new.socket == NULL) {
        subscription_release(&new);
        return;
    }
    if (feed->replay != NULL) {
        new.replay_endpoint = mem_copy(feed->replay);
        new.replay = feed_replay_new(feeds->context, feeds->store, feeds->cursors, config, feed);
        /* Whose events it had before: they are asked for before any of them speaks up. */
        roll = arrival_new(ARRIVAL_ROLL, feed->name, 0);
        ingest_store_put(feeds->store, roll);
    }
    log_info("stage=ingest feed=%s endpoint=%s replay=%s action=subscribed", feed->name, feed->connect,
             feed->replay != NULL ? feed->replay : "none");
    feeds->subscriptions = mem_grow(feeds->subscriptions, feeds->count + 1, sizeof new);
    feeds->subscriptions[feeds->count++] = new;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same(const struct subscription *subscription, const struct config_feed *feed)
{
    return feed != NULL && feed->kind == FEED_BROADCAST && same(subscription->endpoint, feed->connect) &&
           same(subscription->key, feed->key) && same(subscription->replay_endpoint, feed->replay);
}

static struct subscription *subscription_find(const struct feed_broadcast *feeds, const char *feed)
{
    for (size_t i = 0; i < feeds->count; i++)
        if (strcmp(feeds->subscriptions[i].feed, feed) == 0)
            return &feeds->subscriptions[i];
    return NULL;
}

void feed_broadcast_configure(struct feed_broadcast *feeds, const struct config *config)
{
    size_t kept = 0;

    feed_spool_configure(feeds->spool, config);
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
    return 2 * feeds->count;
}

/* The subscription stands in for a replay channel that is not there: zmq_poll has no empty item. */
void *feed_broadcast_socket(const struct feed_broadcast *feeds, size_t i)
{
    const struct subscription *subscription = &feeds->subscriptions[i / 2];
    void *replay = i % 2 == 1 && subscription->replay != NULL ? feed_replay_socket(subscription->replay) : NULL;

    return replay != NULL ? replay : subscription->socket;
}

/* ---- what comes in ---- */

static void hear(struct feed_broadcast *feeds, const struct config_feed *feed, bool is_away, int64_t now_ms)
{
    const struct feed_message *message = feeds->message;
    struct heard_message heard = {.topic = message->word, .body = message->body, .len = message->len,
                                  .is_whole = message->frames == FEED_MESSAGE_FRAMES, .received_at = INSTANT_NONE};

    ingest_store_hear(feeds->store, feed->name);
    if (feed_spool_is_wanted(feeds->spool, is_away))
        feed_spool_keep(feeds->spool, feed->name, message);
    else
        feed_heard_take(feeds->heard, feed, &heard, now_ms);
}

static bool subscription_read(struct feed_broadcast *feeds, struct subscription *subscription,
                              const struct config_feed *feed, bool is_away, int64_t now_ms)
{
    bool more = subscription->replay != NULL && feed_replay_read(subscription->replay, feed, now_ms);

    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        if (!feed_message_read(feeds->message, subscription->socket))
            return more;
        hear(feeds, feed, is_away, now_ms);
    }
    return true;
}

bool feed_broadcast_read(struct feed_broadcast *feeds, const struct config *config, bool is_away, int64_t now_ms)
{
    bool more = false;

    if (is_away)
        feed_spool_recall(feeds->spool);
    for (size_t i = 0; i < feeds->count; i++) {
        const struct config_feed *feed = config_feed(config, feeds->subscriptions[i].feed);

        if (feed != NULL && subscription_read(feeds, &feeds->subscriptions[i], feed, is_away, now_ms))
            more = true;
    }
    feed_spool_sync(feeds->spool);
    return more;
}

void feed_broadcast_settle(struct feed_broadcast *feeds, const struct config *config, const struct arrival *arrival)
{
    const struct subscription *subscription = subscription_find(feeds, arrival->feed);
    const struct config_feed *feed = config_feed(config, arrival->feed);

    feed_heard_settle(feeds->heard, arrival);
    if (arrival->round != 0 && subscription != NULL && subscription->replay != NULL)
        feed_replay_settle(subscription->replay, arrival);
    for (char **name = arrival->names; name != NULL && *name != NULL && feed != NULL; name++)
        feed_heard_greet(feeds->heard, feed, *name, ARRIVAL_EPOCH_OF_CURSOR, 1);
}

void feed_broadcast_tick(struct feed_broadcast *feeds, const struct config *config, bool is_away, int64_t now_ms)
{
    feed_heard_tick(feeds->heard, now_ms);
    if (!is_away)
        feed_spool_drain(feeds->spool, config, now_ms);
    for (size_t i = 0; i < feeds->count; i++)
        if (feeds->subscriptions[i].replay != NULL)
            feed_replay_tick(feeds->subscriptions[i].replay, config, is_away, now_ms);
}
