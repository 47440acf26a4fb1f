/* SPDX-License-Identifier: Apache-2.0 */
/* What wire.md bounds: the credit of a connection, the size of a body, how long a publisher waits, and who is silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster.h"
#include "dealer.h"
#include "told/buf.h"
#include "told/mem.h"
#include "told/wire.h"

enum { BEYOND = WIRE_CREDIT_DEFAULT + 200 };

static int setup(void **state)
{
    struct harness *h = harness_start(&(struct harness_options){.deadline_ms = 8000});

    harness_told(h, "ingest", NULL);
    *state = h;
    return 0;
}

static void assert_awaited(struct dealer *dealer, const char *verb, const char *key, const char *want)
{
    json_t *body = dealer_await(dealer, verb, 20000);
    const char *text = json_string_value(json_object_get(body, key));

    if (body == NULL || (want != NULL && (text == NULL || strcmp(text, want) != 0)))
        fail_msg("expected %s with %s %s, got %s", verb, key, want == NULL ? "" : want, text == NULL ? "nothing" : text);
    json_decref(body);
}

static void assert_stored(struct harness *h, const char *source, long want)
{
    char *sql = mem_printf("SELECT count(*) FROM told.event WHERE source = '%s'", source), *text = mem_printf("%ld", want);

    if (!harness_await(h, sql, text, 20000))
        fail_msg("%s: %ld stored, expected %ld", source, harness_count(h, sql), want);
    free(text);
    free(sql);
}

static void say_events(struct dealer *dealer, const char *source, int from, int to, const char *offence)
{
    for (int i = from; i <= to; i++) {
        char *id = mem_printf("c%d", i);

        dealer_event(dealer, source, id, (uint64_t)i, offence);
        free(id);
    }
}

static struct dealer *introduced(struct harness *h, const char *feed, const char *source)
{
    struct dealer *dealer = dealer_open(h, feed);

    dealer_hello(dealer, source, 1, 1);
    assert_awaited(dealer, "WELCOME", "source", source);
    return dealer;
}

/* What goes beyond is thrown away with a BUSY; when all that was kept has settled, a WELCOME says where to go on. */
static void beyond_credit(struct harness *h, const char *source, int sent, long kept_most, const char *offence)
{
    struct dealer *dealer = introduced(h, "police", source);
    char *sql = mem_printf("SELECT count(*) FROM told.event WHERE source = '%s'", source), digits[24];
    json_t *welcome;
    long kept;

    cluster_freeze(harness_cluster(h));
    say_events(dealer, source, 1, sent, offence);
    assert_awaited(dealer, "BUSY", "reason", "credit");
    cluster_thaw(harness_cluster(h));
    welcome = dealer_await(dealer, "WELCOME", 20000);
    assert_non_null(welcome);
    kept = harness_count(h, sql);
    assert_in_range(kept, 1, kept_most);
    assert_string_equal(json_string_value(json_object_get(welcome, "next_sequence")),
                        wire_sequence_print((uint64_t)kept + 1, digits));
    json_decref(welcome);
    say_events(dealer, source, (int)kept + 1, sent, offence);
    assert_stored(h, source, sent);
    free(sql);
    dealer_close(dealer);
}

static void test_limits_keep_no_more_events_than_the_credit(void **state)
{
    beyond_credit(*state, "police/many", BEYOND, WIRE_CREDIT_DEFAULT + 1, "X1");
}

/* 16 MiB, and the frame that went over it. */
static void test_limits_keep_no_more_bytes_than_the_credit(void **state)
{
    size_t len = 900 * 1024;
    char *offence = mem_new(len + 1);

    memset(offence, 'x', len);
    beyond_credit(*state, "police/heavy", 40, (16 + 8) * 1024 / 900 + 1, offence);
    free(offence);
}

/* libzmq throws it away without a word and closes the connection; told lives on, and the next connection is a new one. */
static void test_limits_outlive_a_frame_over_eight_mebibytes(void **state)
{
    struct dealer *dealer = introduced(*state, "court", "court/vast");
    size_t len = 9 * 1024 * 1024;
    char *body = mem_new(len);

    memset(body, ' ', len);
    dealer_say_bytes(dealer, "EVENT", body, len);
    dealer_close(dealer);
    dealer = introduced(*state, "court", "court/vast");
    dealer_event(dealer, "court/vast", "v1", 1, "X1");
    assert_awaited(dealer, "ACK", "source", "court/vast");
    dealer_close(dealer);
    free(body);
}

static void test_limits_speak_up_every_ten_seconds(void **state)
{
    struct dealer *dealer = introduced(*state, "police", "police/pinged");

    assert_true(dealer_hears_ping(dealer, 2 * WIRE_PING_S * 1000));
    dealer_close(dealer);
}

static int publish(struct harness *h, const char *option, const char *value, const char *input, const char *said)
{
    const char *const argv[] = {"publish", "--feed", "custody", "-", option, value, NULL};
    struct buf out = {0}, err = {0};
    int code = harness_toldctl_input(h, NULL, argv, input, &out, &err);

    if (strstr(buf_string(&out), said) == NULL && strstr(buf_string(&err), said) == NULL)
        fail_msg("expected \"%s\" in \"%s%s\"", said, buf_string(&out), buf_string(&err));
    buf_release(&out);
    buf_release(&err);
    return code;
}

/* 75: told is there, and stayed busy; the same again is then taken. */
static void test_limits_of_patience_end_a_publisher_with_75(void **state)
{
    char *one = dealer_event_text("custody/patient", "p1", 1, "X1"), *input = mem_printf("%s\n", one);

    cluster_halt(harness_cluster(*state));
    assert_int_equal(publish(*state, "--timeout", "2", input, "stayed busy"), 75);
    cluster_resume(harness_cluster(*state));
    assert_int_equal(publish(*state, "--timeout", "20", input, "acknowledged 1, refused 0"), 0);
    free(input);
    free(one);
}

/* An interrupted run goes on from the cursor: what told has is not even sent. */
static void test_limits_of_a_run_are_resumed_from_the_cursor(void **state)
{
    char *first = dealer_event_text("custody/resumed", "r1", 1, "X1"), *other = dealer_event_text("custody/resumed", "r1", 1, "Y2");
    char *second = dealer_event_text("custody/resumed", "r2", 2, "X1");
    char *begun = mem_printf("%s\n", first), *whole = mem_printf("%s\n%s\n", other, second);

    assert_int_equal(publish(*state, "--timeout", "20", begun, "acknowledged 1, refused 0"), 0);
    assert_int_equal(publish(*state, "--resume", NULL, whole, "acknowledged 2, refused 0"), 0);
    assert_stored(*state, "custody/resumed", 2);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.feed_state WHERE frozen_at IS NOT NULL"), 0);
    free(whole);
    free(begun);
    free(second);
    free(other);
    free(first);
}

static void test_limits_of_a_line_leave_out_a_byte_order_mark(void **state)
{
    char *one = dealer_event_text("custody/marked", "m1", 1, "X1"), *input = mem_printf("\xef\xbb\xbf%s\r\n", one);

    assert_int_equal(publish(*state, "--timeout", "20", input, "acknowledged 1, refused 0"), 0);
    free(input);
    free(one);
}

/* The file of a publisher that has gone mad: told shuts it out, and it ends by itself and says so. */
static void test_limits_of_bad_bodies_end_a_publisher(void **state)
{
    struct buf input = {0};

    for (int i = 0; i < 130; i++)
        buf_printf(&input, "not JSON %d\n", i);
    assert_int_equal(publish(*state, "--timeout", "3", buf_string(&input), "unsettled"), 75);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.quarantine WHERE feed = 'custody'"), 101);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.alarm WHERE kind = 'flood' AND key = 'custody'"), 1);
    buf_release(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_keep_no_more_events_than_the_credit),
        cmocka_unit_test(test_limits_keep_no_more_bytes_than_the_credit),
        cmocka_unit_test(test_limits_outlive_a_frame_over_eight_mebibytes),
        cmocka_unit_test(test_limits_speak_up_every_ten_seconds),
        cmocka_unit_test(test_limits_of_patience_end_a_publisher_with_75),
        cmocka_unit_test(test_limits_of_a_run_are_resumed_from_the_cursor),
        cmocka_unit_test(test_limits_of_a_line_leave_out_a_byte_order_mark),
        cmocka_unit_test(test_limits_of_bad_bodies_end_a_publisher),
    };
    return cmocka_run_group_tests_name("limits", tests, setup, harness_teardown);
}
