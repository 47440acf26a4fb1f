/* SPDX-License-Identifier: Apache-2.0 */
/* What the imports share: one file, one transaction, every bad row named as file:line, none half
 * imported. */
#ifndef TOLD_TOLDCTL_IMPORT_H
#define TOLD_TOLDCTL_IMPORT_H

#include "told/csv.h"
#include "toldctl.h"

struct import {
    const char *path;
    struct csv *csv;
    struct instant now; /* told's time, one for the whole step */
    bool quiet;         /* the step runs again: its faults were named before */
    size_t faults;
    size_t changed; /* rows that said something new */
};

/* Imports one kind: checks the header and rows, then writes. Runs inside the step. 0, an exit code, or
 * TOLDCTL_DATABASE. */
typedef int import_fn(struct toldctl *ctl, struct import *import);
import_fn toldctl_import_directory, toldctl_import_children, toldctl_import_allocations, toldctl_import_rota,
    toldctl_import_absences;

/* The one that is no table. The exit code. */
int toldctl_import_calendar(struct toldctl *ctl, const char *path);

/* Names a fault of a row: "what, what to do", never a value. */
void toldctl_import_row_fault(struct import *import, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* True if the header has all of `needed` and nothing outside `known` (NULL-terminated both); names what is
 * wrong. */
bool toldctl_import_row_header(struct import *import, const char *const *needed, const char *const *known);
/* A day (its local midnight) or an instant; NULL is the given one. False after naming the fault. */
bool toldctl_import_row_instant(struct import *import, const struct csv_row *row, int column,
                                struct instant otherwise, struct instant *ret);
/* Locks children in ascending number, as everybody does. */
bool toldctl_import_row_lock_children(struct toldctl *ctl, int64_t *children, size_t count);
bool toldctl_import_row_lock_directory(struct toldctl *ctl); /* one import of rota or absences at a time */

#endif
