/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP endpoint that keeps the webhooks it gets, checks their signatures by its own computation, and
 * misbehaves on demand. Listens on 127.0.0.1 in threads of its own. */
#ifndef TOLD_WEBHOOK_SINK_H
#define TOLD_WEBHOOK_SINK_H

#include "sink_script.h"

struct webhook_sink;

/* directory: hooks/NNNNNN.json, hooks.ndjson, hook-faults.ndjson; NULL: count only. port 0: any. The script
 * is taken over (NULL: none). secrets: "whsec_…", NULL-terminated, borrowed for the call; NULL or empty:
 * nothing is valid. NULL if it cannot listen, write or read a secret. */
struct webhook_sink *webhook_sink_start(const char *directory, int port, struct sink_script *script,
                                        const char *const *secrets);
void webhook_sink_stop(struct webhook_sink *sink); /* and frees; NULL is fine */
int webhook_sink_port(const struct webhook_sink *sink);
long webhook_sink_accepted(struct webhook_sink *sink); /* requests answered with a 2xx, or kept and dropped */
/* Of those, how many had a valid signature; and how many had one for each secret. */
long webhook_sink_valid(struct webhook_sink *sink);
long webhook_sink_valid_for_all(struct webhook_sink *sink);

#endif
