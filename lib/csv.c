/* SPDX-License-Identifier: Apache-2.0 */
#include "told/csv.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/mem.h"

struct reader {
    const char *next, *end;
    size_t line;
    csv_fault_fn *fault;
    void *cookie;
    bool failed;
};

static void refuse(struct reader *r, size_t line, const char *text)
{
    r->failed = true;
    r->fault(r->cookie, line, text);
}

static bool at_line_end(const struct reader *r)
{
    return r->next == r->end || *r->next == '\n' ||
           (*r->next == '\r' && r->next + 1 < r->end && r->next[1] == '\n');
}

static void skip_line_end(struct reader *r)
{
    if (r->next < r->end && *r->next == '\r')
        r->next++;
    if (r->next < r->end)
        r->next++;
    r->line++;
}

/* After the opening quote. Doubled quotes stand for one; everything else, line breaks too, for itself. */
static void read_quoted(struct reader *r, struct buf *cell)
{
    size_t began = r->line;
    for (; r->next < r->end; r->next++) {
        if (*r->next == '"') {
            r->next++;
            if (r->next == r->end || *r->next != '"')
                return;
        }
        if (*r->next == '\n')
            r->line++;
        buf_char(cell, *r->next);
    }
    refuse(r, began, "a quoted field has no end; add the closing quote");
}

static char *read_cell(struct reader *r)
{
    struct buf cell = {0};
    if (r->next < r->end && *r->next == '"') {
        r->next++;
        read_quoted(r, &cell);
        if (!at_line_end(r) && *r->next != ',')
            refuse(r, r->line, "there is text after a closing quote; double the quotes inside a field");
    }
    bool stray = false;
    while (!at_line_end(r) && *r->next != ',') {
        stray = stray || *r->next == '"' || *r->next == '\r';
        buf_char(&cell, *r->next++);
    }
    if (stray && !r->failed)
        refuse(r, r->line,
               "there is a quote or a bare carriage return in an unquoted field; put the field in quotes");
    if (cell.len == 0)
        buf_text(&cell, "");
    return cell.bytes ? buf_take(&cell) : mem_copy("");
}

static char **read_cells(struct reader *r, size_t *ret_count)
{
    char **cells = NULL;
    size_t count = 0;
    for (;;) {
        cells = mem_grow(cells, count + 1, sizeof *cells);
        cells[count++] = read_cell(r);
        if (r->next == r->end || *r->next != ',')
            break;
        r->next++;
    }
    if (!at_line_end(r)) /* already refused: the rest of the line says nothing */
        while (r->next < r->end && *r->next != '\n')
            r->next++;
    if (r->next < r->end)
        skip_line_end(r);
    *ret_count = count;
    return cells;
}

static void free_cells(char **cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(cells[i]);
    free(cells);
}

static void read_row(struct reader *r, struct csv *csv)
{
    size_t line = r->line, count = 0;
    if (at_line_end(r)) {
        skip_line_end(r);
        return;
    }
    char **cells = read_cells(r, &count);
    if (count != csv->column_count) {
        refuse(r, line,
               count < csv->column_count
                   ? "there are fewer fields than in the header; add the missing commas"
                   : "there are more fields than in the header; put fields with commas in quotes");
        free_cells(cells, count);
        return;
    }
    csv->rows = mem_grow(csv->rows, csv->row_count + 1, sizeof *csv->rows);
    csv->rows[csv->row_count++] = (struct csv_row){cells, line};
}

static void check_header(struct reader *r, const struct csv *csv)
{
    for (size_t i = 0; i < csv->column_count; i++) {
        if (!*csv->header[i])
            refuse(r, 1, "a column has no name; name it or take it out");
        for (size_t j = 0; j < i; j++)
            if (strcmp(csv->header[i], csv->header[j]) == 0)
                refuse(r, 1, "two columns have one name; take one out");
    }
}

/* Text that is not UTF-8, or has a NUL, would be cut or refused by whatever comes after us. No byte of a character is a
 * line's end, so each line can be looked at alone. Returns the first such line, 0 if there is none. */
static size_t line_that_is_no_text(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    size_t line = 1;

    for (const char *from = bytes; from < end; line++) {
        const char *next = memchr(from, '\n', (size_t)(end - from));
        size_t length = next != NULL ? (size_t)(next - from) : (size_t)(end - from);
        json_t *text = json_stringn(from, length);
        bool good = text != NULL && memchr(from, 0, length) == NULL;

        json_decref(text);
        if (!good)
            return line;
        from += length + 1;
    }
    return 0;
}

struct csv *csv_parse(const char *bytes, size_t len, csv_fault_fn *fault, void *cookie)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct reader r = {.next = bytes, .end = bytes + len, .line = 1, .fault = fault, .cookie = cookie};
    struct csv *csv = mem_new(sizeof *csv);
    size_t bad_line = line_that_is_no_text(bytes, len);
    if (bad_line > 0) {
        refuse(&r, bad_line, "this is not UTF-8 text; save the file as UTF-8");
        goto done;
    }
    if (len >= 3 && memcmp(bytes, mark, 3) == 0)
        r.next += 3;
    if (at_line_end(&r)) {
        refuse(&r, 1, "there is no header; the first line names the columns");
        goto done;
    }
    csv->header = read_cells(&r, &csv->column_count);
    check_header(&r, csv);
    while (r.next < r.end)
        read_row(&r, csv);
done:
    if (!r.failed)
        return csv;
    csv_free(csv);
    return NULL;
}

void csv_free(struct csv *csv)
{
    if (!csv)
        return;
    for (size_t i = 0; i < csv->row_count; i++)
        free_cells(csv->rows[i].cells, csv->column_count);
    free(csv->rows);
    free_cells(csv->header, csv->column_count);
    free(csv);
}

int csv_column(const struct csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->column_count; i++)
        if (strcmp(csv->header[i], name) == 0)
            return (int)i;
    return -1;
}

const char *csv_cell(const struct csv_row *row, int column)
{
    return column >= 0 && *row->cells[column] ? row->cells[column] : NULL;
}
