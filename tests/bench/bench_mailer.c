/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_mailer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_feed.h"

enum { SENDERS_MOST = 8 };

struct sender {
    const struct email_relay *relay;
    const struct email_job *job;
    atomic_int *next;
    int mails;
    int64_t from_us;
    double *ms;
    pthread_t thread;
};

struct email_job bench_mailer_job(struct harness *h, const struct email_relay *relay, PGresult **ret_row)
{
    PGresult *row = harness_query(h, "SELECT address, subject, uid, body_text, body_html, body_calendar FROM told.message"
                                     " WHERE channel = 'email' AND state = 'sent' LIMIT 1");

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

static void *run(void *cookie)
{
    static const atomic_bool never = false;
    struct sender *sender = cookie;
    struct channel_email *channel = channel_email_new(sender->relay);
    struct email_job job = *sender->job;
    struct outcome outcome;
    int i;

    while ((i = atomic_fetch_add(sender->next, 1)) < sender->mails) {
        channel_email_send(channel, &job, &never, &outcome);
        if (outcome.reply.outcome != REPLY_DELIVERED) {
            fprintf(stderr, "bench: libcurl alone: %s\n", outcome.detail);
            abort();
        }
        if (sender->ms != NULL)
            sender->ms[i] = (double)(bench_feed_now_us() - sender->from_us) / 1e3;
    }
    channel_email_free(channel);
    return NULL;
}

double bench_mailer_run(const struct email_relay *relay, const struct email_job *job, int senders, int mails, double *ret_ms)
{
    struct sender list[SENDERS_MOST];
    int64_t from_us = bench_feed_now_us();
    atomic_int next = 0;

    for (int i = 0; i < senders; i++) {
        list[i] = (struct sender){.relay = relay, .job = job, .next = &next, .mails = mails, .from_us = from_us, .ms = ret_ms};
        if (pthread_create(&list[i].thread, NULL, run, &list[i]) != 0)
            abort();
    }
    for (int i = 0; i < senders; i++)
        pthread_join(list[i].thread, NULL);
    return mails * 1e6 / (double)(bench_feed_now_us() - from_us);
}
