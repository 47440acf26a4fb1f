/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an event is about a child we know. Certain discloses; everything else asks a person.
 * For now: exact agreement on a trusted identifier and no contradicting date of birth or identifier.
 */
#ifndef TOLD_MATCH_H
#define TOLD_MATCH_H

#include "told/json.h"

enum match_verdict {
    MATCH_NONE,     /* no known child shares a trusted identifier */
    MATCH_DOUBTFUL, /* one or more do, but something contradicts */
    MATCH_CERTAIN,
};

struct match_identifier {
    const char *scheme; /* pnc cro asn noms urn ccd yos lcs nhs upn */
    const char *value;  /* normalised by match_normalise */
};

struct match_candidate {
    int64_t child_id;
    const char *born_on; /* YYYY-MM-DD or NULL */
    const struct match_identifier *identifiers; /* all the child has, in any scheme */
    size_t identifier_count;
};

struct match_result {
    enum match_verdict verdict;
    int64_t child_id;    /* of MATCH_CERTAIN, else 0 */
    const char *because; /* static: which rule decided; names schemes, never values */
};

bool match_scheme_is_known(const char *scheme);
/* Trusted: one person for life in one system. asn and urn number an arrest and a case: not trusted. */
bool match_scheme_is_trusted(const char *scheme);
/* Upper case, no blanks, punctuation of its scheme ironed out; NULL if nothing is left. The caller frees. */
char *match_normalise(const char *scheme, const char *value);

/* person: data.person of the event, may be NULL. Candidates: every child that shares one of its identifiers. */
struct match_result match_person(const json_t *person, const struct match_candidate *candidates, size_t count);

#endif
