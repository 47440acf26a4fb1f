/* SPDX-License-Identifier: Apache-2.0 */
/* What a child is called and where it lives, as somebody said it: one row of told.child_detail. */
#ifndef TOLD_CHILD_DETAIL_H
#define TOLD_CHILD_DETAIL_H

#include "pg.h"
#include "told/instant.h"

struct child_detail {
    int64_t child_id;
    const char *family_name, *given_names, *postcode; /* as written; NULL: not stated */
    const char *origin; /* "import" "answer": of record; "event": an alias */
    int64_t event_id, review_id; /* 0: none */
    struct instant at;
};

/* Adds it unless the same stands there already, or nothing is stated. False when the database failed; *ret_added, which may
 * be NULL, says whether it was news. */
bool child_detail_add(struct pg *pg, const struct child_detail *detail, bool *ret_added);

#endif
