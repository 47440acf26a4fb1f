/* SPDX-License-Identifier: Apache-2.0 */
/* The other channel: a mail that has failed so often, or for so long, goes by webhook as well, and goes on itself. */
#include "dispatch.h"
#include "log.h"
#include "store.h"

enum { LOOK_EVERY_MS = 200 }; /* minutes are counted here */

/* Duties before notifications before messages, as everybody locks them. Those whose duty somebody holds are looked at again
 * soon: nobody is waited for. */
static const struct pg_statement LATE = {
    "other_late",
    "WITH wanted AS (SELECT message_id, duty_id FROM told.notification WHERE message_id IN (SELECT message_id FROM told.message"
    " WHERE other_at <= $1 AND state IN ('waiting', 'claimed') ORDER BY other_at LIMIT 100)),"
    " locked AS (SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM wanted) ORDER BY duty_id"
    " FOR NO KEY UPDATE SKIP LOCKED)"
    " SELECT message_id FROM wanted GROUP BY message_id HAVING bool_and(duty_id IN (SELECT duty_id FROM locked)) ORDER BY message_id",
    1};

/* What still has to arrive of it, to whoever holds the role by now. */
static const struct pg_statement USE = {
    "other_use",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, created_at)"
    " SELECT n.duty_id, n.telling, n.line, n.step, n.kind, n.role, 'webhook', $2::timestamptz FROM told.notification n"
    " JOIN told.duty d USING (duty_id) JOIN told.message m USING (message_id) WHERE m.message_id = ANY ($1::bigint[])"
    " AND m.other_at IS NOT NULL AND n.kind NOT IN ('correction', 'closing') AND n.state NOT IN ('sent', 'superseded', 'cancelled') AND d.state <> 'closed'"
    " ORDER BY n.notification_id ON CONFLICT DO NOTHING",
    2};
static const struct pg_statement USED = {
    "other_used",
    "UPDATE told.message SET other_at = NULL WHERE message_id = ANY ($1::bigint[]) AND other_at IS NOT NULL RETURNING message_id", 1};

struct backoff dispatch_backoff(const struct dispatch *d, const char *pinned)
{
    struct backoff backoff;

    return pinned != NULL && backoff_parse(pinned, &backoff) ? backoff : d->config->retry;
}

bool dispatch_other_use(struct dispatch *d, const char *messages)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *used = NULL;
    bool ok = pg_do(d->pg, &USE, (const char *[]){messages, instant_print(d->now, now)});

    if (ok)
        used = pg_run(d->pg, &USED, (const char *[]){messages});
    ok = used != NULL;
    for (int i = 0; ok && i < PQntuples(used); i++) {
        log_info("message=%s channel=email state=other-channel reason=\"it has failed so often or for so long; the webhook is used as"
                 " well\"",
                 pg_column(used, i, 0));
        ok = store_journal(d->pg, d->now,
                           &(struct store_journal){.what = "other channel used", .message_id = pg_column_int(used, i, 0)});
    }
    PQclear(used);
    return ok;
}

int dispatch_other(struct dispatch *d)
{
    int64_t now_ms = clock_monotonic_ms();
    char now[INSTANT_TEXT_SIZE];
    struct buf ids = {0};
    PGresult *late;
    int count;

    if (d->others_ms != 0 && now_ms - d->others_ms < LOOK_EVERY_MS)
        return 0;
    d->others_ms = now_ms;
    late = pg_begin(d->pg) ? pg_run(d->pg, &LATE, (const char *[]){instant_print(d->now, now)}) : NULL;
    count = late != NULL ? PQntuples(late) : -1;

    for (int i = 0; i < count; i++)
        pg_array_add(&ids, pg_column(late, i, 0));
    PQclear(late);
    if (count > 0 && !dispatch_other_use(d, pg_array_end(&ids)))
        count = -1;
    buf_release(&ids);
    if (count > 0 && pg_commit(d->pg))
        return count;
    pg_rollback(d->pg);
    return count == 0 ? 0 : -1;
}
