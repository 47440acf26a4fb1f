/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped tables of codes, for what runs from the top of the tree: unit tests and fuzz targets. */
#ifndef TOLD_TESTS_SHIPPED_CODES_H
#define TOLD_TESTS_SHIPPED_CODES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/codes.h"

static inline void shipped_codes_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file == NULL ? "conf/codes" : file, line, text);
}

/* All files as one text: a file may hold several tables. The caller frees. */
static inline char *shipped_codes_text(void)
{
    struct buf text = {0};
    glob_t found = {0};

    (void)glob("conf/codes/*.conf", 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char block[4096];
        size_t got;
        FILE *file = fopen(found.gl_pathv[i], "rb");

        while (file != NULL && (got = fread(block, 1, sizeof block, file)) > 0)
            buf_append(&text, block, got);
        if (file != NULL)
            fclose(file);
    }
    globfree(&found);
    if (text.len == 0) {
        fprintf(stderr, "conf/codes cannot be read; run this from the top of the tree\n");
        abort();
    }
    return buf_take(&text);
}

static inline struct codes *shipped_codes_load(void)
{
    char *text = shipped_codes_text();
    const struct codes_file file = {"conf/codes", text, strlen(text)};
    struct codes *codes = codes_parse(&file, 1, shipped_codes_fault, NULL);

    free(text);
    if (codes == NULL)
        abort(); /* said why */
    return codes;
}

/* Read at the first call, and kept while the program runs. */
static inline const struct codes *shipped_codes(void)
{
    static struct codes *codes;

    if (codes == NULL)
        codes = shipped_codes_load();
    return codes;
}

#endif
