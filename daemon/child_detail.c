/* SPDX-License-Identifier: Apache-2.0 */
#include "child_detail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "told/person.h"

#define WRITTEN_MOST "200" /* characters of a name that are kept as written, for people to read */

/* What is known of record needs no alias of the same words. */
static const struct pg_statement ADD = {
    "child_detail_add",
    "INSERT INTO told.child_detail (child_id, family_name, given_names, family, given, postcode, origin, event_id, review_id,"
    " recorded_at) SELECT $1::bigint, left($2, " WRITTEN_MOST "), left($3, " WRITTEN_MOST "), $4, $5, $6, $7, $8::bigint,"
    " $9::bigint, $10::timestamptz WHERE NOT EXISTS (SELECT FROM told.child_detail d WHERE d.child_id = $1::bigint"
    " AND d.withdrawn_at IS NULL AND d.family = $4 AND d.given = $5 AND (d.postcode IS NOT DISTINCT FROM $6 OR $6 IS NULL)"
    " AND (d.origin <> 'event' OR $7 = 'event'))",
    10};

static const char *number(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return value == 0 ? NULL : out;
}

bool child_detail_add(struct pg *pg, const struct child_detail *d, bool *ret_added)
{
    char *family = person_name(d->family_name), *given = person_name(d->given_names), *postcode = person_postcode(d->postcode);
    char child[24], event[24], review[24], at[INSTANT_TEXT_SIZE];
    PGresult *done = NULL;
    bool ok = true, added = false;

    if (*family != '\0' || *given != '\0' || postcode != NULL) {
        done = pg_run(pg, &ADD,
                      (const char *[]){number(child, d->child_id), d->family_name, d->given_names, family, given, postcode,
                                       d->origin, number(event, d->event_id), number(review, d->review_id),
                                       instant_print(d->at, at)});
        ok = done != NULL;
        added = ok && strcmp(PQcmdTuples(done), "1") == 0;
    }
    if (ret_added != NULL)
        *ret_added = added;
    PQclear(done);
    free(family);
    free(given);
    free(postcode);
    return ok;
}
