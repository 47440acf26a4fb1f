/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_message.h"

#include "told/wire.h"

void feed_message_init(struct feed_message *message)
{
    *message = (struct feed_message){0};
    (void)zmq_msg_init(&message->route);
    (void)zmq_msg_init(&message->verb);
    (void)zmq_msg_init(&message->body);
}

void feed_message_release(struct feed_message *message)
{
    (void)zmq_msg_close(&message->route);
    (void)zmq_msg_close(&message->verb);
    (void)zmq_msg_close(&message->body);
    buf_release(&message->debris);
}

static void debris_add(struct buf *debris, zmq_msg_t *frame)
{
    size_t room = WIRE_QUARANTINE_MOST - debris->len;
    size_t len = zmq_msg_size(frame);

    buf_append(debris, zmq_msg_data(frame), len < room ? len : room);
}

void feed_message_debris(struct feed_message *message)
{
    debris_add(&message->debris, &message->verb);
    debris_add(&message->debris, &message->body);
}

/* All of it is read, for the next message stands behind it; only its beginning is kept (trap 4). */
static void message_read_surplus(struct feed_message *message, void *router)
{
    zmq_msg_t frame;
    bool more = true;

    feed_message_debris(message);
    (void)zmq_msg_init(&frame);
    while (more && zmq_msg_recv(&frame, router, ZMQ_DONTWAIT) >= 0) {
        message->frames++;
        debris_add(&message->debris, &frame);
        more = zmq_msg_more(&frame);
    }
    (void)zmq_msg_close(&frame);
}

bool feed_message_read(struct feed_message *message, void *router)
{
    if (zmq_msg_recv(&message->route, router, ZMQ_DONTWAIT) < 0)
        return false;
    if (!zmq_msg_more(&message->route) || zmq_msg_recv(&message->verb, router, ZMQ_DONTWAIT) < 0)
        return true;
    message->frames = 1;
    if (!zmq_msg_more(&message->verb)) {
        debris_add(&message->debris, &message->verb);
        return true;
    }
    if (zmq_msg_recv(&message->body, router, ZMQ_DONTWAIT) < 0)
        return true;
    message->frames = FEED_MESSAGE_FRAMES;
    if (zmq_msg_more(&message->body))
        message_read_surplus(message, router);
    return true;
}
