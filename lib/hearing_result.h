/* SPDX-License-Identifier: Apache-2.0 */
/* The results of one defendant of a hearing: into cases, and what else they say. Private to the adapter. */
#ifndef TOLD_HEARING_RESULT_H
#define TOLD_HEARING_RESULT_H

#include "court_case.h"
#include "hearing_prompt.h"

#define HEARING_NEXTS_MOST 16

struct hearing_found_next {
    struct hearing_next next;
    const char *case_ref; /* borrowed; NULL where it is the next of several cases */
};

/* Of one defendant; borrows from the message. */
struct hearing_findings {
    const struct codes *codes;
    const char *hearing_id;                              /* or NULL */
    struct civil_day first_day;                          /* the first day the court sat; none: not stated */
    struct civil_day hearing_day;                        /* the day these results are of; none: not stated */
    struct hearing_found_next nexts[HEARING_NEXTS_MOST]; /* in order of time */
    size_t next_count;
    bool has_report;
    const char *report_case;
    struct hearing_designation designation;
    bool is_designated;
    char *designated; /* owned: the authority a remand is into the care of */
    bool has_results; /* any at all */
};

/* One defendant of one case, or the subject of one application. */
void hearing_result_of_case(struct hearing_findings *found, struct court_case *ret, const json_t *defendant);
void hearing_result_of_application(struct hearing_findings *found, struct court_case *ret,
                                   const json_t *application);
/* The results that stand at the hearing for this defendant (by masterDefendantId). */
void hearing_result_of_hearing(struct hearing_findings *found, struct court_case *ret, const json_t *results,
                               const char *master);
/* Whether results without codes, which cannot be read, stand in the message for a defendant (by id). */
bool hearing_result_is_uncoded(const json_t *hearing, const json_t *around, const char *id);
void hearing_findings_release(struct hearing_findings *found);

#endif
