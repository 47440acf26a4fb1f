/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All stages in one told, real time, a duty of its own case for each event, so that nothing is gathered into
 * one email. The ceiling at the same pace: one row of each table in one commit, then libcurl.
 */
#include "bench_latency.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "channel_email.h"
#include "cluster.h"
#include "config.h"
#include "told/json.h"
#include "told/mem.h"

enum { EVENTS = 1000, WARM = 50, A_SECOND = 50, SETTLE_MS = 20000 };

struct times {
    double ms[EVENTS * 4];
    size_t count;
};

static void add(struct times *times, int64_t from_us, int64_t to_us)
{
    if (times->count < sizeof times->ms / sizeof *times->ms)
        times->ms[times->count++] = (double)(to_us - from_us) / 1000.0;
}

/* ---- told ---- */

/* When the sink took each Message-ID. */
static json_t *read_mails(const struct harness *h)
{
    json_t *at = json_object();
    char *path = harness_path(h, "mails.ndjson"), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");

    while (f != NULL && getline(&line, &room, f) > 0) {
        json_t *one = json_loads(line, 0, NULL);
        const char *id = json_text_at(one, "message_id");

        if (id != NULL)
            json_object_set(at, id, json_object_get(one, "at"));
        json_decref(one);
    }
    if (f != NULL)
        fclose(f);
    free(line);
    free(path);
    return at;
}

static void collect_mails(struct harness *h, const struct bench_feed *feed, struct times *ret)
{
    json_t *mails = read_mails(h);
    PGresult *rows =
        harness_query(h, "SELECT m.uid, substr(e.id, 2)::bigint FROM told.message m"
                         " JOIN told.notification n USING (message_id) JOIN told.duty d USING (duty_id)"
                         " JOIN told.event e USING (event_id) WHERE m.state = 'sent'");

    for (int i = 0; i < PQntuples(rows); i++) {
        long number = strtol(PQgetvalue(rows, i, 1), NULL, 10) - WARM - 1;
        const json_t *at = json_object_get(mails, PQgetvalue(rows, i, 0));

        if (number >= 0 && number < EVENTS && at != NULL)
            add(ret, bench_feed_put_us(feed, number), (int64_t)(json_number_value(at) * 1e6));
    }
    PQclear(rows);
    json_decref(mails);
}

static void measure_told(struct harness *h, struct times *mails, struct times *acks)
{
    pid_t told = harness_told(h, NULL, NULL);
    struct bench_feed *feed = bench_feed_open(h, "police", "police/mps", bench_crowd_charge);

    bench_feed_start(feed, 1, WARM, A_SECOND);
    bench_feed_await(feed);
    bench_feed_start(feed, WARM + 1, EVENTS, A_SECOND);
    bench_feed_await(feed);
    if (!harness_await(
            h,
            "SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting') + (SELECT count(*) FROM"
            " told.notification WHERE state IN ('queued', 'claimed'))",
            "0", SETTLE_MS))
        abort();
    for (long i = 0; i < EVENTS; i++)
        add(acks, bench_feed_put_us(feed, i), bench_feed_acked_us(feed, i));
    collect_mails(h, feed, mails);
    bench_feed_close(feed);
    harness_signal(h, told, SIGTERM);
    if (mails->count < EVENTS) {
        fprintf(stderr, "bench: %zu mails for %d events; see whether a charge still makes a duty\n",
                mails->count, EVENTS);
        abort();
    }
}

/* ---- the ceiling ---- */

static const char ONE[] =
    "WITH e AS (INSERT INTO told.event (source, id, feed, type, epoch, sequence, occurred_at, received_at, digest, body)"
    "  VALUES ('plain', $1, 'police', 'police.charge', 1, $2::bigint, now(), now(), repeat('0', 64), convert_to($3, 'UTF8'))"
    "  RETURNING event_id),"
    " s AS (INSERT INTO told.event_state (event_id, state) SELECT event_id, 'decided' FROM e)"
    " INSERT INTO told.cursor AS c (source, feed, epoch, settled, moved_at) VALUES ('plain', 'police', 1, 0, now())"
    " ON CONFLICT (source) DO UPDATE SET settled = c.settled + 1, moved_at = now()";

static void commit_one(PGconn *plain, int number)
{
    char id[32], sequence[32];
    struct buf body = {0};
    PGresult *result;

    snprintf(id, sizeof id, "b%d", number);
    snprintf(sequence, sizeof sequence, "%d", number);
    bench_crowd_charge(&body, "plain", number, (uint64_t)number);
    result = PQexecPrepared(plain, "one", 3, (const char *[]){id, sequence, body.bytes}, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "bench: plain libpq: %s\n", PQresultErrorMessage(result));
        abort();
    }
    PQclear(result);
    buf_release(&body);
}

static void sleep_until(int64_t at_us)
{
    int64_t left_us = at_us - bench_feed_now_us();
    struct timespec t = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};

    if (left_us > 0)
        nanosleep(&t, NULL);
}

static void measure_plain(struct harness *h, const struct email_relay *relay, struct times *mails,
                          struct times *acks)
{
    static const atomic_bool never = false;
    char *conninfo = mem_printf("%s user=postgres", cluster_conninfo(harness_cluster(h)));
    PGconn *plain = PQconnectdb(conninfo);
    PGresult *row = harness_query(h, "SELECT address, subject, uid, body_text, body_html FROM told.message"
                                     " WHERE channel = 'email' AND state = 'sent' LIMIT 1");
    struct email_job job = {.envelope_from = relay->from,
                            .to = PQgetvalue(row, 0, 0),
                            .subject = PQgetvalue(row, 0, 1),
                            .message_id_header = PQgetvalue(row, 0, 2),
                            .date = {bench_feed_now_us()},
                            .text = PQgetvalue(row, 0, 3),
                            .html = PQgetvalue(row, 0, 4)};
    struct channel_email *channel = channel_email_new(relay);
    struct outcome outcome;
    int64_t first_us = 0;

    PQclear(PQprepare(plain, "one", ONE, 0, NULL));
    for (int i = 1; i <= WARM + EVENTS; i++) {
        int64_t from_us, committed_us;

        first_us = i == 1 ? bench_feed_now_us() : first_us;
        sleep_until(first_us + (i - 1) * 1000000LL / A_SECOND);
        from_us = bench_feed_now_us();
        commit_one(plain, i);
        committed_us = bench_feed_now_us();
        channel_email_send(channel, &job, &never, &outcome);
        if (outcome.reply.outcome != REPLY_DELIVERED)
            abort();
        if (i > WARM) {
            add(acks, from_us, committed_us);
            add(mails, from_us, bench_feed_now_us());
        }
    }
    channel_email_free(channel);
    PQclear(row);
    PQfinish(plain);
    free(conninfo);
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

static void say(const struct bench_figure *to, const char *what, struct times *told, struct times *plain,
                const char *ceiling)
{
    static const struct {
        const char *word;
        double fraction;
    } LEVELS[] = {{"p50", 0.5}, {"p99", 0.99}};

    for (size_t i = 0; i < 2; i++) {
        char *name = mem_printf("%s-%s", what, LEVELS[i].word),
             *of = mem_printf("%s-%s", ceiling, LEVELS[i].word);
        double least = bench_figure_percentile(plain->ms, plain->count, LEVELS[i].fraction);

        bench_figure_latency(to, name, bench_figure_percentile(told->ms, told->count, LEVELS[i].fraction),
                             least, of);
        bench_figure_plain(to, of, least, "ms");
        free(name);
        free(of);
    }
}

void bench_latency(const struct bench_figure *to)
{
    static const struct harness_options options = {
        .durable = true, .senders = 2, .deadline_ms = 15000, .lease_ms = 30000, .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    struct times *told = mem_new(2 * sizeof *told), *plain = mem_new(2 * sizeof *plain);

    bench_crowd_import(h, WARM + EVENTS);
    PQclear(harness_query(h, "ANALYZE"));
    PQclear(harness_query(h, "CHECKPOINT"));
    measure_told(h, &told[0], &told[1]);
    measure_plain(h, &config->relays[0], &plain[0], &plain[1]);
    config_unref(config);
    harness_stop(h);
    say(to, "ack-50-a-second", &told[1], &plain[1], "libpq-commit");
    say(to, "mail-50-a-second", &told[0], &plain[0], "libpq-commit-and-libcurl");
    free(told);
    free(plain);
}
