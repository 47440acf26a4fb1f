/* SPDX-License-Identifier: Apache-2.0 */
/* What told holds in memory while a million events wait in the database, against what it holds while none does. */
#ifndef TOLD_BENCH_MEMORY_H
#define TOLD_BENCH_MEMORY_H

#include "bench_figure.h"

void bench_memory(const struct bench_figure *to);

#endif
