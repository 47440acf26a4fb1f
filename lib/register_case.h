/* SPDX-License-Identifier: Apache-2.0 */
/* What one case or application of a court register comes to for one defendant. Private to the adapter. */
#ifndef TOLD_REGISTER_CASE_H
#define TOLD_REGISTER_CASE_H

#include "court_result.h"
#include "told/civil.h"
#include "told/json.h"

#define REGISTER_CASE_ORDERS 16 /* the table of results has fewer orders */

struct register_case {
    const json_t *entry; /* borrowed; NULL for the results that stand at the defendant */
    const struct court_result *sentences[REGISTER_CASE_ORDERS]; /* one for each distinct order */
    size_t sentence_count;
    const struct court_result *liberty; /* the strictest remand or bail, or NULL */
    bool has_ended;                     /* every offence of it */
    const char *outcome;                /* the one they all ended in; NULL where they differ */
    json_t *convicted;                  /* owned list of {code, title}: convicted at this hearing; or NULL */
    struct civil_day convicted_on;      /* of the first of them */
    char *fault; /* owned; of the first part that cannot be used (the others count), or NULL */
};

void register_case_read(struct register_case *ret, const json_t *entry, struct civil_day hearing_day);
void register_case_read_results(struct register_case *ret, const json_t *results);
void register_case_release(struct register_case *read);
bool register_case_has_kind(const struct register_case *read, const char *kind);

#endif
