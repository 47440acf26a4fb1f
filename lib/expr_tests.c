/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_tests.h"

#include "expr_node.h"

struct walk {
    const struct expr *expr;
    struct term_scope *scope;
    expr_test_fn *test;
    void *cookie;
};

static void report(const struct walk *walk, uint16_t index, bool decides)
{
    const struct expr *expr = walk->expr;
    const struct expr_node *node = &expr->nodes[index];
    struct expr_test test = {.text = expr->text + node->begin,
                             .len = (size_t)(node->end - node->begin),
                             .truth = expr_eval_node(expr, index, walk->scope),
                             .decides = decides};

    test.terms[test.term_count++] = &expr->terms[node->name];
    if (node->op == EXPR_COMPARE && node->against_name)
        test.terms[test.term_count++] = &expr->terms[node->other];
    walk->test(walk->cookie, &test);
}

/* A side of an "and" or "or" decided it where it came out the same as the whole. */
static void descend(const struct walk *walk, uint16_t index, bool decides)
{
    const struct expr_node *node = &walk->expr->nodes[index];
    enum truth truth = expr_eval_node(walk->expr, index, walk->scope);

    switch (node->op) {
    case EXPR_TRUE:
    case EXPR_FALSE:
        break;
    case EXPR_NAME:
    case EXPR_COMPARE:
    case EXPR_IN:
    case EXPR_HAS:
        report(walk, index, decides);
        break;
    case EXPR_AND:
    case EXPR_OR:
        descend(walk, node->left, decides && expr_eval_node(walk->expr, node->left, walk->scope) == truth);
        descend(walk, node->right, decides && expr_eval_node(walk->expr, node->right, walk->scope) == truth);
        break;
    default:
        descend(walk, node->left, decides);
        break;
    }
}

void expr_tests(const struct expr *expr, struct term_scope *scope, expr_test_fn *test, void *cookie)
{
    struct walk walk = {expr, scope, test, cookie};

    descend(&walk, expr->root, true);
}
