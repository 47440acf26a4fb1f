/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher ─CURVE, ROUTER─▶ told --stages ingest ─▶ PostgreSQL (fsync on) ─▶ ACK, over one and over two
 * connections; the ceiling is one libpq connection that stores the same rows, 500 in a statement, and never
 * waits for anybody else.
 */
#include "bench_store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "cluster.h"
#include "param.h"
#include "told/mem.h"

enum { ROUNDS = 3, EVENTS = 30000, BATCH = 500, SOURCES = 2 };

static const char *const NAMES[SOURCES] = {"police/mps", "police/btp"};

static const char STORE[] =
    "WITH e AS (INSERT INTO told.event (source, id, feed, type, epoch, sequence, occurred_at, received_at, digest, body)"
    "  SELECT source, id, 'police', 'police.charge', 1, sequence, now(), now(), repeat('0', 64), body"
    "  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS a(source, id, sequence, body) RETURNING event_id),"
    " s AS (INSERT INTO told.event_state (event_id) SELECT event_id FROM e)"
    " INSERT INTO told.cursor AS c (source, feed, epoch, settled, moved_at) VALUES ('plain', 'police', 1, 0, now())"
    " ON CONFLICT (source) DO UPDATE SET settled = c.settled + 500, moved_at = now()";

struct bench {
    struct harness *h;
    struct bench_feed *feeds[SOURCES];
    PGconn *plain;
    long told_next, plain_next; /* numbers of the next events */
};

static double rate(long events, int64_t from_us, int64_t to_us)
{
    return (double)events * 1e6 / (double)(to_us - from_us);
}

/* Every measurement starts without another's dirty pages to write. */
static void settle_disk(struct bench *b)
{
    PQclear(harness_query(b->h, "CHECKPOINT"));
}

static double measure_told(struct bench *b, int feeds)
{
    int64_t from_us = bench_feed_now_us(), last_us = 0;
    long each = EVENTS / feeds;

    settle_disk(b);
    for (int i = 0; i < feeds; i++) {
        bench_feed_start(b->feeds[i], b->told_next, each, 0);
        b->told_next += each;
    }
    for (int i = 0; i < feeds; i++)
        bench_feed_await(b->feeds[i]);
    for (int i = 0; i < feeds; i++) {
        if (i == 0 || bench_feed_put_us(b->feeds[i], 0) < from_us)
            from_us = bench_feed_put_us(b->feeds[i], 0);
        if (bench_feed_acked_us(b->feeds[i], each - 1) > last_us)
            last_us = bench_feed_acked_us(b->feeds[i], each - 1);
    }
    return rate(each * feeds, from_us, last_us);
}

static void fill(struct bench *b, struct param params[4], struct buf *body)
{
    static const enum param_kind KINDS[4] = {PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS, PARAM_BYTES};
    char id[32];

    for (int i = 0; i < 4; i++)
        param_begin(&params[i], KINDS[i]);
    for (int i = 0; i < BATCH; i++) {
        long number = ++b->plain_next;

        snprintf(id, sizeof id, "b%ld", number);
        buf_reset(body);
        bench_crowd_charge(body, "plain", number, (uint64_t)number);
        param_put_text(&params[0], "plain");
        param_put_text(&params[1], id);
        param_put_integer(&params[2], number);
        param_put_bytes(&params[3], body->bytes, body->len);
    }
}

static double measure_plain(struct bench *b)
{
    struct param params[4] = {0};
    struct buf body = {0};
    int64_t from_us;

    settle_disk(b);
    from_us = bench_feed_now_us();
    for (int done = 0; done < EVENTS; done += BATCH) {
        PGresult *result;

        fill(b, params, &body);
        if (param_send(b->plain, "plain", params, 4) != 1)
            abort();
        while ((result = PQgetResult(b->plain)) != NULL) {
            if (PQresultStatus(result) != PGRES_COMMAND_OK) {
                fprintf(stderr, "bench: plain libpq: %s\n", PQresultErrorMessage(result));
                abort();
            }
            PQclear(result);
        }
    }
    for (int i = 0; i < 4; i++)
        param_release(&params[i]);
    buf_release(&body);
    return rate(EVENTS, from_us, bench_feed_now_us());
}

static void open_plain(struct bench *b)
{
    char *conninfo = mem_printf("%s user=postgres", cluster_conninfo(harness_cluster(b->h)));

    b->plain = PQconnectdb(conninfo);
    PQclear(PQprepare(b->plain, "plain", STORE, 0, NULL));
    free(conninfo);
}

void bench_store(const struct bench_figure *to)
{
    static const struct harness_options options = {
        .durable = true, .count_only = true, .deadline_ms = 15000, .poll_ms = 1000};
    struct bench b = {.h = harness_start(&options)};
    double one[ROUNDS], two[ROUNDS], plain[ROUNDS], ceiling;
    pid_t told = harness_told(b.h, "ingest", NULL);

    open_plain(&b);
    for (int i = 0; i < SOURCES; i++)
        b.feeds[i] = bench_feed_open(b.h, "police", NAMES[i], bench_crowd_charge);
    b.told_next = 1;
    (void)measure_told(&b, SOURCES); /* first pages, first plans: not counted */
    for (int i = 0; i < ROUNDS; i++) {
        plain[i] = measure_plain(&b);
        one[i] = measure_told(&b, 1);
        two[i] = measure_told(&b, SOURCES);
    }
    for (int i = 0; i < SOURCES; i++)
        bench_feed_close(b.feeds[i]);
    harness_signal(b.h, told, SIGTERM);
    PQfinish(b.plain);
    harness_stop(b.h);
    ceiling = bench_figure_median(plain, ROUNDS);
    bench_figure_rate(to, "events-stored-1-publisher", bench_figure_median(one, ROUNDS), "events/s", ceiling,
                      "libpq-unnest-500");
    bench_figure_rate(to, "events-stored-2-publishers", bench_figure_median(two, ROUNDS), "events/s", ceiling,
                      "libpq-unnest-500");
    bench_figure_plain(to, "libpq-unnest-500", ceiling, "events/s");
}
