/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_poster.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_feed.h"
#include "dispatch.h"
#include "told/mem.h"

enum { IN_FLIGHT = DISPATCH_WEBHOOKS_MOST, WAIT_MS = 1000 };

struct posting {
    CURLM *multi;
    CURL *requests[IN_FLIGHT];
    int posts, begun, ended;
    int64_t from_us;
    double *ms;
};

static void die(const char *what)
{
    fprintf(stderr, "bench: libcurl alone: %s\n", what);
    abort();
}

/* The reply is of no interest. */
static size_t drop_bytes(char *bytes, size_t size, size_t count, void *cookie)
{
    (void)bytes, (void)cookie;
    return size * count;
}

static CURL *make_request(const char *url, const char *body, struct curl_slist *headers, bool keeps)
{
    CURL *h = curl_easy_init();

    if (h == NULL || curl_easy_setopt(h, CURLOPT_URL, url) || curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) ||
        curl_easy_setopt(h, CURLOPT_PROXY, "") || curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
        curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) || curl_easy_setopt(h, CURLOPT_POSTFIELDS, body) ||
        curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, drop_bytes) ||
        curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, keeps ? 0L : 1L) || curl_easy_setopt(h, CURLOPT_FORBID_REUSE, keeps ? 0L : 1L))
        die("no handle");
    return h;
}

static void end_one(struct posting *p, CURL *h, CURLcode result)
{
    long status = 0;

    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status < 200 || status > 299)
        die(result != CURLE_OK ? curl_easy_strerror(result) : "the answer is no 2xx");
    if (p->ms != NULL)
        p->ms[p->ended] = (double)(bench_feed_now_us() - p->from_us) / 1e3;
    p->ended++;
}

/* Each that has ended begins again, until enough have begun. */
static void reap(struct posting *p)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(p->multi, &left)) != NULL) {
        CURL *h = message->easy_handle;

        if (message->msg != CURLMSG_DONE)
            continue;
        end_one(p, h, message->data.result);
        curl_multi_remove_handle(p->multi, h);
        if (p->begun < p->posts && curl_multi_add_handle(p->multi, h) == CURLM_OK)
            p->begun++;
    }
}

double bench_poster_run(int port, const char *body, int posts, bool keeps, double *ret_ms)
{
    char *url = mem_printf("http://127.0.0.1:%d/told", port);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct posting p = {.multi = curl_multi_init(), .posts = posts, .from_us = bench_feed_now_us(), .ms = ret_ms};
    double rate;
    int running;

    for (; p.begun < IN_FLIGHT && p.begun < posts; p.begun++) {
        p.requests[p.begun] = make_request(url, body, headers, keeps);
        curl_multi_add_handle(p.multi, p.requests[p.begun]);
    }
    while (p.ended < posts) {
        curl_multi_perform(p.multi, &running);
        reap(&p);
        if (p.ended < posts)
            curl_multi_poll(p.multi, NULL, 0, running > 0 ? WAIT_MS : 0, NULL);
    }
    rate = posts * 1e6 / (double)(bench_feed_now_us() - p.from_us);
    for (int i = 0; i < IN_FLIGHT && p.requests[i] != NULL; i++)
        curl_easy_cleanup(p.requests[i]);
    curl_multi_cleanup(p.multi);
    curl_slist_free_all(headers);
    free(url);
    return rate;
}
