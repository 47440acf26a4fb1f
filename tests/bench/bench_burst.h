/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes at saturation: a thousand duties at once, from their commit to each acceptance. */
#ifndef TOLD_BENCH_BURST_H
#define TOLD_BENCH_BURST_H

#include "bench_figure.h"

void bench_burst(const struct bench_figure *to);

#endif
