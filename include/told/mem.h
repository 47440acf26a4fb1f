/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Out of memory aborts here and nowhere else: the truth is in PostgreSQL and systemd restarts us,
 * so no other signature carries that failure.
 */
#ifndef TOLD_MEM_H
#define TOLD_MEM_H

#include <stddef.h>

void *mem_new(size_t size);                               /* zeroed; free() releases */
void *mem_grow(void *old, size_t count, size_t size);     /* realloc of count items of size bytes, checked */
char *mem_copy(const char *text);                         /* strdup; NULL gives NULL */
char *mem_copy_n(const char *bytes, size_t len);          /* NUL is added */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
