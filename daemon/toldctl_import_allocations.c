/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scheme, identifier, role, person, from: the whole list of who is allocated to whom, as it stands now. So a
 * child, or a role, that is not in it is known to have nobody; and where it contradicts what is stored for
 * today, the list holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/match.h"
#include "told/mem.h"
#include "toldctl_import.h"

static const struct pg_statement lock_all = {"import_alloc_lock",
                                             "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};
/* The list beside the database: rows whose child or person is not there come back with null. */
static const struct pg_statement look_up = {
    "import_alloc_find",
    "SELECT i.child_id, q.person = '' OR p.person_id IS NOT NULL"
    " FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY q (scheme, value, person, n)"
    " LEFT JOIN told.child_identifier i ON i.scheme = q.scheme AND i.value = q.value"
    " LEFT JOIN told.person p ON p.person_id = q.person ORDER BY q.n",
    3};
static const struct pg_statement all_children = {
    "import_alloc_children", "SELECT child_id FROM told.child ORDER BY child_id FOR UPDATE", 0};

/* $1… children, roles, persons ('' nobody), from; $5 now. A row that says what the last one of that instant
 * said is no news. */
#define NEW_ROWS                                                                                             \
    "WITH list AS (SELECT DISTINCT ON (child_id, role, valid_from) child_id, role, nullif(person, '') AS "   \
    "person_id, valid_from"                                                                                  \
    "  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY q (child_id, "   \
    "role, person, valid_from, n)"                                                                           \
    "  ORDER BY child_id, role, valid_from, n DESC),"

static const struct pg_statement write_listed = {
    "import_alloc_listed",
    NEW_ROWS
    " fresh AS (SELECT l.* FROM list l WHERE NOT EXISTS (SELECT FROM (SELECT a.person_id FROM "
    "told.child_allocation_said a"
    "  WHERE a.child_id = l.child_id AND a.role = l.role AND a.valid_from = l.valid_from"
    "  ORDER BY a.by_event DESC, a.heard_at DESC, a.number DESC LIMIT 1) last WHERE last.person_id IS NOT DISTINCT FROM l.person_id))"
    " INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
    " SELECT child_id, role, person_id, valid_from, $5, 'import' FROM fresh RETURNING child_id, valid_from",
    5};

/* Of every child and role the holder of today, in the list and in the database; where they differ the list is
 * written from now. A '*' that is later than a role's own row ends it. */
static const struct pg_statement write_differences = {
    "import_alloc_differences",
    NEW_ROWS
    " wanted AS (SELECT DISTINCT ON (child_id, role) child_id, role, person_id FROM list WHERE valid_from <= "
    "$5"
    "  ORDER BY child_id, role, valid_from DESC),"
    " ended AS (SELECT DISTINCT ON (child_id) * FROM told.child_allocation_said WHERE role = '*' AND valid_from <= $5"
    "  ORDER BY child_id, valid_from DESC, by_event DESC, heard_at DESC, number DESC),"
    " held AS (SELECT DISTINCT ON (a.child_id, a.role) a.child_id, a.role,"
    "  CASE WHEN e.child_id IS NULL OR (a.valid_from, a.by_event, a.heard_at, a.number)"
    " > (e.valid_from, e.by_event, e.heard_at, e.number) THEN a.person_id END AS person_id"
    "  FROM told.child_allocation_said a LEFT JOIN ended e USING (child_id) WHERE a.role <> '*' AND a.valid_from "
    "<= $5"
    "  ORDER BY a.child_id, a.role, a.valid_from DESC, a.by_event DESC, a.heard_at DESC, a.number DESC)"
    " INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
    " SELECT child_id, role, w.person_id, $5, $5, 'import' FROM held h FULL JOIN wanted w USING (child_id, "
    "role)"
    "  WHERE h.person_id IS DISTINCT FROM w.person_id RETURNING child_id, valid_from",
    5};

/* Whoever was never said to have nobody is known, from now back to the beginning, to have whom their own rows
 * say and no other. */
static const struct pg_statement write_nobody = {
    "import_alloc_nobody",
    "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
    " SELECT c.child_id, '*', NULL, 'epoch', $1, 'import' FROM told.child c WHERE NOT EXISTS ("
    "  SELECT FROM told.child_allocation a WHERE a.child_id = c.child_id AND a.role = '*') RETURNING "
    "child_id, valid_from",
    1};

static const struct pg_statement wait_again = {
    "import_alloc_again",
    "UPDATE told.event_state s SET state = 'waiting', reason = 'a fact came late', begun = 0"
    " FROM told.event e, (SELECT child_id, min(valid_from) AS valid_from FROM unnest($1::bigint[], "
    "$2::timestamptz[])"
    "  q (child_id, valid_from) GROUP BY child_id) q"
    " WHERE e.event_id = s.event_id AND s.child_id = q.child_id AND s.state IN ('decided', 'review')"
    " AND s.retracted_by IS NULL"
    " AND (e.occurred_at >= q.valid_from OR substring(encode(e.body, 'escape') FROM '\"on\"\\s*:\\s*\"([0-9-]{10})\"')"
    " >= to_char(q.valid_from AT TIME ZONE 'Europe/London', 'YYYY-MM-DD'))",
    2};

struct listed {
    struct buf schemes, identifiers, persons;  /* as in the file */
    struct buf children, roles, holders, from; /* as the database takes them */
    struct buf changed_children, changed_from;
};

static void release(struct listed *l)
{
    struct buf *all[] = {&l->schemes, &l->identifiers, &l->persons,          &l->children,    &l->roles,
                         &l->holders, &l->from,        &l->changed_children, &l->changed_from};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_release(all[i]);
}

static bool is_role(const struct config *config, const char *role)
{
    for (size_t i = 0; i < config->role_count; i++)
        if (strcmp(config->roles[i].name, role) == 0)
            return true;
    return false;
}

static void read_row(struct toldctl *ctl, struct import *import, const struct csv_row *row, struct listed *l)
{
    const struct csv *csv = import->csv;
    const char *scheme = csv_cell(row, csv_column(csv, "scheme")),
               *role = csv_cell(row, csv_column(csv, "role"));
    const char *identifier = csv_cell(row, csv_column(csv, "identifier")),
               *person = csv_cell(row, csv_column(csv, "person"));
    char text[INSTANT_TEXT_SIZE];
    struct instant from;
    bool known = scheme && match_scheme_is_trusted(scheme);
    char *normal = known && identifier ? match_normalise(scheme, identifier) : NULL;
    if (!known)
        toldctl_import_row_fault(
            import, row->line,
            "scheme is none that names one child for life; use one such as pnc, yos or lcs");
    else if (!normal)
        toldctl_import_row_fault(import, row->line, "identifier is empty; say which child the row is about");
    if (!role || !is_role(ctl->config, role))
        toldctl_import_row_fault(import, row->line, "role is none of the configuration; correct it");
    toldctl_import_row_instant(import, row, csv_column(csv, "from"), (struct instant){0}, &from);
    if (normal && role) {
        pg_array_add(&l->schemes, scheme);
        pg_array_add(&l->identifiers, normal);
        pg_array_add(&l->persons, person ? person : "");
        pg_array_add(&l->roles, role);
        pg_array_add(&l->holders, person ? person : "");
        pg_array_add(&l->from, instant_print(from, text));
    }
    free(normal);
}

/* One row of the list, once its child is known. */
struct placed {
    int64_t child;
    const char *role, *person; /* person "": nobody */
    struct instant from;
    size_t line;
};

static int by_place(const void *a_, const void *b_)
{
    const struct placed *a = a_, *b = b_;
    int order = (a->child > b->child) - (a->child < b->child);
    if (order == 0)
        order = strcmp(a->role, b->role);
    if (order == 0)
        order = instant_compare(a->from, b->from);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* Two people in one role from the same day on, however the child is named in each row: which of them is meant? */
static void check_overlap(struct import *import, const PGresult *found)
{
    const struct csv *csv = import->csv;
    struct placed *placed = mem_new((csv->row_count + 1) * sizeof *placed);
    size_t count = 0;
    for (size_t i = 0; i < csv->row_count; i++) {
        const struct csv_row *row = &csv->rows[i];
        const char *person = csv_cell(row, csv_column(csv, "person"));
        if (!pg_column(found, (int)i, 0))
            continue;
        placed[count] = (struct placed){.child = pg_column_int(found, (int)i, 0),
                                        .role = csv_cell(row, csv_column(csv, "role")),
                                        .person = person ? person : "",
                                        .line = row->line};
        toldctl_import_row_instant(import, row, csv_column(csv, "from"), (struct instant){0}, &placed[count++].from);
    }
    qsort(placed, count, sizeof *placed, by_place);
    for (size_t i = 1; i < count; i++)
        if (placed[i].child == placed[i - 1].child && strcmp(placed[i].role, placed[i - 1].role) == 0 &&
            instant_compare(placed[i].from, placed[i - 1].from) == 0 &&
            strcmp(placed[i].person, placed[i - 1].person) != 0)
            toldctl_import_row_fault(import, placed[i].line,
                                     "line %zu gives another person this role of the same child from the same day; keep "
                                     "one, or say from when each has it",
                                     placed[i - 1].line);
    free(placed);
}

/* Which children the rows are about; those that are unknown are named. */
static int find_children(struct toldctl *ctl, struct import *import, struct listed *l)
{
    const char *const values[] = {pg_array_end(&l->schemes), pg_array_end(&l->identifiers),
                                  pg_array_end(&l->persons)};
    PGresult *rows = pg_run(ctl->pg, &look_up, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    for (int i = 0; i < PQntuples(rows); i++) {
        size_t line = import->csv->rows[i].line;
        if (!pg_column(rows, i, 0))
            toldctl_import_row_fault(import, line,
                                     "no child has this identifier; `toldctl import children` first");
        if (!pg_column_bool(rows, i, 1))
            toldctl_import_row_fault(import, line,
                                     "nobody has this person id; `toldctl import directory` first");
        pg_array_add(&l->children, pg_column(rows, i, 0));
    }
    check_overlap(import, rows);
    PQclear(rows);
    return 0;
}

static bool write_rows(struct toldctl *ctl, struct import *import, struct listed *l,
                       const struct pg_statement *statement, const char *const *values)
{
    PGresult *rows = pg_run(ctl->pg, statement, values);
    for (int i = 0; rows && i < PQntuples(rows); i++) {
        pg_array_add(&l->changed_children, pg_column(rows, i, 0));
        pg_array_add(&l->changed_from, pg_column(rows, i, 1));
        import->changed++;
    }
    PQclear(rows);
    return rows != NULL;
}

static bool write_list(struct toldctl *ctl, struct import *import, struct listed *l)
{
    char now[INSTANT_TEXT_SIZE];
    instant_print(import->now, now);
    const char *const values[] = {pg_array_end(&l->children), pg_array_end(&l->roles),
                                  pg_array_end(&l->holders), pg_array_end(&l->from), now};
    const char *const at[] = {now};
    if (!write_rows(ctl, import, l, &write_nobody, at) ||
        !write_rows(ctl, import, l, &write_listed, values) ||
        !write_rows(ctl, import, l, &write_differences, values))
        return false;
    const char *const changed[] = {pg_array_end(&l->changed_children), pg_array_end(&l->changed_from)};
    return pg_do(ctl->pg, &wait_again, changed);
}

int toldctl_import_allocations(struct toldctl *ctl, struct import *import)
{
    static const char *const columns[] = {"scheme", "identifier", "role", "person", "from", NULL};
    static const char *const needed[] = {"scheme", "identifier", "role", "person", NULL};
    struct listed l = {0};
    int code = 0;
    if (!toldctl_import_row_header(import, needed, columns))
        return 0;
    for (size_t i = 0; i < import->csv->row_count; i++)
        read_row(ctl, import, &import->csv->rows[i], &l);
    if (import->faults)
        goto done;
    if (!pg_do(ctl->pg, &lock_all, NULL) || !pg_do(ctl->pg, &all_children, NULL))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = find_children(ctl, import, &l);
    if (!code && import->faults == 0)
        code = write_list(ctl, import, &l) ? 0 : TOLDCTL_DATABASE;
done:
    release(&l);
    return code;
}
