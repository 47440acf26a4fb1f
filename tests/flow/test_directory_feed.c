/* SPDX-License-Identifier: Apache-2.0 */
/* Drop directories: files are renamed in, and found again in done/ when what is in them is committed, in failed/ with the
 * reason when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cluster.h"
#include "dealer.h"
#include "told/mem.h"

struct box {
    struct harness *h;
    pid_t told;
};

static int setup(void **state)
{
    static struct box box;

    box.h = harness_start(&(struct harness_options){.drop = true});
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

/* Written beside the directory, then renamed into it. */
static void drop(struct box *box, const char *directory, const char *name, const char *text, mode_t mode)
{
    char *aside = harness_path(box->h, "aside"), *below = mem_printf("%s/%s", directory, name);
    char *path = harness_path(box->h, below);

    harness_write(box->h, "aside", text);
    assert_int_equal(chmod(aside, mode), 0);
    assert_int_equal(rename(aside, path), 0);
    free(aside);
    free(below);
    free(path);
}

static bool await_file(struct box *box, const char *name)
{
    char *path = harness_path(box->h, name);
    bool is_there = false;

    for (int i = 0; i < 500 && !is_there; i++) {
        is_there = access(path, F_OK) == 0;
        if (!is_there)
            (void)poll(NULL, 0, 20);
    }
    free(path);
    return is_there;
}

static void assert_reason(struct box *box, const char *name, const char *part)
{
    char *text;

    assert_true(await_file(box, name));
    for (int i = 0; i < 100; i++) { /* the file is there a moment before what stands in it */
        text = harness_read(box->h, name);
        if (*text != '\0')
            break;
        free(text);
        text = NULL;
        (void)poll(NULL, 0, 20);
    }
    if (text == NULL || strstr(text, part) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", name, part, text != NULL ? text : "");
    free(text);
}

static void test_directory_stores_lines_and_moves_the_file(void **state)
{
    struct box *box = *state;
    char *one = dealer_event_text("drop/lines", "l1", 1, "X1"), *two = dealer_event_text("drop/lines", "l2", 2, "X1");
    char *text = mem_printf("%s\n\n%s\r\n", one, two);

    drop(box, "drop", "lines.ndjson", text, 0640);
    assert_true(await_file(box, "drop/done/lines.ndjson"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE feed = 'drop' AND source = 'drop/lines'"), 2);
    /* The same name again, and what is in it is known: it goes beside the first. */
    drop(box, "drop", "lines.ndjson", text, 0640);
    assert_true(await_file(box, "drop/done/lines.ndjson.1"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/lines'"), 2);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.feed_state WHERE frozen_at IS NOT NULL"), 0);
    free(text);
    free(two);
    free(one);
}

static void test_directory_takes_one_event_however_it_is_laid_out(void **state)
{
    struct box *box = *state;

    drop(box, "drop", "pretty.json",
         "{\n  \"specversion\": \"1.0\",\n  \"id\": \"p1\",\n  \"source\": \"drop/pretty\",\n  \"type\": \"police.charge\",\n"
         "  \"time\": \"2024-06-03T10:00:00Z\",\n  \"data\": { \"person\": {} }\n}\n", 0600);
    assert_true(await_file(box, "drop/done/pretty.json"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/pretty'"), 1);
}

static void test_directory_passes_over_a_byte_order_mark(void **state)
{
    struct box *box = *state;
    char *one = dealer_event_text("drop/marked", "w1", 0, "X1"), *two = dealer_event_text("drop/marked", "w2", 0, "X1");
    char *three = dealer_event_text("drop/marked", "w3", 0, "X1");
    char *lines = mem_printf("\xef\xbb\xbf%s\r\n%s\r\n", one, two), *single = mem_printf("\xef\xbb\xbf%s", three);

    drop(box, "drop", "marked", lines, 0600);
    drop(box, "drop", "marked-one", single, 0600);
    assert_true(await_file(box, "drop/done/marked"));
    assert_true(await_file(box, "drop/done/marked-one"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/marked'"), 3);
    free(single);
    free(lines);
    free(three);
    free(two);
    free(one);
}

static void test_directory_says_what_was_wrong_and_keeps_what_was_right(void **state)
{
    struct box *box = *state;
    char *good = dealer_event_text("drop/mixed", "m1", 0, "X1"), *other = dealer_event_text("police/mixed", "m2", 0, "X1");
    char *lie = dealer_event_text("drop/mixed", "m1", 0, "X2"), *text = mem_printf("%s\nno event\n%s\n", good, other);

    drop(box, "drop", "mixed", text, 0600);
    assert_reason(box, "drop/failed/mixed.reason", "event 2: ");
    assert_reason(box, "drop/failed/mixed.reason", "event 3: source: not granted");
    assert_true(await_file(box, "drop/failed/mixed"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/mixed'"), 1);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.quarantine WHERE feed = 'drop'"), 2);
    assert_true(harness_await(box->h, "SELECT count(*) > 0 FROM told.alarm WHERE kind = 'drop' AND key = 'drop'", "t", 20000));
    drop(box, "drop", "lie", lie, 0600);
    assert_reason(box, "drop/failed/lie.reason", "equivocation");
    free(text);
    free(lie);
    free(other);
    free(good);
}

static void test_directory_believes_owner_and_mode(void **state)
{
    struct box *box = *state;
    char *text = dealer_event_text("drop/mode", "b1", 0, "X1");
    char *link = harness_path(box->h, "drop/link"), *pipe = harness_path(box->h, "drop/pipe");
    char *other = harness_path(box->h, "other");

    drop(box, "drop", "shared", text, 0620);
    assert_reason(box, "drop/failed/shared.reason", "mode: ");
    assert_int_equal(symlink(harness_config(box->h), link), 0);
    assert_reason(box, "drop/failed/link.reason", "link");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_reason(box, "drop/failed/pipe.reason", "no regular file");
    drop(box, "drop", "empty", "\n", 0600);
    assert_reason(box, "drop/failed/empty.reason", "empty");
    drop(box, "drop", ".hidden", text, 0600); /* still being written */
    harness_write(box->h, "other", text);
    if (geteuid() == 0) {
        char *there = harness_path(box->h, "drop/other");

        assert_int_equal(chown(other, 1, 1), 0);
        assert_int_equal(rename(other, there), 0);
        assert_reason(box, "drop/failed/other.reason", "owner: ");
        free(there);
    }
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/mode'"), 0);
    assert_true(await_file(box, "drop/.hidden"));
    free(other);
    free(pipe);
    free(link);
    free(text);
}

/* Its id is the SHA-256 of its bytes: the same message in another file, at another time, is no other event. */
static void test_directory_takes_bare_foreign_files(void **state)
{
    struct box *box = *state;
    struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    char *path = harness_path(box->h, "drop-register/.late"), *there = harness_path(box->h, "drop-register/late.xml");

    drop(box, "drop-register", "one.xml", "<made up=\"yes\"/>", 0600);
    assert_true(await_file(box, "drop-register/done/one.xml"));
    drop(box, "drop-register", ".late", "<made up=\"yes\"/>", 0600);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(rename(path, there), 0);
    assert_true(await_file(box, "drop-register/done/late.xml"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop-register/one' "
                                           "AND type = 'foreign.hmcts-court-register' "
                                           "AND id = encode(sha256('<made up=\"yes\"/>'), 'hex')"), 1);
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE feed = 'drop-register'"), 1);
    free(there);
    free(path);
}

/* Nothing is moved before it is committed, whatever happens on the way. */
static void test_directory_waits_for_the_database_and_survives_a_kill(void **state)
{
    enum { EVENTS = 4000 };
    struct box *box = *state;
    struct buf lines = {0};

    for (int i = 1; i <= EVENTS; i++) {
        char *id = mem_printf("k%d", i), *text = dealer_event_text("drop/killed", id, 0, "X1");

        buf_printf(&lines, "%s\n", text);
        free(text);
        free(id);
    }
    cluster_halt(harness_cluster(box->h));
    drop(box, "drop", "killed", buf_string(&lines), 0600);
    cluster_resume(harness_cluster(box->h));
    assert_true(harness_await(box->h, "SELECT count(*) > 0 FROM told.event WHERE source = 'drop/killed'", "t", 20000));
    harness_signal(box->h, box->told, SIGKILL);
    box->told = harness_told(box->h, "ingest", NULL);
    assert_true(await_file(box, "drop/done/killed"));
    assert_int_equal(harness_count(box->h, "SELECT count(*) FROM told.event WHERE source = 'drop/killed'"), EVENTS);
    buf_release(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_stores_lines_and_moves_the_file),
        cmocka_unit_test(test_directory_takes_one_event_however_it_is_laid_out),
        cmocka_unit_test(test_directory_passes_over_a_byte_order_mark),
        cmocka_unit_test(test_directory_believes_owner_and_mode),
        cmocka_unit_test(test_directory_takes_bare_foreign_files),
        cmocka_unit_test(test_directory_waits_for_the_database_and_survives_a_kill),
        cmocka_unit_test(test_directory_says_what_was_wrong_and_keeps_what_was_right),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
