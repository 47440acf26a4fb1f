/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a decision: what makes it the same duty, what its reader must know, and why it came out. */
#ifndef TOLD_LIB_DECIDE_TEXT_H
#define TOLD_LIB_DECIDE_TEXT_H

#include "rule.h"

/* Each appends to `out`; `scratch` is overwritten. */
void decide_text_key(const struct rule_arm *arm, const struct decide_input *input, struct buf *out);
void decide_text_shows(const struct rule_arm *arm, struct term_scope *scope, struct instant due_at,
                       struct buf *out);
void decide_text_not(const struct rule_arm *arm, struct term_scope *scope, struct buf *scratch,
                     struct buf *out);
/* Array of lines; new reference. */
json_t *decide_text_because(const struct rule_arm *arm, const struct calendar *calendar,
                            struct term_scope *scope, const struct deadline_due *due, struct buf *scratch);

#endif
