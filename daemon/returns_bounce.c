/* SPDX-License-Identifier: Apache-2.0 */
/* What did not arrive after all, and what arrived where nobody reads it: the next step is told at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "returns_mail.h"
#include "store.h"
#include "told/mem.h"
#include "untold.h"

/* Duties before notifications before the message, as everybody locks them. */
static const struct pg_statement LOCK_DUTIES = {
    "returns_lock_duties",
    "SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM told.notification WHERE message_id = $1)"
    " ORDER BY duty_id FOR UPDATE",
    1};
static const struct pg_statement ITEMS = {
    "returns_items",
    "SELECT notification_id, duty_id, step, state FROM told.notification WHERE message_id = $1 AND kind NOT IN ('copy', 'correction', 'closing')"
    " ORDER BY notification_id FOR UPDATE",
    1};
static const struct pg_statement FAIL_ITEMS = {
    "returns_fail_items",
    "UPDATE told.notification SET state = 'failed', reason = $2 WHERE message_id = $1 AND state = 'sent'"
    " RETURNING notification_id, duty_id, step",
    2};
static const struct pg_statement FAIL_MESSAGE = {
    "returns_fail_message", "SELECT told.message_came_back($1, $2)", 2};

static const struct pg_statement MARK = {
    "returns_mark",
    "INSERT INTO told.address_state (address, returned_id, status, marked_at) VALUES (lower($1), $2, $3, $4)"
    " ON CONFLICT (address) WHERE cleared_at IS NULL DO NOTHING",
    4};
static const struct pg_statement LOOK_ANEW = {
    "returns_look_anew", "UPDATE told.installation SET directory_version = directory_version + 1", 0};

static bool note(struct returns *r, const struct returns_mail *m, const PGresult *rows, int i, const char *what)
{
    char attempt[24], *detail;
    bool ok;

    snprintf(attempt, sizeof attempt, "%d", m->attempt);
    detail = store_detail("state", "failed", "reason", "it came back", "was", "sent", "attempt", m->attempt > 0 ? attempt : "-",
                          m->judged.status[0] != '\0' ? "status" : NULL, m->judged.status, NULL);
    ok = store_journal(r->pg, r->now,
                       &(struct store_journal){.what = what,
                                               .notification_id = pg_column_int(rows, i, 0),
                                               .duty_id = pg_column_int(rows, i, 1),
                                               .message_id = m->message_id,
                                               .detail = detail});
    free(detail);
    return ok;
}

static bool fail_item(struct returns *r, const struct returns_mail *m, const PGresult *rows, int i)
{
    struct untold u = {.pg = r->pg, .now = r->now};
    int64_t duty_id = pg_column_int(rows, i, 1);
    bool ok = note(r, m, rows, i, "notification came back") && untold_reached_no_more(&u, pg_column(rows, i, 0), duty_id) &&
              untold_failed(&u, pg_column(rows, i, 0), duty_id, (int)pg_column_int(rows, i, 2));

    r->escalate |= u.escalate;
    return ok;
}

/* From sent to failed. */
static bool fail_message(struct returns *r, const struct returns_mail *m)
{
    char id[24], *reason = mem_printf("it came back%s%s", m->judged.status[0] != '\0' ? ": " : "", m->judged.status);
    PGresult *rows = NULL;
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)m->message_id);
    ok = pg_do(r->pg, &LOCK_DUTIES, (const char *[]){id});
    if (ok)
        rows = pg_run(r->pg, &FAIL_ITEMS, (const char *[]){id, reason});
    ok = rows != NULL && pg_do(r->pg, &FAIL_MESSAGE, (const char *[]){id, reason});
    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = fail_item(r, m, rows, i);
    PQclear(rows);
    free(reason);
    return ok;
}

bool returns_bounce(struct returns *r, struct returns_mail *m)
{
    if (m->message_id == 0 || !m->is_proved) {
        m->is_kept = true;
        m->did = "kept: nothing proves that it is about a mail of told";
        return true;
    }
    /* It may be faster than the outcome of its own attempt, which would say "sent" after it. */
    if (m->is_claimed && !m->is_newer) {
        m->is_later = true;
        return true;
    }
    m->marks = m->judged.is_permanent && !m->judged.is_elsewhere && strcasecmp(m->address, r->config->last_resort) != 0;
    /* A later attempt was taken meanwhile, and this one's server only gave up. */
    if (m->is_newer && !m->judged.is_permanent) {
        m->did = "recorded: a later attempt stands";
        return true;
    }
    m->did = m->marks ? "failed, and its address marked" : "failed";
    if (m->judged.is_elsewhere) {
        m->is_kept = true;
        m->did = "failed; kept: it names another address than the one that was told";
    }
    /* What waits or is in flight is for dispatch, which sends nothing more to a marked address. */
    if (!m->is_sent)
        return true;
    return fail_message(r, m);
}

bool returns_bounce_mark(struct returns *r, const struct returns_mail *m, const char *returned)
{
    char now[INSTANT_TEXT_SIZE];
    PGresult *rows = pg_run(r->pg, &MARK,
                            (const char *[]){m->address, returned, m->judged.status[0] != '\0' ? m->judged.status : NULL,
                                             instant_print(r->now, now)});
    bool ok = rows != NULL, marked = ok && strcmp(PQcmdTuples(rows), "1") == 0;

    PQclear(rows);
    return ok && (!marked || (pg_do(r->pg, &LOOK_ANEW, NULL) &&
                              store_alarm(r->pg, "address-bounced", m->recipient, STORE_ALARM_BOUNCED, r->now)));
}

/* ---- out of office ---- */

/* A shared mailbox answers every mail; only one that says so has nobody there. */
static bool is_away(const struct returns_mail *m)
{
    return m->judged.is_absence || strchr(m->recipient, ':') == NULL;
}

bool returns_automatic(struct returns *r, struct returns_mail *m)
{
    struct untold u = {.pg = r->pg, .now = r->now};
    char id[24];
    PGresult *rows;
    bool ok;

    m->did = "recorded";
    if (m->message_id == 0 || r->config->returns.out_of_office == CONFIG_OUT_OF_OFFICE_RECORD || strcmp(m->recipient, "last-resort") == 0 ||
        !is_away(m) || (!m->is_proved && (m->mail.from == NULL || strcasecmp(m->mail.from, m->address) != 0)))
        return true;
    snprintf(id, sizeof id, "%lld", (long long)m->message_id);
    if (!pg_do(r->pg, &LOCK_DUTIES, (const char *[]){id}))
        return false;
    rows = pg_run(r->pg, &ITEMS, (const char *[]){id});
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        int lines = m->lines;

        ok = untold_unread(&u, pg_column(rows, i, 0), pg_column_int(rows, i, 1), (int)pg_column_int(rows, i, 2), &m->lines);
        if (ok && m->lines > lines)
            ok = store_journal(r->pg, r->now,
                               &(struct store_journal){.what = "duty climbs sooner",
                                                       .notification_id = pg_column_int(rows, i, 0),
                                                       .duty_id = pg_column_int(rows, i, 1),
                                                       .message_id = m->message_id,
                                                       .detail = "{\"reason\": \"out of office\"}"});
    }
    PQclear(rows);
    r->escalate |= u.escalate;
    if (m->lines > 0)
        m->did = "the next step is told sooner";
    return ok;
}
