/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody wrote themselves in a reply, without what they quoted. A code counts only where it was typed: helpdesks
 * and phones send whole notices back without anybody having read them.
 */
#ifndef TOLD_OWN_WORDS_H
#define TOLD_OWN_WORDS_H

#include <stddef.h>

enum { OWN_WORDS_CODE_SIZE = 11, OWN_WORDS_BYTES_MOST = 65536 };

/* How a notice introduces its code; where that comes right before a code, the code was quoted, whatever else it looks like. */
#define OWN_WORDS_QUOTED "reply with the code"

/* text or html may be NULL; the plain text is preferred unless it is blank. At most OWN_WORDS_BYTES_MOST bytes are looked
 * at. The caller frees. */
char *own_words_of(const char *text, const char *html);
/* The codes in it (ten hexadecimal digits, with or without a hyphen or blank in the middle), each once, in capitals and
 * without the hyphen. Returns how many, at most `most`. */
size_t own_words_codes(const char *words, char (*out)[OWN_WORDS_CODE_SIZE], size_t most);
/* The same, quoted ones too: what somebody has before them, not what they say. */
size_t own_words_codes_anywhere(const char *text, char (*out)[OWN_WORDS_CODE_SIZE], size_t most);

#endif
