/* SPDX-License-Identifier: Apache-2.0 */
/* All waiting events of one child, decided in the order they arrived, on the facts valid at their time. */
#ifndef TOLD_DECIDE_CHILD_H
#define TOLD_DECIDE_CHILD_H

#include "duty_store.h"

/* The child's row is locked by the caller's transaction. only: decide this event and no other; 0: all that wait.
 * Returns how many were decided, -1 when the database failed. */
int decide_child(struct duty_store *s, int64_t child_id, int64_t only);

#endif
