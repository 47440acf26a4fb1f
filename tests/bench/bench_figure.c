/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_figure.h"

#include <stdlib.h>

#include "told/mem.h"

static void say(const struct bench_figure *to, const char *name, double value, const char *unit, double ratio,
                const char *ceiling_name)
{
    char shown[24], number[32];

    snprintf(shown, sizeof shown, ratio > 0 ? "%.2f" : "-", ratio);
    snprintf(number, sizeof number, value < 100 ? "%.2f" : "%.0f", value);
    printf("%s %s %s %s %s\n", name, number, unit, shown, ceiling_name);
    fflush(stdout);
    if (to->tsv == NULL)
        return;
    fprintf(to->tsv, "%s\t%s\t%s\t%s\t%s\n", name, number, unit, shown, ceiling_name);
    fflush(to->tsv);
}

void bench_figure_rate(const struct bench_figure *to, const char *name, double value, const char *unit,
                       double ceiling, const char *ceiling_name)
{
    say(to, name, value, unit, value / ceiling, ceiling_name);
}

void bench_figure_less(const struct bench_figure *to, const char *name, double value, const char *unit, double floor,
                       const char *floor_name)
{
    say(to, name, value, unit, floor / value, floor_name);
}

void bench_figure_latency(const struct bench_figure *to, const char *name, double value, double ceiling,
                          const char *ceiling_name)
{
    bench_figure_less(to, name, value, "ms", ceiling, ceiling_name);
}

void bench_figure_plain(const struct bench_figure *to, const char *name, double value, const char *unit)
{
    say(to, name, value, unit, 0, "none");
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

double bench_figure_percentile(double *values, size_t count, double fraction)
{
    size_t at = (size_t)((double)count * fraction);

    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_size);
    return values[at < count ? at : count - 1];
}

double bench_figure_median(double *values, size_t count)
{
    return bench_figure_percentile(values, count, 0.5);
}

static const struct {
    const char *word;
    double fraction;
} LEVELS[] = {{"p50", 0.5}, {"p99", 0.99}};

void bench_figure_levels(const struct bench_figure *to, const char *name, struct bench_times *told, const char *ceiling_name,
                         struct bench_times *least)
{
    for (size_t i = 0; i < 2; i++) {
        char *level = mem_printf("%s-%s", name, LEVELS[i].word), *of = mem_printf("%s-%s", ceiling_name, LEVELS[i].word);

        bench_figure_latency(to, level, bench_figure_percentile(told->ms, told->count, LEVELS[i].fraction),
                             bench_figure_percentile(least->ms, least->count, LEVELS[i].fraction), of);
        free(level);
        free(of);
    }
}

void bench_figure_plain_levels(const struct bench_figure *to, const char *name, struct bench_times *least)
{
    for (size_t i = 0; i < 2; i++) {
        char *level = mem_printf("%s-%s", name, LEVELS[i].word);

        bench_figure_plain(to, level, bench_figure_percentile(least->ms, least->count, LEVELS[i].fraction), "ms");
        free(level);
    }
}
