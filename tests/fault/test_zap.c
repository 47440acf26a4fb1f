/* SPDX-License-Identifier: Apache-2.0 */
/* The proof at start: it passes for a guarded endpoint and for no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "zap_trial.h"

enum { KEY_TEXT_SIZE = 41 };

struct door {
    void *context, *router;
    struct zap *zap;
    struct config config;
    char public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];
};

static int setup(void **state)
{
    static struct door door;
    char *reason = NULL;
    int zero = 0;

    memset(&door, 0, sizeof door);
    door.context = zmq_ctx_new();
    door.zap = zap_start(door.context, &reason);
    assert_non_null(door.zap);
    door.router = zmq_socket(door.context, ZMQ_ROUTER);
    assert_int_equal(zmq_setsockopt(door.router, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal(zmq_curve_keypair(door.public_key, door.secret_key), 0);
    door.config.ingest_public_key = door.public_key;
    *state = &door;
    return 0;
}

static int teardown(void **state)
{
    struct door *door = *state;

    zmq_close(door->router);
    zap_stop(door->zap);
    zmq_ctx_term(door->context);
    return 0;
}

/* Why told would not run. The caller frees. */
static char *try_door(struct door *door)
{
    char endpoint[256];
    size_t size = sizeof endpoint;

    assert_int_equal(zmq_bind(door->router, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(door->router, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    return zap_trial_run(door->context, door->zap, &door->config, endpoint);
}

static void test_zap_refuses_strangers_where_it_guards(void **state)
{
    struct door *door = *state;

    assert_null(zap_guard(door->router, door->secret_key));
    assert_null(try_door(door));
    assert_int_equal(zap_refused(door->zap), 1);
}

/* Encrypted, and open to every key: what CURVE is when no handler is asked (trap 2). */
static void test_zap_notices_encryption_without_a_handler(void **state)
{
    struct door *door = *state;
    void *elsewhere = zmq_ctx_new();
    int one = 1;
    char *reason = NULL;

    zap_stop(door->zap);
    door->zap = zap_start(elsewhere, &reason);
    assert_non_null(door->zap);

    assert_int_equal(zmq_setsockopt(door->router, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(door->router, ZMQ_CURVE_SECRETKEY, door->secret_key, KEY_TEXT_SIZE), 0);
    reason = try_door(door);
    assert_non_null(reason);
    if (strstr(reason, "let in a stranger with an unknown key") == NULL)
        fail_msg("%s", reason);
    free(reason);
    zap_stop(door->zap);
    door->zap = NULL;
    zmq_ctx_term(elsewhere);
}

/* The guard enforces its domain: with the handler gone nobody is let in at all. */
static void test_zap_stays_shut_without_a_handler(void **state)
{
    struct door *door = *state;
    void *elsewhere = zmq_ctx_new();
    char *reason = NULL;

    zap_stop(door->zap);
    door->zap = zap_start(elsewhere, &reason);
    assert_non_null(door->zap);
    assert_null(zap_guard(door->router, door->secret_key));
    reason = try_door(door);
    assert_true(reason == NULL || strstr(reason, "did not refuse") != NULL);
    free(reason);
    zap_stop(door->zap);
    door->zap = NULL;
    zmq_ctx_term(elsewhere);
}

static void test_zap_notices_an_open_door(void **state)
{
    char *reason = try_door(*state);

    assert_non_null(reason);
    assert_non_null(strstr(reason, "let in a stranger"));
    free(reason);
}

static void test_zap_says_that_a_key_is_none(void **state)
{
    struct door *door = *state;
    char *reason = zap_guard(door->router, "no key");

    assert_non_null(reason);
    assert_non_null(strstr(reason, "toldctl keys new"));
    free(reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_zap_refuses_strangers_where_it_guards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zap_notices_encryption_without_a_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zap_stays_shut_without_a_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zap_notices_an_open_door, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zap_says_that_a_key_is_none, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
