/* SPDX-License-Identifier: Apache-2.0 */
/* ack, done and void: how a person stops a duty. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"
#include "toldctl_answerer.h"

struct answering {
    int64_t duty_id;
    struct answerer who;
    struct answered_duty duty;
    const char *note;
    struct answered answered;
    bool done; /* it was recorded done */
};

static struct answer_store store_of(struct toldctl *ctl, const struct answering *a)
{
    return (struct answer_store){.pg = ctl->pg, .config = ctl->config, .now = a->who.now};
}

static int step_ack(struct toldctl *ctl, void *step)
{
    struct answering *a = step;
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = toldctl_answerer_lock(ctl, a->duty_id, &a->duty);
    if (code)
        return code;
    struct answer_store s = store_of(ctl, a);
    switch (answer_store_acknowledge(&s, &a->duty, a->who.person, a->note, NULL, &a->answered)) {
    case ANSWER_DONE:
        return 0;
    case ANSWER_DATABASE:
        return TOLDCTL_DATABASE;
    default:
        return toldctl_refuse(
            EX_NOPERM,
            "%s was not told of duty %" PRId64 " and has no role in its lines, so their word does not stop it; "
            "give --for somebody who is, or `toldctl done %" PRId64 " --note` if the thing was done",
            a->who.person, a->duty_id, a->duty_id);
    }
}

static bool write_done(struct toldctl *ctl, struct answering *a)
{
    struct answer_store s = store_of(ctl, a);
    bool waits = a->answered.effect == ANSWER_SLEEPS;
    char *detail = store_detail("for", a->who.person, "waits_for", waits ? "written" : NULL, NULL);
    bool good = toldctl_answerer_record(ctl, &a->who, &a->duty, "done", a->note, detail) &&
                /* A34: "The duty is open until both exist." */
                (waits ? answer_store_sleep(&s, &a->duty, a->who.person, &a->answered)
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
    a->answered.effect = answer_done(a->duty.closes, a->duty.told);
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
            !closed_as && a->answered.effect == ANSWER_SLEEPS ? instant_print(a->answered.sleeps_until, until) : NULL);
        toldctl_print_json(said);
        json_decref(said);
    } else if (closed_as) {
        printf("duty %" PRId64 ": closed as %s\n", a->duty_id, closed_as);
    } else if (a->done) {
        printf("duty %" PRId64 ": the spoken word is recorded; it stays open until the written one is accepted too, and"
               " climbs again at %s\n",
               a->duty_id, toldctl_local_time(a->answered.sleeps_until, local));
    } else if (a->answered.effect == ANSWER_SLEEPS) {
        printf(
            "duty %" PRId64
            ": acknowledged for %s; it stays open (%s) and climbs again at %s unless `toldctl done %" PRId64
            " --note TEXT` closes it\n",
            a->duty_id, a->who.person, a->duty.closes, toldctl_local_time(a->answered.sleeps_until, local),
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
    answer_store_release(&a->duty);
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
    return finish(ctl, &a, code, a.answered.effect == ANSWER_CLOSES ? "acknowledged" : NULL);
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
    return finish(ctl, &a, code, a.answered.effect == ANSWER_CLOSES ? "done" : NULL);
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
