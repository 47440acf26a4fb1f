/* SPDX-License-Identifier: Apache-2.0 */
/* What the bench prints: one line a figure, `name value unit ratio ceiling-name`, and the same in bench.tsv.
 */
#ifndef TOLD_BENCH_FIGURE_H
#define TOLD_BENCH_FIGURE_H

#include <stddef.h>
#include <stdio.h>

enum { BENCH_TIMES_MOST = 4096 };

struct bench_times {
    double ms[BENCH_TIMES_MOST];
    size_t count;
};

struct bench_figure {
    FILE *tsv;
};

/* A rate: its ratio is value / ceiling. */
void bench_figure_rate(const struct bench_figure *to, const char *name, double value, const char *unit,
                       double ceiling, const char *ceiling_name);
/* What is better the less it is: its ratio is floor / value, so that 1 is always "as good as the ceiling". */
void bench_figure_less(const struct bench_figure *to, const char *name, double value, const char *unit, double floor,
                       const char *floor_name);
/* The same of milliseconds. */
void bench_figure_latency(const struct bench_figure *to, const char *name, double value, double ceiling,
                          const char *ceiling_name);
/* Latencies at p50 and p99. Sorts both. */
void bench_figure_levels(const struct bench_figure *to, const char *name, struct bench_times *told, const char *ceiling_name,
                         struct bench_times *least);
void bench_figure_plain_levels(const struct bench_figure *to, const char *name, struct bench_times *least);
/* A ceiling itself, or what has none. */
void bench_figure_plain(const struct bench_figure *to, const char *name, double value, const char *unit);

double bench_figure_median(double *values, size_t count); /* sorts them */
double bench_figure_percentile(double *values, size_t count,
                               double fraction); /* sorts them; 0.99 of them are not above */

#endif
