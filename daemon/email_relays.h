/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All relays of the configuration: a pool of senders each, and how each of them fares. Mail goes to the first that is not in
 * trouble; an attempt that a relay's trouble ended before the body was out goes on at the next one.
 */
#ifndef TOLD_EMAIL_RELAYS_H
#define TOLD_EMAIL_RELAYS_H

#include "email_pool.h"
#include "told/destination.h"

struct email_relays;

/* Relays are copied. wake_fd as for email_pool_start. NULL and *ret_reason (static). */
struct email_relays *email_relays_start(const struct email_relay *relays, size_t count, int wake_fd, const char **ret_reason);
/* How many messages may be submitted now; sends the probes that are due. */
size_t email_relays_free_slots(struct email_relays *relays);
/* Copies the job. False when no slot is free. */
bool email_relays_submit(struct email_relays *relays, const struct email_job *job);
/* What has come to an end of its attempt. */
size_t email_relays_take(struct email_relays *relays, struct outcome *outcomes, size_t most);
/* All of them together get wait_s. */
void email_relays_stop(struct email_relays *relays, int wait_s);
void email_relays_free(struct email_relays *relays); /* NULL is fine */

enum email_relays_state {
    EMAIL_RELAYS_UNTRIED, /* some are held to be alive, but none has answered since the start */
    EMAIL_RELAYS_SERVED,
    EMAIL_RELAYS_DEAD, /* all of them: no mail goes out */
};
enum email_relays_state email_relays_state(const struct email_relays *relays);
size_t email_relays_count(const struct email_relays *relays);
const char *email_relays_name(const struct email_relays *relays, size_t index);
const struct destination *email_relays_destination(const struct email_relays *relays, size_t index);
/* Whether what is shown of it has changed since this was last asked. */
bool email_relays_changed(struct email_relays *relays, size_t index);

#endif
