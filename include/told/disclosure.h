/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a notice says of a child. Thin is a case reference and told's own numbers. Full adds the name and date of birth of
 * the child and the hearing, as the events behind the duty state them: by email only, to a domain that is marked assured,
 * over a relay whose certificate was checked, and never in a subject.
 */
#ifndef TOLD_DISCLOSURE_H
#define TOLD_DISCLOSURE_H

#include "told/json.h"

enum disclosure {
    DISCLOSURE_THIN,
    DISCLOSURE_FULL,
};

const char *disclosure_text(enum disclosure level); /* "thin" "full" */
/* Whether the address is of one of these domains, exactly: of "a.example", "b@x.a.example" is not. NULL: of none. */
bool disclosure_is_assured(const char *address, char *const *domains);
/* Names of values that only a full notice has: what a subject may not hold. NULL-terminated. */
extern const char *const DISCLOSURE_NAMES[];
/* Sets those of `values` that are not set yet and that the event states. Called with the newest event of a duty first. A
 * body that is no event sets nothing. */
void disclosure_add(json_t *values, const char *body, size_t len);

#endif
