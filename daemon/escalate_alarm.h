/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm that ends by a fact: what it was raised for is over. */
#ifndef TOLD_ESCALATE_ALARM_H
#define TOLD_ESCALATE_ALARM_H

#include "duty_store.h"

/* Within a transaction: the open alarm of this kind and key, if there is one, is cleared, and the operators' duty with it.
 * fact: why, for the journal. */
bool escalate_alarm_clear(struct duty_store *s, const char *kind, const char *key, const char *fact);

#endif
