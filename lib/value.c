/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <inttypes.h>
#include <string.h>

bool value_find_word(const char *const *words, const char *text, unsigned *ret)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool value_read_words(const char *const *words, const json_t *json, uint64_t *ret)
{
    uint64_t found = 0;
    const json_t *one;
    size_t i;
    unsigned word;

    if (!json_is_array(json))
        return false;
    json_array_foreach(json, i, one)
    {
        if (!json_is_string(one) || !value_find_word(words, json_string_value(one), &word))
            return false;
        found |= UINT64_C(1) << word;
    }
    *ret = found;
    return true;
}

static bool value_read_list(const json_t *json)
{
    const json_t *one;
    size_t i;

    if (!json_is_array(json))
        return false;
    json_array_foreach(json, i, one)
    {
        if (!json_is_object(one))
            return false;
    }
    return true;
}

static bool value_read_text(enum value_kind kind, const char *const *words, const char *text,
                            struct value *ret)
{
    switch (kind) {
    case VALUE_WORD:
        return value_find_word(words, text, &ret->word);
    case VALUE_DAY:
        return civil_parse(text, &ret->day);
    case VALUE_INSTANT:
        return instant_parse(text, &ret->at);
    default:
        ret->text = text;
        return kind == VALUE_TEXT;
    }
}

bool value_read(enum value_kind kind, const char *const *words, const json_t *json, struct value *ret)
{
    struct value found = {.kind = kind};
    bool fits;

    if (json == NULL || json_is_null(json)) {
        *ret = VALUE_NONE;
        return true;
    }
    if (kind == VALUE_BOOL) {
        fits = json_is_boolean(json);
        found.truth = json_is_true(json);
    } else if (kind == VALUE_NUMBER) {
        fits = json_is_integer(json);
        found.number = json_integer_value(json);
    } else if (kind == VALUE_WORDS) {
        fits = value_read_words(words, json, &found.words);
    } else if (kind == VALUE_LIST) {
        fits = value_read_list(json);
    } else {
        fits = json_is_string(json) && value_read_text(kind, words, json_string_value(json), &found);
    }
    if (!fits)
        return false;
    /* An empty code says nothing: unknown, never a code of its own. */
    *ret = kind == VALUE_TEXT && found.text[0] == '\0' ? VALUE_NONE : found;
    return true;
}

void value_wanted(enum value_kind kind, const char *const *words, struct buf *out)
{
    static const char *const texts[] = {
        [VALUE_UNKNOWN] = "",
        [VALUE_BOOL] = "true or false",
        [VALUE_NUMBER] = "a whole number",
        [VALUE_WORD] = "one of ",
        [VALUE_WORDS] = "an array of words among ",
        [VALUE_TEXT] = "a string",
        [VALUE_DAY] = "a date YYYY-MM-DD",
        [VALUE_INSTANT] = "an RFC 3339 time with a zone",
        [VALUE_LIST] = "an array of objects",
    };

    buf_text(out, texts[kind]);
    if (kind != VALUE_WORD && kind != VALUE_WORDS)
        return;
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (i > 0)
            buf_text(out, ", ");
        buf_text(out, words[i]);
    }
}

bool value_is_equal(const struct value *a, const struct value *b)
{
    switch (a->kind) {
    case VALUE_BOOL:
        return a->truth == b->truth;
    case VALUE_WORD:
        return a->word == b->word;
    case VALUE_WORDS:
        return a->words == b->words;
    case VALUE_TEXT:
        return strcmp(a->text, b->text) == 0;
    case VALUE_UNKNOWN:
    case VALUE_LIST:
        return false;
    default:
        return value_compare(a, b) == 0;
    }
}

int value_compare(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_NUMBER)
        return (a->number > b->number) - (a->number < b->number);
    if (a->kind == VALUE_DAY)
        return (a->day.number > b->day.number) - (a->day.number < b->day.number);
    return instant_compare(a->at, b->at);
}

static void value_print_words(uint64_t set, const char *const *words, struct buf *out)
{
    const char *before = "";

    buf_char(out, '[');
    for (unsigned i = 0; words[i] != NULL; i++) {
        if ((set >> i & 1) == 0)
            continue;
        buf_text(out, before);
        buf_text(out, words[i]);
        before = ", ";
    }
    buf_char(out, ']');
}

void value_print(const struct value *value, const char *const *words, struct buf *out)
{
    char text[INSTANT_TEXT_SIZE];

    switch (value->kind) {
    case VALUE_UNKNOWN:
        buf_text(out, "unknown");
        break;
    case VALUE_BOOL:
        buf_text(out, value->truth ? "true" : "false");
        break;
    case VALUE_NUMBER:
        buf_printf(out, "%" PRId64, value->number);
        break;
    case VALUE_WORD:
        buf_text(out, words[value->word]);
        break;
    case VALUE_WORDS:
        value_print_words(value->words, words, out);
        break;
    case VALUE_TEXT:
        buf_text(out, value->text);
        break;
    case VALUE_DAY:
        buf_text(out, civil_print(value->day, text));
        break;
    case VALUE_INSTANT:
        buf_text(out, instant_print(value->at, text));
        break;
    case VALUE_LIST:
        buf_text(out, "stated");
        break;
    }
}

json_t *value_json(const struct value *value, const char *const *words)
{
    struct buf text = {0};
    json_t *json;

    if (value->kind == VALUE_UNKNOWN)
        return json_null();
    if (value->kind == VALUE_BOOL)
        return json_boolean(value->truth);
    if (value->kind == VALUE_NUMBER)
        return json_integer(value->number);
    if (value->kind == VALUE_WORDS) {
        json = json_array();
        for (unsigned i = 0; words[i] != NULL; i++) {
            if ((value->words >> i & 1) != 0)
                json_array_append_new(json, json_string(words[i]));
        }
        return json;
    }
    value_print(value, words, &text);
    json = json_string(buf_string(&text));
    buf_release(&text);
    return json;
}
