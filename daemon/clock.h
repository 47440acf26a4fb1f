/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that asks what time it is. Two times: *real* (leases, sockets, batches, watchdog) and *told's*
 * (received_at, due_at, ladders, retries). They differ only in a database marked as a demonstration, where told's time
 * is told_from + rate × (real − real_from) of the row told.installation.
 */
#ifndef TOLD_CLOCK_H
#define TOLD_CLOCK_H

#include "told/instant.h"

struct clock; /* one per process; safe to share between threads */

struct clock *clock_new(void); /* follows real time */
void clock_free(struct clock *clock);
struct instant clock_real(void);
int64_t clock_monotonic_ms(void);
struct instant clock_told(struct clock *clock);
/* From the row of a demonstration; every stage reads it at each tick, ingest before each batch. */
void clock_follow(struct clock *clock, struct instant told_from, struct instant real_from, double rate);
bool clock_is_story(struct clock *clock);
/* How long to wait, in real milliseconds, until told's time is told_at: 0 when it has come, at most CLOCK_FAR_MS (a
 * story that stands still). */
#define CLOCK_FAR_MS INT64_C(86400000)
int64_t clock_ms_until(struct clock *clock, struct instant told_at);

#endif
