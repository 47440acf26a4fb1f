/* SPDX-License-Identifier: Apache-2.0 */
/* How each feed stands: heard, waiting, held, what is missing; and when it was silent. */
#include "toldctl_feeds.h"

/* clang-format off */
static const struct pg_statement list_feeds = {
    "feeds",
    "WITH known AS (SELECT unnest($1::text[]) AS feed UNION SELECT feed FROM told.feed_state UNION SELECT feed FROM told.cursor),"
    " open AS (SELECT e.feed, s.state, count(*) AS n, min(e.received_at) AS since FROM ("
    "  SELECT event_id, state FROM told.event_state WHERE state = 'waiting' AND child_id IS NULL UNION ALL"
    "  SELECT event_id, state FROM told.event_state WHERE state = 'waiting' AND child_id IS NOT NULL UNION ALL"
    "  SELECT event_id, state FROM told.event_state WHERE state = 'held' UNION ALL"
    "  SELECT event_id, state FROM told.event_state WHERE state = 'review') s JOIN told.event e USING (event_id) GROUP BY 1, 2)"
    " SELECT k.feed, CASE WHEN f.frozen_at IS NOT NULL THEN 'frozen' WHEN h.holds > 0 THEN 'held' WHEN g.gaps > 0 THEN 'degraded'"
    "  WHEN q.silent THEN 'silent' WHEN f.heard_at IS NULL AND l.received_at IS NULL THEN 'never heard' ELSE 'ok' END AS state, "
    PG_INSTANT("greatest(f.heard_at, l.received_at)") " AS heard_at, " PG_INSTANT("l.received_at") " AS last_event_at,"
    " round(extract(epoch FROM l.received_at - l.occurred_at))::bigint AS last_took_s, "
    PG_INSTANT("w.since") " AS oldest_waiting_at, round(extract(epoch FROM $2::timestamptz - w.since))::bigint AS lag_s,"
    " g.gaps, coalesce(w.n, 0) AS waiting, coalesce(x.n, 0) AS held, coalesce(r.n, 0) AS review,"
    " (SELECT count(*) FROM told.quarantine z WHERE z.feed = k.feed AND z.state = 'open') AS quarantined, h.holds,"
    " c.settled, " PG_INSTANT("f.frozen_at") " AS frozen_at, f.frozen_reason"
    " FROM known k LEFT JOIN told.feed_state f USING (feed)"
    " LEFT JOIN LATERAL (SELECT received_at, occurred_at FROM told.event e WHERE e.feed = k.feed ORDER BY received_at DESC LIMIT 1) l"
    "  ON true LEFT JOIN open w ON w.feed = k.feed AND w.state = 'waiting' LEFT JOIN open x ON x.feed = k.feed AND x.state = 'held'"
    " LEFT JOIN open r ON r.feed = k.feed AND r.state = 'review'"
    " CROSS JOIN LATERAL (SELECT count(*) AS holds FROM told.hold h WHERE h.feed = k.feed AND h.state = 'open') h"
    " CROSS JOIN LATERAL (SELECT count(*) AS gaps FROM told.feed_gap g WHERE g.feed = k.feed AND g.closed_at IS NULL) g"
    " CROSS JOIN LATERAL (SELECT count(*) > 0 AS silent FROM told.feed_silence q WHERE q.feed = k.feed AND q.ended_at IS NULL) q"
    " CROSS JOIN LATERAL (SELECT string_agg(source || ' ' || epoch || ':' || settled, ', ' ORDER BY source) AS settled"
    "  FROM told.cursor c WHERE c.feed = k.feed) c ORDER BY k.feed",
    2};
static const struct pg_statement list_silences = {
    "silences",
    "SELECT feed, what, " PG_INSTANT("from_at") " AS from_at, " PG_INSTANT("noticed_at") " AS noticed_at, "
    PG_INSTANT("ended_at") " AS ended_at, statement FROM told.feed_silence WHERE $1::text IS NULL OR feed = $1"
    " ORDER BY silence_id DESC LIMIT 1000",
    1};
/* clang-format on */

int toldctl_feeds_state(struct toldctl *ctl)
{
    struct buf feeds = {0};
    char now[INSTANT_TEXT_SIZE];
    for (size_t i = 0; i < ctl->config->feed_count; i++)
        pg_array_add(&feeds, ctl->config->feeds[i].name);
    int code = toldctl_list(ctl, &list_feeds, (const char *[]){pg_array_end(&feeds), instant_print(toldctl_now(ctl), now)});
    buf_release(&feeds);
    return code;
}

int toldctl_feeds_silences(struct toldctl *ctl, int argc, char **argv)
{
    int at = toldctl_options(ctl, argc, argv, NULL, 0, 1);
    if (at < 0)
        return EX_USAGE;
    int code = toldctl_open_database(ctl);
    return code ? code : toldctl_list(ctl, &list_silences, (const char *[]){at < argc ? argv[at] : NULL});
}
