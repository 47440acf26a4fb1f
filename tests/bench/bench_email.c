/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties with queued notifications, by SQL ─▶ told --stages dispatch: recipient, message, claim, send, outcome ─▶ Postfix's
 * smtp-sink. Beside it, to the same sink over as many connections: the same mails through the same channel with nothing written
 * down, and smtp-source with mails as long. And what must be written, with nothing sent.
 */
#include "bench_email.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_crowd.h"
#include "bench_drain.h"
#include "bench_feed.h"
#include "bench_outcomes.h"
#include "bench_peer.h"
#include "channel_email.h"
#include "config.h"
#include "told/mem.h"

enum { ROUNDS = 3, MAILS = 4000, WARM = 400, CHILDREN = 1000, SENDERS_MOST = 8 };

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
        harness_query(h, "SELECT address, subject, uid, body_text, body_html, body_calendar FROM told.message LIMIT 1");

    *ret_row = row;
    return (struct email_job){.message_id = 1,
                              .envelope_from = relay->from,
                              .to = PQgetvalue(row, 0, 0),
                              .subject = PQgetvalue(row, 0, 1),
                              .message_id_header = PQgetvalue(row, 0, 2),
                              .date = {bench_feed_now_us()},
                              .text = PQgetvalue(row, 0, 3),
                              .html = PQgetvalue(row, 0, 4),
                              .calendar = PQgetvalue(row, 0, 5)};
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

/* Of each round what told did, and its ceilings. */
struct rates {
    double told[ROUNDS], curl[ROUNDS], source[ROUNDS], written[ROUNDS];
};

static void say(const struct bench_figure *to, int senders, struct rates *rates)
{
    static const char *const NAMES[] = {"emails", "emails-beside-peer", "emails-beside-database"},
                      *const CEILINGS[] = {"libcurl", "smtp-source", "libpq-claims-and-outcomes"};
    double told = bench_figure_median(rates->told, ROUNDS),
           ceilings[] = {bench_figure_median(rates->curl, ROUNDS), bench_figure_median(rates->source, ROUNDS),
                         bench_figure_median(rates->written, ROUNDS)};

    for (size_t i = 0; i < 3; i++) {
        char *name = mem_printf("%s-%d-sender%s", NAMES[i], senders, senders > 1 ? "s" : ""),
             *ceiling = i < 2 ? mem_printf("%s-%d-sender%s", CEILINGS[i], senders, senders > 1 ? "s" : "") : mem_copy(CEILINGS[i]);

        bench_figure_rate(to, name, told, "mails/s", ceilings[i], ceiling);
        bench_figure_plain(to, ceiling, ceilings[i], "mails/s");
        free(name);
        free(ceiling);
    }
}

static void measure(struct harness *h, const struct bench_peer *sink, int senders, struct rates *ret)
{
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    pid_t pid = harness_told(h, "dispatch", NULL);
    struct email_job job;
    PGresult *row;
    long len;

    (void)bench_drain(h, "email", WARM, CHILDREN, 0);
    PQclear(harness_query(h, "ANALYZE"));
    job = sent_job(h, &config->relays[0], &row);
    len = (long)(strlen(job.text) + strlen(job.html) + strlen(job.calendar));
    for (int i = 0; i < ROUNDS; i++) {
        ret->curl[i] = measure_plain(&config->relays[0], &job, senders, MAILS);
        ret->source[i] = bench_peer_smtp_source(sink, senders, MAILS, len);
        ret->told[i] = bench_drain(h, "email", MAILS, CHILDREN, i + 1);
    }
    harness_signal(h, pid, SIGTERM);
    for (int i = 0; i < ROUNDS; i++)
        ret->written[i] = bench_outcomes(h, "email", MAILS, CHILDREN, ROUNDS + 1 + i);
    PQclear(row);
    config_unref(config);
}

void bench_email(const struct bench_figure *to, int senders)
{
    struct bench_peer *sink = bench_peer_smtp_sink();
    struct harness_options options = {.durable = true,
                                      .count_only = true,
                                      .senders = senders,
                                      .smtp_port = bench_peer_port(sink),
                                      .deadline_ms = 15000,
                                      .lease_ms = 30000,
                                      .poll_ms = 1000};
    struct harness *h = harness_start(&options);
    struct rates rates;

    bench_crowd_import(h, CHILDREN);
    measure(h, sink, senders, &rates);
    harness_stop(h);
    bench_peer_stop(sink);
    say(to, senders, &rates);
}
