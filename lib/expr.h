/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of rules. Kleene's three values; checked against the catalogue as they are read; evaluation
 * allocates nothing and always ends.
 *
 *   or      := and { "or" and }
 *   and     := not { "and" not }
 *   not     := "not" not | judged
 *   judged  := primary { "is" ( "true" | "false" | "known" ) }          two-valued
 *   primary := "(" or ")" | "true" | "false" | test
 *   test    := name [ ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) ( name | value )
 *                   | "in" "(" value { "," value } ")" | "has" word ]
 *   name    := event.FIELD | child.FIELD | child.has(ROLE) | court.… | history.… | release.on | authority
 *   value   := word | number | YYYY-MM-DD | true | false
 */
#ifndef TOLD_LIB_EXPR_H
#define TOLD_LIB_EXPR_H

#include "term.h"

enum { EXPR_DEPTH_MOST = 32, EXPR_NODES_MOST = 250, EXPR_TEXT_MOST = 4096 };

struct expr;

/* Read for events of one type. NULL and *ret_reason (caller frees; "column N: what; what to do") if it cannot
 * be. */
struct expr *expr_parse(const char *text, int type_index, enum term_reach reach, char **ret_reason);
void expr_free(struct expr *expr);
enum truth expr_eval(const struct expr *expr, struct term_scope *scope);

typedef void expr_line_fn(void *cookie, const char *text, size_t len);
/* Each member that made the condition come out as it did, with its value: "child.looked_after is true".
 * `scratch` is overwritten; a caller with many conditions brings the same one again. */
void expr_explain(const struct expr *expr, struct term_scope *scope, struct buf *scratch, expr_line_fn *line,
                  void *cookie);
/* The names of what was missing, where the condition comes out unknown. A name may come more than once. */
void expr_unknown(const struct expr *expr, struct term_scope *scope, expr_line_fn *line, void *cookie);

#endif
