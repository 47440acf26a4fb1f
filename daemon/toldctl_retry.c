/* SPDX-License-Identifier: Apache-2.0 */
/* retry: what failed, or waits for its time, is tried again at once. What was sent is never sent again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg_table.h"
#include "store.h"
#include "told/mem.h"
#include "toldctl.h"

/* clang-format off */
static const struct pg_statement find_notification = {
    "retry_find_notification",
    "SELECT notification_id, message_id FROM told.notification WHERE notification_id = $1", 1};
static const struct pg_statement find_message = {
    "retry_find_message",
    "SELECT NULL, message_id FROM told.message WHERE uid = $1 OR message_id = $2", 2};
/* As whoever claims it takes it: nobody sends it meanwhile. */
static const struct pg_statement lock_message = {
    "retry_lock_message", "SELECT pg_advisory_xact_lock(7403, ($1::bigint & 2147483647)::int)", 1};
static const struct pg_statement lock_duties = {
    "retry_lock_duties",
    "SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM told.notification"
    " WHERE notification_id = $1 OR message_id = $2) ORDER BY duty_id FOR NO KEY UPDATE",
    2};
static const struct pg_statement lock_notifications = {
    "retry_lock_notifications",
    "SELECT n.notification_id, n.duty_id, n.state, n.reason, d.state = 'closed' AND n.kind NOT IN ('correction', 'closing')"
    " FROM told.notification n JOIN told.duty d USING (duty_id)"
    " WHERE n.notification_id = $1 OR n.message_id = $2 ORDER BY n.notification_id FOR UPDATE OF n",
    2};
static const struct pg_statement read_message = {
    "retry_message",
    "SELECT state, coalesce(reason, ''), uncertain, test, attempts FROM told.message WHERE message_id = $1", 1};
static const struct pg_statement try_again = {"retry_again", "SELECT told.message_again($1, $2)", 2};
/* What gave way, or is needed no more, stays as it is. */
static const struct pg_statement queue_again = {
    "retry_queue",
    "UPDATE told.notification SET state = 'queued', reason = NULL WHERE notification_id = $1 AND state = 'failed'", 1};
/* clang-format on */

struct retry {
    const char *asked;           /* as typed */
    char *found, *message;       /* numbers; NULL: no notification, not in a message yet; owned */
    bool uncertain;
};

/* 17 or N-17 is a notification; M-17, or what stands as its Message-ID or webhook-id, a message. */
static int find(struct toldctl *ctl, struct retry *r)
{
    bool notification = strspn(r->asked, "0123456789") == strlen(r->asked) || strncmp(r->asked, "N-", 2) == 0;
    const char *number = strncmp(r->asked, "N-", 2) == 0 || strncmp(r->asked, "M-", 2) == 0 ? r->asked + 2 : r->asked;
    int64_t value;
    bool is_number = toldctl_number(number, &value);
    if (notification && !is_number)
        return toldctl_usage(ctl->command);
    const char *const by_number[] = {number}, *const by_message[] = {r->asked, is_number ? number : NULL};
    PGresult *rows = notification ? pg_run(ctl->pg, &find_notification, by_number)
                                  : pg_run(ctl->pg, &find_message, by_message);
    if (!rows)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(rows) == 0) {
        code = toldctl_refuse(EX_DATAERR, "there is no such notification or message; `toldctl notifications` lists them");
    } else {
        free(r->found);
        free(r->message);
        r->found = pg_column(rows, 0, 0) ? mem_copy(pg_column(rows, 0, 0)) : NULL;
        r->message = pg_column(rows, 0, 1) ? mem_copy(pg_column(rows, 0, 1)) : NULL;
    }
    PQclear(rows);
    return code;
}

static int judge_message(struct retry *r, const PGresult *row)
{
    const char *state = pg_column(row, 0, 0);
    if (pg_column_bool(row, 0, 3))
        return toldctl_refuse(EX_DATAERR, "it is a test; send another: `toldctl test-message`");
    if (strcmp(state, "sent") == 0)
        return toldctl_refuse(EX_DATAERR, "it was sent: what a server has taken is never sent again");
    if (strcmp(state, "claimed") == 0)
        return toldctl_refuse(EX_TEMPFAIL, "it is with the server just now; look again in a minute");
    if (strcmp(state, "cancelled") == 0)
        return toldctl_refuse(EX_DATAERR, "it was cancelled: %s", pg_column(row, 0, 1));
    r->uncertain = pg_column_bool(row, 0, 2);
    return 0;
}

static bool is_over(const char *state)
{
    return strcmp(state, "sent") == 0 || strcmp(state, "superseded") == 0 || strcmp(state, "cancelled") == 0;
}

/* rows: of lock_notifications. One that is still to be told. */
static bool is_live(const PGresult *rows, int i)
{
    return !is_over(pg_column(rows, i, 2)) && !pg_column_bool(rows, i, 4);
}

/* 0: at least one of them is live. */
static int judge_notifications(const struct retry *r, const PGresult *rows)
{
    int live = 0, closed = 0;
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *state = pg_column(rows, i, 2), *reason = pg_column(rows, i, 3);
        if (r->found && strcmp(pg_column(rows, i, 0), r->found) == 0 && is_over(state))
            return toldctl_refuse(EX_DATAERR, "it is %s (%s); only what failed or waits can be tried again", state,
                                  reason ? reason : "no reason");
        live += is_live(rows, i);
        closed += pg_column_bool(rows, i, 4);
    }
    if (live > 0)
        return 0;
    return toldctl_refuse(EX_DATAERR, "%s; nothing in it is needed any more",
                          closed ? "its duty is closed" : "nothing in it failed or waits");
}

static bool write_rows(struct toldctl *ctl, const struct retry *r, const PGresult *rows)
{
    struct pg_table journal = STORE_JOURNAL_TABLE;
    struct instant now = toldctl_now(ctl);
    bool good = true;
    for (int i = 0; good && i < PQntuples(rows); i++) {
        const char *const id[] = {pg_column(rows, i, 0)};
        if (!is_live(rows, i))
            continue;
        char *detail = store_detail("was", pg_column(rows, i, 2), "reason", pg_column(rows, i, 3), NULL);
        good = pg_do(ctl->pg, &queue_again, id);
        store_journal_add(&journal, &(struct store_journal){.what = "retry asked",
                                                            .duty_id = pg_column_int(rows, i, 1),
                                                            .notification_id = pg_column_int(rows, i, 0),
                                                            .message_id = r->message ? strtoll(r->message, NULL, 10) : 0,
                                                            .detail = detail});
        free(detail);
    }
    good = good && store_journal_write(ctl->pg, now, &journal);
    pg_table_release(&journal);
    return good;
}

static int change(struct toldctl *ctl, struct retry *r, const PGresult *rows)
{
    char at[INSTANT_TEXT_SIZE];
    const char *const again[] = {r->message, instant_print(toldctl_now(ctl), at)};
    int code = judge_notifications(r, rows);
    if (code)
        return code;
    if (!write_rows(ctl, r, rows))
        return TOLDCTL_DATABASE;
    return !r->message || pg_do(ctl->pg, &try_again, again) ? 0 : TOLDCTL_DATABASE;
}

/* Locks as everybody does: advisory, duty, notification, message. */
static int step_retry(struct toldctl *ctl, void *step)
{
    struct retry *r = step;
    PGresult *rows = NULL, *message = NULL;
    int code = find(ctl, r);
    const char *const ids[] = {r->found, r->message};
    if (code)
        return code;
    if ((r->message && !pg_do(ctl->pg, &lock_message, &ids[1])) || !pg_do(ctl->pg, &lock_duties, ids) ||
        !(rows = pg_run(ctl->pg, &lock_notifications, ids)) ||
        (r->message && !(message = pg_run(ctl->pg, &read_message, &ids[1]))))
        code = TOLDCTL_DATABASE;
    if (!code && message)
        code = judge_message(r, message);
    if (!code)
        code = change(ctl, r, rows);
    PQclear(message);
    PQclear(rows);
    return code;
}

int toldctl_retry(struct toldctl *ctl, int argc, char **argv)
{
    int at = toldctl_options(ctl, argc, argv, NULL, 1, 1);
    if (at < 0)
        return EX_USAGE;
    struct retry r = {.asked = argv[at]};
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_retry, &r);
    if (!code) {
        toldctl_kick(ctl);
        printf("%s: tried again now%s\n", r.asked,
               r.uncertain ? "; an earlier try may have arrived, so it says that it may be a repeat" : "");
    }
    free(r.found);
    free(r.message);
    return code;
}
