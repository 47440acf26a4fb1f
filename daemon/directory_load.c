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

static const struct pg_statement ROTA = {
    "directory_rota",
    "SELECT r.rota_id, r.role, r.team_id, r.turn_days, to_char(r.begins, 'YYYY-MM-DD HH24:MI'),"
    " to_char(r.ends, 'YYYY-MM-DD HH24:MI'), p.person_id FROM told.rota r, unnest(r.people) WITH ORDINALITY p (person_id, n)"
    " WHERE r.withdrawn_at IS NULL ORDER BY r.rota_id, p.n",
    0};

static const struct pg_statement ABSENCES = {
    "directory_absences",
    "SELECT absence_id, person_id, " PG_INSTANT("away_from") ", " PG_INSTANT("back_at") ", cover FROM told.absence"
    " WHERE withdrawn_at IS NULL ORDER BY absence_id",
    0};

/* Of two statements the later valid-from holds; a statement of the whole list ('*') ends every role stated before it. */
static const struct pg_statement ALLOCATIONS = {
    "directory_allocations",
    "SELECT DISTINCT ON (a.child_id, a.role) a.child_id, a.role, a.person_id FROM told.child_allocation a"
    " WHERE a.child_id = ANY ($1::bigint[]) AND a.valid_from <= $2 AND a.role <> '*'"
    " AND NOT EXISTS (SELECT FROM told.child_allocation w WHERE w.child_id = a.child_id AND w.role = '*'"
    " AND w.valid_from <= $2 AND (w.valid_from, w.allocation_id) > (a.valid_from, a.allocation_id))"
    " AND NOT EXISTS (SELECT FROM told.event_state s WHERE s.event_id = a.event_id AND s.retracted_by IS NOT NULL)"
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

/* An endpoint that the configuration has lost tells nobody: without it the person may have no address, and the role falls
 * through instead of waiting for it. */
static const char *known_endpoint(const struct config *config, const char *name)
{
    for (size_t i = 0; name != NULL && i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].name, name) == 0)
            return name;
    return NULL;
}

static void add_people(struct directory *directory, const struct config *config, const PGresult *people)
{
    for (int i = 0; i < PQntuples(people); i++)
        directory_add_person(directory, &(struct directory_person){.id = pg_column(people, i, 0),
                                                                   .name = pg_column(people, i, 1),
                                                                   .email = pg_column(people, i, 2),
                                                                   .webhook = known_endpoint(config, pg_column(people, i, 3)),
                                                                   .team = pg_column(people, i, 4),
                                                                   .left_at = pg_column_instant(people, i, 5)});
}

static void add_posts(struct directory *directory, const struct config *config, const PGresult *posts)
{
    (void)config;
    for (int i = 0; i < PQntuples(posts); i++)
        directory_add_post(directory, pg_column(posts, i, 0), pg_column(posts, i, 1));
}

static struct rota_wall read_wall(const PGresult *rows, int i, int column)
{
    struct rota_wall wall = ROTA_WALL_NONE;
    const char *text = pg_column(rows, i, column);

    if (text != NULL)
        rota_wall_parse(text, &wall);
    return wall;
}

/* One row for each person of each row of the rota, in their order. */
static void add_rota(struct directory *directory, const struct config *config, const PGresult *rows)
{
    (void)config;
    int count = PQntuples(rows);
    const char **people = mem_new(sizeof *people * (size_t)(count + 1));

    for (int i = 0; i < count;) {
        int first = i;
        struct directory_shift shift = {.id = pg_column_int(rows, i, 0),
                                        .role = pg_column(rows, i, 1),
                                        .team = pg_column(rows, i, 2),
                                        .people = people,
                                        .row = {.from = read_wall(rows, i, 4),
                                                .until = read_wall(rows, i, 5),
                                                .turn_days = (int)pg_column_int(rows, i, 3)}};

        for (; i < count && pg_column_int(rows, i, 0) == shift.id; i++)
            people[i - first] = pg_column(rows, i, 6);
        shift.row.people = (size_t)(i - first);
        if (rota_validate(&shift.row) == NULL)
            directory_add_shift(directory, &shift);
    }
    free(people);
}

static void add_absences(struct directory *directory, const struct config *config, const PGresult *rows)
{
    (void)config;
    for (int i = 0; i < PQntuples(rows); i++)
        directory_add_absence(directory, &(struct directory_absence){.id = pg_column_int(rows, i, 0),
                                                                     .person_id = pg_column(rows, i, 1),
                                                                     .from = pg_column_instant(rows, i, 2),
                                                                     .until = pg_column_instant(rows, i, 3),
                                                                     .cover = pg_column(rows, i, 4)});
}

struct directory *directory_load(struct pg *pg, const struct config *config, int64_t *ret_version)
{
    static const struct {
        const struct pg_statement *statement;
        void (*add)(struct directory *directory, const struct config *config, const PGresult *rows);
    } PARTS[] = {{&PEOPLE, add_people}, {&POSTS, add_posts}, {&ROTA, add_rota}, {&ABSENCES, add_absences}};
    struct directory *directory = NULL;

    if (!directory_load_version(pg, ret_version))
        return NULL;
    directory = config_directory(config);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        PGresult *rows = pg_run(pg, PARTS[i].statement, NULL);

        if (rows == NULL) {
            directory_free(directory);
            return NULL;
        }
        PARTS[i].add(directory, config, rows);
        PQclear(rows);
    }
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
