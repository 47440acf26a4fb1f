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

/* All borrowed; script, mails and faults may be shared by many sessions. */
struct smtp_session_setup {
    struct sink_script *script;
    struct sink_store *mails, *faults;
    bool quiet;                  /* count what comes, build no records */
    bool offers_tls;             /* STARTTLS; no mail is taken before it */
    const char *login, *password; /* NULL: anybody may send */
};

struct smtp_session *smtp_session_new(const struct smtp_session_setup *setup);
void smtp_session_free(struct smtp_session *session);
/* Whatever arrived; replies are appended to smtp_session_out. */
void smtp_session_feed(struct smtp_session *session, const char *bytes, size_t len);
struct buf *smtp_session_out(struct smtp_session *session);
bool smtp_session_is_stalled(const struct smtp_session *session);
bool smtp_session_is_over(const struct smtp_session *session); /* close once out is written */

/* STARTTLS was said and its answer is in out: what comes next is TLS. */
bool smtp_session_wants_tls(const struct smtp_session *session);
/* TLS begins, by STARTTLS or from the first byte on. False when the session misbehaves at that. */
bool smtp_session_secure(struct smtp_session *session);

/* How out is to be written, beside whole and at once. */
struct smtp_session_manner {
    bool drips;       /* a byte at a time, slowly */
    bool is_noise;    /* under the TLS, not in it */
    bool resets;      /* the close is an RST */
    bool half_closes; /* our side closes, theirs is read on */
};
struct smtp_session_manner smtp_session_manner(const struct smtp_session *session);

#endif
