/* SPDX-License-Identifier: Apache-2.0 */
/* Which YOS serves that court house, and whose day it is: reference data of the configuration (A31). */
#ifndef TOLD_DECIDE_COURT_H
#define TOLD_DECIDE_COURT_H

#include "config.h"
#include "told/decide.h"

/* Sets court_is_host and court_is_our_day of the input; unknown where the event names no court, or none is configured. */
void decide_court_facts(const struct config *config, const struct event *event, struct decide_input *ret);

#endif
