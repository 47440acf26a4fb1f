/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All stages in one told, real time, a duty of its own case for each event, so that nothing is gathered into
 * one email; first with people who have an email address, then with the same who have a webhook. The ceiling at the same
 * pace: one row of each table in one commit, then libcurl.
 */
#include "bench_latency.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "bench_mailer.h"
#include "bench_plain.h"
#include "bench_sink.h"
#include "config.h"
#include "told/mem.h"

enum { MAILS = 1000, HOOKS = 500, WARM = 50, A_SECOND = 50, SETTLE_MS = 20000 };

/* From the publisher's call, and from the duty (told's time of its tick), to the sink. */
struct latencies {
    struct bench_times ack, mail, duty_mail, hook, duty_hook;
};

static void add(struct bench_times *times, int64_t from_us, int64_t to_us)
{
    if (times->count < BENCH_TIMES_MOST)
        times->ms[times->count++] = (double)(to_us - from_us) / 1000.0;
}

/* ---- told ---- */

static void collect(struct harness *h, const struct bench_feed *feed, const char *channel, long first, struct bench_times *ret,
                    struct bench_times *ret_duty)
{
    json_t *accepted = bench_sink_read(h, strcmp(channel, "email") == 0 ? BENCH_SINK_MAILS : BENCH_SINK_HOOKS);
    char *sql = mem_printf("SELECT m.uid, substr(e.id, 2)::bigint, (extract(epoch FROM d.opened_at) * 1000000)::bigint FROM told.message m"
                           " JOIN told.notification n USING (message_id) JOIN told.duty d USING (duty_id) JOIN told.event e USING (event_id)"
                           " WHERE m.state = 'sent' AND m.channel = '%s' AND substr(e.id, 2)::bigint >= %ld", channel, first);
    PGresult *rows = harness_query(h, sql);

    for (int i = 0; i < PQntuples(rows); i++) {
        const json_t *at = json_object_get(accepted, PQgetvalue(rows, i, 0));
        int64_t at_us = (int64_t)(json_number_value(at) * 1e6);

        if (at == NULL)
            continue;
        add(ret, bench_feed_put_us(feed, strtol(PQgetvalue(rows, i, 1), NULL, 10) - first), at_us);
        add(ret_duty, strtoll(PQgetvalue(rows, i, 2), NULL, 10), at_us);
    }
    PQclear(rows);
    free(sql);
    json_decref(accepted);
}

static void publish(struct harness *h, struct bench_feed *feed, long first, long events)
{
    bench_feed_start(feed, first, events, A_SECOND);
    bench_feed_await(feed);
    if (!harness_await(
            h,
            "SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting') + (SELECT count(*) FROM"
            " told.notification WHERE state IN ('queued', 'claimed'))",
            "0", SETTLE_MS))
        abort();
}

static void expect_all(const struct bench_times *times, long events)
{
    if (times->count >= (size_t)events)
        return;
    fprintf(stderr, "bench: %zu messages for %ld events; see whether a charge still makes a duty\n", times->count, events);
    abort();
}

static void measure_told(struct harness *h, struct latencies *ret)
{
    pid_t told = harness_told(h, NULL, NULL);
    struct bench_feed *feed = bench_feed_open(h, "police", "police/mps", bench_crowd_charge);
    long first = WARM + 1;

    publish(h, feed, 1, WARM);
    publish(h, feed, first, MAILS);
    for (long i = 0; i < MAILS; i++)
        add(&ret->ack, bench_feed_put_us(feed, i), bench_feed_acked_us(feed, i));
    collect(h, feed, "email", first, &ret->mail, &ret->duty_mail);
    bench_crowd_people(h, BENCH_CROWD_WEBHOOK);
    publish(h, feed, first + MAILS, WARM);
    publish(h, feed, first + MAILS + WARM, HOOKS);
    collect(h, feed, "webhook", first + MAILS + WARM, &ret->hook, &ret->duty_hook);
    bench_feed_close(feed);
    harness_signal(h, told, SIGTERM);
    expect_all(&ret->mail, MAILS);
    expect_all(&ret->hook, HOOKS);
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

static CURL *open_post(const struct config *config)
{
    CURL *h = curl_easy_init();

    if (h == NULL || curl_easy_setopt(h, CURLOPT_URL, config->endpoints[0].url) || curl_easy_setopt(h, CURLOPT_PROXY, "") ||
        curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L) || curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L) ||
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, "{}"))
        abort();
    return h;
}

/* At the same pace: a commit; behind it a mail, and a post. */
static void measure_plain(struct harness *h, const struct config *config, struct latencies *ret)
{
    static const atomic_bool never = false;
    PGconn *plain = bench_plain_open(h);
    PGresult *row;
    struct email_job job = bench_mailer_job(h, &config->relays[0], &row);
    struct channel_email *channel = channel_email_new(&config->relays[0]);
    CURL *post = open_post(config);
    struct outcome outcome;
    int64_t first_us = bench_feed_now_us();

    bench_plain_prepare(plain, "one", ONE);
    for (int i = 1; i <= WARM + HOOKS; i++) {
        int64_t from_us, committed_us, mailed_us;

        sleep_until(first_us + (i - 1) * 1000000LL / A_SECOND);
        from_us = bench_feed_now_us();
        commit_one(plain, i);
        committed_us = bench_feed_now_us();
        channel_email_send(channel, &job, &never, &outcome);
        mailed_us = bench_feed_now_us();
        if (outcome.reply.outcome != REPLY_DELIVERED || curl_easy_perform(post) != CURLE_OK)
            abort();
        if (i <= WARM)
            continue;
        add(&ret->ack, from_us, committed_us);
        add(&ret->mail, from_us, mailed_us);
        add(&ret->hook, from_us + mailed_us - committed_us, bench_feed_now_us());
    }
    curl_easy_cleanup(post);
    channel_email_free(channel);
    PQclear(row);
    PQfinish(plain);
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

static void say(const struct bench_figure *to, struct latencies *told, struct latencies *plain)
{
    bench_figure_levels(to, "ack-50-a-second", &told->ack, "libpq-commit", &plain->ack);
    bench_figure_plain_levels(to, "libpq-commit", &plain->ack);
    bench_figure_levels(to, "mail-50-a-second", &told->mail, "libpq-commit-and-libcurl", &plain->mail);
    bench_figure_levels(to, "duty-to-mail-50-a-second", &told->duty_mail, "libpq-commit-and-libcurl", &plain->mail);
    bench_figure_plain_levels(to, "libpq-commit-and-libcurl", &plain->mail);
    bench_figure_levels(to, "webhook-50-a-second", &told->hook, "libpq-commit-and-post", &plain->hook);
    bench_figure_levels(to, "duty-to-webhook-50-a-second", &told->duty_hook, "libpq-commit-and-post", &plain->hook);
    bench_figure_plain_levels(to, "libpq-commit-and-post", &plain->hook);
}

void bench_latency(const struct bench_figure *to)
{
    static const struct harness_options options = {
        .durable = true, .senders = 2, .deadline_ms = 15000, .lease_ms = 30000, .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    struct latencies *told = mem_new(sizeof *told), *plain = mem_new(sizeof *plain);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    bench_crowd_import(h, 2 * WARM + MAILS + HOOKS);
    PQclear(harness_query(h, "ANALYZE"));
    PQclear(harness_query(h, "CHECKPOINT"));
    measure_told(h, told);
    measure_plain(h, config, plain);
    config_unref(config);
    harness_stop(h);
    say(to, told, plain);
    curl_global_cleanup();
    free(told);
    free(plain);
}
