/* SPDX-License-Identifier: Apache-2.0 */
/* What of one mail stands outside its parts: the envelope and the lines of the header, byte by byte (traps 10, 14). */
#ifndef TOLD_MAIL_H
#define TOLD_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "told/instant.h"

struct mail {
    const char *from;          /* header From */
    const char *envelope_from; /* MAIL FROM */
    const char *to;            /* RCPT TO and header To: one address */
    const char *subject;
    const char *message_id; /* "<…@…>" */
    const char *in_reply_to; /* the same, or NULL */
    const char *references;  /* the same with blanks between; NULL: as in_reply_to */
    const char *reply_to;    /* address, or NULL: replies go where it is from */
    bool is_mixed;           /* something is attached beside the alternatives */
    struct instant date;
};

enum { MAIL_LINES_MOST = 13 };

/* NULL, or why it must not be sent (static text). */
const char *mail_validate(const struct mail *mail);
/* The header of a valid mail, a line each without its end, in order. Returns how many; the caller frees each. */
size_t mail_lines(const struct mail *mail, char *ret[MAIL_LINES_MOST]);
/* A text with CRLF at the end of each line and no CR or LF but those; the caller frees. */
char *mail_crlf(const char *text);

#endif
