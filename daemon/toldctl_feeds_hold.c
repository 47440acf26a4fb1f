/* SPDX-License-Identifier: Apache-2.0 */
/* What the fan-out brake holds, and a person's word on it: decided as of its receipt, or never said. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl_alarm.h"
#include "toldctl_feeds.h"

static const struct pg_statement list_holds = {
    "holds",
    "SELECT 'H-' || h.hold_id AS hold, h.feed, h.event_id AS message, h.state, h.reason, " PG_INSTANT("h.opened_at")
    " AS opened_at, b.events, b.duties AS would_make, b.passed AS told_at_once, " PG_INSTANT("a.answered_at")
    " AS answered_at, a.answered_by, a.note FROM told.hold h LEFT JOIN told.hold_answer a USING (hold_id) CROSS JOIN LATERAL (SELECT count(*) AS events,"
    " coalesce(sum(duties), 0)::bigint AS duties, coalesce(sum(passed), 0)::bigint AS passed FROM told.held_event e"
    " WHERE e.hold_id = h.hold_id) b WHERE $1::boolean OR h.state = 'open' ORDER BY h.hold_id",
    1};
/* Whoever is putting an event behind it holds it shared: after this every one of them can be seen. */
static const struct pg_statement answer_hold = {
    "hold_answer",
    "WITH one AS (UPDATE told.hold SET state = $2 WHERE hold_id = $1 AND state = 'open' RETURNING hold_id, feed),"
    " answer AS (INSERT INTO told.hold_answer (hold_id, note, answered_at) SELECT hold_id, $4, $3::timestamptz FROM one)"
    " SELECT feed FROM one",
    4};
/* What the feed, or the message, said in the same hours and what was believed then. */
static const struct pg_statement add_believed = {
    "hold_all",
    "INSERT INTO told.held_event AS b (event_id, hold_id, duties, passed) SELECT e.event_id, h.hold_id, 0, 0"
    " FROM told.hold h, told.event e JOIN told.event_state s USING (event_id) WHERE h.hold_id = $1 AND e.feed = h.feed"
    " AND e.received_at >= (SELECT date_trunc('hour', min(f.received_at), 'UTC') FROM told.event f"
    "  JOIN told.held_event USING (event_id) WHERE hold_id = $1)"
    " AND (h.event_id IS NULL OR h.event_id = e.event_id OR h.event_id = e.parent_id)"
    " AND s.state IN ('decided', 'review') AND s.child_id IS NOT NULL AND s.retracted_by IS NULL"
    " ON CONFLICT (event_id) DO UPDATE SET hold_id = excluded.hold_id WHERE b.hold_id <> excluded.hold_id",
    1};
static const struct pg_statement count_events = {
    "hold_count", "SELECT count(*) FROM told.held_event WHERE hold_id = $1", 1};
/* An hour of which a person says that it was false does not measure how busy the feed is. */
static const struct pg_statement forget_hours = {
    "hold_hours",
    "UPDATE told.feed_hour h SET is_void = true FROM (SELECT DISTINCT e.feed, date_trunc('hour', e.received_at, 'UTC') AS hour"
    " FROM told.held_event b JOIN told.hold o USING (hold_id) JOIN told.event e ON e.event_id = b.event_id"
    " WHERE b.hold_id = $1 AND o.event_id IS NULL) v WHERE h.feed = v.feed AND h.hour = v.hour",
    1};
static const struct pg_statement find_stranger = {
    "hold_stranger",
    "SELECT u FROM unnest($2::bigint[]) u WHERE NOT EXISTS (SELECT FROM told.held_event WHERE hold_id = $1 AND event_id = u) LIMIT 1",
    2};
/* What is answered alone goes behind a hold of its own, which is answered at once; the other stays open. */
static const struct pg_statement split_hold = {
    "hold_split",
    "WITH one AS (SELECT hold_id, feed FROM told.hold WHERE hold_id = $1 AND state = 'open' FOR UPDATE),"
    " chosen AS (SELECT event_id FROM told.held_event JOIN one USING (hold_id) WHERE (event_id = ANY ($5::bigint[])) <> $6::boolean),"
    " part AS (INSERT INTO told.hold (feed, reason, opened_at, state) SELECT feed, 'a part of H-' || hold_id, $3::timestamptz, $2"
    "  FROM one WHERE EXISTS (SELECT FROM chosen) RETURNING hold_id, feed),"
    " moved AS (UPDATE told.held_event b SET hold_id = part.hold_id FROM part WHERE b.event_id IN (SELECT event_id FROM chosen)),"
    " answer AS (INSERT INTO told.hold_answer (hold_id, note, answered_at) SELECT hold_id, $4, $3::timestamptz FROM part)"
    " SELECT feed, hold_id, (SELECT count(*) FROM chosen) FROM part",
    6};
static const struct pg_statement list_events = {
    "hold_events",
    "SELECT e.event_id AS event, e.type, e.source, e.id, " PG_INSTANT("e.received_at") " AS received_at, s.state, s.child_id AS child,"
    " b.duties AS would_make, b.passed AS told_at_once FROM told.held_event b JOIN told.event e USING (event_id)"
    " JOIN told.event_state s USING (event_id) WHERE b.hold_id = $1 ORDER BY e.event_id",
    1};

struct answer {
    int64_t hold;
    const char *state; /* "released" "void" */
    const char *note;
    bool all;
    bool but;     /* all events but those that are named */
    char **named; /* numbers of events; none: the whole hold is answered */
    int named_count;
    struct answerer who;
    char events[24];
};

static int record(struct toldctl *ctl, const struct answer *a, const char *hold, const char *part, const char *feed)
{
    /* The words may say who somebody is: they stand in the hold, not in the journal. */
    char *detail = store_detail("hold", hold, "part", part, "feed", feed, "events", a->events, NULL);
    bool good = store_journal(ctl->pg, a->who.now,
                              &(struct store_journal){.what = strcmp(a->state, "void") == 0 ? "hold declared void" : "hold released",
                                                      .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static int check_named(struct toldctl *ctl, const char *hold, const char *events)
{
    PGresult *row = pg_run(ctl->pg, &find_stranger, (const char *[]){hold, events});
    if (!row)
        return TOLDCTL_DATABASE;
    int code = PQntuples(row) ? toldctl_refuse(EX_DATAERR, "H-%s does not hold event %s; `toldctl feeds holds H-%s` lists what it holds",
                                               hold, pg_column(row, 0, 0), hold)
                              : 0;
    PQclear(row);
    return code;
}

static int answer_part(struct toldctl *ctl, struct answer *a, const char *hold, const char *at)
{
    struct buf array = {0};
    for (int i = 0; i < a->named_count; i++) {
        char number[24];
        int64_t event = 0;
        toldctl_number(a->named[i], &event);
        snprintf(number, sizeof number, "%" PRId64, event);
        pg_array_add(&array, number);
    }
    const char *events = pg_array_end(&array);
    int code = check_named(ctl, hold, events);
    PGresult *row = code ? NULL
                         : pg_run(ctl->pg, &split_hold,
                                  (const char *[]){hold, a->state, at, a->note, events, a->but ? "true" : "false"});
    if (!code && !row)
        code = TOLDCTL_DATABASE;
    if (!code && PQntuples(row) == 0)
        code = toldctl_refuse(EX_DATAERR, "there is no open hold H-%s with other events; `toldctl feeds holds --all` lists them", hold);
    if (!code) {
        snprintf(a->events, sizeof a->events, "%s", pg_column(row, 0, 2));
        code = record(ctl, a, hold, pg_column(row, 0, 1), pg_column(row, 0, 0));
    }
    PQclear(row);
    buf_release(&array);
    return code;
}

static int step_answer(struct toldctl *ctl, void *step)
{
    struct answer *a = step;
    char id[24], key[32], at[INSTANT_TEXT_SIZE];
    int code = toldctl_answerer_find(ctl, &a->who);
    if (code)
        return code;
    snprintf(id, sizeof id, "%" PRId64, a->hold);
    snprintf(key, sizeof key, "H-%" PRId64, a->hold);
    instant_print(a->who.now, at);
    if (a->named_count > 0)
        return answer_part(ctl, a, id, at);
    PGresult *row = pg_run(ctl->pg, &answer_hold, (const char *[]){id, a->state, at, a->note});
    if (!row)
        return TOLDCTL_DATABASE;
    char *feed = PQntuples(row) ? mem_copy(pg_column(row, 0, 0)) : NULL;
    PQclear(row);
    if (!feed)
        return toldctl_refuse(EX_DATAERR, "there is no open hold H-%s; `toldctl feeds holds --all` lists them", id);
    /* However many they are, the command is done at once: decide takes them up, some at a time. */
    PGresult *events = !a->all || pg_do(ctl->pg, &add_believed, (const char *[]){id})
                           ? pg_run(ctl->pg, &count_events, (const char *[]){id})
                           : NULL;
    snprintf(a->events, sizeof a->events, "%s", events ? pg_column(events, 0, 0) : "");
    code = events ? toldctl_alarm_close(ctl, &a->who, "fan-out", key, a->note) : TOLDCTL_DATABASE;
    PQclear(events);
    if (!code && strcmp(a->state, "void") == 0 && !pg_do(ctl->pg, &forget_hours, (const char *[]){id}))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = record(ctl, a, id, NULL, feed);
    free(feed);
    return code;
}

/* words: the hold, and the events that are named. */
static int answer(struct toldctl *ctl, struct answer *a, int count, char **words)
{
    int64_t event;
    a->who.optional = true;
    a->named = words + 1;
    a->named_count = count - 1;
    if (!toldctl_number(words[0], &a->hold))
        return toldctl_refuse(EX_USAGE, "%s is no number of a hold; `toldctl feeds holds` lists them", words[0]);
    for (int i = 1; i < count; i++)
        if (!toldctl_number(words[i], &event))
            return toldctl_refuse(EX_USAGE, "%s is no number of an event; `toldctl feeds holds %s` lists them", words[i], words[0]);
    if (count == 1 ? a->but : a->all)
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_answer, a);
    if (!code)
        toldctl_kick(ctl);
    if (!code && ctl->json) {
        json_t *said = json_pack("{s:I, s:s, s:I}", "hold", (json_int_t)a->hold, "state", a->state, "events",
                                 (json_int_t)strtoll(a->events, NULL, 10));
        toldctl_print_json(said);
        json_decref(said);
    } else if (!code) {
        printf("hold H-%" PRId64 ": %s, %s events are %s now\n", a->hold, a->state, a->events,
               strcmp(a->state, "void") == 0 ? "taken back" : "decided as of their receipt");
    }
    toldctl_answerer_release(&a->who);
    return code;
}

int toldctl_feeds_holds(struct toldctl *ctl, int argc, char **argv)
{
    bool all = false;
    const struct toldctl_option options[] = {{.name = "all", .ret_flag = &all}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 1);
    if (at < 0)
        return EX_USAGE;
    char id[24];
    int64_t hold = 0;
    if (at < argc && !toldctl_number(argv[at], &hold))
        return toldctl_refuse(EX_USAGE, "%s is no number of a hold; `toldctl feeds holds` lists them", argv[at]);
    snprintf(id, sizeof id, "%" PRId64, hold);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    return at < argc ? toldctl_list(ctl, &list_events, (const char *[]){id})
                     : toldctl_list(ctl, &list_holds, (const char *[]){all ? "true" : "false"});
}

int toldctl_feeds_release(struct toldctl *ctl, int argc, char **argv)
{
    struct answer a = {.state = "released"};
    const struct toldctl_option options[] = {
        {.name = "note", .ret_text = &a.note}, {.name = "but", .ret_flag = &a.but}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, -1);
    return at < 0 ? EX_USAGE : answer(ctl, &a, argc - at, argv + at);
}

int toldctl_feeds_void(struct toldctl *ctl, int argc, char **argv)
{
    struct answer a = {.state = "void"};
    const struct toldctl_option options[] = {
        {.name = "reason", .ret_text = &a.note}, {.name = "all", .ret_flag = &a.all}, {.name = "but", .ret_flag = &a.but}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, -1);
    if (at < 0)
        return EX_USAGE;
    if (!a.note || !*a.note)
        return toldctl_refuse(EX_USAGE, "say why it may not be believed: --reason TEXT");
    return answer(ctl, &a, argc - at, argv + at);
}
