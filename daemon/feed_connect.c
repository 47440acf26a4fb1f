/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_connect.h"

#include <string.h>
#include <zmq.h>

#include "log.h"
#include "told/wire.h"

static bool set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text) + 1) == 0;
}

/* No heartbeat: on a connecting socket it aborts the program when its reader stalls (trap 1). */
static bool guard(void *socket, int type, const struct config *config, const struct config_feed *feed)
{
    int64_t most = WIRE_FRAME_MOST;

    return set_text(socket, ZMQ_CURVE_SERVERKEY, feed->key) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, config->ingest_public_key) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, config->ingest_secret_key) && set_number(socket, ZMQ_LINGER, 0) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE, 1) && set_number(socket, ZMQ_TCP_KEEPALIVE_IDLE, 30) &&
           set_number(socket, ZMQ_TCP_KEEPALIVE_INTVL, 10) && set_number(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) &&
           set_number(socket, ZMQ_TCP_MAXRT, 60000) && set_number(socket, ZMQ_RCVHWM, 100000) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0 &&
           (type != ZMQ_SUB || zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) == 0);
}

void *feed_connect(void *zmq_context, int type, const struct config *config, const struct config_feed *feed,
                   const char *endpoint, const char *monitor)
{
    void *socket = zmq_socket(zmq_context, type);

    if (socket != NULL && guard(socket, type, config, feed) &&
        (monitor == NULL || zmq_socket_monitor(socket, monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0) &&
        zmq_connect(socket, endpoint) == 0)
        return socket;
    log_error("stage=ingest feed=%s endpoint=%s reason=\"cannot connect: %s; correct the feed's configuration\"", feed->name,
              endpoint, zmq_strerror(zmq_errno()));
    if (socket != NULL)
        (void)zmq_close(socket);
    return NULL;
}
