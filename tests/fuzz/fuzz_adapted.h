/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of an adapter whatever the bytes: each part has an event or a reason, every event is one the
 * catalogue takes, ids differ. */
#ifndef TOLD_FUZZ_ADAPTED_H
#define TOLD_FUZZ_ADAPTED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/shipped_codes.h"
#include "told/adapter.h"
#include "told/event.h"

static inline void fuzz_require(bool holds)
{
    if (!holds)
        abort();
}

static inline void fuzz_check_part(const struct adapted_list *list, size_t i)
{
    const struct adapted *part = &list->items[i];
    enum event_fault fault;
    char *reason = NULL;

    fuzz_require(part->part != NULL);
    fuzz_require((part->event == NULL) == (part->reason != NULL));
    fuzz_require(!part->nothing || part->event == NULL);
    if (part->event == NULL)
        return;
    struct event *event = event_from_json(part->event, &fault, &reason);
    fuzz_require(event != NULL);
    fuzz_require(strncmp(event_id(event), "m1/", 3) == 0);
    for (size_t k = 0; k < i && i < 64; k++)
        fuzz_require(list->items[k].event == NULL ||
                     strcmp(json_text_at(list->items[k].event, "id"), event_id(event)) != 0);
    event_free(event);
}

static inline void fuzz_adapted(const char *adapter, const uint8_t *bytes, size_t len)
{
    struct adapted_list list = {0};
    const struct instant sent_at = {INT64_C(1731693600000000)};
    char *reason = adapter_run(adapter, shipped_codes(), (const char *)bytes, len, "court/x", "m1", sent_at, &list);

    fuzz_require(reason == NULL || list.count == 0);
    for (size_t i = 0; i < list.count; i++)
        fuzz_check_part(&list, i);
    for (size_t i = 0; i < list.of_age_count; i++)
        fuzz_require(list.of_age[i].part != NULL && (list.of_age[i].event != NULL || list.of_age[i].reason != NULL));
    adapted_list_release(&list);
    free(reason);
}

#endif
