/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_answerer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duty_store.h"
#include "store.h"
#include "told/mem.h"

static const struct pg_statement find_asked = {
    "answerer_asked",
    "SELECT person_id FROM told.person WHERE person_id = $1 AND (left_at IS NULL OR left_at > $2)", 2};
static const struct pg_statement find_login = {
    "answerer_login",
    "SELECT person_id FROM told.person WHERE login = session_user AND (left_at IS NULL OR left_at > $1)", 1};
/* clang-format off */
static const struct pg_statement lock_duty = {
    "answerer_lock",
    "SELECT kind, state, coalesce(closed_as, ''), closes, immediate, child_id, event_id,"
    " " PG_INSTANT("due_at") ","
    " kind = 'review' AND because ? 'unknown', told_at IS NOT NULL FROM told.duty WHERE duty_id = $1 FOR UPDATE",
    1};
/* clang-format on */
static const struct pg_statement insert_answer = {
    "answerer_record",
    "INSERT INTO told.answer (duty_id, kind, answered_for, note, answered_at) VALUES ($1, $2, $3, $4, $5)",
    5};
/* From its valid-from on: an event is valid from its `on`, where that is another day than its time's. */
static const struct pg_statement wait_again = {
    "answerer_again",
    "UPDATE told.event_state s SET state = 'waiting', reason = 'a fact came late', begun = 0 FROM told.event e"
    " WHERE e.event_id = s.event_id AND s.child_id = $1 AND s.state IN ('decided', 'review')"
    " AND s.retracted_by IS NULL AND (e.occurred_at >= $2 OR substring(encode(e.body, 'escape') FROM '\"on\"\\s*:\\s*\"([0-9-]{10})\"')"
    " >= to_char($2::timestamptz AT TIME ZONE 'Europe/London', 'YYYY-MM-DD'))",
    2};

int toldctl_answerer_find(struct toldctl *ctl, struct answerer *who)
{
    char now[INSTANT_TEXT_SIZE];
    who->now = toldctl_now(ctl);
    instant_print(who->now, now);
    const char *const by_name[] = {who->asked, now}, *const by_login[] = {now};
    PGresult *rows =
        who->asked ? pg_run(ctl->pg, &find_asked, by_name) : pg_run(ctl->pg, &find_login, by_login);
    if (!rows)
        return TOLDCTL_DATABASE;
    free(who->person);
    who->person = PQntuples(rows) ? mem_copy(pg_column(rows, 0, 0)) : NULL;
    PQclear(rows);
    if (who->person || (who->optional && !who->asked))
        return 0;
    if (who->asked)
        return toldctl_refuse(
            EX_DATAERR, "--for %s: nobody of that id is in service; `toldctl import directory` says who is",
            who->asked);
    return toldctl_refuse(EX_USAGE, "no practitioner has this login, so say who answers: --for PERSON");
}

void toldctl_answerer_release(struct answerer *who)
{
    free(who->person);
    who->person = NULL;
}

int toldctl_answerer_lock(struct toldctl *ctl, int64_t duty_id, struct answered_duty *ret)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, duty_id);
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &lock_duty, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(row) == 0) {
        code = toldctl_refuse(EX_DATAERR, "there is no duty %s; `toldctl duties --open` lists them", id);
    } else if (strcmp(pg_column(row, 0, 1), "closed") == 0) {
        code = toldctl_refuse(EX_DATAERR, "duty %s is closed already (%s); `toldctl duty %s` says by whom",
                              id, pg_column(row, 0, 2), id);
    } else {
        free(ret->closes);
        *ret = (struct answered_duty){.duty_id = duty_id,
                                      .child_id = pg_column_int(row, 0, 5),
                                      .event_id = pg_column_int(row, 0, 6),
                                      .closes = mem_copy(pg_column(row, 0, 3)),
                                      .immediate = pg_column_bool(row, 0, 4),
                                      .asks_fields = pg_column_bool(row, 0, 8),
                                      .told = pg_column_bool(row, 0, 9),
                                      .due_at = pg_column_instant(row, 0, 7)};
        snprintf(ret->kind, sizeof ret->kind, "%s", pg_column(row, 0, 0));
        snprintf(ret->state, sizeof ret->state, "%s", pg_column(row, 0, 1));
    }
    PQclear(row);
    return code;
}

void toldctl_answerer_release_duty(struct answered_duty *duty)
{
    free(duty->closes);
    duty->closes = NULL;
}

bool toldctl_answerer_record(struct toldctl *ctl, const struct answerer *who,
                             const struct answered_duty *duty, const char *kind, const char *note,
                             const char *detail)
{
    static const struct {
        const char *kind, *what;
    } words[] = {{"ack", "duty acknowledged"},
                 {"done", "duty recorded done"},
                 {"void", "duty declared void"},
                 {"match", "event matched"},
                 {"unmatch", "match undone"},
                 {"answer", "review answered"}};
    char id[24], now[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, duty->duty_id);
    const char *const values[] = {id, kind, who->person, note, instant_print(who->now, now)};
    struct store_journal row = {
        .event_id = duty->event_id, .child_id = duty->child_id, .duty_id = duty->duty_id, .detail = detail};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].kind, kind) == 0)
            row.what = words[i].what;
    return pg_do(ctl->pg, &insert_answer, values) && store_journal(ctl->pg, who->now, &row);
}

bool toldctl_answerer_close(struct toldctl *ctl, const struct answerer *who, const struct answered_duty *duty,
                            const char *closed_as, const char *reason)
{
    struct duty_store store = {.pg = ctl->pg, .config = ctl->config, .now = who->now};
    return duty_store_close(&store, duty->duty_id, closed_as, reason, 0);
}

bool toldctl_answerer_again(struct toldctl *ctl, int64_t child_id, struct instant valid_from)
{
    char id[24], from[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, child_id);
    const char *const values[] = {id, instant_print(valid_from, from)};
    return pg_do(ctl->pg, &wait_again, values);
}
