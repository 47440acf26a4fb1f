/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a table of codes: read, checked and printed. Private to codes.c and the adapters. */
#ifndef TOLD_LIB_CODES_ROW_H
#define TOLD_LIB_CODES_ROW_H

#include <libconfig.h>

#include "codes_table.h"
#include "told/codes.h"

struct codes_row {
    char *code;
    const char *side; /* static; NULL where the table has no sides */
    enum codes_sort sort;
    char *word;  /* see enum codes_sort; "" where there is nothing to say */
    char *order; /* of a sentence; else NULL */
    int line;
};

struct codes_reader {
    const char *file;
    const struct codes_spec *spec;
    codes_fault_fn *fault;
    void *cookie;
    int faults;
};

void codes_row_fault(struct codes_reader *reader, const config_setting_t *at,
                     char *text); /* takes the text */
/* False, with every fault said. Release in either case. */
bool codes_row_read(struct codes_reader *reader, const config_setting_t *group, struct codes_row *ret);
void codes_row_release(struct codes_row *row);
json_t *codes_row_json(const struct codes_spec *spec, const struct codes_row *row);

#endif
