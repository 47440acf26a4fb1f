/* SPDX-License-Identifier: Apache-2.0 */
#include "directory_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

static const struct pg_statement VERSION = {"directory_version", "SELECT directory_version FROM told.installation", 0};

static const struct pg_statement PEOPLE = {
    "directory_people",
    "SELECT person_id, name, email, webhook, team_id, " PG_INSTANT("left_at") " FROM told.person ORDER BY person_id", 0};

static const struct pg_statement POSTS = {
    "directory_posts", "SELECT person_id, role FROM told.post ORDER BY role, person_id", 0};

/* Of two statements the later valid-from holds; a statement of the whole list ('*') ends every role stated before it. */
static const struct pg_statement ALLOCATIONS = {
    "directory_allocations",
    "SELECT DISTINCT ON (a.child_id, a.role) a.child_id, a.role, a.person_id FROM told.child_allocation a"
    " WHERE a.child_id = ANY ($1::bigint[]) AND a.valid_from <= $2 AND a.role <> '*'"
    " AND NOT EXISTS (SELECT FROM told.child_allocation w WHERE w.child_id = a.child_id AND w.role = '*'"
    " AND w.valid_from <= $2 AND (w.valid_from, w.allocation_id) > (a.valid_from, a.allocation_id))"
    " ORDER BY a.child_id, a.role, a.valid_from DESC, a.recorded_at DESC, a.allocation_id DESC",
    2};

struct directory_children {
    PGresult *rows; /* owns the text */
    struct allocation *list;
    int64_t *child_of; /* of each in list, ascending */
    size_t count;
};

bool directory_load_version(struct pg *pg, int64_t *ret_version)
{
    PGresult *rows = pg_run(pg, &VERSION, NULL);

    if (rows == NULL)
        return false;
    *ret_version = PQntuples(rows) > 0 ? pg_column_int(rows, 0, 0) : 0;
    PQclear(rows);
    return true;
}

struct directory *directory_load(struct pg *pg, const struct config *config, int64_t *ret_version)
{
    struct directory *directory = NULL;
    PGresult *people = NULL, *posts = NULL;

    if (!directory_load_version(pg, ret_version) || (people = pg_run(pg, &PEOPLE, NULL)) == NULL ||
        (posts = pg_run(pg, &POSTS, NULL)) == NULL)
        goto done;
    directory = config_directory(config);
    for (int i = 0; i < PQntuples(people); i++)
        directory_add_person(directory, &(struct directory_person){.id = pg_column(people, i, 0),
                                                                   .name = pg_column(people, i, 1),
                                                                   .email = pg_column(people, i, 2),
                                                                   .webhook = pg_column(people, i, 3),
                                                                   .team = pg_column(people, i, 4),
                                                                   .left_at = pg_column_instant(people, i, 5)});
    for (int i = 0; i < PQntuples(posts); i++)
        directory_add_post(directory, pg_column(posts, i, 0), pg_column(posts, i, 1));
done:
    PQclear(people);
    PQclear(posts);
    return directory;
}

struct directory_children *directory_children_load(struct pg *pg, const int64_t *child_ids, size_t count, struct instant at)
{
    struct directory_children *c;
    struct buf array = {0};
    char text[INSTANT_TEXT_SIZE], id[24];
    PGresult *rows;

    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%lld", (long long)child_ids[i]);
        pg_array_add(&array, id);
    }
    rows = pg_run(pg, &ALLOCATIONS, (const char *[]){pg_array_end(&array), instant_print(at, text)});
    buf_release(&array);
    if (rows == NULL)
        return NULL;
    c = mem_new(sizeof *c);
    c->rows = rows;
    c->list = mem_new(sizeof *c->list * (size_t)(PQntuples(rows) + 1));
    c->child_of = mem_new(sizeof *c->child_of * (size_t)(PQntuples(rows) + 1));
    for (int i = 0; i < PQntuples(rows); i++) {
        if (pg_column(rows, i, 2) == NULL)
            continue; /* known that nobody holds it */
        c->child_of[c->count] = pg_column_int(rows, i, 0);
        c->list[c->count++] = (struct allocation){pg_column(rows, i, 1), pg_column(rows, i, 2)};
    }
    return c;
}

void directory_children_free(struct directory_children *c)
{
    if (c == NULL)
        return;
    PQclear(c->rows);
    free(c->list);
    free(c->child_of);
    free(c);
}

const struct allocation *directory_children_get(const struct directory_children *c, int64_t child_id, size_t *ret_count)
{
    size_t first = 0, last;

    while (first < c->count && c->child_of[first] < child_id)
        first++;
    for (last = first; last < c->count && c->child_of[last] == child_id;)
        last++;
    *ret_count = last - first;
    return &c->list[first];
}
