/* SPDX-License-Identifier: Apache-2.0 */
#include "zap_trial.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "told/mem.h"

enum { TRIAL_MS = 10000, KEY_TEXT_SIZE = 41 };

enum trial_verdict { TRIAL_OPEN, TRIAL_REFUSED, TRIAL_LET_IN };

/* Where a bound endpoint can be dialled from here: a wildcard is not an address. */
static char *dialled(const char *endpoint)
{
    static const char *const WILDCARDS[][2] = {{"tcp://0.0.0.0:", "tcp://127.0.0.1:"}, {"tcp://[::]:", "tcp://[::1]:"}};

    for (size_t i = 0; i < sizeof WILDCARDS / sizeof WILDCARDS[0]; i++)
        if (strncmp(endpoint, WILDCARDS[i][0], strlen(WILDCARDS[i][0])) == 0)
            return mem_printf("%s%s", WILDCARDS[i][1], endpoint + strlen(WILDCARDS[i][0]));
    return mem_copy(endpoint);
}

static bool stranger_keys(void *socket, const char *server_key)
{
    char public_key[KEY_TEXT_SIZE];
    char secret_key[KEY_TEXT_SIZE];

    return zmq_curve_keypair(public_key, secret_key) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, strlen(server_key) + 1) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, sizeof public_key) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, sizeof secret_key) == 0;
}

/* A monitor's first frame: event number in host order, 16 bits. The second, an address, is thrown away. */
static enum trial_verdict monitor_read(void *monitor)
{
    enum trial_verdict verdict = TRIAL_OPEN;
    unsigned char frame[8];
    char address[256];
    uint16_t event;

    while (verdict == TRIAL_OPEN && zmq_recv(monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= (int)sizeof event) {
        memcpy(&event, frame, sizeof event);
        (void)zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            verdict = TRIAL_LET_IN;
        else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
            verdict = TRIAL_REFUSED;
    }
    return verdict;
}

static enum trial_verdict trial_wait(void *monitor, struct zap *zap, const struct config *config)
{
    zmq_pollitem_t items[] = {{monitor, 0, ZMQ_POLLIN, 0}, {zap_socket(zap), 0, ZMQ_POLLIN, 0}};
    int64_t until = clock_monotonic_ms() + TRIAL_MS;
    enum trial_verdict verdict = TRIAL_OPEN;

    while (verdict == TRIAL_OPEN && clock_monotonic_ms() < until) {
        (void)zmq_poll(items, 2, 100);
        zap_answer(zap, config);
        verdict = monitor_read(monitor);
    }
    return verdict;
}

/* One stranger knocks. server_key NULL: without any encryption. */
static enum trial_verdict trial_knock(void *context, struct zap *zap, const struct config *config, const char *endpoint,
                                      const char *server_key)
{
    const char *watch = server_key != NULL ? "inproc://told.trial.curve" : "inproc://told.trial.null";
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    void *stranger = zmq_socket(context, ZMQ_DEALER);
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    enum trial_verdict verdict = TRIAL_OPEN;
    int linger = 0;

    (void)zmq_setsockopt(stranger, ZMQ_LINGER, &linger, sizeof linger);
    (void)zmq_setsockopt(monitor, ZMQ_LINGER, &linger, sizeof linger);
    if ((server_key == NULL || stranger_keys(stranger, server_key)) &&
        zmq_socket_monitor(stranger, watch, events) == 0 && zmq_connect(monitor, watch) == 0 &&
        zmq_connect(stranger, endpoint) == 0)
        verdict = trial_wait(monitor, zap, config);
    (void)zmq_socket_monitor(stranger, NULL, 0);
    (void)zmq_close(stranger);
    (void)zmq_close(monitor);
    return verdict;
}

char *zap_trial_run(void *zmq_context, struct zap *zap, const struct config *config, const char *endpoint)
{
    char *address = dialled(endpoint);
    enum trial_verdict with_key = trial_knock(zmq_context, zap, config, address, config->ingest_public_key);
    enum trial_verdict without = trial_knock(zmq_context, zap, config, address, NULL);
    char *reason = NULL;

    if (with_key == TRIAL_LET_IN || without == TRIAL_LET_IN)
        reason = mem_printf("%s let in a stranger %s: authentication does not work here; told does not run like this",
                            endpoint, with_key == TRIAL_LET_IN ? "with an unknown key" : "without a key");
    else if (with_key != TRIAL_REFUSED || without != TRIAL_REFUSED)
        reason = mem_printf("%s did not refuse a stranger %s within %d s; check that ingest's public and secret key "
                            "belong together and that the endpoint can be dialled from this machine",
                            endpoint, with_key != TRIAL_REFUSED ? "with an unknown key" : "without a key",
                            TRIAL_MS / 1000);
    free(address);
    return reason;
}
