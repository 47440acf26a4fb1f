/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl alone: its multi interface, posting as many at a time as told does (curl_global_init is the caller's). */
#ifndef TOLD_BENCH_POSTER_H
#define TOLD_BENCH_POSTER_H

#include <stdbool.h>

/* Posts the body so often to 127.0.0.1; returns posts per second. keeps: over kept connections; else each has its own, as told's
 * have (channel_webhook.c). ret_ms: room for the time of each from the start, or NULL. */
double bench_poster_run(int port, const char *body, int posts, bool keeps, double *ret_ms);

#endif
