/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: what is in flight keeps its own, what has run out is taken over as uncertain. */
#include <stdio.h>
#include <stdlib.h>

#include "dispatch.h"
#include "log.h"
#include "store.h"

static const struct pg_statement EXPIRED = {
    "takeover_expired",
    "SELECT message_id FROM (SELECT message_id FROM told.message WHERE state = 'claimed' AND lease_until < $1"
    " ORDER BY message_id LIMIT 200) m WHERE pg_try_advisory_xact_lock(7403, (message_id & 2147483647)::int)",
    1};

static const struct pg_statement UNCERTAIN_ITEMS = {
    "takeover_notifications",
    "UPDATE told.notification SET state = 'uncertain', reason = 'its process gave no outcome'"
    " WHERE message_id = ANY ($1::bigint[]) AND state = 'claimed'",
    1};

static const struct pg_statement UNCERTAIN_MESSAGES = {
    "takeover_messages",
    "UPDATE told.message SET state = 'waiting', next_at = $2, lease_until = NULL, claimed_by = NULL, uncertain = true,"
    " failures = failures + 1 WHERE message_id = ANY ($1::bigint[]) AND state = 'claimed' AND lease_until < $3"
    " RETURNING message_id, fence, channel, attempts",
    3};

static const struct pg_statement UNCERTAIN_ATTEMPTS = {
    "takeover_attempts",
    "UPDATE told.attempt SET outcome = 'tempfail', uncertain = true, ended_at = $2, reason = 'its process gave no outcome'"
    " WHERE message_id = ANY ($1::bigint[]) AND ended_at IS NULL",
    2};

static const struct pg_statement RENEW = {
    "lease_renew",
    "UPDATE told.message m SET lease_until = $3 FROM unnest($1::bigint[], $2::bigint[]) q (message_id, fence)"
    " WHERE m.message_id = q.message_id AND m.fence = q.fence AND m.state = 'claimed'",
    3};

char *dispatch_lease_end(const struct dispatch *d, char out[INSTANT_TEXT_SIZE])
{
    instant_print(instant_add_ms(clock_real(), d->config->lease_ms), out);
    return out;
}

static bool take_over_rows(struct dispatch *d, const char *ids)
{
    char now[INSTANT_TEXT_SIZE], real[INSTANT_TEXT_SIZE];
    struct buf taken = {0};
    PGresult *rows;
    bool ok;

    instant_print(d->now, now);
    if (!pg_do(d->pg, &UNCERTAIN_ITEMS, (const char *[]){ids}))
        return false;
    rows = pg_run(d->pg, &UNCERTAIN_MESSAGES, (const char *[]){ids, now, instant_print(clock_real(), real)});
    /* A lease that was renewed in between is not ours to take. */
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++)
        pg_array_add(&taken, pg_column(rows, i, 0));
    ok = rows != NULL && pg_do(d->pg, &UNCERTAIN_ATTEMPTS, (const char *[]){pg_array_end(&taken), now});
    buf_release(&taken);
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        char *detail = store_detail("fence", pg_column(rows, i, 1), "attempt", pg_column(rows, i, 3), "reason",
                                    "its lease ran out without an outcome: it may have arrived, and is sent again", NULL);

        ok = store_journal(d->pg, d->now,
                           &(struct store_journal){.what = "message taken over, uncertain",
                                                   .message_id = pg_column_int(rows, i, 0),
                                                   .detail = detail});
        free(detail);
        log_warning("message=%s channel=%s attempt=%s fence=%s result=tempfail uncertain=true next=%s"
                    " reason=\"its process gave no outcome\"",
                    pg_column(rows, i, 0), pg_column(rows, i, 2), pg_column(rows, i, 3), pg_column(rows, i, 1), now);
    }
    PQclear(rows);
    return ok;
}

int dispatch_take_over(struct dispatch *d)
{
    char real[INSTANT_TEXT_SIZE];
    struct buf ids = {0};
    PGresult *rows;
    int count = -1;

    if (!pg_begin(d->pg))
        return -1;
    rows = pg_run(d->pg, &EXPIRED, (const char *[]){instant_print(clock_real(), real)});
    if (rows != NULL) {
        count = PQntuples(rows);
        for (int i = 0; i < count; i++)
            pg_array_add(&ids, pg_column(rows, i, 0));
        if (count > 0 && !take_over_rows(d, pg_array_end(&ids)))
            count = -1;
    }
    PQclear(rows);
    buf_release(&ids);
    if (count > 0 ? pg_commit(d->pg) : (pg_rollback(d->pg), true))
        return count;
    pg_rollback(d->pg);
    return -1;
}

bool dispatch_renew(struct dispatch *d)
{
    struct buf ids = {0}, fences = {0};
    char text[24], lease[INSTANT_TEXT_SIZE];
    int64_t now_ms = clock_monotonic_ms();
    bool ok;

    if (d->flight_count == 0) {
        d->renewed_ms = now_ms;
        return true;
    }
    if (now_ms - d->renewed_ms < d->config->lease_ms / 3)
        return true;
    for (size_t i = 0; i < d->flight_count; i++) {
        snprintf(text, sizeof text, "%lld", (long long)d->flights[i].message_id);
        pg_array_add(&ids, text);
        snprintf(text, sizeof text, "%lld", (long long)d->flights[i].fence);
        pg_array_add(&fences, text);
    }
    ok = pg_do(d->pg, &RENEW,
               (const char *[]){pg_array_end(&ids), pg_array_end(&fences), dispatch_lease_end(d, lease)});
    if (ok)
        d->renewed_ms = now_ms;
    buf_release(&ids);
    buf_release(&fences);
    return ok;
}
