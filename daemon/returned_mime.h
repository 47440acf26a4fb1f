/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail that came back, from its bytes to what returned.h judges.
 *
 * By GMime 3 (Debian's libgmime-3.0): MIME as it is really sent (folded and encoded headers, RFC 2047 and 2231, nested
 * multiparts, missing boundaries, charsets) has been its one subject for twenty years, notmuch and Pan read hostile mail with
 * it, it parses from memory, and its parser and the tree stop at a depth of their own. libetpan and mailutils bring whole mail
 * clients; a parser of ours would repeat what they have learned. It needs glib and keeps global tables, so it stays out of
 * lib/ and is used from one thread.
 */
#ifndef TOLD_RETURNED_MIME_H
#define TOLD_RETURNED_MIME_H

#include "told/returned.h"

enum {
    RETURNED_MIME_BYTES_MOST = 1024 * 1024, /* of a mail; what is behind it is not looked at */
    RETURNED_MIME_PARTS_MOST = 100,
    RETURNED_MIME_DEPTH_MOST = 12,
};

/* Before the first mail; again is no harm. GMime cannot be started anew once it was shut down, so it never is. */
void returned_mime_start(void);
/* Any bytes. What cannot be read is left out; *ret is to be released in any case. */
void returned_mime_read(const char *bytes, size_t len, struct returned_mail *ret);

#endif
