/* SPDX-License-Identifier: Apache-2.0 */
#include "custody_code.h"

#include <string.h>

static const char *side_of(enum custody_direction direction)
{
    return direction == CUSTODY_IN ? "received" : "released";
}

const struct codes_row *custody_code_of_type(const struct codes *codes, const char *event_type,
                                             enum custody_direction *ret_direction)
{
    for (size_t i = 0; i < codes_size(codes, CODES_CUSTODY_EVENTS); i++) {
        const struct codes_row *row = codes_at(codes, CODES_CUSTODY_EVENTS, i);
        size_t len = strlen(event_type), end = strlen(row->code);
        bool is_whole = len == end, is_behind_dot = len > end && event_type[len - end - 1] == '.';

        if ((!is_whole && !is_behind_dot) || strcmp(event_type + len - end, row->code) != 0)
            continue;
        if (row->sort != CODES_RELEASE_DATES)
            *ret_direction = row->sort == CODES_RECEPTION ? CUSTODY_IN : CUSTODY_OUT;
        return row;
    }
    return NULL;
}

const struct codes_row *custody_code_of_reason(const struct codes *codes, enum custody_direction direction,
                                               const char *reason)
{
    return codes_find(codes, CODES_CUSTODY_REASONS, side_of(direction), reason);
}

const struct codes_row *custody_code_of_movement(const struct codes *codes, enum custody_direction direction,
                                                 const char *movement)
{
    return codes_find(codes, CODES_CUSTODY_MOVEMENTS, side_of(direction), movement);
}

enum custody_truth custody_code_sentenced(const struct codes *codes, const char *cause, const char *movement)
{
    const struct codes_row *row = codes_find(codes, CODES_CUSTODY_CAUSES, "cause", cause);

    if (row == NULL)
        row = codes_find(codes, CODES_CUSTODY_CAUSES, "movement", movement);
    return row == NULL ? CUSTODY_NOT_SAID : strcmp(row->word, "true") == 0 ? CUSTODY_YES : CUSTODY_NO;
}

const char *custody_code_establishment(const struct codes *codes, const char *prison_id)
{
    const struct codes_row *row = codes_find(codes, CODES_ESTABLISHMENTS, NULL, prison_id);
    return row == NULL ? NULL : row->word;
}
