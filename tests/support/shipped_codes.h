/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped tables of codes, for what runs from the top of the tree: unit tests and fuzz targets. */
#ifndef TOLD_TESTS_SHIPPED_CODES_H
#define TOLD_TESTS_SHIPPED_CODES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "told/buf.h"
#include "told/codes.h"

static inline void shipped_codes_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file == NULL ? "conf/codes" : file, line, text);
}

static inline char *shipped_codes_text(const char *path, size_t *ret_len)
{
    struct buf text = {0};
    char block[4096];
    size_t got;
    FILE *file = fopen(path, "rb");

    while (file != NULL && (got = fread(block, 1, sizeof block, file)) > 0)
        buf_append(&text, block, got);
    if (file != NULL)
        fclose(file);
    *ret_len = text.len;
    return buf_take(&text);
}

static inline struct codes *shipped_codes_load(void)
{
    glob_t found = {0};
    struct codes_file files[32] = {0};
    struct codes *codes;
    char *texts[32];
    size_t count;

    (void)glob("conf/codes/*.conf", 0, NULL, &found);
    count = found.gl_pathc < 32 ? found.gl_pathc : 32;
    for (size_t i = 0; i < count; i++) {
        texts[i] = shipped_codes_text(found.gl_pathv[i], &files[i].len);
        files[i].name = found.gl_pathv[i];
        files[i].text = texts[i];
    }
    codes = codes_parse(files, count, shipped_codes_fault, NULL);
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    globfree(&found);
    if (codes == NULL) {
        fprintf(stderr, "conf/codes cannot be used; run this from the top of the tree\n");
        abort();
    }
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
