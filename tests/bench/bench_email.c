/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties with queued notifications, by SQL ─▶ told --stages dispatch: recipient, message, claim, send,
 * outcome ─▶ sink. The ceiling sends the same mails through the same channel with as many senders, and writes
 * nothing down.
 */
#include "bench_email.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "channel_email.h"
#include "config.h"
#include "told/mem.h"

enum { ROUNDS = 3, MAILS = 4000, WARM = 400, CHILDREN = 1000, SENDERS_MOST = 8, LONGEST_MS = 60000 };

static const char LEFT[] =
    "SELECT (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
    " + (SELECT count(*) FROM told.message WHERE state = 'claimed')"
    " + (SELECT count(*) FROM told.message WHERE state = 'waiting')";

static double measure_told(struct harness *h, int mails, int round)
{
    int64_t from_us, end_us;

    PQclear(harness_query(h, "CHECKPOINT"));
    bench_crowd_queue(h, "email", mails, CHILDREN, round);
    from_us = bench_feed_now_us();
    while (harness_count(h, LEFT) > 0 && bench_feed_now_us() - from_us < LONGEST_MS * 1000LL)
        poll(NULL, 0, 10);
    end_us = bench_feed_now_us();
    if (harness_count(h, "SELECT count(*) FROM told.notification WHERE state <> 'sent'") > 0) {
        char *log = harness_log(h);

        fprintf(stderr, "bench: not every mail was accepted; told said:\n%s\n", log);
        abort();
    }
    return mails * 1e6 / (double)(end_us - from_us);
}

/* ---- libcurl alone ---- */

struct plain {
    const struct email_relay *relay;
    const struct email_job *job;
    atomic_int *left;
    pthread_t thread;
};

static void *run_plain(void *cookie)
{
    static const atomic_bool never = false;
    struct plain *plain = cookie;
    struct channel_email *channel = channel_email_new(plain->relay);
    struct email_job job = *plain->job;
    struct outcome outcome;

    while (atomic_fetch_sub(plain->left, 1) > 0) {
        channel_email_send(channel, &job, &never, &outcome);
        if (outcome.reply.outcome != REPLY_DELIVERED) {
            fprintf(stderr, "bench: libcurl alone: %s\n", outcome.detail);
            abort();
        }
    }
    channel_email_free(channel);
    return NULL;
}

static double measure_plain(const struct email_relay *relay, const struct email_job *job, int senders,
                            int mails)
{
    struct plain plain[SENDERS_MOST];
    int64_t from_us = bench_feed_now_us();
    atomic_int left = mails;

    for (int i = 0; i < senders; i++) {
        plain[i] = (struct plain){.relay = relay, .job = job, .left = &left};
        if (pthread_create(&plain[i].thread, NULL, run_plain, &plain[i]) != 0)
            abort();
    }
    for (int i = 0; i < senders; i++)
        pthread_join(plain[i].thread, NULL);
    return mails * 1e6 / (double)(bench_feed_now_us() - from_us);
}

/* One that told has sent: the same bytes go out again. */
static struct email_job sent_job(struct harness *h, const struct email_relay *relay, PGresult **ret_row)
{
    PGresult *row =
        harness_query(h, "SELECT address, subject, uid, body_text, body_html FROM told.message LIMIT 1");

    *ret_row = row;
    return (struct email_job){.message_id = 1,
                              .envelope_from = relay->from,
                              .to = PQgetvalue(row, 0, 0),
                              .subject = PQgetvalue(row, 0, 1),
                              .message_id_header = PQgetvalue(row, 0, 2),
                              .date = {bench_feed_now_us()},
                              .text = PQgetvalue(row, 0, 3),
                              .html = PQgetvalue(row, 0, 4)};
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

static void say(const struct bench_figure *to, int senders, double told, double plain)
{
    char *name = mem_printf("emails-%d-sender%s", senders, senders > 1 ? "s" : "");
    char *ceiling = mem_printf("libcurl-%d-sender%s", senders, senders > 1 ? "s" : "");

    bench_figure_rate(to, name, told, "mails/s", plain, ceiling);
    bench_figure_plain(to, ceiling, plain, "mails/s");
    free(name);
    free(ceiling);
}

void bench_email(const struct bench_figure *to, int senders)
{
    struct harness_options options = {.durable = true,
                                      .count_only = true,
                                      .senders = senders,
                                      .deadline_ms = 15000,
                                      .lease_ms = 30000,
                                      .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    double told[ROUNDS], plain[ROUNDS];
    struct email_job job;
    PGresult *row;
    pid_t pid;

    bench_crowd_import(h, CHILDREN);
    pid = harness_told(h, "dispatch", NULL);
    (void)measure_told(h, WARM, 0);
    PQclear(harness_query(h, "ANALYZE"));
    job = sent_job(h, &config->relays[0], &row);
    for (int i = 0; i < ROUNDS; i++) {
        plain[i] = measure_plain(&config->relays[0], &job, senders, MAILS);
        told[i] = measure_told(h, MAILS, i + 1);
    }
    harness_signal(h, pid, SIGTERM);
    PQclear(row);
    config_unref(config);
    harness_stop(h);
    say(to, senders, bench_figure_median(told, ROUNDS), bench_figure_median(plain, ROUNDS));
}
