/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"

/* A ground is one as long as its event is this child's and was not taken back. */
static const struct pg_statement GROUNDLESS = {
    "duty_groundless",
    "SELECT d.duty_id FROM told.duty d JOIN told.duty_ground g USING (duty_id)"
    " WHERE g.event_id = $2 AND d.child_id = $1 AND (d.state <> 'closed' OR $3::boolean) AND NOT EXISTS (SELECT FROM told.duty_ground o"
    " JOIN told.event_state s USING (event_id) WHERE o.duty_id = d.duty_id AND o.event_id <> $2 AND s.retracted_by IS NULL"
    " AND s.child_id = $1) ORDER BY d.duty_id FOR UPDATE OF d",
    3};

/* Exactly those who were reached, or may have been, where they were told. */
static const struct pg_statement CORRECT = {
    "notification_correct",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, recipient, created_at)"
    /* Of two who were told as the same role each gets one: their tellings differ. */
    " SELECT duty_id, telling + row_number() OVER (PARTITION BY line, step, role, channel ORDER BY notification_id), line, step,"
    " 'correction', role, channel, recipient, $2::timestamptz FROM (SELECT DISTINCT ON (n.recipient, n.channel) n.duty_id,"
    " (SELECT max(o.telling) FROM told.notification o WHERE o.duty_id = d.duty_id) AS telling, n.line, n.step, n.role, n.channel,"
    " n.recipient, n.notification_id"
    " FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.message m USING (message_id)"
    " WHERE n.duty_id = $1 AND n.kind NOT IN ('correction', 'closing') AND (n.state IN ('sent', 'uncertain', 'claimed') OR m.uncertain)"
    " ORDER BY n.recipient, n.channel, n.notification_id) reached ON CONFLICT DO NOTHING",
    2};

static const struct pg_statement RECALLED = {"duty_recalled", "UPDATE told.duty SET recalled_at = $2 WHERE duty_id = $1", 2};

/* The journal knows which event closed what. */
static const struct pg_statement DISCHARGED = {
    "duty_discharged_by",
    "SELECT d.duty_id, d.case_ref, d.rule, d.key, (SELECT max(o.occurrence) FROM told.duty o WHERE o.child_id = d.child_id"
    " AND o.rule = d.rule AND o.key = d.key), d.duty, d.title, d.says, d.immediate, d.provisional, d.event_id,"
    " " PG_INSTANT("d.received_at") ", " PG_INSTANT("d.due_at") ", d.shows, d.closes, d.because"
    " FROM told.duty d WHERE d.child_id = $1 AND d.kind = 'duty' AND d.closed_as = 'discharged' AND EXISTS (SELECT FROM told.journal j"
    " WHERE j.duty_id = d.duty_id AND j.what = 'duty closed' AND j.event_id = $2)"
    " AND EXISTS (SELECT FROM told.duty_ground g JOIN told.event_state s USING (event_id) WHERE g.duty_id = d.duty_id"
    " AND g.event_id <> $2 AND s.child_id = $1 AND s.retracted_by IS NULL) ORDER BY d.duty_id FOR UPDATE OF d",
    2};

static const struct pg_statement TOLD_FIRST = {
    "duty_told_first",
    "SELECT role, false FROM told.duty_line WHERE duty_id = $1 UNION ALL"
    " SELECT DISTINCT role, true FROM told.notification WHERE duty_id = $1 AND kind = 'copy' ORDER BY 2, 1",
    1};

static const struct pg_statement SAME_GROUNDS = {
    "duty_same_grounds",
    "INSERT INTO told.duty_ground (duty_id, event_id, added_at) SELECT $2::bigint, event_id, $3::timestamptz FROM told.duty_ground"
    " WHERE duty_id = $1 ON CONFLICT DO NOTHING",
    3};

static const char *text_of(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

bool decide_recall_duty(struct duty_store *s, int64_t duty_id, const char *reason, int64_t by)
{
    char id[24], now[INSTANT_TEXT_SIZE];

    return pg_do(s->pg, &CORRECT, (const char *[]){text_of(id, duty_id), instant_print(s->now, now)}) &&
           pg_do(s->pg, &RECALLED, (const char *[]){id, now}) && duty_store_close(s, duty_id, "void", reason, by);
}

bool decide_recall(struct duty_store *s, int64_t child_id, int64_t event_id, bool is_closed_too, const char *reason, int64_t by)
{
    char child[24], event[24];
    PGresult *rows = pg_run(s->pg, &GROUNDLESS,
                            (const char *[]){text_of(child, child_id), text_of(event, event_id), is_closed_too ? "true" : "false"});
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = decide_recall_duty(s, pg_column_int(rows, i, 0), reason, by);
    PQclear(rows);
    return ok;
}

/* Which roles the duty told first, and who had a copy; borrowed from the rows. */
static PGresult *read_roles(struct duty_store *s, const char *duty_id, const char *tell[DUTY_LINES_MOST],
                            const char *copy[DUTY_LINES_MOST], struct duty_new *ret)
{
    PGresult *rows = pg_run(s->pg, &TOLD_FIRST, (const char *[]){duty_id});

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        bool is_copy = pg_column_bool(rows, i, 1);
        size_t *count = is_copy ? &ret->copy_count : &ret->tell_count;

        if (*count < DUTY_LINES_MOST)
            (is_copy ? copy : tell)[(*count)++] = pg_column(rows, i, 0);
    }
    ret->tell = tell;
    ret->copy = copy;
    return rows;
}

static bool open_again(struct duty_store *s, int64_t child_id, const PGresult *rows, int i)
{
    const char *tell[DUTY_LINES_MOST], *copy[DUTY_LINES_MOST], *was = pg_column(rows, i, 0);
    struct duty_new duty = {.kind = "duty",
                            .child_id = child_id,
                            .case_ref = pg_column(rows, i, 1),
                            .rule = pg_column(rows, i, 2),
                            .key = pg_column(rows, i, 3),
                            .occurrence = (int)pg_column_int(rows, i, 4) + 1,
                            .duty = pg_column(rows, i, 5),
                            .title = pg_column(rows, i, 6),
                            .says = pg_column(rows, i, 7),
                            .immediate = pg_column_bool(rows, i, 8),
                            .provisional = pg_column_bool(rows, i, 9),
                            .event_id = pg_column_int(rows, i, 10),
                            .received_at = pg_column_instant(rows, i, 11),
                            .due_at = pg_column_instant(rows, i, 12),
                            .shows = pg_column(rows, i, 13),
                            .closes = pg_column(rows, i, 14),
                            .because = pg_column(rows, i, 15),
                            .ladder = ""};
    PGresult *roles = read_roles(s, was, tell, copy, &duty);
    char id[24], now[INSTANT_TEXT_SIZE];
    int64_t opened = roles != NULL ? duty_store_open(s, &duty) : -1;
    bool ok = opened >= 0 && (opened == 0 || pg_do(s->pg, &SAME_GROUNDS,
                                                   (const char *[]){was, text_of(id, opened), instant_print(s->now, now)}));

    PQclear(roles);
    return ok;
}

bool decide_recall_discharged(struct duty_store *s, int64_t child_id, int64_t event_id)
{
    char child[24], event[24];
    PGresult *rows =
        pg_run(s->pg, &DISCHARGED, (const char *[]){text_of(child, child_id), text_of(event, event_id)});
    bool ok = rows != NULL;

    for (int i = 0; ok && i < PQntuples(rows); i++)
        ok = open_again(s, child_id, rows, i);
    PQclear(rows);
    return ok;
}
