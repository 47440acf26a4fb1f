/* SPDX-License-Identifier: Apache-2.0 */
/* feeds: how far each source is settled, thawing a feed that was frozen, closing a gap that will never be filled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "toldctl.h"
#include "toldctl_feed_gap.h"

/* clang-format off */
static const struct pg_statement list_feeds = {
    "feeds",
    "SELECT coalesce(f.feed, c.feed) AS feed, c.source, c.epoch, c.settled, " PG_INSTANT("f.heard_at") " AS"
    " heard_at, "
    PG_INSTANT("f.frozen_at") " AS frozen_at, f.frozen_reason,"
    " (SELECT count(*) FROM told.event e JOIN told.event_state s USING (event_id)"
    "  WHERE s.state = 'held' AND e.feed = coalesce(f.feed, c.feed)) AS held"
    " FROM told.feed_state f FULL JOIN told.cursor c USING (feed) ORDER BY 1, 2",
    0};
/* clang-format on */
static const struct pg_statement thaw_feed = {"feed_thaw",
                                              "UPDATE told.feed_state SET frozen_at = NULL, frozen_reason = "
                                              "NULL WHERE feed = $1 AND frozen_at IS NOT NULL RETURNING 1",
                                              1};
/* What is held for another reason stays. */
static const struct pg_statement release_events = {
    "feed_release",
    "UPDATE told.event_state s SET state = 'waiting', reason = NULL, begun = 0 FROM told.event e"
    " WHERE e.event_id = s.event_id AND s.state = 'held' AND s.reason = 'feed frozen' AND e.feed = $1",
    1};
static const struct pg_statement clear_alarm = {
    "feed_alarm",
    "UPDATE told.alarm SET cleared_at = $2 WHERE kind IN ('equivocation', 'frozen-feed') AND key = $1 AND cleared_at IS NULL "
    "AND duty_id IS NULL",
    2};

struct thaw {
    const char *feed;
    char released[24];
};

static int step_thaw(struct toldctl *ctl, void *step)
{
    struct thaw *t = step;
    struct instant now = toldctl_now(ctl);
    char at[INSTANT_TEXT_SIZE];
    const char *const values[] = {t->feed, instant_print(now, at)};
    PGresult *thawed = pg_run(ctl->pg, &thaw_feed, values);
    if (!thawed)
        return TOLDCTL_DATABASE;
    int was_frozen = PQntuples(thawed);
    PQclear(thawed);
    if (!was_frozen)
        return toldctl_refuse(EX_DATAERR, "no feed of that name is frozen; `toldctl feeds` lists them");
    PGresult *released = pg_run(ctl->pg, &release_events, values);
    if (!released)
        return TOLDCTL_DATABASE;
    snprintf(t->released, sizeof t->released, "%s", PQcmdTuples(released));
    PQclear(released);
    char *detail = store_detail("feed", t->feed, "released", t->released, NULL);
    bool good = pg_do(ctl->pg, &clear_alarm, values) &&
                store_journal(ctl->pg, now, &(struct store_journal){.what = "feed thawed", .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

int toldctl_feeds(struct toldctl *ctl, int argc, char **argv)
{
    const char *note = NULL;
    const struct toldctl_option options[] = {{.name = "note", .ret_text = &note}, {0}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    bool thaw = argc - at == 2 && strcmp(argv[at], "thaw") == 0;
    bool close_gap = argc - at == 2 && strcmp(argv[at], "close-gap") == 0;
    bool gaps = argc - at == 1 && strcmp(argv[at], "gaps") == 0;
    if ((!thaw && !close_gap && !gaps && at < argc) || (note && !close_gap))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    if (gaps)
        return toldctl_feed_gap_list(ctl);
    if (close_gap)
        return toldctl_feed_gap_close(ctl, argv[at + 1], note);
    if (!thaw)
        return toldctl_list(ctl, &list_feeds, NULL);
    struct thaw t = {.feed = argv[at + 1]};
    code = toldctl_step(ctl, step_thaw, &t);
    if (!code) {
        toldctl_kick(ctl);
        printf("feed %s: thawed, %s held events are decided now\n", t.feed, t.released);
    }
    return code;
}
