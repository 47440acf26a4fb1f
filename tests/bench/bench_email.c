/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duties with queued notifications, by SQL ─▶ told --stages dispatch: recipient, message, claim, send, outcome ─▶ Postfix's
 * smtp-sink. Beside it, to the same sink over as many connections: the same mails through the same channel with nothing written
 * down, and smtp-source with mails as long. And what must be written, with nothing sent.
 */
#include "bench_email.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_crowd.h"
#include "bench_drain.h"
#include "bench_mailer.h"
#include "bench_outcomes.h"
#include "bench_peer.h"
#include "config.h"
#include "told/mem.h"

enum { ROUNDS = 3, MAILS = 4000, WARM = 400, CHILDREN = 1000 };

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

    (void)bench_drain(h, "email", WARM, CHILDREN, 0, NULL);
    PQclear(harness_query(h, "ANALYZE"));
    job = bench_mailer_job(h, &config->relays[0], &row);
    len = (long)(strlen(job.text) + strlen(job.html) + strlen(job.calendar));
    for (int i = 0; i < ROUNDS; i++) {
        ret->curl[i] = bench_mailer_run(&config->relays[0], &job, senders, MAILS, NULL);
        ret->source[i] = bench_peer_smtp_source(sink, senders, MAILS, len);
        ret->told[i] = bench_drain(h, "email", MAILS, CHILDREN, i + 1, NULL);
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
