/* SPDX-License-Identifier: Apache-2.0 */
/* Events stored per second, acknowledged after commit, against the same rows by plain libpq. */
#ifndef TOLD_BENCH_STORE_H
#define TOLD_BENCH_STORE_H

#include "bench_figure.h"

void bench_store(const struct bench_figure *to);

#endif
