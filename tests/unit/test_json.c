/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/json.h"

static json_t *parse(const char *text)
{
    char *reason = NULL;
    json_t *value = json_parse(text, strlen(text), &reason);

    if (value == NULL)
        fail_msg("%s", reason);
    assert_null(reason);
    return value;
}

static void assert_refused(const char *bytes, size_t len, const char *expected)
{
    char *reason = NULL;

    assert_null(json_parse(bytes, len, &reason));
    assert_non_null(reason);
    assert_string_equal(reason, expected);
    free(reason);
}

static void test_json_refuses_with_the_place_and_our_own_words(void **state)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "line 1 column 0: empty; expected one object or array"},
        {"42", "line 1 column 2: not JSON; expected one object or array"},
        {"\"text\"", "line 1 column 6: not JSON; expected one object or array"},
        {"null", "line 1 column 4: not JSON; expected one object or array"},
        {"{\"a\":1,\n\"a\":2}", "line 2 column 3: a key stands twice in one object; keep one of them"},
        {"{} {}", "line 1 column 4: something follows the value; send one value and nothing after it"},
        {"[1,\n2", "line 2 column 1: the text ends too early; send the whole value"},
        {"[\"\\u0000\"]", "line 1 column 9: a NUL character in a string; take it out"},
        {"[99999999999999999999]", "line 1 column 21: a number too large; write it as a string"},
        {"[\"\xff\"]", "line 1 column 2: not UTF-8; encode the text as UTF-8"},
        {"{\"a\":nope}", "line 1 column 9: not JSON; expected one object or array"},
        {"{'a':1}", "line 1 column 2: not JSON; expected one object or array"},
        {"[1,]", "line 1 column 4: not JSON; expected one object or array"},
        {"[NaN]", "line 1 column 4: not JSON; expected one object or array"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].text, strlen(rows[i].text), rows[i].reason);
}

static void test_json_reason_never_quotes_the_text(void **state)
{
    static const char *const rows[] = {
        "{\"family_name\": Wimble}",
        "{\"Wimble\": 1, \"Wimble\": 2}",
        "[\"Wimble\" \"Wimble\"]",
        "[] Wimble",
        "[\"Wimble",
    };
    char *reason;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(json_parse(rows[i], strlen(rows[i]), &reason));
        assert_null(strstr(reason, "Wimble"));
        free(reason);
    }
}

/* `depth` open brackets of the kind, closed again. */
static char *nested(int depth, const char *open, const char *close)
{
    struct buf b = {0};

    for (int i = 0; i < depth; i++)
        buf_text(&b, open);
    buf_text(&b, "0");
    for (int i = 0; i < depth; i++)
        buf_text(&b, close);
    return buf_take(&b);
}

static void test_json_depth_ends_at_the_limit(void **state)
{
    char *arrays = nested(JSON_DEPTH_MOST, "[", "]"), *objects = nested(JSON_DEPTH_MOST, "{\"a\":", "}");
    char *deeper = nested(JSON_DEPTH_MOST + 1, "[", "]"), *deepest = nested(1000000, "[", "]");
    char *objects_deeper = nested(JSON_DEPTH_MOST + 1, "{\"a\":", "}");

    (void)state;
    json_decref(parse(arrays));
    json_decref(parse(objects));
    assert_refused(deeper, strlen(deeper), "line 1 column 17: nested too deeply; at most 16 levels");
    assert_refused(deepest, strlen(deepest), "line 1 column 17: nested too deeply; at most 16 levels");
    assert_refused(objects_deeper, strlen(objects_deeper),
                   "line 1 column 81: nested too deeply; at most 16 levels");
    free(arrays);
    free(objects);
    free(deeper);
    free(deepest);
    free(objects_deeper);
}

static void test_json_brackets_in_strings_are_no_depth(void **state)
{
    (void)state;
    json_decref(parse(
        "[\"[[[[[[[[[[[[[[[[[[[[\", \"{{{{{{{{{{{{{{{{{{{{\", \"\\\"[[[[[[[[[[[[[[[[[[[[\", \"\\\\\"]"));
    /* After an escaped backslash the string ends, and what follows counts again. */
    assert_refused("[\"\\\\\",[[[[[[[[[[[[[[[[[", 24,
                   "line 1 column 22: nested too deeply; at most 16 levels");
}

static void test_json_text_at_gives_strings_only(void **state)
{
    json_t *object = parse("{\"a\":\"x\",\"b\":1,\"c\":null}");

    (void)state;
    assert_string_equal(json_text_at(object, "a"), "x");
    assert_null(json_text_at(object, "b"));
    assert_null(json_text_at(object, "c"));
    assert_null(json_text_at(object, "d"));
    assert_null(json_text_at(NULL, "a"));
    json_decref(object);
}

static void test_json_canonical_is_equal_for_equal_values(void **state)
{
    json_t *one = parse("{ \"b\" : [1, 2.5, \"\\u00e9\"],\n \"a\" : {\"y\":null,\"x\":true} }");
    json_t *other = parse("{\"a\":{\"x\":true,\"y\":null},\"b\":[1,2.5,\"\xc3\xa9\"]}");
    char *text = json_canonical(one), *same = json_canonical(other);

    (void)state;
    assert_string_equal(text, "{\"a\":{\"x\":true,\"y\":null},\"b\":[1,2.5,\"\xc3\xa9\"]}");
    assert_string_equal(text, same);
    free(text);
    free(same);
    json_decref(one);
    json_decref(other);
}

static void test_json_digest_leaves_out_top_level_keys_only(void **state)
{
    static const char *const without[] = {"sequence", "absent", NULL};
    json_t *one = parse("{\"sequence\":\"1\",\"data\":{\"sequence\":\"7\"}}");
    json_t *other = parse("{\"data\":{\"sequence\":\"7\"},\"sequence\":\"2\"}");
    json_t *inner = parse("{\"data\":{\"sequence\":\"8\"}}");
    char a[65], b[65], c[65];

    (void)state;
    json_digest(one, without, a);
    json_digest(other, without, b);
    json_digest(inner, without, c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    json_digest(one, NULL, b);
    assert_string_not_equal(a, b);
    assert_non_null(json_text_at(one, "sequence")); /* the argument is as it was */
    json_decref(one);
    json_decref(other);
    json_decref(inner);
}

static void test_json_digest_is_sha256_of_the_canonical_text(void **state)
{
    json_t *empty = parse("{ }");
    char hex[65];

    (void)state;
    json_digest(empty, NULL, hex);
    assert_string_equal(hex,
                        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"); /* of "{}" */
    json_decref(empty);
}

/* As their own readers take it, but with the place, so that a person can look. */
static void test_json_foreign_takes_the_last_of_two_keys(void **state)
{
    const char *text = "{\"a\":1,\n\"a\":2}";
    char *deep = nested(JSON_DEPTH_FOREIGN, "[", "]"), *deeper = nested(JSON_DEPTH_FOREIGN + 1, "[", "]");
    char *twice = NULL, *reason = NULL;
    json_t *value = json_parse_foreign(text, strlen(text), &twice, &reason);

    (void)state;
    assert_non_null(value);
    assert_int_equal(json_integer_value(json_object_get(value, "a")), 2);
    assert_string_equal(twice, "line 2 column 3: a key stands twice in one object; the last was taken");
    json_decref(value);
    free(twice);
    twice = NULL;
    value = json_parse_foreign(deep, strlen(deep), &twice, &reason);
    assert_non_null(value);
    assert_null(twice);
    json_decref(value);
    assert_null(json_parse_foreign(deeper, strlen(deeper), &twice, &reason));
    assert_string_equal(reason, "line 1 column 33: nested too deeply; at most 32 levels");
    free(reason);
    reason = NULL;
    assert_null(json_parse_foreign("{\"a\":1,\"a\":2", 12, &twice, &reason));
    assert_null(twice);
    free(reason);
    free(deep);
    free(deeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_refuses_with_the_place_and_our_own_words),
        cmocka_unit_test(test_json_reason_never_quotes_the_text),
        cmocka_unit_test(test_json_depth_ends_at_the_limit),
        cmocka_unit_test(test_json_foreign_takes_the_last_of_two_keys),
        cmocka_unit_test(test_json_brackets_in_strings_are_no_depth),
        cmocka_unit_test(test_json_text_at_gives_strings_only),
        cmocka_unit_test(test_json_canonical_is_equal_for_equal_values),
        cmocka_unit_test(test_json_digest_leaves_out_top_level_keys_only),
        cmocka_unit_test(test_json_digest_is_sha256_of_the_canonical_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
