/* SPDX-License-Identifier: Apache-2.0 */
/* Puts values into a parsed template: a new tree is built from the template's, node by node, so that a value
 * is only ever the literal of a text or code node and is never looked at for markup or for further
 * placeholders. */
#ifndef TOLD_NOTICE_FILL_H
#define TOLD_NOTICE_FILL_H

#include "told/buf.h"

#include <cmark.h>
#include <jansson.h>

struct notice_scope {
    const json_t *values;             /* NULL: only the names are looked at, every value reads as "x" */
    const char *const *names;         /* NULL-terminated; used where values is NULL */
    const struct notice_scope *outer; /* where a name is looked for next; NULL at the top */
};

/* A new tree (cmark_node_free), or NULL and *ret_reason (caller frees). first_line: the file's line of the
 * tree's line 1. */
cmark_node *notice_fill_tree(cmark_node *template_root, int first_line, const struct notice_scope *scope,
                             char **ret_reason);
/* Appends text with its placeholders replaced; NULL, or the reason without a line (caller frees). */
char *notice_fill_text(const char *text, const struct notice_scope *scope, struct buf *out);

#endif
