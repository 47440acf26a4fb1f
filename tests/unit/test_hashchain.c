/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "told/hashchain.h"

static void test_hashchain_hex_is_sha256(void **state)
{
    char hex[65];

    (void)state;
    /* The examples of FIPS 180-2. */
    hashchain_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hashchain_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_hashchain_link_is_the_hash_of_link_and_row_hash(void **state)
{
    /* sha256(32 zero bytes + sha256("abc")), worked out with coreutils' sha256sum. */
    static const uint8_t expected[HASHCHAIN_SIZE] = {
        0x58, 0x9f, 0x9f, 0xfe, 0xd4, 0xc4, 0x77, 0x96, 0x6b, 0xfb, 0x8d, 0x41, 0xf3, 0x78, 0x95, 0xb0,
        0x8c, 0x69, 0x04, 0x7d, 0xf8, 0xf9, 0x11, 0xd6, 0xf3, 0xb5, 0x7f, 0xbe, 0x08, 0xfa, 0xee, 0x8d};
    uint8_t link[HASHCHAIN_SIZE] = {0};

    (void)state;
    hashchain_link(link, "abc", 3, link); /* in place */
    assert_memory_equal(link, expected, sizeof link);
}

static void chain(const char *const rows[], size_t count, uint8_t ret[HASHCHAIN_SIZE])
{
    memset(ret, 0, HASHCHAIN_SIZE);
    for (size_t i = 0; i < count; i++)
        hashchain_link(ret, rows[i], strlen(rows[i]), ret);
}

static void test_hashchain_end_shows_every_change(void **state)
{
    static const char *const rows[] = {"one", "two", "three"};
    static const char *const altered[] = {"one", "twO", "three"};
    static const char *const swapped[] = {"two", "one", "three"};
    static const char *const merged[] = {"onetwo", "three"};
    uint8_t end[HASHCHAIN_SIZE], other[HASHCHAIN_SIZE];

    (void)state;
    chain(rows, 3, end);
    chain(rows, 3, other);
    assert_memory_equal(end, other, sizeof end);
    chain(altered, 3, other);
    assert_memory_not_equal(end, other, sizeof end);
    chain(swapped, 3, other);
    assert_memory_not_equal(end, other, sizeof end);
    chain(merged, 2, other);
    assert_memory_not_equal(end, other, sizeof end);
    chain(rows, 2, other);
    assert_memory_not_equal(end, other, sizeof end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashchain_hex_is_sha256),
        cmocka_unit_test(test_hashchain_link_is_the_hash_of_link_and_row_hash),
        cmocka_unit_test(test_hashchain_end_shows_every_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
