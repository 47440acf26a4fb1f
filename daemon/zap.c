/* SPDX-License-Identifier: Apache-2.0 */
#include "zap.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "told/mem.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define DOOR_ENDPOINT "inproc://told.door"
/* In the library since 4.3.0, missing from Debian's header: without it a failing handler lets everybody in (trap 2). */
#define OPTION_ZAP_ENFORCE_DOMAIN 93

enum { KEY_SIZE = 32, KEY_TEXT_SIZE = 41, ANSWERS_A_TURN = 64, FRAMES_MOST = 16 };

struct zap {
    void *socket;
    void *monitor; /* what is said of the watched socket; NULL: none is watched */
    uint64_t refused;
};

struct zap *zap_start(void *zmq_context, char **ret_reason)
{
    struct zap *zap = mem_new(sizeof *zap);
    int linger = 0;

    zap->socket = zmq_socket(zmq_context, ZMQ_ROUTER);
    if (zap->socket != NULL && zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
        zmq_bind(zap->socket, ZAP_ENDPOINT) == 0)
        return zap;
    *ret_reason = mem_printf("cannot bind %s: %s", ZAP_ENDPOINT, zmq_strerror(zmq_errno()));
    zap_stop(zap);
    return NULL;
}

void zap_stop(struct zap *zap)
{
    if (zap == NULL)
        return;
    if (zap->socket != NULL)
        (void)zmq_close(zap->socket);
    if (zap->monitor != NULL)
        (void)zmq_close(zap->monitor);
    free(zap);
}

void *zap_socket(const struct zap *zap)
{
    return zap->socket;
}

uint64_t zap_refused(const struct zap *zap)
{
    return zap->refused;
}

/* RFC 27: routing id, empty, version, request id, domain, address, identity, mechanism, credentials. */
struct zap_request {
    zmq_msg_t frames[FRAMES_MOST];
    size_t count;
};

enum { AT_ROUTE = 0, AT_VERSION = 2, AT_REQUEST = 3, AT_DOMAIN = 4, AT_MECHANISM = 7, AT_KEY = 8, REQUEST_FRAMES = 9 };

static bool request_read(void *socket, struct zap_request *request)
{
    bool more = true;

    request->count = 0;
    while (more) {
        zmq_msg_t surplus;
        bool is_kept = request->count < FRAMES_MOST;
        zmq_msg_t *frame = is_kept ? &request->frames[request->count] : &surplus;

        (void)zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0)
            return false; /* only before the first frame: a message arrives whole */
        more = zmq_msg_more(frame);
        if (is_kept)
            request->count++;
        else
            (void)zmq_msg_close(frame);
    }
    return true;
}

static void request_release(struct zap_request *request)
{
    for (size_t i = 0; i < request->count; i++)
        (void)zmq_msg_close(&request->frames[i]);
    request->count = 0;
}

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) && memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

/* The key of an allowed peer as Z85 text, or NULL. */
static const char *request_judge(struct zap_request *request, const struct config *config, char key[KEY_TEXT_SIZE])
{
    const struct config_feed *feed;

    if (request->count != REQUEST_FRAMES || !frame_is(&request->frames[AT_VERSION], "1.0") ||
        !frame_is(&request->frames[AT_DOMAIN], ZAP_DOMAIN) || !frame_is(&request->frames[AT_MECHANISM], "CURVE") ||
        zmq_msg_size(&request->frames[AT_KEY]) != KEY_SIZE ||
        zmq_z85_encode(key, zmq_msg_data(&request->frames[AT_KEY]), KEY_SIZE) == NULL)
        return NULL;
    feed = config_feed_of_key(config, key);
    /* A broadcast feed's key is the key of a server we dial: it never knocks here. */
    return feed != NULL && feed->kind == FEED_CONFIRMED ? key : NULL;
}

static void reply(void *socket, struct zap_request *request, const char *user)
{
    const char *const texts[] = {"1.0", NULL, user != NULL ? "200" : "400", user != NULL ? "OK" : "not known here",
                                 user != NULL ? user : "", ""};

    if (zmq_msg_send(&request->frames[AT_ROUTE], socket, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return;
    (void)zmq_send(socket, "", 0, ZMQ_SNDMORE);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int more = i + 1 < sizeof texts / sizeof texts[0] ? ZMQ_SNDMORE : 0;

        if (texts[i] != NULL)
            (void)zmq_send(socket, texts[i], strlen(texts[i]), more);
        else
            (void)zmq_msg_send(&request->frames[AT_REQUEST], socket, more);
    }
}

bool zap_watch(struct zap *zap, void *zmq_context, void *socket)
{
    int linger = 0;

    if (zmq_socket_monitor(socket, DOOR_ENDPOINT, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) != 0)
        return false;
    zap->monitor = zmq_socket(zmq_context, ZMQ_PAIR);
    return zap->monitor != NULL && zmq_setsockopt(zap->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_connect(zap->monitor, DOOR_ENDPOINT) == 0;
}

/* Those with a key of their own were counted when they were refused. */
static void count_failures(struct zap *zap)
{
    char frame[256];

    while (zap->monitor != NULL && zmq_recv(zap->monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= 0) {
        (void)zmq_recv(zap->monitor, frame, sizeof frame, ZMQ_DONTWAIT);
        zap->refused++;
    }
}

void zap_answer(struct zap *zap, const struct config *config)
{
    struct zap_request request;

    count_failures(zap);
    for (int i = 0; i < ANSWERS_A_TURN && request_read(zap->socket, &request); i++) {
        char key[KEY_TEXT_SIZE];
        const char *user = request_judge(&request, config, key);

        zap->refused += user == NULL;
        /* What is too short to be answered stays unanswered: the handshake then fails by itself. */
        if (request.count > AT_REQUEST)
            reply(zap->socket, &request, user);
        request_release(&request);
    }
}

char *zap_guard(void *socket, const char *secret_key)
{
    int one = 1;

    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one) != 0 ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, strlen(secret_key) + 1) != 0)
        return mem_printf("the ingest secret key is no CURVE key; make one with `toldctl keys new`");
    if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
        zmq_setsockopt(socket, OPTION_ZAP_ENFORCE_DOMAIN, &one, sizeof one) != 0)
        return mem_printf("this libzmq cannot enforce a ZAP domain: %s", zmq_strerror(zmq_errno()));
    return NULL;
}
