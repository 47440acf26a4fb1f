/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher of the confirmed feed in a thread of its own: the reference publisher, as fast as it is
 * answered or at a steady pace. */
#ifndef TOLD_BENCH_FEED_H
#define TOLD_BENCH_FEED_H

#include <stdint.h>

#include "harness.h"

struct bench_feed;

/* source: a name that feed "police" may speak for; each has its own connection. */
struct bench_feed *bench_feed_open(struct harness *h, const char *source);
void bench_feed_close(struct bench_feed *feed);

/* Publishes charges first … first + count - 1 (bench_crowd_charge); a_second 0: as fast as they are
 * acknowledged. */
void bench_feed_start(struct bench_feed *feed, long first, long count, int a_second);
/* Waits until all are acknowledged; aborts if one is refused or told falls silent. */
void bench_feed_await(struct bench_feed *feed);

/* Of the last start, microseconds since 1970: when the i-th was put, and when its acknowledgement came. */
int64_t bench_feed_put_us(const struct bench_feed *feed, long i);
int64_t bench_feed_acked_us(const struct bench_feed *feed, long i);
int64_t bench_feed_now_us(void);

#endif
