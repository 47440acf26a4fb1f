/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte string that always ends in NUL (not counted in len). */
#ifndef TOLD_BUF_H
#define TOLD_BUF_H

#include <stddef.h>

struct buf {
    char *bytes; /* owned; NULL while empty */
    size_t len;
    size_t room;
};

void buf_release(struct buf *b); /* a zeroed struct buf is a valid empty one; release leaves it so */
void buf_reset(struct buf *b);   /* empties, keeps the memory */
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *buf_string(const struct buf *b); /* never NULL */
char *buf_take(struct buf *b);               /* the caller owns the string; b is empty again */

#endif
