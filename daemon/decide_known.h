/* SPDX-License-Identifier: Apache-2.0 */
/* Whether people are, or may be, somebody we know. Under the lock of children. */
#ifndef TOLD_DECIDE_KNOWN_H
#define TOLD_DECIDE_KNOWN_H

#include "duty_store.h"
#include "told/event.h"

/* Of each event (NULL: of nobody) whether its person is. False when the database failed. */
bool decide_known(struct duty_store *s, struct event *const *events, size_t count, bool *ret_known);

#endif
