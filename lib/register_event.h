/* SPDX-License-Identifier: Apache-2.0 */
/* Events about one defendant of one court register: the envelope and the person. Private to the adapter. */
#ifndef TOLD_REGISTER_EVENT_H
#define TOLD_REGISTER_EVENT_H

#include "adapted_list.h"
#include "told/civil.h"

/* One register: one hearing at one court house. */
struct register_hearing {
    const char *id;             /* borrowed; NULL where not stated */
    char *court;                /* owned; slug of the court house, NULL where not stated */
    struct civil_day day;       /* local day of the hearing; none where not stated */
    struct instant at;          /* of the hearing, else of the register, else of the message */
    struct instant recorded_at; /* of the register; none where not stated */
};

enum register_short {
    REGISTER_APPEARANCE,
    REGISTER_CONVICTION,
    REGISTER_ENDING,
    REGISTER_SENTENCE,
    REGISTER_BAIL,
    REGISTER_REMAND,
    REGISTER_SHORTS,
};

struct register_defendant {
    const struct adapter_origin *origin;
    const struct register_hearing *hearing;
    struct adapted_list *list;
    const json_t *json;
    const char *part; /* where it stands in the message */
    size_t register_index, index;
    struct civil_day born; /* none: unknown */
    unsigned made[REGISTER_SHORTS];
};

void register_hearing_init(struct register_hearing *hearing, const json_t *request, struct instant sent_at);
void register_hearing_release(struct register_hearing *hearing);
/* entry: the case it is about, or NULL. `fields` (taken) are the type's own beside hearing, court and on. */
void register_event_add(struct register_defendant *defendant, enum register_short what, const json_t *entry,
                        json_t *fields);

#endif
