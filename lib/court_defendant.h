/* SPDX-License-Identifier: Apache-2.0 */
/* One defendant at one hearing: from what each case came to, the events of the catalogue. Private to the
 * adapters of courts. */
#ifndef TOLD_COURT_DEFENDANT_H
#define TOLD_COURT_DEFENDANT_H

#include "court_case.h"

/* False, with that said, if the defendant was surely of age on that day, which may be none. Somebody of
 * unknown age is not left out; a date of birth (NULL: not stated) that cannot be theirs is said. *ret_born:
 * none where unknown. */
bool court_defendant_is_child(struct court_defendant *defendant, const char *text, struct civil_day on,
                              struct civil_day *ret_born);
/* What all entries have in common: an appearance in two cases is an appearance in neither alone. */
struct court_reference court_defendant_common(const struct court_case *cases, size_t count);
/* Appearance, convictions, endings, sentences, and last the one remand or bail. */
void court_defendant_add_events(struct court_defendant *defendant, const struct court_case *cases,
                                size_t count);
void court_defendant_release(struct court_defendant *defendant);

#endif
