/* SPDX-License-Identifier: Apache-2.0 */
/* People, posts, rota, absences and a child's allocations from the database, over the configured roles. */
#ifndef TOLD_DIRECTORY_LOAD_H
#define TOLD_DIRECTORY_LOAD_H

#include "config.h"
#include "pg.h"

/* The directory as it stands; NULL when the database failed. *ret_version changes with every import. */
struct directory *directory_load(struct pg *pg, const struct config *config, int64_t *ret_version);
bool directory_load_version(struct pg *pg, int64_t *ret_version);

/* Who is allocated to the children of some duties at an instant: allocations[i] belong to child_ids[i]. */
struct directory_children;
struct directory_children *directory_children_load(struct pg *pg, const int64_t *child_ids, size_t count, struct instant at);
void directory_children_free(struct directory_children *children);
const struct allocation *directory_children_get(const struct directory_children *children, int64_t child_id, size_t *ret_count);

#endif
