/* SPDX-License-Identifier: Apache-2.0 */
/* A file as one text. */
#ifndef TOLD_TESTS_WHOLE_FILE_H
#define TOLD_TESTS_WHOLE_FILE_H

#include <stdio.h>

#include "told/buf.h"
#include "told/mem.h"

/* NULL if it cannot be opened. `ret_len` may be NULL: the text ends with a zero byte behind it. The caller frees. */
static inline char *whole_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    struct buf text = {0};
    char block[65536];
    size_t got;

    if (file == NULL)
        return NULL;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&text, block, got);
    fclose(file);
    if (ret_len != NULL)
        *ret_len = text.len;
    return text.len > 0 ? buf_take(&text) : mem_copy("");
}

#endif
