/* SPDX-License-Identifier: Apache-2.0 */
/* People, posts, rota, absences and a child's allocations from the database, over the configured roles. */
#ifndef TOLD_DIRECTORY_LOAD_H
#define TOLD_DIRECTORY_LOAD_H

#include "config.h"
#include "pg.h"

#define DIRECTORY_CAME_BACK "mail to this address came back" /* why an address that a bounce has marked is barred */

/* The directory as it stands; NULL when the database failed. *ret_version changes with every import. */
struct directory *directory_load(struct pg *pg, const struct config *config, int64_t *ret_version);
bool directory_load_version(struct pg *pg, int64_t *ret_version);

/* Who is allocated to the children of some duties, each at an instant: by what is known now. */
struct directory_asked {
    int64_t child_id;
    struct instant at;
};
struct directory_children;
struct directory_children *directory_children_load(struct pg *pg, const struct directory_asked *asked, size_t count);
void directory_children_free(struct directory_children *children);
/* Of one that was asked about. */
const struct allocation *directory_children_get(const struct directory_children *children, struct directory_asked asked,
                                                size_t *ret_count);
/* The instant whose allocations hold for a duty: the end of the day it is told as of ("2024-06-03", A13), else now. */
struct instant directory_children_at(const char *as_of, struct instant now);

#endif
