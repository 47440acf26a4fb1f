/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of duties to be told, and told telling it. */
#ifndef TOLD_BENCH_DRAIN_H
#define TOLD_BENCH_DRAIN_H

#include <stdint.h>

#include "harness.h"

/* Queues so many (bench_crowd_queue) for told, which is running, and waits until each outcome is stored; returns messages per
 * second. One that was not accepted ends the bench. ret_from_us: when they were committed, or NULL. */
double bench_drain(struct harness *h, const char *channel, int count, int children, int round, int64_t *ret_from_us);

#endif
