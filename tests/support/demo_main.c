/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make demo: a story of made-up children, played through the real parts, from a Friday evening to the Wednesday after.
 * told's time jumps from one due instant to the next, and only when nothing is in flight. At the end three things must
 * agree: what the publishers had acknowledged, what the database holds and what the two sinks wrote down.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demo_check.h"
#include "demo_watch.h"
#include "harness.h"
#include "told/mem.h"

#define STORY_FROM "2024-05-31T17:00:00Z" /* Friday 18:00 in London */
#define STORY_TO "2024-06-05T16:30:00Z"
#define STORY_LONGEST_S 55 /* wall clock */

static volatile sig_atomic_t interrupted;

struct demo {
    struct harness *h;
    struct demo_watch *watch;
    pid_t told;
    int published; /* events whose publisher saw an ACK */
    int failures;  /* commands that did not do what the story asks */
    time_t began;
};

static void on_signal(int signo)
{
    (void)signo;
    interrupted = 1;
}

static void publish(struct demo *d, const char *feed, const char *file, int events)
{
    const char *argv[] = {"publish", "--feed", feed, file, NULL};
    struct buf out = {0}, err = {0};
    int code = harness_toldctl(d->h, NULL, argv, &out, &err);

    demo_watch_say(d->watch, "PUBLISH", "%s sends %s: %s", feed, strrchr(file, '/') + 1,
                   code == 0 ? "acknowledged" : "NOT acknowledged");
    if (code == 0)
        d->published += events;
    else
        d->failures++;
    if (code != 0)
        fprintf(stderr, "%s%s", buf_string(&out), buf_string(&err));
    buf_release(&out);
    buf_release(&err);
}

static void operate(struct demo *d, const char *user, const char *const argv[])
{
    struct buf out = {0}, err = {0}, line = {0};
    int code = harness_toldctl(d->h, user, argv, &out, &err);

    for (int i = 0; argv[i] != NULL; i++)
        buf_printf(&line, " %s", argv[i]);
    demo_watch_say(d->watch, "OPERATOR", "%s: toldctl%s%s", user, buf_string(&line), code == 0 ? "" : "  FAILED");
    if (code != 0) {
        d->failures++;
        fprintf(stderr, "%s%s", buf_string(&out), buf_string(&err));
    }
    buf_release(&line);
    buf_release(&out);
    buf_release(&err);
}

/* The number of the open duty that a condition names, as "D-7". */
static char *find_duty(struct demo *d, const char *where)
{
    char *sql = mem_printf("SELECT 'D-' || duty_id FROM told.duty WHERE state <> 'closed' AND %s ORDER BY duty_id LIMIT 1", where);
    char *duty = harness_value(d->h, sql);

    free(sql);
    return duty;
}

static void charge(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "Friday evening. The police charge a looked-after child; her worker's mail server is busy (451).");
    publish(d, "police", "conf/demo/charge.ndjson", 1);
}

static void repeat(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "The police system sends the same message again. Nobody must be told twice.");
    publish(d, "police", "conf/demo/charge.ndjson", 0);
}

static void unknown(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "A charge about a child nobody here knows: a person must say who it is, and the clock runs. The duty officer's webhook answers 503.");
    publish(d, "police", "conf/demo/unknown.ndjson", 1);
}

static void night(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "Saturday night. A court is worried about a child going home; no worker, MASH is closed: emergency duty team, 60 minutes.");
    publish(d, "court", "conf/demo/night.ndjson", 1);
}

static void night_answer(struct demo *d)
{
    char *duty = find_duty(d, "duty = 'D21'");

    demo_watch_say(d->watch, "STORY", "The emergency duty team answers after half an hour.");
    operate(d, "carys", (const char *[]){"ack", duty, "--for", "p-night", NULL});
    free(duty);
}

static void match(struct demo *d)
{
    char *duty = find_duty(d, "kind = 'match'");

    demo_watch_say(d->watch, "STORY", "Monday morning. The operator has looked: a new child. The event is decided as of Friday.");
    operate(d, "amara", (const char *[]){"match", duty, "none", "--for", "p-sorley", NULL});
    free(duty);
}

static void answer(struct demo *d)
{
    char *review = find_duty(d, "kind = 'review'");

    demo_watch_say(d->watch, "STORY", "The duty officer knows more about the new child: in need, and nobody is allocated yet.");
    operate(d, "amara",
            (const char *[]){"answer", review, "home_authority=southwark", "looked_after=false", "in_need=true",
                             "protection_plan=false", "placement_authority=southwark", "care_leaver=none",
                             "open_to_social_care=true", "has(social-worker)=nobody", "--for", "p-sorley",
                             NULL});
    free(review);
}

static void court_register(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "The court register, as the courts' system writes it, with two children. One worker's mailbox is gone (550).");
    publish(d, "register", "conf/demo/register.json", 1);
}

static void kill_told(struct demo *d)
{
    demo_watch_say(d->watch, "STORY", "A hearing is listed, and told is killed (SIGKILL) while the mail server has the mail but has not said so.");
    publish(d, "court", "conf/demo/listing.ndjson", 1);
    if (!harness_await(d->h, "SELECT count(*) FROM told.message WHERE state = 'claimed'", "1", 10000))
        d->failures++;
    harness_signal(d->h, d->told, SIGKILL);
    d->told = harness_told(d->h, NULL, NULL);
}

static void head_answers(struct demo *d)
{
    char *duty = find_duty(d, "duty = 'D41' AND case_ref = '01MP1000124'");

    demo_watch_say(d->watch, "STORY", "Wednesday. Worker, team manager and service manager were silent; the Head of Service, the third step, answers.");
    operate(d, "ben", (const char *[]){"ack", duty, "--for", "p-ngata", NULL});
    free(duty);
}

static const struct {
    const char *at; /* told's time */
    void (*act)(struct demo *d);
} STORY[] = {
    {"2024-05-31T17:20:00Z", charge},       {"2024-05-31T17:40:00Z", repeat},       {"2024-05-31T18:05:00Z", unknown},
    {"2024-06-01T22:10:00Z", night},        {"2024-06-01T22:40:00Z", night_answer}, {"2024-06-03T08:30:00Z", match},
    {"2024-06-03T09:00:00Z", answer},
    {"2024-06-03T10:45:00Z", court_register}, {"2024-06-03T12:10:00Z", kill_told},  {"2024-06-05T16:20:00Z", head_answers},
};
#define STORY_COUNT (sizeof STORY / sizeof *STORY)

/* Nothing waits, is queued, due or at a socket. */
static const char *const QUIET =
    "WITH t AS (SELECT told_from + (clock_timestamp() - real_from) * rate AS now FROM told.installation)"
    " SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
    " + (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
    " + (SELECT count(*) FROM told.message WHERE state = 'claimed' OR (state = 'waiting' AND next_at <= (SELECT now FROM t)))"
    " + (SELECT count(*) FROM told.alarm WHERE duty_id IS NULL AND cleared_at IS NULL)"
    " + (SELECT count(*) FROM told.duty WHERE state <> 'closed' AND next_at <= (SELECT now FROM t))"
    " + (SELECT count(*) FROM told.watch WHERE state = 'open' AND at <= (SELECT now FROM t))";

static const char *const NEXT_DUE =
    "SELECT to_char(least((SELECT min(next_at) FROM told.message WHERE state = 'waiting'),"
    " (SELECT min(next_at) FROM told.duty WHERE state <> 'closed'), (SELECT min(at) FROM told.watch WHERE state = 'open')) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

static bool out_of_time(const struct demo *d)
{
    return interrupted || time(NULL) - d->began > STORY_LONGEST_S;
}

static void settle(struct demo *d)
{
    do {
        demo_watch_look(d->watch);
        poll(NULL, 0, 15);
    } while (harness_count(d->h, QUIET) > 0 && !out_of_time(d));
    demo_watch_look(d->watch);
}

/* Jumps to whatever comes first: what is due, or the story's next event. False at the end. */
static bool step(struct demo *d, size_t *next)
{
    const char *story = *next < STORY_COUNT ? STORY[*next].at : STORY_TO;
    char *due = harness_value(d->h, NEXT_DUE);
    struct instant due_at = INSTANT_NONE, story_at;
    bool more = true;

    instant_parse(story, &story_at);
    if (due[0] != '\0')
        instant_parse(due, &due_at);
    if (!instant_is_none(due_at) && instant_compare(due_at, story_at) < 0) {
        harness_jump(d->h, due);
    } else {
        harness_jump(d->h, story);
        if (*next < STORY_COUNT)
            STORY[(*next)++].act(d);
        else
            more = false;
    }
    free(due);
    settle(d);
    return more;
}

static void prepare(struct demo *d)
{
    static const struct harness_options options = {
        .story_from = STORY_FROM,
        .durable = true,
        .lease_ms = 1500,
        .poll_ms = 50,
        .brake = "",
        .smtp_script = "match=okafor stage=rcpt do=451 times=1\nmatch=haddad stage=rcpt do=550 times=1000\n"
                       "match=quill stage=dot do=stall times=1\n",
        .hook_script = "path=/told do=503 times=1\n",
    };

    d->h = harness_start(&options);
    d->watch = demo_watch_new(d->h);
    operate(d, "amara", (const char *[]){"import", "directory", "conf/demo/directory.csv", NULL});
    operate(d, "amara", (const char *[]){"import", "children", "conf/demo/children.csv", NULL});
    operate(d, "amara", (const char *[]){"import", "allocations", "conf/demo/allocations.csv", NULL});
    d->told = harness_told(d->h, NULL, NULL);
}

/* What was sent outlives the story's directory: it is there to be read. */
static void keep_mails(struct demo *d)
{
    char *command = mem_printf("rm -rf build/demo && mkdir -p build/demo && cp -r %s/mails %s/hooks build/demo/",
                               harness_directory(d->h), harness_directory(d->h));

    if (system(command) == 0)
        printf("The mails can be read in build/demo/mails, the webhooks in build/demo/hooks.\n");
    free(command);
}

static void stay(struct demo *d)
{
    printf("\nThe story is over; told is still running. Look around with\n"
           "    PGUSER=amara build/release/toldctl -f %s duties\nCtrl-C ends it and removes everything.\n",
           harness_config(d->h));
    fflush(stdout);
    while (!interrupted) {
        demo_watch_look(d->watch);
        poll(NULL, 0, 200);
    }
}

int main(void)
{
    struct demo d = {.began = time(NULL)};
    struct sigaction act = {.sa_handler = on_signal};
    bool once = getenv("DEMO_ONCE") != NULL || !isatty(1);
    size_t next = 0;
    int code;

    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare(&d);
    settle(&d);
    while (!out_of_time(&d) && step(&d, &next))
        ;
    code = demo_check(d.h, d.published, next == STORY_COUNT && d.failures == 0 && !interrupted);
    keep_mails(&d);
    if (!once && !interrupted)
        stay(&d);
    harness_signal(d.h, d.told, SIGTERM);
    demo_watch_free(d.watch);
    harness_stop(d.h);
    return code;
}
