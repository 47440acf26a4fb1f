/* SPDX-License-Identifier: Apache-2.0 */
/* Words that stand in personal fields and must be found nowhere else. */
#ifndef TOLD_CANARY_H
#define TOLD_CANARY_H

#define CANARY_BORN "2008-12-29"

/* Fails the test if one of them is in the text. where: for its message. */
void canary_search(const char *where, const char *text);

#endif
