/* SPDX-License-Identifier: Apache-2.0 */
/* The schemes of identifiers: which exist, which make a match certain, and how two writings of one are told to be the same. */
#ifndef TOLD_MATCH_H
#define TOLD_MATCH_H

#include <stdbool.h>

struct match_identifier {
    const char *scheme; /* pnc cro asn noms urn ccd yos lcs nhs upn */
    const char *value;  /* normalised by match_normalise */
};

bool match_scheme_is_known(const char *scheme);
/* Trusted: one person for life in one system. asn and urn number an arrest and a case: not trusted. */
bool match_scheme_is_trusted(const char *scheme);
/* Upper case, no blanks, punctuation of its scheme ironed out; NULL if nothing is left. The caller frees. */
char *match_normalise(const char *scheme, const char *value);

#endif
