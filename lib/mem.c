/* SPDX-License-Identifier: Apache-2.0 */
#include "told/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_checked(void *block)
{
    if (block == NULL)
        abort(); /* see mem.h: no caller could do better */
    return block;
}

void *mem_new(size_t size)
{
    return mem_checked(calloc(1, size > 0 ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        abort();
    /* realloc to nothing would free and return NULL: one byte keeps the promise of a valid block. */
    return mem_checked(realloc(old, total > 0 ? total : 1));
}

char *mem_copy(const char *text)
{
    return text == NULL ? NULL : mem_copy_n(text, strlen(text));
}

char *mem_copy_n(const char *bytes, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        abort();
    copy = mem_checked(malloc(len + 1));
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        abort();
    return text;
}
