/* SPDX-License-Identifier: Apache-2.0 */
/* Who is before the court: each person once, with every case and application of theirs. Private to the
 * adapter. */
#ifndef TOLD_HEARING_PARTY_H
#define TOLD_HEARING_PARTY_H

#include "told/civil.h"
#include "told/json.h"

#define HEARING_ENTRIES_MOST 4096 /* of one hearing; a bound on what a hostile message can take */

struct hearing_entry {
    const json_t *defendant; /* of a case, or the application's subject; borrowed */
    const json_t *of;        /* the case or the application */
    bool is_application;
    bool is_defence; /* an application made by the defence: not ours to pass on */
};

struct hearing_party {
    char *path; /* owned: of the first entry */
    const char *master, *id;
    const json_t *details; /* their own person details, or NULL */
    bool is_organisation;
    char *fault; /* owned: why they, or something of them, cannot be read, or NULL */
    bool is_none; /* nobody stands there at all */
    struct hearing_entry *entries;
    size_t count;
};

struct hearing_parties {
    struct hearing_party *items;
    size_t count;
};

/* NULL, or why the whole hearing cannot be read (caller frees). `path`: of the hearing. Release in either
 * case. */
char *hearing_parties_read(struct hearing_parties *ret, const json_t *hearing, const char *path);
void hearing_parties_release(struct hearing_parties *parties);

/* The part about the person as a defendant (bail status, number of the arrest), or NULL. */
const json_t *hearing_entry_person(const struct hearing_entry *entry);
/* data.person, the caller's; born: none where unknown. */
json_t *hearing_party_person(const struct hearing_party *party, struct civil_day born);

#endif
