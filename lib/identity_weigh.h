/* SPDX-License-Identifier: Apache-2.0 */
/* One candidate against the person of an event: what agrees, what contradicts, and the points for it. */
#ifndef TOLD_IDENTITY_WEIGH_H
#define TOLD_IDENTITY_WEIGH_H

#include "told/identity.h"

enum weigh_born {
    WEIGH_BORN_UNSTATED, /* by one side or both */
    WEIGH_BORN_AGREES,
    WEIGH_BORN_SWAPPED, /* day and month */
    WEIGH_BORN_MISTYPED, /* one digit, or two neighbours in each other's place */
    WEIGH_BORN_OTHER,
    WEIGH_BORN_FILLED, /* what forms put where they know none: it is nobody's, and so it contradicts, but weighs nothing */
};

struct weighed {
    const struct identity_candidate *candidate;
    const char *agrees, *contradicts; /* the first trusted scheme of each, or NULL */
    enum weigh_born born;
    bool name_contradicts; /* what is stated of a name fits none that is known */
    bool name_agrees;      /* some name fits; false also where none is stated */
    bool fits;             /* family, given names and date of birth all agree exactly */
    /* Exactly, and of record: what a combination is made of. */
    bool family, given, postcode, asn, urn;
    int points;
    json_t *schemes, *evidence; /* owned */
};

void identity_weigh(const struct identity_policy *policy, const struct person *person,
                    const struct identity_candidate *candidate, struct weighed *ret);
void identity_weigh_release(struct weighed *w);

#endif
