/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one decision: taken piece by piece, given back at once. */
#ifndef TOLD_LIB_DECIDE_MEMORY_H
#define TOLD_LIB_DECIDE_MEMORY_H

#include <stddef.h>

struct decide_memory;

struct decide_memory *decide_memory_new(void);
void decide_memory_free(struct decide_memory *memory);
void *decide_memory_take(struct decide_memory *memory, size_t count,
                         size_t size); /* zeroed; room for count items */
char *decide_memory_text(struct decide_memory *memory, const char *bytes, size_t len);

#endif
