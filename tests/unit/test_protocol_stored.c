/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/protocol_stored.h"

#define RULE(name, title)                                                                                     \
    "rule-" name ": { title = \"" title "\"; says = \"Do it\"; cites = \"line 1\"; on = [ \"court.bail\" ]; when = \"true\";" \
    " tell = [ \"mash\" ]; within = \"1wd\"; closes = \"ack\"; };\n"

static void add_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file, line, text);
}

static struct protocol *parse(const struct protocol_file *files, size_t count)
{
    struct buf faults = {0};
    struct protocol *protocol = protocol_parse(files, count, add_fault, &faults);

    assert_string_equal(buf_string(&faults), "");
    assert_non_null(protocol);
    buf_release(&faults);
    return protocol;
}

/* Whatever stands in the files: the stored text gives the same rules and the same hash. */
static void check_comes_back(const struct protocol_file *files, size_t count)
{
    struct buf faults = {0};
    struct protocol *before = parse(files, count), *after;
    char *stored = protocol_stored_print(files, count), *again;

    after = protocol_stored_parse(stored, add_fault, &faults);
    assert_string_equal(buf_string(&faults), "");
    assert_non_null(after);
    assert_string_equal(protocol_hash(after), protocol_hash(before));
    assert_int_equal(protocol_count(after), protocol_count(before));
    for (size_t i = 0; i < protocol_count(before); i++) {
        assert_string_equal(rule_name(protocol_rule(after, i)), rule_name(protocol_rule(before, i)));
        assert_string_equal(rule_title(protocol_rule(after, i)), rule_title(protocol_rule(before, i)));
        assert_int_equal(rule_line(protocol_rule(after, i)), rule_line(protocol_rule(before, i)));
    }
    again = protocol_stored_print(files, count);
    assert_string_equal(stored, again);
    free(again);
    free(stored);
    protocol_free(before);
    protocol_free(after);
    buf_release(&faults);
}

static void test_protocol_stored_comes_back_with_the_same_hash(void **state)
{
    static const char plain[] = RULE("D1", "Tell them");
    static const char awkward[] = "# ---- a.conf ----\n\r\n\t# Caf\xc3\xa9\n" RULE("D2", "Caf\xc3\xa9, \\\"quoted\\\"") "     ";
    const struct protocol_file files[] = {
        {"conf/protocol/a.conf", plain, sizeof plain - 1}, {"b.conf", awkward, sizeof awkward - 1}, {"empty.conf", "", 0}};

    (void)state;
    check_comes_back(&files[0], 1);
    check_comes_back(&files[1], 1);
    check_comes_back(files, 3);
}

static void test_protocol_stored_keeps_the_order_of_the_files(void **state)
{
    static const char one[] = RULE("D1", "One"), two[] = RULE("D2", "Two");
    const struct protocol_file files[] = {{"z.conf", one, sizeof one - 1}, {"a.conf", two, sizeof two - 1}};
    char *stored = protocol_stored_print(files, 2);
    struct buf faults = {0};
    struct protocol *protocol = protocol_stored_parse(stored, add_fault, &faults);

    (void)state;
    assert_string_equal(rule_name(protocol_rule(protocol, 0)), "D1");
    assert_string_equal(rule_file(protocol_rule(protocol, 0)), "z.conf");
    protocol_free(protocol);
    free(stored);
    buf_release(&faults);
}

static void test_protocol_stored_refuses_what_is_none(void **state)
{
    static const char *const texts[] = {
        "", "# ---- a.conf ----\nrule-D1: { };", "[]", "{}", "[{\"name\":\"a\"}]", "[{\"text\":\"\"}]", "[1]",
        "[{\"name\":\"a\",\"text\":\"rule-D1: { };\"}]"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf faults = {0};

        assert_null(protocol_stored_parse(texts[i], add_fault, &faults));
        assert_string_not_equal(buf_string(&faults), "");
        buf_release(&faults);
    }
}

/* What could not be stored is refused when it is read, not when the first duty pins it. */
static void test_protocol_stored_never_meets_bytes_that_are_no_text(void **state)
{
    static const char latin[] = RULE("D1", "One") "# caf\xe9\n";
    const struct protocol_file file = {"a.conf", latin, sizeof latin - 1};
    struct buf faults = {0};

    (void)state;
    assert_null(protocol_parse(&file, 1, add_fault, &faults));
    assert_string_equal(buf_string(&faults), "a.conf:2: a byte that is not UTF-8; save the file as UTF-8\n");
    buf_release(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol_stored_comes_back_with_the_same_hash),
        cmocka_unit_test(test_protocol_stored_keeps_the_order_of_the_files),
        cmocka_unit_test(test_protocol_stored_refuses_what_is_none),
        cmocka_unit_test(test_protocol_stored_never_meets_bytes_that_are_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
