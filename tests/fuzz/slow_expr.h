/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same conditions once more, by another way: read from their text each time they are asked, on values as JSON, in
 * Kleene's tables written out. Slow, and right only for texts that the real reader took.
 */
#ifndef TOLD_FUZZ_SLOW_EXPR_H
#define TOLD_FUZZ_SLOW_EXPR_H

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/term.h"
#include "told/mem.h"

struct slow {
    const char *at;
    int type_index;
    struct term_scope *scope;
};

static inline const char *slow_skip(struct slow *slow)
{
    return slow->at += strspn(slow->at, " \t\r\n");
}

static inline size_t slow_word_len(const char *text)
{
    size_t len = 0;

    while (isalnum((unsigned char)text[len]) || (text[len] != '\0' && strchr("_.-", text[len]) != NULL))
        len++;
    return len;
}

static inline bool slow_take(struct slow *slow, const char *token)
{
    const char *at = slow_skip(slow);
    size_t len = slow_word_len(at);

    if (len == 0)
        len = at[0] != '\0' && strchr("!<>", at[0]) != NULL && at[1] == '=' ? 2 : 1;
    if (strlen(token) != len || strncmp(at, token, len) != 0)
        return false;
    slow->at += len;
    return true;
}

static inline char *slow_word(struct slow *slow)
{
    const char *at = slow_skip(slow);
    size_t len = slow_word_len(at);

    slow->at += len;
    return mem_copy_n(at, len);
}

/* JSON null: unknown. New reference. */
static inline json_t *slow_value(struct slow *slow, const char *name)
{
    char *role = NULL, *reason;
    struct term term;
    struct value value;
    json_t *json;

    if (strcmp(name, "child.has") == 0 && slow_take(slow, "(")) {
        role = slow_word(slow);
        slow_take(slow, ")");
    }
    reason = term_find(name, role, slow->type_index, TERM_REACH_ALL, &term);
    assert(reason == NULL);
    value = term_value(&term, slow->scope);
    json = value_json(&value, term.words);
    term_release(&term);
    free(role);
    return json;
}

/* What stands on the right of a sign: a name's value, or the text itself. */
static inline json_t *slow_right(struct slow *slow)
{
    char *word = slow_word(slow);
    json_t *json = term_is_name(word) ? slow_value(slow, word) : json_string(word);

    free(word);
    return json;
}

/* All kinds of value have a text that compares as they do; numbers are set right. */
static inline int slow_compare(const json_t *a, const json_t *b)
{
    char left[4200], right[4200];
    const json_t *both[] = {a, b};
    char *texts[] = {left, right};

    for (int i = 0; i < 2; i++) {
        if (json_is_string(both[i]))
            snprintf(texts[i], sizeof left, "%s", json_string_value(both[i]));
        else if (json_is_boolean(both[i]))
            snprintf(texts[i], sizeof left, "%s", json_is_true(both[i]) ? "true" : "false");
        else
            snprintf(texts[i], sizeof left, "%lld", (long long)json_integer_value(both[i]));
    }
    if (json_is_integer(a))
        return (int)(atoll(left) > atoll(right)) - (int)(atoll(left) < atoll(right));
    return strcmp(left, right);
}

static inline enum truth slow_of(bool truth)
{
    return truth ? TRUTH_TRUE : TRUTH_FALSE;
}

static inline enum truth slow_signed(struct slow *slow, const json_t *left)
{
    static const char *const SIGNS[] = {"=", "!=", "<", "<=", ">", ">="};

    for (int i = 0; i < 6; i++) {
        json_t *right;
        enum truth truth = TRUTH_UNKNOWN;

        if (!slow_take(slow, SIGNS[i]))
            continue;
        right = slow_right(slow);
        if (!json_is_null(left) && !json_is_null(right)) {
            int order = slow_compare(left, right);
            const bool holds[] = {order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0};

            truth = slow_of(holds[i]);
        }
        json_decref(right);
        return truth;
    }
    /* A name by itself, where it is no yes-or-no, is only asked whether it is known. */
    return json_is_null(left) ? TRUTH_UNKNOWN : slow_of(!json_is_false(left));
}

static inline enum truth slow_test(struct slow *slow)
{
    char *name = slow_word(slow);
    json_t *left = slow_value(slow, name);
    enum truth truth = TRUTH_FALSE;
    bool among = slow_take(slow, "in");

    if (among || slow_take(slow, "has")) {
        if (among)
            slow_take(slow, "(");
        do {
            json_t *one = slow_right(slow);

            if (json_is_array(left)) {
                for (size_t i = 0; i < json_array_size(left); i++)
                    truth = json_equal(json_array_get(left, i), one) ? TRUTH_TRUE : truth;
            } else if (!json_is_null(left) && slow_compare(left, one) == 0) {
                truth = TRUTH_TRUE;
            }
            json_decref(one);
        } while (among && slow_take(slow, ","));
        if (among)
            slow_take(slow, ")");
        truth = json_is_null(left) ? TRUTH_UNKNOWN : truth;
    } else {
        truth = slow_signed(slow, left);
    }
    json_decref(left);
    free(name);
    return truth;
}

static inline enum truth slow_or(struct slow *slow);

static inline enum truth slow_judged(struct slow *slow)
{
    enum truth truth;

    if (slow_take(slow, "true")) {
        truth = TRUTH_TRUE;
    } else if (slow_take(slow, "false")) {
        truth = TRUTH_FALSE;
    } else if (slow_take(slow, "(")) {
        truth = slow_or(slow);
        slow_take(slow, ")");
    } else {
        truth = slow_test(slow);
    }
    while (slow_take(slow, "is")) {
        if (slow_take(slow, "known"))
            truth = slow_of(truth != TRUTH_UNKNOWN);
        else if (slow_take(slow, "true"))
            truth = slow_of(truth == TRUTH_TRUE);
        else if (slow_take(slow, "false"))
            truth = slow_of(truth == TRUTH_FALSE);
    }
    return truth;
}

static inline enum truth slow_not(struct slow *slow)
{
    static const enum truth NOT[] = {[TRUTH_UNKNOWN] = TRUTH_UNKNOWN, [TRUTH_FALSE] = TRUTH_TRUE, [TRUTH_TRUE] = TRUTH_FALSE};

    return slow_take(slow, "not") ? NOT[slow_not(slow)] : slow_judged(slow);
}

static inline enum truth slow_and(struct slow *slow)
{
    static const enum truth AND[3][3] = {{TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_UNKNOWN},
                                         {TRUTH_FALSE, TRUTH_FALSE, TRUTH_FALSE},
                                         {TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_TRUE}};
    enum truth truth = slow_not(slow);

    while (slow_take(slow, "and"))
        truth = AND[truth][slow_not(slow)];
    return truth;
}

static inline enum truth slow_or(struct slow *slow)
{
    static const enum truth OR[3][3] = {{TRUTH_UNKNOWN, TRUTH_UNKNOWN, TRUTH_TRUE},
                                        {TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_TRUE},
                                        {TRUTH_TRUE, TRUTH_TRUE, TRUTH_TRUE}};
    enum truth truth = slow_and(slow);

    while (slow_take(slow, "or"))
        truth = OR[truth][slow_and(slow)];
    return truth;
}

static inline enum truth slow_eval(const char *text, int type_index, struct term_scope *scope)
{
    struct slow slow = {text, type_index, scope};
    enum truth truth = slow_or(&slow);

    assert(*slow_skip(&slow) == '\0');
    return truth;
}

#endif
