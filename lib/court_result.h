/* SPDX-License-Identifier: Apache-2.0 */
/* What a result code of the criminal courts of England and Wales means to us: private to the adapters. */
#ifndef TOLD_COURT_RESULT_H
#define TOLD_COURT_RESULT_H

#include <stdbool.h>

enum court_result_sort {
    COURT_RESULT_SENTENCE,    /* word: kind of court.sentence */
    COURT_RESULT_REMAND,      /* word: to of court.remand */
    COURT_RESULT_BAIL,        /* word: decision of court.bail */
    COURT_RESULT_ENDING,      /* word: outcome of court.proceedings-ended, of this one offence */
    COURT_RESULT_DESIGNATION, /* another authority is designated; word: "" */
};

struct court_result {
    const char *code; /* CJS result code, or the court's own short code */
    enum court_result_sort sort;
    const char *word;
    const char *order; /* of a sentence; else NULL */
};

/* As the courts print them; each may be NULL. The short code stands before " - " in the text where it has no
 * member of its own. NULL: a result that makes no event, or, with *ret_contradicts, one whose codes say
 * different things. */
const struct court_result *court_result_find(const char *cjs_code, const char *short_code, const char *text,
                                             bool *ret_contradicts);
/* A bail status letter as a remand or bail; NULL for A (not applicable), R (arrested again: nothing is
 * decided yet) and what is no status. */
const struct court_result *court_result_of_status(const char *letter);
/* How much liberty a remand or bail takes, least first, as the courts rank their bail statuses; 0 for other
 * sorts. */
int court_result_rank(const struct court_result *result);

#endif
