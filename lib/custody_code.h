/* SPDX-License-Identifier: Apache-2.0 */
/* What the words and codes of the prisons' domain events mean to us: private to the adapter. */
#ifndef TOLD_CUSTODY_CODE_H
#define TOLD_CUSTODY_CODE_H

#include <stdbool.h>
#include <stddef.h>

enum custody_sort {
    CUSTODY_UNKNOWN, /* a word or code that is not in the table */
    CUSTODY_RECEPTION,
    CUSTODY_TRANSFER,      /* into the prison it names */
    CUSTODY_RELEASE,       /* word: reason of custody.release */
    CUSTODY_RELEASE_DATES, /* that they changed, not what they are */
    CUSTODY_NOTHING,       /* word: why there is nothing to say */
    CUSTODY_LOOK,          /* a person must look: no event of the catalogue says it */
};

enum custody_direction {
    CUSTODY_IN,
    CUSTODY_OUT,
};

enum custody_truth {
    CUSTODY_NOT_SAID,
    CUSTODY_NO,
    CUSTODY_YES,
};

struct custody_code {
    const char *code;
    enum custody_sort sort;
    const char *word;
};

/* By eventType, whole or behind its last dot; NULL: none of those that are about custody. *ret_direction: of
 * a movement, whose `reason` says the rest (sort CUSTODY_RECEPTION or CUSTODY_RELEASE); else untouched. */
const struct custody_code *custody_code_of_type(const char *event_type,
                                                enum custody_direction *ret_direction);
const struct custody_code *custody_code_of_reason(enum custody_direction direction, const char *reason);
/* A NOMIS movement code that says something narrower than the reason beside it; NULL: it does not. */
const struct custody_code *custody_code_of_movement(enum custody_direction direction, const char *movement);
/* Whether a reception is for a sentence, by probableCause or reason, else by the movement code. */
enum custody_truth custody_code_sentenced(const char *cause, const char *movement);
/* The kind of establishment of the youth estate (yoi, stc, sch), or NULL. */
const char *custody_code_establishment(const char *prison_id);

#endif
