/* SPDX-License-Identifier: Apache-2.0 */
#include "publisher.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "feed_message.h"
#include "publisher_window.h"
#include "told/hashchain.h"
#include "told/mem.h"
#include "told/wire.h"

#define MONITOR "inproc://told.publisher"

/* Told answers within its commit, or says BUSY within two seconds: after that long a HELLO asks where we are. */
enum { STALL_MS = 3000, HELLO_EVERY_MS = 200, MESSAGES_A_TURN = 1000, KEY_TEXT_SIZE = 41 };

struct publisher {
    struct publisher_window window;
    void *context, *socket, *monitor;
    struct feed_message *message; /* the one being read */
    char *endpoint;
    bool is_connected;
    int64_t epoch;
    bool resume;
    publisher_settled_fn *settled;
    void *cookie;
    enum publisher_state state;
    char *busy_reason;
    int credit;
    int64_t hello_ms;  /* when HELLO was last said to all */
    int64_t retry_ms;  /* after BUSY: not before; 0: not asked to wait */
    int64_t heard_ms;  /* anything from told */
    int64_t moved_ms;  /* something was put, sent or settled */
    int64_t settled_ms;
    int64_t pinged_ms;
};

/* ---- start and end ---- */

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text) + 1) == 0;
}

/* No heartbeat on a connecting socket (trap 1): PING, keepalive and TCP_MAXRT find a dead connection. */
static bool socket_shape(void *socket)
{
    return set_number(socket, ZMQ_LINGER, 0) && set_number(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE_IDLE, 30) && set_number(socket, ZMQ_TCP_KEEPALIVE_INTVL, 10) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) && set_number(socket, ZMQ_TCP_MAXRT, 60000) &&
           set_number(socket, ZMQ_RECONNECT_IVL, 100) && set_number(socket, ZMQ_RECONNECT_IVL_MAX, 1000) &&
           set_number(socket, ZMQ_SNDHWM, 0);
}

static char *socket_keys(void *socket, const struct publisher_options *options)
{
    char public_key[KEY_TEXT_SIZE];

    if (strlen(options->secret_key) != KEY_TEXT_SIZE - 1 || zmq_curve_public(public_key, options->secret_key) != 0)
        return mem_copy("the feed's secret key is no CURVE key; make one with `toldctl keys new`");
    if (!set_text(socket, ZMQ_CURVE_SERVERKEY, options->server_key))
        return mem_copy("told's public key is no CURVE key; look at the configuration");
    if (!set_text(socket, ZMQ_CURVE_PUBLICKEY, public_key) || !set_text(socket, ZMQ_CURVE_SECRETKEY, options->secret_key))
        return mem_copy("the feed's secret key cannot be used; make one with `toldctl keys new`");
    return NULL;
}

static char *publisher_open(struct publisher *publisher, const struct publisher_options *options)
{
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED;
    char *reason;

    publisher->context = zmq_ctx_new();
    publisher->socket = zmq_socket(publisher->context, ZMQ_DEALER);
    publisher->monitor = zmq_socket(publisher->context, ZMQ_PAIR);
    if (publisher->socket == NULL || publisher->monitor == NULL || !socket_shape(publisher->socket))
        return mem_printf("cannot make a socket: %s", zmq_strerror(zmq_errno()));
    reason = socket_keys(publisher->socket, options);
    if (reason != NULL)
        return reason;
    if (zmq_socket_monitor(publisher->socket, MONITOR, events) != 0 || zmq_connect(publisher->monitor, MONITOR) != 0)
        return mem_printf("cannot watch the connection: %s", zmq_strerror(zmq_errno()));
    if (zmq_connect(publisher->socket, options->endpoint) != 0)
        return mem_printf("%s: %s; write it as tcp://HOST:PORT", options->endpoint, zmq_strerror(zmq_errno()));
    return NULL;
}

struct publisher *publisher_new(const struct publisher_options *options, char **ret_reason)
{
    struct publisher *publisher = mem_new(sizeof *publisher);
    char *reason;

    publisher->endpoint = mem_copy(options->endpoint);
    publisher->message = feed_message_new();
    publisher->epoch = options->epoch;
    publisher->resume = options->resume;
    publisher->settled = options->settled;
    publisher->cookie = options->cookie;
    publisher->settled_ms = publisher->moved_ms = publisher->heard_ms = clock_monotonic_ms();
    reason = publisher_open(publisher, options);
    if (reason == NULL)
        return publisher;
    publisher_free(publisher);
    *ret_reason = reason;
    return NULL;
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    if (publisher->socket != NULL) {
        (void)zmq_socket_monitor(publisher->socket, NULL, 0);
        (void)zmq_close(publisher->socket);
    }
    if (publisher->monitor != NULL) {
        (void)set_number(publisher->monitor, ZMQ_LINGER, 0);
        (void)zmq_close(publisher->monitor);
    }
    if (publisher->context != NULL)
        (void)zmq_ctx_term(publisher->context);
    publisher_window_release(&publisher->window);
    free(publisher->busy_reason);
    free(publisher->endpoint);
    feed_message_free(publisher->message);
    free(publisher);
}

size_t publisher_unsettled(const struct publisher *publisher)
{
    return publisher->window.count;
}

size_t publisher_bytes(const struct publisher *publisher)
{
    return publisher->window.bytes;
}

enum publisher_state publisher_state(const struct publisher *publisher)
{
    return publisher->state;
}

const char *publisher_busy_reason(const struct publisher *publisher)
{
    return publisher->busy_reason;
}

int64_t publisher_quiet_ms(const struct publisher *publisher)
{
    return clock_monotonic_ms() - publisher->settled_ms;
}

/* ---- saying ---- */

static bool say(struct publisher *publisher, enum wire_verb verb, const char *body, size_t len)
{
    const char *word = wire_verb_text(verb);

    return zmq_send(publisher->socket, word, strlen(word), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
           zmq_send(publisher->socket, body, len, ZMQ_DONTWAIT) >= 0;
}

static void say_hello(struct publisher *publisher, struct window_source *source)
{
    struct wire_hello hello = {WIRE_VERSION, source->name, publisher->epoch, source->first_unacked};
    char *body;

    if (source->is_refused)
        return;
    for (const struct window_event *event = publisher->window.first; event != NULL; event = event->next)
        if (event->source == source && event->has_sequence) {
            hello.first_unacked = event->sequence;
            break;
        }
    body = wire_hello_print(&hello);
    (void)say(publisher, WIRE_HELLO, body, strlen(body));
    free(body);
    source->is_welcome = false;
}

/* Whatever was under way may be lost: nothing is sent until told has said from where. */
static void say_hello_to_all(struct publisher *publisher, int64_t now_ms)
{
    if (now_ms - publisher->hello_ms < HELLO_EVERY_MS)
        return;
    publisher->hello_ms = now_ms;
    publisher->retry_ms = 0;
    publisher->moved_ms = now_ms;
    publisher_window_rewind(&publisher->window, NULL);
    for (size_t i = 0; i < publisher->window.source_count; i++)
        say_hello(publisher, publisher->window.sources[i]);
}

static void settle(struct publisher *publisher, struct window_event *event, enum publisher_outcome outcome,
                   const char *reason)
{
    struct window_source *source = event->source;

    if (publisher->settled != NULL)
        publisher->settled(publisher->cookie, outcome, source->name, event->id, event->number, reason);
    if (event->has_sequence && event->sequence >= source->first_unacked)
        source->first_unacked = event->sequence + 1;
    publisher_window_remove(&publisher->window, event);
    publisher->settled_ms = publisher->moved_ms = clock_monotonic_ms();
}

/* Every event of a source that `is_it` says; refused ones are gone from the window when it returns. */
typedef bool window_match_fn(const struct window_event *event, const void *what);

static void settle_all(struct publisher *publisher, const struct window_source *source, window_match_fn *is_it,
                       const void *what, enum publisher_outcome outcome, const char *reason)
{
    for (struct window_event *event = publisher->window.first; event != NULL;) {
        struct window_event *next = event->next;

        if ((source == NULL || event->source == source) && is_it(event, what))
            settle(publisher, event, outcome, reason);
        event = next;
    }
}

static bool is_any(const struct window_event *event, const void *what)
{
    (void)event;
    (void)what;
    return true;
}

static bool is_sent_up_to(const struct window_event *event, const void *what)
{
    const uint64_t *sequence = what;

    return event->was_sent && event->has_sequence && event->sequence <= *sequence;
}

static bool is_up_to(const struct window_event *event, const void *what)
{
    const uint64_t *sequence = what;

    return event->has_sequence && event->sequence <= *sequence;
}

static bool is_named(const struct window_event *event, const void *what)
{
    const char *id = what;

    return event->was_sent && event->id != NULL && strcmp(event->id, id) == 0;
}

static bool is_of_digest(const struct window_event *event, const void *what)
{
    const char *sha256 = what;
    char own[65];

    if (!event->was_sent)
        return false;
    hashchain_hex(event->body, event->len, own);
    return strcmp(own, sha256) == 0;
}

void publisher_put(struct publisher *publisher, const char *source_name, const char *id, const uint64_t *sequence,
                   const char *body, size_t len, uint64_t number)
{
    struct publisher_window *window = &publisher->window;
    struct window_source *source = publisher_window_source(window, source_name);
    bool is_new = source == NULL;
    struct window_event *event;

    if (is_new)
        source = publisher_window_source_add(window, source_name);
    event = publisher_window_add(window, source, body, len);
    event->id = mem_copy(id);
    event->number = number;
    event->has_sequence = sequence != NULL;
    event->sequence = sequence != NULL ? *sequence : 0;
    if (window->count == 1)
        publisher->settled_ms = clock_monotonic_ms();
    if (is_new && publisher->is_connected)
        say_hello(publisher, source);
    if (source->is_refused)
        settle(publisher, event, PUBLISHER_REFUSED, source->refusal);
}

/* ---- hearing ---- */

static void hear_welcome(struct publisher *publisher, const char *body, size_t len)
{
    struct wire_welcome welcome = {0};
    char *fault = wire_welcome_parse(body, len, &welcome);
    struct window_source *source = fault == NULL ? publisher_window_source(&publisher->window, welcome.source) : NULL;

    if (source != NULL && welcome.epoch == publisher->epoch) {
        uint64_t settled = welcome.next_sequence - 1;

        if (publisher->resume && welcome.next_sequence > 0)
            settle_all(publisher, source, is_up_to, &settled, PUBLISHER_ACKED, NULL);
        publisher_window_rewind(&publisher->window, source);
        source->is_welcome = true;
        publisher->credit = welcome.credit;
        publisher->state = PUBLISHER_OPEN;
        publisher->retry_ms = 0;
    }
    free(fault);
    wire_welcome_release(&welcome);
}

static void hear_ack(struct publisher *publisher, const char *body, size_t len)
{
    struct wire_ack ack = {0};
    char *fault = wire_ack_parse(body, len, &ack);
    struct window_source *source = fault == NULL ? publisher_window_source(&publisher->window, ack.source) : NULL;

    if (source != NULL && ack.id != NULL)
        settle_all(publisher, source, is_named, ack.id, PUBLISHER_ACKED, NULL);
    else if (source != NULL)
        settle_all(publisher, source, is_sent_up_to, &ack.sequence, PUBLISHER_ACKED, NULL);
    free(fault);
    wire_ack_release(&ack);
}

/* Of one event by its id or its bytes; of a whole source when it names neither. */
static void hear_nak(struct publisher *publisher, const char *body, size_t len)
{
    struct wire_nak nak = {0};
    char *fault = wire_nak_parse(body, len, &nak);
    struct window_source *source =
        fault == NULL && nak.source != NULL ? publisher_window_source(&publisher->window, nak.source) : NULL;

    if (fault == NULL && nak.sha256 != NULL) {
        settle_all(publisher, NULL, is_of_digest, nak.sha256, PUBLISHER_REFUSED, nak.reason);
    } else if (source != NULL && nak.id != NULL) {
        settle_all(publisher, source, is_named, nak.id, PUBLISHER_REFUSED, nak.reason);
    } else if (source != NULL) {
        source->is_refused = true;
        free(source->refusal);
        source->refusal = mem_copy(nak.reason);
        settle_all(publisher, source, is_any, NULL, PUBLISHER_REFUSED, nak.reason);
    }
    free(fault);
    wire_nak_release(&nak);
}

static void hear_busy(struct publisher *publisher, const char *body, size_t len, int64_t now_ms)
{
    struct wire_busy busy = {0};
    char *fault = wire_busy_parse(body, len, &busy);

    if (fault == NULL && strcmp(busy.reason, "hello") == 0) {
        say_hello_to_all(publisher, now_ms);
    } else if (fault == NULL) {
        free(publisher->busy_reason);
        publisher->busy_reason = mem_copy(busy.reason);
        publisher->state = PUBLISHER_BUSY;
        publisher->retry_ms = now_ms + 1000 * (int64_t)(busy.retry_after_s > 0 ? busy.retry_after_s : 1);
        /* What was sent meanwhile is thrown away over there; what was committed is acknowledged all the same. */
        for (size_t i = 0; i < publisher->window.source_count; i++)
            publisher->window.sources[i]->is_welcome = false;
    }
    free(fault);
    wire_busy_release(&busy);
}

static void hear(struct publisher *publisher, const struct feed_message *message, int64_t now_ms)
{
    const char *bytes = message->body;
    size_t len = message->len;

    publisher->heard_ms = now_ms;
    switch (wire_verb_parse(message->word, strlen(message->word))) {
    case WIRE_WELCOME:
        hear_welcome(publisher, bytes, len);
        break;
    case WIRE_ACK:
        hear_ack(publisher, bytes, len);
        break;
    case WIRE_NAK:
        hear_nak(publisher, bytes, len);
        break;
    case WIRE_BUSY:
        hear_busy(publisher, bytes, len, now_ms);
        break;
    case WIRE_PING:
        (void)say(publisher, WIRE_PONG, "{}", 2);
        break;
    default:
        break; /* PONG: heard, and that is all it says */
    }
}

static void receive(struct publisher *publisher, int64_t now_ms)
{
    for (int i = 0; i < MESSAGES_A_TURN && feed_message_read(publisher->message, publisher->socket); i++)
        if (publisher->message->frames == FEED_MESSAGE_FRAMES)
            hear(publisher, publisher->message, now_ms);
}

/* The connection itself: a new one knows nothing of us. */
static void watch(struct publisher *publisher, int64_t now_ms)
{
    unsigned char frame[8];
    char address[256];
    uint16_t event;

    while (zmq_recv(publisher->monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= (int)sizeof event) {
        memcpy(&event, frame, sizeof event);
        (void)zmq_recv(publisher->monitor, address, sizeof address, ZMQ_DONTWAIT);
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
            publisher->state = PUBLISHER_UNKNOWN;
        } else if (event == ZMQ_EVENT_DISCONNECTED) {
            publisher->is_connected = false;
            if (publisher->state != PUBLISHER_UNKNOWN)
                publisher->state = PUBLISHER_CONNECTING;
        } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            publisher->is_connected = true;
            publisher->state = PUBLISHER_CONNECTING;
            publisher->heard_ms = now_ms;
            publisher->hello_ms = 0;
            say_hello_to_all(publisher, now_ms);
        }
    }
}

/* ---- a turn ---- */

static void send_window(struct publisher *publisher, int64_t now_ms)
{
    struct publisher_window *window = &publisher->window;

    for (struct window_event *event = window->first; event != NULL && publisher->state == PUBLISHER_OPEN;
         event = event->next) {
        if (event->is_sent || !event->source->is_welcome)
            continue;
        if (window->sent >= (size_t)publisher->credit ||
            (window->sent > 0 && window->sent_bytes + event->len > WIRE_CREDIT_BYTES) ||
            !say(publisher, WIRE_EVENT, event->body, event->len))
            return;
        publisher_window_mark(window, event, true);
        publisher->moved_ms = now_ms;
    }
}

static void keep_alive(struct publisher *publisher, int64_t now_ms)
{
    bool is_stalled = publisher->is_connected && publisher->window.count > 0 &&
                      publisher->state != PUBLISHER_BUSY && now_ms - publisher->moved_ms > STALL_MS;

    if (publisher->is_connected && now_ms - publisher->heard_ms > WIRE_SILENCE_S * 1000) {
        /* A connection that only looks alive: another one. */
        (void)zmq_disconnect(publisher->socket, publisher->endpoint);
        (void)zmq_connect(publisher->socket, publisher->endpoint);
        publisher->heard_ms = now_ms;
    } else if (is_stalled || (publisher->retry_ms != 0 && now_ms >= publisher->retry_ms))
        say_hello_to_all(publisher, now_ms);
    if (now_ms - publisher->pinged_ms >= WIRE_PING_S * 1000 && publisher->state >= PUBLISHER_BUSY) {
        publisher->pinged_ms = now_ms;
        (void)say(publisher, WIRE_PING, "{}", 2);
    }
}

void publisher_turn(struct publisher *publisher, int timeout_ms)
{
    zmq_pollitem_t items[] = {{publisher->socket, -1, ZMQ_POLLIN, 0}, {publisher->monitor, -1, ZMQ_POLLIN, 0}};
    int64_t now_ms;

    send_window(publisher, clock_monotonic_ms());
    (void)zmq_poll(items, 2, timeout_ms);
    now_ms = clock_monotonic_ms();
    watch(publisher, now_ms);
    receive(publisher, now_ms);
    keep_alive(publisher, now_ms);
    send_window(publisher, now_ms);
}
