/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The person of an event (data.person) as matching compares it: names without case, accents, hyphens and apostrophes,
 * identifiers as their owners write them. What is not stated, or states nothing ("unknown", ZZ99), is absent.
 */
#ifndef TOLD_PERSON_H
#define TOLD_PERSON_H

#include "told/civil.h"
#include "told/json.h"
#include "told/match.h"

#define PERSON_NAME_MOST 80 /* bytes of a name that are compared; well under what levenshtein() takes */

struct person {
    char *family, *given; /* words with single blanks, never NULL; "": not stated */
    char *postcode;       /* or NULL */
    struct civil_day born_on; /* where is_born_stated and not is_born_wrong */
    bool is_born_stated;
    bool is_born_wrong; /* it says something, and that is no date */
    struct match_identifier *identifiers; /* normalised; values are owned */
    bool *is_trusted;                     /* beside each: makes a match certain here */
    size_t identifier_count;
    char digest[65];   /* of all the above */
    bool is_memorable; /* enough is stated to know the same person again */
};

/* data.person of an event; NULL is nobody known. trusted: schemes, NULL-terminated. The caller frees. */
struct person *person_read(const json_t *stated, const char *const *trusted);
void person_free(struct person *person);
/* Lower case, no accents, one blank between words; "" where nothing is said. The caller frees. */
char *person_name(const char *text);
/* Upper case without blanks, or NULL where it is none. The caller frees. */
char *person_postcode(const char *text);
/* What forms and programs put where no date of birth is known: 1000-01-01, 1900-01-01, 1970-01-01. */
bool person_born_is_filled(struct civil_day born_on);
/* Whole years on that day; -1: not stated, or nothing a living person was born on. */
int person_age(const struct person *person, struct civil_day on);

#endif
