/* SPDX-License-Identifier: Apache-2.0 */
/* feeds: how each stands, the account of a day, what is held; thawing one that was frozen, closing a gap that stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "toldctl_feed_gap.h"
#include "toldctl_feeds.h"

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

/* What stands in a file of its own. */
static const struct {
    const char *word;
    toldctl_fn *run;
} parts[] = {
    {"count", toldctl_feeds_count},
    {"holds", toldctl_feeds_holds},
    {"release", toldctl_feeds_release},
    {"void", toldctl_feeds_void},
    {"silences", toldctl_feeds_silences},
};

int toldctl_feeds(struct toldctl *ctl, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(argv[1], parts[i].word) == 0)
            return parts[i].run(ctl, argc - 1, argv + 1);
    const char *note = NULL, *day = NULL;
    const struct toldctl_option options[] = {{.name = "note", .ret_text = &note}, {.name = "day", .ret_text = &day}, {0}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    if (day && !note && argc - at <= 1)
        return toldctl_feeds_account(ctl, day, at < argc ? argv[at] : NULL);
    bool thaw = argc - at == 2 && strcmp(argv[at], "thaw") == 0;
    bool close_gap = argc - at == 2 && strcmp(argv[at], "close-gap") == 0;
    bool gaps = argc - at == 1 && strcmp(argv[at], "gaps") == 0;
    if (day || (!thaw && !close_gap && !gaps && at < argc) || (note && !close_gap))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    if (gaps)
        return toldctl_feed_gap_list(ctl);
    if (close_gap)
        return toldctl_feed_gap_close(ctl, argv[at + 1], note);
    if (!thaw)
        return toldctl_feeds_state(ctl);
    struct thaw t = {.feed = argv[at + 1]};
    code = toldctl_step(ctl, step_thaw, &t);
    if (!code) {
        toldctl_kick(ctl);
        printf("feed %s: thawed, %s held events are decided now\n", t.feed, t.released);
    }
    return code;
}
