/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of JSON a part of a court register must have to be read at all. Private to the adapter. */
#ifndef TOLD_REGISTER_PART_H
#define TOLD_REGISTER_PART_H

#include "told/json.h"

struct register_kind {
    const char *key; /* NULL ends a list */
    json_type type;  /* object, array or string; absent and null fit every kind */
};

/* NULL, or why the part cannot be read (caller frees): names the key, never a value. */
char *register_part_validate(const json_t *part, const struct register_kind *kinds);

#endif
