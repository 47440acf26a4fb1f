/* SPDX-License-Identifier: Apache-2.0 */
/* A mail server that keeps what it gets and misbehaves on demand: one thread, any number of connections on
 * 127.0.0.1. */
#ifndef TOLD_SMTP_SINK_H
#define TOLD_SMTP_SINK_H

#include "sink_script.h"
#include "sink_tls.h"

struct smtp_sink;

/* directory: mails/NNNNNN.eml, mails.ndjson, faults.ndjson; NULL: count only. port 0: any. The script is
 * taken over (NULL: none). NULL with errno if it cannot listen or write. */
struct smtp_sink *smtp_sink_new(const char *directory, int port, struct sink_script *script);
void smtp_sink_free(struct smtp_sink *sink); /* after run or stop; NULL is fine */
/* Before it runs. The sink takes tls over. Not implicit: STARTTLS is offered, and no mail is taken without it. */
void smtp_sink_set_tls(struct smtp_sink *sink, struct sink_tls *tls, bool is_implicit);
/* No mail is taken without that login (PLAIN or LOGIN). */
void smtp_sink_set_login(struct smtp_sink *sink, const char *login, const char *password);
int smtp_sink_port(const struct smtp_sink *sink);
long smtp_sink_accepted(struct smtp_sink *sink); /* mails; from any thread */
long smtp_sink_connections(struct smtp_sink *sink);
/* Serves until stop_fd is readable. */
void smtp_sink_run(struct smtp_sink *sink, int stop_fd);
/* The same in a thread of its own. */
bool smtp_sink_start(struct smtp_sink *sink);
void smtp_sink_stop(struct smtp_sink *sink);

#endif
