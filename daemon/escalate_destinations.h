/* SPDX-License-Identifier: Apache-2.0 */
/* Relays and endpoints that stay dead: the operators are told, and told no more once it is well again. */
#ifndef TOLD_ESCALATE_DESTINATIONS_H
#define TOLD_ESCALATE_DESTINATIONS_H

#include "duty_store.h"

/* In transactions of its own. real_now: deaths are counted in real time, whatever a story's clock says. */
bool escalate_destinations_step(struct duty_store *s, struct instant real_now);

#endif
