/* SPDX-License-Identifier: Apache-2.0 */
/* A publisher of the confirmed feed in a thread of its own: the reference publisher, as fast as it is
 * answered or at a steady pace. */
#ifndef TOLD_BENCH_FEED_H
#define TOLD_BENCH_FEED_H

#include <stdint.h>

#include "harness.h"

struct bench_feed;

/* What is published: an event or a message as its CloudEvent (bench_crowd_charge, bench_hearing). */
typedef void bench_feed_body_fn(struct buf *out, const char *source, long number, uint64_t sequence);

/* feed: one of the harness; source: a name that it may speak for; each has its own connection. */
struct bench_feed *bench_feed_open(struct harness *h, const char *feed, const char *source, bench_feed_body_fn *body);
void bench_feed_close(struct bench_feed *feed);

/* Publishes the bodies first … first + count - 1; a_second 0: as fast as they are
 * acknowledged. */
void bench_feed_start(struct bench_feed *feed, long first, long count, int a_second);
/* Waits until all are acknowledged; aborts if one is refused or told falls silent. */
void bench_feed_await(struct bench_feed *feed);

/* Of the last start, microseconds since 1970: when the i-th was put, and when its acknowledgement came. */
int64_t bench_feed_put_us(const struct bench_feed *feed, long i);
int64_t bench_feed_acked_us(const struct bench_feed *feed, long i);
int64_t bench_feed_now_us(void);

#endif
