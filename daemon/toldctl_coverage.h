/* SPDX-License-Identifier: Apache-2.0 */
/* The children whom coverage looks at, and what is stored of them that it depends on. */
#ifndef TOLD_TOLDCTL_COVERAGE_H
#define TOLD_TOLDCTL_COVERAGE_H

#include "pg.h"
#include "told/coverage.h"

struct coverage_children {
    struct coverage_child *list; /* every child that is open to either service at some instant before the end */
    size_t count;
    PGresult *rows; /* owns the text of the stints */
};

/* False when the database failed. Release in either case. */
bool toldctl_coverage_children_load(struct coverage_children *children, struct pg *pg, struct instant from, struct instant until);
void toldctl_coverage_children_release(struct coverage_children *children);

#endif
