/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages from a socket, read frame by frame into memory of ours. libzmq copies them there itself: what its own thread
 * wrote is never read by us, so that ThreadSanitizer has nothing to say (trap 34).
 */
#ifndef TOLD_FEED_MESSAGE_H
#define TOLD_FEED_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

enum { FEED_MESSAGE_FRAMES = 2, FEED_MESSAGE_ROUTE_MOST = 255, FEED_MESSAGE_KEY_SIZE = 41, FEED_MESSAGE_WORD_SIZE = 256 };

struct feed_message {
    char route[FEED_MESSAGE_ROUTE_MOST]; /* of a ROUTER's peer */
    size_t route_len;
    char key[FEED_MESSAGE_KEY_SIZE];   /* User-Id: what the handshake proved; empty if nothing */
    char word[FEED_MESSAGE_WORD_SIZE]; /* the first frame, verb or topic; empty if it cannot be one */
    size_t frames;                     /* how many came, without the routing id */
    char *body;                        /* the second frame; of another number of frames their first 64 KiB */
    size_t len;
    char *first; /* the first frame while it is being read */
};

struct feed_message *feed_message_new(void); /* read into again and again */
void feed_message_free(struct feed_message *message);
/* False when nothing is there. Never waits, never leaves a message half read. */
bool feed_message_read_routed(struct feed_message *message, void *router);
bool feed_message_read(struct feed_message *message, void *socket); /* without routing id and key */
/* Makes debris of a message of two frames: its first 64 KiB, word and body, are then the body. */
void feed_message_debris(struct feed_message *message);

#endif
