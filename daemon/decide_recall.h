/* SPDX-License-Identifier: Apache-2.0 */
/* What was told because of an event that holds no more: its feed took it back, or it was about another child. */
#ifndef TOLD_DECIDE_RECALL_H
#define TOLD_DECIDE_RECALL_H

#include "duty_store.h"

/* Duties of the child that lose their last ground with this event: exactly those who were reached, or may have been, hear
 * that, and what is open is void with the reason. Closed ones too (is_closed_too): somebody acted on them. Whatever comes later opens a duty of its own. by: the event
 * that says so, or 0. False only when the database failed. */
bool decide_recall(struct duty_store *s, int64_t child_id, int64_t event_id, bool is_closed_too, const char *reason, int64_t by);
/* One duty or question, whose row the caller has locked: the same. */
bool decide_recall_duty(struct duty_store *s, int64_t duty_id, const char *reason, int64_t by);
/* Duties of the child that this event discharged: each opens once more, with the clock it had. */
bool decide_recall_discharged(struct duty_store *s, int64_t child_id, int64_t event_id);

#endif
