/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IMAP server that can be told to misbehave, on 127.0.0.1 in clear: what libcurl asks of one mailbox, one connection at a
 * time, in a thread of the test. Real servers: imap_server.h.
 */
#ifndef TOLD_IMAP_MOCK_H
#define TOLD_IMAP_MOCK_H

#include <stdbool.h>

struct imap_mock;

/* mails: UIDs 1 to that many, each "text" with its UID in the place of %d. Aborts where it cannot. */
struct imap_mock *imap_mock_start(int mails, const char *text);
void imap_mock_stop(struct imap_mock *mock); /* NULL is fine */
int imap_mock_port(const struct imap_mock *mock);
/* Whoever fetches one of these (0: none) is cut off in the middle of it. */
void imap_mock_cut(struct imap_mock *mock, int first, int last);
/* No login is let in any more, or again. */
void imap_mock_refuse(struct imap_mock *mock, bool refuse);
/* The login must be by XOAUTH2 with exactly this token; NULL: by a password. Copied. */
void imap_mock_want_token(struct imap_mock *mock, const char *token);
int imap_mock_left(struct imap_mock *mock); /* mails not moved away */

#endif
