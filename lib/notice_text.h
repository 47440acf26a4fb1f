/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed and filled notice as plain text: the alternative part of a mail for readers without HTML. */
#ifndef TOLD_NOTICE_TEXT_H
#define TOLD_NOTICE_TEXT_H

#include "told/buf.h"

#include <cmark.h>

#define NOTICE_TEXT_COLUMNS 78 /* RFC 5322 2.1.1: lines SHOULD be no more than 78 characters */

/* Lines end in LF and are at most NOTICE_TEXT_COLUMNS code points long; a longer word is cut. */
void notice_text_print(cmark_node *root, struct buf *out);

#endif
