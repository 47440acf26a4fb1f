/* SPDX-License-Identifier: Apache-2.0 */
/* How an adapter hands back what it found: private to the adapters. */
#ifndef TOLD_ADAPTED_LIST_H
#define TOLD_ADAPTED_LIST_H

#include "told/adapter.h"

/* A court's whole day is a few hundred; a hostile message may have millions of parts that are each a fault.
 */
#define ADAPTED_MOST 4096

/* What every derived event is made from, and what its id begins with. Borrowed. */
struct adapter_origin {
    const char *source;
    const char *id;
    struct instant sent_at;
    const struct codes *codes; /* what the sender's codes mean */
};

bool adapted_list_is_full(const struct adapted_list *list);
/* Takes the event. A full list drops it: the caller asks adapted_list_is_full and gives up on the message. */
void adapted_list_add_event(struct adapted_list *list, const char *part, json_t *event);
void adapted_list_add_fault(struct adapted_list *list, const char *part, const char *reason);
void adapted_list_add_nothing(struct adapted_list *list, const char *part, const char *reason);
/* Takes the events of somebody who is of age out of a list of their own, and releases the rest of it. */
void adapted_list_take_of_age(struct adapted_list *list, struct adapted_list *own);

#endif
