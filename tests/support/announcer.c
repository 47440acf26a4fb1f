/* SPDX-License-Identifier: Apache-2.0 */
#include "announcer.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "dealer.h"
#include "told/mem.h"
#include "told/wire.h"

enum { KEY_TEXT_SIZE = 41, TURN_MS = 20, SOURCES_MOST = 64 };

struct line {
    char *source, *text;
    int64_t epoch;
    uint64_t sequence;
};

struct announcer {
    void *context, *pub, *router;
    pthread_t thread;
    pthread_mutex_t mutex; /* of the log and what was confirmed */
    struct line *lines;    /* ascending within a source and epoch */
    size_t count;
    struct { char *source; uint64_t sequence; } confirmed[SOURCES_MOST];
    size_t confirmed_count;
    atomic_bool stop;
    char *ignored; /* a source that is asked for in vain, or NULL */
    atomic_long asked;
};

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "announcer: %s: %s\n", what, zmq_strerror(zmq_errno()));
    abort();
}

static void *server_socket(struct announcer *a, int type, const char *secret_key, const char *endpoint)
{
    void *socket = zmq_socket(a->context, type);
    int one = 1, zero = 0;

    check(socket != NULL && zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero) == 0 &&
              zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof zero) == 0 &&
              zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one) == 0 &&
              zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE) == 0,
          "socket");
    check(zmq_bind(socket, endpoint) == 0, endpoint);
    return socket;
}

/* ---- the replay channel ---- */

static void answer(struct announcer *a, const char *route, int route_len, const char *verb, const char *body)
{
    zmq_send(a->router, route, (size_t)route_len, ZMQ_SNDMORE);
    zmq_send(a->router, verb, strlen(verb), ZMQ_SNDMORE);
    zmq_send(a->router, body, strlen(body), 0);
}

static void repeat(struct announcer *a, const char *route, int route_len, const json_t *get)
{
    const char *source = json_string_value(json_object_get(get, "source"));
    int64_t epoch = json_integer_value(json_object_get(get, "epoch"));
    int64_t most = json_integer_value(json_object_get(get, "max"));
    uint64_t from = 0, high = 0;
    char digits[24], end[64];

    check(source != NULL && most > 0 && wire_sequence_parse(json_string_value(json_object_get(get, "from")), &from), "GET");
    for (size_t i = 0; i < a->count; i++) {
        const struct line *line = &a->lines[i];

        if (strcmp(line->source, source) != 0 || line->epoch != epoch)
            continue;
        high = line->sequence;
        if (line->sequence >= from && most-- > 0)
            answer(a, route, route_len, "ITEM", line->text);
    }
    snprintf(end, sizeof end, "{\"high\":\"%s\"}", wire_sequence_print(high, digits));
    answer(a, route, route_len, "END", end);
}

static void note_confirmed(struct announcer *a, const json_t *confirm)
{
    const char *source = json_string_value(json_object_get(confirm, "source"));
    uint64_t sequence = 0;
    size_t i = 0;

    check(source != NULL && wire_sequence_parse(json_string_value(json_object_get(confirm, "sequence")), &sequence), "CONFIRM");
    while (i < a->confirmed_count && strcmp(a->confirmed[i].source, source) != 0)
        i++;
    if (i == SOURCES_MOST)
        return;
    if (i == a->confirmed_count) {
        a->confirmed[i].source = mem_copy(source);
        a->confirmed_count++;
    }
    a->confirmed[i].sequence = sequence;
}

static void serve_one(struct announcer *a)
{
    char route[256], verb[16] = "", body[4096];
    int route_len = zmq_recv(a->router, route, sizeof route, 0);
    int verb_len = zmq_recv(a->router, verb, sizeof verb - 1, 0);
    int len = zmq_recv(a->router, body, sizeof body, 0);
    json_t *root = json_loadb(body, len > 0 ? (size_t)len : 0, 0, NULL);

    (void)verb_len;
    pthread_mutex_lock(&a->mutex);
    if (strcmp(verb, "GET") == 0) {
        atomic_fetch_add(&a->asked, 1);
        if (a->ignored == NULL || strcmp(a->ignored, json_string_value(json_object_get(root, "source"))) != 0)
            repeat(a, route, route_len, root);
    } else if (strcmp(verb, "CONFIRM") == 0) {
        note_confirmed(a, root);
    }
    pthread_mutex_unlock(&a->mutex);
    json_decref(root);
}

static void *serve(void *cookie)
{
    struct announcer *a = cookie;

    while (!atomic_load(&a->stop)) {
        zmq_pollitem_t item = {a->router, -1, ZMQ_POLLIN, 0};

        if (zmq_poll(&item, 1, TURN_MS) > 0)
            serve_one(a);
    }
    return NULL;
}

/* ---- what a test says ---- */

struct announcer *announcer_open(struct harness *h, bool has_replay)
{
    struct announcer *a = mem_new(sizeof *a);
    char *path = harness_secret(h, "broadcast");
    FILE *file = fopen(path, "re");
    char secret_key[KEY_TEXT_SIZE] = "";

    check(file != NULL && fread(secret_key, 1, KEY_TEXT_SIZE - 1, file) == KEY_TEXT_SIZE - 1, path);
    fclose(file);
    free(path);
    a->context = zmq_ctx_new();
    pthread_mutex_init(&a->mutex, NULL);
    a->pub = server_socket(a, ZMQ_XPUB, secret_key, harness_broadcast_endpoint(h)); /* hears of subscribers */
    if (has_replay) {
        a->router = server_socket(a, ZMQ_ROUTER, secret_key, harness_replay_endpoint(h));
        check(pthread_create(&a->thread, NULL, serve, a) == 0, "thread");
    }
    return a;
}

void announcer_close(struct announcer *a)
{
    if (a == NULL)
        return;
    atomic_store(&a->stop, true);
    if (a->router != NULL) {
        pthread_join(a->thread, NULL);
        zmq_close(a->router);
    }
    zmq_close(a->pub);
    zmq_ctx_term(a->context);
    for (size_t i = 0; i < a->count; i++) {
        free(a->lines[i].source);
        free(a->lines[i].text);
    }
    free(a->lines);
    free(a->ignored);
    for (size_t i = 0; i < a->confirmed_count; i++)
        free(a->confirmed[i].source);
    pthread_mutex_destroy(&a->mutex);
    free(a);
}

void announcer_await_subscriber(struct announcer *a)
{
    char frame[64] = "";

    while (frame[0] != 1) {
        zmq_pollitem_t item = {a->pub, -1, ZMQ_POLLIN, 0};

        check(zmq_poll(&item, 1, 20000) == 1, "nobody subscribes");
        check(zmq_recv(a->pub, frame, sizeof frame, 0) >= 1, "subscription");
    }
}

void announcer_publish(struct announcer *a, const char *topic, const char *body)
{
    check(zmq_send(a->pub, topic, strlen(topic), ZMQ_SNDMORE) >= 0 && zmq_send(a->pub, body, strlen(body), 0) >= 0, "publish");
}

void announcer_event(struct announcer *a, const char *source, const char *id, uint64_t sequence)
{
    char *text = dealer_event_text(source, id, sequence, "X1");

    announcer_publish(a, "police.charge", text);
    free(text);
}

void announcer_log_text(struct announcer *a, const char *source, int64_t epoch, uint64_t sequence, const char *text)
{
    pthread_mutex_lock(&a->mutex);
    a->lines = mem_grow(a->lines, a->count + 1, sizeof *a->lines);
    a->lines[a->count++] = (struct line){mem_copy(source), mem_copy(text), epoch, sequence};
    pthread_mutex_unlock(&a->mutex);
}

void announcer_log(struct announcer *a, const char *source, int64_t epoch, const char *id, uint64_t sequence)
{
    char *text = dealer_event_text(source, id, sequence, "X1");

    announcer_log_text(a, source, epoch, sequence, text);
    free(text);
}

void announcer_say(struct announcer *a, const char *source, int64_t epoch, const char *id, uint64_t sequence)
{
    announcer_log(a, source, epoch, id, sequence);
    announcer_event(a, source, id, sequence);
}

void announcer_beacon(struct announcer *a, const char *source, int64_t epoch, uint64_t last, uint64_t oldest)
{
    char digits[24], more[24];
    char *text = mem_printf("{\"source\":\"%s\",\"epoch\":%lld,\"last_sequence\":\"%s\",\"oldest_sequence\":\"%s\"}", source,
                            (long long)epoch, wire_sequence_print(last, digits), wire_sequence_print(oldest, more));

    announcer_publish(a, "told.beacon", text);
    free(text);
}

void announcer_trim(struct announcer *a, const char *source, uint64_t below)
{
    size_t kept = 0;

    pthread_mutex_lock(&a->mutex);
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->lines[i].source, source) == 0 && a->lines[i].sequence < below) {
            free(a->lines[i].source);
            free(a->lines[i].text);
        } else {
            a->lines[kept++] = a->lines[i];
        }
    }
    a->count = kept;
    pthread_mutex_unlock(&a->mutex);
}

void announcer_ignore(struct announcer *a, const char *source)
{
    pthread_mutex_lock(&a->mutex);
    free(a->ignored);
    a->ignored = mem_copy(source);
    pthread_mutex_unlock(&a->mutex);
}

uint64_t announcer_confirmed(struct announcer *a, const char *source)
{
    uint64_t sequence = 0;

    pthread_mutex_lock(&a->mutex);
    for (size_t i = 0; i < a->confirmed_count; i++)
        if (strcmp(a->confirmed[i].source, source) == 0)
            sequence = a->confirmed[i].sequence;
    pthread_mutex_unlock(&a->mutex);
    return sequence;
}

long announcer_asked(struct announcer *a)
{
    return atomic_load(&a->asked);
}
