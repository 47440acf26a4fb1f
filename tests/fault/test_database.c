/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL gone, and PostgreSQL silent, for ten seconds in mid-load: publishers hear BUSY and PONG, nothing is
 * acknowledged that is not stored, and told recovers by itself.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "cluster.h"
#include "crowd.h"
#include "told/mem.h"

enum { AWAY_MS = 10000, EVENTS = 600 };

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A publisher that does nothing but say HELLO and PING and listen. */
struct listener {
    void *context, *socket;
    int busy, pings, pong;
};

static void listener_open(struct listener *l, struct harness *h)
{
    char *path = harness_secret(h, "custody"), secret[41] = "", public_key[41];
    FILE *f = fopen(path, "re");
    int linger = 0;

    assert_non_null(f);
    assert_int_equal(fread(secret, 1, 40, f), 40);
    fclose(f);
    free(path);
    l->context = zmq_ctx_new();
    l->socket = zmq_socket(l->context, ZMQ_DEALER);
    assert_int_equal(zmq_curve_public(public_key, secret), 0);
    assert_int_equal(zmq_setsockopt(l->socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_setsockopt(l->socket, ZMQ_CURVE_SERVERKEY, harness_public_key(h), 41), 0);
    assert_int_equal(zmq_setsockopt(l->socket, ZMQ_CURVE_PUBLICKEY, public_key, 41), 0);
    assert_int_equal(zmq_setsockopt(l->socket, ZMQ_CURVE_SECRETKEY, secret, 41), 0);
    assert_int_equal(zmq_connect(l->socket, harness_endpoint(h)), 0);
}

static void listener_say(struct listener *l, const char *verb, const char *body)
{
    zmq_send(l->socket, verb, strlen(verb), ZMQ_SNDMORE);
    zmq_send(l->socket, body, strlen(body), 0);
}

/* Hears what comes within some time; PING once a second. */
static void listener_hear(struct listener *l, int for_ms)
{
    int64_t end_ms = now_ms() + for_ms, ping_ms = 0;

    while (now_ms() < end_ms) {
        zmq_pollitem_t item = {.socket = l->socket, .events = ZMQ_POLLIN};
        char verb[16], body[4096];
        int n;

        if (now_ms() >= ping_ms) {
            listener_say(l, "PING", "{}");
            l->pings++;
            listener_say(l, "HELLO", "{\"wire\":1,\"source\":\"custody/youth-estate\",\"epoch\":1,\"first_unacked\":\"00000000000000000001\"}");
            ping_ms = now_ms() + 1000;
        }
        if (zmq_poll(&item, 1, 100) <= 0)
            continue;
        n = zmq_recv(l->socket, verb, sizeof verb, 0);
        zmq_recv(l->socket, body, sizeof body, 0);
        l->busy += n == 4 && memcmp(verb, "BUSY", 4) == 0;
        l->pong += n == 4 && memcmp(verb, "PONG", 4) == 0;
    }
}

static void listener_close(struct listener *l)
{
    zmq_close(l->socket);
    zmq_ctx_term(l->context);
}

static void play(void (*take)(struct cluster *), void (*give_back)(struct cluster *))
{
    static const struct harness_options options = {
        .story_from = "2024-05-31T17:00:00Z", .story_stands = true, .deadline_ms = 1500};
    struct harness *h = harness_start(&options);
    struct crowd crowd = {.seed = 7};
    struct listener l = {0};
    pid_t told, publishers[3];
    char *fault, *duties, *expected;

    crowd_import(h);
    crowd_write(h, &crowd, EVENTS);
    told = harness_told(h, NULL, NULL);
    listener_open(&l, h);
    crowd_publish(h, publishers);
    assert_true(harness_await(h, "SELECT count(*) > 20 FROM told.event", "t", 20000)); /* in mid-load */
    take(harness_cluster(h));
    listener_hear(&l, AWAY_MS);
    give_back(harness_cluster(h));
    assert_true(l.busy > 0);
    assert_true(l.pings > 2 && l.pong >= l.pings - 2); /* those still on their way */
    fault = crowd_await(h, publishers);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    assert_true(crowd_settle(h, 60000));
    assert_int_equal(crowd_stored(h), EVENTS);
    harness_jump(h, "2024-05-31T17:15:00Z");
    assert_true(crowd_settle(h, 60000));
    duties = crowd_duties(h);
    expected = crowd_expected(h);
    fault = crowd_difference(duties, expected);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    fault = crowd_mails_fault(h);
    if (fault != NULL)
        fail_msg("%s", (fputs(fault, stderr), "see above"));
    /* The same process all the way. */
    assert_int_equal(harness_signal(h, told, SIGTERM), 0);
    free(duties);
    free(expected);
    listener_close(&l);
    harness_stop(h);
}

static void test_database_gone_for_ten_seconds(void **state)
{
    (void)state;
    play(cluster_halt, cluster_resume);
}

static void test_database_silent_for_ten_seconds(void **state)
{
    (void)state;
    play(cluster_freeze, cluster_thaw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_database_gone_for_ten_seconds),
                                       cmocka_unit_test(test_database_silent_for_ten_seconds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
