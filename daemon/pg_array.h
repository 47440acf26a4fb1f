/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOLD_PG_ARRAY_H
#define TOLD_PG_ARRAY_H

#include "told/buf.h"

/* Array literals for unnest($1::text[]): begin with an empty buf, add, end. */
void pg_array_add(struct buf *b, const char *value); /* NULL is SQL NULL */
const char *pg_array_end(struct buf *b);

#endif
