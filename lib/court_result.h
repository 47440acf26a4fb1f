/* SPDX-License-Identifier: Apache-2.0 */
/* What a result of the criminal courts of England and Wales means to us: private to the adapters. */
#ifndef TOLD_COURT_RESULT_H
#define TOLD_COURT_RESULT_H

#include "codes_index.h"

/* As the courts print them; each may be NULL. The short code stands before " - " in the text where it has no
 * member of its own. NULL: a result that stands in no table, or, with *ret_contradicts, one whose codes say
 * different things. */
const struct codes_row *court_result_find(const struct codes *codes, const char *cjs_code,
                                          const char *short_code, const char *text, bool *ret_contradicts);
/* A bail status letter as a remand or bail; NULL for a letter that decides nothing and for what is no status.
 */
const struct codes_row *court_result_of_status(const struct codes *codes, const char *letter);
/* Whether it stands in the table at all, even as one that says nothing. */
bool court_result_status_is_known(const struct codes *codes, const char *letter);
/* Why a person must look at such a bail status; NULL: nobody must. */
const char *court_result_status_look(const struct codes *codes, const char *letter);
/* How much liberty a remand or bail takes, least first, as the courts rank their bail statuses; 0 for other
 * sorts. */
int court_result_rank(const struct codes_row *result);

#endif
