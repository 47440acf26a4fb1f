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
struct answer {
    int64_t hold;
    const char *state; /* "released" "void" */
    const char *note;
    bool all;
    struct answerer who;
    char events[24];
};

static int step_answer(struct toldctl *ctl, void *step)
{
    struct answer *a = step;
    char id[24], key[32], at[INSTANT_TEXT_SIZE];
    int code = toldctl_answerer_find(ctl, &a->who);
    if (code)
        return code;
    snprintf(id, sizeof id, "%" PRId64, a->hold);
    snprintf(key, sizeof key, "H-%" PRId64, a->hold);
    PGresult *row = pg_run(ctl->pg, &answer_hold, (const char *[]){id, a->state, instant_print(a->who.now, at), a->note});
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
    /* The words may say who somebody is: they stand in the hold, not in the journal. */
    char *detail = store_detail("hold", id, "feed", feed, "events", a->events, NULL);
    if (!code && !store_journal(ctl->pg, a->who.now,
                                &(struct store_journal){.what = strcmp(a->state, "void") == 0 ? "hold declared void" : "hold released",
                                                        .detail = detail}))
        code = TOLDCTL_DATABASE;
    free(detail);
    free(feed);
    return code;
}

static int answer(struct toldctl *ctl, struct answer *a, const char *word)
{
    a->who.optional = true;
    if (!toldctl_number(word, &a->hold))
        return toldctl_refuse(EX_USAGE, "%s is no number of a hold; `toldctl feeds holds` lists them", word);
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
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_database(ctl);
    return code ? code : toldctl_list(ctl, &list_holds, (const char *[]){all ? "true" : "false"});
}

int toldctl_feeds_release(struct toldctl *ctl, int argc, char **argv)
{
    struct answer a = {.state = "released"};
    const struct toldctl_option options[] = {{.name = "note", .ret_text = &a.note}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, 1);
    return at < 0 ? EX_USAGE : answer(ctl, &a, argv[at]);
}

int toldctl_feeds_void(struct toldctl *ctl, int argc, char **argv)
{
    struct answer a = {.state = "void"};
    const struct toldctl_option options[] = {
        {.name = "reason", .ret_text = &a.note}, {.name = "all", .ret_flag = &a.all}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, 1);
    if (at < 0)
        return EX_USAGE;
    if (!a.note || !*a.note)
        return toldctl_refuse(EX_USAGE, "say why it may not be believed: --reason TEXT");
    return answer(ctl, &a, argv[at]);
}
