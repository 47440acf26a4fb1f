/* SPDX-License-Identifier: Apache-2.0 */
/* Events stored and decided end to end, with the duties they make: charges, and court messages of 32 KiB. */
#ifndef TOLD_BENCH_DECIDED_H
#define TOLD_BENCH_DECIDED_H

#include "bench_figure.h"

void bench_decided(const struct bench_figure *to);

#endif
