/* SPDX-License-Identifier: Apache-2.0 */
/* A real Dovecot of our own: IMAP on 127.0.0.1 over TLS, one mailbox over a Maildir, nothing of this machine touched. As a
 * plain user it runs as that user, as root as nobody. */
#ifndef TOLD_IMAP_SERVER_H
#define TOLD_IMAP_SERVER_H

#include <stdbool.h>

#define IMAP_SERVER_LOGIN "told"
#define IMAP_SERVER_PASSWORD "correct-horse"

struct imap_server;

struct imap_server *imap_server_start(void); /* returns once it answers; aborts where it cannot */
void imap_server_stop(struct imap_server *server); /* every process and file; NULL is fine */
int imap_server_port(const struct imap_server *server, bool implicit_tls);
const char *imap_server_certificate(const struct imap_server *server); /* the file that vouches for it */
void imap_server_deliver(struct imap_server *server, int number, const char *text);
long imap_server_count(const struct imap_server *server, const char *folder); /* mails: "" is the INBOX */

#endif
