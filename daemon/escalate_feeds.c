/* SPDX-License-Identifier: Apache-2.0 */
#include "escalate_feeds.h"

#include <string.h>

#include "told/wire.h"

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

/* The feed whose gap an alarm states, by its key: the feed's name, or the source. */
static const struct config_feed *degraded(const struct config *config, const char *kind, const char *key)
{
    if (strcmp(kind, "gap-statement") == 0)
        return config_feed(config, key);
    if (strcmp(kind, "gap") != 0 && strcmp(kind, "epoch") != 0)
        return NULL;
    for (size_t i = 0; i < config->feed_count; i++)
        for (char **prefix = config->feeds[i].sources; prefix != NULL && *prefix != NULL; prefix++)
            if (wire_source_is_granted(*prefix, key))
                return &config->feeds[i];
    return NULL;
}

size_t escalate_feeds_teams(const struct config *config, const char *kind, const char *key, const char *ret[DUTY_LINES_MOST])
{
    const struct config_feed *feed = degraded(config, kind, key);
    size_t count = 0;

    if (feed == NULL)
        return 0;
    if (feed->gap_tells == NULL || feed->gap_tells[0] == NULL)
        ret[count++] = config->review_role;
    for (char **role = feed->gap_tells; role != NULL && *role != NULL && count < DUTY_LINES_MOST; role++)
        ret[count++] = *role;
    return count;
}
