/* SPDX-License-Identifier: Apache-2.0 */
/* The spool on a real disk: what was synced is there after any end, in order, and nothing goes before it is committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "log.h"
#include "scratch.h"
#include "spool.h"
#include "told/mem.h"

enum { MIB = 1024 * 1024 };

struct place {
    char *root, *directory;
};

static int setup(void **state)
{
    static struct place place;

    place.root = scratch_new();
    assert_non_null(place.root);
    place.directory = mem_printf("%s/spool", place.root);
    *state = &place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    free(place->directory);
    scratch_free(place->root);
    return 0;
}

static struct spool *open_spool(struct place *place)
{
    char *reason = NULL;
    struct spool *spool = spool_open(place->directory, 64 * MIB, &reason);

    if (spool == NULL)
        fail_msg("%s", reason);
    return spool;
}

static bool put(struct spool *spool, int number, size_t len)
{
    char *body = mem_new(len + 32);
    bool done;

    memset(body, 'x', len);
    (void)snprintf(body, 32, "%d", number);
    done = spool_put(spool, &(struct spool_record){.received_at = {number}, .feed = "court", .feed_len = 5, .topic = "t",
                                                   .topic_len = 1, .body = body, .len = len});
    free(body);
    return done;
}

/* The numbers from first to last come next, and then nothing. */
static void assert_reads(struct spool *spool, int first, int last)
{
    struct spool_record record;

    for (int i = first; i <= last; i++) {
        assert_int_equal(spool_next(spool, &record), SPOOL_RECORD);
        assert_int_equal(record.received_at.us, i);
        assert_int_equal(atoi(record.body), i);
    }
    assert_int_equal(spool_next(spool, &record), SPOOL_END);
}

static void test_spool_gives_back_in_order_over_files_and_restarts(void **state)
{
    struct spool *spool = open_spool(*state);

    assert_true(spool_is_empty(spool));
    for (int i = 1; i <= 40; i++) {
        assert_true(put(spool, i, MIB));
        assert_true(spool_sync(spool));
    }
    spool_close(spool); /* as a kill would: nothing is forgotten */
    spool = open_spool(*state);
    assert_false(spool_is_empty(spool));
    assert_true(spool_bytes(spool) > 40 * MIB);
    for (int i = 41; i <= 45; i++)
        assert_true(put(spool, i, 100));
    assert_true(spool_sync(spool));
    assert_reads(spool, 1, 45);
    spool_close(spool); /* read, not committed */
    spool = open_spool(*state);
    assert_reads(spool, 1, 45);
    spool_forget(spool);
    assert_true(spool_is_empty(spool));
    assert_int_equal(spool_bytes(spool), 0);
    assert_true(put(spool, 46, 100));
    assert_true(spool_sync(spool));
    assert_reads(spool, 46, 46);
    spool_forget(spool);
    spool_close(spool);
    spool = open_spool(*state);
    assert_true(spool_is_empty(spool));
    spool_close(spool);
}

static void test_spool_is_read_while_it_is_written(void **state)
{
    struct spool *spool = open_spool(*state);
    struct spool_record record;

    for (int i = 1; i <= 200; i++) {
        assert_true(put(spool, i, 200000));
        if (i % 2 == 0) {
            assert_true(spool_sync(spool));
            assert_reads(spool, i - 1, i);
        }
        if (i % 10 == 0)
            spool_forget(spool);
    }
    assert_true(spool_is_empty(spool));
    assert_true(put(spool, 201, 100));
    assert_int_equal(spool_next(spool, &record), SPOOL_END); /* not before it is durable */
    spool_close(spool);
}

static void test_spool_says_when_it_is_full(void **state)
{
    struct spool *spool = open_spool(*state);
    int count = 0;

    while (put(spool, count + 1, MIB))
        count++;
    assert_int_equal(count, 63);
    assert_true(spool_sync(spool));
    assert_true(spool_bytes(spool) <= spool_most(spool));
    assert_reads(spool, 1, count);
    spool_forget(spool);
    assert_true(put(spool, 1, MIB));
    spool_close(spool);
}

static void append(struct place *place, const char *name, const char *bytes, size_t len)
{
    char *path = mem_printf("%s/%s", place->directory, name);
    FILE *file = fopen(path, "ae");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    free(path);
}

static void test_spool_goes_on_behind_a_torn_tail(void **state)
{
    struct spool *spool = open_spool(*state);

    assert_true(put(spool, 1, 100) && put(spool, 2, 100) && spool_sync(spool));
    spool_close(spool);
    append(*state, "00000000000000000001.spool", "\x90\0\0\0half of a rec", 16);
    spool = open_spool(*state);
    assert_true(put(spool, 3, 100) && spool_sync(spool));
    assert_reads(spool, 1, 3);
    spool_forget(spool);
    assert_true(spool_is_empty(spool));
    assert_int_equal(spool_bytes(spool), 0);
    spool_close(spool);
}

static void test_spool_gives_damaged_bytes_and_what_is_behind_them(void **state)
{
    struct spool *spool = open_spool(*state);
    struct place *place = *state;
    char *path = mem_printf("%s/00000000000000000001.spool", place->directory);
    struct spool_record record;
    FILE *file;

    assert_true(put(spool, 1, 100) && put(spool, 2, 100) && spool_sync(spool));
    spool_close(spool);
    file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    assert_int_equal(fputc('#', file), '#');
    fclose(file);
    spool = open_spool(*state);
    assert_int_equal(spool_next(spool, &record), SPOOL_DAMAGED);
    assert_int_equal(record.len, 8 + 12 + 6 + 100);
    assert_reads(spool, 2, 2);
    spool_close(spool);
    free(path);
}

/* One that cannot be read must not hold back those behind it, nor be forgotten: here it is a directory. */
static void test_spool_sets_aside_what_cannot_be_read(void **state)
{
    struct place *place = *state;
    char *first = mem_printf("%s/00000000000000000001.spool", place->directory);
    char *second = mem_printf("%s/00000000000000000002.spool", place->directory);
    char *fourth = mem_printf("%s/00000000000000000004.spool", place->directory);
    char *aside = mem_printf("%s.unread", first);
    struct spool *spool = open_spool(place);
    struct spool_record record;
    struct stat about;

    assert_true(put(spool, 1, 100) && spool_sync(spool));
    spool_close(spool);
    assert_int_equal(rename(first, second), 0);
    assert_int_equal(mkdir(first, 0700), 0);
    assert_int_equal(mkdir(fourth, 0700), 0); /* the last; and of 3 there is nothing */
    spool = open_spool(place);
    assert_reads(spool, 1, 1);
    assert_int_equal(spool_set_aside(spool), 2);
    assert_int_equal(stat(aside, &about), 0);
    spool_forget(spool);
    assert_true(spool_is_empty(spool));
    assert_true(put(spool, 2, 100) && spool_sync(spool));
    assert_reads(spool, 2, 2);
    spool_forget(spool);
    assert_int_equal(spool_bytes(spool), 0);
    assert_int_equal(spool_next(spool, &record), SPOOL_END);
    spool_close(spool);
    assert_int_equal(stat(aside, &about), 0);
    spool = open_spool(place);
    assert_true(spool_is_empty(spool));
    spool_close(spool);
    free(first);
    free(second);
    free(fourth);
    free(aside);
}

static void test_spool_refuses_what_is_not_its_own(void **state)
{
    struct place *place = *state;
    struct spool *spool = open_spool(place);
    char *reason = NULL;

    assert_null(spool_open(place->directory, MIB, &reason)); /* two would write over each other */
    assert_non_null(strstr(reason, "another told"));
    free(reason);
    spool_close(spool);
    assert_int_equal(chmod(place->directory, 0750), 0);
    assert_null(spool_open(place->directory, MIB, &reason));
    assert_non_null(strstr(reason, "0700"));
    free(reason);
    assert_null(spool_open("/proc/self/status", MIB, &reason));
    free(reason);
    assert_null(spool_open("/nowhere/at/all", MIB, &reason));
    assert_non_null(strstr(reason, "/nowhere/at/all"));
    free(reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spool_gives_back_in_order_over_files_and_restarts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_is_read_while_it_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_says_when_it_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_goes_on_behind_a_torn_tail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_gives_damaged_bytes_and_what_is_behind_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_sets_aside_what_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_spool_refuses_what_is_not_its_own, setup, teardown),
    };

    log_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
