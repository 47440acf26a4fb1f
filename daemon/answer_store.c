/* SPDX-License-Identifier: Apache-2.0 */
#include "answer_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_lines.h"
#include "duty_store.h"
#include "store.h"
#include "told/mem.h"

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
static const struct pg_statement answer_line = {
    "answer_line",
    "UPDATE told.duty_line SET answered_at = coalesce(answered_at, $3), answered_for = "
    "coalesce(answered_for, $4),"
    " stopped = $5::timestamptz IS NOT NULL, next_at = $5 WHERE duty_id = $1 AND line = $2",
    5};
static const struct pg_statement set_acknowledged = {
    "answer_acknowledged",
    "UPDATE told.duty SET state = CASE WHEN $3::boolean THEN 'acknowledged' ELSE state END,"
    " acknowledged_at = CASE WHEN $3::boolean THEN coalesce(acknowledged_at, $2) ELSE acknowledged_at END,"
    " next_at = coalesce((SELECT min(next_at) FROM told.duty_line WHERE duty_id = $1), next_at) WHERE "
    "duty_id = $1",
    3};

/* One acknowledgement under way. */
struct acknowledging {
    struct answer_store *s;
    const struct answered_duty *duty;
    const char *person, *note, *by;
    struct answered *ret;
};

enum answer_result answer_store_lock(struct answer_store *s, int64_t duty_id, struct answered_duty *ret)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, duty_id);
    const char *const values[] = {id};
    PGresult *row = pg_run(s->pg, &lock_duty, values);
    if (!row)
        return ANSWER_DATABASE;
    bool found = PQntuples(row) > 0;
    if (found) {
        answer_store_release(ret);
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
        if (strcmp(ret->state, "closed") == 0)
            ret->closed_as = mem_copy(pg_column(row, 0, 2));
    }
    PQclear(row);
    return found ? ANSWER_DONE : ANSWER_NOT_THEIRS;
}

void answer_store_release(struct answered_duty *duty)
{
    free(duty->closes);
    free(duty->closed_as);
    *duty = (struct answered_duty){0};
}

bool answer_store_record(struct answer_store *s, const struct answered_duty *duty, const char *person, const char *kind,
                         const char *note, const char *detail)
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
    const char *const values[] = {id, kind, person, note, instant_print(s->now, now)};
    struct store_journal row = {
        .event_id = duty->event_id, .child_id = duty->child_id, .duty_id = duty->duty_id, .detail = detail};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].kind, kind) == 0)
            row.what = words[i].what;
    return pg_do(s->pg, &insert_answer, values) && store_journal(s->pg, s->now, &row);
}

bool answer_store_close(struct answer_store *s, const struct answered_duty *duty, const char *closed_as, const char *reason)
{
    struct duty_store store = {.pg = s->pg, .config = s->config, .now = s->now};
    return duty_store_close(&store, duty->duty_id, closed_as, reason, 0);
}

/* Answered lines stop: for good, or until due_at where the duty wants more; one dwell ahead if that is past.
 */
static bool stop_lines(struct acknowledging *a, const struct answer_lines *l)
{
    char id[24], line[12], now[INSTANT_TEXT_SIZE], next[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, a->duty->duty_id);
    instant_print(a->s->now, now);
    a->ret->sleeps_until = a->duty->due_at;
    for (size_t i = 0; i < l->count; i++) {
        struct ladder_line climb = {.step = l->steps[i], .top = (int)l->list[i].above_count};
        if (!l->counts[i])
            continue;
        if (instant_compare(a->duty->due_at, a->s->now) <= 0)
            a->ret->sleeps_until = ladder_climb(&climb, a->duty->immediate, &a->s->config->ladder,
                                           a->s->config->calendar, a->s->now)
                                  .next_at;
        snprintf(line, sizeof line, "%d", l->numbers[i]);
        const char *const values[] = {id, line, now, a->person,
                                      a->ret->effect == ANSWER_SLEEPS ? instant_print(a->ret->sleeps_until, next)
                                                                 : NULL};
        if (!pg_do(a->s->pg, &answer_line, values))
            return false;
    }
    return true;
}

static bool write_ack(struct acknowledging *a, const struct answer_lines *l)
{
    static const char *const effects[] = {
        [ANSWER_HEARD] = "heard", [ANSWER_SLEEPS] = "sleeps until due", [ANSWER_CLOSES] = "closes"};
    char id[24], now[INSTANT_TEXT_SIZE];
    struct buf roles = {0};
    for (size_t i = 0; i < l->count; i++)
        if (l->counts[i])
            buf_printf(&roles, "%s%s", roles.len ? " " : "", l->list[i].role);
    char *detail =
        store_detail("for", a->person, "lines", buf_string(&roles), "effect", effects[a->ret->effect],
                                a->by ? "by" : NULL, a->by, NULL);
    snprintf(id, sizeof id, "%" PRId64, a->duty->duty_id);
    const char *const values[] = {id, instant_print(a->s->now, now),
                                  a->ret->effect == ANSWER_HEARD ? "false" : "true"};
    bool good = stop_lines(a, l) && pg_do(a->s->pg, &set_acknowledged, values) &&
                answer_store_record(a->s, a->duty, a->person, "ack", a->note, detail) &&
                (a->ret->effect != ANSWER_CLOSES ||
                 answer_store_close(a->s, a->duty, "acknowledged", "those told have said they know"));
    free(detail);
    buf_release(&roles);
    return good;
}

enum answer_result answer_store_acknowledge(struct answer_store *s, const struct answered_duty *duty, const char *person,
                                            const char *note, const char *by, struct answered *ret)
{
    struct acknowledging a = {.s = s, .duty = duty, .person = person, .note = note, .by = by, .ret = ret};
    struct answer_lines l = {0};
    size_t found = 0;
    enum answer_result result = ANSWER_DATABASE;
    if (answer_lines_load(s, duty, person, &l) && answer_lines_choose(s, duty, person, &l, &found)) {
        ret->effect = answer_acknowledge(duty->closes, l.list, l.count, l.counts);
        result = found == 0 ? ANSWER_NOT_THEIRS : write_ack(&a, &l) ? ANSWER_DONE : ANSWER_DATABASE;
    }
    answer_lines_release(&l);
    return result;
}

bool answer_store_sleep(struct answer_store *s, const struct answered_duty *duty, const char *person, struct answered *ret)
{
    struct acknowledging a = {.s = s, .duty = duty, .person = person, .ret = ret};
    char id[24], now[INSTANT_TEXT_SIZE];
    struct answer_lines l = {0};
    bool good = answer_lines_load(s, duty, person, &l);
    if (good) {
        for (size_t i = 0; i < l.count; i++)
            l.counts[i] = true;
        ret->effect = ANSWER_SLEEPS;
        snprintf(id, sizeof id, "%" PRId64, duty->duty_id);
        const char *const values[] = {id, instant_print(s->now, now), "true"};
        good = stop_lines(&a, &l) && pg_do(s->pg, &set_acknowledged, values);
    }
    answer_lines_release(&l);
    return good;
}
