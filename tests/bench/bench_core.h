/* SPDX-License-Identifier: Apache-2.0 */
/* The pure core by itself, on one processor: decisions per second, and fifty years of every rule's deadlines. */
#ifndef TOLD_BENCH_CORE_H
#define TOLD_BENCH_CORE_H

#include "bench_figure.h"

void bench_core(const struct bench_figure *to);

#endif
