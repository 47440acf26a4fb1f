/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "told/address.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define LABEL_63 A60 "aaa"

static void test_address_takes_what_a_dot_atom_may_be(void **state)
{
    (void)state;
    static const char *const good[] = {
        "worker@southwark.example",
        "first.last+tag@mail.southwark.example",
        "!#$%&'*+-/=?^_`{|}~@southwark.example",
        "0@1a.example",
        "x@localhost",
        A60 "aaaa@southwark.example",
        "x@" LABEL_63 ".example",
        "x@a-b.xn--bcher-kva.example",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (address_validate(good[i]) != NULL)
            fail_msg("%s: %s", good[i], address_validate(good[i]));
}

static void test_address_refuses_every_other_byte_and_shape(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "worker",
        "@southwark.example",
        "worker@",
        "worker@southwark",
        "worker@localhost.",
        "worker@LOCALHOST",
        "worker@.example",
        "worker@southwark..example",
        "worker@southwark.example.",
        "worker@-southwark.example",
        "worker@southwark-.example",
        "worker@south_wark.example",
        "worker@192.0.2.1",
        "worker@[192.0.2.1]",
        "worker@a@southwark.example",
        ".worker@southwark.example",
        "worker.@southwark.example",
        "first..last@southwark.example",
        "\"worker\"@southwark.example",
        "worker (me)@southwark.example",
        "Worker <worker@southwark.example>",
        " worker@southwark.example",
        "worker@southwark.example ",
        "worker@southwark.example\r\nBcc: thief@southwark.example",
        "worker@southwark.example\n",
        "wor\rker@southwark.example",
        "worker@southwark.example>",
        "worker,other@southwark.example",
        "w\xc3\xb6rker@southwark.example",
        "worker@s\xc3\xbc"
        "dwark.example",
        "worker\x7f@southwark.example",
        "worker\x01@southwark.example",
        A60 "aaaaa@southwark.example",
        "x@" LABEL_63 "a.example",
        "x@" LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".example",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (address_validate(bad[i]) == NULL)
            fail_msg("taken: %s", bad[i]);
    assert_non_null(address_validate(NULL));
}

static void test_address_domain_is_what_follows_the_at(void **state)
{
    (void)state;
    assert_string_equal(address_domain("worker@mail.southwark.example"), "mail.southwark.example");
}

static void test_address_is_within_whole_domains_only(void **state)
{
    (void)state;
    static const char *const list[] = {"southwark.example", "*.lambeth.example", NULL}, *const none[] = {NULL};
    static const struct {
        const char *address;
        bool within;
    } rows[] = {
        {"a@southwark.example", true},          {"a@SouthWark.Example", true},
        {"a@mail.southwark.example", false},    {"a@notsouthwark.example", false},
        {"a@southwark.example.thief.example", false}, {"a@southwark.exampl", false},
        {"southwark.example@thief.example", false},   {"a@mail.lambeth.example", true},
        {"a@a.b.lambeth.example", true},        {"a@lambeth.example", false},
        {"a@xlambeth.example", false},          {"a@LAMBETH.mail.example", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (address_is_within(rows[i].address, list) != rows[i].within)
            fail_msg("%s", rows[i].address);
    assert_true(address_is_within("a@anywhere.example", none));
    assert_true(address_is_within("a@anywhere.example", NULL));
}

static void test_address_header_takes_printable_ascii_only(void **state)
{
    (void)state;
    char line[202];
    memset(line, 'x', sizeof line);
    line[201] = '\0';
    assert_non_null(address_validate_header(line));
    line[200] = '\0';
    assert_null(address_validate_header(line));
    assert_null(address_validate_header("Case 17: please answer by 3 June, 17:00 ~"));
    assert_null(address_validate_header(""));
    assert_non_null(address_validate_header(NULL));

    for (int byte = 1; byte < 256; byte++) {
        char text[] = {'a', (char)byte, 'b', '\0'};
        bool printable = byte >= 0x20 && byte <= 0x7e;
        assert_int_equal(address_validate_header(text) == NULL, printable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_takes_what_a_dot_atom_may_be),
        cmocka_unit_test(test_address_refuses_every_other_byte_and_shape),
        cmocka_unit_test(test_address_domain_is_what_follows_the_at),
        cmocka_unit_test(test_address_is_within_whole_domains_only),
        cmocka_unit_test(test_address_header_takes_printable_ascii_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
