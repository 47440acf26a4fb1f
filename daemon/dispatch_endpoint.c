/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that do not take what they are given: stopped for good after a 410, passed by while their breaker is open. */
#include <stdio.h>
#include <stdlib.h>

#include "dispatch.h"
#include "log.h"
#include "store.h"

static const struct pg_statement STOP = {
    "endpoint_stop",
    "INSERT INTO told.endpoint AS e (name, stopped_at, message_id) SELECT address, $2::timestamptz, message_id FROM told.message"
    " WHERE message_id = $1 ON CONFLICT (name) DO UPDATE SET stopped_at = EXCLUDED.stopped_at, message_id = EXCLUDED.message_id"
    " WHERE e.stopped_at IS NULL RETURNING name",
    2};

/* What waits for that endpoint, with the duties as everybody locks them, and an email beside each. Where there is one already
 * nothing happens; who has no address is found when it is routed, and the next step told. */
static const struct pg_statement LOCK_DUTIES = {
    "endpoint_lock_duties",
    "SELECT duty_id FROM told.duty WHERE state <> 'closed' AND duty_id IN (SELECT duty_id FROM told.notification n"
    " JOIN told.message m USING (message_id) WHERE m.channel = 'webhook' AND m.address = $1 AND m.state IN ('waiting', 'claimed'))"
    " ORDER BY duty_id FOR UPDATE",
    1};
static const struct pg_statement ALSO_EMAIL = {
    "endpoint_also_email",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, created_at)"
    " SELECT n.duty_id, n.telling, n.line, n.step, n.kind, n.role, 'email', $2::timestamptz FROM told.notification n"
    " JOIN told.message m USING (message_id) JOIN told.duty d USING (duty_id) WHERE m.channel = 'webhook' AND m.address = $1"
    " AND m.state IN ('waiting', 'claimed') AND n.state IN ('queued', 'claimed', 'uncertain') AND n.kind <> 'correction'"
    " AND d.state <> 'closed' AND NOT EXISTS (SELECT FROM told.notification o WHERE o.duty_id = n.duty_id"
    " AND o.telling = n.telling AND o.step = n.step AND o.channel = 'email' AND (o.recipient = n.recipient OR o.role = n.role)"
    " AND o.state <> 'superseded')"
    " ORDER BY n.notification_id ON CONFLICT DO NOTHING",
    2};

bool dispatch_endpoint_stop(struct dispatch *d, int64_t message_id)
{
    char id[24], now[INSTANT_TEXT_SIZE];
    PGresult *rows;
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)message_id);
    rows = pg_run(d->pg, &STOP, (const char *[]){id, instant_print(d->now, now)});
    ok = rows != NULL;
    if (ok && PQntuples(rows) > 0) {
        char *detail = store_detail("endpoint", pg_column(rows, 0, 0), NULL);

        log_error("endpoint=%s state=stopped reason=\"it answered 410\" do=\"ask who runs it; toldctl endpoints start %s\"",
                  pg_column(rows, 0, 0), pg_column(rows, 0, 0));
        ok = store_alarm(d->pg, "endpoint-gone", pg_column(rows, 0, 0),
                         "an endpoint answered 410: it wants no more and is stopped", d->now) &&
             store_journal(d->pg, d->now,
                           &(struct store_journal){.what = "endpoint stopped", .message_id = message_id, .detail = detail});
        free(detail);
    }
    PQclear(rows);
    return ok;
}

static bool pass_by(struct dispatch *d, const char *name)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *rows = NULL;
    bool ok = pg_begin(d->pg) && pg_do(d->pg, &LOCK_DUTIES, (const char *[]){name});

    if (ok)
        rows = pg_run(d->pg, &ALSO_EMAIL, (const char *[]){name, instant_print(d->now, now)});
    ok = rows != NULL;
    if (ok)
        log_warning("endpoint=%s state=open emails=%s reason=\"too many failures in a row\" do=\"look at it; those it tells are"
                    " told by email\"", name, PQcmdTuples(rows));
    PQclear(rows);
    if (ok && pg_commit(d->pg))
        return true;
    pg_rollback(d->pg);
    return false;
}

void dispatch_endpoint_opened(struct dispatch *d)
{
    for (size_t i = 0; d->webhook != NULL && i < webhook_pool_count(d->webhook); i++)
        if (webhook_pool_has_opened(d->webhook, i) && pass_by(d, webhook_pool_name(d->webhook, i)))
            webhook_pool_seen(d->webhook, i);
}
