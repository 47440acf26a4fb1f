/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of one ingest transaction, in the order they are sent. */
#ifndef TOLD_INGEST_SQL_H
#define TOLD_INGEST_SQL_H

#include "pg.h"

/* A demonstration's clock is a row; a real installation has none and is asked once a connection. */
#define INGEST_SQL_CLOCK                                                                                               \
    "SELECT " PG_INSTANT("told_from") ", " PG_INSTANT("real_from") ", rate FROM told.installation WHERE demonstration"

/* What a careful batch must know of each event before it inserts. */
#define INGEST_SQL_CLASSIFY                                                                                            \
    "SELECT e.event_id IS NOT NULL, e.digest = a.digest, "                                                             \
    "       (s.event_id IS NOT NULL AND s.event_id IS DISTINCT FROM e.event_id) OR EXISTS (SELECT FROM "               \
    "        told.event_number o WHERE o.source = a.source AND o.epoch = a.epoch AND o.sequence = a.sequence "         \
    "        AND o.id <> a.id), "                                                                                      \
    "       EXISTS (SELECT FROM told.quarantine q WHERE q.feed = a.feed AND q.source = a.source AND q.id = a.id "      \
    "               AND q.sha256 = a.sha256) "                                                                         \
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[]) "             \
    "     WITH ORDINALITY AS a(source, id, feed, epoch, sequence, digest, sha256, n) "                                 \
    "LEFT JOIN told.event e ON e.source = a.source AND e.id = a.id "                                                   \
    "LEFT JOIN told.event s ON s.source = a.source AND s.epoch = a.epoch AND s.sequence = a.sequence "                 \
    "ORDER BY a.n"

/* Everything of a source behind its cursor, as ranges: rows of the same epoch, what was refused for good, and what a
 * person has said will never come. */
#define INGEST_SQL_RANGES                                                                                              \
    "WITH c AS (SELECT epoch, settled FROM told.cursor WHERE source = $1), "                                           \
    "behind AS (SELECT e.sequence FROM told.event e, c "                                                               \
    "           WHERE e.source = $1 AND e.epoch = c.epoch AND e.sequence > c.settled "                                 \
    "           UNION SELECT q.sequence FROM told.quarantine q, c "                                                    \
    "           WHERE q.feed = $2 AND q.source = $1 AND q.epoch = c.epoch AND q.sequence > c.settled "                 \
    "           UNION SELECT b.sequence FROM told.event_number b, c  "                                                 \
    "           WHERE b.source = $1 AND b.epoch = c.epoch AND b.sequence > c.settled), "                               \
    "numbered AS (SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island FROM behind) "           \
    "SELECT min(sequence), max(sequence) FROM numbered GROUP BY island "                                               \
    "UNION ALL SELECT g.first, g.last FROM told.feed_gap g, c "                                                        \
    "WHERE g.source = $1 AND g.epoch = c.epoch AND g.last > c.settled AND g.closed_as = 'person'"

/* It writes even when nothing changes: rows of a commit that did not reach its standby are visible here, and only a
 * commit of our own after them proves that they are safe (traps 16, 17).
 * $6: a broadcast without replay, whose epoch is 0 until its first beacon: that one is learned, nothing was rebuilt. With
 * replay it begins at the oldest that the publisher has. */
#define INGEST_SQL_GREET                                                                                               \
    "WITH was AS (SELECT epoch, settled FROM told.cursor WHERE source = $1), "                                         \
    "now AS (INSERT INTO told.cursor AS c (source, feed, epoch, settled, moved_at) "                                   \
    "        VALUES ($1, $2, $3::bigint, $4::bigint - 1, $5::timestamptz) "                                            \
    "        ON CONFLICT (source) DO UPDATE SET feed = excluded.feed, moved_at = excluded.moved_at, "                  \
    "               epoch = greatest(c.epoch, excluded.epoch), "                                                       \
    "               settled = CASE WHEN excluded.epoch > c.epoch AND NOT ($6::boolean AND c.epoch = 0) "               \
    "                              THEN excluded.settled ELSE c.settled END "                                          \
    "        RETURNING epoch, settled) "                                                                               \
    "SELECT now.epoch, now.settled, was.epoch, was.settled FROM now LEFT JOIN was ON true"

#define INGEST_SQL_EVENTS                                                                                              \
    "WITH stored AS (INSERT INTO told.event (source, id, feed, type, epoch, sequence, occurred_at, received_at, "      \
    "                                        digest, body) "                                                           \
    "  SELECT source, id, feed, type, epoch, sequence, occurred_at, coalesce(received_at, $11::timestamptz), "         \
    "         digest, body "                                                                                           \
    "  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[], "    \
    "              $8::text[], $9::bytea[], $10::timestamptz[]) WITH ORDINALITY "                                      \
    "       AS a(source, id, feed, type, epoch, sequence, occurred_at, digest, body, received_at, n) "                 \
    "  ORDER BY n ON CONFLICT DO NOTHING RETURNING event_id, feed), "                                                  \
    "states AS (INSERT INTO told.event_state (event_id, state, reason) "                                               \
    "  SELECT s.event_id, CASE WHEN f.frozen_at IS NULL THEN 'waiting' ELSE 'held' END, "                              \
    "         CASE WHEN f.frozen_at IS NOT NULL THEN 'feed frozen' END "                                               \
    "  FROM stored s LEFT JOIN told.feed_state f USING (feed)) "                                                       \
    "SELECT count(*) FROM stored"

#define INGEST_SQL_REFUSED                                                                                             \
    "INSERT INTO told.quarantine (feed, source, id, epoch, sequence, sha256, reason, body, received_at) "              \
    "SELECT feed, source, id, epoch, sequence, sha256, reason, body, coalesce(received_at, $10::timestamptz) "         \
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], "             \
    "            $8::bytea[], $9::timestamptz[]) "                                                                     \
    "     AS a(feed, source, id, epoch, sequence, sha256, reason, body, received_at) ON CONFLICT DO NOTHING"

#define INGEST_SQL_FREEZE                                                                                              \
    "WITH noted AS (INSERT INTO told.journal (at, what, detail) "                                                      \
    "  SELECT $3::timestamptz, 'feed frozen', json_build_object('feed', $1::text, 'reason', $2::text)::jsonb "         \
    "  WHERE NOT EXISTS (SELECT FROM told.feed_state WHERE feed = $1 AND frozen_at IS NOT NULL)) "                     \
    "INSERT INTO told.feed_state AS f (feed, frozen_reason, frozen_at) VALUES ($1, $2, $3::timestamptz) "              \
    "ON CONFLICT (feed) DO UPDATE SET frozen_reason = coalesce(f.frozen_reason, excluded.frozen_reason), "             \
    "frozen_at = coalesce(f.frozen_at, excluded.frozen_at)"

#define INGEST_SQL_ALARMS                                                                                              \
    "INSERT INTO told.alarm AS a (kind, key, detail, count, raised_at) "                                               \
    "SELECT kind, key, detail, count, $5::timestamptz "                                                                \
    "FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS n(kind, key, detail, count) "                    \
    "ON CONFLICT (kind, key) WHERE cleared_at IS NULL "                                                                \
    "DO UPDATE SET count = a.count + excluded.count, detail = excluded.detail"

/* The sources a feed has had: what to ask for after a start. */
#define INGEST_SQL_ROLL "SELECT source FROM told.cursor WHERE feed = $1 ORDER BY source"

/* Said once: after a restart the same hole, or what is left of it, is noticed again. */
#define INGEST_SQL_GAPS                                                                                                \
    "WITH stated AS (INSERT INTO told.feed_gap (feed, source, epoch, first, last, reason, since, stated_at) "          \
    "  SELECT feed, source, epoch, first, last, reason, $8::timestamptz - open_ms * interval '1 millisecond', "        \
    "         $8::timestamptz "                                                                                        \
    "  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[]) "       \
    "       AS n(feed, source, epoch, first, last, reason, open_ms) "                                                  \
    "  WHERE NOT EXISTS (SELECT FROM told.feed_gap g WHERE g.source = n.source AND g.epoch = n.epoch "                 \
    "                    AND g.closed_at IS NULL AND g.first <= n.first AND (g.last IS NULL OR g.last >= n.last)) "    \
    "  RETURNING gap_id, feed, source, epoch, first, last) "                                                           \
    "INSERT INTO told.journal (at, what, detail) SELECT $8::timestamptz, 'gap stated', json_build_object("             \
    "'gap', gap_id, 'feed', feed, 'source', source, 'epoch', epoch, 'first', first, 'last', last)::jsonb FROM stated"

/* Where a cursor has come past an open gap, all of it has been heard. Its alarm goes with the last of them, unless
 * somebody has been told of it already: then it is theirs to answer. */
#define INGEST_SQL_CURSORS                                                                                             \
    "WITH moved AS (INSERT INTO told.cursor AS c (source, feed, epoch, settled, moved_at) "                            \
    "SELECT source, feed, epoch, settled, $5::timestamptz "                                                            \
    "FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS n(source, feed, epoch, settled) "              \
    "ORDER BY source "                                                                                                 \
    "ON CONFLICT (source) DO UPDATE SET epoch = excluded.epoch, settled = excluded.settled, "                          \
    "moved_at = excluded.moved_at "                                                                                    \
    "WHERE (c.epoch, c.settled) <= (excluded.epoch, excluded.settled) RETURNING source, epoch, settled), "             \
    "heard AS (UPDATE told.feed_gap g SET closed_at = $5::timestamptz, closed_as = 'heard' FROM moved m "              \
    "  WHERE g.source = m.source AND g.epoch = m.epoch AND g.closed_at IS NULL AND g.last <= m.settled "               \
    "  RETURNING g.gap_id, g.feed, g.source, g.epoch, g.first, g.last), "                                              \
    "noted AS (INSERT INTO told.journal (at, what, detail) SELECT $5::timestamptz, 'gap heard', json_build_object("    \
    "  'gap', gap_id, 'feed', feed, 'source', source, 'epoch', epoch, 'first', first, 'last', last)::jsonb FROM heard) " \
    "UPDATE told.alarm a SET cleared_at = $5::timestamptz WHERE a.kind = 'gap' AND a.cleared_at IS NULL "              \
    "AND a.duty_id IS NULL AND a.key IN (SELECT source FROM heard) AND NOT EXISTS (SELECT FROM told.feed_gap g "       \
    "  WHERE g.source = a.key AND g.closed_at IS NULL AND g.gap_id NOT IN (SELECT gap_id FROM heard))"

#define INGEST_SQL_NUMBERS                                                                                             \
    "INSERT INTO told.event_number (source, epoch, sequence, id) "                                                     \
    "SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS n(source, epoch, sequence, id) "      \
    "WHERE NOT EXISTS (SELECT FROM told.event e WHERE e.source = n.source AND e.epoch = n.epoch "                      \
    "                  AND e.sequence = n.sequence) ON CONFLICT DO NOTHING"

#define INGEST_SQL_HEARD                                                                                               \
    "INSERT INTO told.feed_state AS f (feed, heard_at) SELECT DISTINCT feed, $2::timestamptz "                         \
    "FROM unnest($1::text[]) AS n(feed) ORDER BY feed "                                                                \
    "ON CONFLICT (feed) DO UPDATE SET heard_at = greatest(f.heard_at, excluded.heard_at)"

#endif
