/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up children for the bench, each of whom makes one duty of a charge; and the charges. */
#ifndef TOLD_BENCH_CROWD_H
#define TOLD_BENCH_CROWD_H

#include <stdint.h>

#include "harness.h"

/* Children LCS-1 … with a date of birth, a status and a social worker (one of ten). */
void bench_crowd_import(struct harness *h, int children);
/* A charge of the child `number` (its own case) as CloudEvent. */
void bench_crowd_charge(struct buf *out, const char *source, long number, uint64_t sequence);
/* Notifications of duties as decide leaves them, queued for the children 1 … count, one case each; in one
 * transaction, with the NOTIFY that wakes dispatch. round: tells the cases of several calls apart. */
void bench_crowd_queue(struct harness *h, int count, int children, int round);

#endif
