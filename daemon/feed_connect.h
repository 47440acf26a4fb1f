/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that told connects to a publisher: it pins the publisher's server key and shows its own. */
#ifndef TOLD_FEED_CONNECT_H
#define TOLD_FEED_CONNECT_H

#include "config.h"

/* type: ZMQ_SUB (subscribed to everything) or ZMQ_DEALER. monitor: an inproc endpoint where handshakes are said, or NULL.
 * NULL after logging why not. */
void *feed_connect(void *zmq_context, int type, const struct config *config, const struct config_feed *feed,
                   const char *endpoint, const char *monitor);

#endif
