/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sink does wrong, a rule a line, '#' begins a comment; the first rule that fits is used:
 *   match=TEXT    only where the recipient (SMTP stages rcpt, data, body, dot) or the sender (mail) holds TEXT
 *   path=TEXT     the same for the path of a webhook
 *   stage=connect|tls|ehlo|starttls|auth|mail|rcpt|data|body|dot
 *   do=CODE              that reply (421 also closes the connection)
 *   do=drop              close without a word; at dot, after the whole mail was read (drop-after-dot is the same word)
 *   do=reset             the same with an RST
 *   do=half-close        close our side and read on
 *   do=accept-then-drop  keep the mail or request, then close without the reply
 *   do=stall             never answer
 *   do=accept-then-stall keep it, and never answer
 *   do=garbage           bytes that are no reply, and no more
 *   do=noise             bytes under the TLS that is no TLS
 *   do=strip             ehlo: STARTTLS is not offered
 *   do=drip              the usual reply, a byte now and then
 *   do=long-line         the usual reply in a line of 100,000 bytes
 *   do=bare-lf           the usual reply, its lines ended by LF alone
 *   do=huge              webhooks: a reply of a mebibyte
 *   retry_after=S (or retry_date=S, the same as a date)        webhooks: the header Retry-After
 *   after=N              not the first N times it fits
 *   times=N              this often; without it, always
 */
#ifndef TOLD_SINK_SCRIPT_H
#define TOLD_SINK_SCRIPT_H

#include <stdbool.h>

enum sink_act {
    SINK_NOTHING,
    SINK_REPLY,
    SINK_DROP,
    SINK_ACCEPT_THEN_DROP,
    SINK_STALL,
    SINK_ACCEPT_THEN_STALL,
    SINK_HUGE,
    SINK_RESET,
    SINK_HALF_CLOSE,
    SINK_GARBAGE,
    SINK_NOISE,
    SINK_STRIP,
    /* The usual reply, in an unusual form. */
    SINK_DRIP,
    SINK_LONG_LINE,
    SINK_BARE_LF,
};

struct sink_fault {
    enum sink_act act;
    int code;          /* of SINK_REPLY */
    int retry_after_s; /* 0: none; below: as a date so many seconds ahead */
    const char *word;  /* do=…, for the record; lives as long as the script */
};

struct sink_script;

/* Text with lines as above (NULL: none). NULL and *ret_line when a line is not understood. */
struct sink_script *sink_script_new(const char *text, int *ret_line);
struct sink_script *sink_script_load(const char *path, int *ret_line);
void sink_script_free(struct sink_script *script);
/* Whether a rule fits; one time of it is used up. Not for several threads. */
bool sink_script_take(struct sink_script *script, const char *stage, const char *subject,
                      struct sink_fault *ret);

#endif
