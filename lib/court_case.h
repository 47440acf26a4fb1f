/* SPDX-License-Identifier: Apache-2.0 */
/* What one case or application comes to for one defendant, result by result. Private to the adapters of
 * courts. */
#ifndef TOLD_COURT_CASE_H
#define TOLD_COURT_CASE_H

#include "court_event.h"
#include "court_result.h"

#define COURT_CASE_ORDERS 32 /* a bound on what a hostile message can take */

struct court_order {
    const struct codes_row *result;
    struct civil_day on; /* none: the day of the hearing */
    int term_months;     /* 0: not stated */
};

struct court_case {
    struct court_reference about;
    bool is_of_all; /* its results stand at the defendant: it has no reference of its own */
    struct court_order sentences[COURT_CASE_ORDERS]; /* one for each distinct order */
    size_t sentence_count;
    const struct codes_row *liberty; /* the strictest remand or bail, or NULL */
    const char *designated;             /* borrowed: whose care a remand is into; NULL where not stated */
    size_t offence_count, ended_count;
    const char *outcome;           /* the one that all ended offences ended in; NULL where they differ */
    bool is_sentenced_unknown;     /* to something that stands in no table of ours */
    json_t *convicted;             /* owned list of {code, title}: convicted at this hearing; or NULL */
    struct civil_day convicted_on; /* of the first of them */
    char *fault; /* owned; of the first part that cannot be used (the others count), or NULL */
};

/* Takes the reason. Keeps the first: one is enough to make somebody look, and a hostile message may have a
 * million. */
void court_case_fault(struct court_case *read, char *reason);
/* Takes one result into account, but for an ending, which is the offence's: its outcome is returned, else
 * NULL. */
const char *court_case_note(struct court_case *read, const struct codes_row *result, struct civil_day on,
                            int term_months);
/* One offence of it; outcome NULL: it goes on, or ended in a sentence. */
void court_case_note_offence(struct court_case *read, const char *outcome);
void court_case_note_conviction(struct court_case *read, struct civil_day on, const char *code,
                                const char *title);
/* Every offence of it has ended without a sentence. */
bool court_case_has_ended(const struct court_case *read);
bool court_case_has_kind(const struct court_case *read, const char *kind);
void court_case_release(struct court_case *read);

#endif
