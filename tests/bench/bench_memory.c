/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A million charges of ten thousand children, stored by SQL as ingest leaves them, in front of a told that decides them as
 * fast as it can; it is watched for some seconds and has hardly begun then. Memory is what the kernel says of the process:
 * its peak, and its proportional share.
 */
#include "bench_memory.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "told/mem.h"

enum { EVENTS = 1000000, CHILDREN = 10000, IDLE_MS = 2000, WATCH_MS = 8000, BEGIN_MS = 120000, LOOK_MS = 100 };

static const char STORE[] =
    "WITH e AS (INSERT INTO told.event (source, id, feed, type, epoch, sequence, occurred_at, received_at, digest, body)"
    "  SELECT 'police/mps', 'w' || n, 'police', 'police.charge', 2, n, now(), now(), repeat('0', 64), convert_to("
    "   '{\"specversion\":\"1.0\",\"id\":\"w' || n || '\",\"source\":\"police/mps\",\"type\":\"police.charge\",\"time\":"
    "\"2026-01-05T09:30:00Z\",\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-' || (1 + n %% %d) || '\"}},\"case\":\"01MW' || n"
    "   || '\",\"charged_on\":\"2026-01-05\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft from a shop\"}],\"authority\":"
    "\"southwark\",\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false}}', 'UTF8')"
    "  FROM generate_series(1, %d) n RETURNING event_id)"
    " INSERT INTO told.event_state (event_id) SELECT event_id FROM e";

/* A value in KiB of a file of /proc, in MiB. */
static double read_mib(pid_t pid, const char *name, const char *key)
{
    char path[64], line[256];
    double kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtod(line + strlen(key), NULL);
    if (file == NULL || kib <= 0) {
        fprintf(stderr, "bench: %s says nothing of %s\n", path, key);
        abort();
    }
    fclose(file);
    return kib / 1024;
}

struct memory {
    double peak, share; /* MiB: VmHWM, and the most of Pss that was seen */
};

static void watch(pid_t pid, int for_ms, struct memory *ret)
{
    int64_t until_us = bench_feed_now_us() + for_ms * 1000LL;

    while (bench_feed_now_us() < until_us) {
        double share = read_mib(pid, "smaps_rollup", "Pss:");

        if (share > ret->share)
            ret->share = share;
        poll(NULL, 0, LOOK_MS);
    }
    ret->peak = read_mib(pid, "status", "VmHWM:");
}

static void store(struct harness *h)
{
    char *sql = mem_printf(STORE, CHILDREN, EVENTS);

    PQclear(harness_query(h, sql));
    PQclear(harness_query(h, "NOTIFY told_decide"));
    free(sql);
}

void bench_memory(const struct bench_figure *to)
{
    /* What is stored for the measurement need not be durable. */
    static const struct harness_options options = {.count_only = true, .deadline_ms = 15000, .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct memory idle = {0}, waiting = {0};
    long left;
    pid_t pid;

    bench_crowd_import(h, CHILDREN);
    PQclear(harness_query(h, "ANALYZE"));
    pid = harness_told(h, "ingest,decide", NULL);
    watch(pid, IDLE_MS, &idle);
    store(h);
    if (!harness_await(h, "SELECT EXISTS (SELECT FROM told.duty)", "t", BEGIN_MS)) {
        fprintf(stderr, "bench: told decides nothing of a million events\n");
        abort();
    }
    watch(pid, WATCH_MS, &waiting);
    left = harness_count(h, "SELECT count(*) FROM told.event_state WHERE state = 'waiting'");
    harness_signal(h, pid, SIGTERM);
    harness_stop(h);
    bench_figure_less(to, "memory-a-million-waiting-peak", waiting.peak, "MiB", idle.peak, "memory-none-waiting-peak");
    bench_figure_plain(to, "memory-none-waiting-peak", idle.peak, "MiB");
    bench_figure_less(to, "memory-a-million-waiting-share", waiting.share, "MiB", idle.share, "memory-none-waiting-share");
    bench_figure_plain(to, "memory-none-waiting-share", idle.share, "MiB");
    bench_figure_plain(to, "memory-each-waiting", (waiting.peak - idle.peak) * 1024 * 1024 / (double)left, "bytes");
    bench_figure_plain(to, "events-still-waiting", (double)left, "events");
}
