/* SPDX-License-Identifier: Apache-2.0 */
/* How adapters look codes up. Private to them. */
#ifndef TOLD_LIB_CODES_INDEX_H
#define TOLD_LIB_CODES_INDEX_H

#include "codes_row.h"

/* The row of a code; NULL: it is in none, or code is NULL. side: one of the table's words, NULL where it has
 * no sides. */
const struct codes_row *codes_find(const struct codes *codes, enum codes_table table, const char *side,
                                   const char *code);
/* In the order of the file. */
size_t codes_size(const struct codes *codes, enum codes_table table);
const struct codes_row *codes_at(const struct codes *codes, enum codes_table table, size_t index);

#endif
