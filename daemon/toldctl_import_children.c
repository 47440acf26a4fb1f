/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers (a column for each scheme), born_on, what the child is called and where it lives (family_name, given_names,
 * postcode: for matching only), and what is known of its status, valid from a day (default: always). An empty cell says
 * nothing. Children are found by their trusted identifiers, else made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child_detail.h"
#include "store.h"
#include "told/facts.h"
#include "told/match.h"
#include "told/mem.h"
#include "told/person.h"
#include "toldctl_answerer.h"
#include "toldctl_import.h"

static const char *const schemes[] = {"pnc", "cro", "asn", "noms", "urn", "ccd",
                                      "yos", "lcs", "nhs", "upn",  NULL};

/* Columns that are neither identifier nor status. */
static const char *const plain[] = {"born_on", "valid_from", "family_name", "given_names", "postcode", NULL};

static const struct pg_statement lock_all = {"import_children",
                                             "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};
static const struct pg_statement find_child = {"import_find_child",
                                               "SELECT DISTINCT i.child_id, c.born_on::text FROM "
                                               "told.child_identifier i JOIN told.child c USING (child_id)"
                                               " JOIN unnest($1::text[], $2::text[]) q (scheme, value) ON "
                                               "i.scheme = q.scheme AND i.value = q.value ORDER BY 1",
                                               2};
static const struct pg_statement insert_child = {
    "import_child", "INSERT INTO told.child (born_on, created_at) VALUES ($1, $2) RETURNING child_id", 2};
static const struct pg_statement set_born = {
    "import_born", "UPDATE told.child SET born_on = $2 WHERE child_id = $1 AND born_on IS NULL", 2};
static const struct pg_statement insert_identifiers = {
    "import_identifiers",
    "INSERT INTO told.child_identifier (scheme, value, child_id, recorded_at)"
    " SELECT scheme, value, $3, $4 FROM unnest($1::text[], $2::text[]) q (scheme, value) ON CONFLICT DO "
    "NOTHING",
    4};
/* Saying the same thing twice is no news. */
static const struct pg_statement insert_status = {
    "import_status",
    "INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin)"
    " SELECT $1, $2, $3::jsonb, $4, $5, 'import' WHERE NOT EXISTS (SELECT FROM ("
    "  SELECT value FROM told.child_status WHERE child_id = $1 AND field = $2 AND valid_from = $4"
    "  AND origin <> 'event' ORDER BY recorded_at DESC, status_id DESC LIMIT 1) last WHERE last.value = "
    "$3::jsonb)",
    5};

struct child_row {
    const struct csv_row *row;
    struct buf schemes, values;         /* arrays: trusted identifiers find the child, */
    struct buf all_schemes, all_values; /* all are recorded */
    const char *born_on;
    struct instant valid_from;
    int64_t child_id;
};

static bool is_status(const char *column)
{
    for (const char *const *one = plain; *one; one++)
        if (strcmp(*one, column) == 0)
            return false;
    for (const char *const *scheme = schemes; *scheme; scheme++)
        if (strcmp(*scheme, column) == 0)
            return false;
    return true;
}

/* "true", "false" and sets (a;b) as JSON; NULL after naming the fault. */
static char *read_status(struct import *import, const struct csv_row *row, int column, struct facts *scratch)
{
    const char *text = csv_cell(row, column), *field = import->csv->header[column];
    json_t *value = strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? json_boolean(*text == 't')
                                                                            : json_string(text);
    const char *reason = facts_set(scratch, field, value);
    if (reason) {
        json_t *words = json_array();
        for (const char *p = text; *p;) {
            size_t len = strcspn(p, ";");
            json_array_append_new(words, json_stringn(p, len));
            p += len + (p[len] == ';');
        }
        if (!facts_set(scratch, field, words)) {
            reason = NULL;
            json_decref(value);
            value = json_incref(words);
        }
        json_decref(words);
    }
    char *json = reason ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    json_decref(value);
    if (reason)
        toldctl_import_row_fault(import, row->line, "%s: %s; correct it", field, reason);
    return json;
}

static void read_identifiers(struct import *import, struct child_row *c)
{
    for (const char *const *scheme = schemes; *scheme; scheme++) {
        const char *cell = csv_cell(c->row, csv_column(import->csv, *scheme));
        char *normal = cell ? match_normalise(*scheme, cell) : NULL;
        if (cell && !normal)
            toldctl_import_row_fault(import, c->row->line,
                                     "%s has nothing of an identifier in it; correct or empty it", *scheme);
        if (normal && match_scheme_is_trusted(*scheme)) {
            pg_array_add(&c->schemes, *scheme);
            pg_array_add(&c->values, normal);
        }
        if (normal) {
            pg_array_add(&c->all_schemes, *scheme);
            pg_array_add(&c->all_values, normal);
        }
        free(normal);
    }
    if (c->schemes.len == 0)
        toldctl_import_row_fault(import, c->row->line,
                                 "no trusted identifier; a child without one could never be recognised");
}

/* What cannot be compared is no name: better said now than never matched. */
static void check_detail(struct import *import, const struct child_row *c)
{
    static const char *const names[] = {"family_name", "given_names"};
    const char *postcode = csv_cell(c->row, csv_column(import->csv, "postcode"));
    char *code = person_postcode(postcode);
    if (postcode && !code)
        toldctl_import_row_fault(import, c->row->line, "postcode is none; write it as SE5 8AF, or empty it");
    free(code);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *cell = csv_cell(c->row, csv_column(import->csv, names[i]));
        char *name = person_name(cell);
        if (cell && !*name)
            toldctl_import_row_fault(import, c->row->line, "%s has nothing of a name in it; correct or empty it", names[i]);
        free(name);
    }
}

/* The basis says whether the child is looked after; a row that says both must mean the same. */
static void check_basis(struct import *import, const struct child_row *c)
{
    const char *basis = csv_cell(c->row, csv_column(import->csv, "looked_after_basis"));
    const char *is = csv_cell(c->row, csv_column(import->csv, "looked_after"));
    if (basis && is && (strcmp(basis, "none") == 0) == (strcmp(is, "true") == 0))
        toldctl_import_row_fault(import, c->row->line, "looked_after and looked_after_basis contradict; correct or empty one");
}

static void read_row(struct import *import, struct child_row *c)
{
    struct facts *scratch = facts_new();
    struct civil_day day;
    c->born_on = csv_cell(c->row, csv_column(import->csv, "born_on"));
    if (c->born_on && !civil_parse(c->born_on, &day))
        toldctl_import_row_fault(import, c->row->line, "born_on is no date; write it as 2009-02-03");
    else if (c->born_on && day.number > civil_day_of(import->now).number)
        toldctl_import_row_fault(import, c->row->line, "born_on is in the future; correct it");
    toldctl_import_row_instant(import, c->row, csv_column(import->csv, "valid_from"), (struct instant){0},
                               &c->valid_from);
    read_identifiers(import, c);
    check_detail(import, c);
    check_basis(import, c);
    for (int column = 0; column < (int)import->csv->column_count; column++)
        if (is_status(import->csv->header[column]) && csv_cell(c->row, column))
            free(read_status(import, c->row, column, scratch));
    facts_free(scratch);
}

static int make_child(struct toldctl *ctl, struct import *import, struct child_row *c)
{
    char now[INSTANT_TEXT_SIZE];
    const char *const values[] = {c->born_on, instant_print(import->now, now)};
    PGresult *row = pg_run(ctl->pg, &insert_child, values);
    if (!row)
        return TOLDCTL_DATABASE;
    c->child_id = pg_column_int(row, 0, 0);
    import->changed++;
    PQclear(row);
    return 0;
}

static int find_or_make(struct toldctl *ctl, struct import *import, struct child_row *c)
{
    const char *const values[] = {pg_array_end(&c->schemes), pg_array_end(&c->values)};
    PGresult *found = pg_run(ctl->pg, &find_child, values);
    if (!found)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(found) > 1)
        toldctl_import_row_fault(import, c->row->line,
                                 "its identifiers belong to different children; correct them");
    else if (PQntuples(found) == 0)
        code = make_child(ctl, import, c);
    else {
        const char *born_on = pg_column(found, 0, 1);
        c->child_id = pg_column_int(found, 0, 0);
        if (born_on && c->born_on && strcmp(born_on, c->born_on) != 0)
            toldctl_import_row_fault(
                import, c->row->line,
                "born_on differs from what is stored for this child; correct one of them");
    }
    PQclear(found);
    if (code || !c->child_id)
        return code;
    /* At once: the next row may be about the same child. */
    char id[24], now[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, c->child_id);
    const char *const all[] = {pg_array_end(&c->all_schemes), pg_array_end(&c->all_values), id,
                               instant_print(import->now, now)};
    return pg_do(ctl->pg, &insert_identifiers, all) ? 0 : TOLDCTL_DATABASE;
}

/* Names decide nothing that was decided before: they are for the next event. */
static bool write_detail(struct toldctl *ctl, struct import *import, const struct child_row *c, bool *ret_changed)
{
    const struct child_detail said = {.child_id = c->child_id,
                                      .family_name = csv_cell(c->row, csv_column(import->csv, "family_name")),
                                      .given_names = csv_cell(c->row, csv_column(import->csv, "given_names")),
                                      .postcode = csv_cell(c->row, csv_column(import->csv, "postcode")),
                                      .origin = "import",
                                      .at = import->now};
    return child_detail_add(ctl->pg, &said, ret_changed);
}

static int write_status(struct toldctl *ctl, struct import *import, const struct child_row *c)
{
    char id[24], from[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, c->child_id);
    const char *const born[] = {id, c->born_on};
    PGresult *newly = c->born_on ? pg_run(ctl->pg, &set_born, born) : NULL;
    bool good = !c->born_on || newly != NULL, born_now = newly && strcmp(PQcmdTuples(newly), "1") == 0,
         changed = born_now;
    PQclear(newly);
    struct facts *scratch = facts_new();
    for (int column = 0; good && column < (int)import->csv->column_count; column++) {
        if (!is_status(import->csv->header[column]) || !csv_cell(c->row, column))
            continue;
        char *value = read_status(import, c->row, column, scratch);
        const char *const values[] = {id, import->csv->header[column], value,
                                      instant_print(c->valid_from, from), instant_print(import->now, now)};
        PGresult *done = pg_run(ctl->pg, &insert_status, values);
        good = done != NULL;
        changed = changed || (good && strcmp(PQcmdTuples(done), "1") == 0);
        PQclear(done);
        free(value);
    }
    facts_free(scratch);
    bool named = false;
    good = good && write_detail(ctl, import, c, &named);
    import->changed += changed || named;
    /* A date of birth holds from the beginning. */
    if (good && changed)
        good = toldctl_answerer_again(ctl, c->child_id, born_now ? (struct instant){0} : c->valid_from);
    return good ? 0 : TOLDCTL_DATABASE;
}

static bool check_header(struct import *import)
{
    static const char *const needed[] = {NULL};
    const char **known = mem_new((import->csv->column_count + sizeof schemes / sizeof *schemes + sizeof plain / sizeof *plain) * sizeof *known);
    struct facts *scratch = facts_new();
    json_t *none = json_null();
    size_t count = 0;
    for (; schemes[count]; count++)
        known[count] = schemes[count];
    for (size_t i = 0; plain[i]; i++)
        known[count++] = plain[i];
    /* Every field that facts know by name; who is allocated has an import of its own. */
    for (size_t i = 0; i < import->csv->column_count; i++) {
        const char *name = import->csv->header[i];
        if (is_status(name) && strcmp(name, "allocations") != 0 && !facts_set(scratch, name, none))
            known[count++] = name;
    }
    bool good = toldctl_import_row_header(import, needed, known);
    facts_free(scratch);
    free(known);
    return good;
}

static int by_child(const void *a_, const void *b_)
{
    const struct child_row *const *a = a_, *const *b = b_;
    int order = ((*a)->child_id > (*b)->child_id) - ((*a)->child_id < (*b)->child_id);
    if (order == 0)
        order = instant_compare((*a)->valid_from, (*b)->valid_from);
    return order ? order : ((*a)->row->line > (*b)->row->line) - ((*a)->row->line < (*b)->row->line);
}

/* A child may have a row for each day from which something holds, and one only. */
static void check_once(struct import *import, const struct child_row *list, size_t count)
{
    const struct child_row **sorted = mem_new((count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &list[i];
    qsort(sorted, count, sizeof *sorted, by_child);
    for (size_t i = 1; i < count; i++)
        if (sorted[i]->child_id && sorted[i]->child_id == sorted[i - 1]->child_id &&
            instant_compare(sorted[i]->valid_from, sorted[i - 1]->valid_from) == 0)
            toldctl_import_row_fault(import, sorted[i]->row->line,
                                     "the child of this row stands in line %zu as well, from the same day; keep one",
                                     sorted[i - 1]->row->line);
    free(sorted);
}

static int write_all(struct toldctl *ctl, struct import *import, struct child_row *list, size_t count)
{
    int64_t *ids = mem_new((count + 1) * sizeof *ids);
    int code = pg_do(ctl->pg, &lock_all, NULL) ? 0 : TOLDCTL_DATABASE;
    for (size_t i = 0; i < count && !code; i++) {
        code = find_or_make(ctl, import, &list[i]);
        ids[i] = list[i].child_id;
    }
    if (!code)
        check_once(import, list, count);
    if (!code && import->faults == 0 && !toldctl_import_row_lock_children(ctl, ids, count))
        code = TOLDCTL_DATABASE;
    for (size_t i = 0; i < count && !code && import->faults == 0; i++)
        code = write_status(ctl, import, &list[i]);
    free(ids);
    return code;
}

int toldctl_import_children(struct toldctl *ctl, struct import *import)
{
    if (!check_header(import))
        return 0;
    size_t count = import->csv->row_count;
    struct child_row *list = mem_new((count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i].row = &import->csv->rows[i];
        read_row(import, &list[i]);
    }
    /* Rows that cannot be read are all named before the database is asked anything. */
    int code = import->faults ? 0 : write_all(ctl, import, list, count);
    for (size_t i = 0; i < count; i++) {
        buf_release(&list[i].schemes);
        buf_release(&list[i].values);
        buf_release(&list[i].all_schemes);
        buf_release(&list[i].all_values);
    }
    free(list);
    return code;
}
