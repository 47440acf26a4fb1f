/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new list of bank holidays before it is put in force: whether it can be used, what it changes against the configured
 * one, and which open duties would move. It is stored by its hash; the calendar that told counts by stays the configured
 * file, so that a file and a database cannot say two things.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "store.h"
#include "told/decide.h"
#include "toldctl_because.h"
#include "toldctl_import.h"
#include "version_shelf.h"

/* The ground that holds is the last that came and was not taken back. */
static const struct pg_statement open_duties = {
    "import_calendar_duties",
    "SELECT d.duty_id, d.child_id, d.rule, d.duty, d.protocol_hash, " PG_INSTANT("d.received_at") ", " PG_INSTANT("d.due_at") ","
    " (SELECT g.event_id FROM told.duty_ground g JOIN told.event e USING (event_id) JOIN told.event_state s USING (event_id)"
    " WHERE g.duty_id = d.duty_id AND s.retracted_by IS NULL ORDER BY e.received_at DESC, e.event_id DESC LIMIT 1)"
    " FROM told.duty d WHERE d.kind = 'duty' AND d.state <> 'closed' AND d.child_id IS NOT NULL ORDER BY d.duty_id",
    0};
static const struct pg_statement keep = {
    "import_calendar_keep",
    "INSERT INTO told.calendar_version (hash, text, first_used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", 3};

struct calendar_step {
    struct calendar *calendar;
    char *text;
    struct version_shelf *versions;
    json_t *moves;
};

static bool is_holiday(const struct calendar *calendar, struct civil_day day)
{
    return civil_weekday(day) < 5 && calendar_covers(calendar, day) && !calendar_is_working_day(calendar, day);
}

/* The weekdays that are bank holidays of `these` and not of `those`. */
static json_t *list_days(const struct calendar *these, const struct calendar *those)
{
    struct civil_day day = civil_day_of_date(calendar_first_year(these), 1, 1);
    struct civil_day last = civil_day_of_date(calendar_last_year(these), 12, 31);
    json_t *days = json_array();
    char text[CIVIL_TEXT_SIZE];
    for (; day.number <= last.number; day = civil_add_days(day, 1))
        if (is_holiday(these, day) && !is_holiday(those, day))
            json_array_append_new(days, json_string(civil_print(day, text)));
    return days;
}

static void add_move(struct calendar_step *s, const PGresult *rows, int row, struct instant was, struct instant would)
{
    char from[INSTANT_TEXT_SIZE], to[INSTANT_TEXT_SIZE];
    if (instant_compare(was, would) != 0)
        json_array_append_new(s->moves, json_pack("{sI ss ss ss}", "duty", (json_int_t)pg_column_int(rows, row, 0), "paragraph",
                                                  pg_column(rows, row, 3), "due_at", instant_print(was, from),
                                                  "would_be_due_at", instant_print(would, to)));
}

/* As decide works it out when the calendar changes: on all that is known by now. */
static int try_duty(struct toldctl *ctl, struct calendar_step *s, const PGresult *rows, int row)
{
    struct toldctl_subject subject = {0};
    struct timeline_view all = {0};
    struct decided_due due = {0};
    bool good = true;
    const struct rule *rule = version_shelf_rule(s->versions, ctl->pg, ctl->config->protocol, pg_column(rows, row, 4),
                                                 pg_column(rows, row, 2), &good);
    if (!good)
        return TOLDCTL_DATABASE;
    if (!rule || !pg_column(rows, row, 7))
        return 0;
    int code = toldctl_because_open(ctl, pg_column_int(rows, row, 1), pg_column_int(rows, row, 7), INSTANT_NONE, &subject);
    if (!code) {
        timeline_view_all(&subject.timeline, &all);
        subject.input.received_at = pg_column_instant(rows, row, 5);
        subject.input.history = all.history;
        subject.input.history_count = all.history_count;
        if (decide_due(rule, s->calendar, &subject.input, &due))
            add_move(s, rows, row, pg_column_instant(rows, row, 6), due.at);
    }
    decided_due_release(&due);
    timeline_view_release(&all);
    toldctl_because_release(&subject);
    return code;
}

static int step_calendar(struct toldctl *ctl, void *step)
{
    struct calendar_step *s = step;
    struct instant now = toldctl_now(ctl);
    char at[INSTANT_TEXT_SIZE];
    json_array_clear(s->moves);
    PGresult *rows = pg_run(ctl->pg, &open_duties, NULL);
    int code = rows ? 0 : TOLDCTL_DATABASE;
    for (int row = 0; !code && row < PQntuples(rows); row++)
        code = try_duty(ctl, s, rows, row);
    PQclear(rows);
    if (code)
        return code;
    char *detail = store_detail("subject", "calendar", "hash", calendar_hash(s->calendar), NULL);
    const char *const values[] = {calendar_hash(s->calendar), s->text, instant_print(now, at)};
    bool good = pg_do(ctl->pg, &keep, values) &&
                store_journal(ctl->pg, now, &(struct store_journal){.what = "import", .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static void print_days(const json_t *days, const char *what)
{
    const json_t *day;
    size_t i;
    json_array_foreach(days, i, day)
        printf("%s %s\n", what, json_string_value(day));
}

static void say(struct toldctl *ctl, const struct calendar_step *s)
{
    const struct calendar *configured = ctl->config->calendar;
    char *path = config_text_path(ctl->config, ctl->config->names.calendar);
    bool same = strcmp(calendar_hash(s->calendar), calendar_hash(configured)) == 0;
    json_t *said = json_pack("{ss sb so so sO ss}", "hash", calendar_hash(s->calendar), "in_force", same, "added",
                             list_days(s->calendar, configured), "removed", list_days(configured, s->calendar), "moves",
                             s->moves, "configured", path);
    const json_t *one;
    size_t i;
    char from[TOLDCTL_TIME_SIZE], to[TOLDCTL_TIME_SIZE];
    if (ctl->json) {
        toldctl_print_json(said);
    } else {
        print_days(json_object_get(said, "added"), "added  ");
        print_days(json_object_get(said, "removed"), "removed");
        json_array_foreach(s->moves, i, one)
            printf("D-%lld %s would move from %s to %s\n", (long long)json_integer_value(json_object_get(one, "duty")),
                   json_text_at(one, "paragraph"), toldctl_because_time(json_object_get(one, "due_at"), from),
                   toldctl_because_time(json_object_get(one, "would_be_due_at"), to));
        printf("calendar %s, %d to %d, is stored; %s\n", calendar_hash(s->calendar), calendar_first_year(s->calendar),
               calendar_last_year(s->calendar),
               same ? "it is the one in force" : "nothing counts by it yet");
        if (!same)
            printf("to put it in force: copy it to %s, try `told -n`, and have told reload (SIGHUP)\n", path);
    }
    json_decref(said);
    free(path);
}

/* "line 3: what, what to do" becomes FILE:3: …, as every import names its faults. */
static int refuse(const char *path, const char *reason)
{
    char *end = NULL;
    long line = strncmp(reason, "line ", 5) == 0 ? strtol(reason + 5, &end, 10) : 1;
    bool has_line = end && strncmp(end, ": ", 2) == 0;
    fprintf(stderr, "%s:%ld: %s\n", path, has_line ? line : 1, has_line ? end + 2 : reason);
    return toldctl_refuse(EX_DATAERR, "%s: 1 fault; nothing was imported", path);
}

int toldctl_import_calendar(struct toldctl *ctl, const char *path)
{
    struct calendar_step s = {0};
    char *reason = NULL;
    size_t len;
    if (!toldctl_read(path, &s.text, &len))
        return EX_NOINPUT;
    s.calendar = calendar_parse(s.text, len, &reason);
    int code = s.calendar ? toldctl_open_database(ctl) : refuse(path, reason);
    s.moves = json_array();
    s.versions = version_shelf_new();
    if (!code)
        code = toldctl_step(ctl, step_calendar, &s);
    if (!code)
        say(ctl, &s);
    version_shelf_free(s.versions);
    json_decref(s.moves);
    calendar_free(s.calendar);
    free(s.text);
    free(reason);
    return code;
}
