/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties with queued notifications, by SQL ─▶ told --stages dispatch ─▶ nginx, in clear text over loopback. Beside it, to the
 * same nginx: libcurl's multi interface alone with the same body, as many requests in flight, each on a connection of its own
 * (channel_webhook.c says why) and, for comparison, on kept ones. And what must be written, with nothing sent.
 */
#include "bench_webhook.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_crowd.h"
#include "bench_drain.h"
#include "bench_outcomes.h"
#include "bench_peer.h"
#include "bench_poster.h"

enum { ROUNDS = 3, HOOKS = 4000, WARM = 400, CHILDREN = 1000 };

struct rates {
    double told[ROUNDS], curl[ROUNDS], kept[ROUNDS], written[ROUNDS];
};

static void measure(struct harness *h, int port, struct rates *ret)
{
    pid_t pid = harness_told(h, "dispatch", NULL);
    char *body;

    (void)bench_drain(h, "webhook", WARM, CHILDREN, 0, NULL);
    PQclear(harness_query(h, "ANALYZE"));
    body = harness_value(h, "SELECT body_text FROM told.message LIMIT 1");
    for (int i = 0; i < ROUNDS; i++) {
        ret->curl[i] = bench_poster_run(port, body, HOOKS, false, NULL);
        ret->kept[i] = bench_poster_run(port, body, HOOKS, true, NULL);
        ret->told[i] = bench_drain(h, "webhook", HOOKS, CHILDREN, i + 1, NULL);
    }
    harness_signal(h, pid, SIGTERM);
    for (int i = 0; i < ROUNDS; i++)
        ret->written[i] = bench_outcomes(h, "webhook", HOOKS, CHILDREN, ROUNDS + 1 + i);
    free(body);
}

void bench_webhook(const struct bench_figure *to)
{
    struct bench_peer *nginx = bench_peer_nginx();
    struct harness_options options = {.durable = true,
                                      .count_only = true,
                                      .hook_port = bench_peer_port(nginx),
                                      .deadline_ms = 15000,
                                      .lease_ms = 30000,
                                      .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct rates rates;
    double told, ceiling;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    bench_crowd_import(h, CHILDREN);
    bench_crowd_people(h, BENCH_CROWD_WEBHOOK);
    measure(h, bench_peer_port(nginx), &rates);
    harness_stop(h);
    bench_peer_stop(nginx);
    curl_global_cleanup();
    told = bench_figure_median(rates.told, ROUNDS);
    ceiling = bench_figure_median(rates.curl, ROUNDS);
    bench_figure_rate(to, "webhooks", told, "hooks/s", ceiling, "libcurl-64-connections");
    bench_figure_plain(to, "libcurl-64-connections", ceiling, "hooks/s");
    bench_figure_plain(to, "libcurl-64-kept-connections", bench_figure_median(rates.kept, ROUNDS), "hooks/s");
    ceiling = bench_figure_median(rates.written, ROUNDS);
    bench_figure_rate(to, "webhooks-beside-database", told, "hooks/s", ceiling, "libpq-claims-and-outcomes-of-webhooks");
    bench_figure_plain(to, "libpq-claims-and-outcomes-of-webhooks", ceiling, "hooks/s");
}
