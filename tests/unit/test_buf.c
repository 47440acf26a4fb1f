/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/mem.h"

static void test_buf_is_empty_and_printable_when_zeroed(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_string_equal(buf_string(&b), "");
    buf_reset(&b);
    buf_release(&b);
    buf_release(NULL);
    assert_null(b.bytes);
}

static void test_buf_appends_every_kind(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_text(&b, "a");
    buf_char(&b, '-');
    buf_printf(&b, "%d/%s", 7, "x");
    buf_append(&b, "zzz", 2);
    buf_append(&b, NULL, 0);
    assert_string_equal(buf_string(&b), "a-7/xzz");
    assert_int_equal(b.len, 7);
    buf_reset(&b);
    assert_string_equal(buf_string(&b), "");
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void test_buf_grows_and_ends_in_nul_at_every_length(void **state)
{
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        buf_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.bytes[b.len], '\0');
        assert_true(b.len < b.room);
    }
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.bytes[i], (char)('a' + i % 26));
    buf_printf(&b, "%4000s", "right");
    assert_int_equal(b.len, 9000);
    assert_string_equal(b.bytes + 8995, "right");
    buf_release(&b);
}

static void test_buf_keeps_nul_bytes(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_append(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.bytes, "a\0b", 4);
    buf_release(&b);
}

static void test_buf_take_hands_over_and_empties(void **state)
{
    struct buf b = {0};
    char *taken = buf_take(&b);

    (void)state;
    assert_string_equal(taken, "");
    free(taken);
    buf_text(&b, "mine");
    taken = buf_take(&b);
    assert_string_equal(taken, "mine");
    assert_int_equal(b.len, 0);
    assert_null(b.bytes);
    free(taken);
}

static void test_mem_copies_and_prints(void **state)
{
    char *copy = mem_copy("text"), *part = mem_copy_n("text", 2), *none = mem_copy_n(NULL, 0);
    char *printed = mem_printf("%s-%03d", "x", 5);
    char *zeroed = mem_new(16);

    (void)state;
    assert_null(mem_copy(NULL));
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    assert_string_equal(none, "");
    assert_string_equal(printed, "x-005");
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(zeroed[i], 0);
    zeroed = mem_grow(zeroed, 0, 8); /* nothing is still a valid block */
    assert_non_null(zeroed);
    free(copy);
    free(part);
    free(none);
    free(printed);
    free(zeroed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_is_empty_and_printable_when_zeroed),
        cmocka_unit_test(test_buf_appends_every_kind),
        cmocka_unit_test(test_buf_grows_and_ends_in_nul_at_every_length),
        cmocka_unit_test(test_buf_keeps_nul_bytes),
        cmocka_unit_test(test_buf_take_hands_over_and_empties),
        cmocka_unit_test(test_mem_copies_and_prints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
