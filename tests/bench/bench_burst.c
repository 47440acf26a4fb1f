/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thousand duties in one commit ─▶ told --stages dispatch ─▶ the harness's sinks, which keep when each came. The ceiling
 * sends a thousand at once by libcurl alone to the same sinks, and writes nothing down.
 */
#include "bench_burst.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_crowd.h"
#include "bench_drain.h"
#include "bench_feed.h"
#include "bench_mailer.h"
#include "bench_poster.h"
#include "bench_sink.h"
#include "config.h"
#include "told/mem.h"

enum { BURST = 1000, WARM = 200, CHILDREN = 1000, SENDERS = 2 };

static void measure_told(struct harness *h, const char *channel, int round, struct bench_times *ret)
{
    enum bench_sink sink = strcmp(channel, "email") == 0 ? BENCH_SINK_MAILS : BENCH_SINK_HOOKS;
    json_t *accepted, *at;
    const char *id;
    int64_t from_us;

    (void)bench_drain(h, channel, WARM, CHILDREN, round, &from_us);
    (void)bench_drain(h, channel, BURST, CHILDREN, round + 1, &from_us);
    accepted = bench_sink_read(h, sink);
    json_object_foreach(accepted, id, at)
    {
        double after_ms = json_number_value(at) * 1e3 - (double)from_us / 1e3;

        if (after_ms > 0 && ret->count < BURST)
            ret->ms[ret->count++] = after_ms;
    }
    json_decref(accepted);
    if (ret->count < BURST) {
        fprintf(stderr, "bench: %zu of %d arrived\n", ret->count, BURST);
        abort();
    }
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

/* The port of "http://127.0.0.1:PORT/told". */
static int port_of(const char *url)
{
    return (int)strtol(strrchr(url, ':') + 1, NULL, 10);
}

void bench_burst(const struct bench_figure *to)
{
    static const struct harness_options options = {
        .durable = true, .senders = SENDERS, .deadline_ms = 15000, .lease_ms = 30000, .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    struct bench_times *told = mem_new(2 * sizeof *told), *plain = mem_new(2 * sizeof *plain);
    struct email_job job;
    PGresult *row;
    char *body;
    pid_t pid;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    bench_crowd_import(h, CHILDREN);
    PQclear(harness_query(h, "ANALYZE"));
    pid = harness_told(h, "dispatch", NULL);
    measure_told(h, "email", 0, &told[0]);
    job = bench_mailer_job(h, &config->relays[0], &row);
    (void)bench_mailer_run(&config->relays[0], &job, SENDERS, BURST, plain[0].ms);
    bench_crowd_people(h, BENCH_CROWD_WEBHOOK);
    measure_told(h, "webhook", 2, &told[1]);
    body = harness_value(h, "SELECT body_text FROM told.message WHERE channel = 'webhook' LIMIT 1");
    (void)bench_poster_run(port_of(config->endpoints[0].url), body, BURST, false, plain[1].ms);
    harness_signal(h, pid, SIGTERM);
    free(body);
    PQclear(row);
    config_unref(config);
    harness_stop(h);
    curl_global_cleanup();
    plain[0].count = plain[1].count = BURST;
    bench_figure_levels(to, "duty-to-mail-of-1000-at-once", &told[0], "libcurl-of-1000-at-once", &plain[0]);
    bench_figure_plain_levels(to, "libcurl-of-1000-at-once", &plain[0]);
    bench_figure_levels(to, "duty-to-webhook-of-1000-at-once", &told[1], "post-of-1000-at-once", &plain[1]);
    bench_figure_plain_levels(to, "post-of-1000-at-once", &plain[1]);
    free(told);
    free(plain);
}
