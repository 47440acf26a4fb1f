/* SPDX-License-Identifier: Apache-2.0 */
/* The confirmed feed as wire.md has it, said by hand to a real told with a real PostgreSQL. Each test has a source of its
 * own; told is one for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dealer.h"
#include "told/mem.h"
#include "told/wire.h"

static int setup(void **state)
{
    struct harness *h = harness_start(&(struct harness_options){0});

    harness_told(h, "ingest", NULL);
    *state = h;
    return 0;
}

static void assert_text(const json_t *body, const char *key, const char *want)
{
    const char *text = json_string_value(json_object_get(body, key));

    assert_non_null(text);
    assert_string_equal(text, want);
}

static void assert_sequence(const json_t *body, const char *key, uint64_t want)
{
    char digits[24];

    assert_text(body, key, wire_sequence_print(want, digits));
}

static void assert_welcome(struct dealer *dealer, int64_t epoch, uint64_t next)
{
    json_t *body = dealer_hear(dealer, "WELCOME");

    assert_non_null(body);
    assert_int_equal(json_integer_value(json_object_get(body, "epoch")), epoch);
    assert_sequence(body, "next_sequence", next);
    assert_int_equal(json_integer_value(json_object_get(body, "credit")), WIRE_CREDIT_DEFAULT);
    json_decref(body);
}

static void assert_acked_up_to(struct dealer *dealer, uint64_t sequence)
{
    json_t *body = dealer_hear(dealer, "ACK");

    assert_non_null(body);
    assert_sequence(body, "sequence", sequence);
    json_decref(body);
}

static void assert_acked_id(struct dealer *dealer, const char *id)
{
    json_t *body = dealer_hear(dealer, "ACK");

    assert_non_null(body);
    assert_text(body, "id", id);
    json_decref(body);
}

/* The reason of a NAK, after looking at its id (NULL: it has none). The caller frees. */
static char *heard_nak(struct dealer *dealer, const char *id)
{
    json_t *body = dealer_hear(dealer, "NAK");
    char *reason;

    assert_non_null(body);
    if (id != NULL)
        assert_text(body, "id", id);
    else
        assert_int_equal(json_string_length(json_object_get(body, "sha256")), 64);
    reason = mem_copy(json_string_value(json_object_get(body, "reason")));
    assert_non_null(reason);
    json_decref(body);
    return reason;
}

static void assert_nak(struct dealer *dealer, const char *id, const char *reason_part)
{
    char *reason = heard_nak(dealer, id);

    if (strstr(reason, reason_part) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", reason_part, reason);
    free(reason);
}

static long count(void **state, const char *format, const char *source)
{
    char *sql = mem_printf(format, source);
    long n = harness_count(*state, sql);

    free(sql);
    return n;
}

static struct dealer *introduced(void **state, const char *feed, const char *source)
{
    struct dealer *dealer = dealer_open(*state, feed);

    dealer_hello(dealer, source, 1, 1);
    assert_welcome(dealer, 1, 1);
    return dealer;
}

static void test_ingest_acknowledges_what_is_stored(void **state)
{
    const char *source = "police/stored";
    struct dealer *dealer = introduced(state, "police", source);
    char *text = dealer_event_text(source, "a1", 1, "X1"), *stored;

    dealer_say(dealer, "EVENT", text);
    assert_acked_up_to(dealer, 1);
    stored = harness_value(*state, "SELECT convert_from(body, 'UTF8') FROM told.event WHERE source = 'police/stored'");
    assert_string_equal(stored, text);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event JOIN told.event_state s USING (event_id) "
                                  "WHERE source = '%s' AND feed = 'police' AND epoch = 1 AND sequence = 1 "
                                  "AND type = 'police.charge' AND s.state = 'waiting'", source), 1);
    assert_int_equal(count(state, "SELECT settled FROM told.cursor WHERE source = '%s'", source), 1);
    free(stored);
    free(text);
    dealer_close(dealer);
}

static void test_ingest_resumes_from_the_cursor(void **state)
{
    const char *source = "police/resumed";
    struct dealer *dealer = introduced(state, "police", source);

    for (uint64_t i = 1; i <= 3; i++) {
        char *id = mem_printf("r%d", (int)i);

        dealer_event(dealer, source, id, i, "X1");
        free(id);
    }
    assert_true(harness_await(*state, "SELECT settled FROM told.cursor WHERE source = 'police/resumed'", "3", 10000));
    dealer_close(dealer);
    dealer = dealer_open(*state, "police");
    dealer_hello(dealer, source, 1, 2);
    assert_welcome(dealer, 1, 4);
    dealer_close(dealer);
}

static void test_ingest_acknowledges_a_repeat_without_storing_it_twice(void **state)
{
    const char *source = "police/repeat";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_event(dealer, source, "a", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_event(dealer, source, "a", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_event(dealer, source, "a", 2, "X1"); /* the same under another number */
    assert_acked_up_to(dealer, 2);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event WHERE source = '%s'", source), 1);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.feed_state WHERE feed = 'police' "
                                           "AND frozen_at IS NOT NULL"), 0);
    dealer_close(dealer);
}

static void test_ingest_acknowledges_by_id_without_a_sequence(void **state)
{
    const char *source = "police/unnumbered";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_event(dealer, source, "u1", 0, "X1");
    assert_acked_id(dealer, "u1");
    dealer_close(dealer);
}

static void test_ingest_acknowledges_by_id_behind_a_gap_until_it_fills(void **state)
{
    const char *source = "police/gap";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_event(dealer, source, "g1", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_event(dealer, source, "g3", 3, "X1");
    assert_acked_id(dealer, "g3");
    dealer_close(dealer);
    /* What is stored behind the gap is known to the next connection too. */
    dealer = dealer_open(*state, "police");
    dealer_hello(dealer, source, 1, 2);
    assert_welcome(dealer, 1, 2);
    dealer_event(dealer, source, "g2", 2, "X1");
    assert_acked_up_to(dealer, 3);
    assert_int_equal(count(state, "SELECT settled FROM told.cursor WHERE source = '%s'", source), 3);
    dealer_close(dealer);
}

static void test_ingest_starts_a_new_epoch_where_it_says(void **state)
{
    const char *source = "police/epoch";
    struct dealer *dealer = introduced(state, "police", source);
    json_t *nak;

    dealer_event(dealer, source, "e1", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_hello(dealer, source, 3, 1);
    assert_welcome(dealer, 3, 1);
    dealer_event(dealer, source, "e2", 1, "X1"); /* another log: the same number is another event */
    assert_acked_up_to(dealer, 1);
    dealer_hello(dealer, source, 2, 1);
    nak = dealer_hear(dealer, "NAK");
    assert_non_null(nak);
    assert_text(nak, "source", source);
    assert_non_null(strstr(json_string_value(json_object_get(nak, "reason")), "epoch"));
    json_decref(nak);
    assert_int_equal(count(state, "SELECT count(*) FROM told.alarm WHERE kind = 'epoch' AND key = '%s'", source), 1);
    dealer_close(dealer);
}

/* What stood behind a gap of the log that was is no part of the new one, also where both begin at the same number. */
static void test_ingest_forgets_what_was_behind_a_gap_when_the_log_is_rebuilt(void **state)
{
    const char *source = "police/rebuilt";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_event(dealer, source, "r2", 2, "X1");
    assert_acked_id(dealer, "r2");
    dealer_hello(dealer, source, 2, 1);
    assert_welcome(dealer, 2, 1);
    dealer_event(dealer, source, "s1", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_event(dealer, source, "s2", 2, "X1");
    assert_acked_up_to(dealer, 2);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event WHERE source = '%s'", source), 3);
    dealer_close(dealer);
}

/* Of an event that came in an older epoch no row carries its new number: behind a gap it is remembered all the same. */
static void test_ingest_remembers_a_known_event_behind_a_gap(void **state)
{
    const char *source = "police/renumbered";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_event(dealer, source, "n1", 1, "X1");
    dealer_event(dealer, source, "n2", 2, "X1");
    assert_true(harness_await(*state, "SELECT settled FROM told.cursor WHERE source = 'police/renumbered'", "2", 10000));
    dealer_close(dealer);
    dealer = dealer_open(*state, "police");
    dealer_hello(dealer, source, 2, 1);
    assert_welcome(dealer, 2, 1);
    dealer_event(dealer, source, "n2", 2, "X1");
    assert_acked_id(dealer, "n2");
    dealer_hello(dealer, source, 2, 1); /* read again from the database, as after a restart */
    assert_welcome(dealer, 2, 1);
    dealer_event(dealer, source, "n1", 1, "X1");
    assert_acked_up_to(dealer, 2);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event_number WHERE source = '%s'", source), 2);
    dealer_close(dealer);
}

static void test_ingest_alarms_when_the_publisher_has_lost_some(void **state)
{
    const char *source = "police/lost";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_hello(dealer, source, 1, 7);
    assert_welcome(dealer, 1, 1);
    assert_int_equal(count(state, "SELECT count(*) FROM told.alarm WHERE kind = 'gap' AND key = '%s'", source), 1);
    dealer_close(dealer);
}

static void test_ingest_asks_for_hello_first(void **state)
{
    struct dealer *dealer = dealer_open(*state, "police");
    json_t *busy;

    dealer_event(dealer, "police/unseen", "h1", 1, "X1");
    busy = dealer_hear(dealer, "BUSY");
    assert_non_null(busy);
    assert_text(busy, "reason", "hello");
    json_decref(busy);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.event WHERE source = 'police/unseen'"), 0);
    dealer_close(dealer);
}

static void test_ingest_answers_ping_before_hello(void **state)
{
    struct dealer *dealer = dealer_open(*state, "police");
    json_t *pong;

    dealer_say(dealer, "PING", "{}");
    pong = dealer_hear(dealer, "PONG");
    assert_non_null(pong);
    json_decref(pong);
    dealer_close(dealer);
}

/* Each is quarantined with its reason and refused for good, and the one behind it is taken. */
static void test_ingest_quarantines_what_it_cannot_understand(void **state)
{
    static const struct {
        const char *body, *id, *reason_part;
    } CASES[] = {
        {"this is not JSON", NULL, "line 1"},
        {"{\"id\":\"dup\",\"source\":\"police/bad\",\"specversion\":\"1.0\",\"specversion\":\"1.0\"}", "dup", "stands twice"},
        {"[1]", NULL, "object"},
        {"{\"specversion\":\"1.0\",\"id\":\"t\",\"source\":\"police/bad\",\"type\":\"police.parade\","
         "\"time\":\"2024-06-03T10:00:00Z\",\"data\":{\"person\":{}}}", "t", "type"},
        {"{\"specversion\":\"1.0\",\"id\":\"f\",\"source\":\"police/bad\",\"type\":\"police.charge\","
         "\"time\":\"2024-06-03T10:00:00Z\",\"data\":{\"person\":{},\"drug_supply\":\"perhaps\"}}", "f", "drug_supply"},
        {"{\"specversion\":\"1.0\",\"id\":\"n\",\"source\":\"police/bad\",\"type\":\"police.charge\"}", "n", "time"},
        {"{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"told\",\"type\":\"told.instant\","
         "\"time\":\"2024-06-03T10:00:00Z\",\"data\":{\"person\":{}}}", "i", ""},
    };
    const char *source = "police/bad";
    struct dealer *dealer = introduced(state, "police", source);
    long before = harness_count(*state, "SELECT count(*) FROM told.quarantine");
    size_t cases = sizeof CASES / sizeof *CASES;

    for (size_t i = 0; i < cases; i++) {
        dealer_say(dealer, "EVENT", CASES[i].body);
        assert_nak(dealer, CASES[i].id, CASES[i].reason_part);
    }
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.quarantine") - before, (long)cases);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.alarm WHERE kind = 'quarantine' AND key = 'police' "
                                           "AND cleared_at IS NULL"), 1);
    dealer_event(dealer, source, "good", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_close(dealer);
}

/* A refused event is settled: the cursor passes its number. */
static void test_ingest_moves_the_cursor_past_a_refused_event(void **state)
{
    const char *source = "police/passed";
    struct dealer *dealer = introduced(state, "police", source);

    dealer_say(dealer, "EVENT",
               "{\"specversion\":\"1.0\",\"id\":\"p1\",\"source\":\"police/passed\",\"type\":\"police.parade\","
               "\"time\":\"2024-06-03T10:00:00Z\",\"sequence\":\"00000000000000000001\",\"data\":{\"person\":{}}}");
    assert_nak(dealer, "p1", "type");
    dealer_event(dealer, source, "p2", 2, "X1");
    assert_acked_up_to(dealer, 2);
    dealer_close(dealer);
}

static void test_ingest_quarantines_a_source_that_only_looks_granted(void **state)
{
    struct dealer *dealer = introduced(state, "police", "police/granted");

    dealer_event(dealer, "police-of-elsewhere/x", "s1", 1, "X1");
    assert_nak(dealer, "s1", "source");
    dealer_event(dealer, "court/camberwell", "s2", 1, "X1");
    assert_nak(dealer, "s2", "source");
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.quarantine WHERE feed = 'police' "
                                           "AND source IN ('police-of-elsewhere/x', 'court/camberwell')"), 2);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.cursor WHERE source = 'court/camberwell'"), 0);
    dealer_close(dealer);
}

static void test_ingest_freezes_a_feed_that_contradicts_itself(void **state)
{
    const char *source = "yos/twofaced";
    struct dealer *dealer = introduced(state, "yos", source);

    dealer_event(dealer, source, "q1", 1, "X1");
    assert_acked_up_to(dealer, 1);
    dealer_event(dealer, source, "q1", 1, "X2");
    assert_nak(dealer, "q1", "equivocation");
    dealer_event(dealer, source, "q2", 2, "X1"); /* stored and acknowledged all the same, but held */
    assert_acked_up_to(dealer, 2);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event JOIN told.event_state s USING (event_id) "
                                  "WHERE source = '%s' AND id = 'q2' AND s.state = 'held'", source), 1);
    assert_int_equal(count(state, "SELECT count(*) FROM told.quarantine WHERE source = '%s' AND id = 'q1'", source), 1);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.feed_state WHERE feed = 'yos' "
                                           "AND frozen_at IS NOT NULL"), 1);
    assert_int_equal(harness_count(*state, "SELECT count(*) FROM told.alarm WHERE kind = 'equivocation'"), 1);
    /* Another id under a number that is taken is the same fault. */
    dealer_event(dealer, source, "q3", 2, "X1");
    assert_nak(dealer, "q3", "equivocation");
    /* Said again, because the answer got lost: refused again, no further alarm. */
    dealer_event(dealer, source, "q1", 1, "X2");
    assert_nak(dealer, "q1", "equivocation");
    assert_int_equal(harness_count(*state, "SELECT count FROM told.alarm WHERE kind = 'equivocation'"), 2);
    dealer_close(dealer);
}

/* All in one batch: the repeat, the contradiction, and what comes after it. */
static void test_ingest_tells_repeat_from_contradiction_within_a_batch(void **state)
{
    const char *source = "care/batch";
    struct dealer *dealer = introduced(state, "care", source);
    json_t *body;

    dealer_event(dealer, source, "b1", 1, "X1");
    dealer_event(dealer, source, "b1", 1, "X1");
    dealer_event(dealer, source, "b2", 2, "X1");
    dealer_event(dealer, source, "b2", 2, "X2");
    dealer_event(dealer, source, "b3", 3, "X1");
    body = dealer_await(dealer, "NAK", 10000);
    assert_non_null(body);
    assert_text(body, "id", "b2");
    json_decref(body);
    assert_true(harness_await(*state, "SELECT settled FROM told.cursor WHERE source = 'care/batch'", "3", 10000));
    assert_int_equal(count(state, "SELECT count(*) FROM told.event WHERE source = '%s'", source), 3);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event JOIN told.event_state s USING (event_id) "
                                  "WHERE source = '%s' AND id = 'b3' AND s.state = 'held'", source), 1);
    dealer_close(dealer);
}

static void test_ingest_takes_foreign_messages_of_the_feeds_adapter_only(void **state)
{
    const char *source = "register/southwark/one";
    struct dealer *dealer = introduced(state, "register", source);

    dealer_say(dealer, "EVENT",
               "{\"specversion\":\"1.0\",\"id\":\"w1\",\"source\":\"register/southwark/one\",\"type\":\"foreign.hmcts-court-register\","
               "\"time\":\"2024-06-03T10:00:00Z\",\"datacontenttype\":\"application/json\",\"data\":{\"any\":[1,2]}}");
    assert_acked_id(dealer, "w1");
    dealer_say(dealer, "EVENT",
               "{\"specversion\":\"1.0\",\"id\":\"w2\",\"source\":\"register/southwark/one\",\"type\":\"foreign.spi-xml\","
               "\"time\":\"2024-06-03T10:00:00Z\",\"datacontenttype\":\"text/xml\",\"data_base64\":\"PGE+\"}");
    assert_nak(dealer, "w2", "type");
    dealer_close(dealer);
}

static void test_ingest_publishes_files_with_toldctl(void **state)
{
    struct harness *h = *state;
    char *good = dealer_event_text("custody/file", "f1", 1, "X1"), *other = dealer_event_text("custody/file", "f2", 2, "X1");
    char *foreign = dealer_event_text("court/file", "f3", 3, "X1");
    char *input = mem_printf("%s\n%s\n", good, other), *bad = mem_printf("%s\nnot JSON\n%s\n", good, foreign);
    const char *const argv[] = {"publish", "--feed", "custody", "-", NULL};
    struct buf out = {0}, err = {0};

    assert_int_equal(harness_toldctl_input(h, NULL, argv, input, &out, &err), 0);
    assert_non_null(strstr(buf_string(&out), "acknowledged 2, refused 0"));
    assert_int_equal(harness_toldctl_input(h, NULL, argv, input, NULL, NULL), 0);
    assert_int_equal(count(state, "SELECT count(*) FROM told.event WHERE source = '%s'", "custody/file"), 2);
    buf_reset(&out);
    buf_reset(&err);
    assert_int_equal(harness_toldctl_input(h, NULL, argv, bad, &out, &err), 65);
    assert_non_null(strstr(buf_string(&out), "acknowledged 1, refused 2"));
    assert_non_null(strstr(buf_string(&err), "not granted"));
    buf_release(&out);
    buf_release(&err);
    free(bad);
    free(input);
    free(foreign);
    free(other);
    free(good);
}

/* A whole file, wrapped: JSON as it stands, anything else (and JSON that would be nested too deeply) as base64; the same
 * file again is the same event. */
static void test_ingest_publishes_foreign_files_with_toldctl(void **state)
{
    struct harness *h = *state;
    char *json = harness_path(h, "foreign.json"), *xml = harness_path(h, "foreign.xml"), *body;
    char *deep = harness_path(h, "deep.json");
    const char *const argv[] = {"publish", "--feed", "register", json, xml, deep, NULL};

    harness_write(h, "foreign.json", "{ \"made\" : [1.10, \"up\"]\n}\n");
    harness_write(h, "foreign.xml", "<a/>");
    harness_write(h, "deep.json", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
    assert_int_equal(harness_toldctl(h, NULL, argv, NULL, NULL), 0);
    assert_int_equal(harness_toldctl(h, NULL, argv, NULL, NULL), 0);
    assert_int_equal(harness_count(h, "SELECT count(*) FROM told.event WHERE source = 'register/southwark' "
                                      "AND type = 'foreign.hmcts-court-register'"), 3);
    body = harness_value(h, "SELECT convert_from(body, 'UTF8') FROM told.event WHERE source = 'register/southwark' "
                            "AND id = encode(sha256(convert_to(E'{ \"made\" : [1.10, \"up\"]\\n}\\n', 'UTF8')), 'hex')");
    assert_non_null(strstr(body, "\"data\":{ \"made\" : [1.10, \"up\"]"));
    free(body);
    body = harness_value(h, "SELECT convert_from(body, 'UTF8') FROM told.event WHERE source = 'register/southwark' "
                            "AND id = encode(sha256('<a/>'), 'hex')");
    assert_non_null(strstr(body, "\"data_base64\":\"PGEvPg==\""));
    free(body);
    free(deep);
    free(xml);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ingest_acknowledges_what_is_stored),
        cmocka_unit_test(test_ingest_resumes_from_the_cursor),
        cmocka_unit_test(test_ingest_acknowledges_a_repeat_without_storing_it_twice),
        cmocka_unit_test(test_ingest_acknowledges_by_id_without_a_sequence),
        cmocka_unit_test(test_ingest_acknowledges_by_id_behind_a_gap_until_it_fills),
        cmocka_unit_test(test_ingest_starts_a_new_epoch_where_it_says),
        cmocka_unit_test(test_ingest_forgets_what_was_behind_a_gap_when_the_log_is_rebuilt),
        cmocka_unit_test(test_ingest_remembers_a_known_event_behind_a_gap),
        cmocka_unit_test(test_ingest_alarms_when_the_publisher_has_lost_some),
        cmocka_unit_test(test_ingest_asks_for_hello_first),
        cmocka_unit_test(test_ingest_answers_ping_before_hello),
        cmocka_unit_test(test_ingest_quarantines_what_it_cannot_understand),
        cmocka_unit_test(test_ingest_moves_the_cursor_past_a_refused_event),
        cmocka_unit_test(test_ingest_quarantines_a_source_that_only_looks_granted),
        cmocka_unit_test(test_ingest_freezes_a_feed_that_contradicts_itself),
        cmocka_unit_test(test_ingest_tells_repeat_from_contradiction_within_a_batch),
        cmocka_unit_test(test_ingest_takes_foreign_messages_of_the_feeds_adapter_only),
        cmocka_unit_test(test_ingest_publishes_files_with_toldctl),
        cmocka_unit_test(test_ingest_publishes_foreign_files_with_toldctl),
    };

    return cmocka_run_group_tests(tests, setup, harness_teardown);
}
