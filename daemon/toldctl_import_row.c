/* SPDX-License-Identifier: Apache-2.0 */
/* What every import does with a row: name its faults, read its dates, lock the children it is about. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "toldctl_import.h"

static const struct pg_statement lock_children = {
    "import_lock",
    "SELECT child_id FROM told.child WHERE child_id = ANY ($1::bigint[]) ORDER BY child_id FOR UPDATE", 1};

/* Two imports one after the other: the second sees what the first wrote. */
static const struct pg_statement lock_directory = {
    "import_lock_directory", "SELECT directory_version FROM told.installation FOR UPDATE", 0};

void toldctl_import_row_fault(struct import *import, size_t line, const char *format, ...)
{
    va_list arguments;
    import->faults++;
    if (import->quiet)
        return;
    fprintf(stderr, "%s:%zu: ", import->path, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
}

static bool is_among(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

bool toldctl_import_row_header(struct import *import, const char *const *needed, const char *const *known)
{
    size_t before = import->faults;
    for (const char *const *one = needed; *one; one++)
        if (csv_column(import->csv, *one) < 0)
            toldctl_import_row_fault(import, 1, "the column %s is missing; add it to the header", *one);
    for (size_t i = 0; i < import->csv->column_count; i++)
        if (!is_among(import->csv->header[i], known))
            toldctl_import_row_fault(
                import, 1, "column %zu has a name that is not known here; correct it or take it out", i + 1);
    return import->faults == before;
}

bool toldctl_import_row_instant(struct import *import, const struct csv_row *row, int column,
                                struct instant otherwise, struct instant *ret)
{
    const char *text = csv_cell(row, column);
    struct civil_day day;
    *ret = otherwise;
    if (!text || instant_parse(text, ret))
        return true;
    if (civil_parse(text, &day)) {
        *ret = civil_instant(day, 0, 0);
        return true;
    }
    toldctl_import_row_fault(import, row->line, "%s is no date; write it as 2024-05-31",
                             import->csv->header[column]);
    return false;
}

bool toldctl_import_row_lock_children(struct toldctl *ctl, int64_t *children, size_t count)
{
    struct buf ids = {0};
    char id[24];
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%" PRId64, children[i]);
        pg_array_add(&ids, id);
    }
    const char *const values[] = {pg_array_end(&ids)};
    bool good = pg_do(ctl->pg, &lock_children, values);
    buf_release(&ids);
    return good;
}

bool toldctl_import_row_lock_directory(struct toldctl *ctl)
{
    return pg_do(ctl->pg, &lock_directory, NULL);
}
