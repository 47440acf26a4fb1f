/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of one process as a set: made, started, woken, stopped in the order of an event's way. */
#ifndef TOLD_SERVICE_STAGES_H
#define TOLD_SERVICE_STAGES_H

#include "stage.h"

struct service_stages;

/* config and clock are borrowed. Nothing runs yet. */
struct service_stages *service_stages_new(const bool wanted[STAGE_COUNT], bool shadow, struct config_current *config,
                                          struct clock *clock);
void service_stages_free(struct service_stages *stages); /* after service_stages_stop */
void service_stages_start(struct service_stages *stages, enum stage_name name); /* if wanted, and not running yet */
void service_stages_start_all(struct service_stages *stages);
bool service_stages_are_ready(const struct service_stages *stages);   /* all that run */
bool service_stages_have_failed(const struct service_stages *stages); /* any that runs */
size_t service_stages_running(const struct service_stages *stages, const struct stage *ret[STAGE_COUNT]);
void service_stages_wake(struct service_stages *stages);
/* Ingest first, so that nothing new comes in; then decide, escalate, dispatch; each finishes what is in flight.
 * `meanwhile` is called again and again and should sleep a little. */
void service_stages_stop(struct service_stages *stages, void (*meanwhile)(void *cookie), void *cookie);

#endif
