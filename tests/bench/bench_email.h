/* SPDX-License-Identifier: Apache-2.0 */
/* Emails per second, from queued notification to the sink's 250 and its outcome stored, against libcurl alone, Postfix's
 * smtp-source, and the database alone. */
#ifndef TOLD_BENCH_EMAIL_H
#define TOLD_BENCH_EMAIL_H

#include "bench_figure.h"

void bench_email(const struct bench_figure *to, int senders);

#endif
