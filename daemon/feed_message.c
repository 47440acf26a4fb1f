/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_message.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "told/mem.h"
#include "told/wire.h"

struct feed_message *feed_message_new(void)
{
    struct feed_message *message = mem_new(sizeof *message);

    message->body = mem_grow(NULL, WIRE_FRAME_MOST + 1, 1); /* ZMQ_MAXMSGSIZE: no frame is larger */
    message->first = mem_new(WIRE_QUARANTINE_MOST);
    return message;
}

void feed_message_free(struct feed_message *message)
{
    if (message == NULL)
        return;
    free(message->body);
    free(message->first);
    free(message);
}

static bool has_more(void *socket)
{
    int more = 0;
    size_t size = sizeof more;

    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0;
}

/* One frame behind what the body holds already; the number of bytes kept, or -1. */
static int read_frame(struct feed_message *message, void *socket, size_t room)
{
    int len = zmq_recv(socket, message->body + message->len, room, ZMQ_DONTWAIT);

    if (len >= 0) {
        message->frames++;
        message->len += (size_t)len < room ? (size_t)len : room;
    }
    return len;
}

/*
 * A copy out of libzmq's own memory, where its I/O thread decrypted the frame before it handed it over. The handing over
 * happens inside libzmq, which is not instrumented (trap 34): gcc's sanitizer cannot see it, so it must not look at this
 * one loop. Every other frame libzmq copies to us itself.
 */
__attribute__((noinline, no_sanitize_thread)) static void copy_out(char *to, const volatile char *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = from[i];
}

/* The first frame is a word, or it is none and stands with the rest. */
static void keep_first(struct feed_message *message, size_t len)
{
    message->frames = 1;
    if (len < sizeof message->word && memchr(message->first, '\0', len) == NULL) {
        memcpy(message->word, message->first, len);
        message->word[len] = '\0';
    } else {
        memcpy(message->body, message->first, len);
        message->len = len;
    }
}

void feed_message_debris(struct feed_message *message)
{
    size_t word_len = strlen(message->word);

    if (message->len > WIRE_QUARANTINE_MOST - word_len)
        message->len = WIRE_QUARANTINE_MOST - word_len;
    memmove(message->body + word_len, message->body, message->len);
    memcpy(message->body, message->word, word_len);
    message->len += word_len;
    message->word[0] = '\0';
}

/* All of it is read, for the next message stands behind it; of a wrong number of frames only the beginning is kept
 * (trap 4). */
static void read_rest(struct feed_message *message, void *socket)
{
    if (has_more(socket))
        (void)read_frame(message, socket, WIRE_FRAME_MOST - message->len);
    if (message->frames == FEED_MESSAGE_FRAMES && !has_more(socket))
        return;
    feed_message_debris(message);
    while (has_more(socket) && read_frame(message, socket, WIRE_QUARANTINE_MOST - message->len) >= 0)
        ;
}

static void message_begin(struct feed_message *message)
{
    message->route_len = message->frames = message->len = 0;
    message->key[0] = message->word[0] = '\0';
}

bool feed_message_read(struct feed_message *message, void *socket)
{
    int len = zmq_recv(socket, message->first, WIRE_QUARANTINE_MOST, ZMQ_DONTWAIT);

    if (len < 0)
        return false;
    message_begin(message);
    keep_first(message, len < WIRE_QUARANTINE_MOST ? (size_t)len : WIRE_QUARANTINE_MOST);
    read_rest(message, socket);
    return true;
}

/* The first body frame as a message of libzmq's: only there does the User-Id stand (trap 3). */
static void read_verb(struct feed_message *message, void *router)
{
    zmq_msg_t verb;
    const char *key;

    (void)zmq_msg_init(&verb);
    if (zmq_msg_recv(&verb, router, ZMQ_DONTWAIT) >= 0) {
        size_t len = zmq_msg_size(&verb) < WIRE_QUARANTINE_MOST ? zmq_msg_size(&verb) : WIRE_QUARANTINE_MOST;

        copy_out(message->first, zmq_msg_data(&verb), len);
        keep_first(message, len);
        key = zmq_msg_gets(&verb, "User-Id");
        if (key != NULL && strlen(key) < sizeof message->key)
            memcpy(message->key, key, strlen(key) + 1);
    }
    (void)zmq_msg_close(&verb);
}

bool feed_message_read_routed(struct feed_message *message, void *router)
{
    int len = zmq_recv(router, message->route, sizeof message->route, ZMQ_DONTWAIT);

    if (len < 0)
        return false;
    message_begin(message);
    message->route_len = (size_t)len < sizeof message->route ? (size_t)len : sizeof message->route;
    if (has_more(router)) {
        read_verb(message, router);
        read_rest(message, router);
    }
    return true;
}
