/* SPDX-License-Identifier: Apache-2.0 */
/* How mails go out: their thread, their return path, their deadline; which relay takes them, and when they are tried again. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "scratch.h"
#include "smtp_sink.h"
#include "told/json.h"
#include "told/mem.h"
#include "told/verp.h"

#define NOW "2024-06-03T09:00:00Z"
#define CHARGED "police.charge", "2024-06-03T08:50:00Z charge-1", "LCS-1", CAST_CHARGE
#define DOMAIN "told.southwark.example"

static struct harness *begin(void **state, struct harness_options options)
{
    options.story_from = NOW;
    options.story_stands = true;
    options.poll_ms = 50;
    struct harness *h = *state = harness_start(&options);

    cast_import(h);
    harness_told(h, NULL, NULL);
    return h;
}

/* The mail to a person that came as the n-th, from 1; the caller frees. */
static char *mail_to(struct harness *h, const char *person, int number, char **ret_from)
{
    char *to = mem_printf("%s@southwark.example", person), *text = NULL;
    json_t *mails = cast_lines(h, "mails.ndjson"), *mail;
    size_t i;

    json_array_foreach(mails, i, mail)
        if (strcmp(json_text_at(mail, "to"), to) == 0 && --number == 0) {
            text = cast_mail(h, (int)json_integer_value(json_object_get(mail, "n")));
            *ret_from = mem_copy(json_text_at(mail, "from"));
        }
    if (text == NULL)
        fail_msg("no such mail to %s", person);
    json_decref(mails);
    free(to);
    return text;
}

/* The value of a header, up to the end of its line; the caller frees. */
static char *header(const char *mail, const char *name)
{
    char *begin = mem_printf("\n%s: ", name);
    const char *at = strstr(mail, begin);
    char *value = at != NULL ? mem_copy_n(at + strlen(begin), strcspn(at + strlen(begin), "\r\n")) : NULL;

    free(begin);
    return value;
}

static void expect_return_path(struct harness *h, const char *from, const char *person, int attempt)
{
    unsigned char key[VERP_KEY_SIZE];
    char *hex = harness_value(h, "SELECT encode(key, 'hex') FROM told.return_path");
    char *id = cast_value(h, "SELECT message_id FROM told.message WHERE recipient = 'p-%s' ORDER BY message_id LIMIT 1", person);
    struct verp verp = {0};
    const char *why;

    assert_int_equal(sodium_hex2bin(key, sizeof key, hex, strlen(hex), NULL, NULL, NULL), 0);
    why = verp_parse(key, from, DOMAIN, &verp);
    if (why != NULL)
        fail_msg("%s: %s", from, why);
    assert_int_equal(verp.message_id, atoll(id));
    assert_int_equal(verp.attempt, attempt);
    free(id);
    free(hex);
}

/* The one of a person's mails that has this in it, whichever came first; the caller frees. */
static char *mail_with(struct harness *h, const char *person, const char *text)
{
    for (int i = (int)cast_mails_to(h, person); i > 0; i--) {
        char *from, *mail = mail_to(h, person, i, &from);

        free(from);
        if (strstr(mail, text) != NULL)
            return mail;
        free(mail);
    }
    fail_msg("no mail to %s has %s", person, text);
    return NULL;
}

static void test_sending_threads_the_steps_of_a_duty_with_its_deadline(void **state)
{
    struct harness *h = begin(state, (struct harness_options){0});
    char *from, *first, *second, *id, *reply_to, *references, *uid;

    cast_hear(h, CHARGED);
    first = mail_to(h, "ash", 1, &from);
    expect_return_path(h, from, "ash", 1);
    free(from);
    id = header(first, "Message-ID");
    assert_null(header(first, "In-Reply-To"));
    assert_non_null(strstr(first, "filename=\"deadline.ics\""));
    assert_non_null(strstr(first, "METHOD:PUBLISH\r\n"));
    uid = cast_value(h, "SELECT 'UID:duty-' || duty_id || '@" DOMAIN "' FROM told.duty WHERE duty = 'D41'");
    assert_non_null(strstr(first, uid));
    assert_non_null(strstr(first, "DTSTART:20240604T160000Z"));
    cast_jump(h, "2024-06-04T16:00:00Z");
    second = mail_with(h, "cedar", uid); /* other duties climbed to her too */
    reply_to = header(second, "In-Reply-To");
    references = header(second, "References");
    assert_string_equal(reply_to, id);
    assert_non_null(strstr(references, id));
    assert_non_null(strstr(second, "Auto-Submitted: auto-generated\r\n"));
    free(first);
    free(second);
    free(id);
    free(reply_to);
    free(references);
    free(uid);
    cast_check(h);
}

static void test_sending_again_is_the_same_mail_with_a_return_path_of_its_own(void **state)
{
    /* Refused after the dot, and the sink writes down what it accepts: the second try. */
    struct harness *h = begin(state, (struct harness_options){.smtp_script = "match=ash stage=dot do=accept-then-drop times=1\n",
                                                              .more_config = "retry = { uncertain_ordinary_s = 60; ordinary_s ="
                                                                             " [ 60 ]; jitter_percent = 0; };\n"});
    static const char *const SAME[] = {"Message-ID", "Date", "Subject"};
    char *from[2], *mails[2];

    cast_say(h, CHARGED);
    cast_await(h, "waiting t", "SELECT concat_ws(' ', state, uncertain) FROM told.message WHERE recipient = 'p-ash'");
    cast_jump(h, "2024-06-03T09:00:59Z");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_jump(h, "2024-06-03T09:01:00Z");
    for (int i = 0; i < 2; i++) {
        mails[i] = mail_to(h, "ash", i + 1, &from[i]);
        expect_return_path(h, from[i], "ash", i + 1);
    }
    assert_string_not_equal(from[0], from[1]);
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        char *one = header(mails[0], SAME[i]), *other = header(mails[1], SAME[i]);

        assert_string_equal(one, other);
        free(one);
        free(other);
    }
    assert_null(strstr(mails[0], "may be a repeat"));
    assert_non_null(strstr(mails[1], "may be a repeat"));
    for (int i = 0; i < 2; i++) {
        free(mails[i]);
        free(from[i]);
    }
    cast_check(h);
}

static void test_sending_waits_for_a_reply_that_takes_longer_than_the_lease(void **state)
{
    /* A byte every 200 ms: the reply takes two seconds, the lease half of one. */
    struct harness *h = begin(state, (struct harness_options){.smtp_script = "match=ash stage=dot do=drip times=1\n",
                                                              .lease_ms = 500,
                                                              .response_timeout_s = 30});

    harness_told(h, "dispatch", NULL); /* somebody who would take it over */
    cast_hear(h, CHARGED);
    cast_expect(h, "sent 1 1 0", "SELECT concat_ws(' ', state, fence, attempts, failures) FROM told.message WHERE recipient = 'p-ash'");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_expect(h, "0", "SELECT count(*) FROM told.journal WHERE what LIKE 'message taken over%%'");
    cast_expect(h, "t", "SELECT bool_or(ended_at >= started_at AND outcome = 'delivered') FROM told.attempt JOIN told.message"
                        " USING (message_id) WHERE recipient = 'p-ash'");
    cast_check(h);
}

static void test_sending_never_lets_the_next_step_wait_for_a_retry(void **state)
{
    struct harness *h = begin(state, (struct harness_options){.smtp_script = "match=ash stage=rcpt do=451\n"});

    cast_say(h, CHARGED);
    cast_await(h, "waiting 1", "SELECT concat_ws(' ', state, failures) FROM told.message WHERE recipient = 'p-ash'");
    cast_jump(h, "2024-06-04T16:00:00Z");
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.message WHERE recipient = 'p-cedar' AND state = 'sent'");
    cast_expect(h, "waiting", "SELECT state FROM told.message WHERE recipient = 'p-ash'");
    assert_int_equal(cast_mails_to(h, "ash"), 0);
    cast_check(h);
}

static void expect_destination(struct harness *h, const char *name, const char *want)
{
    struct buf out = {0};
    json_t *rows, *row;
    const char *state = NULL;
    size_t i;

    assert_int_equal(harness_toldctl(h, NULL, (const char *const[]){"--json", "destinations", NULL}, &out, NULL), 0);
    rows = json_loads(buf_string(&out), 0, NULL);
    assert_true(json_is_array(rows));
    json_array_foreach(rows, i, row)
        if (strcmp(json_text_at(row, "destination"), name) == 0)
            state = json_text_at(row, "state");
    assert_non_null(state);
    assert_string_equal(state, want);
    json_decref(rows);
    buf_release(&out);
}

static void test_sending_goes_on_over_the_next_relay_and_back(void **state)
{
    char *directory = scratch_new();
    struct smtp_sink *second = smtp_sink_new(directory, 0, NULL);
    assert_true(second != NULL && smtp_sink_start(second));
    struct harness *h = begin(state, (struct harness_options){.second_relay_port = smtp_sink_port(second)});

    cast_bystander(h);
    assert_int_equal(smtp_sink_accepted(second), 0);
    harness_sinks_stop(h);
    cast_hear(h, CHARGED);
    /* The attempt that found the first relay away is the one that arrived. */
    cast_expect(h, "sent 1 second", "SELECT concat_ws(' ', m.state, attempts, destination) FROM told.message m JOIN told.attempt"
                                    " USING (message_id) WHERE recipient = 'p-ash'");
    assert_true(smtp_sink_accepted(second) > 0);
    cast_await(h, "dead", "SELECT state FROM told.destination WHERE name = 'first'");
    expect_destination(h, "first", "dead");
    cast_expect(h, "no connection t", "SELECT concat_ws(' ', error, probe_at > since) FROM told.destination WHERE name = 'first'");
    harness_sinks_restart(h, NULL, NULL);
    cast_await(h, "alive", "SELECT state FROM told.destination WHERE name = 'first'");
    cast_hear(h, "police.charge", "2024-06-03T08:55:00Z charge-2", "LCS-2", CAST_CHARGE);
    cast_expect(h, "first", "SELECT destination FROM told.attempt ORDER BY attempt_id DESC LIMIT 1");
    expect_destination(h, "second", "alive");
    assert_true(cast_log_has(h, "destination=first channel=email state=dead"));
    cast_check(h);
    smtp_sink_free(second);
    scratch_free(directory);
}

/* What toldctl destinations says to a person. */
static bool destinations_say(struct harness *h, const char *what)
{
    struct buf out = {0};
    bool found;

    assert_int_equal(harness_toldctl(h, NULL, (const char *const[]){"destinations", NULL}, &out, NULL), 0);
    found = strstr(buf_string(&out), what) != NULL;
    buf_release(&out);
    return found;
}

static void test_sending_alarms_once_while_every_relay_is_dead_and_ends_it(void **state)
{
    char *directory = scratch_new();
    struct smtp_sink *second = smtp_sink_new(directory, 0, NULL);
    assert_true(second != NULL && smtp_sink_start(second));
    int port = smtp_sink_port(second);
    struct harness *h = begin(state, (struct harness_options){.second_relay_port = port});

    cast_bystander(h);
    harness_sinks_stop(h);
    cast_hear(h, CHARGED);
    cast_await(h, "dead", "SELECT state FROM told.destination WHERE name = 'first'");
    /* One is left. */
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind = 'mail-down'");
    assert_false(destinations_say(h, "No mail goes out"));
    smtp_sink_free(second);
    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = "charge-2", .time = "2024-06-03T08:55:00Z", .lcs = "LCS-2",
                                         .fields = CAST_CHARGE});
    cast_await(h, "1 1 t", "SELECT concat_ws(' ', count(*), sum(count), bool_and(cleared_at IS NULL AND duty_id IS NOT NULL))"
                           " FROM told.alarm WHERE kind = 'mail-down'");
    assert_true(destinations_say(h, "No mail goes out: every relay is dead since "));
    assert_true(cast_log_has(h, "channel=email state=down"));
    /* Probes fail on, and it is said no more. */
    cast_await(h, "t", "SELECT bool_and(failures > 2) FROM told.destination WHERE channel = 'email'");
    cast_expect(h, "1 1", "SELECT concat_ws(' ', count(*), sum(count)) FROM told.alarm WHERE kind = 'mail-down'");
    harness_sinks_restart(h, NULL, NULL);
    cast_await(h, "discharged t", "SELECT concat_ws(' ', closed_as, cleared_at IS NOT NULL) FROM told.alarm JOIN told.duty USING"
                                  " (duty_id) WHERE alarm.kind = 'mail-down'");
    assert_true(cast_log_has(h, "channel=email state=up"));
    assert_false(destinations_say(h, "No mail goes out"));
    cast_expect(h, "mail down, mail up", "SELECT string_agg(what, ', ' ORDER BY journal_id) FROM told.journal WHERE what LIKE 'mail %%n'"
                                         " OR what LIKE 'mail up'");
    cast_check(h);
    scratch_free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sending_threads_the_steps_of_a_duty_with_its_deadline, harness_teardown),
        cmocka_unit_test_teardown(test_sending_again_is_the_same_mail_with_a_return_path_of_its_own, harness_teardown),
        cmocka_unit_test_teardown(test_sending_waits_for_a_reply_that_takes_longer_than_the_lease, harness_teardown),
        cmocka_unit_test_teardown(test_sending_never_lets_the_next_step_wait_for_a_retry, harness_teardown),
        cmocka_unit_test_teardown(test_sending_goes_on_over_the_next_relay_and_back, harness_teardown),
        cmocka_unit_test_teardown(test_sending_alarms_once_while_every_relay_is_dead_and_ends_it, harness_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
