/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/wire.h"

#define ONE "00000000000000000001"
#define MOST "09223372036854775807"
#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_wire_verbs_are_exact(void **state)
{
    (void)state;
    for (int verb = WIRE_HELLO; verb <= WIRE_CONFIRM; verb++) {
        const char *text = wire_verb_text((enum wire_verb)verb);

        assert_true(strlen(text) >= 3);
        assert_int_equal(wire_verb_parse(text, strlen(text)), verb);
        assert_int_equal(wire_verb_parse(text, strlen(text) - 1), WIRE_NONE);
        assert_int_equal(wire_verb_parse(text, strlen(text) + 1), WIRE_NONE); /* with the NUL */
    }
    assert_int_equal(wire_verb_parse("hello", 5), WIRE_NONE);
    assert_int_equal(wire_verb_parse("", 0), WIRE_NONE);
    assert_string_equal(wire_verb_text(WIRE_NONE), "");
}

static void test_wire_sequences_are_20_digits_that_fit_63_bits(void **state)
{
    static const char *const bad[] = {"",
                                      "1",
                                      "0000000000000000001",
                                      "000000000000000000001",
                                      "0000000000000000000x",
                                      " 0000000000000000001",
                                      "+0000000000000000001",
                                      "-0000000000000000001",
                                      "09223372036854775808",
                                      "18446744073709551615",
                                      "99999999999999999999"};
    uint64_t sequence = 0;
    char text[24];

    (void)state;
    assert_true(wire_sequence_parse(ONE, &sequence));
    assert_int_equal(sequence, 1);
    assert_true(wire_sequence_parse(MOST, &sequence));
    assert_int_equal(sequence, INT64_MAX);
    assert_true(wire_sequence_parse("00000000000000000000", &sequence));
    assert_int_equal(sequence, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sequence = 42;
        if (wire_sequence_parse(bad[i], &sequence))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(sequence, 42);
    }
    assert_false(wire_sequence_parse(NULL, &sequence));
    assert_string_equal(wire_sequence_print(1, text), ONE);
    assert_string_equal(wire_sequence_print(INT64_MAX, text), MOST);
}

static void test_wire_prefixes_end_at_a_slash(void **state)
{
    static const struct {
        const char *prefix, *source;
        bool granted;
    } rows[] = {
        {"court/camber", "court/camberwell", false},
        {"court/camberwell", "court/camberwell", true},
        {"court/camberwell", "court/camberwell/youth", true},
        {"court/camberwell", "court/camberwell-youth", false},
        {"court/", "court/camberwell", true},
        {"court", "court/camberwell", true},
        {"court", "court", true},
        {"court/", "court", false},
        {"court", "courtyard", false},
        {"Court", "court/camberwell", false},
        {"court/camberwell", "court", false},
        {"", "court", false},
        {"court", "", false},
        {"/", "/court", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (wire_source_is_granted(rows[i].prefix, rows[i].source) != rows[i].granted)
            fail_msg("%s of %s", rows[i].prefix, rows[i].source);
}

/* Each kind behind one form: parse, print again into ret (or NULL for what told never prints), release. */
typedef char *parse_and_print(const char *bytes, size_t len, char **ret);

#define BOTH_WAYS(kind)                                                                                      \
    static char *both_##kind(const char *bytes, size_t len, char **ret)                                      \
    {                                                                                                        \
        struct wire_##kind m = {0};                                                                          \
        char *reason = wire_##kind##_parse(bytes, len, &m);                                                  \
                                                                                                             \
        *ret = reason == NULL ? wire_##kind##_print(&m) : NULL;                                              \
        wire_##kind##_release(&m);                                                                           \
        return reason;                                                                                       \
    }
BOTH_WAYS(hello)
BOTH_WAYS(welcome)
BOTH_WAYS(ack)
BOTH_WAYS(nak)
BOTH_WAYS(busy)

static char *both_beacon(const char *bytes, size_t len, char **ret)
{
    struct wire_beacon m = {0};
    char *reason = wire_beacon_parse(bytes, len, &m);

    *ret = NULL;
    wire_beacon_release(&m);
    return reason;
}

static void test_wire_bodies_print_as_they_were_parsed(void **state)
{
    static const struct {
        parse_and_print *both;
        const char *text;
    } rows[] = {
        {both_hello,
         "{\"wire\":1,\"source\":\"court/camberwell-youth\",\"epoch\":3,\"first_unacked\":\"" ONE "\"}"},
        {both_hello, "{\"wire\":2,\"source\":\"c\",\"epoch\":0,\"first_unacked\":\"" MOST "\"}"},
        {both_welcome,
         "{\"source\":\"c\",\"epoch\":9223372036854775807,\"next_sequence\":\"" ONE "\",\"credit\":1000}"},
        {both_welcome, "{\"source\":\"c\",\"epoch\":1,\"next_sequence\":\"" ONE "\",\"credit\":0}"},
        {both_ack, "{\"source\":\"c\",\"sequence\":\"" ONE "\"}"},
        {both_ack, "{\"source\":\"c\",\"id\":\"e-1\"}"},
        {both_nak, "{\"source\":\"c\",\"id\":\"e-1\",\"reason\":\"type: unknown\"}"},
        {both_nak, "{\"sha256\":\"" SHA "\",\"reason\":\"not JSON\"}"},
        {both_nak, "{\"reason\":\"three frames; send two\"}"},
        {both_busy, "{\"reason\":\"hello\",\"retry_after\":0}"},
        {both_busy, "{\"reason\":\"database away\",\"retry_after\":5}"},
    };
    char *printed, *reason;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reason = rows[i].both(rows[i].text, strlen(rows[i].text), &printed);
        if (reason != NULL)
            fail_msg("%s: %s", rows[i].text, reason);
        assert_string_equal(printed, rows[i].text);
        free(printed);
    }
}

#define EXPECTED_TEXT ": expected a string that is not empty"
#define EXPECTED_COUNT ": expected an integer, zero or above"
#define EXPECTED_SEQUENCE ": expected a string of 20 digits, at most 09223372036854775807"

static void test_wire_bodies_that_are_wrong_say_which_member(void **state)
{
    static const struct {
        parse_and_print *both;
        const char *text, *reason;
    } rows[] = {
        {both_hello, "[]", "line 1 column 1: an array; expected an object"},
        {both_hello, "{", "line 1 column 1: the text ends too early; send the whole value"},
        {both_hello, "{}", "\"wire\": expected an integer above zero"},
        {both_hello, "{\"wire\":\"1\"}", "\"wire\": expected an integer above zero"},
        {both_hello, "{\"wire\":1.0}", "\"wire\": expected an integer above zero"},
        {both_hello, "{\"wire\":4294967297}", "\"wire\": expected an integer above zero"},
        {both_hello, "{\"wire\":1,\"source\":\"\"}", "\"source\"" EXPECTED_TEXT},
        {both_hello, "{\"wire\":1,\"source\":7}", "\"source\"" EXPECTED_TEXT},
        {both_hello, "{\"wire\":1,\"source\":\"c\",\"epoch\":\"1\"}", "\"epoch\"" EXPECTED_COUNT},
        {both_hello, "{\"wire\":1,\"source\":\"c\",\"epoch\":-1}", "\"epoch\"" EXPECTED_COUNT},
        {both_hello, "{\"wire\":1,\"source\":\"c\",\"epoch\":1,\"first_unacked\":1}",
         "\"first_unacked\"" EXPECTED_SEQUENCE},
        {both_hello, "{\"wire\":1,\"source\":\"c\",\"epoch\":1}", "\"first_unacked\"" EXPECTED_SEQUENCE},
        {both_welcome, "{\"source\":\"c\",\"epoch\":1,\"next_sequence\":\"" ONE "\"}",
         "\"credit\"" EXPECTED_COUNT},
        {both_ack, "{\"source\":\"c\"}", "\"sequence\"" EXPECTED_SEQUENCE},
        {both_ack, "{\"source\":\"c\",\"id\":\"\"}", "\"id\"" EXPECTED_TEXT},
        {both_ack, "{\"source\":\"c\",\"id\":\"e\",\"sequence\":\"" ONE "\"}",
         "\"sequence\": expected either \"sequence\" or \"id\", not both"},
        {both_ack, "{\"id\":\"e\"}", "\"source\"" EXPECTED_TEXT},
        {both_nak, "{\"id\":\"e\"}", "\"reason\"" EXPECTED_TEXT},
        {both_nak, "{\"sha256\":\"abc\",\"reason\":\"r\"}",
         "\"sha256\": expected a SHA-256 as 64 digits of 0-9 and a-f"},
        {both_busy, "{\"reason\":\"r\",\"retry_after\":-1}", "\"retry_after\"" EXPECTED_COUNT},
        {both_beacon, "{\"source\":\"c\",\"epoch\":1,\"last_sequence\":\"" ONE "\"}",
         "\"oldest_sequence\"" EXPECTED_SEQUENCE},
    };
    char *printed, *reason;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reason = rows[i].both(rows[i].text, strlen(rows[i].text), &printed);
        if (reason == NULL)
            fail_msg("taken: %s", rows[i].text);
        assert_string_equal(reason, rows[i].reason);
        assert_null(printed);
        free(reason);
    }
}

static void test_wire_fault_leaves_the_result_untouched(void **state)
{
    struct wire_hello m = {.version = 7, .epoch = 8};
    char *reason = wire_hello_parse("{\"wire\":1,\"source\":\"c\"}", 23, &m);

    (void)state;
    assert_non_null(reason);
    assert_int_equal(m.version, 7);
    assert_int_equal(m.epoch, 8);
    assert_null(m.source);
    free(reason);
}

static void test_wire_reads_every_member_of_a_beacon(void **state)
{
    static const char text[] =
        "{\"source\":\"custody\",\"epoch\":4,\"last_sequence\":\"" MOST "\",\"oldest_sequence\":\"" ONE
        "\",\"later\":\"unknown members are passed over\"}";
    struct wire_beacon m;

    (void)state;
    assert_null(wire_beacon_parse(text, strlen(text), &m));
    assert_string_equal(m.source, "custody");
    assert_int_equal(m.epoch, 4);
    assert_int_equal(m.last_sequence, INT64_MAX);
    assert_int_equal(m.oldest_sequence, 1);
    wire_beacon_release(&m);
    assert_null(m.source);
    wire_beacon_release(&m); /* released twice is released */
}

static void test_wire_prints_even_what_is_not_utf_8(void **state)
{
    char source[] = "c", reason[] = "cut \xc3";
    struct wire_nak m = {.source = source, .reason = reason};
    char *text = wire_nak_print(&m);

    (void)state;
    assert_string_equal(text, "{\"source\":\"c\",\"reason\":\"(not UTF-8)\"}");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_verbs_are_exact),
        cmocka_unit_test(test_wire_sequences_are_20_digits_that_fit_63_bits),
        cmocka_unit_test(test_wire_prefixes_end_at_a_slash),
        cmocka_unit_test(test_wire_bodies_print_as_they_were_parsed),
        cmocka_unit_test(test_wire_bodies_that_are_wrong_say_which_member),
        cmocka_unit_test(test_wire_fault_leaves_the_result_untouched),
        cmocka_unit_test(test_wire_reads_every_member_of_a_beacon),
        cmocka_unit_test(test_wire_prints_even_what_is_not_utf_8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
