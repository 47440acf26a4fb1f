/* SPDX-License-Identifier: Apache-2.0 */
/* What the words and codes of the prisons' domain events mean to us: private to the adapter. */
#ifndef TOLD_CUSTODY_CODE_H
#define TOLD_CUSTODY_CODE_H

#include "codes_index.h"

enum custody_direction {
    CUSTODY_IN,
    CUSTODY_OUT,
};

enum custody_truth {
    CUSTODY_NOT_SAID,
    CUSTODY_NO,
    CUSTODY_YES,
};

/* By eventType, whole or its end behind a dot; NULL: none of those that are about custody. *ret_direction: of
 * a movement, whose `reason` says the rest (sort CODES_RECEPTION or CODES_RELEASE); else untouched. */
const struct codes_row *custody_code_of_type(const struct codes *codes, const char *event_type,
                                             enum custody_direction *ret_direction);
const struct codes_row *custody_code_of_reason(const struct codes *codes, enum custody_direction direction,
                                               const char *reason);
/* A NOMIS movement code that says something narrower than the reason beside it; NULL: it does not. */
const struct codes_row *custody_code_of_movement(const struct codes *codes, enum custody_direction direction,
                                                 const char *movement);
/* Whether a reception is for a sentence, by probableCause or reason, else by the movement code. */
enum custody_truth custody_code_sentenced(const struct codes *codes, const char *cause, const char *movement);
/* The kind of establishment of the youth estate (yoi, stc, sch), or NULL. */
const char *custody_code_establishment(const struct codes *codes, const char *prison_id);

#endif
