/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_feed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "publisher.h"
#include "secret.h"
#include "told/mem.h"

/* As far ahead as a publisher that reads a file goes, and how often it looks for answers meanwhile. */
enum { AHEAD_MOST = 4000, PUTS_A_TURN = 64, SILENT_MS = 20000 };

struct bench_feed {
    struct publisher *publisher;
    char *source;
    bench_feed_body_fn *body;
    uint64_t sequence; /* of the last event put */
    long first, count, put, acked;
    int a_second;
    int64_t *put_us, *acked_us; /* owned; count each */
    char **bodies;              /* owned; made before the clock starts */
    size_t *lens;
    pthread_t thread;
};

int64_t bench_feed_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void on_settled(void *cookie, enum publisher_outcome outcome, const char *source, const char *id,
                       uint64_t number, const char *reason)
{
    struct bench_feed *feed = cookie;

    if (outcome != PUBLISHER_ACKED) {
        fprintf(stderr, "bench: %s %s was refused: %s\n", source, id, reason);
        abort();
    }
    feed->acked_us[number] = bench_feed_now_us();
    feed->acked++;
}

struct bench_feed *bench_feed_open(struct harness *h, const char *name, const char *source, bench_feed_body_fn *body)
{
    struct bench_feed *feed = mem_new(sizeof *feed);
    char *reason = NULL, *path = harness_secret(h, name), *secret = secret_read(".", path, &reason);
    struct publisher_options options = {.endpoint = harness_endpoint(h),
                                        .server_key = harness_public_key(h),
                                        .secret_key = secret,
                                        .epoch = 1,
                                        .settled = on_settled,
                                        .cookie = feed};

    feed->source = mem_copy(source);
    feed->body = body;
    feed->publisher = secret != NULL ? publisher_new(&options, &reason) : NULL;
    if (feed->publisher == NULL) {
        fprintf(stderr, "bench: %s\n", reason);
        abort();
    }
    secret_free(secret);
    free(path);
    /* The greeting is no part of any figure. */
    bench_feed_start(feed, 0, 1, 0);
    bench_feed_await(feed);
    return feed;
}

static void forget(struct bench_feed *feed)
{
    for (long i = 0; i < feed->count; i++)
        free(feed->bodies[i]);
    free(feed->bodies);
    free(feed->lens);
    free(feed->put_us);
    free(feed->acked_us);
}

void bench_feed_close(struct bench_feed *feed)
{
    publisher_free(feed->publisher);
    forget(feed);
    free(feed->source);
    free(feed);
}

static void put(struct bench_feed *feed)
{
    char id[32];
    long i = feed->put++;

    snprintf(id, sizeof id, "b%ld", feed->first + i);
    feed->sequence++;
    feed->put_us[i] = bench_feed_now_us();
    publisher_put(feed->publisher, feed->source, id, &feed->sequence, feed->bodies[i], feed->lens[i],
                  (uint64_t)i);
}

/* Puts what is due; returns for how long nothing more will be. */
static int put_due(struct bench_feed *feed)
{
    if (feed->a_second == 0) {
        for (int i = 0;
             i < PUTS_A_TURN && feed->put < feed->count && publisher_unsettled(feed->publisher) < AHEAD_MOST;
             i++)
            put(feed);
        return feed->put < feed->count && publisher_unsettled(feed->publisher) < AHEAD_MOST ? 0 : 100;
    }
    while (feed->put < feed->count) {
        int64_t due_us = feed->put == 0 ? 0 : feed->put_us[0] + feed->put * 1000000 / feed->a_second;
        int64_t left_us = due_us - bench_feed_now_us();

        if (left_us > 0)
            return (int)((left_us + 999) / 1000);
        put(feed);
    }
    return 100;
}

static void *run(void *cookie)
{
    struct bench_feed *feed = cookie;

    while (feed->acked < feed->count) {
        int wait_ms = put_due(feed);

        publisher_turn(feed->publisher, wait_ms);
        if (publisher_unsettled(feed->publisher) > 0 && publisher_quiet_ms(feed->publisher) > SILENT_MS) {
            fprintf(stderr, "bench: told acknowledged nothing for %d ms\n", SILENT_MS);
            abort();
        }
    }
    return NULL;
}

void bench_feed_start(struct bench_feed *feed, long first, long count, int a_second)
{
    struct buf body = {0};

    forget(feed);
    feed->first = first;
    feed->count = count;
    feed->put = feed->acked = 0;
    feed->a_second = a_second;
    feed->put_us = mem_new((size_t)count * sizeof *feed->put_us);
    feed->acked_us = mem_new((size_t)count * sizeof *feed->acked_us);
    feed->bodies = mem_new((size_t)count * sizeof *feed->bodies);
    feed->lens = mem_new((size_t)count * sizeof *feed->lens);
    for (long i = 0; i < count; i++) {
        feed->body(&body, feed->source, first + i, feed->sequence + 1 + (uint64_t)i);
        feed->lens[i] = body.len;
        feed->bodies[i] = buf_take(&body);
    }
    if (pthread_create(&feed->thread, NULL, run, feed) != 0)
        abort();
}

void bench_feed_await(struct bench_feed *feed)
{
    pthread_join(feed->thread, NULL);
}

int64_t bench_feed_put_us(const struct bench_feed *feed, long i)
{
    return feed->put_us[i];
}

int64_t bench_feed_acked_us(const struct bench_feed *feed, long i)
{
    return feed->acked_us[i];
}
