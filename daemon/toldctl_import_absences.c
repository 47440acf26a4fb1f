/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person, from, back, cover: all the absences of everyone the file names; those of others stay. `back` is when they are
 * there again, empty until further notice; `cover` who is told meanwhile. A row with a person alone says that they have
 * none. Rows that say what is stored keep their number; the others are withdrawn, never deleted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "toldctl_import.h"

/* Whether each is in the directory, and still there when the absence begins. */
static const struct pg_statement look_up = {
    "import_absence_find",
    "SELECT p.person_id IS NOT NULL, $2::text IS NULL OR c.person_id IS NOT NULL, c.left_at <= $3::timestamptz"
    " FROM (SELECT) one LEFT JOIN told.person p ON p.person_id = $1 LEFT JOIN told.person c ON c.person_id = $2",
    3};
static const struct pg_statement write_row = {
    "import_absence_write",
    "WITH same AS (SELECT absence_id FROM told.absence WHERE person_id = $1 AND away_from = $2::timestamptz"
    "  AND back_at IS NOT DISTINCT FROM $3::timestamptz AND cover IS NOT DISTINCT FROM $4 AND withdrawn_at IS NULL),"
    " made AS (INSERT INTO told.absence (person_id, away_from, back_at, cover, recorded_at)"
    "  SELECT $1, $2::timestamptz, $3::timestamptz, $4, $5::timestamptz WHERE NOT EXISTS (SELECT FROM same) RETURNING absence_id)"
    " SELECT absence_id, false FROM same UNION ALL SELECT absence_id, true FROM made",
    5};
static const struct pg_statement withdraw = {
    "import_absence_withdraw",
    "UPDATE told.absence SET withdrawn_at = $3 WHERE withdrawn_at IS NULL AND absence_id <> ALL ($2::bigint[])"
    " AND person_id = ANY ($1::text[]) RETURNING absence_id",
    3};

enum { COVERS_MOST = 8 }; /* covers of covers that are followed in search of a circle */

struct absence_line {
    const struct csv_row *row;
    const char *person, *cover; /* of the row */
    struct instant from, back;
    bool is_empty; /* says that there is none */
};

struct columns {
    int person, from, back, cover;
};

/* By the clock on the wall or an instant with a zone. A time that comes twice: away from the first, back at the second. */
static struct instant read_time(struct import *import, const struct csv_row *row, int column, bool is_back)
{
    struct instant at = INSTANT_NONE;
    struct rota_wall wall;
    const char *text = csv_cell(row, column);
    if (!text || instant_parse(text, &at))
        return at;
    if (rota_wall_parse(text, &wall))
        return is_back ? rota_wall_last(wall) : rota_wall_first(wall);
    toldctl_import_row_fault(import, row->line, "%s is no time; write it as 2024-06-03 or 2024-06-03 09:00",
                             import->csv->header[column]);
    return at;
}

static void read_row(struct import *import, const struct columns *c, struct absence_line *line)
{
    const struct csv_row *row = line->row;
    size_t before = import->faults;
    line->person = csv_cell(row, c->person);
    line->cover = csv_cell(row, c->cover);
    line->from = read_time(import, row, c->from, false);
    line->back = read_time(import, row, c->back, true);
    line->is_empty = !csv_cell(row, c->from) && !csv_cell(row, c->back) && !line->cover;
    if (!line->person)
        toldctl_import_row_fault(import, row->line, "person is empty; say who is away");
    if (line->is_empty || import->faults > before)
        return;
    if (instant_is_none(line->from))
        toldctl_import_row_fault(import, row->line, "from is empty; say since when");
    else if (!instant_is_none(line->back) && instant_compare(line->back, line->from) <= 0)
        toldctl_import_row_fault(import, row->line, "back is not after from; correct one of them");
    if (line->cover && strcmp(line->cover, line->person) == 0)
        toldctl_import_row_fault(import, row->line, "cover is the person who is away; name somebody else");
}

static bool do_overlap(const struct absence_line *a, const struct absence_line *b)
{
    return !a->is_empty && !b->is_empty && strcmp(a->person, b->person) == 0 &&
           (instant_is_none(a->back) || instant_compare(b->from, a->back) < 0) &&
           (instant_is_none(b->back) || instant_compare(a->from, b->back) < 0);
}

static void check_overlap(struct import *import, const struct absence_line *lines, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (do_overlap(&lines[i], &lines[at])) {
            toldctl_import_row_fault(import, lines[at].row->line,
                                     "the same person is away in line %zu at the same time; make them one, or let one "
                                     "end where the other begins",
                                     lines[i].row->line);
            return;
        }
}

/* Whether who covers in lines[at] is away themselves within that time, by an earlier row, and so on until it comes back to
 * `person`: then each waits for the other, and nobody is told. */
static bool comes_back(const struct absence_line *lines, size_t count, size_t at, const char *person, struct instant from,
                       struct instant back, int covers)
{
    for (size_t i = 0; i < count && lines[at].cover && covers < COVERS_MOST; i++) {
        struct instant later = instant_compare(lines[i].from, from) > 0 ? lines[i].from : from;
        struct instant earlier = instant_earlier(lines[i].back, back);
        if (lines[i].is_empty || !lines[i].cover || strcmp(lines[i].person, lines[at].cover) != 0 ||
            (!instant_is_none(earlier) && instant_compare(later, earlier) >= 0))
            continue;
        if (strcmp(lines[i].cover, person) == 0 ||
            comes_back(lines, count, i, person, later, earlier, covers + 1))
            return true;
    }
    return false;
}

static void check_circle(struct import *import, const struct absence_line *lines, size_t at)
{
    if (!lines[at].is_empty && comes_back(lines, at, at, lines[at].person, lines[at].from, lines[at].back, 0))
        toldctl_import_row_fault(import, lines[at].row->line,
                                 "cover is away at the same time and covered by this person, so nobody would be told; "
                                 "name somebody who is there");
}

static int check_known(struct toldctl *ctl, struct import *import, const struct absence_line *line)
{
    char from[INSTANT_TEXT_SIZE];
    const char *const values[] = {line->person, line->cover, line->is_empty ? NULL : instant_print(line->from, from)};
    PGresult *rows = pg_run(ctl->pg, &look_up, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    if (!pg_column_bool(rows, 0, 0))
        toldctl_import_row_fault(import, line->row->line, "nobody has this person id; `toldctl import directory` first");
    if (!pg_column_bool(rows, 0, 1))
        toldctl_import_row_fault(import, line->row->line,
                                 "cover is nobody of the directory; `toldctl import directory` first");
    if (pg_column_bool(rows, 0, 2))
        toldctl_import_row_fault(import, line->row->line, "cover has left by then; name somebody else");
    PQclear(rows);
    return 0;
}

static bool write_line(struct toldctl *ctl, struct import *import, const struct absence_line *line, struct buf *kept)
{
    char from[INSTANT_TEXT_SIZE], back[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    const char *const values[] = {line->person, instant_print(line->from, from),
                                  instant_is_none(line->back) ? NULL : instant_print(line->back, back), line->cover,
                                  instant_print(import->now, now)};
    PGresult *rows = pg_run(ctl->pg, &write_row, values);
    for (int i = 0; rows && i < PQntuples(rows); i++) {
        pg_array_add(kept, pg_column(rows, i, 0));
        import->changed += pg_column_bool(rows, i, 1);
    }
    PQclear(rows);
    return rows != NULL;
}

static bool write_all(struct toldctl *ctl, struct import *import, const struct absence_line *lines, size_t count)
{
    struct buf people = {0}, kept = {0};
    char now[INSTANT_TEXT_SIZE];
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        pg_array_add(&people, lines[i].person);
        good = lines[i].is_empty || write_line(ctl, import, &lines[i], &kept);
    }
    if (good) {
        const char *const values[] = {pg_array_end(&people), pg_array_end(&kept), instant_print(import->now, now)};
        PGresult *rows = pg_run(ctl->pg, &withdraw, values);
        import->changed += rows ? (size_t)PQntuples(rows) : 0;
        good = rows != NULL;
        PQclear(rows);
    }
    buf_release(&people);
    buf_release(&kept);
    return good;
}

int toldctl_import_absences(struct toldctl *ctl, struct import *import)
{
    static const char *const needed[] = {"person", "from", "back", NULL};
    static const char *const known[] = {"person", "from", "back", "cover", NULL};
    if (!toldctl_import_row_header(import, needed, known))
        return 0;
    const struct csv *csv = import->csv;
    struct columns c = {csv_column(csv, "person"), csv_column(csv, "from"), csv_column(csv, "back"),
                        csv_column(csv, "cover")};
    struct absence_line *lines = mem_new((csv->row_count + 1) * sizeof *lines);
    int code = 0;
    for (size_t i = 0; i < csv->row_count; i++) {
        lines[i].row = &csv->rows[i];
        read_row(import, &c, &lines[i]);
    }
    /* Rows that cannot be read are all named before they are compared. */
    if (import->faults)
        goto done;
    for (size_t i = 0; i < csv->row_count; i++) {
        check_overlap(import, lines, i);
        check_circle(import, lines, i);
    }
    if (!toldctl_import_row_lock_directory(ctl))
        code = TOLDCTL_DATABASE;
    for (size_t i = 0; i < csv->row_count && !code; i++)
        code = check_known(ctl, import, &lines[i]);
    if (!code && import->faults == 0)
        code = write_all(ctl, import, lines, csv->row_count) ? 0 : TOLDCTL_DATABASE;
done:
    free(lines);
    return code;
}
