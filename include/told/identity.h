/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an event is about a child we know. Certain discloses; doubtful asks a person; none is nobody we know.
 *
 *   certain   one child shares a trusted identifier and nothing contradicts; or one fits a configured combination of record,
 *             nothing contradicts and nobody else comes near; or a person said so of the same details before
 *   doubtful  an identifier agrees and something contradicts; or the points reach the threshold
 *   none      everything else
 *
 * How alike two names are (trigrams, sound, edits) is the database's to say: nothing of that is computed here.
 */
#ifndef TOLD_IDENTITY_H
#define TOLD_IDENTITY_H

#include "told/person.h"

enum identity_verdict {
    IDENTITY_NONE,
    IDENTITY_DOUBTFUL,
    IDENTITY_CERTAIN,
};

struct identity_policy {
    char **certain; /* combinations: words of identity_combination_validate with blanks between; NULL-terminated, may be NULL */
    int family_weight, given_weight, born_weight, postcode_weight, asn_weight; /* points where they agree */
    int doubtful; /* points from which a person is asked */
    int margin;   /* a combination is certain only if nobody else has points within this distance */
};

/* One name that is known of a child, compared with the event's by the database. */
struct identity_name {
    const char *family, *given;         /* as person_name gives them */
    bool is_record;                     /* by import or a person; else an alias that a publisher used */
    int family_alike, given_alike;      /* similarity() in percent */
    int family_edits, given_edits;      /* levenshtein() */
    bool family_sounds, given_sounds;   /* some word sounds alike: dmetaphone() */
};

struct identity_postcode {
    const char *postcode;
    bool is_record;
};

enum identity_memory {
    IDENTITY_UNDECIDED,
    IDENTITY_SAME,  /* a person said that these details are this child's */
    IDENTITY_NEVER, /* or never are */
};

struct identity_candidate {
    int64_t child_id;
    const char *born_on; /* YYYY-MM-DD or NULL */
    const struct match_identifier *identifiers; /* all the child has, in any scheme */
    size_t identifier_count;
    const struct identity_name *names;
    size_t name_count;
    const struct identity_postcode *postcodes;
    size_t postcode_count;
    enum identity_memory memory;
    int64_t review_id; /* of the answer that is remembered */
};

struct identity_result {
    enum identity_verdict verdict;
    int64_t child_id;  /* of IDENTITY_CERTAIN, else 0 */
    int64_t review_id; /* of the remembered answer that settled it, else 0 */
    bool is_corroborated; /* certain, and the name agrees too or none is stated: nobody else need be looked for */
    char because[160]; /* which rule decided; names schemes and fields, never values */
    json_t *evidence;  /* owned: [{"child", "points", "schemes": [those that agree], "evidence": [words]}], best first */
};

/* Candidates: every child that shares an identifier with the person, or that was looked up by name; each child once. */
void identity_judge(const struct identity_policy *policy, const struct person *person,
                    const struct identity_candidate *candidates, size_t count, struct identity_result *ret);
void identity_release(struct identity_result *result);
/* NULL, or why a combination cannot be trusted: "what, what to do" (static). */
const char *identity_combination_validate(const char *combination);

#endif
