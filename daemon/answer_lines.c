/* SPDX-License-Identifier: Apache-2.0 */
#include "answer_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_load.h"
#include "told/mem.h"

static const struct pg_statement read_lines = {
    "answer_lines",
    "SELECT l.line, l.role, to_json(l.above), l.step, l.answered_at IS NOT NULL,"
    " EXISTS (SELECT FROM told.notification n WHERE n.duty_id = l.duty_id AND n.line = l.line AND n.kind <> 'copy'"
    "  AND n.recipient = $2)"
    " FROM told.duty_line l WHERE l.duty_id = $1 ORDER BY l.line FOR UPDATE OF l",
    2};
/* What went to a shared mailbox, as whose, and when. */
static const struct pg_statement read_mailboxes = {
    "answer_mailboxes",
    "SELECT DISTINCT line, substring(recipient FROM '^mailbox:(.*)'), " PG_INSTANT("coalesce(sent_at, created_at)")
    " FROM told.notification WHERE duty_id = $1 AND kind <> 'copy' AND recipient LIKE 'mailbox:%'",
    1};
static const struct pg_statement read_as_of = {"answer_as_of", "SELECT as_of::text FROM told.duty WHERE duty_id = $1", 1};

/* One look at who has which role. */
struct standing {
    struct directory *directory;
    struct directory_children *children;
    const struct allocation *held;
    size_t held_count;
    const char *person;
    struct instant now;
};

void answer_lines_release(struct answer_lines *l)
{
    for (size_t i = 0; i < l->count; i++) {
        json_decref(l->above[i]);
        free(l->roles[i]);
    }
    free(l->list);
    free(l->above);
    free(l->roles);
    free(l->numbers);
    free(l->steps);
    free(l->counts);
    PQclear(l->rows);
}

static void read_line(struct answer_lines *l, size_t i)
{
    int row = (int)i;
    json_t *above = l->above[i] = json_loads(pg_column(l->rows, row, 2), 0, NULL);
    size_t count = json_array_size(above);
    l->roles[i] = mem_new((count + 1) * sizeof *l->roles[i]);
    for (size_t k = 0; k < count; k++)
        l->roles[i][k] = json_string_value(json_array_get(above, k));
    l->numbers[i] = (int)pg_column_int(l->rows, row, 0);
    l->steps[i] = (int)pg_column_int(l->rows, row, 3);
    l->list[i] = (struct answer_line){.role = pg_column(l->rows, row, 1),
                                      .above = l->roles[i],
                                      .above_count = count,
                                      .answered = pg_column_bool(l->rows, row, 4),
                                      .told = pg_column_bool(l->rows, row, 5)};
}

bool answer_lines_load(struct answer_store *s, const struct answered_duty *duty, const char *person, struct answer_lines *l)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, duty->duty_id);
    const char *const values[] = {id, person};
    l->rows = pg_run(s->pg, &read_lines, values);
    if (!l->rows)
        return false;
    l->count = (size_t)PQntuples(l->rows);
    l->list = mem_new((l->count + 1) * sizeof *l->list);
    l->above = mem_new((l->count + 1) * sizeof(json_t *));
    l->roles = mem_new((l->count + 1) * sizeof(const char **));
    l->numbers = mem_new((l->count + 1) * sizeof *l->numbers);
    l->steps = mem_new((l->count + 1) * sizeof *l->steps);
    l->counts = mem_new((l->count + 1) * sizeof *l->counts);
    for (size_t i = 0; i < l->count; i++)
        read_line(l, i);
    return true;
}

static bool load_standing(struct answer_store *store, const struct answered_duty *duty, const char *id, struct standing *s)
{
    int64_t version;
    PGresult *row = pg_run(store->pg, &read_as_of, &id);
    if (!row)
        return false;
    const struct directory_asked asked = {duty->child_id, directory_children_at(pg_column(row, 0, 0), s->now)};
    PQclear(row);
    s->directory = directory_load(store->pg, store->config, &version);
    s->children = s->directory ? directory_children_load(store->pg, &asked, 1) : NULL;
    if (s->children)
        s->held = directory_children_get(s->children, asked, &s->held_count);
    return s->children != NULL;
}

static bool has_role(const struct standing *s, const char *role, struct instant at)
{
    return directory_holds(s->directory, role, s->held, s->held_count, s->person, at);
}

/* Whoever was on the rota when its mailbox was told, or is now, reads that mailbox. */
static bool add_mailboxes(struct answer_store *store, const char *id, const struct standing *s, struct answer_lines *l)
{
    PGresult *rows = pg_run(store->pg, &read_mailboxes, &id);
    for (int row = 0; rows && row < PQntuples(rows); row++)
        for (size_t i = 0; i < l->count; i++)
            if (l->numbers[i] == pg_column_int(rows, row, 0))
                l->list[i].told = l->list[i].told || has_role(s, pg_column(rows, row, 1), pg_column_instant(rows, row, 2)) ||
                                  has_role(s, pg_column(rows, row, 1), s->now);
    bool good = rows != NULL;
    PQclear(rows);
    return good;
}

/* Of the roles in its lines, those that the person has now. */
static size_t find_held(const struct standing *s, const struct answer_lines *l, const char **held)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (has_role(s, l->list[i].role, s->now))
            held[count++] = l->list[i].role;
        for (size_t k = 0; k < l->list[i].above_count; k++)
            if (has_role(s, l->list[i].above[k], s->now))
                held[count++] = l->list[i].above[k];
    }
    return count;
}

static size_t count_roles(const struct answer_lines *l)
{
    size_t count = l->count;
    for (size_t i = 0; i < l->count; i++)
        count += l->list[i].above_count;
    return count;
}

bool answer_lines_choose(struct answer_store *store, const struct answered_duty *duty, const char *person, struct answer_lines *l,
                         size_t *ret_found)
{
    struct standing s = {.person = person, .now = store->now};
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, duty->duty_id);
    bool good = load_standing(store, duty, id, &s) && add_mailboxes(store, id, &s, l);
    if (good) {
        const char **held = mem_new((count_roles(l) + 1) * sizeof *held);
        *ret_found = answer_lines(l->list, l->count, held, find_held(&s, l, held), l->counts);
        free(held);
    }
    directory_children_free(s.children);
    directory_free(s.directory);
    return good;
}
