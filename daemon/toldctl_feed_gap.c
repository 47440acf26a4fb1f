/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_feed_gap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static const struct pg_statement list_gaps = {
    "feed_gaps",
    "SELECT gap_id AS gap, feed, source, epoch, first, last, reason, " PG_INSTANT("since") " AS since_at"
    " FROM told.feed_gap WHERE closed_at IS NULL ORDER BY feed, source, epoch, first",
    0};
/* In the order of their cursors, which move with them. */
static const struct pg_statement close_gaps = {
    "feed_gap_close",
    "WITH closed AS (UPDATE told.feed_gap SET closed_at = $2, closed_as = 'person', note = $3"
    " WHERE closed_at IS NULL AND (gap_id::text = $1 OR source = $1 OR feed = $1) RETURNING *)"
    " SELECT gap_id, feed, source, epoch, first, last FROM closed ORDER BY source, epoch, first",
    3};
/* What stands behind it told adds up itself when it looks again, within replay_every_s. */
static const struct pg_statement move_cursor = {
    "feed_gap_cursor",
    "UPDATE told.cursor SET settled = $4, moved_at = $5 WHERE source = $1 AND epoch = $2::bigint"
    " AND settled >= $3::bigint - 1 AND settled < $4::bigint",
    5};
static const struct pg_statement clear_alarm = {
    "feed_gap_alarm",
    "UPDATE told.alarm SET cleared_at = $2 WHERE kind = 'gap' AND key = $1 AND cleared_at IS NULL AND duty_id IS NULL"
    " AND NOT EXISTS (SELECT FROM told.feed_gap WHERE source = $1 AND closed_at IS NULL)",
    2};

struct closing {
    const char *which, *note;
    int closed;
};

static bool close_one(struct toldctl *ctl, const PGresult *gaps, int row, const struct closing *closing)
{
    struct instant now = toldctl_now(ctl);
    char at[INSTANT_TEXT_SIZE];
    const char *gap = pg_column(gaps, row, 0), *feed = pg_column(gaps, row, 1), *source = pg_column(gaps, row, 2);
    const char *epoch = pg_column(gaps, row, 3), *first = pg_column(gaps, row, 4), *last = pg_column(gaps, row, 5);
    const char *const cursor[] = {source, epoch, first, last, instant_print(now, at)};
    const char *const alarm[] = {source, at};
    char *detail = store_detail("gap", gap, "feed", feed, "source", source, "epoch", epoch, "first", first, "last", last, "note",
                                closing->note, NULL);
    bool good = (last == NULL || pg_do(ctl->pg, &move_cursor, cursor)) && pg_do(ctl->pg, &clear_alarm, alarm) &&
                store_journal(ctl->pg, now, &(struct store_journal){.what = "gap closed", .detail = detail});

    free(detail);
    return good;
}

static int step_close(struct toldctl *ctl, void *step)
{
    struct closing *closing = step;
    char at[INSTANT_TEXT_SIZE];
    const char *const values[] = {closing->which, instant_print(toldctl_now(ctl), at), closing->note};
    PGresult *gaps = pg_run(ctl->pg, &close_gaps, values);
    bool good = gaps != NULL;

    closing->closed = good ? PQntuples(gaps) : 0;
    for (int row = 0; good && row < closing->closed; row++)
        good = close_one(ctl, gaps, row, closing);
    PQclear(gaps);
    if (!good)
        return TOLDCTL_DATABASE;
    return closing->closed > 0 ? 0 : toldctl_refuse(EX_DATAERR, "no such gap is open; `toldctl feeds gaps` lists them");
}

int toldctl_feed_gap_list(struct toldctl *ctl)
{
    return toldctl_list(ctl, &list_gaps, NULL);
}

int toldctl_feed_gap_close(struct toldctl *ctl, const char *which, const char *note)
{
    struct closing closing = {.which = which, .note = note};
    int code;

    if (note == NULL || *note == '\0')
        return toldctl_refuse(EX_USAGE, "say why it will never be filled: --note TEXT");
    code = toldctl_step(ctl, step_close, &closing);
    if (code == 0)
        printf("%s: %d gap%s closed\n", which, closing.closed, closing.closed == 1 ? "" : "s");
    return code;
}
