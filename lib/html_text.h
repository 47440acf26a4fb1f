/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an HTML mail, for finding a code in it and for a person who looks through what came back. */
#ifndef TOLD_HTML_TEXT_H
#define TOLD_HTML_TEXT_H

#include "told/buf.h"

/* Appends the text; what is marked as quoted (blockquote, the containers of Gmail, Outlook, Thunderbird) is left out. Any
 * bytes are fine; the work is linear in their number. */
void html_text_append(struct buf *out, const char *html, size_t len);

#endif
