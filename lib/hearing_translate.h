/* SPDX-License-Identifier: Apache-2.0 */
/* Older and smaller messages of the Common Platform in the shape of a hearing. Private to the adapter. */
#ifndef TOLD_HEARING_TRANSLATE_H
#define TOLD_HEARING_TRANSLATE_H

#include "told/json.h"

bool hearing_translate_is_known(const json_t *message);
/* NULL with *ret_hearings (a new list), or with *ret_nothing (why there is none; a constant); else the reason
 * it cannot be used (caller frees). Only for what is known. */
char *hearing_translate(const json_t *message, json_t **ret_hearings, bool *ret_is_listing,
                        const char **ret_nothing);

#endif
