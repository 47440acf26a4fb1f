/* SPDX-License-Identifier: Apache-2.0 */
/* One defendant at one hearing: from what each case came to, the events of the catalogue. Private to the
 * adapters of courts. */
#ifndef TOLD_COURT_DEFENDANT_H
#define TOLD_COURT_DEFENDANT_H

#include "court_case.h"

/* How old a defendant is for us. */
enum court_age {
    COURT_AGE_UNKNOWN, /* no date of birth: nobody is left out for that */
    COURT_AGE_CHILD,
    COURT_AGE_ADULT,
    COURT_AGE_ABSURD,  /* a date that cannot be this defendant's */
    COURT_AGE_NO_DATE, /* no date YYYY-MM-DD at all */
};

#define COURT_AGE_FAULT_NO_DATE "dateOfBirth is no date YYYY-MM-DD: taken as unknown"
#define COURT_AGE_FAULT_ABSURD "dateOfBirth cannot be that of a defendant at this hearing: taken as unknown"
#define COURT_AGE_NOTHING "18 or over on the day of the hearing"

/* `text`: a date of birth or NULL; `on` may be none. *ret_born is set for a child and an adult. */
enum court_age court_defendant_age(const char *text, struct civil_day on, struct civil_day *ret_born);
/* What all entries have in common: an appearance in two cases is an appearance in neither alone. */
struct court_reference court_defendant_common(const struct court_case *cases, size_t count);
/* Appearance, convictions, endings, sentences, and last the one remand or bail. */
void court_defendant_add_events(struct court_defendant *defendant, const struct court_case *cases,
                                size_t count);
void court_defendant_release(struct court_defendant *defendant);

#endif
