/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a directory, shared by directory.c (what is in it), directory_validate.c, directory_resolve.c and
 * directory_hold.c, directory_change.c. */
#ifndef TOLD_DIRECTORY_STORE_H
#define TOLD_DIRECTORY_STORE_H

#include "told/directory.h"

#define DIRECTORY_FALLS_MOST (sizeof((struct directory_role *)0)->falls_to / sizeof(char *))

struct directory_post {
    const char *person_id; /* looked up when it is asked for: people and posts may come in any order */
    const char *role;
};

struct directory_stand {
    struct directory_role role;
    const char *mailbox_id; /* "mailbox:<role>" */
    const char *barred;     /* why its mailbox may not be used, or NULL */
};

struct directory_turns {
    struct directory_shift shift;
    const char **people; /* shift.people points here */
};

struct directory {
    const char *last_resort_mailbox;
    /* In order of configuration. Each stays where it is, for pointers to it are handed out. */
    struct directory_stand **stands;
    size_t stand_count;
    struct directory_person **people; /* sorted by id */
    size_t person_count;
    struct directory_post *posts; /* in order of adding: the first who is there holds the post */
    size_t post_count;
    struct directory_turns *turns; /* the one that begins last first */
    size_t turns_count;
    struct directory_absence *absences; /* sorted by person, the one that begins last first */
    size_t absence_count;
    char **texts; /* every string above; freed together */
    size_t text_count;
};

#define DIRECTORY_COVERS_MOST 4 /* covers of covers; more is a circle */

/* The team of whoever is allocated in that role, or NULL. The team counts even where its worker has left: the case stays
 * with it until it is given to another. */
const char *directory_team(const struct directory *directory, const char *worker_role, const struct allocation *allocations,
                           size_t allocation_count);
/* The absence of this person at that instant, or NULL. */
const struct directory_absence *directory_absence_at(const struct directory *directory, const char *person_id,
                                                     struct instant at);

#endif
