/* SPDX-License-Identifier: Apache-2.0 */
/* One hearing of one message: whether it is over, and where and when it is. Private to the adapter. */
#ifndef TOLD_HEARING_SITTING_H
#define TOLD_HEARING_SITTING_H

#include "court_event.h"

/* One hearing of one message. */
struct hearing_sitting {
    const struct adapter_origin *origin;
    struct adapted_list *list;
    const json_t *hearing, *around;
    size_t index; /* among the hearings of the message */
    bool is_resulted;
    struct court_hearing court;
    struct civil_day first_day; /* none: no day is stated */
    struct instant listed_at;   /* none: no time is stated */
    const char *purpose;
};

/* From origin, hearing and around, everything else but the list and the index. The caller frees court.court.
 */
void hearing_sitting_place(struct hearing_sitting *s, bool is_listing);
/* A trial may be listed for a year when they are of age: they are a child now. */
struct civil_day hearing_sitting_age_day(const struct hearing_sitting *s);

#endif
