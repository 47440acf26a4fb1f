/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form, shared by the reader of conditions and their evaluation. */
#ifndef TOLD_LIB_EXPR_NODE_H
#define TOLD_LIB_EXPR_NODE_H

#include "expr.h"

enum expr_op {
    EXPR_TRUE,
    EXPR_FALSE,
    EXPR_NAME, /* a yes-or-no field */
    EXPR_COMPARE,
    EXPR_IN,
    EXPR_HAS,
    EXPR_NOT,
    EXPR_AND,
    EXPR_OR,
    EXPR_IS_TRUE,
    EXPR_IS_FALSE,
    EXPR_IS_KNOWN,
};

enum expr_order {
    EXPR_EQUAL,
    EXPR_UNEQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_MORE,
    EXPR_MORE_EQUAL,
};

struct expr_node {
    enum expr_op op;
    enum expr_order order;
    bool against_name; /* EXPR_COMPARE: with the name `other`, not with the value */
    uint16_t left;     /* node */
    uint16_t right;    /* node */
    uint16_t name;     /* term on the left of a test */
    uint16_t other;    /* term on its right */
    uint16_t first;    /* EXPR_COMPARE, EXPR_IN: the first value */
    uint16_t count;    /* EXPR_IN */
    uint16_t begin;    /* where in the text it stands */
    uint16_t end;
    uint64_t words; /* EXPR_HAS, and EXPR_IN of words: those that are meant */
};

struct expr {
    char *text;
    struct expr_node *nodes;
    size_t node_count;
    struct term *terms;
    size_t term_count;
    struct value *values; /* text among them is in `texts` */
    size_t value_count;
    char **texts;
    size_t text_count;
    uint16_t root;
};

/* One part of a condition by itself. */
enum truth expr_eval_node(const struct expr *expr, uint16_t index, struct term_scope *scope);

#endif
