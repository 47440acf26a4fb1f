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
#include "toldctl_answer_lines.h"

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

struct answering {
    int64_t duty_id;
    struct answerer who;
    struct answered_duty duty;
    const char *note;
    enum answer_effect effect;
    bool done; /* it was recorded done */
    struct instant sleeps_until;
};

/* Whoever says that it was done says it of the whole duty. */
static void choose_all(struct answer_lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->counts[i] = true;
}

/* Answered lines stop: for good, or until due_at where the duty wants more; one dwell ahead if that is past.
 */
static bool stop_lines(struct toldctl *ctl, struct answering *a, const struct answer_lines *l)
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

static bool write_ack(struct toldctl *ctl, struct answering *a, const struct answer_lines *l)
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
    struct answer_lines l = {0};
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = toldctl_answerer_lock(ctl, a->duty_id, &a->duty);
    if (!code && !toldctl_answer_lines_load(ctl, &a->duty, &a->who, &l))
        code = TOLDCTL_DATABASE;
    if (!code)
        code = toldctl_answer_lines_choose(ctl, &a->duty, &a->who, &l);
    if (!code) {
        a->effect = answer_acknowledge(a->duty.closes, l.list, l.count, l.counts);
        code = write_ack(ctl, a, &l) ? 0 : TOLDCTL_DATABASE;
    }
    toldctl_answer_lines_release(&l);
    return code;
}

/* A34: "The duty is open until both exist." */
static bool write_first_half(struct toldctl *ctl, struct answering *a)
{
    char id[24], now[INSTANT_TEXT_SIZE];
    struct answer_lines l = {0};
    bool good = toldctl_answer_lines_load(ctl, &a->duty, &a->who, &l);
    if (good) {
        choose_all(&l);
        snprintf(id, sizeof id, "%" PRId64, a->duty_id);
        const char *const values[] = {id, instant_print(a->who.now, now), "true"};
        good = stop_lines(ctl, a, &l) && pg_do(ctl->pg, &set_acknowledged, values);
    }
    toldctl_answer_lines_release(&l);
    return good;
}

static bool write_done(struct toldctl *ctl, struct answering *a)
{
    bool waits = a->effect == ANSWER_SLEEPS;
    char *detail = store_detail("for", a->who.person, "waits_for", waits ? "written" : NULL, NULL);
    bool good = toldctl_answerer_record(ctl, &a->who, &a->duty, "done", a->note, detail) &&
                (waits ? write_first_half(ctl, a)
                       : toldctl_answerer_close(ctl, &a->who, &a->duty, "done", "recorded done"));
    free(detail);
    return good;
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
    a->effect = answer_done(a->duty.closes, a->duty.told);
    return write_done(ctl, a) ? 0 : TOLDCTL_DATABASE;
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
    } else if (a->done) {
        printf("duty %" PRId64 ": the spoken word is recorded; it stays open until the written one is accepted too, and"
               " climbs again at %s\n",
               a->duty_id, toldctl_local_time(a->sleeps_until, local));
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
    int code = run(ctl, &a, step_done, argv[at]);
    a.done = true;
    return finish(ctl, &a, code, a.effect == ANSWER_CLOSES ? "done" : NULL);
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
