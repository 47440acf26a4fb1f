/* SPDX-License-Identifier: Apache-2.0 */
/* Events about one defendant of one hearing: the envelope and the person. Private to the adapters of courts.
 */
#ifndef TOLD_COURT_EVENT_H
#define TOLD_COURT_EVENT_H

#include "adapted_list.h"
#include "told/civil.h"

/* One hearing at one court house. */
struct court_hearing {
    const char *id;             /* borrowed; NULL where not stated */
    char *court;                /* owned; slug of the court house, NULL where not stated */
    struct civil_day day;       /* local day of the hearing; none where not stated */
    struct instant at;          /* of the hearing, else of the register, else of the message */
    struct instant recorded_at; /* when it was written down or shared; none where not stated */
};

enum court_event_what {
    COURT_EVENT_APPEARANCE,
    COURT_EVENT_CONVICTION,
    COURT_EVENT_ENDING,
    COURT_EVENT_SENTENCE,
    COURT_EVENT_BAIL,
    COURT_EVENT_REMAND,
    COURT_EVENT_DESIGNATION,
    COURT_EVENT_REPORT,
    COURT_EVENT_LISTED,
    COURT_EVENT_WHATS,
};

/* Which case an event is about: both borrowed, both NULL where it is about none or several. */
struct court_reference {
    const char *case_ref;
    const char *asn; /* the number of the arrest: of the person and the case */
};

struct court_defendant {
    const struct adapter_origin *origin;
    const struct court_hearing *hearing;
    struct adapted_list *list;
    json_t *person;   /* owned: data.person without the number of the arrest */
    const char *part; /* where it stands in the message */
    const char *stem; /* its place in the message: ids are the message's, this, and what */
    /* Who said it of whom at which hearing, the same in every share of it; NULL where a message is sent once.
     */
    const char *statement;
    unsigned made[COURT_EVENT_WHATS];
};

/* The code of a court house, from its name or else the id of its centre, which is one for several houses; NULL where both
 * are. The caller frees. */
char *court_event_house(const char *name, const char *centre);
/* Sets a member, or leaves it out where the text is NULL. */
void court_event_set(json_t *object, const char *key, const char *text);
/* `fields` (taken) are the type's own beside hearing and court, which are the hearing's (but of a listing its
 * own), and on, which is the hearing's unless it is there. `matter`: what of the statement it is ("liberty");
 * not read without a statement. */
void court_event_add(struct court_defendant *defendant, enum court_event_what what,
                     struct court_reference about, const char *matter, json_t *fields);

#endif
