/* SPDX-License-Identifier: Apache-2.0 */
#include "told/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

enum { BUF_ROOM_FIRST = 128 };

/* Makes room for `more` bytes and the NUL behind them. */
static void buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    size_t room = b->room > 0 ? b->room : BUF_ROOM_FIRST;

    if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
        abort();
    need = b->len + more + 1;
    if (need <= b->room)
        return;
    while (room < need)
        room *= 2; /* amortised: n appends cost O(n) */
    b->bytes = mem_grow(b->bytes, room, 1);
    b->room = room;
}

void buf_release(struct buf *b)
{
    if (b == NULL)
        return;
    free(b->bytes);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    if (b->bytes != NULL)
        b->bytes[0] = '\0';
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
    buf_reserve(b, len);
    if (len > 0)
        memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
    b->bytes[b->len] = '\0';
}

void buf_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        abort();
    buf_reserve(b, (size_t)len);
    (void)vsnprintf(b->bytes + b->len, (size_t)len + 1, format, again);
    b->len += (size_t)len;
    va_end(again);
    va_end(args);
}

const char *buf_string(const struct buf *b)
{
    return b->bytes != NULL ? b->bytes : "";
}

char *buf_take(struct buf *b)
{
    char *taken = b->bytes != NULL ? b->bytes : mem_copy("");

    *b = (struct buf){0};
    return taken;
}
