/* SPDX-License-Identifier: Apache-2.0 */
/* One SMTP conversation of the sink (RFC 5321): bytes in, bytes out, no sockets. */
#ifndef TOLD_SMTP_SESSION_H
#define TOLD_SMTP_SESSION_H

#include "sink_script.h"
#include "sink_store.h"
#include "told/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct smtp_session;

/* All borrowed; mails and faults may be shared by many sessions. quiet: count what comes, build no records.
 */
struct smtp_session *smtp_session_new(struct sink_script *script, struct sink_store *mails,
                                      struct sink_store *faults, bool quiet);
void smtp_session_free(struct smtp_session *session);
/* Whatever arrived; replies are appended to smtp_session_out. */
void smtp_session_feed(struct smtp_session *session, const char *bytes, size_t len);
struct buf *smtp_session_out(struct smtp_session *session);
bool smtp_session_is_over(const struct smtp_session *session); /* close once out is written */

#endif
