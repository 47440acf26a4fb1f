/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_node.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

void expr_free(struct expr *expr)
{
    if (expr == NULL)
        return;
    for (size_t i = 0; i < expr->term_count; i++)
        term_release(&expr->terms[i]);
    for (size_t i = 0; i < expr->text_count; i++)
        free(expr->texts[i]);
    free(expr->texts);
    free(expr->terms);
    free(expr->values);
    free(expr->nodes);
    free(expr->text);
    free(expr);
}

static enum truth expr_of(bool truth)
{
    return truth ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth expr_compare(const struct expr *expr, const struct expr_node *node,
                               struct term_scope *scope)
{
    struct value a = term_value(&expr->terms[node->name], scope);
    struct value b =
        node->against_name ? term_value(&expr->terms[node->other], scope) : expr->values[node->first];

    if (a.kind == VALUE_UNKNOWN || b.kind == VALUE_UNKNOWN)
        return TRUTH_UNKNOWN;
    switch (node->order) {
    case EXPR_EQUAL:
        return expr_of(value_is_equal(&a, &b));
    case EXPR_UNEQUAL:
        return expr_of(!value_is_equal(&a, &b));
    case EXPR_LESS:
        return expr_of(value_compare(&a, &b) < 0);
    case EXPR_LESS_EQUAL:
        return expr_of(value_compare(&a, &b) <= 0);
    case EXPR_MORE:
        return expr_of(value_compare(&a, &b) > 0);
    case EXPR_MORE_EQUAL:
        return expr_of(value_compare(&a, &b) >= 0);
    }
    return TRUTH_UNKNOWN;
}

static enum truth expr_in(const struct expr *expr, const struct expr_node *node, struct term_scope *scope)
{
    struct value a = term_value(&expr->terms[node->name], scope);

    if (a.kind == VALUE_UNKNOWN)
        return TRUTH_UNKNOWN;
    if (a.kind == VALUE_WORD)
        return expr_of((node->words >> a.word & 1) != 0);
    for (unsigned i = 0; i < node->count; i++) {
        if (value_is_equal(&a, &expr->values[node->first + i]))
            return TRUTH_TRUE;
    }
    return TRUTH_FALSE;
}

static enum truth expr_name(const struct expr *expr, const struct expr_node *node, struct term_scope *scope)
{
    struct value a = term_value(&expr->terms[node->name], scope);

    if (a.kind == VALUE_UNKNOWN)
        return TRUTH_UNKNOWN;
    if (node->op == EXPR_HAS)
        return expr_of((a.words & node->words) != 0);
    /* A name that is no yes-or-no stands alone only before `is known`. */
    return expr_of(a.kind != VALUE_BOOL || a.truth);
}

static enum truth expr_at(const struct expr *expr, uint16_t index, struct term_scope *scope);

static enum truth expr_join(const struct expr *expr, const struct expr_node *node, struct term_scope *scope)
{
    enum truth decides = node->op == EXPR_AND ? TRUTH_FALSE : TRUTH_TRUE;
    enum truth left = expr_at(expr, node->left, scope);
    enum truth right;

    if (left == decides)
        return decides;
    right = expr_at(expr, node->right, scope);
    if (right == decides)
        return decides;
    return left == TRUTH_UNKNOWN ? left : right;
}

static enum truth expr_at(const struct expr *expr, uint16_t index, struct term_scope *scope)
{
    const struct expr_node *node = &expr->nodes[index];
    enum truth left;

    switch (node->op) {
    case EXPR_TRUE:
        return TRUTH_TRUE;
    case EXPR_FALSE:
        return TRUTH_FALSE;
    case EXPR_NAME:
    case EXPR_HAS:
        return expr_name(expr, node, scope);
    case EXPR_COMPARE:
        return expr_compare(expr, node, scope);
    case EXPR_IN:
        return expr_in(expr, node, scope);
    case EXPR_AND:
    case EXPR_OR:
        return expr_join(expr, node, scope);
    case EXPR_NOT:
        left = expr_at(expr, node->left, scope);
        return left == TRUTH_UNKNOWN ? left : expr_of(left == TRUTH_FALSE);
    case EXPR_IS_TRUE:
        return expr_of(expr_at(expr, node->left, scope) == TRUTH_TRUE);
    case EXPR_IS_FALSE:
        return expr_of(expr_at(expr, node->left, scope) == TRUTH_FALSE);
    case EXPR_IS_KNOWN:
        return expr_of(expr_at(expr, node->left, scope) != TRUTH_UNKNOWN);
    }
    return TRUTH_UNKNOWN;
}

enum truth expr_eval_node(const struct expr *expr, uint16_t index, struct term_scope *scope)
{
    return expr_at(expr, index, scope);
}

enum truth expr_eval(const struct expr *expr, struct term_scope *scope)
{
    return expr_at(expr, expr->root, scope);
}

static bool expr_is_test(const struct expr_node *node)
{
    return node->op == EXPR_NAME || node->op == EXPR_HAS || node->op == EXPR_COMPARE || node->op == EXPR_IN;
}

static void expr_print_name(const struct expr *expr, uint16_t name, struct term_scope *scope, struct buf *out)
{
    const struct term *term = &expr->terms[name];
    struct value value = term_value(term, scope);

    buf_text(out, term->name);
    buf_text(out, " is ");
    value_print(&value, term->words, out);
}

/* "child.age < 18 is true: child.age is 15" */
static void expr_print_test(const struct expr *expr, const struct expr_node *node, struct term_scope *scope,
                            enum truth truth, struct buf *out)
{
    static const char *const words[] = {
        [TRUTH_UNKNOWN] = "unknown", [TRUTH_FALSE] = "false", [TRUTH_TRUE] = "true"};

    if (node->op != EXPR_NAME) {
        buf_append(out, expr->text + node->begin, (size_t)(node->end - node->begin));
        buf_text(out, " is ");
        buf_text(out, words[truth]);
        buf_text(out, ": ");
    }
    expr_print_name(expr, node->name, scope, out);
    if (node->op == EXPR_COMPARE && node->against_name) {
        buf_text(out, ", ");
        expr_print_name(expr, node->other, scope, out);
    }
}

struct expr_walk {
    const struct expr *expr;
    struct term_scope *scope;
    struct buf *text;
    expr_line_fn *line;
    void *cookie;
};

/* Which sides of an "and" or "or" made it come out as it did: those that came out the same. */
static void expr_walk_explain(const struct expr_walk *walk, uint16_t index, enum truth truth)
{
    const struct expr_node *node = &walk->expr->nodes[index];
    enum truth left;
    enum truth right;

    if (expr_is_test(node)) {
        buf_reset(walk->text);
        expr_print_test(walk->expr, node, walk->scope, truth, walk->text);
        walk->line(walk->cookie, walk->text->bytes, walk->text->len);
    } else if (node->op == EXPR_AND || node->op == EXPR_OR) {
        left = expr_at(walk->expr, node->left, walk->scope);
        right = expr_at(walk->expr, node->right, walk->scope);
        if (left == truth)
            expr_walk_explain(walk, node->left, left);
        if (right == truth)
            expr_walk_explain(walk, node->right, right);
    } else if (node->op != EXPR_TRUE && node->op != EXPR_FALSE) {
        expr_walk_explain(walk, node->left, expr_at(walk->expr, node->left, walk->scope));
    }
}

void expr_explain(const struct expr *expr, struct term_scope *scope, struct buf *scratch, expr_line_fn *line,
                  void *cookie)
{
    struct expr_walk walk = {expr, scope, scratch, line, cookie};

    expr_walk_explain(&walk, expr->root, expr_eval(expr, scope));
}

static void expr_name_unknown(const struct expr_walk *walk, uint16_t name)
{
    const struct term *term = &walk->expr->terms[name];

    if (term_value(term, walk->scope).kind == VALUE_UNKNOWN)
        walk->line(walk->cookie, term->asks, strlen(term->asks));
}

static void expr_walk_unknown(const struct expr_walk *walk, uint16_t index)
{
    const struct expr_node *node = &walk->expr->nodes[index];

    if (expr_at(walk->expr, index, walk->scope) != TRUTH_UNKNOWN)
        return;
    if (expr_is_test(node)) {
        expr_name_unknown(walk, node->name);
        if (node->op == EXPR_COMPARE && node->against_name)
            expr_name_unknown(walk, node->other);
        return;
    }
    expr_walk_unknown(walk, node->left);
    if (node->op == EXPR_AND || node->op == EXPR_OR)
        expr_walk_unknown(walk, node->right);
}

void expr_unknown(const struct expr *expr, struct term_scope *scope, expr_line_fn *line, void *cookie)
{
    struct expr_walk walk = {expr, scope, NULL, line, cookie};

    expr_walk_unknown(&walk, expr->root);
}
