/* SPDX-License-Identifier: Apache-2.0 */
/* No bytes crash the CSV reader; what it takes has the header's width in each row and lines that only go on. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "told/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void on_fault(void *cookie, size_t line, const char *text)
{
    size_t *count = cookie;
    assert(line >= 1 && text && *text);
    ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t faults = 0, line = 1;
    struct csv *csv = csv_parse((const char *)bytes, len, on_fault, &faults);
    assert(!csv == (faults > 0));
    for (size_t i = 0; csv && i < csv->row_count; i++) {
        assert(csv->rows[i].line > line || i == 0);
        line = csv->rows[i].line;
        for (size_t k = 0; k < csv->column_count; k++)
            assert(strlen(csv->rows[i].cells[k]) <= len);
        assert(csv_cell(&csv->rows[i], csv_column(csv, "no such column")) == NULL || *csv->header[0]);
    }
    csv_free(csv);
    return 0;
}
