/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: which types of event there are, which fields each has, and what is known of a child. */
#ifndef TOLD_LIB_FIELD_H
#define TOLD_LIB_FIELD_H

#include "value.h"

struct field {
    const char *name; /* of `data`; "first_hearing.at" is the member `at` of the object `first_hearing` */
    enum value_kind kind;
    const char *const *words; /* of VALUE_WORD and VALUE_WORDS; NULL-terminated */
};

struct field_type {
    const char *name; /* "police.charge" */
    const struct field *fields;
    unsigned count;
};

enum { FIELD_COUNT_MOST = 20 }; /* of one type; the event keeps a slot for each */

/* What is kept of a child. Age and out-of-borough follow from these and are no fields of their own. */
enum field_child {
    CHILD_BORN_ON,
    CHILD_LOOKED_AFTER,
    CHILD_LOOKED_AFTER_BASIS,
    CHILD_IN_NEED,
    CHILD_PROTECTION_PLAN,
    CHILD_CARE_LEAVER,
    CHILD_OPEN_TO_SOCIAL_CARE,
    CHILD_OPEN_TO_YOS,
    CHILD_HOME_AUTHORITY,
    CHILD_PLACEMENT_AUTHORITY,
    CHILD_IN_CUSTODY,
    CHILD_SENTENCED,
    CHILD_LOOKED_AFTER_BEFORE_CUSTODY,
    CHILD_VULNERABLE,
    CHILD_ESTRANGED,
    CHILD_CUSP_OF_CUSTODY,
    CHILD_MARKERS,
    CHILD_FIELD_COUNT,
};

/* Order of the words of looked_after_basis and looked_after_before_custody. */
enum field_basis {
    BASIS_S20,
    BASIS_S31,
    BASIS_REMAND,
    BASIS_POLICE_PROTECTION,
    BASIS_NONE,
};

size_t field_type_count(void);
const struct field_type *field_type_at(size_t index);
int field_type_find(const char *name);                           /* -1: no such type */
int field_find(const struct field_type *type, const char *name); /* slot of the field, or -1 */
const struct field *field_child(enum field_child index);
int field_child_find(const char *name); /* without "child."; -1: no such field */

#endif
