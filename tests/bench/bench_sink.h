/* SPDX-License-Identifier: Apache-2.0 */
/* When the harness's own sinks accepted what. */
#ifndef TOLD_BENCH_SINK_H
#define TOLD_BENCH_SINK_H

#include <jansson.h>

#include "harness.h"

enum bench_sink { BENCH_SINK_MAILS, BENCH_SINK_HOOKS };

/* Message-ID or webhook-id → seconds since 1970. The caller json_decrefs. */
json_t *bench_sink_read(const struct harness *h, enum bench_sink sink);

#endif
