/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines as a calendar file (iCalendar, RFC 5545; how it is meant, RFC 5546): published, moved when they move, cancelled
 * when there is nothing to do any more. Thin: a number and a case reference, nothing of a child.
 */
#ifndef TOLD_ICS_H
#define TOLD_ICS_H

#include "told/instant.h"

#include <stddef.h>

enum ics_method {
    ICS_PUBLISH,
    ICS_CANCEL,
};

struct ics_entry {
    const char *uid;       /* the same for all that is ever said of one deadline */
    int sequence;          /* rises when what is said changes: who reads it keeps the highest */
    struct instant due_at;
    const char *reference; /* "D-17" */
    const char *case_ref;  /* or NULL; foreign text */
};

/* organizer: the address it comes from. stamp: when it was written. The caller frees. */
char *ics_print(enum ics_method method, const char *organizer, struct instant stamp, const struct ics_entry *entries,
                size_t count);

#endif
