/* SPDX-License-Identifier: Apache-2.0 */
/* Within dispatch: notifications whose recipient is known get into messages, a batch at a time. */
#ifndef TOLD_DISPATCH_PLACE_H
#define TOLD_DISPATCH_PLACE_H

#include "dispatch.h"

/* A queued notification; text borrowed from a result. */
struct dispatch_queued {
    const char *id; /* notification */
    int64_t duty_id, child_id;
    int telling, line, step;
    const char *kind, *role, *channel, *recipient, *case_ref;
    const char *as_of;   /* the day whose allocations hold for its duty, or NULL */
    const char *retry;   /* how it is tried again (backoff.h); NULL: as the configuration has it */
    const char *told_at; /* of a correction: the address it was told at; else NULL */
    bool immediate, closed;
    struct instant due_at;
};

/* A case reference whole (event.h has its limit): cut, it might end within a character, or be another case's
 * too. */
enum { DISPATCH_TOPIC_SIZE = 520 };

struct dispatch_place {
    struct dispatch_queued queued;
    struct recipient who;
    const char *address;
    bool has_other; /* an endpoint for when this mail fails */
    /* worked out here */
    char topic[DISPATCH_TOPIC_SIZE];
    bool superseded;  /* the recipient is told of this duty at this step by another one */
    char message[24]; /* the one it joins, or gets */
    bool makes;       /* a message of its own */
    size_t joins;     /* or that of an earlier one of the batch: its number + 1; 0: none */
    struct instant send_at;
};

/* In the transaction that holds the duties and the notifications. False when the database failed. */
bool dispatch_place_all(struct dispatch *d, struct dispatch_place *places, size_t count);

/* A notification that goes nowhere ends, with the reason in the journal. */
bool dispatch_place_end(struct dispatch *d, const struct dispatch_queued *q, const char *state,
                        const char *reason, const struct recipient *who);

#endif
