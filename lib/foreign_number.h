/* SPDX-License-Identifier: Apache-2.0 */
/* Codes and references that a sender writes as JSON numbers. Private to the adapters. */
#ifndef TOLD_FOREIGN_NUMBER_H
#define TOLD_FOREIGN_NUMBER_H

#include "told/json.h"

/* Makes text of them, wherever in the message they stand. */
void foreign_number_spell(json_t *message);

#endif
