/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two dispatchers on one database. One stops in mid-send for longer than its lease, the other takes its
 * message over, and the first goes on as if nothing had been. What it says then is refused by the fence; the
 * message was accepted at most twice, under one Message-ID, and the journal says why.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

struct pair {
    struct harness *h;
    pid_t first; /* the dispatcher that will be stopped */
};

static struct pair begin(void **state, const char *smtp_script)
{
    struct pair p = {.h = harness_start(&(struct harness_options){.story_from = "2024-06-03T09:00:00Z",
                                                                  .story_stands = true,
                                                                  .poll_ms = 50,
                                                                  .lease_ms = 1500,
                                                                  .senders = 1,
                                                                  .response_timeout_s = 30,
                                                                  .smtp_script = smtp_script})};

    *state = p.h;
    cast_import(p.h);
    harness_told(p.h, "ingest,decide,escalate", NULL);
    p.first = harness_told(p.h, "dispatch", NULL);
    /* One mail goes through: its connection is open from then on. */
    cast_bystander(p.h);
    return p;
}

#define MESSAGE "FROM told.message WHERE recipient = 'p-ash'"

static void stop_first_and_let_the_other_send(struct pair *p)
{
    int status = 0;

    cast_await(p->h, "claimed 1", "SELECT concat_ws(' ', state, fence) " MESSAGE);
    harness_signal(p->h, p->first, SIGSTOP);
    /* Stopped, not only told to: one of its threads might still run. */
    assert_int_equal(waitpid(p->first, &status, WUNTRACED), p->first);
    assert_true(WIFSTOPPED(status));
    harness_sinks_thaw(p->h);
    harness_told(p->h, "dispatch", NULL);
    cast_await(p->h, "sent 2 t", "SELECT concat_ws(' ', state, fence, uncertain) " MESSAGE);
}

static void await_refusal(struct pair *p, const char *late)
{
    cast_await(
        p->h, "1",
        "SELECT count(*) FROM told.journal JOIN told.message USING (message_id) WHERE recipient = 'p-ash' AND"
        " what = 'late result refused by the fence'");
    cast_settle(p->h);
    cast_expect(p->h, "sent 2 2 1", "SELECT concat_ws(' ', state, fence, attempts, failures) " MESSAGE);
    cast_expect(
        p->h, late,
        "SELECT string_agg(concat_ws(' ', number, a.outcome, a.uncertain, a.reason), ', ' ORDER BY number)"
        " FROM told.attempt a JOIN told.message USING (message_id) WHERE recipient = 'p-ash'");
    cast_expect(
        p->h, "1",
        "SELECT count(*) FROM told.journal JOIN told.message USING (message_id) WHERE recipient = 'p-ash' AND"
        " what = 'message taken over, uncertain'");
    /* Why there are two, and why the later word of the first does not count. */
    cast_expect(
        p->h, "its lease ran out without an outcome: it may have arrived, and is sent again 1 1",
        "SELECT concat_ws(' ', detail->>'reason', detail->>'attempt', detail->>'fence') FROM told.journal JOIN told.message"
        " USING (message_id) WHERE recipient = 'p-ash' AND what = 'message taken over, uncertain'");
    cast_expect(
        p->h, "its lease had run out and another claim had taken the message over 1",
        "SELECT concat_ws(' ', detail->>'reason', detail->>'fence') FROM told.journal JOIN told.message"
        " USING (message_id) WHERE recipient = 'p-ash' AND what = 'late result refused by the fence'");
    /* Each of its two notifications was sent once, by the one that held the fence. */
    cast_expect(
        p->h, "2 2",
        "SELECT count(*) || ' ' || count(DISTINCT notification_id) FROM told.journal WHERE what ="
        " 'notification sent' AND duty_id IN (SELECT duty_id FROM told.duty WHERE duty IN ('D01', 'D41'))");
    assert_true(cast_log_has(p->h, "result=late"));
}

/* Both copies bear the message's id; one of them, sent when the first was uncertain, says that it may be a
 * repeat. */
static void check_copies(struct pair *p)
{
    char *uid = cast_value(p->h, "SELECT uid " MESSAGE), *text;
    json_t *mails = cast_lines(p->h, "mails.ndjson"), *mail;
    int copies = 0, repeats = 0;
    size_t i;

    json_array_foreach(mails, i, mail)
    {
        if (strcmp(json_text_at(mail, "to"), "ash@southwark.example") != 0)
            continue;
        assert_string_equal(json_text_at(mail, "message_id"), uid);
        text = cast_mail(p->h, (int)json_integer_value(json_object_get(mail, "n")));
        repeats += strstr(text, "may be a repeat") != NULL;
        copies++;
        free(text);
    }
    assert_int_equal(copies, 2);
    assert_int_equal(repeats, 1);
    json_decref(mails);
    free(uid);
    cast_check(p->h);
}

static void test_fence_refuses_the_250_of_one_that_was_stopped_before_the_body(void **state)
{
    struct pair p = begin(state, NULL);

    harness_sinks_freeze(p.h);
    cast_say(p.h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    stop_first_and_let_the_other_send(&p);
    assert_int_equal(cast_mails_to(p.h, "ash"), 1);
    harness_signal(p.h, p.first, SIGCONT);
    await_refusal(
        &p, "1 tempfail t its process gave no outcome; a late result came after it was taken over: delivered,"
            " 2 delivered f accepted");
    check_copies(&p);
}

static void test_fence_refuses_the_failure_of_one_that_was_stopped_after_the_dot(void **state)
{
    struct pair p = begin(state, "match=ash@ stage=dot do=accept-then-stall times=1\n");

    cast_say(p.h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    cast_await(p.h, "claimed 1", "SELECT concat_ws(' ', state, fence) " MESSAGE);
    while (cast_mails_to(p.h, "ash") == 0)
        cast_await(p.h, "claimed", "SELECT state " MESSAGE);
    stop_first_and_let_the_other_send(&p);
    /* The connection it waits on ends without a word. */
    harness_sinks_restart(p.h, NULL, NULL);
    harness_signal(p.h, p.first, SIGCONT);
    await_refusal(
        &p, "1 tempfail t its process gave no outcome; a late result came after it was taken over: tempfail,"
            " 2 delivered f accepted");
    check_copies(&p);
}

#define HOOKS "FROM told.message WHERE recipient = 'p-kapok'"

/* Two requests, for webhooks are not merged; each under one id, whoever sends it. */
static void test_fence_refuses_the_2xx_of_webhooks_that_were_taken_over(void **state)
{
    struct pair p = begin(state, NULL);
    json_t *hooks, *hook, *seen = json_object();
    int status = 0;
    size_t i;

    harness_sinks_freeze(p.h);
    cast_say(p.h, "police.charge", "charge-4", "LCS-4", CAST_CHARGE);
    cast_await(p.h, "2", "SELECT count(*) " HOOKS " AND state = 'claimed' AND fence = 1");
    harness_signal(p.h, p.first, SIGSTOP);
    assert_int_equal(waitpid(p.first, &status, WUNTRACED), p.first);
    harness_sinks_thaw(p.h);
    harness_told(p.h, "dispatch", NULL);
    cast_await(p.h, "2", "SELECT count(*) " HOOKS " AND state = 'sent' AND fence = 2 AND uncertain");
    harness_signal(p.h, p.first, SIGCONT);
    cast_await(p.h, "2", "SELECT count(*) FROM told.journal JOIN told.message USING (message_id) WHERE recipient = 'p-kapok'"
                         " AND what = 'late result refused by the fence'");
    cast_settle(p.h);
    cast_expect(p.h, "2 2", "SELECT count(*) || ' ' || max(attempts) " HOOKS " AND state = 'sent'");
    hooks = cast_lines(p.h, "hooks.ndjson");
    json_array_foreach(hooks, i, hook)
    {
        const char *id = json_text_at(hook, "webhook_id");
        json_int_t times = json_integer_value(json_object_get(seen, id)) + 1;

        assert_true(json_is_true(json_object_get(hook, "valid")));
        assert_true(times <= 2);
        json_object_set_new(seen, id, json_integer(times));
    }
    assert_int_equal(json_object_size(seen), 2);
    json_decref(seen);
    json_decref(hooks);
    cast_check(p.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_fence_refuses_the_250_of_one_that_was_stopped_before_the_body,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_fence_refuses_the_failure_of_one_that_was_stopped_after_the_dot,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_fence_refuses_the_2xx_of_webhooks_that_were_taken_over, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
