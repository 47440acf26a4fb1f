/* SPDX-License-Identifier: Apache-2.0 */
/* The children that events may be about, for many events in one query: by identifier, by what a person answered before, and
 * where it is asked for by name, sound, date of birth and postcode. Read under the lock of children. */
#ifndef TOLD_CANDIDATES_H
#define TOLD_CANDIDATES_H

#include "config.h"
#include "pg.h"
#include "told/identity.h"

struct candidates_asked {
    int64_t event_id;
    const struct person *person;
    bool by_name; /* else only by identifier and answer: that is all most events need */
};

struct candidates {
    struct identity_candidate *list;
    size_t count;
};

struct candidates_found {
    PGresult *rows; /* what the lists point into */
    struct candidates *of; /* beside asked */
    struct match_identifier *identifiers; /* blocks that the lists share */
    struct identity_name *names;
    struct identity_postcode *postcodes;
};

/* False when the database failed. Release it in any case. */
bool candidates_find(struct pg *pg, const struct candidates_asked *asked, size_t count, struct candidates_found *ret);
void candidates_release(struct candidates_found *found, size_t count);

#endif
