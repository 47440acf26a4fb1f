/* SPDX-License-Identifier: Apache-2.0 */
/* One duty whole: why it is there, how far its lines have climbed, who was told, who answered, and the record
 * of it all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toldctl.h"

/* The parts in reading order; each statement takes the duty's number. */
/* clang-format off */
static const struct {
    const char *name;
    struct pg_statement statement;
} parts[] = {
    {"grounds",
     {"duty_grounds",
      "SELECT g.event_id AS event, e.type, e.source, e.id, " PG_INSTANT("e.occurred_at") " AS occurred_at, "
      PG_INSTANT("e.received_at") " AS received_at FROM told.duty_ground g JOIN told.event e USING (event_id)"
      " WHERE g.duty_id = $1 ORDER BY g.added_at, g.event_id",
      1}},
    {"lines",
     {"duty_lines",
      "SELECT line, role, to_json(above) AS above, step, " PG_INSTANT("next_at") " AS next_at, stopped,"
      " chase, "
      PG_INSTANT("reached_at") " AS reached_at, " PG_INSTANT("answered_at") " AS answered_at, answered_for"
      " FROM told.duty_line WHERE duty_id = $1 ORDER BY line",
      1}},
    {"notifications",
     {"duty_notifications",
      "SELECT notification_id AS notification, kind, role, line, step, telling, channel, recipient, state,"
      " reason,"
      " because, message_id AS message, " PG_INSTANT("created_at") " AS created_at,"
      " " PG_INSTANT("sent_at") " AS sent_at"
      " FROM told.notification WHERE duty_id = $1 ORDER BY notification_id",
      1}},
    {"attempts",
     {"duty_attempts",
      "SELECT a.message_id AS message, m.uid, a.number, " PG_INSTANT("a.started_at") " AS started_at, "
      PG_INSTANT("a.ended_at") " AS ended_at, a.outcome, a.uncertain, a.code, a.reason"
      " FROM told.attempt a JOIN told.message m USING (message_id)"
      " WHERE a.message_id IN (SELECT message_id FROM told.notification WHERE duty_id = $1) ORDER BY"
      " a.message_id, a.number",
      1}},
    {"answers",
     {"duty_answers",
      "SELECT " PG_INSTANT("answered_at") " AS answered_at, kind, answered_for, answered_by, note"
      " FROM told.answer WHERE duty_id = $1 ORDER BY answer_id",
      1}},
    {"journal",
     {"duty_journal",
      "SELECT journal_id AS number, " PG_INSTANT("at") " AS at_at, who, what, event_id AS event,"
      " notification_id AS notification,"
      " message_id AS message, detail FROM told.journal WHERE duty_id = $1 ORDER BY journal_id",
      1}},
};
/* clang-format on */

/* clang-format off */
static const struct pg_statement read_duty = {
    "duty",
    "SELECT duty_id AS duty, kind, rule, duty AS paragraph, title, state, closed_as,"
    " " PG_INSTANT("closed_at") " AS closed_at,"
    " closed_reason, closes, child_id AS child, case_ref AS \"case\", key, occurrence, immediate,"
    " provisional, telling, "
    PG_INSTANT("received_at") " AS received_at, " PG_INSTANT("due_at") " AS due_at,"
    " " PG_INSTANT("opened_at") " AS opened_at, "
    PG_INSTANT("told_at") " AS told_at, as_of::text AS as_of, met_role, met_by, "
    PG_INSTANT("met_at") " AS met_at, " PG_INSTANT("acknowledged_at") " AS acknowledged_at,"
    " " PG_INSTANT("next_at") " AS next_at,"
    " because, protocol_hash AS protocol, calendar_hash AS calendar FROM told.duty WHERE duty_id = $1",
    1};
/* clang-format on */

static void print_pairs(const PGresult *row)
{
    for (int column = 0; column < PQnfields(row); column++) {
        char local[TOLDCTL_TIME_SIZE];
        const char *name = PQfname(row, column), *text = pg_column(row, 0, column);
        struct instant at;
        if (!text)
            continue;
        if (strlen(name) > 3 && strcmp(name + strlen(name) - 3, "_at") == 0 && instant_parse(text, &at))
            text = toldctl_local_time(at, local);
        printf("%-16s %s\n", name, text);
    }
}

static int print_part(struct toldctl *ctl, size_t part, const char *const *values, json_t *whole)
{
    PGresult *rows = pg_run(ctl->pg, &parts[part].statement, values);
    if (!rows)
        return toldctl_database_code(ctl);
    if (ctl->json)
        json_object_set_new(whole, parts[part].name, toldctl_rows(rows));
    else if (PQntuples(rows)) {
        printf("\n%s\n", parts[part].name);
        toldctl_print(ctl, rows);
    }
    PQclear(rows);
    return 0;
}

int toldctl_duty(struct toldctl *ctl, int argc, char **argv)
{
    int64_t number;
    int at = toldctl_options(ctl, argc, argv, NULL, 1, 1);
    if (at < 0)
        return EX_USAGE;
    if (!toldctl_number(argv[at], &number))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    const char *const values[] = {argv[at]};
    PGresult *row = pg_run(ctl->pg, &read_duty, values);
    if (!row)
        return toldctl_database_code(ctl);
    json_t *whole = PQntuples(row) ? toldctl_row(row, 0) : NULL;
    if (!whole)
        code = toldctl_refuse(EX_DATAERR, "there is no duty %s; `toldctl duties` lists them", argv[at]);
    else if (!ctl->json)
        print_pairs(row);
    for (size_t i = 0; !code && i < sizeof parts / sizeof *parts; i++)
        code = print_part(ctl, i, values, whole);
    if (!code && ctl->json)
        toldctl_print_json(whole);
    json_decref(whole);
    PQclear(row);
    return code;
}
