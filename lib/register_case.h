/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one case or application of a court register. Private to the adapter. */
#ifndef TOLD_REGISTER_CASE_H
#define TOLD_REGISTER_CASE_H

#include "court_case.h"

/* Both fill what court_case_release lets go. */
void register_case_read(const struct codes *codes, struct court_case *ret, const json_t *entry,
                        struct civil_day hearing_day);
/* The results that stand at the defendant and not at a case. */
void register_case_read_results(const struct codes *codes, struct court_case *ret, const json_t *results);

#endif
