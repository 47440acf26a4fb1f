/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration in the life of a process: warnings about it, and SIGHUP. */
#ifndef TOLD_SERVICE_CONFIG_H
#define TOLD_SERVICE_CONFIG_H

#include "stage.h"

/* A config_fault_fn that logs. */
void service_config_log_fault(void *cookie, const char *file, int line, const char *text);
/* What is no fault and yet will be one: said at each load. today: real time. */
void service_config_warn(const struct config *config, struct instant today, config_fault_fn *warn, void *cookie);
/* Takes the file's configuration over, or keeps the old one and says every fault. */
void service_config_reload(const char *file, struct config_current *current);
/* The database user of the first stage wanted. */
const char *service_config_user(const struct config *config, const bool wanted[STAGE_COUNT]);

#endif
