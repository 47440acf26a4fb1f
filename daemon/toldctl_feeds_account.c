/* SPDX-License-Identifier: Apache-2.0 */
/* The account of a day: all that a feed sent, by what became of it, beside what its sender says it sent. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl_alarm.h"
#include "toldctl_feeds.h"

/*
 * An arrival is an event, or a foreign message with all the events it became: it is decided when all of them are. What was
 * refused at the door stands in quarantine and nowhere else; a part of a message that could not be used makes the whole message
 * one that is in quarantine, until a person has dealt with it. What was sent twice with the same words arrived once.
 */
/* clang-format off */
static const struct pg_statement account = {
    "account",
    "WITH known AS (SELECT feed FROM (SELECT unnest($4::text[]) AS feed UNION SELECT feed FROM told.feed_state UNION"
    "  SELECT feed FROM told.cursor UNION SELECT feed FROM told.feed_count) k WHERE $3::text IS NULL OR feed = $3),"
    " part AS (SELECT DISTINCT p.event_id, q.quarantine_id, q.state FROM told.quarantine q JOIN told.event p ON p.feed = q.feed"
    "  AND p.received_at = q.received_at AND p.source = q.source AND left(q.id, length(p.id) + 1) = p.id || '/'"
    "  WHERE q.received_at >= $1 AND q.received_at < $2 AND p.type LIKE 'foreign.%'),"
    " arrived AS (SELECT e.feed, coalesce(e.parent_id, e.event_id) AS arrival, s.state, e.parent_id IS NOT NULL AS made,"
    "  e.type LIKE 'foreign.%' AS message, s.retracted_by = e.event_id AS void"
    "  FROM known k JOIN told.event e ON e.feed = k.feed LEFT JOIN told.event_state s USING (event_id)"
    "  WHERE e.received_at >= $1 AND e.received_at < $2 AND e.type <> 'told.instant'),"
    " one AS (SELECT feed, count(*) FILTER (WHERE made) AS made, CASE WHEN bool_or(state = 'waiting') THEN 'waiting'"
    "  WHEN bool_or(state = 'held') THEN 'held' WHEN bool_or(state = 'review') THEN 'review'"
    "  WHEN bool_or(state = 'quarantined') OR EXISTS (SELECT FROM part WHERE part.event_id = arrival AND part.state = 'open')"
    "   THEN 'quarantined'"
    "  WHEN bool_or(void) AND bool_and(coalesce(void, false) OR message) THEN 'void' WHEN bool_and(state = 'decided')"
    "   THEN 'decided' END AS state FROM arrived GROUP BY feed, arrival"
    "  UNION ALL SELECT q.feed, 0, 'quarantined' FROM known JOIN told.quarantine q USING (feed)"
    "  WHERE q.received_at >= $1 AND q.received_at < $2 AND NOT EXISTS (SELECT FROM part WHERE part.quarantine_id = q.quarantine_id)"
    "  AND NOT EXISTS (SELECT FROM told.event e WHERE e.source = q.source AND e.id = q.id"
    "   AND encode(sha256(e.body), 'hex') = q.sha256)),"
    " said AS (SELECT DISTINCT ON (feed) feed, sent FROM told.feed_count WHERE day = $5::date ORDER BY feed, feed_count_id DESC)"
    " SELECT k.feed, count(one.feed) AS received, count(*) FILTER (WHERE state = 'decided') AS decided,"
    " count(*) FILTER (WHERE state = 'review') AS review, count(*) FILTER (WHERE state = 'quarantined') AS quarantined,"
    " count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'held') AS held,"
    " count(*) FILTER (WHERE state = 'void') AS void, count(one.feed) FILTER (WHERE state IS NULL) AS unaccounted,"
    " coalesce(sum(one.made), 0)::bigint AS made_of_messages, said.sent, said.sent - count(one.feed) AS missing"
    " FROM known k LEFT JOIN one USING (feed) LEFT JOIN said USING (feed) GROUP BY k.feed, said.sent ORDER BY k.feed",
    5};
/* clang-format on */
static const struct pg_statement record = {
    "feed_count", "INSERT INTO told.feed_count (feed, day, sent, note, recorded_at) VALUES ($1, $2::date, $3, $4, $5)", 5};
static const struct pg_statement is_known = {
    "feed_known", "SELECT EXISTS (SELECT FROM told.feed_state WHERE feed = $1) OR EXISTS (SELECT FROM told.cursor WHERE feed = $1)", 1};

enum { COLUMN_RECEIVED = 1, COLUMN_UNACCOUNTED = 8, COLUMN_MISSING = 11 };

/* A civil day of London is 23, 24 or 25 hours long. */
static PGresult *read_account(struct toldctl *ctl, struct civil_day day, const char *feed)
{
    char from[INSTANT_TEXT_SIZE], until[INSTANT_TEXT_SIZE], text[CIVIL_TEXT_SIZE];
    struct buf feeds = {0};
    for (size_t i = 0; i < ctl->config->feed_count; i++)
        pg_array_add(&feeds, ctl->config->feeds[i].name);
    PGresult *rows = pg_run(ctl->pg, &account,
                            (const char *[]){instant_print(civil_instant(day, 0, 0), from),
                                             instant_print(civil_instant(civil_add_days(day, 1), 0, 0), until), feed,
                                             pg_array_end(&feeds), civil_print(day, text)});
    buf_release(&feeds);
    return rows;
}

static int check_feed(struct toldctl *ctl, const char *feed)
{
    if (config_feed(ctl->config, feed))
        return 0;
    PGresult *row = pg_run(ctl->pg, &is_known, (const char *[]){feed});
    if (!row)
        return toldctl_database_code(ctl);
    bool known = pg_column_bool(row, 0, 0);
    PQclear(row);
    return known ? 0 : toldctl_refuse(EX_DATAERR, "there is no feed %s; `toldctl feeds` lists them", feed);
}

int toldctl_feeds_account(struct toldctl *ctl, const char *day_text, const char *feed)
{
    struct civil_day day;
    if (!civil_parse(day_text, &day))
        return toldctl_refuse(EX_USAGE, "%s is no day, write YYYY-MM-DD", day_text);
    int code = toldctl_open_database(ctl);
    if (!code && feed)
        code = check_feed(ctl, feed);
    if (code)
        return code;
    PGresult *rows = read_account(ctl, day, feed);
    if (!rows)
        return toldctl_database_code(ctl);
    toldctl_print(ctl, rows);
    for (int i = 0; i < PQntuples(rows); i++)
        if (pg_column_int(rows, i, COLUMN_MISSING) != 0 || pg_column_int(rows, i, COLUMN_UNACCOUNTED) != 0)
            code = 1;
    PQclear(rows);
    return code;
}

struct counting {
    const char *feed, *note, *sent;
    struct civil_day day;
    struct answerer who;
    int64_t received, missing;
};

/* An alarm while the two differ; one that a corrected count has settled ends. */
static int compare(struct toldctl *ctl, const struct counting *c, const char *day)
{
    char *key = mem_printf("%s %s", c->feed, day);
    int code;
    if (c->missing == 0) {
        code = toldctl_alarm_close(ctl, &c->who, "count", key, c->note);
    } else {
        char *detail = mem_printf("feed %s, %s: the sender counted %s, told received %" PRId64 ": %" PRId64 " %s; ask the sender to"
                                  " send them again, or record the right count with toldctl feeds count",
                                  c->feed, day, c->sent, c->received, c->missing > 0 ? c->missing : -c->missing,
                                  c->missing > 0 ? "are missing" : "are more than it knows of");
        code = store_alarm(ctl->pg, "count", key, detail, c->who.now) ? 0 : TOLDCTL_DATABASE;
        free(detail);
    }
    free(key);
    return code;
}

static int step_count(struct toldctl *ctl, void *step)
{
    struct counting *c = step;
    char day[CIVIL_TEXT_SIZE], at[INSTANT_TEXT_SIZE];
    int code = toldctl_answerer_find(ctl, &c->who);
    if (code)
        return code;
    civil_print(c->day, day);
    if (!pg_do(ctl->pg, &record, (const char *[]){c->feed, day, c->sent, c->note, instant_print(c->who.now, at)}))
        return TOLDCTL_DATABASE;
    PGresult *rows = read_account(ctl, c->day, c->feed);
    if (!rows)
        return TOLDCTL_DATABASE;
    c->received = pg_column_int(rows, 0, COLUMN_RECEIVED);
    c->missing = pg_column_int(rows, 0, COLUMN_MISSING);
    PQclear(rows);
    char received[24], *detail;
    snprintf(received, sizeof received, "%" PRId64, c->received);
    detail = store_detail("feed", c->feed, "day", day, "sent", c->sent, "received", received, NULL);
    bool good = store_journal(ctl->pg, c->who.now, &(struct store_journal){.what = "feed counted", .detail = detail});
    free(detail);
    return good ? compare(ctl, c, day) : TOLDCTL_DATABASE;
}

static bool is_count(const char *text)
{
    return *text && strlen(text) <= 15 && strspn(text, "0123456789") == strlen(text);
}

static void say(const struct toldctl *ctl, const struct counting *c)
{
    char day[CIVIL_TEXT_SIZE];
    civil_print(c->day, day);
    if (ctl->json) {
        json_t *said = json_pack("{s:s, s:s, s:I, s:I, s:I}", "feed", c->feed, "day", day, "sent",
                                 (json_int_t)strtoll(c->sent, NULL, 10), "received", (json_int_t)c->received, "missing",
                                 (json_int_t)c->missing);
        toldctl_print_json(said);
        json_decref(said);
    } else {
        printf("feed %s, %s: sent %s, received %" PRId64 "%s\n", c->feed, day, c->sent, c->received,
               c->missing == 0 ? "" : ": a difference, the operators are alarmed");
    }
}

int toldctl_feeds_count(struct toldctl *ctl, int argc, char **argv)
{
    struct counting c = {.who.optional = true};
    const struct toldctl_option options[] = {{.name = "note", .ret_text = &c.note}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 3, 3);
    if (at < 0)
        return EX_USAGE;
    c.feed = argv[at];
    c.sent = argv[at + 2];
    if (!civil_parse(argv[at + 1], &c.day))
        return toldctl_refuse(EX_USAGE, "%s is no day, write YYYY-MM-DD", argv[at + 1]);
    if (!is_count(c.sent))
        return toldctl_refuse(EX_USAGE, "%s is no count, write a whole number", c.sent);
    if (!c.note || !*c.note)
        return toldctl_refuse(EX_USAGE, "say where the count comes from: --note TEXT");
    int code = toldctl_open_database(ctl);
    if (!code)
        code = check_feed(ctl, c.feed);
    if (!code && c.day.number >= civil_day_of(toldctl_now(ctl)).number)
        code = toldctl_refuse(EX_DATAERR, "%s is not over in London; record its count when it is", argv[at + 1]);
    if (!code)
        code = toldctl_step(ctl, step_count, &c);
    if (!code) {
        toldctl_kick(ctl);
        say(ctl, &c);
        code = c.missing != 0 ? 1 : 0;
    }
    toldctl_answerer_release(&c.who);
    return code;
}
