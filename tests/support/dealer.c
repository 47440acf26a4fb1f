/* SPDX-License-Identifier: Apache-2.0 */
#include "dealer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "clock.h"
#include "told/mem.h"
#include "told/wire.h"

enum { KEY_TEXT_SIZE = 41, HEAR_MS = 20000 };

struct dealer {
    void *context, *socket;
};

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "dealer: %s: %s\n", what, zmq_strerror(zmq_errno()));
    abort();
}

static struct dealer *open_with(const struct harness *h, const char *secret_key)
{
    struct dealer *dealer = mem_new(sizeof *dealer);
    char public_key[KEY_TEXT_SIZE];
    int zero = 0;

    dealer->context = zmq_ctx_new();
    dealer->socket = zmq_socket(dealer->context, ZMQ_DEALER);
    check(zmq_curve_public(public_key, secret_key) == 0, "key");
    check(zmq_setsockopt(dealer->socket, ZMQ_LINGER, &zero, sizeof zero) == 0, "linger");
    check(zmq_setsockopt(dealer->socket, ZMQ_CURVE_SERVERKEY, harness_public_key(h), KEY_TEXT_SIZE) == 0, "server key");
    check(zmq_setsockopt(dealer->socket, ZMQ_CURVE_PUBLICKEY, public_key, KEY_TEXT_SIZE) == 0, "public key");
    check(zmq_setsockopt(dealer->socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE) == 0, "secret key");
    check(zmq_connect(dealer->socket, harness_endpoint(h)) == 0, "connect");
    return dealer;
}

struct dealer *dealer_open_plain(const struct harness *h)
{
    struct dealer *dealer = mem_new(sizeof *dealer);
    int zero = 0;

    dealer->context = zmq_ctx_new();
    dealer->socket = zmq_socket(dealer->context, ZMQ_DEALER);
    check(zmq_setsockopt(dealer->socket, ZMQ_LINGER, &zero, sizeof zero) == 0, "linger");
    check(zmq_connect(dealer->socket, harness_endpoint(h)) == 0, "connect");
    return dealer;
}

struct dealer *dealer_open(const struct harness *h, const char *feed)
{
    char *path = harness_secret(h, feed);
    struct dealer *dealer = dealer_open_key(h, path);

    free(path);
    return dealer;
}

struct dealer *dealer_open_key(const struct harness *h, const char *path)
{
    FILE *file = fopen(path, "re");
    char secret_key[KEY_TEXT_SIZE] = "";

    check(file != NULL && fread(secret_key, 1, KEY_TEXT_SIZE - 1, file) == KEY_TEXT_SIZE - 1, "secret key file");
    fclose(file);
    return open_with(h, secret_key);
}

struct dealer *dealer_open_stranger(const struct harness *h)
{
    char public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];

    check(zmq_curve_keypair(public_key, secret_key) == 0, "key pair");
    return open_with(h, secret_key);
}

void dealer_close(struct dealer *dealer)
{
    if (dealer == NULL)
        return;
    zmq_close(dealer->socket);
    zmq_ctx_term(dealer->context);
    free(dealer);
}

void dealer_say_bytes(struct dealer *dealer, const char *verb, const void *body, size_t len)
{
    check(zmq_send(dealer->socket, verb, strlen(verb), ZMQ_SNDMORE) >= 0, "send verb");
    check(zmq_send(dealer->socket, body, len, 0) >= 0, "send body");
}

void dealer_say(struct dealer *dealer, const char *verb, const char *body)
{
    dealer_say_bytes(dealer, verb, body, strlen(body));
}

void dealer_say_frames(struct dealer *dealer, size_t count, const char *frame)
{
    for (size_t i = 0; i < count; i++)
        check(zmq_send(dealer->socket, frame, strlen(frame), i + 1 < count ? ZMQ_SNDMORE : 0) >= 0, "send frame");
}

void dealer_hello(struct dealer *dealer, const char *source, int64_t epoch, uint64_t first_unacked)
{
    char *owned = mem_copy(source);
    struct wire_hello hello = {WIRE_VERSION, owned, epoch, first_unacked};
    char *body = wire_hello_print(&hello);

    dealer_say(dealer, "HELLO", body);
    free(body);
    free(owned);
}

char *dealer_event_text(const char *source, const char *id, uint64_t sequence, const char *offence)
{
    char digits[24];
    char *line = sequence > 0 ? mem_printf(",\"sequence\":\"%s\"", wire_sequence_print(sequence, digits)) : mem_copy("");
    char *text = mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"police.charge\","
                            "\"time\":\"2024-06-03T10:00:00Z\"%s,\"data\":{\"person\":{\"identifiers\":{\"pnc\":\"%s\"}},"
                            "\"offences\":[{\"code\":\"%s\",\"title\":\"made up\"}]}}",
                            id, source, line, id, offence);

    free(line);
    return text;
}

void dealer_event(struct dealer *dealer, const char *source, const char *id, uint64_t sequence, const char *offence)
{
    char *text = dealer_event_text(source, id, sequence, offence);

    dealer_say(dealer, "EVENT", text);
    free(text);
}

/* The body of the next message, PING too; verb "" and NULL when none came. */
static json_t *hear_one(struct dealer *dealer, int64_t timeout_ms, char verb[static 16])
{
    zmq_pollitem_t item = {dealer->socket, -1, ZMQ_POLLIN, 0};
    zmq_msg_t body;
    json_t *value;
    int len;

    verb[0] = '\0';
    if (zmq_poll(&item, 1, (long)timeout_ms) <= 0)
        return NULL;
    len = zmq_recv(dealer->socket, verb, 15, 0);
    verb[len > 0 && len <= 15 ? len : 0] = '\0';
    zmq_msg_init(&body);
    check(zmq_msg_recv(&body, dealer->socket, 0) >= 0 && !zmq_msg_more(&body), "two frames");
    value = json_loadb(zmq_msg_data(&body), zmq_msg_size(&body), 0, NULL);
    zmq_msg_close(&body);
    return value;
}

json_t *dealer_next(struct dealer *dealer, int timeout_ms, char verb[static 16])
{
    int64_t until = clock_monotonic_ms() + timeout_ms;

    verb[0] = '\0';
    for (int64_t left = timeout_ms; left >= 0; left = until - clock_monotonic_ms()) {
        json_t *value = hear_one(dealer, left, verb);

        if (strcmp(verb, "PING") != 0)
            return value;
        json_decref(value);
        verb[0] = '\0';
    }
    return NULL;
}

bool dealer_hears_ping(struct dealer *dealer, int timeout_ms)
{
    int64_t until = clock_monotonic_ms() + timeout_ms;
    char heard[16] = "";

    for (int64_t left = timeout_ms; left >= 0 && strcmp(heard, "PING") != 0; left = until - clock_monotonic_ms())
        json_decref(hear_one(dealer, left, heard));
    return strcmp(heard, "PING") == 0;
}

json_t *dealer_hear(struct dealer *dealer, const char *verb)
{
    char heard[16];
    json_t *body = dealer_next(dealer, HEAR_MS, heard);

    if (strcmp(heard, verb) == 0)
        return body;
    fprintf(stderr, "dealer: waited for %s, heard %s: ", verb, *heard != '\0' ? heard : "nothing");
    if (body != NULL)
        json_dumpf(body, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(body);
    return NULL;
}

bool dealer_hears_nothing(struct dealer *dealer, int within_ms)
{
    char heard[16];

    json_decref(dealer_next(dealer, within_ms, heard));
    return heard[0] == '\0';
}

json_t *dealer_await(struct dealer *dealer, const char *verb, int timeout_ms)
{
    int64_t until = clock_monotonic_ms() + timeout_ms;

    while (clock_monotonic_ms() < until) {
        char heard[16];
        json_t *body = dealer_next(dealer, (int)(until - clock_monotonic_ms()), heard);

        if (strcmp(heard, verb) == 0)
            return body;
        json_decref(body);
    }
    return NULL;
}
