/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role, team, people (ids with ; between, in the order of their turns), from, until, turn: the whole rota of each role and
 * team the file names; the rotas of others stay. A row with a role (and team) and nothing else says that it has none.
 * Rows that say what is stored keep their number; the others are withdrawn, never deleted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "toldctl_import.h"

#define PEOPLE_MOST 100

static const struct pg_statement unknown = {
    "import_rota_unknown",
    "SELECT EXISTS (SELECT FROM unnest($1::text[]) q (id) WHERE NOT EXISTS (SELECT FROM told.person p WHERE p.person_id = q.id)),"
    " $2::text IS NOT NULL AND NOT EXISTS (SELECT FROM told.team WHERE team_id = $2)",
    2};
static const struct pg_statement is_on_now = {
    "import_rota_now",
    "SELECT EXISTS (SELECT FROM told.rota WHERE role = $1 AND team_id IS NOT DISTINCT FROM $2 AND withdrawn_at IS NULL"
    " AND begins <= $3::timestamptz AT TIME ZONE 'Europe/London'"
    " AND (ends IS NULL OR ends > $3::timestamptz AT TIME ZONE 'Europe/London'))",
    3};
static const struct pg_statement write_row = {
    "import_rota_write",
    "WITH same AS (SELECT rota_id FROM told.rota WHERE role = $1 AND team_id IS NOT DISTINCT FROM $2 AND people = $3::text[]"
    "  AND turn_days = $4::int AND begins = $5::timestamp AND ends IS NOT DISTINCT FROM $6::timestamp AND withdrawn_at IS NULL),"
    " made AS (INSERT INTO told.rota (role, team_id, people, turn_days, begins, ends, recorded_at)"
    "  SELECT $1, $2, $3::text[], $4::int, $5::timestamp, $6::timestamp, $7::timestamptz"
    "  WHERE NOT EXISTS (SELECT FROM same) RETURNING rota_id)"
    " SELECT rota_id, false FROM same UNION ALL SELECT rota_id, true FROM made",
    7};
static const struct pg_statement withdraw = {
    "import_rota_withdraw",
    "UPDATE told.rota r SET withdrawn_at = $4 WHERE withdrawn_at IS NULL AND rota_id <> ALL ($3::bigint[])"
    " AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) q (role, team) WHERE q.role = r.role"
    " AND q.team IS NOT DISTINCT FROM r.team_id) RETURNING rota_id",
    4};

struct rota_line {
    const struct csv_row *row;
    const char *role, *team; /* of the row */
    struct buf people;       /* as an array for the database */
    struct rota_row turns;
    bool is_empty; /* says that there is no rota */
};

struct columns {
    int role, team, people, from, until, turn;
};

static const struct directory_role *find_role(const struct config *config, const char *name)
{
    for (size_t i = 0; name && i < config->role_count; i++)
        if (strcmp(config->roles[i].name, name) == 0)
            return &config->roles[i];
    return NULL;
}

static bool is_same_rota(const struct rota_line *a, const struct rota_line *b)
{
    return a->role && b->role && strcmp(a->role, b->role) == 0 &&
           (a->team ? b->team && strcmp(a->team, b->team) == 0 : !b->team);
}

/* ---- reading ---- */

static void check_role(struct toldctl *ctl, struct import *import, const struct rota_line *line)
{
    const struct directory_role *role = find_role(ctl->config, line->role);
    if (!role)
        toldctl_import_row_fault(import, line->row->line, "role is none of the configuration; correct it");
    else if (role->held == ROLE_HELD_TEAM && !line->team)
        toldctl_import_row_fault(import, line->row->line, "team is empty; this role is held in a team, say in which");
    else if (role->held == ROLE_HELD_POST && line->team)
        toldctl_import_row_fault(import, line->row->line, "team is filled in; this role is held in the whole authority, leave it empty");
    else if (role->held != ROLE_HELD_POST && role->held != ROLE_HELD_TEAM)
        toldctl_import_row_fault(
            import, line->row->line,
            "role is held by allocation or by a mailbox; only one that is held as a post or in a team has a rota");
}

static void read_people(struct import *import, struct rota_line *line, const char *cell)
{
    char *text = mem_copy(cell), *rest = text, *id;
    while (rest && (id = strsep(&rest, ";"))) {
        id += strspn(id, " ");
        for (size_t len = strlen(id); len > 0 && id[len - 1] == ' '; len--)
            id[len - 1] = 0;
        if (!*id)
            continue;
        pg_array_add(&line->people, id);
        line->turns.people++;
    }
    pg_array_end(&line->people);
    if (line->turns.people > PEOPLE_MOST)
        toldctl_import_row_fault(import, line->row->line, "people are more than %d; split the rota", PEOPLE_MOST);
    free(text);
}

static struct rota_wall read_wall(struct import *import, const struct csv_row *row, int column)
{
    struct rota_wall wall = ROTA_WALL_NONE;
    const char *text = csv_cell(row, column);
    if (text && !rota_wall_parse(text, &wall))
        toldctl_import_row_fault(import, row->line, "%s is no time by the clock on the wall; write it as 2024-06-03 09:00",
                                 import->csv->header[column]);
    return wall;
}

static void read_row(struct toldctl *ctl, struct import *import, const struct columns *c, struct rota_line *line)
{
    const struct csv_row *row = line->row;
    size_t before = import->faults;
    line->role = csv_cell(row, c->role);
    line->team = csv_cell(row, c->team);
    check_role(ctl, import, line);
    read_people(import, line, csv_cell(row, c->people));
    line->is_empty = !csv_cell(row, c->people) && !csv_cell(row, c->from) && !csv_cell(row, c->until) && !csv_cell(row, c->turn);
    if (line->is_empty)
        return;
    line->turns.from = read_wall(import, row, c->from);
    line->turns.until = read_wall(import, row, c->until);
    if (!rota_turn_parse(csv_cell(row, c->turn), &line->turns.turn_days))
        toldctl_import_row_fault(import, row->line, "turn is no time between hand-overs; write day, week or 2 weeks");
    const char *fault = import->faults == before ? rota_validate(&line->turns) : NULL;
    if (fault)
        toldctl_import_row_fault(import, row->line, "%s", fault);
}

/* ---- what only several rows, or the database, show ---- */

static void check_begin(struct import *import, const struct rota_line *lines, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_same_rota(&lines[i], &lines[at]) && !lines[i].is_empty && !lines[at].is_empty &&
            rota_wall_compare(lines[i].turns.from, lines[at].turns.from) == 0) {
            toldctl_import_row_fault(import, lines[at].row->line,
                                     "line %zu begins at the same time in the same rota; keep one", lines[i].row->line);
            return;
        }
}

/* Once for each rota, at its first row. */
static void check_gap(struct import *import, const struct rota_line *lines, size_t count, size_t at)
{
    struct rota_row *rows = mem_new(sizeof *rows * count);
    size_t *places = mem_new(sizeof *places * count), found = 0, row;
    struct rota_wall from;
    char text[ROTA_WALL_TEXT_SIZE];
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].is_empty || !is_same_rota(&lines[i], &lines[at]))
            continue;
        is_first = is_first && i >= at;
        rows[found] = lines[i].turns;
        places[found++] = i;
    }
    if (is_first && rota_find_gap(rows, found, &row, &from))
        toldctl_import_row_fault(import, lines[places[row]].row->line,
                                 "nobody is on from %s until this row begins; close the gap", rota_wall_print(from, text));
    free(rows);
    free(places);
}

static int check_known(struct toldctl *ctl, struct import *import, struct rota_line *line)
{
    const char *const values[] = {buf_string(&line->people), line->team};
    PGresult *rows = pg_run(ctl->pg, &unknown, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    if (pg_column_bool(rows, 0, 0))
        toldctl_import_row_fault(import, line->row->line,
                                 "people names somebody whom the directory lacks; `toldctl import directory` first");
    if (pg_column_bool(rows, 0, 1))
        toldctl_import_row_fault(import, line->row->line, "team is none of the directory's; correct it");
    PQclear(rows);
    return 0;
}

/* A file with next month's rota alone would take away the one that runs. */
static int check_now(struct toldctl *ctl, struct import *import, const struct rota_line *lines, size_t count, size_t at)
{
    char now[INSTANT_TEXT_SIZE];
    size_t on[ROTA_ON_MOST];
    for (size_t i = 0; i < count; i++)
        if (is_same_rota(&lines[i], &lines[at]) &&
            (lines[i].is_empty || i < at || rota_on(&lines[i].turns, import->now, on) > 0))
            return 0;
    const char *const values[] = {lines[at].role, lines[at].team, instant_print(import->now, now)};
    PGresult *rows = pg_run(ctl->pg, &is_on_now, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    if (pg_column_bool(rows, 0, 0))
        toldctl_import_row_fault(
            import, lines[at].row->line,
            "the rota that runs now would end with this file, and nobody would be on; add the rows that still run");
    PQclear(rows);
    return 0;
}

static int check_all(struct toldctl *ctl, struct import *import, struct rota_line *lines, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count; i++)
        check_begin(import, lines, i);
    for (size_t i = 0; i < count; i++)
        if (!lines[i].is_empty)
            check_gap(import, lines, count, i);
    for (size_t i = 0; i < count && !code; i++) {
        code = check_known(ctl, import, &lines[i]);
        if (!code)
            code = check_now(ctl, import, lines, count, i);
    }
    return code;
}

/* ---- writing ---- */

static bool write_line(struct toldctl *ctl, struct import *import, struct rota_line *line, struct buf *kept)
{
    char days[16], from[ROTA_WALL_TEXT_SIZE], until[ROTA_WALL_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    bool has_end = !rota_wall_is_none(line->turns.until);
    snprintf(days, sizeof days, "%d", line->turns.turn_days);
    const char *const values[] = {line->role,
                                  line->team,
                                  buf_string(&line->people),
                                  days,
                                  rota_wall_print(line->turns.from, from),
                                  has_end ? rota_wall_print(line->turns.until, until) : NULL,
                                  instant_print(import->now, now)};
    PGresult *rows = pg_run(ctl->pg, &write_row, values);
    for (int i = 0; rows && i < PQntuples(rows); i++) {
        pg_array_add(kept, pg_column(rows, i, 0));
        import->changed += pg_column_bool(rows, i, 1);
    }
    PQclear(rows);
    return rows != NULL;
}

static bool write_all(struct toldctl *ctl, struct import *import, struct rota_line *lines, size_t count)
{
    struct buf roles = {0}, teams = {0}, kept = {0};
    char now[INSTANT_TEXT_SIZE];
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        pg_array_add(&roles, lines[i].role);
        pg_array_add(&teams, lines[i].team);
        good = lines[i].is_empty || write_line(ctl, import, &lines[i], &kept);
    }
    if (good) {
        const char *const values[] = {pg_array_end(&roles), pg_array_end(&teams), pg_array_end(&kept),
                                      instant_print(import->now, now)};
        PGresult *rows = pg_run(ctl->pg, &withdraw, values);
        import->changed += rows ? (size_t)PQntuples(rows) : 0;
        good = rows != NULL;
        PQclear(rows);
    }
    buf_release(&roles);
    buf_release(&teams);
    buf_release(&kept);
    return good;
}

int toldctl_import_rota(struct toldctl *ctl, struct import *import)
{
    static const char *const needed[] = {"role", "people", "from", NULL};
    static const char *const known[] = {"role", "team", "people", "from", "until", "turn", NULL};
    if (!toldctl_import_row_header(import, needed, known))
        return 0;
    const struct csv *csv = import->csv;
    struct columns c = {csv_column(csv, "role"), csv_column(csv, "team"),  csv_column(csv, "people"),
                        csv_column(csv, "from"), csv_column(csv, "until"), csv_column(csv, "turn")};
    struct rota_line *lines = mem_new((csv->row_count + 1) * sizeof *lines);
    for (size_t i = 0; i < csv->row_count; i++) {
        lines[i] = (struct rota_line){.row = &csv->rows[i], .turns = {ROTA_WALL_NONE, ROTA_WALL_NONE, 0, 0}};
        read_row(ctl, import, &c, &lines[i]);
    }
    /* Rows that cannot be read are all named before they are compared. */
    int code = import->faults || toldctl_import_row_lock_directory(ctl) ? 0 : TOLDCTL_DATABASE;
    if (!code && import->faults == 0)
        code = check_all(ctl, import, lines, csv->row_count);
    if (!code && import->faults == 0)
        code = write_all(ctl, import, lines, csv->row_count) ? 0 : TOLDCTL_DATABASE;
    for (size_t i = 0; i < csv->row_count; i++)
        buf_release(&lines[i].people);
    free(lines);
    return code;
}
