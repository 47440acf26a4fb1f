/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may connect: told's own ZAP handler (ZeroMQ RFC 27), closed unless it says open. A key of the live configuration
 * is let in and its key becomes the User-Id, so that each later message can be held against the allow-list as it then
 * stands; everything else is refused with 400 and counted. czmq's store aborts and misses revocations (trap 8).
 */
#ifndef TOLD_ZAP_H
#define TOLD_ZAP_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#define ZAP_DOMAIN "told"

struct zap;

/* Binds the handler: before any socket that uses it (trap 2). NULL and *ret_reason (caller frees) on failure. */
struct zap *zap_start(void *zmq_context, char **ret_reason);
void zap_stop(struct zap *zap);
void *zap_socket(const struct zap *zap); /* for zmq_poll */
void zap_answer(struct zap *zap, const struct config *config); /* whatever waits for an answer */
/* Keys refused, and handshakes at the watched socket that never came as far as a key. */
uint64_t zap_refused(const struct zap *zap);

/* Makes a binding socket a CURVE server that asks this handler and nobody else. NULL, or why not (caller frees). */
char *zap_guard(void *socket, const char *secret_key);
/* Counts those who knock there without any key, or with another server's; false when it cannot. */
bool zap_watch(struct zap *zap, void *zmq_context, void *socket);

#endif
