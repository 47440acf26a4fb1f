/* SPDX-License-Identifier: Apache-2.0 */
/* One message from the ROUTER, read frame by frame: only a message of two frames is kept, of others the beginning. */
#ifndef TOLD_FEED_MESSAGE_H
#define TOLD_FEED_MESSAGE_H

#include <stdbool.h>
#include <zmq.h>

#include "told/buf.h"

enum { FEED_MESSAGE_FRAMES = 2 }; /* verb and body, after the routing id */

struct feed_message {
    zmq_msg_t route, verb, body;
    size_t frames;     /* after the routing id */
    struct buf debris; /* the first 64 KiB of all frames, where their count is wrong */
};

void feed_message_init(struct feed_message *message);
void feed_message_release(struct feed_message *message);
/* False when nothing is there. Never waits, never leaves a message half read. */
bool feed_message_read(struct feed_message *message, void *router);
/* Makes debris of a message of two frames. */
void feed_message_debris(struct feed_message *message);

#endif
