/* SPDX-License-Identifier: Apache-2.0 */
/* Every test of a condition, also those that did not decide it: for whoever asks why, and why not. */
#ifndef TOLD_LIB_EXPR_TESTS_H
#define TOLD_LIB_EXPR_TESTS_H

#include "expr.h"

struct expr_test {
    const char *text; /* as it stands in the rule: "child.age < 18"; borrowed */
    size_t len;
    enum truth truth;
    bool decides;             /* the condition came out as it did because of it */
    const struct term *terms[2]; /* the names it looks at */
    size_t term_count;
};

typedef void expr_test_fn(void *cookie, const struct expr_test *test);
void expr_tests(const struct expr *expr, struct term_scope *scope, expr_test_fn *test, void *cookie);

#endif
