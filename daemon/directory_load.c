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
    "SELECT DISTINCT ON (q.child_id, q.at, a.role) q.child_id, " PG_INSTANT("q.at") ", a.role, a.person_id"
    " FROM (SELECT DISTINCT child_id, at FROM unnest($1::bigint[], $2::timestamptz[]) u (child_id, at)) q"
    " JOIN told.child_allocation_said a ON a.child_id = q.child_id AND a.valid_from <= q.at AND a.role <> '*'"
    " AND NOT EXISTS (SELECT FROM told.child_allocation_said w WHERE w.child_id = q.child_id AND w.role = '*'"
    " AND w.valid_from <= q.at"
    " AND (w.valid_from, w.by_event, w.heard_at, w.number) > (a.valid_from, a.by_event, a.heard_at, a.number))"
    " ORDER BY q.child_id, q.at, a.role, a.valid_from DESC, a.by_event DESC, a.heard_at DESC, a.number DESC",
    2};

static const struct pg_statement MARKED = {
    "directory_marked", "SELECT address FROM told.address_state WHERE cleared_at IS NULL", 0};

struct directory_children {
    PGresult *rows; /* owns the text */
    struct allocation *list;
    struct directory_asked *asked; /* of each in list; those of one child and instant stand together */
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
    for (int i = 0; i < PQntuples(people); i++) {
        const char *email = pg_column(people, i, 2), *barred = email != NULL ? config_refuses_mail(config, email) : NULL;

        directory_add_person(directory, &(struct directory_person){.id = pg_column(people, i, 0),
                                                                   .name = pg_column(people, i, 1),
                                                                   .email = barred == NULL ? email : NULL,
                                                                   .barred = barred,
                                                                   .webhook = known_endpoint(config, pg_column(people, i, 3)),
                                                                   .team = pg_column(people, i, 4),
                                                                   .left_at = pg_column_instant(people, i, 5)});
    }
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

static void bar_marked(struct directory *directory, const struct config *config, const PGresult *rows)
{
    (void)config;
    for (int i = 0; i < PQntuples(rows); i++)
        directory_bar_address(directory, pg_column(rows, i, 0), DIRECTORY_CAME_BACK);
}

struct directory *directory_load(struct pg *pg, const struct config *config, int64_t *ret_version)
{
    static const struct {
        const struct pg_statement *statement;
        void (*add)(struct directory *directory, const struct config *config, const PGresult *rows);
    } PARTS[] = {{&PEOPLE, add_people}, {&POSTS, add_posts}, {&ROTA, add_rota}, {&ABSENCES, add_absences}, {&MARKED, bar_marked}};
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

struct directory_children *directory_children_load(struct pg *pg, const struct directory_asked *asked, size_t count)
{
    struct directory_children *c;
    struct buf ids = {0}, instants = {0};
    char text[INSTANT_TEXT_SIZE], id[24];
    PGresult *rows;

    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%lld", (long long)asked[i].child_id);
        pg_array_add(&ids, id);
        pg_array_add(&instants, instant_print(asked[i].at, text));
    }
    rows = pg_run(pg, &ALLOCATIONS, (const char *[]){pg_array_end(&ids), pg_array_end(&instants)});
    buf_release(&ids);
    buf_release(&instants);
    if (rows == NULL)
        return NULL;
    c = mem_new(sizeof *c);
    c->rows = rows;
    c->list = mem_new(sizeof *c->list * (size_t)(PQntuples(rows) + 1));
    c->asked = mem_new(sizeof *c->asked * (size_t)(PQntuples(rows) + 1));
    for (int i = 0; i < PQntuples(rows); i++) {
        if (pg_column(rows, i, 3) == NULL)
            continue; /* known that nobody holds it */
        c->asked[c->count] = (struct directory_asked){pg_column_int(rows, i, 0), pg_column_instant(rows, i, 1)};
        c->list[c->count++] = (struct allocation){pg_column(rows, i, 2), pg_column(rows, i, 3)};
    }
    return c;
}

void directory_children_free(struct directory_children *c)
{
    if (c == NULL)
        return;
    PQclear(c->rows);
    free(c->list);
    free(c->asked);
    free(c);
}

static bool is_of(const struct directory_children *c, size_t i, struct directory_asked asked)
{
    return c->asked[i].child_id == asked.child_id && instant_compare(c->asked[i].at, asked.at) == 0;
}

const struct allocation *directory_children_get(const struct directory_children *c, struct directory_asked asked,
                                                size_t *ret_count)
{
    size_t first = 0, last;

    while (first < c->count && !is_of(c, first, asked))
        first++;
    for (last = first; last < c->count && is_of(c, last, asked);)
        last++;
    *ret_count = last - first;
    return &c->list[first];
}

struct instant directory_children_at(const char *as_of, struct instant now)
{
    struct civil_day day;

    if (as_of == NULL || !civil_parse(as_of, &day))
        return now;
    return instant_add_ms(civil_instant(civil_add_days(day, 1), 0, 0), -1);
}
