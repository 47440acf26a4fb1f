/* SPDX-License-Identifier: Apache-2.0 */
/* data.person of a derived event, from the words of another system. Private to the adapters. */
#ifndef TOLD_FOREIGN_PERSON_H
#define TOLD_FOREIGN_PERSON_H

#include "told/civil.h"
#include "told/json.h"

/* How old somebody is for us. */
enum foreign_age {
    FOREIGN_AGE_UNKNOWN, /* no date of birth: nobody is left out for that */
    FOREIGN_AGE_CHILD,
    FOREIGN_AGE_ADULT,
    FOREIGN_AGE_ABSURD,  /* a date that cannot be theirs */
    FOREIGN_AGE_NO_DATE, /* no date YYYY-MM-DD at all */
};

#define FOREIGN_AGE_FAULT_NO_DATE "is no date YYYY-MM-DD: taken as unknown"

/* What a date of birth, or NULL, says on that day, which may be none. *ret_born: none but for a child and an
 * adult. */
enum foreign_age foreign_person_age(const char *text, struct civil_day on, struct civil_day *ret_born);
/* Of age, but not yet 25 on that day: a care leaver may still be owed something. */
bool foreign_person_is_young_adult(struct civil_day born, struct civil_day on);
/* Sets person.identifiers.SCHEME, if the text has the form of such a number: what is typed where there is
 * none makes strangers agree. False if it has not; NULL and "" are no fault. */
bool foreign_person_identify(json_t *person, const char *scheme, const char *text);
/* Sets a member unless there is nothing to say; blanks around it go. */
void foreign_person_set(json_t *person, const char *key, const char *text);
void foreign_person_set_born(json_t *person, struct civil_day born);

#endif
