/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a field as the rules see it: typed, or unknown. Copied freely; text is borrowed. */
#ifndef TOLD_LIB_VALUE_H
#define TOLD_LIB_VALUE_H

#include "told/buf.h"
#include "told/civil.h"
#include "told/json.h"

enum value_kind {
    VALUE_UNKNOWN,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_WORD,  /* one of the words of its field */
    VALUE_WORDS, /* a set of them */
    VALUE_TEXT,  /* a code that somebody else owns: a court, an authority, a role */
    VALUE_DAY,
    VALUE_INSTANT,
    VALUE_LIST, /* objects that no rule looks into; known when it is there */
};

struct value {
    enum value_kind kind;
    union {
        bool truth;
        int64_t number;
        unsigned word;  /* index into the words of its field */
        uint64_t words; /* bit n: word n */
        const char *text;
        struct civil_day day;
        struct instant at;
    };
};

#define VALUE_NONE ((struct value){.kind = VALUE_UNKNOWN})

/* NULL-terminated sets hold at most 64 words, so that a set of them is one integer. */
bool value_find_word(const char *const *words, const char *text, unsigned *ret);
/* JSON of a field of `kind` into *ret. False if it is of another kind or outside `words`. null and "" are
 * unknown. */
bool value_read(enum value_kind kind, const char *const *words, const json_t *json, struct value *ret);
/* "true or false", "one of low, high": what value_read wanted. */
void value_wanted(enum value_kind kind, const char *const *words, struct buf *out);
bool value_is_equal(const struct value *a, const struct value *b);
int value_compare(const struct value *a,
                  const struct value *b); /* of numbers, days and instants of one kind */
void value_print(const struct value *value, const char *const *words, struct buf *out);
json_t *value_json(const struct value *value, const char *const *words); /* new reference; null if unknown */

#endif
