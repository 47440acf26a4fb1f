/* SPDX-License-Identifier: Apache-2.0 */
/* How often the right child is found: precision and recall over the corpus of made-up twins, namesakes and slips. */
#ifndef TOLD_BENCH_IDENTITY_H
#define TOLD_BENCH_IDENTITY_H

#include "bench_figure.h"

void bench_identity(const struct bench_figure *to);

#endif
