/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes at 50 events a second: to the acknowledgement, to the mail server's 250, to an endpoint's 2xx. */
#ifndef TOLD_BENCH_LATENCY_H
#define TOLD_BENCH_LATENCY_H

#include "bench_figure.h"

void bench_latency(const struct bench_figure *to);

#endif
