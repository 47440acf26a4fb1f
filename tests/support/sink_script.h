/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sink does wrong, a rule a line, '#' begins a comment; the first rule that fits is used:
 *   match=TEXT    only where the recipient (SMTP stages rcpt, data, body, dot) or the sender (mail) holds
 * TEXT path=TEXT     the same for the path of a webhook stage=connect|ehlo|mail|rcpt|data|body|dot do=CODE
 * that reply (421 also closes the connection) do=drop       close without a word; at dot, after the whole
 * mail was read (drop-after-dot is the same word) do=accept-then-drop   keep the mail or request, then close
 * without the reply do=stall      never answer do=accept-then-stall      keep it, and never answer do=huge       webhooks: a reply of a mebibyte retry_after=S
 * webhooks: the header Retry-After times=N       this often; without it, always
 */
#ifndef TOLD_SINK_SCRIPT_H
#define TOLD_SINK_SCRIPT_H

#include <stdbool.h>

enum sink_act { SINK_NOTHING, SINK_REPLY, SINK_DROP, SINK_ACCEPT_THEN_DROP, SINK_STALL, SINK_ACCEPT_THEN_STALL, SINK_HUGE };

struct sink_fault {
    enum sink_act act;
    int code;          /* of SINK_REPLY */
    int retry_after_s; /* 0: none */
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
