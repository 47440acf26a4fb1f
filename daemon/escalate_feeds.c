/* SPDX-License-Identifier: Apache-2.0 */
#include "escalate_feeds.h"

static const struct pg_statement HOLD_ALARMS = {
    "hold_alarms",
    "INSERT INTO told.alarm (kind, key, detail, raised_at) SELECT 'fan-out', 'H-' || h.hold_id,"
    " format('the feed %s is held by the fan-out brake: %s; look at toldctl feeds holds, then toldctl feeds release H-%s or"
    " toldctl feeds void H-%s', h.feed, h.reason, h.hold_id, h.hold_id), $1::timestamptz FROM told.hold h WHERE h.state = 'open'"
    " AND NOT EXISTS (SELECT FROM told.alarm a WHERE a.kind = 'fan-out' AND a.key = 'H-' || h.hold_id AND a.cleared_at IS NULL)"
    " ORDER BY h.hold_id ON CONFLICT (kind, key) WHERE cleared_at IS NULL DO NOTHING",
    1};

bool escalate_feeds_holds(struct duty_store *s)
{
    char now[INSTANT_TEXT_SIZE];

    return pg_do(s->pg, &HOLD_ALARMS, (const char *[]){instant_print(s->now, now)});
}
