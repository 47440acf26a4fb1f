/* SPDX-License-Identifier: Apache-2.0 */
/* What the prompts of a result say: the words a clerk filled in. Private to the adapter. */
#ifndef TOLD_HEARING_PROMPT_H
#define TOLD_HEARING_PROMPT_H

#include "codes_index.h"
#include "told/civil.h"
#include "told/json.h"

/* The next hearing of this defendant. */
struct hearing_next {
    const char *existing; /* borrowed: the id of a hearing that is there already, or NULL */
    struct instant at;    /* none: not stated */
    const char *court;    /* borrowed: name of the court house, or NULL */
    const char *purpose;  /* borrowed, or NULL */
};

/* False where the result names no next hearing. Takes its nextHearing, else its prompts. */
bool hearing_prompt_next(const struct codes *codes, const json_t *result, struct hearing_next *ret);
/* Whether a report on the child is ordered. A prompt of the kind BOOLEAN is text by format: "true" is the one
 * word for yes. "false", "Y" or 1 are not.
 */
bool hearing_prompt_orders_report(const struct codes *codes, const json_t *result);

/* Another authority was designated. */
struct hearing_designation {
    char *from, *to; /* owned codes, or NULL */
    struct civil_day on;
};
void hearing_prompt_designation(const struct codes *codes, const json_t *result,
                                struct hearing_designation *ret);
/* The authority a remand is into the care of; NULL where no prompt says it. The caller frees. */
char *hearing_prompt_designated(const struct codes *codes, const json_t *result);

#endif
