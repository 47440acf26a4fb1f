/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference publisher of the confirmed feed: how the other side of the protocol is meant to behave.
 *
 * An event is kept until it has settled: acknowledged, or refused for good. At most `credit` events and 16 MiB are
 * under way; a WELCOME says from where to send (again); BUSY stops sending until the next WELCOME; a reconnect, which
 * ZeroMQ does by itself and unseen, starts with HELLO again.
 */
#ifndef TOLD_PUBLISHER_H
#define TOLD_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct publisher;

enum publisher_outcome { PUBLISHER_ACKED, PUBLISHER_REFUSED };

enum publisher_state {
    PUBLISHER_CONNECTING, /* nobody has answered yet, or not since the connection was lost */
    PUBLISHER_UNKNOWN,    /* told does not know this key */
    PUBLISHER_BUSY,       /* told is there and takes nothing for now */
    PUBLISHER_OPEN,
};

/* Called from publisher_turn when an event settles. reason: of a refusal. Borrowed for the call. */
typedef void publisher_settled_fn(void *cookie, enum publisher_outcome outcome, const char *source, const char *id,
                                  uint64_t number, const char *reason);

struct publisher_options {
    const char *endpoint;   /* of told's ROUTER */
    const char *server_key; /* told's public key, Z85 */
    const char *secret_key; /* the feed's own, Z85 */
    int64_t epoch;          /* of the log that is published */
    bool resume;            /* what the cursor has passed already counts as acknowledged and is not sent */
    publisher_settled_fn *settled; /* or NULL */
    void *cookie;
};

/* NULL and *ret_reason (caller frees): a key that is none, an endpoint that cannot be. Copies what it needs. */
struct publisher *publisher_new(const struct publisher_options *options, char **ret_reason);
void publisher_free(struct publisher *publisher); /* what has not settled stays unsettled */

/* One event, copied. id may be NULL where it cannot be read: told then names it by its SHA-256. number is the caller's own
 * (a line of a file). source is whose HELLO it goes under. */
void publisher_put(struct publisher *publisher, const char *source, const char *id, const uint64_t *sequence,
                   const char *body, size_t len, uint64_t number);
/* Sends and receives what can be, waiting at most timeout_ms for something to happen. */
void publisher_turn(struct publisher *publisher, int timeout_ms);

size_t publisher_unsettled(const struct publisher *publisher);
size_t publisher_bytes(const struct publisher *publisher); /* of what has not settled: for whoever reads a long file */
enum publisher_state publisher_state(const struct publisher *publisher);
const char *publisher_busy_reason(const struct publisher *publisher); /* of the last BUSY, or NULL */
int64_t publisher_quiet_ms(const struct publisher *publisher);        /* since something settled or was put */

#endif
