/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage where events enter. One thread, one poll over everything that can speak to it: the ZAP handler, the ROUTER,
 * the subscriptions, the database's socket and the kick. It waits nowhere else.
 *
 *   sockets ─read─▶ feed_confirmed, feed_broadcast ─put─▶ ingest_store ─commit─▶ settle ─▶ ACK, NAK, WELCOME
 */
#include <poll.h>
#include <stdlib.h>
#include <zmq.h>

#include "feed_broadcast.h"
#include "feed_confirmed.h"
#include "feed_directory.h"
#include "ingest_store.h"
#include "log.h"
#include "stage.h"
#include "told/mem.h"
#include "told/wire.h"
#include "zap.h"
#include "zap_trial.h"

enum {
    ITEM_ZAP,
    ITEM_ROUTER,
    ITEM_KICK,
    ITEM_DATABASE,
    ITEM_FIRST_SUB,
};

enum { ENDPOINT_SIZE = 256, LINGER_MS = 500, SEND_QUEUE = 100000, RECEIVE_QUEUE = 10000, TICK_MS = 200, STRANGERS_EVERY_MS = 60000 };

struct ingest {
    struct stage *stage;
    struct config *config; /* a reference; replaced when the current one is another */
    void *context;
    void *router; /* NULL: nothing is bound here */
    struct zap *zap;
    struct cursor_table *cursors;
    struct ingest_store *store;
    struct feed_confirmed *confirmed;
    struct feed_broadcast *broadcast;
    struct feed_directory *directory;
    zmq_pollitem_t *items;
    bool more; /* was left unread in the last turn */
    bool is_finishing; /* nothing more is read */
    uint64_t strangers; /* refused at the door, as last said */
    int64_t strangers_ms;
};

/* ---- start and stop ---- */

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool router_shape(void *router)
{
    int64_t most = WIRE_FRAME_MOST;

    return zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0 && set_number(router, ZMQ_LINGER, LINGER_MS) &&
           set_number(router, ZMQ_ROUTER_MANDATORY, 1) && set_number(router, ZMQ_SNDHWM, SEND_QUEUE) &&
           set_number(router, ZMQ_RCVHWM, RECEIVE_QUEUE) && set_number(router, ZMQ_TCP_KEEPALIVE, 1) &&
           set_number(router, ZMQ_TCP_KEEPALIVE_IDLE, 30) && set_number(router, ZMQ_TCP_KEEPALIVE_INTVL, 10) &&
           set_number(router, ZMQ_TCP_KEEPALIVE_CNT, 3);
}

/* NULL, or why ingest cannot run. The handler is bound before the first endpoint is (trap 2). */
static char *ingest_bind(struct ingest *ingest)
{
    char endpoint[ENDPOINT_SIZE];
    size_t size = sizeof endpoint;
    char *reason = NULL;

    ingest->zap = zap_start(ingest->context, &reason);
    if (ingest->zap == NULL)
        return reason;
    ingest->router = zmq_socket(ingest->context, ZMQ_ROUTER);
    if (ingest->router == NULL || !router_shape(ingest->router))
        return mem_printf("cannot set up the socket: %s", zmq_strerror(zmq_errno()));
    reason = zap_guard(ingest->router, ingest->config->ingest_secret_key);
    if (reason != NULL)
        return reason;
    if (zmq_bind(ingest->router, ingest->config->ingest_bind) != 0)
        return mem_printf("cannot bind %s: %s; is another told running, is the address ours?",
                          ingest->config->ingest_bind, zmq_strerror(zmq_errno()));
    if (zmq_getsockopt(ingest->router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        return mem_printf("cannot learn the bound endpoint: %s", zmq_strerror(zmq_errno()));
    reason = zap_trial_run(ingest->context, ingest->zap, ingest->config, endpoint);
    if (reason == NULL && !zap_watch(ingest->zap, ingest->context, ingest->router))
        reason = mem_printf("cannot watch the endpoint: %s", zmq_strerror(zmq_errno()));
    if (reason == NULL)
        log_info("stage=ingest endpoint=%s action=bound strangers=refused", endpoint);
    ingest->strangers = zap_refused(ingest->zap); /* our own trial is none */
    return reason;
}

static void ingest_items(struct ingest *ingest)
{
    ingest->items = mem_grow(ingest->items, ITEM_FIRST_SUB + feed_broadcast_count(ingest->broadcast), sizeof *ingest->items);
    ingest->items[ITEM_ZAP] = (zmq_pollitem_t){zap_socket(ingest->zap), -1, ZMQ_POLLIN, 0};
    ingest->items[ITEM_ROUTER] = (zmq_pollitem_t){ingest->router, -1, ZMQ_POLLIN, 0};
    ingest->items[ITEM_KICK] = (zmq_pollitem_t){NULL, kick_fd(ingest->stage->kick), ZMQ_POLLIN, 0};
}

/* SIGHUP swaps the snapshot: grants and keys hold from the next message on. */
static void ingest_configure(struct ingest *ingest)
{
    struct config *now = config_current_get(ingest->stage->config);

    if (now == ingest->config) {
        config_unref(now);
        return;
    }
    config_unref(ingest->config);
    ingest->config = now;
    ingest_store_configure(ingest->store, now);
    feed_broadcast_configure(ingest->broadcast, now);
    feed_directory_configure(ingest->directory, now);
    ingest_items(ingest);
}

static char *ingest_open(struct ingest *ingest)
{
    char *reason;

    ingest->config = config_current_get(ingest->stage->config);
    if (ingest->config->ingest_bind == NULL)
        return mem_copy("no ingest in the configuration; add one, or leave this stage out of --stages");
    ingest->context = zmq_ctx_new();
    reason = ingest_bind(ingest);
    if (reason != NULL)
        return reason;
    ingest->cursors = cursor_table_new();
    ingest->store = ingest_store_new(ingest->stage->clock, ingest->cursors, ingest->stage->next[STAGE_DECIDE]);
    ingest->confirmed = feed_confirmed_new(ingest->router, ingest->store, ingest->cursors);
    ingest->broadcast = feed_broadcast_new(ingest->context, ingest->stage->clock, ingest->store, ingest->cursors,
                                           ingest->config, &reason);
    if (ingest->broadcast == NULL)
        return reason;
    ingest->directory = feed_directory_new(ingest->store);
    ingest_store_configure(ingest->store, ingest->config);
    feed_broadcast_configure(ingest->broadcast, ingest->config);
    feed_directory_configure(ingest->directory, ingest->config);
    ingest_items(ingest);
    return NULL;
}

static void ingest_close(struct ingest *ingest)
{
    feed_confirmed_free(ingest->confirmed);
    feed_broadcast_free(ingest->broadcast);
    feed_directory_free(ingest->directory);
    ingest_store_free(ingest->store);
    cursor_table_free(ingest->cursors);
    if (ingest->router != NULL) {
        (void)zmq_socket_monitor(ingest->router, NULL, 0);
        (void)zmq_close(ingest->router);
    }
    zap_stop(ingest->zap);
    if (ingest->context != NULL)
        (void)zmq_ctx_term(ingest->context); /* waits at most LINGER_MS for the last ACKs */
    config_unref(ingest->config);
    free(ingest->items);
}

/* ---- one turn ---- */

static void ingest_wait(struct ingest *ingest)
{
    zmq_pollitem_t *database = &ingest->items[ITEM_DATABASE];
    size_t subs = feed_broadcast_count(ingest->broadcast);
    int fd = ingest_store_socket(ingest->store);

    /* Without a connection the kick stands in its place: zmq_poll has no empty item. */
    *database = ingest->items[ITEM_KICK];
    if (fd >= 0) {
        short events = ingest_store_events(ingest->store);

        *database = (zmq_pollitem_t){NULL, fd, (short)((events & POLLIN ? ZMQ_POLLIN : 0) |
                                                       (events & POLLOUT ? ZMQ_POLLOUT : 0)), 0};
    }
    for (size_t i = 0; i < subs; i++)
        ingest->items[ITEM_FIRST_SUB + i] =
            (zmq_pollitem_t){feed_broadcast_socket(ingest->broadcast, i), -1, ingest->is_finishing ? 0 : ZMQ_POLLIN, 0};
    (void)zmq_poll(ingest->items, (int)(ITEM_FIRST_SUB + subs), ingest->more ? 0 : TICK_MS);
    kick_clear(ingest->stage->kick);
}

/* Nobody at the ROUTER waits for it. */
static void ingest_settle_own(struct ingest *ingest, const struct arrival *arrival)
{
    const struct config_feed *feed = config_feed(ingest->config, arrival->feed);

    if (feed != NULL && feed->kind == FEED_DIRECTORY)
        feed_directory_settle(ingest->directory, arrival);
    else
        feed_broadcast_settle(ingest->broadcast, ingest->config, arrival);
}

static void ingest_settle(struct ingest *ingest)
{
    struct arrival *arrival;

    while ((arrival = ingest_store_take(ingest->store)) != NULL) {
        if (arrival->peer != 0)
            feed_confirmed_settle(ingest->confirmed, ingest->config, arrival);
        else
            ingest_settle_own(ingest, arrival);
        arrival_free(arrival);
    }
    feed_confirmed_acknowledge(ingest->confirmed);
}

/* Somebody knocks with a key that is not in the configuration: an operator wants to know, but not of each try. */
static void ingest_count_strangers(struct ingest *ingest, int64_t now_ms)
{
    uint64_t refused = zap_refused(ingest->zap) + feed_confirmed_refused(ingest->confirmed);

    if (refused == ingest->strangers || now_ms - ingest->strangers_ms < STRANGERS_EVERY_MS)
        return;
    log_warning("stage=ingest refused=%llu reason=\"connections and messages without a key that is let in, since the start\"",
                (unsigned long long)refused);
    ingest->strangers = refused;
    ingest->strangers_ms = now_ms;
}

static void ingest_turn(struct ingest *ingest, bool is_reading)
{
    int64_t now_ms = clock_monotonic_ms();
    const char *away = ingest_store_away(ingest->store, now_ms);

    zap_answer(ingest->zap, ingest->config);
    ingest_count_strangers(ingest, now_ms);
    ingest->more = false;
    if (is_reading) {
        bool more = feed_confirmed_read(ingest->confirmed, ingest->config, away, now_ms);

        ingest->more = feed_broadcast_read(ingest->broadcast, ingest->config, away != NULL, now_ms) || more;
    }
    ingest_store_turn(ingest->store, now_ms);
    ingest_settle(ingest);
    away = ingest_store_away(ingest->store, now_ms);
    feed_confirmed_tick(ingest->confirmed, ingest->config, away, now_ms);
    if (is_reading) {
        feed_broadcast_tick(ingest->broadcast, ingest->config, away != NULL, now_ms);
        feed_directory_tick(ingest->directory, ingest->config, away != NULL, now_ms);
    }
    atomic_store(&ingest->stage->ticked_ms, now_ms);
    atomic_store(&ingest->stage->late_ms, 0);
    stage_fault(ingest->stage);
}

/* What is in flight ends and is acknowledged; what is not yet read stays with its publisher. */
static void ingest_finish(struct ingest *ingest)
{
    int64_t until = clock_monotonic_ms() + ingest->config->database_deadline_ms;

    ingest->more = false;
    ingest->is_finishing = true;
    ingest->items[ITEM_ROUTER].events = 0;
    while (!ingest_store_is_idle(ingest->store) && clock_monotonic_ms() < until &&
           ingest_store_away(ingest->store, clock_monotonic_ms()) == NULL) {
        ingest_wait(ingest);
        ingest_turn(ingest, false);
    }
}

void *ingest_run(void *cookie)
{
    struct ingest ingest = {.stage = cookie};
    char *reason = ingest_open(&ingest);

    if (reason != NULL) {
        log_error("stage=ingest action=refused reason=\"%s\"", reason);
        atomic_store(&ingest.stage->failed, true);
        goto done;
    }
    atomic_store(&ingest.stage->ready, true);
    ingest.more = true; /* the first turn connects: it need not wait */
    ingest_configure(&ingest);
    while (!atomic_load(&ingest.stage->stop)) {
        ingest_wait(&ingest);
        /* After the wait, not before it: what has come in meanwhile is judged by the keys and grants of now. */
        ingest_configure(&ingest);
        ingest_turn(&ingest, true);
    }
    ingest_finish(&ingest);
done:
    free(reason);
    ingest_close(&ingest);
    return NULL;
}
