/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_outcomes.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench_crowd.h"
#include "bench_feed.h"
#include "bench_plain.h"
#include "pg.h"

enum { BATCH = 128 };

/* $1: notifications, $2: the message whose text each gets. */
static const char CLAIM[] =
    "WITH q AS (SELECT notification_id, nextval(pg_get_serial_sequence('told.message', 'message_id')) AS message_id"
    "  FROM unnest($1::bigint[]) notification_id), texts AS (SELECT * FROM told.message WHERE message_id = $2::bigint),"
    " m AS (INSERT INTO told.message (message_id, channel, recipient, address, topic, immediate, uid, state, attempts, frozen,"
    "   subject, body_text, body_html, body_calendar, content, template, template_hash, lease_until, fence, claimed_by, created_at,"
    "   first_try_at) OVERRIDING SYSTEM VALUE SELECT q.message_id, channel, recipient, address, 'plain ' || notification_id, immediate,"
    "   'plain ' || notification_id, 'claimed', 1, true, subject, body_text, body_html, body_calendar, content, template,"
    "   template_hash, now() + interval '30 s', 1, 'plain', now(), now() FROM q, texts),"
    " a AS (INSERT INTO told.attempt (message_id, number, fence, claimed_by, started_at)"
    "   SELECT message_id, 1, 1, 'plain', now() FROM q)"
    " UPDATE told.notification n SET state = 'claimed', message_id = q.message_id, recipient = texts.recipient, because = 'plain'"
    " FROM q, texts WHERE n.notification_id = q.notification_id";

static const char OUTCOME[] =
    "WITH n AS (UPDATE told.notification SET state = 'sent', sent_at = now() WHERE notification_id = ANY ($1::bigint[])"
    "   RETURNING notification_id, duty_id, line, message_id),"
    " m AS (UPDATE told.message SET state = 'sent', lease_until = NULL, claimed_by = NULL WHERE message_id IN (SELECT message_id FROM n)),"
    " a AS (UPDATE told.attempt SET ended_at = now(), outcome = 'delivered', code = 250, reason = 'accepted', destination = 'plain'"
    "   WHERE message_id IN (SELECT message_id FROM n)),"
    " l AS (UPDATE told.duty_line l SET reached_at = now() FROM n WHERE l.duty_id = n.duty_id AND l.line = n.line),"
    " d AS (UPDATE told.duty SET state = 'told', told_at = now() WHERE duty_id IN (SELECT duty_id FROM n))"
    " INSERT INTO told.journal (at, what, duty_id, notification_id, message_id, detail) SELECT now(), 'notification sent', duty_id,"
    "   notification_id, message_id, '{\"state\":\"sent\",\"reason\":\"accepted\",\"attempt\":\"1\",\"channel\":\"plain\","
    "\"role\":\"social-worker\",\"recipient\":\"p-301\",\"because\":\"allocated as social-worker\"}' FROM n";

static void run(PGconn *plain, const char *name, struct param params[2], int count)
{
    bench_plain_text(plain, "BEGIN");
    bench_plain_run(plain, name, params, count);
    bench_plain_text(plain, "COMMIT");
}

static double write_all(PGconn *plain, const PGresult *queued, const char *like)
{
    struct param params[2] = {0};
    int count = PQntuples(queued);
    int64_t from_us = bench_feed_now_us();

    for (int done = 0; done < count; done += BATCH) {
        param_begin(&params[0], PARAM_INTEGERS);
        param_begin(&params[1], PARAM_TEXT);
        param_put_text(&params[1], like);
        for (int i = done; i < count && i < done + BATCH; i++)
            param_put_integer(&params[0], pg_column_int(queued, i, 0));
        run(plain, "claim", params, 2);
        run(plain, "outcome", params, 1);
    }
    param_release(&params[0]);
    param_release(&params[1]);
    return count * 1e6 / (double)(bench_feed_now_us() - from_us);
}

double bench_outcomes(struct harness *h, const char *channel, int count, int children, int round)
{
    PGconn *plain = bench_plain_open(h);
    PGresult *queued;
    char *like = harness_value(h, "SELECT message_id FROM told.message WHERE state = 'sent' ORDER BY message_id DESC LIMIT 1");
    double rate;

    /* As told's own connections: small batches are looked up by key. */
    bench_plain_text(plain, "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off");
    bench_plain_prepare(plain, "claim", CLAIM);
    bench_plain_prepare(plain, "outcome", OUTCOME);
    PQclear(harness_query(h, "CHECKPOINT"));
    bench_crowd_queue(h, channel, count, children, round);
    queued = harness_query(h, "SELECT notification_id FROM told.notification WHERE state = 'queued' ORDER BY 1");
    rate = write_all(plain, queued, like);
    PQclear(queued);
    PQfinish(plain);
    free(like);
    return rate;
}
