/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine: what could not be understood, looked at again. feeds: how far each is, and thawing one that was
 * frozen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_judge.h"
#include "store.h"
#include "told/event.h"
#include "toldctl.h"

/* clang-format off */
/* What somebody who may not have been granted anything calls themselves may be anybody's name: it is shown where the source has
 * been heard of before, and with the one that a person asks for. */
#define KNOWN \
    "(EXISTS (SELECT FROM told.event e WHERE e.source = q.source) OR EXISTS (SELECT FROM told.cursor c WHERE c.source = q.source))"
#define SHOWN "CASE WHEN " KNOWN " THEN source END AS source, CASE WHEN " KNOWN " THEN id END AS id,"
static const struct pg_statement list_open = {
    "quarantine_open",
    "SELECT quarantine_id AS quarantine, feed, " SHOWN " " PG_INSTANT("received_at") " AS received_at,"
    " octet_length(body) AS bytes,"
    " state, reason FROM told.quarantine q WHERE state = 'open' ORDER BY quarantine_id",
    0};
static const struct pg_statement list_all = {
    "quarantine_all",
    "SELECT quarantine_id AS quarantine, feed, " SHOWN " " PG_INSTANT("received_at") " AS received_at,"
    " octet_length(body) AS bytes,"
    " state, reason FROM told.quarantine q ORDER BY quarantine_id DESC LIMIT 1000",
    0};
/* A part of a foreign message (ID/part) has no bytes of its own: they are the message's. */
#define BODY \
    "CASE WHEN q.body <> '' THEN q.body ELSE coalesce((SELECT e.body FROM told.event e WHERE e.source = q.source" \
    " AND e.type LIKE 'foreign.%' AND e.id IN (SELECT left(q.id, n - 1) FROM generate_series(2, length(q.id)) n" \
    " WHERE substr(q.id, n, 1) = '/') ORDER BY length(e.id) DESC LIMIT 1), q.body) END AS body"
static const struct pg_statement read_one = {
    "quarantine_one",
    "SELECT feed, " PG_INSTANT("received_at") ", state, reason, epoch, " BODY ", sha256, source, id, sequence"
    " FROM told.quarantine q WHERE quarantine_id = $1",
    1};
static const struct pg_statement lock_one = {
    "quarantine_lock",
    "UPDATE told.quarantine q SET state = $2 WHERE quarantine_id = $1 AND state = 'open'"
    " RETURNING feed, " PG_INSTANT("received_at") ", epoch, " BODY,
    2};
/* clang-format on */
static const struct pg_statement insert_event = {
    "quarantine_event",
    "INSERT INTO told.event (source, id, feed, type, epoch, sequence, occurred_at, received_at, digest, body)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (source, id) DO NOTHING RETURNING "
    "event_id",
    10};
static const struct pg_statement insert_state = {
    "quarantine_state", "INSERT INTO told.event_state (event_id, state) VALUES ($1, $2)", 2};
static const struct pg_statement is_frozen = {
    "quarantine_frozen", "SELECT 1 FROM told.feed_state WHERE feed = $1 AND frozen_at IS NOT NULL", 1};
static const struct pg_statement clear_alarm = {"quarantine_alarm",
                                                "UPDATE told.alarm SET cleared_at = $3 WHERE kind = $1 AND "
                                                "key = $2 AND cleared_at IS NULL AND duty_id IS NULL",
                                                3};

/* An event that was stored and set aside, or a foreign message with a part that could not be used: it is
 * taken up again. */
static const struct pg_statement take_up = {"quarantine_take_up",
                                            "UPDATE told.event_state s SET state = 'waiting', reason = "
                                            "'retried by a person', begun = 0 FROM told.event e"
                                            " WHERE e.event_id = s.event_id AND e.source = $1 AND e.id = $2 "
                                            "AND s.retracted_by IS NULL AND (s.state = 'quarantined' OR $3::boolean)"
                                            " RETURNING s.event_id",
                                            3};

struct retry {
    const char *id;
    const char *to; /* 'retried' or 'dismissed' */
    int64_t event_id;
};

static int take_up_again(struct toldctl *ctl, struct retry *r, const struct event *event)
{
    const char *const values[] = {event_source(event), event_id(event),
                                  event_is_foreign(event) ? "true" : "false"};
    PGresult *done = pg_run(ctl->pg, &take_up, values);
    if (!done)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(done))
        r->event_id = pg_column_int(done, 0, 0);
    else
        code = toldctl_refuse(
            EX_DATAERR, "an event of this source and id is stored already; `toldctl quarantine dismiss %s`",
            r->id);
    PQclear(done);
    return code;
}

static int insert(struct toldctl *ctl, struct retry *r, const struct event *event, const PGresult *row,
                  bool frozen)
{
    char digest[65], occurred[INSTANT_TEXT_SIZE], sequence[24], state_id[24];
    event_digest(event, digest);
    snprintf(sequence, sizeof sequence, "%" PRIu64, event_sequence(event));
    const char *epoch = pg_column(row, 0, 2);
    bool in_log = epoch && event_has_sequence(event);
    const char *const values[] = {event_source(event),
                                  event_id(event),
                                  pg_column(row, 0, 0),
                                  event_type(event),
                                  in_log ? epoch : NULL,
                                  in_log ? sequence : NULL,
                                  instant_print(event_time(event), occurred),
                                  pg_column(row, 0, 1),
                                  digest,
                                  pg_column(row, 0, 3)};
    PGresult *done = pg_run(ctl->pg, &insert_event, values);
    if (!done)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(done) == 0) {
        code = take_up_again(ctl, r, event);
    } else {
        r->event_id = pg_column_int(done, 0, 0);
        snprintf(state_id, sizeof state_id, "%" PRId64, r->event_id);
        const char *const state[] = {state_id, frozen ? "held" : "waiting"};
        code = pg_do(ctl->pg, &insert_state, state) ? 0 : TOLDCTL_DATABASE;
    }
    PQclear(done);
    return code;
}

/* The grants of today, as ingest applies them. */
static bool is_granted(const struct config_feed *feed, const struct event *event)
{
    return feed_judge_source(feed, event_source(event)) && feed_judge_type(feed, event_type(event));
}

/* The same bytes are judged anew: the catalogue or the configuration may know more by now than when they
 * came. */
static int judge(struct toldctl *ctl, struct retry *r, const PGresult *row)
{
    size_t len = 0;
    enum event_fault fault;
    char *reason = NULL;
    unsigned char *body = PQunescapeBytea((const unsigned char *)pg_column(row, 0, 3), &len);
    struct event *event = event_parse((const char *)body, len, &fault, &reason);
    const struct config_feed *feed = config_feed(ctl->config, pg_column(row, 0, 0));
    const char *const name[] = {pg_column(row, 0, 0)};
    bool granted = event && feed && is_granted(feed, event);
    int code = 0;
    PGresult *frozen = NULL;
    if (!event)
        code = toldctl_refuse(EX_DATAERR, "still not understood: %s", reason);
    else if (!granted)
        code = toldctl_refuse(EX_NOPERM, "the feed it came by may not say this; grant its source and type in "
                                         "the configuration, or dismiss it");
    else if (!(frozen = pg_run(ctl->pg, &is_frozen, name)))
        code = TOLDCTL_DATABASE;
    else
        code = insert(ctl, r, event, row, PQntuples(frozen) > 0);
    PQclear(frozen);
    event_free(event);
    free(reason);
    PQfreemem(body);
    return code;
}

static int step_retry(struct toldctl *ctl, void *step)
{
    struct retry *r = step;
    char at[INSTANT_TEXT_SIZE];
    struct instant now = toldctl_now(ctl);
    const char *const values[] = {r->id, r->to};
    PGresult *row = pg_run(ctl->pg, &lock_one, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(row) == 0)
        code = toldctl_refuse(
            EX_DATAERR, "nothing open in quarantine has the number %s; `toldctl quarantine` lists it", r->id);
    else if (strcmp(r->to, "retried") == 0)
        code = judge(ctl, r, row);
    PQclear(row);
    if (code)
        return code;
    char *detail = store_detail("quarantine", r->id, "state", r->to, NULL);
    const char *const alarm[] = {"quarantine", r->id, instant_print(now, at)};
    bool good = pg_do(ctl->pg, &clear_alarm, alarm) &&
                store_journal(
                    ctl->pg, now,
                    &(struct store_journal){.what = "quarantine", .event_id = r->event_id, .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static int show(struct toldctl *ctl, const char *id)
{
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &read_one, values);
    if (!row)
        return toldctl_database_code(ctl);
    int code = 0;
    size_t len = 0;
    if (PQntuples(row) == 0) {
        code = toldctl_refuse(EX_DATAERR, "nothing in quarantine has the number %s", id);
    } else {
        unsigned char *body = PQunescapeBytea((const unsigned char *)pg_column(row, 0, 5), &len);
        fprintf(stderr, "feed %s, received %s, %s: %s\n", pg_column(row, 0, 0), pg_column(row, 0, 1),
                pg_column(row, 0, 2), pg_column(row, 0, 3));
        /* The bytes as they came, for a pipe; a terminal gets none of their control bytes. */
        for (size_t i = 0; i < len; i++)
            putchar(body[i] >= 0x20 || body[i] == '\n' || body[i] == '\t' ? body[i] : '?');
        putchar('\n');
        PQfreemem(body);
    }
    PQclear(row);
    return code;
}

static int retry(struct toldctl *ctl, const char *id, const char *to)
{
    struct retry r = {.id = id, .to = to};
    int code = toldctl_step(ctl, step_retry, &r);
    if (code)
        return code;
    toldctl_kick(ctl);
    if (r.event_id)
        printf("quarantine %s: understood now, event %" PRId64 "\n", id, r.event_id);
    else
        printf("quarantine %s: %s\n", id, to);
    return 0;
}

int toldctl_quarantine(struct toldctl *ctl, int argc, char **argv)
{
    bool all = false;
    int64_t number;
    const struct toldctl_option options[] = {{.name = "all", .ret_flag = &all}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 0, 2);
    if (at < 0)
        return EX_USAGE;
    const char *verb = at < argc ? argv[at] : "list", *id = at + 1 < argc ? argv[at + 1] : NULL;
    bool list = strcmp(verb, "list") == 0;
    if (list ? id != NULL : !id || !toldctl_number(id, &number))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    if (list)
        return toldctl_list(ctl, all ? &list_all : &list_open, NULL);
    if (strcmp(verb, "show") == 0)
        return show(ctl, id);
    if (strcmp(verb, "retry") == 0)
        return retry(ctl, id, "retried");
    return strcmp(verb, "dismiss") == 0 ? retry(ctl, id, "dismissed") : toldctl_usage(ctl->command);
}
