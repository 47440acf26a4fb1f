/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/spool_record.h"

static void put(struct buf *out, const char *feed, const char *topic, const char *body, int64_t at_us)
{
    spool_record_print(out, &(struct spool_record){.received_at = {at_us}, .feed = feed, .feed_len = strlen(feed),
                                                   .topic = topic, .topic_len = strlen(topic), .body = body,
                                                   .len = strlen(body)});
}

static bool is(const char *bytes, size_t len, const char *want)
{
    return len == strlen(want) && memcmp(bytes, want, len) == 0;
}

/* RFC 3720, appendix B.4. */
static void test_spool_record_sums_as_the_rfc_does(void **state)
{
    unsigned char bytes[32] = {0};

    (void)state;
    assert_int_equal(spool_record_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(spool_record_crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(spool_record_crc32c(bytes, 32), 0x46dd794e);
    assert_int_equal(spool_record_crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(spool_record_crc32c("", 0), 0);
}

static void test_spool_record_comes_back_as_it_was(void **state)
{
    struct buf file = {0};
    struct spool_record record;
    size_t size = 0, at = 0;

    (void)state;
    put(&file, "court", "court.appearance", "{\"a\":1}", 1234567890123456);
    put(&file, "", "", "", 0);
    assert_int_equal(spool_record_parse(file.bytes, file.len, &record, &size), SPOOL_RECORD);
    assert_true(is(record.feed, record.feed_len, "court"));
    assert_true(is(record.topic, record.topic_len, "court.appearance"));
    assert_true(is(record.body, record.len, "{\"a\":1}"));
    assert_int_equal(record.received_at.us, 1234567890123456);
    at = size;
    assert_int_equal(spool_record_parse(file.bytes + at, file.len - at, &record, &size), SPOOL_RECORD);
    assert_int_equal(record.len, 0);
    at += size;
    assert_int_equal(spool_record_parse(file.bytes + at, file.len - at, &record, &size), SPOOL_END);
    buf_release(&file);
}

/* Three records; the file is changed, and what can be read of it is told in one word a step: r, d, t. */
static void test_spool_record_cuts_a_torn_tail_and_nothing_else(void **state)
{
    enum { NONE = -1 };
    static const struct {
        int keep;     /* how many bytes of the file; NONE: all */
        int flip;     /* which byte is changed; NONE: none */
        int add;      /* bytes of `with` behind it */
        char with;
        const char *want;
    } CASES[] = {
        {NONE, NONE, 0, 0, "rrr"},
        {0, NONE, 0, 0, ""},
        {1, NONE, 0, 0, "t"},       /* not even a length */
        {8, NONE, 0, 0, "t"},       /* a head and no bytes */
        {30, NONE, 0, 0, "t"},      /* half of the first */
        {36, NONE, 0, 0, "r"},      /* exactly one: each is 36 bytes long */
        {37, NONE, 0, 0, "rt"},
        {71, NONE, 0, 0, "rt"},     /* all but the last byte of the second */
        {107, NONE, 0, 0, "rrt"},
        {NONE, 35, 0, 0, "drr"},    /* a byte of the first body: the others are whole */
        {NONE, 0, 0, 0, "drr"},     /* its length */
        {NONE, 3, 0, 0, "drr"},     /* … beyond any */
        {NONE, 4, 0, 0, "drr"},     /* its sum */
        {NONE, 40, 0, 0, "rdr"},
        {NONE, 100, 0, 0, "rrt"},   /* of the last one: nothing follows that could be lost */
        {NONE, NONE, 1, 0, "rrrt"},
        {NONE, NONE, 5000, 0, "rrrt"},      /* a file system that had only grown the file */
        {NONE, NONE, 5000, 'x', "rrrt"},
        {NONE, NONE, 5000, -1, "rrrt"},
        {72, NONE, 4000, 0, "rrt"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct buf file = {0};
        struct spool_record record;
        char got[16] = "";
        size_t at = 0, size = 0;

        for (int k = 0; k < 3; k++)
            put(&file, "court", "topic", "abcdef", k + 1);
        assert_int_equal(file.len, 108);
        if (CASES[i].keep != NONE)
            file.len = (size_t)CASES[i].keep;
        if (CASES[i].flip != NONE)
            file.bytes[CASES[i].flip] ^= 0x41;
        for (int k = 0; k < CASES[i].add; k++)
            buf_append(&file, &CASES[i].with, 1);
        for (size_t n = 0; n < 8; n++) {
            enum spool_verdict verdict = spool_record_parse(file.bytes + at, file.len - at, &record, &size);

            if (verdict == SPOOL_END)
                break;
            got[n] = verdict == SPOOL_RECORD ? 'r' : verdict == SPOOL_DAMAGED ? 'd' : 't';
            at += size;
        }
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("case %zu: %s instead of %s", i, got, CASES[i].want);
        assert_int_equal(at, file.len);
        buf_release(&file);
    }
}

static void test_spool_record_takes_the_largest_body(void **state)
{
    struct buf file = {0};
    struct spool_record record;
    size_t len = SPOOL_BODY_MOST, size = 0;
    char *body = calloc(1, len);

    (void)state;
    assert_non_null(body);
    spool_record_print(&file, &(struct spool_record){.feed = "f", .feed_len = 1, .topic = "t", .topic_len = 1, .body = body,
                                                     .len = len});
    assert_int_equal(spool_record_parse(file.bytes, file.len, &record, &size), SPOOL_RECORD);
    assert_int_equal(record.len, len);
    assert_int_equal(size, file.len);
    free(body);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spool_record_sums_as_the_rfc_does),
        cmocka_unit_test(test_spool_record_comes_back_as_it_was),
        cmocka_unit_test(test_spool_record_cuts_a_torn_tail_and_nothing_else),
        cmocka_unit_test(test_spool_record_takes_the_largest_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
