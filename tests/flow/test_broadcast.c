/* SPDX-License-Identifier: Apache-2.0 */
/* A broadcast feed: this test is the publisher, told subscribes. What is lost is noticed, even when it is the last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "dealer.h"
#include "told/mem.h"
#include "told/wire.h"

enum { KEY_TEXT_SIZE = 41 };

struct box {
    struct harness *h;
    void *context, *pub;
};

static void open_pub(struct box *box)
{
    char *path = harness_secret(box->h, "broadcast");
    FILE *file = fopen(path, "r");
    char secret_key[KEY_TEXT_SIZE] = "";
    int one = 1, zero = 0;

    assert_non_null(file);
    assert_int_equal(fread(secret_key, 1, KEY_TEXT_SIZE - 1, file), KEY_TEXT_SIZE - 1);
    fclose(file);
    free(path);
    box->context = zmq_ctx_new();
    box->pub = zmq_socket(box->context, ZMQ_XPUB); /* hears of subscribers: the test needs no waiting */
    assert_int_equal(zmq_setsockopt(box->pub, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_setsockopt(box->pub, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(box->pub, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE), 0);
    assert_int_equal(zmq_bind(box->pub, harness_broadcast_endpoint(box->h)), 0);
}

static void await_subscriber(struct box *box)
{
    zmq_pollitem_t item = {box->pub, -1, ZMQ_POLLIN, 0};
    char frame[64];

    assert_int_equal(zmq_poll(&item, 1, 10000), 1);
    assert_true(zmq_recv(box->pub, frame, sizeof frame, 0) >= 1);
}

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.broadcast = true});
    open_pub(&box);
    harness_told(box.h, "ingest", NULL);
    await_subscriber(&box);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    zmq_close(box->pub);
    zmq_ctx_term(box->context);
    harness_stop(box->h);
    return 0;
}

static void publish(struct box *box, const char *topic, const char *body)
{
    assert_true(zmq_send(box->pub, topic, strlen(topic), ZMQ_SNDMORE) >= 0);
    assert_true(zmq_send(box->pub, body, strlen(body), 0) >= 0);
}

static void publish_event(struct box *box, const char *source, const char *id, uint64_t sequence)
{
    char *text = dealer_event_text(source, id, sequence, "X1");

    publish(box, "police.charge", text);
    free(text);
}

static void publish_beacon(struct box *box, const char *source, int64_t epoch, uint64_t last)
{
    char digits[24], oldest[24];
    char *text = mem_printf("{\"source\":\"%s\",\"epoch\":%lld,\"last_sequence\":\"%s\",\"oldest_sequence\":\"%s\"}", source,
                            (long long)epoch, wire_sequence_print(last, digits), wire_sequence_print(1, oldest));

    publish(box, "told.beacon", text);
    free(text);
}

static bool await(struct box *box, const char *sql, const char *want)
{
    return harness_await(box->h, sql, want, 10000);
}

static void test_broadcast_stores_what_it_hears(void **state)
{
    struct box *box = *state;

    publish_event(box, "broadcast/plain", "p1", 41);
    publish_event(box, "broadcast/plain", "p2", 42);
    publish_beacon(box, "broadcast/plain", 5, 42);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/plain'", "42 5"));
    publish_event(box, "broadcast/plain", "p3", 43);
    assert_true(await(box, "SELECT epoch || ' ' || sequence FROM told.event WHERE source = 'broadcast/plain' AND id = 'p3'",
                      "5 43"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.alarm"), 0);
}

static void test_broadcast_alarms_of_a_gap_and_stores_what_is_behind_it(void **state)
{
    struct box *box = *state;

    publish_event(box, "broadcast/gap", "g1", 1);
    publish_event(box, "broadcast/gap", "g4", 4);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/gap'", "1"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'broadcast/gap'"), 2);
    assert_int_equal(harness_count(box->h, "SELECT settled FROM told.cursor WHERE source = 'broadcast/gap'"), 1);
}

static void test_broadcast_sees_the_loss_of_the_last_event(void **state)
{
    struct box *box = *state;

    publish_event(box, "broadcast/last", "l1", 1);
    publish_beacon(box, "broadcast/last", 1, 2);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = 'broadcast/last'", "1"));
}

static void test_broadcast_alarms_of_a_new_epoch(void **state)
{
    struct box *box = *state;

    publish_event(box, "broadcast/epoch", "e1", 1);
    publish_beacon(box, "broadcast/epoch", 1, 1);
    publish_beacon(box, "broadcast/epoch", 2, 7);
    assert_true(await(box, "SELECT count(*) FROM told.alarm WHERE kind = 'epoch' AND key = 'broadcast/epoch'", "1"));
    publish_event(box, "broadcast/epoch", "e2", 8);
    assert_true(await(box, "SELECT settled || ' ' || epoch FROM told.cursor WHERE source = 'broadcast/epoch'", "8 2"));
}

static void test_broadcast_quarantines_another_topic_than_the_type(void **state)
{
    struct box *box = *state;
    char *text = dealer_event_text("broadcast/topic", "t1", 1, "X1");

    publish(box, "police.arrest", text);
    assert_true(await(box, "SELECT reason FROM told.quarantine WHERE source = 'broadcast/topic'",
                      "topic: another than the type of the body"));
    publish(box, "told.beacon", "{}");
    assert_true(await(box, "SELECT count(*) FROM told.quarantine WHERE feed = 'broadcast' AND source IS NULL", "1"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcast_stores_what_it_hears),
        cmocka_unit_test(test_broadcast_alarms_of_a_gap_and_stores_what_is_behind_it),
        cmocka_unit_test(test_broadcast_sees_the_loss_of_the_last_event),
        cmocka_unit_test(test_broadcast_alarms_of_a_new_epoch),
        cmocka_unit_test(test_broadcast_quarantines_another_topic_than_the_type),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
