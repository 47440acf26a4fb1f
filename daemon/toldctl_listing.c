/* SPDX-License-Identifier: Apache-2.0 */
/* status, events, duties, destinations: what is there, in ids, words and times, never in names. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "toldctl.h"

/* clang-format off */
static const struct pg_statement read_status = {
    "status",
    "SELECT i.authority, i.demonstration, (SELECT max(number) FROM told.schema_version) AS schema,"
    " (SELECT count(*) FROM told.event) AS events,"
    " (SELECT count(*) FROM told.event_state WHERE state = 'waiting') AS waiting,"
    " (SELECT count(*) FROM told.event_state WHERE state = 'held') AS held,"
    " (SELECT count(*) FROM told.event_state WHERE state = 'review') AS in_review,"
    " (SELECT count(*) FROM told.event_state WHERE state = 'decided') AS decided,"
    " (SELECT count(*) FROM told.quarantine WHERE state = 'open') AS quarantined,"
    " (SELECT count(*) FROM told.duty WHERE state <> 'closed') AS open_duties,"
    " (SELECT count(*) FROM told.duty WHERE state <> 'closed' AND due_at < $1) AS overdue,"
    " (SELECT count(*) FROM told.duty WHERE state <> 'closed' AND kind IN ('review', 'match')) AS"
    " open_reviews,"
    " (SELECT count(*) FROM told.notification WHERE state IN ('queued', 'claimed', 'uncertain')) AS"
    " notifications_under_way,"
    " (SELECT count(*) FROM told.notification WHERE state = 'failed') AS notifications_failed,"
    " (SELECT count(*) FROM told.message WHERE state IN ('waiting', 'claimed')) AS messages_under_way,"
    " (SELECT count(*) FROM told.alarm WHERE cleared_at IS NULL) AS alarms,"
    " (SELECT count(*) FROM told.feed_state WHERE frozen_at IS NOT NULL) AS frozen_feeds,"
    " (SELECT count(*) FROM told.journal j WHERE NOT EXISTS (SELECT FROM told.journal_seal s WHERE"
    " s.journal_id = j.journal_id))"
    "  AS journal_unsealed,"
    " (SELECT " PG_INSTANT("min(next_at)") " FROM told.duty WHERE state <> 'closed') AS next_step_at"
    " FROM told.installation i",
    1};
static const struct pg_statement read_alarms = {
    "status_alarms",
    "SELECT kind, key, " PG_INSTANT("raised_at") " AS raised_at, count, duty_id AS duty, detail"
    " FROM told.alarm WHERE cleared_at IS NULL ORDER BY alarm_id",
    0};
static const struct pg_statement list_events = {
    "events",
    "SELECT e.event_id AS event, s.state, s.child_id AS child, e.type, e.source, e.id,"
    " " PG_INSTANT("e.occurred_at") " AS occurred_at, "
    PG_INSTANT("e.received_at") " AS received_at, coalesce(s.reason, s.match_because) AS because"
    " FROM told.event e JOIN told.event_state s USING (event_id) WHERE $1::text IS NULL OR s.state = $1"
    " ORDER BY e.event_id DESC LIMIT $2::bigint",
    2};
static const struct pg_statement list_duties = {
    "duties",
    "SELECT d.duty_id AS duty, d.rule, d.kind, d.child_id AS child, d.case_ref AS \"case\","
    " coalesce(d.closed_as, d.state) AS state,"
    " d.state <> 'closed' AND d.due_at < $3 AS overdue, " PG_INSTANT("d.due_at") " AS due_at,"
    " " PG_INSTANT("d.told_at") " AS told_at, "
    PG_INSTANT("d.next_at") " AS next_at, (SELECT max(step) FROM told.duty_line l WHERE l.duty_id ="
    " d.duty_id) AS step,"
    " (SELECT string_agg(role, ' ' ORDER BY line) FROM told.duty_line l WHERE l.duty_id = d.duty_id) AS"
    " roles, d.title"
    " FROM told.duty d WHERE (NOT $1::boolean OR d.state <> 'closed')"
    " AND (NOT $2::boolean OR (d.state <> 'closed' AND d.due_at < $3)) AND ($4::bigint IS NULL OR"
    " d.child_id = $4)"
    " ORDER BY d.duty_id DESC LIMIT $5::bigint",
    5};
static const struct pg_statement list_destinations = {
    "destinations",
    "SELECT channel, name AS destination, state, " PG_INSTANT("since") " AS since_at, concurrency, most, failures, error,"
    " last_error, " PG_INSTANT("last_error_at") " AS last_error_at, " PG_INSTANT("probe_at") " AS next_probe_at, "
    PG_INSTANT("written_at") " AS changed_at FROM told.destination WHERE (channel = 'email' AND name = ANY ($1::text[]))"
    " OR (channel = 'webhook' AND name = ANY ($2::text[])) ORDER BY channel, name",
    2};
/* Without a relay that is alive nothing is claimed: it waits, however long that takes. */
static const struct pg_statement read_mail_down = {
    "destinations_down",
    "SELECT " PG_INSTANT("max(since)") ", (SELECT count(*) FROM told.message WHERE channel = 'email' AND state = 'waiting')"
    " FROM told.destination WHERE channel = 'email' AND name = ANY ($1::text[])"
    " HAVING bool_and(state = 'dead') AND count(*) = $2::int",
    2};
/* clang-format on */

static void print_pairs(const PGresult *row)
{
    for (int column = 0; column < PQnfields(row); column++) {
        char local[TOLDCTL_TIME_SIZE];
        struct instant at;
        const char *text = pg_column(row, 0, column);
        if (text && instant_parse(text, &at))
            text = toldctl_local_time(at, local);
        printf("%-24s %s\n", PQfname(row, column), text ? text : "-");
    }
}

static void print_status(const struct toldctl *ctl, struct instant now, const PGresult *row,
                         const PGresult *alarms)
{
    char text[INSTANT_TEXT_SIZE], local[TOLDCTL_TIME_SIZE];
    if (ctl->json) {
        json_t *status = toldctl_row(row, 0);
        json_object_set_new(status, "now", json_string(instant_print(now, text)));
        json_object_set_new(status, "open_alarms", toldctl_rows(alarms));
        toldctl_print_json(status);
        json_decref(status);
        return;
    }
    printf("%-24s %s\n", "now", toldctl_local_time(now, local));
    print_pairs(row);
    if (PQntuples(alarms)) {
        printf("\n");
        toldctl_print(ctl, alarms);
    }
}

int toldctl_status(struct toldctl *ctl, int argc, char **argv)
{
    char text[INSTANT_TEXT_SIZE];
    if (toldctl_options(ctl, argc, argv, NULL, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    struct instant now = toldctl_now(ctl);
    const char *const values[] = {instant_print(now, text)};
    PGresult *row = pg_run(ctl->pg, &read_status, values);
    PGresult *alarms = row ? pg_run(ctl->pg, &read_alarms, NULL) : NULL;
    if (alarms)
        print_status(ctl, now, row, alarms);
    else
        code = toldctl_database_code(ctl);
    PQclear(row);
    PQclear(alarms);
    return code;
}

/* Numbers among the options: absent is fine, nonsense is not. */
static bool is_number_or_absent(const char *text)
{
    int64_t number;
    return !text || toldctl_number(text, &number);
}

int toldctl_events(struct toldctl *ctl, int argc, char **argv)
{
    const char *state = NULL, *limit = "1000";
    const struct toldctl_option options[] = {
        {.name = "state", .ret_text = &state}, {.name = "limit", .ret_text = &limit}, {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    if (!is_number_or_absent(limit))
        return toldctl_usage(ctl->command);
    const char *const values[] = {state, limit};
    int code = toldctl_open_database(ctl);
    return code ? code : toldctl_list(ctl, &list_events, values);
}

int toldctl_duties(struct toldctl *ctl, int argc, char **argv)
{
    bool open = false, overdue = false;
    const char *child = NULL, *limit = "1000";
    char now[INSTANT_TEXT_SIZE];
    const struct toldctl_option options[] = {{.name = "open", .ret_flag = &open},
                                             {.name = "overdue", .ret_flag = &overdue},
                                             {.name = "child", .ret_text = &child},
                                             {.name = "limit", .ret_text = &limit},
                                             {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    if (!is_number_or_absent(child) || !is_number_or_absent(limit))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    const char *const values[] = {open ? "true" : "false", overdue ? "true" : "false",
                                  instant_print(toldctl_now(ctl), now), child, limit};
    return toldctl_list(ctl, &list_duties, values);
}

static int say_mail_down(struct toldctl *ctl, const char *relays)
{
    char count[24], since[TOLDCTL_TIME_SIZE];
    snprintf(count, sizeof count, "%zu", ctl->config->relay_count);
    const char *const values[] = {relays, count};
    PGresult *row = pg_run(ctl->pg, &read_mail_down, values);
    if (!row)
        return toldctl_database_code(ctl);
    if (PQntuples(row) > 0)
        printf("\nNo mail goes out: every relay is dead since %s; mails that wait: %s\n",
               toldctl_local_time(pg_column_instant(row, 0, 0), since), pg_column(row, 0, 1));
    PQclear(row);
    return 0;
}

/* Those that are in the configuration no more are left out. */
int toldctl_destinations(struct toldctl *ctl, int argc, char **argv)
{
    if (toldctl_options(ctl, argc, argv, NULL, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    struct buf relays = {0}, endpoints = {0};
    for (size_t i = 0; i < ctl->config->relay_count; i++)
        pg_array_add(&relays, ctl->config->relays[i].name != NULL ? ctl->config->relays[i].name : "relay");
    for (size_t i = 0; i < ctl->config->endpoint_count; i++)
        pg_array_add(&endpoints, ctl->config->endpoints[i].name);
    const char *const values[] = {pg_array_end(&relays), pg_array_end(&endpoints)};
    code = toldctl_list(ctl, &list_destinations, values);
    if (!code && !ctl->json)
        code = say_mail_down(ctl, values[0]);
    buf_release(&relays);
    buf_release(&endpoints);
    return code;
}
