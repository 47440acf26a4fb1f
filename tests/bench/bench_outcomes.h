/* SPDX-License-Identifier: Apache-2.0 */
/* What the database must write for each message, by plain libpq in batches, with nothing sent: the ceiling of that work. */
#ifndef TOLD_BENCH_OUTCOMES_H
#define TOLD_BENCH_OUTCOMES_H

#include "harness.h"

/* Queues so many notifications, claims them and writes their outcomes: message, notification and attempt, committed; then
 * all three again, line, duty and journal, committed. Texts are those of a message that told has sent over this channel.
 * Returns messages per second. No told may run. */
double bench_outcomes(struct harness *h, const char *channel, int count, int children, int round);

#endif
