/* SPDX-License-Identifier: Apache-2.0 */
#include "escalate_silence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_store.h"
#include "store.h"
#include "told/mem.h"
#include "told/silence.h"

enum { GRACE_S = 600 }; /* after our own start: publishers come back within seconds, and bring what waited */

static const struct pg_statement WATCH = {
    "silence_watch", "INSERT INTO told.feed_watch (feed, since) SELECT feed, $2 FROM unnest($1::text[]) n (feed) ON CONFLICT DO NOTHING",
    2};

/* An event is a sign of life too; what was derived of one came with it. */
static const struct pg_statement LOOK = {
    "silence_look",
    "SELECT n.feed, " PG_INSTANT("greatest(w.since, f.heard_at, e.last)") ", " PG_INSTANT("greatest(w.since, e.last)")
    ", l.silence_id, " PG_INSTANT("l.from_at") ", q.silence_id, " PG_INSTANT("q.from_at")
    " FROM unnest($1::text[]) n (feed) JOIN told.feed_watch w USING (feed) LEFT JOIN told.feed_state f USING (feed)"
    " CROSS JOIN LATERAL (SELECT max(received_at) AS last FROM told.event WHERE event.feed = n.feed) e"
    " LEFT JOIN told.feed_silence l ON l.feed = n.feed AND l.what = 'link' AND l.ended_at IS NULL"
    " LEFT JOIN told.feed_silence q ON q.feed = n.feed AND q.what = 'events' AND q.ended_at IS NULL ORDER BY n.feed",
    1};

static const struct pg_statement BEGIN = {
    "silence_begin",
    "INSERT INTO told.feed_silence (feed, what, from_at, noticed_at, cursors) SELECT $1, $2, $3, $4,"
    " coalesce((SELECT jsonb_object_agg(source, jsonb_build_array(epoch, settled)) FROM told.cursor WHERE feed = $1), '{}')"
    " ON CONFLICT (feed, what) WHERE ended_at IS NULL DO NOTHING RETURNING silence_id",
    4};

/* Heard again: by its first event since, or by what was heard last. */
static const struct pg_statement END = {
    "silence_end",
    "UPDATE told.feed_silence q SET ended_at = CASE WHEN what = 'link' THEN $2::timestamptz ELSE coalesce((SELECT min(received_at)"
    " FROM told.event e WHERE e.feed = q.feed AND e.received_at > q.from_at), $2::timestamptz) END"
    " WHERE silence_id = $1 AND ended_at IS NULL RETURNING " PG_INSTANT("ended_at"),
    2};

static const struct pg_statement CURSORS = {
    "silence_cursors",
    "SELECT c.source, coalesce((q.cursors -> c.source ->> 0)::bigint, 0), coalesce((q.cursors -> c.source ->> 1)::bigint, 0),"
    " c.epoch, c.settled, EXISTS (SELECT FROM told.feed_gap g WHERE g.source = c.source AND g.closed_at IS NULL)"
    " FROM told.cursor c JOIN told.feed_silence q USING (feed) WHERE q.silence_id = $1 ORDER BY c.source",
    1};

static const struct pg_statement STATE = {
    "silence_state", "UPDATE told.feed_silence SET statement = $2 WHERE silence_id = $1", 2};

/* One of the two silences of a feed. */
struct silence {
    const char *feed;
    bool link;
    int64_t open; /* its row while it lasts */
    struct instant from, heard;
};

static const char *kind_of(const struct silence *q)
{
    return q->link ? "silent-link" : "silent-feed";
}

static char *local(struct instant at)
{
    char day[CIVIL_TEXT_SIZE];
    int minute = civil_minute_of(at);

    return mem_printf("%s %02d:%02d", civil_print(civil_day_of(at), day), minute / 60, minute % 60);
}

static bool say_silent(struct duty_store *s, const struct silence *q, const struct silence_expects *expects)
{
    char *since = local(q->heard), *detail;
    bool ok;

    detail = mem_printf("the feed %s is silent: %s since %s, and %d minutes of the hours in which it speaks are the most; find out"
                        " whether it runs, and ask for what it has not sent",
                        q->feed, q->link ? "nothing at all was heard" : "no event came", since, expects->after_minutes);
    ok = store_alarm(s->pg, kind_of(q), q->feed, detail, s->now);
    free(detail);
    detail = store_detail("feed", q->feed, "what", q->link ? "link" : "events", "since", since, NULL);
    ok = ok && store_journal(s->pg, s->now, &(struct store_journal){.what = "feed silent", .detail = detail});
    free(detail);
    free(since);
    return ok;
}

static bool begin(struct duty_store *s, const struct silence *q, const struct silence_expects *expects)
{
    char from[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    bool ok = pg_begin(s->pg);
    PGresult *row = ok ? pg_run(s->pg, &BEGIN, (const char *[]){q->feed, q->link ? "link" : "events", instant_print(q->heard, from),
                                                                instant_print(s->now, now)})
                       : NULL;

    ok = row != NULL && (PQntuples(row) == 0 || say_silent(s, q, expects)) && pg_commit(s->pg);
    PQclear(row);
    if (!ok)
        pg_rollback(s->pg);
    return ok;
}

/* The statement stays with the silence. Where numbers cannot show that nothing is missing, a person has to ask. */
static bool state(struct duty_store *s, const struct silence *q, struct instant until)
{
    char id[24], *text, *detail;
    struct silence_cursor *cursors;
    size_t count;
    PGresult *rows;
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)q->open);
    rows = pg_run(s->pg, &CURSORS, (const char *[]){id});
    if (rows == NULL)
        return false;
    count = (size_t)PQntuples(rows);
    cursors = mem_new((count + 1) * sizeof *cursors);
    for (size_t i = 0; i < count; i++)
        cursors[i] = (struct silence_cursor){.source = pg_column(rows, (int)i, 0),
                                             .epoch_before = pg_column_int(rows, (int)i, 1),
                                             .settled_before = pg_column_int(rows, (int)i, 2),
                                             .epoch = pg_column_int(rows, (int)i, 3),
                                             .settled = pg_column_int(rows, (int)i, 4),
                                             .gap = pg_column_bool(rows, (int)i, 5)};
    text = silence_statement(q->feed, q->link, q->from, until, cursors, count);
    detail = store_detail("feed", q->feed, "what", q->link ? "link" : "events", "statement", text, NULL);
    ok = pg_do(s->pg, &STATE, (const char *[]){id, text}) &&
         store_journal(s->pg, s->now, &(struct store_journal){.what = "feed heard again", .detail = detail}) &&
         (silence_is_whole(cursors, count) || store_alarm(s->pg, "gap-statement", q->feed, text, s->now));
    free(detail);
    free(text);
    free(cursors);
    PQclear(rows);
    return ok;
}

static bool end(struct duty_store *s, const struct silence *q)
{
    char id[24], heard[INSTANT_TEXT_SIZE];
    bool ok = pg_begin(s->pg);
    PGresult *row;

    snprintf(id, sizeof id, "%lld", (long long)q->open);
    row = ok ? pg_run(s->pg, &END, (const char *[]){id, instant_print(q->heard, heard)}) : NULL;
    ok = row != NULL &&
         (PQntuples(row) == 0 || (alarm_store_end(s, kind_of(q), q->feed, "the feed was heard again", NULL) && state(s, q, pg_column_instant(row, 0, 0)))) && pg_commit(s->pg);
    PQclear(row);
    if (!ok)
        pg_rollback(s->pg);
    return ok;
}

static bool look(struct duty_store *s, const struct silence *q, const struct silence_expects *expects, struct instant started_at)
{
    if (q->open != 0)
        return instant_compare(q->heard, q->from) <= 0 || end(s, q);
    if (expects->after_minutes == 0 || instant_compare(instant_add_seconds(started_at, GRACE_S), s->now) > 0 ||
        instant_compare(silence_due(s->config->calendar, expects, q->heard), s->now) > 0)
        return true;
    return begin(s, q, expects);
}

bool escalate_silence_step(struct duty_store *s, struct instant started_at)
{
    char now[INSTANT_TEXT_SIZE];
    struct buf feeds = {0};
    PGresult *rows;
    bool ok;

    for (size_t i = 0; i < s->config->feed_count; i++)
        if (s->config->feeds[i].expects.is_set)
            pg_array_add(&feeds, s->config->feeds[i].name);
    if (feeds.len == 0)
        return true;
    pg_array_end(&feeds);
    rows = pg_do(s->pg, &WATCH, (const char *[]){buf_string(&feeds), instant_print(s->now, now)})
               ? pg_run(s->pg, &LOOK, (const char *[]){buf_string(&feeds)})
               : NULL;
    ok = rows != NULL;
    for (int i = 0; ok && i < PQntuples(rows); i++) {
        const struct config_feed *feed = config_feed(s->config, pg_column(rows, i, 0));
        struct silence link = {feed->name, true, pg_column_int(rows, i, 3), pg_column_instant(rows, i, 4),
                               pg_column_instant(rows, i, 1)},
                       events = {feed->name, false, pg_column_int(rows, i, 5), pg_column_instant(rows, i, 6),
                                 pg_column_instant(rows, i, 2)};

        ok = look(s, &link, &feed->expects.link, started_at) && look(s, &events, &feed->expects.events, started_at);
    }
    PQclear(rows);
    buf_release(&feeds);
    return ok;
}
