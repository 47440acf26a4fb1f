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
#include "bench_feed.h"
#include "bench_outcomes.h"
#include "bench_peer.h"
#include "dispatch.h"
#include "told/mem.h"

enum { ROUNDS = 3, HOOKS = 4000, WARM = 400, CHILDREN = 1000, IN_FLIGHT = DISPATCH_WEBHOOKS_MOST, WAIT_MS = 1000 };

/* ---- libcurl alone ---- */

static void die(const char *what)
{
    fprintf(stderr, "bench: libcurl alone: %s\n", what);
    abort();
}

static CURL *make_request(const char *url, const char *body, struct curl_slist *headers, bool keeps)
{
    CURL *h = curl_easy_init();

    if (h == NULL || curl_easy_setopt(h, CURLOPT_URL, url) || curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) ||
        curl_easy_setopt(h, CURLOPT_PROXY, "") || curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
        curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) || curl_easy_setopt(h, CURLOPT_POSTFIELDS, body) ||
        curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, keeps ? 0L : 1L) || curl_easy_setopt(h, CURLOPT_FORBID_REUSE, keeps ? 0L : 1L))
        die("no handle");
    return h;
}

/* Each that has ended begins again, until enough have. Returns how many have ended. */
static int reap(CURLM *multi, int *begun, int hooks)
{
    CURLMsg *message;
    int left, ended = 0;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        CURL *h = message->easy_handle;
        CURLcode result = message->data.result;
        long status = 0;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
        if (result != CURLE_OK || status != 204)
            die(result != CURLE_OK ? curl_easy_strerror(result) : "nginx does not say 204");
        ended++;
        curl_multi_remove_handle(multi, h);
        if (*begun < hooks && curl_multi_add_handle(multi, h) == CURLM_OK)
            ++*begun;
    }
    return ended;
}

static double measure_plain(int port, const char *body, int hooks, bool keeps)
{
    char *url = mem_printf("http://127.0.0.1:%d/told", port);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *requests[IN_FLIGHT];
    CURLM *multi = curl_multi_init();
    int64_t from_us = bench_feed_now_us();
    int begun = 0, ended = 0, running;
    double rate;

    for (; begun < IN_FLIGHT; begun++) {
        requests[begun] = make_request(url, body, headers, keeps);
        curl_multi_add_handle(multi, requests[begun]);
    }
    while (ended < hooks) {
        curl_multi_perform(multi, &running);
        ended += reap(multi, &begun, hooks);
        if (ended < hooks)
            curl_multi_poll(multi, NULL, 0, running > 0 ? WAIT_MS : 0, NULL);
    }
    rate = hooks * 1e6 / (double)(bench_feed_now_us() - from_us);
    for (int i = 0; i < IN_FLIGHT; i++) {
        curl_multi_remove_handle(multi, requests[i]);
        curl_easy_cleanup(requests[i]);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(url);
    return rate;
}

/* ---- told beside it ---- */

struct rates {
    double told[ROUNDS], curl[ROUNDS], kept[ROUNDS], written[ROUNDS];
};

static void measure(struct harness *h, int port, struct rates *ret)
{
    pid_t pid = harness_told(h, "dispatch", NULL);
    char *body;

    (void)bench_drain(h, "webhook", WARM, CHILDREN, 0);
    PQclear(harness_query(h, "ANALYZE"));
    body = harness_value(h, "SELECT body_text FROM told.message LIMIT 1");
    for (int i = 0; i < ROUNDS; i++) {
        ret->curl[i] = measure_plain(port, body, HOOKS, false);
        ret->kept[i] = measure_plain(port, body, HOOKS, true);
        ret->told[i] = bench_drain(h, "webhook", HOOKS, CHILDREN, i + 1);
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
