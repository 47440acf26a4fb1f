/* SPDX-License-Identifier: Apache-2.0 */
/* Whose key opens what: nobody's, a stranger's, another feed's, one that was taken back, and one that may not say this;
 * and two keys of one feed while its publisher changes over. told runs all of its stages: none of these may make a duty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crowd.h"
#include "dealer.h"
#include "told/mem.h"

struct box {
    struct harness *h;
    pid_t told;
};

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.broadcast = true});
    crowd_import(box.h);
    box.told = harness_told(box.h, NULL, NULL);
    *state = &box;
    return 0;
}

static int teardown(void **state)
{
    struct box *box = *state;

    harness_stop(box->h);
    return 0;
}

/* A charge of a child that told knows: were it let in, it would open duties. */
static void say_charge(struct dealer *dealer, const char *source, const char *id, const char *type)
{
    char *text = mem_printf("{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"2026-01-05T10:00:00Z\","
                            "\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-2001\"},\"born_on\":\"2009-01-10\"},"
                            "\"charged_on\":\"2026-01-05\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft\"}],"
                            "\"authority\":\"southwark\",\"bail_objected\":false,\"exploitation_indicator\":false,"
                            "\"drug_supply\":false}}", id, source, type);

    dealer_hello(dealer, source, 1, 1);
    dealer_say(dealer, "EVENT", text);
    dealer_say(dealer, "PING", "{}");
    free(text);
}

static void assert_stored(struct box *box, long events, long quarantined)
{
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event"), events);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.quarantine"), quarantined);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.duty WHERE kind = 'duty'"), 0);
}

static void assert_shut_out(struct box *box, struct dealer *dealer)
{
    say_charge(dealer, "police/matrix", "shut-out", "police.charge");
    assert_true(dealer_hears_nothing(dealer, 700));
    assert_stored(box, 0, 0);
    dealer_close(dealer);
}

static void assert_refused(struct dealer *dealer, const char *part)
{
    json_t *nak = dealer_await(dealer, "NAK", 10000);

    assert_non_null(nak);
    assert_non_null(strstr(json_string_value(json_object_get(nak, "reason")), part));
    json_decref(nak);
}

/* The number behind the last "refused=" of the log. */
static long counted(struct box *box)
{
    char *log = harness_log(box->h), *at = log, *last = NULL;
    long n;

    while ((at = strstr(at, "refused=")) != NULL) {
        if (at[8] >= '0' && at[8] <= '9')
            last = at;
        at++;
    }
    n = last != NULL ? strtol(last + 8, NULL, 10) : 0;
    free(log);
    return n;
}

static void write_feed(struct box *box, const char *feed, const char *text)
{
    char *name = mem_printf("feeds/%s.conf", feed);

    harness_write(box->h, name, text);
    assert_true(harness_reload(box->h, box->told));
    free(name);
}

static char *new_key(struct box *box, const char *name)
{
    const char *const argv[] = {"keys", "new", name, "--dir", harness_directory(box->h), NULL};
    struct buf out = {0};

    assert_int_equal(harness_toldctl(box->h, NULL, argv, &out, NULL), 0);
    out.bytes[strcspn(out.bytes, "\n")] = '\0';
    return buf_take(&out);
}

static void test_feed_keys_shut_out_whoever_has_none(void **state)
{
    struct box *box = *state;

    assert_shut_out(box, dealer_open_plain(box->h));
    assert_true(counted(box) > 0); /* even who never came as far as a key */
    assert_shut_out(box, dealer_open_stranger(box->h));
    /* The key of a publisher that told dials is none to come in with. */
    assert_shut_out(box, dealer_open(box->h, "broadcast"));
}

static void test_feed_keys_bite_when_they_are_revoked(void **state)
{
    struct box *box = *state;
    char *text = harness_read(box->h, "feeds/yos.conf"), *path = harness_path(box->h, "feeds/yos.conf");
    struct dealer *dealer = dealer_open(box->h, "yos");
    json_t *welcome;

    dealer_hello(dealer, "yos/matrix", 1, 1);
    welcome = dealer_hear(dealer, "WELCOME");
    assert_non_null(welcome);
    json_decref(welcome);
    assert_int_equal(unlink(path), 0);
    assert_true(harness_reload(box->h, box->told));
    assert_shut_out(box, dealer);
    assert_shut_out(box, dealer_open(box->h, "yos"));
    write_feed(box, "yos", text);
    free(path);
    free(text);
}

/* A mistaken grant must not lose an event: its bytes are all that is kept. */
static void test_feed_keys_quarantine_what_is_not_granted(void **state)
{
    struct box *box = *state;
    struct dealer *dealer = dealer_open(box->h, "court");
    char *body;

    say_charge(dealer, "police/matrix", "of-another-feed", "police.charge");
    assert_refused(dealer, "source: not granted");
    dealer_close(dealer);
    assert_stored(box, 0, 1);
    body = harness_value(box->h, "SELECT convert_from(body, 'UTF8') FROM told.quarantine WHERE feed = 'court' AND "
                                 "id = 'of-another-feed'");
    assert_non_null(strstr(body, "TH68010"));
    free(body);
    dealer = dealer_open(box->h, "police");
    say_charge(dealer, "police/matrix", "told", "told.instant");
    assert_refused(dealer, "");
    say_charge(dealer, "told", "as-told", "police.charge");
    assert_refused(dealer, "");
    dealer_close(dealer);
    assert_stored(box, 0, 3);
    assert_int_equal(harness_count(box->h, "SELECT sum(count) FROM told.alarm WHERE kind = 'quarantine'"), 3);
}

static void assert_let_in(struct box *box, const char *secret, const char *id)
{
    char *path = harness_path(box->h, secret);
    struct dealer *dealer = dealer_open_key(box->h, path);
    json_t *ack;

    dealer_hello(dealer, "care/rotation", 1, 1);
    dealer_event(dealer, "care/rotation", id, 0, "X1");
    ack = dealer_await(dealer, "ACK", 10000);
    assert_non_null(ack);
    json_decref(ack);
    dealer_close(dealer);
    free(path);
}

static bool is_let_in(struct box *box, const char *secret)
{
    char *path = harness_path(box->h, secret);
    struct dealer *dealer = dealer_open_key(box->h, path);
    bool is;

    dealer_say(dealer, "PING", "{}");
    is = !dealer_hears_nothing(dealer, 700);
    dealer_close(dealer);
    free(path);
    return is;
}

/* Old, both, new: no restart, and nobody who is connected is cut off. */
static void test_feed_keys_are_changed_over_a_window(void **state)
{
    struct box *box = *state;
    char *old = new_key(box, "care-old"), *next = new_key(box, "care-next");
    char *rest = mem_copy("sources = [ \"care/\" ]; types = [ \"*\" ]; };\n");
    char *only_old = mem_printf("feed-care = { key = \"%s\"; %s", old, rest);
    char *both = mem_printf("feed-care = { key = \"%s\"; next_key_file = \"care-next.pub\"; %s", old, rest);
    char *only_next = mem_printf("feed-care = { key_file = \"care-next.pub\"; %s", rest);
    const char *const list[] = {"keys", "list", NULL};
    struct buf out = {0};

    write_feed(box, "care", only_old);
    assert_let_in(box, "care-old.key", "r1");
    assert_false(is_let_in(box, "care-next.key"));
    write_feed(box, "care", both);
    assert_let_in(box, "care-old.key", "r2");
    assert_let_in(box, "care-next.key", "r3");
    assert_int_equal(harness_toldctl(box->h, NULL, list, &out, NULL), 0);
    assert_non_null(strstr(buf_string(&out), next));
    assert_non_null(strstr(buf_string(&out), old));
    write_feed(box, "care", only_next);
    assert_let_in(box, "care-next.key", "r4");
    assert_false(is_let_in(box, "care-old.key"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'care/rotation'"), 4);
    buf_release(&out);
    free(only_next);
    free(both);
    free(only_old);
    free(rest);
    free(next);
    free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feed_keys_shut_out_whoever_has_none),
        cmocka_unit_test(test_feed_keys_bite_when_they_are_revoked),
        cmocka_unit_test(test_feed_keys_quarantine_what_is_not_granted),
        cmocka_unit_test(test_feed_keys_are_changed_over_a_window),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
