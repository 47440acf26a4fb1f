/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign_slug.h"

#include <ctype.h>
#include <string.h>

#include "told/buf.h"

char *foreign_slug(const char *name)
{
    struct buf slug = {0};

    for (const char *c = name; c != NULL && *c != '\0'; c++) {
        if (isascii(*c) && isalnum((unsigned char)*c))
            buf_char(&slug, (char)tolower((unsigned char)*c));
        else if (*c == '\'')
            continue;
        else if (strncmp(c, "\u2019", 3) == 0)
            c += 2;
        else if (slug.len > 0 && slug.bytes[slug.len - 1] != '-')
            buf_char(&slug, '-');
    }
    while (slug.len > 0 && slug.bytes[slug.len - 1] == '-')
        slug.bytes[--slug.len] = '\0';
    if (slug.len == 0) {
        buf_release(&slug);
        return NULL;
    }
    return buf_take(&slug);
}
