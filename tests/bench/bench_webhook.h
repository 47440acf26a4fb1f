/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks per second, from queued notification to nginx's 204 and its outcome stored, against libcurl alone and the database
 * alone. */
#ifndef TOLD_BENCH_WEBHOOK_H
#define TOLD_BENCH_WEBHOOK_H

#include "bench_figure.h"

void bench_webhook(const struct bench_figure *to);

#endif
