/* SPDX-License-Identifier: Apache-2.0 */
/* One domain event of the prisons, out of its envelopes. Private to the adapter. */
#ifndef TOLD_CUSTODY_EVENT_H
#define TOLD_CUSTODY_EVENT_H

#include "adapted_list.h"

struct custody_message {
    const struct adapter_origin *origin;
    struct adapted_list *list;
    const char *part;            /* where it stands */
    size_t index;                /* among the events of the message */
    const json_t *attributes;    /* MessageAttributes of the envelope, or NULL */
    struct instant enveloped_at; /* Timestamp of the envelope; none: not stated */
};

/* Adds what it comes to: one event, a fault, or why there is nothing. */
void custody_event_read(const struct custody_message *message, const json_t *json);

#endif
