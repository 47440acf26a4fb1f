/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of JSON a part of a foreign message must have to be read at all. Private to the adapters. */
#ifndef TOLD_PART_KIND_H
#define TOLD_PART_KIND_H

#include "told/json.h"

struct part_kind {
    const char *key; /* NULL ends a list */
    json_type type;  /* object, array or string; absent and null fit every kind */
};

/* NULL, or why the part cannot be read (caller frees): names the key, never a value. */
char *part_kind_validate(const json_t *part, const struct part_kind *kinds);
/* The string, or NULL: senders fill a gap with "" as often as they leave it out, and both are unknown. */
const char *part_kind_text(const json_t *object, const char *key);

#endif
