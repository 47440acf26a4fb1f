/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof at start that nobody unknown is let in: told dials its own endpoint, once with a throw-away key and once
 * without any, and must be refused in so many words. CURVE without a working handler fails open (trap 2).
 */
#ifndef TOLD_ZAP_TRIAL_H
#define TOLD_ZAP_TRIAL_H

#include "zap.h"

/* endpoint: as ZMQ_LAST_ENDPOINT of the bound socket gives it. Takes at most a few seconds, answering the handler
 * meanwhile. NULL when both were refused, else why told must not run (caller frees). */
char *zap_trial_run(void *zmq_context, struct zap *zap, const struct config *config, const char *endpoint);

#endif
