/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules read of the facts: typed fields. */
#ifndef TOLD_LIB_FACTS_SLOTS_H
#define TOLD_LIB_FACTS_SLOTS_H

#include "field.h"
#include "told/facts.h"

const struct value *facts_value(const struct facts *facts, enum field_child index);
struct value facts_has(const struct facts *facts, const char *role); /* VALUE_BOOL or unknown */

#endif
