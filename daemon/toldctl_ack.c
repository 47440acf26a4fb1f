/* SPDX-License-Identifier: Apache-2.0 */
/* ack, done and void: how a person stops a duty. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/answer.h"
#include "told/mem.h"
#include "toldctl_answerer.h"

static const struct pg_statement read_lines = {
    "answer_lines",
    "SELECT l.line, l.role, to_json(l.above), l.step, l.answered_at IS NOT NULL,"
    /* Told in person, or through the mailbox of a role whose post they hold: whoever stood in answers too. */
    " EXISTS (SELECT FROM told.notification n WHERE n.duty_id = l.duty_id AND n.line = l.line AND n.kind <> 'copy'"
    "  AND (n.recipient = $2 OR n.recipient IN (SELECT 'mailbox:' || role FROM told.post WHERE person_id = $2)))"
    " FROM told.duty_line l WHERE l.duty_id = $1 ORDER BY l.line FOR UPDATE OF l",
    2};
/* Posts, and the allocations to this child that hold now: of each role the latest. */
static const struct pg_statement read_held = {
    "answer_held",
    "SELECT role FROM told.post WHERE person_id = $1 UNION SELECT role FROM ("
    " SELECT DISTINCT ON (role) role, person_id FROM told.child_allocation a WHERE child_id = $2 AND "
    "valid_from <= $3 AND NOT EXISTS (SELECT FROM told.event_state s WHERE s.event_id = a.event_id AND s.retracted_by IS NOT NULL)"
    " AND NOT EXISTS (SELECT FROM told.child_allocation w WHERE w.child_id = a.child_id AND w.role = '*' AND w.valid_from <= $3"
    "  AND (w.valid_from, w.allocation_id) > (a.valid_from, a.allocation_id))"
    " ORDER BY role, valid_from DESC, allocation_id DESC) held WHERE person_id = $1",
    3};
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

struct lines {
    struct answer_line *list;
    json_t **above; /* what the texts are borrowed from */
    const char ***roles;
    int *numbers, *steps;
    bool *counts;
    size_t count;
    PGresult *rows;
};

struct answering {
    int64_t duty_id;
    struct answerer who;
    struct answered_duty duty;
    const char *note;
    enum answer_effect effect;
    struct instant sleeps_until;
};

static void release_lines(struct lines *l)
{
    for (size_t i = 0; i < l->count; i++) {
        json_decref(l->above[i]);
        free(l->roles[i]);
    }
    free(l->list);
    free(l->above);
    free(l->roles);
    free(l->numbers);
    free(l->steps);
    free(l->counts);
    PQclear(l->rows);
}

static void read_line(struct lines *l, size_t i)
{
    int row = (int)i;
    json_t *above = l->above[i] = json_loads(pg_column(l->rows, row, 2), 0, NULL);
    size_t count = json_array_size(above);
    l->roles[i] = mem_new((count + 1) * sizeof *l->roles[i]);
    for (size_t k = 0; k < count; k++)
        l->roles[i][k] = json_string_value(json_array_get(above, k));
    l->numbers[i] = (int)pg_column_int(l->rows, row, 0);
    l->steps[i] = (int)pg_column_int(l->rows, row, 3);
    l->list[i] = (struct answer_line){.role = pg_column(l->rows, row, 1),
                                      .above = l->roles[i],
                                      .above_count = count,
                                      .answered = pg_column_bool(l->rows, row, 4),
                                      .told = pg_column_bool(l->rows, row, 5)};
}

static bool load_lines(struct toldctl *ctl, const struct answering *a, struct lines *l)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, a->duty_id);
    const char *const values[] = {id, a->who.person};
    l->rows = pg_run(ctl->pg, &read_lines, values);
    if (!l->rows)
        return false;
    l->count = (size_t)PQntuples(l->rows);
    l->list = mem_new((l->count + 1) * sizeof *l->list);
    l->above = mem_new((l->count + 1) * sizeof(json_t *));
    l->roles = mem_new((l->count + 1) * sizeof(const char **));
    l->numbers = mem_new((l->count + 1) * sizeof *l->numbers);
    l->steps = mem_new((l->count + 1) * sizeof *l->steps);
    l->counts = mem_new((l->count + 1) * sizeof *l->counts);
    for (size_t i = 0; i < l->count; i++)
        read_line(l, i);
    return true;
}

/* Which lines the person answers for. */
static int choose_lines(struct toldctl *ctl, const struct answering *a, struct lines *l)
{
    char child[24], now[INSTANT_TEXT_SIZE];
    snprintf(child, sizeof child, "%" PRId64, a->duty.child_id);
    const char *const values[] = {a->who.person, child, instant_print(a->who.now, now)};
    PGresult *rows = pg_run(ctl->pg, &read_held, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    size_t count = (size_t)PQntuples(rows);
    const char **held = mem_new((count + 1) * sizeof *held);
    for (size_t i = 0; i < count; i++)
        held[i] = pg_column(rows, (int)i, 0);
    size_t found = answer_lines(l->list, l->count, held, count, l->counts);
    free(held);
    PQclear(rows);
    if (found > 0)
        return 0;
    return toldctl_refuse(
        EX_NOPERM,
        "%s was not told of duty %" PRId64 " and holds no role in its lines, so their word does not stop it; "
        "give --for somebody who is, or `toldctl done %" PRId64 " --note` if the thing was done",
        a->who.person, a->duty_id, a->duty_id);
}

/* Answered lines stop: for good, or until due_at where the duty wants more; one dwell ahead if that is past.
 */
static bool stop_lines(struct toldctl *ctl, struct answering *a, const struct lines *l)
{
    char id[24], line[12], now[INSTANT_TEXT_SIZE], next[INSTANT_TEXT_SIZE];
    snprintf(id, sizeof id, "%" PRId64, a->duty_id);
    instant_print(a->who.now, now);
    a->sleeps_until = a->duty.due_at;
    for (size_t i = 0; i < l->count; i++) {
        struct ladder_line climb = {.step = l->steps[i], .top = (int)l->list[i].above_count};
        if (!l->counts[i])
            continue;
        if (instant_compare(a->duty.due_at, a->who.now) <= 0)
            a->sleeps_until = ladder_climb(&climb, a->duty.immediate, &ctl->config->ladder,
                                           ctl->config->calendar, a->who.now)
                                  .next_at;
        snprintf(line, sizeof line, "%d", l->numbers[i]);
        const char *const values[] = {id, line, now, a->who.person,
                                      a->effect == ANSWER_SLEEPS ? instant_print(a->sleeps_until, next)
                                                                 : NULL};
        if (!pg_do(ctl->pg, &answer_line, values))
            return false;
    }
    return true;
}

static bool write_ack(struct toldctl *ctl, struct answering *a, const struct lines *l)
{
    static const char *const effects[] = {
        [ANSWER_HEARD] = "heard", [ANSWER_SLEEPS] = "sleeps until due", [ANSWER_CLOSES] = "closes"};
    char id[24], now[INSTANT_TEXT_SIZE];
    struct buf roles = {0};
    for (size_t i = 0; i < l->count; i++)
        if (l->counts[i])
            buf_printf(&roles, "%s%s", roles.len ? " " : "", l->list[i].role);
    char *detail =
        store_detail("for", a->who.person, "lines", buf_string(&roles), "effect", effects[a->effect], NULL);
    snprintf(id, sizeof id, "%" PRId64, a->duty_id);
    const char *const values[] = {id, instant_print(a->who.now, now),
                                  a->effect == ANSWER_HEARD ? "false" : "true"};
    bool good = stop_lines(ctl, a, l) && pg_do(ctl->pg, &set_acknowledged, values) &&
                toldctl_answerer_record(ctl, &a->who, &a->duty, "ack", a->note, detail) &&
                (a->effect != ANSWER_CLOSES || toldctl_answerer_close(ctl, &a->who, &a->duty, "acknowledged",
                                                                      "those told have said they know"));
    free(detail);
    buf_release(&roles);
    return good;
}

static int step_ack(struct toldctl *ctl, void *step)
{
    struct answering *a = step;
    struct lines l = {0};
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = toldctl_answerer_lock(ctl, a->duty_id, &a->duty);
    if (!code && !load_lines(ctl, a, &l))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = choose_lines(ctl, a, &l);
    if (!code) {
        a->effect = answer_acknowledge(a->duty.closes, l.list, l.count, l.counts);
        code = write_ack(ctl, a, &l) ? 0 : TOLDCTL_DATABASE;
    }
    release_lines(&l);
    return code;
}

static int step_done(struct toldctl *ctl, void *step)
{
    struct answering *a = step;
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = toldctl_answerer_lock(ctl, a->duty_id, &a->duty);
    if (!code && strcmp(a->duty.kind, "match") == 0)
        code =
            toldctl_refuse(EX_USAGE,
                           "duty %" PRId64 " asks which child an event is about; give `toldctl match %" PRId64
                           " CHILD|none`, or `toldctl void` with a reason",
                           a->duty_id, a->duty_id);
    if (!code && a->duty.asks_fields)
        code = toldctl_refuse(EX_USAGE,
                              "duty %" PRId64 " asks for missing fields; give `toldctl answer %" PRId64
                              " FIELD=VALUE…`, or `toldctl void` with a reason",
                              a->duty_id, a->duty_id);
    if (code)
        return code;
    char *detail = store_detail("for", a->who.person, NULL);
    bool good = toldctl_answerer_record(ctl, &a->who, &a->duty, "done", a->note, detail) &&
                toldctl_answerer_close(ctl, &a->who, &a->duty, "done", "recorded done");
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static int step_void(struct toldctl *ctl, void *step)
{
    struct answering *a = step;
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = toldctl_answerer_lock(ctl, a->duty_id, &a->duty);
    if (code)
        return code;
    /* The words themselves may say who somebody is: they stand in the answer, not in the journal. */
    char *detail = store_detail("for", a->who.person, NULL);
    bool good =
        toldctl_answerer_record(ctl, &a->who, &a->duty, "void", a->note, detail) &&
        toldctl_answerer_close(ctl, &a->who, &a->duty, "void", "declared void by a person; see the answer");
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static void say(const struct toldctl *ctl, const struct answering *a, const char *closed_as)
{
    char until[INSTANT_TEXT_SIZE], local[TOLDCTL_TIME_SIZE];
    if (ctl->json) {
        json_t *said = json_pack(
            "{s:I, s:s?, s:s?, s:s?}", "duty", (json_int_t)a->duty_id, "for", a->who.person, "closed_as",
            closed_as, "sleeps_until",
            !closed_as && a->effect == ANSWER_SLEEPS ? instant_print(a->sleeps_until, until) : NULL);
        toldctl_print_json(said);
        json_decref(said);
    } else if (closed_as) {
        printf("duty %" PRId64 ": closed as %s\n", a->duty_id, closed_as);
    } else if (a->effect == ANSWER_SLEEPS) {
        printf(
            "duty %" PRId64
            ": acknowledged for %s; it stays open (%s) and climbs again at %s unless `toldctl done %" PRId64
            " --note TEXT` closes it\n",
            a->duty_id, a->who.person, a->duty.closes, toldctl_local_time(a->sleeps_until, local),
            a->duty_id);
    } else {
        printf("duty %" PRId64 ": acknowledged for %s; it stays open (%s): others must answer too\n",
               a->duty_id, a->who.person, a->duty.closes);
    }
}

/* What the three commands share: one duty, one person, one step. */
static int run(struct toldctl *ctl, struct answering *a, toldctl_step_fn *step, const char *word)
{
    int code = EX_USAGE;
    if (!toldctl_number(word, &a->duty_id))
        toldctl_refuse(EX_USAGE, "%s is no number of a duty; `toldctl duties --open` lists them", word);
    else if (!(code = toldctl_open_database(ctl)))
        code = toldctl_step(ctl, step, a);
    if (!code)
        toldctl_kick(ctl);
    return code;
}

static int finish(struct toldctl *ctl, struct answering *a, int code, const char *closed_as)
{
    if (!code)
        say(ctl, a, closed_as);
    toldctl_answerer_release(&a->who);
    toldctl_answerer_release_duty(&a->duty);
    return code;
}

int toldctl_ack(struct toldctl *ctl, int argc, char **argv)
{
    struct answering a = {0};
    const struct toldctl_option options[] = {
        {.name = "for", .ret_text = &a.who.asked}, {.name = "note", .ret_text = &a.note}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, 1);
    if (at < 0)
        return EX_USAGE;
    int code = run(ctl, &a, step_ack, argv[at]);
    return finish(ctl, &a, code, a.effect == ANSWER_CLOSES ? "acknowledged" : NULL);
}

int toldctl_done(struct toldctl *ctl, int argc, char **argv)
{
    struct answering a = {0};
    const struct toldctl_option options[] = {
        {.name = "for", .ret_text = &a.who.asked}, {.name = "note", .ret_text = &a.note}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, 1);
    if (at < 0 || !a.note || !*a.note)
        return at < 0 ? EX_USAGE : toldctl_refuse(EX_USAGE, "say what was done: --note TEXT");
    return finish(ctl, &a, run(ctl, &a, step_done, argv[at]), "done");
}

int toldctl_void(struct toldctl *ctl, int argc, char **argv)
{
    struct answering a = {.who.optional = true};
    const struct toldctl_option options[] = {
        {.name = "for", .ret_text = &a.who.asked}, {.name = "reason", .ret_text = &a.note}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 1, 1);
    if (at < 0 || !a.note || !*a.note)
        return at < 0 ? EX_USAGE : toldctl_refuse(EX_USAGE, "say why it should not be there: --reason TEXT");
    return finish(ctl, &a, run(ctl, &a, step_void, argv[at]), "void");
}
