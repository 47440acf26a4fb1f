/* SPDX-License-Identifier: Apache-2.0 */
/* A court's own message of 32 KiB: a hearing of one child beside made-up adults, as most are. */
#ifndef TOLD_BENCH_HEARING_H
#define TOLD_BENCH_HEARING_H

#include <stdint.h>

#include "told/buf.h"

enum { BENCH_HEARING_LEN = 32 * 1024 };

/* The hearing of the child `number` (bench_crowd.h), in a case of its own, resulted with bail and a next hearing. */
void bench_hearing(struct buf *out, const char *source, long number, uint64_t sequence);

#endif
