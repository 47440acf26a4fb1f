/* SPDX-License-Identifier: Apache-2.0 */
/* Ingest against peers that do harm, keys that are not or no longer known, and a database that stops or falls silent. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cluster.h"
#include "dealer.h"
#include "told/mem.h"
#include "told/wire.h"

struct box {
    struct harness *h;
    pid_t told;
};

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.deadline_ms = 4000});
    box.told = harness_told(box.h, "ingest", NULL);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    harness_stop(box->h);
    return 0;
}

static void assert_heard(struct dealer *dealer, const char *verb)
{
    json_t *body = dealer_hear(dealer, verb);

    assert_non_null(body);
    json_decref(body);
}

static void assert_awaited(struct dealer *dealer, const char *verb, int timeout_ms)
{
    json_t *body = dealer_await(dealer, verb, timeout_ms);

    assert_non_null(body);
    json_decref(body);
}

static struct dealer *introduced(struct box *box, const char *feed, const char *source)
{
    struct dealer *dealer = dealer_open(box->h, feed);

    dealer_hello(dealer, source, 1, 1);
    assert_heard(dealer, "WELCOME");
    return dealer;
}

static bool log_has(struct box *box, const char *text)
{
    char *log = harness_log(box->h);
    bool has = strstr(log, text) != NULL;

    free(log);
    return has;
}

static void test_ingest_proves_at_start_that_strangers_are_refused(void **state)
{
    assert_true(log_has(*state, "strangers=refused"));
}

static void test_ingest_lets_no_unknown_key_in(void **state)
{
    struct box *box = *state;
    struct dealer *stranger = dealer_open_stranger(box->h);

    dealer_say(stranger, "PING", "{}");
    assert_true(dealer_hears_nothing(stranger, 1000));
    dealer_close(stranger);
}

/* Its first 64 KiB are kept, and from then on nothing it says is listened to, until it comes anew. */
static void test_ingest_drops_a_peer_of_too_many_frames(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = introduced(box, "custody", "custody/frames");
    char frame[1001];

    memset(frame, 'x', 1000);
    frame[1000] = '\0';
    dealer_say_frames(dealer, 500, frame);
    assert_heard(dealer, "NAK");
    assert_int_equal(harness_count(box->h, "SELECT length(body) FROM told.quarantine WHERE feed = 'custody'"),
                     WIRE_QUARANTINE_MOST);
    dealer_say(dealer, "PING", "{}");
    dealer_hello(dealer, "custody/frames", 1, 1);
    assert_true(dealer_hears_nothing(dealer, 1000));
    dealer_close(dealer);
    dealer_close(introduced(box, "custody", "custody/frames"));
}

static void test_ingest_drops_a_peer_of_one_frame_or_no_verb(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = introduced(box, "custody", "custody/verb");

    dealer_say_frames(dealer, 1, "EVENT");
    assert_heard(dealer, "NAK");
    dealer_say(dealer, "PING", "{}");
    assert_true(dealer_hears_nothing(dealer, 500));
    dealer_close(dealer);
    dealer = introduced(box, "custody", "custody/verb");
    dealer_say(dealer, "WELCOME", "{}");
    assert_heard(dealer, "NAK");
    dealer_say(dealer, "PING", "{}");
    assert_true(dealer_hears_nothing(dealer, 500));
    dealer_close(dealer);
}

static void test_ingest_quarantines_a_body_of_two_megabytes(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = introduced(box, "court", "court/big");
    size_t len = 2 * 1024 * 1024;
    char *title = mem_new(len + 1), *text;

    memset(title, 'x', len);
    text = dealer_event_text("court/big", "big", 1, title);
    dealer_say(dealer, "EVENT", text);
    assert_heard(dealer, "NAK");
    assert_true(harness_count(box->h, "SELECT length(body) FROM told.quarantine WHERE source = 'court/big' AND id = 'big'") >
                (long)len);
    dealer_event(dealer, "court/big", "small", 2, "X1");
    assert_heard(dealer, "ACK"); /* of 2: the refused one is settled */
    assert_int_equal(harness_count(box->h, "SELECT settled FROM told.cursor WHERE source = 'court/big'"), 2);
    free(text);
    free(title);
    dealer_close(dealer);
}

static void test_ingest_drops_a_key_of_too_many_quarantined_bodies(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = introduced(box, "care", "care/flood"), *again;

    for (int i = 0; i < 101; i++) {
        char *body = mem_printf("no event %d", i);

        dealer_say(dealer, "EVENT", body);
        free(body);
    }
    for (int i = 0; i < 101; i++)
        assert_heard(dealer, "NAK");
    dealer_say(dealer, "PING", "{}");
    assert_true(dealer_hears_nothing(dealer, 500));
    assert_true(harness_await(box->h, "SELECT count(*) FROM told.alarm WHERE kind = 'flood' AND key = 'care'", "1", 20000));
    /* A new connection may go on, until it does it again; and that one is not even kept. */
    again = introduced(box, "care", "care/flood");
    dealer_event(again, "care/flood", "good", 1, "X1");
    assert_heard(again, "ACK");
    dealer_say(again, "EVENT", "no event again");
    dealer_say(again, "PING", "{}");
    assert_true(dealer_hears_nothing(again, 500));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.quarantine WHERE feed = 'care'"), 101);
    dealer_close(again);
    dealer_close(dealer);
}

/* A revoked key stops at the next message, not at the next handshake. */
static void test_ingest_stops_a_key_when_it_is_revoked(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = introduced(box, "yos", "yos/revoked"), *later;
    char *path = harness_path(box->h, "feeds/yos.conf"), *aside = harness_path(box->h, "yos.aside");

    dealer_event(dealer, "yos/revoked", "before", 1, "X1");
    assert_heard(dealer, "ACK");
    assert_int_equal(rename(path, aside), 0);
    assert_true(harness_reload(box->h, box->told));
    /* The reload is done; ingest looks at the current configuration in each of its turns. */
    dealer_event(dealer, "yos/revoked", "after", 2, "X1");
    assert_true(dealer_hears_nothing(dealer, 1000));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'yos/revoked'"), 1);
    later = dealer_open(box->h, "yos");
    dealer_say(later, "PING", "{}");
    assert_true(dealer_hears_nothing(later, 500));
    assert_int_equal(rename(aside, path), 0);
    assert_true(harness_reload(box->h, box->told));
    dealer_close(introduced(box, "yos", "yos/revoked"));
    dealer_close(later);
    dealer_close(dealer);
    free(path);
    free(aside);
}

/* Over a connection of its own: the harness's may have broken with the server. */
static long count_anew(struct box *box, const char *sql)
{
    char *conninfo = mem_printf("%s user=postgres", cluster_conninfo(harness_cluster(box->h)));
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *result = PQexec(conn, sql);
    long n;

    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    n = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(conn);
    free(conninfo);
    return n;
}

/* Publishers hear BUSY and PONG while it is away, WELCOME when it is back, and nothing acknowledged is missing. */
static void away_and_back(struct box *box, const char *source, void away(struct cluster *), void back(struct cluster *))
{
    struct dealer *dealer = introduced(box, "police", source);
    char *stored = mem_printf("SELECT count(*) FROM told.event WHERE source = '%s'", source);

    dealer_event(dealer, source, "w1", 1, "X1");
    assert_heard(dealer, "ACK");
    away(harness_cluster(box->h));
    dealer_event(dealer, source, "w2", 2, "X1");
    assert_awaited(dealer, "BUSY", 10000);
    dealer_say(dealer, "PING", "{}");
    assert_awaited(dealer, "PONG", 10000);
    back(harness_cluster(box->h));
    assert_awaited(dealer, "WELCOME", 15000);
    dealer_event(dealer, source, "w2", 2, "X1"); /* what was not acknowledged is said again */
    dealer_event(dealer, source, "w3", 3, "X1");
    for (bool done = false; !done;) {
        json_t *ack = dealer_await(dealer, "ACK", 10000);
        const char *sequence = json_string_value(json_object_get(ack, "sequence"));

        assert_non_null(ack);
        done = sequence != NULL && strcmp(sequence, "00000000000000000003") == 0;
        json_decref(ack);
    }
    assert_int_equal(count_anew(box, stored), 3);
    free(stored);
    dealer_close(dealer);
}

static void test_ingest_outlives_a_database_that_falls_silent(void **state)
{
    away_and_back(*state, "police/frozen", cluster_freeze, cluster_thaw);
}

static void test_ingest_outlives_a_database_that_stops(void **state)
{
    struct box *box = *state;

    away_and_back(box, "police/stopped", cluster_halt, cluster_resume);
}

static char *write_events(struct box *box, const char *name, const char *source, int count)
{
    struct buf lines = {0};

    for (int i = 1; i <= count; i++) {
        char *id = mem_printf("k%d", i), *text = dealer_event_text(source, id, (uint64_t)i, "X1");

        buf_printf(&lines, "%s\n", text);
        free(text);
        free(id);
    }
    harness_write(box->h, name, buf_string(&lines));
    buf_release(&lines);
    return harness_path(box->h, name);
}

/* The publisher goes on by itself over told's sudden end, and what it saw acknowledged is stored, once. */
static void test_ingest_loses_nothing_when_told_is_killed(void **state)
{
    enum { EVENTS = 8000 };
    struct box *box = *state;
    char *path = write_events(box, "killed.ndjson", "police/killed", EVENTS);
    char *output = harness_path(box->h, "killed.out");
    pid_t publish = harness_publish_start(box->h, "police", path, output);
    int status;

    for (int i = 0; i < 3; i++) {
        while (count_anew(box, "SELECT count(*) FROM told.event WHERE source = 'police/killed'") <= 500L * i)
            ;
        harness_signal(box->h, box->told, SIGKILL);
        box->told = harness_told(box->h, "ingest", NULL);
    }
    assert_int_equal(waitpid(publish, &status, 0), publish);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_anew(box, "SELECT count(*) FROM told.event WHERE source = 'police/killed'"), EVENTS);
    assert_int_equal(count_anew(box, "SELECT settled FROM told.cursor WHERE source = 'police/killed'"), EVENTS);
    assert_int_equal(count_anew(box, "SELECT count(*) FROM told.event_state s JOIN told.event USING (event_id) "
                                     "WHERE source = 'police/killed' AND state = 'waiting'"), EVENTS);
    free(output);
    free(path);
}

static int publish(struct box *box, const char *const argv[], const char *said)
{
    struct buf out = {0}, err = {0};
    int code = harness_toldctl(box->h, NULL, argv, &out, &err);

    if (strstr(buf_string(&out), said) == NULL && strstr(buf_string(&err), said) == NULL)
        fail_msg("expected \"%s\" in \"%s%s\"", said, buf_string(&out), buf_string(&err));
    buf_release(&out);
    buf_release(&err);
    return code;
}

static void test_ingest_publish_says_what_is_wrong(void **state)
{
    struct box *box = *state;
    char *path = write_events(box, "one.ndjson", "police/one", 1);
    char *key = harness_secret(box->h, "police"), *aside = harness_path(box->h, "police.aside");
    const char *const nobody[] = {"publish", "--feed", "police", "--connect", "tcp://127.0.0.1:1", "--timeout", "1", path, NULL};
    const char *const stranger[] = {"publish", "--feed", "police", path, NULL};
    const char *const unknown[] = {"publish", "--feed", "nobody", path, NULL};
    const char *const keys[] = {"keys", "new", "other", NULL};

    assert_int_equal(publish(box, unknown, "no feed nobody"), 78);
    assert_int_equal(publish(box, nobody, "could not be reached"), 69);
    assert_int_equal(publish(box, keys, "other.key"), 0);
    assert_int_equal(rename(key, aside), 0);
    free(key);
    key = harness_secret(box->h, "police");
    {
        char *other = harness_path(box->h, "other.key");

        assert_int_equal(rename(other, key), 0);
        free(other);
    }
    assert_int_equal(publish(box, stranger, "does not know the key"), 69);
    assert_int_equal(rename(aside, key), 0);
    assert_int_equal(publish(box, stranger, "acknowledged 1, refused 0"), 0);
    free(aside);
    free(key);
    free(path);
}

static void test_ingest_finishes_and_says_goodbye(void **state)
{
    struct box *box = *state;
    int status = harness_signal(box->h, box->told, SIGTERM);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ingest_proves_at_start_that_strangers_are_refused),
        cmocka_unit_test(test_ingest_lets_no_unknown_key_in),
        cmocka_unit_test(test_ingest_drops_a_peer_of_too_many_frames),
        cmocka_unit_test(test_ingest_drops_a_peer_of_one_frame_or_no_verb),
        cmocka_unit_test(test_ingest_quarantines_a_body_of_two_megabytes),
        cmocka_unit_test(test_ingest_drops_a_key_of_too_many_quarantined_bodies),
        cmocka_unit_test(test_ingest_stops_a_key_when_it_is_revoked),
        cmocka_unit_test(test_ingest_outlives_a_database_that_falls_silent),
        cmocka_unit_test(test_ingest_outlives_a_database_that_stops),
        cmocka_unit_test(test_ingest_loses_nothing_when_told_is_killed),
        cmocka_unit_test(test_ingest_publish_says_what_is_wrong),
        cmocka_unit_test(test_ingest_finishes_and_says_goodbye),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
