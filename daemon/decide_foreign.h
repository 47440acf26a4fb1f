/* SPDX-License-Identifier: Apache-2.0 */
/* A foreign message that is waiting becomes the events it stands for; its bytes stay as they came. */
#ifndef TOLD_DECIDE_FOREIGN_H
#define TOLD_DECIDE_FOREIGN_H

#include "duty_store.h"

/* Inserts the derived events as waiting and ends the foreign one. A part that cannot be used goes to quarantine alone:
 * one bad defendant never loses the others. False only when the database failed. */
bool decide_foreign_expand(struct duty_store *s, int64_t event_id, const char *body, size_t len, struct instant received_at,
                           const char *feed);
/* Ends a waiting event as quarantined, with an alarm. */
bool decide_foreign_quarantine(struct duty_store *s, int64_t event_id, const char *reason);

#endif
