/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher ─▶ told --stages ingest,decide ─▶ PostgreSQL (fsync on), until the last event is decided: event, state, duties,
 * lines, grounds, notifications, journal. The ceiling writes those very rows again, by one connection of plain libpq, many
 * events in a commit, and decides nothing.
 */
#include "bench_decided.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "bench_hearing.h"
#include "bench_rows.h"
#include "told/mem.h"

enum { ROUNDS = 3, LONGEST_MS = 60000 };

struct work {
    const char *name, *unit, *ceiling;
    const char *feed, *source;
    bench_feed_body_fn *body;
    long events; /* of a round: whole batches */
    long batch;  /* of the ceiling, in events */
};

static const struct work WORKS[] = {
    {"events-decided", "events/s", "libpq-same-rows-500-events", "police", "police/mps", bench_crowd_charge, 1000, 500},
    {"court-messages-decided", "messages/s", "libpq-same-rows-50-messages", "hearing", "hearing/southwark", bench_hearing, 100, 50},
};

static const char WAITING[] = "SELECT count(*) FROM (SELECT FROM told.event_state WHERE state = 'waiting' LIMIT 1) w";

static double measure_told(struct harness *h, const struct work *work, struct bench_feed *feed, long first)
{
    int64_t end_us;

    PQclear(harness_query(h, "CHECKPOINT"));
    bench_feed_start(feed, first, work->events, 0);
    bench_feed_await(feed);
    do {
        poll(NULL, 0, 5);
        end_us = bench_feed_now_us();
    } while (harness_count(h, WAITING) > 0 && end_us - bench_feed_put_us(feed, 0) < LONGEST_MS * 1000LL);
    return (double)work->events * 1e6 / (double)(end_us - bench_feed_put_us(feed, 0));
}

/* A figure of events that made no duty, or of some that were set aside, would be of something else. b0 is the publisher's
 * greeting, of a child that nobody knows. */
static void expect_duties(struct harness *h, const struct work *work)
{
    long wrong = harness_count(h, "SELECT (SELECT count(*) FROM told.event_state JOIN told.event USING (event_id) WHERE state <> 'decided' AND id <> 'b0' AND id NOT LIKE 'b0/%')"
                                  " + (SELECT count(*) FROM told.quarantine)"),
         without = harness_count(h, "SELECT count(*) FROM told.event e WHERE parent_id IS NULL AND id <> 'b0' AND NOT EXISTS (SELECT FROM"
                                    " told.duty d JOIN told.event o USING (event_id) WHERE coalesce(o.parent_id, o.event_id) = e.event_id)");

    if (wrong == 0 && without == 0)
        return;
    fprintf(stderr, "bench: %s: %ld not decided or set aside, %ld made no duty\n", work->name, wrong, without);
    abort();
}

static void measure(const struct bench_figure *to, const struct work *work)
{
    static const struct harness_options options = {.durable = true, .count_only = true, .deadline_ms = 15000, .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    double told[ROUNDS], plain[ROUNDS], ceiling;
    struct bench_feed *feed;
    struct bench_rows *rows;
    char *name;
    pid_t pid;

    bench_crowd_import(h, (int)work->events * ROUNDS + (int)work->batch);
    PQclear(harness_query(h, "ANALYZE"));
    pid = harness_told(h, "ingest,decide", NULL);
    feed = bench_feed_open(h, work->feed, work->source, work->body);
    for (int i = 0; i < ROUNDS; i++)
        told[i] = measure_told(h, work, feed, 1 + i * work->events);
    bench_feed_close(feed);
    harness_signal(h, pid, SIGTERM);
    expect_duties(h, work);
    rows = bench_rows_take(h, (size_t)work->batch);
    for (int i = 0; i < ROUNDS; i++) {
        PQclear(harness_query(h, "CHECKPOINT"));
        plain[i] = (double)work->events / bench_rows_write(rows, (size_t)(i * work->events), (size_t)((i + 1) * work->events));
    }
    ceiling = bench_figure_median(plain, ROUNDS);
    bench_figure_rate(to, work->name, bench_figure_median(told, ROUNDS), work->unit, ceiling, work->ceiling);
    bench_figure_plain(to, work->ceiling, ceiling, work->unit);
    name = mem_printf("%s-rows-each", work->name);
    bench_figure_plain(to, name, (double)bench_rows_count(rows) / (double)bench_rows_events(rows), "rows");
    free(name);
    bench_rows_free(rows);
    harness_stop(h);
}

void bench_decided(const struct bench_figure *to)
{
    for (size_t i = 0; i < sizeof WORKS / sizeof *WORKS; i++)
        measure(to, &WORKS[i]);
}
