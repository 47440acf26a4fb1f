/* SPDX-License-Identifier: Apache-2.0 */
/* The person that a defendant of a court register is. Private to the adapter. */
#ifndef TOLD_REGISTER_PERSON_H
#define TOLD_REGISTER_PERSON_H

#include "told/civil.h"
#include "told/json.h"

/* data.person, the caller's; born: none where unknown. */
json_t *register_person_make(const json_t *defendant, struct civil_day born);

#endif
