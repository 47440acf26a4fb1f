/* SPDX-License-Identifier: Apache-2.0 */
#include "pg_array.h"

#include <string.h>

void pg_array_add(struct buf *b, const char *value)
{
    buf_char(b, b->len == 0 ? '{' : ',');
    if (!value) {
        buf_text(b, "NULL");
        return;
    }
    buf_char(b, '"');
    for (const char *p = value; *p;) {
        size_t plain = strcspn(p, "\"\\");
        buf_append(b, p, plain);
        p += plain;
        if (*p) {
            buf_char(b, '\\');
            buf_char(b, *p++);
        }
    }
    buf_char(b, '"');
}

const char *pg_array_end(struct buf *b)
{
    if (b->len == 0)
        buf_char(b, '{');
    buf_char(b, '}');
    return buf_string(b);
}
