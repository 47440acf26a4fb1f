/* SPDX-License-Identifier: Apache-2.0 */
#include "told/json.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

/* A place in the text, 1-based as editors count. */
struct place {
    int line, column;
};

/*
 * Whether brackets nest deeper than we allow, and where. jansson recurses once for each open bracket up to
 * its own limit of 2,048; this looks first, without a stack. It sees strings where jansson's lexer sees them
 * up to the first fault, and there jansson stops, so nothing deeper gets through.
 */
static bool is_too_deep(const char *bytes, size_t len, int most, struct place *ret)
{
    int depth = 0;
    bool in_string = false;
    struct place at = {1, 0};

    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        at.column++;
        if (c == '\n')
            at = (struct place){at.line + 1, 0};
        if (in_string && c == '\\') {
            i++;
            at.column++;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '{' || c == '[')) {
            if (++depth > most) {
                *ret = at;
                return true;
            }
        } else if (!in_string && (c == '}' || c == ']')) {
            depth--;
        }
    }
    return false;
}

/* Our own words: jansson's quote the text nearby, which may be a name. */
static const char *fault_text(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the text ends too early; send the whole value";
    case json_error_end_of_input_expected:
        return "something follows the value; send one value and nothing after it";
    case json_error_invalid_utf8:
        return "not UTF-8; encode the text as UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character in a string; take it out";
    case json_error_duplicate_key:
        return "a key stands twice in one object; keep one of them";
    case json_error_numeric_overflow:
        return "a number too large; write it as a string";
    case json_error_stack_overflow:
        return "nested too deeply";
    default:
        return "not JSON; expected one object or array";
    }
}

static bool is_duplicate(const json_error_t *error)
{
    return json_error_code(error) == json_error_duplicate_key;
}

/* With the flags of jansson; *ret_error is set where it is jansson that refuses. */
static json_t *parse(const char *bytes, size_t len, int depth, size_t flags, json_error_t *ret_error, char **ret_reason)
{
    struct place at;
    json_t *value;

    *ret_error = (json_error_t){0};
    if (len == 0) {
        *ret_reason = mem_copy("line 1 column 0: empty; expected one object or array");
        return NULL;
    }
    if (is_too_deep(bytes, len, depth, &at)) {
        *ret_reason = mem_printf("line %d column %d: nested too deeply; at most %d levels", at.line,
                                 at.column, depth);
        return NULL;
    }
    value = json_loadb(bytes, len, flags, ret_error);
    if (value != NULL)
        return value;
    if (json_error_code(ret_error) == json_error_out_of_memory)
        abort(); /* as everywhere: see mem.h */
    *ret_reason = mem_printf("line %d column %d: %s", ret_error->line, ret_error->column,
                             fault_text(json_error_code(ret_error)));
    return NULL;
}

json_t *json_parse(const char *bytes, size_t len, char **ret_reason)
{
    return json_parse_within(bytes, len, JSON_DEPTH_MOST, ret_reason);
}

json_t *json_parse_within(const char *bytes, size_t len, int depth, char **ret_reason)
{
    json_error_t error;
    return parse(bytes, len, depth, JSON_REJECT_DUPLICATES, &error, ret_reason);
}

json_t *json_parse_foreign(const char *bytes, size_t len, char **ret_twice, char **ret_reason)
{
    json_error_t error, second;
    char *reason = NULL;
    json_t *value = parse(bytes, len, JSON_DEPTH_FOREIGN, JSON_REJECT_DUPLICATES, &error, &reason);

    if (value == NULL && error.line > 0 && is_duplicate(&error)) {
        free(reason);
        reason = NULL;
        value = parse(bytes, len, JSON_DEPTH_FOREIGN, 0, &second, &reason);
        if (value != NULL)
            *ret_twice = mem_printf("line %d column %d: a key stands twice in one object; the last was taken", error.line,
                                    error.column);
    }
    if (value == NULL)
        *ret_reason = reason;
    return value;
}

size_t json_mark(const char *bytes, size_t len)
{
    static const char MARK[] = "\xef\xbb\xbf";
    const size_t mark = sizeof MARK - 1;

    return len >= mark && memcmp(bytes, MARK, mark) == 0 ? mark : 0;
}

const char *json_text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

char *json_canonical(const json_t *value)
{
    char *text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

    /* Fails without memory, and for a circle or bytes that are not UTF-8, which json_parse never makes. */
    if (text == NULL)
        abort();
    return text;
}

void json_digest(const json_t *object, const char *const *without, char out[65])
{
    json_t *rest = json_copy((json_t *)(uintptr_t)object); /* shallow; jansson has no const here */
    uint8_t hash[crypto_hash_sha256_BYTES];
    char *text;

    if (rest == NULL)
        abort();
    for (; without != NULL && *without != NULL; without++)
        (void)json_object_del(rest, *without);
    text = json_canonical(rest);
    crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    (void)sodium_bin2hex(out, 65, hash, sizeof hash);
    free(text);
    json_decref(rest);
}
