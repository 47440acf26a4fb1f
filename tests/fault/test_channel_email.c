/* SPDX-License-Identifier: Apache-2.0 */
/* Email against a real SMTP sink on 127.0.0.1, no database: what each thing that can go wrong comes out as.
 */
#include "clock.h"
#include "mail_stand.h"

#include "told/mem.h"

#include <curl/curl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_channel_email_is_delivered_with_its_headers(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    job.in_reply_to = "<told.122@told.southwark.example>";
    struct outcome outcome = mail_stand_send(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_DELIVERED);
    assert_int_equal(outcome.code, 250);
    assert_string_equal(outcome.detail, "smtp 250");
    char *mail = mail_stand_read(&stand, "mails/000001.eml");
    static const char *const parts[] = {
        "Date: Mon, 3 Jun 2024 16:00:00 +0000\r\n",
        "From: told@told.southwark.example\r\n",
        "To: worker@southwark.example\r\n",
        "Subject: [told] D-17: act by Monday 3 June 2024 at 17:00 - case 01MP1000124\r\n",
        "Message-ID: <told.123@told.southwark.example>\r\n",
        "In-Reply-To: <told.122@told.southwark.example>\r\n",
        "References: <told.122@told.southwark.example>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "Content-Type: multipart/alternative; boundary=",
        "MIME-Version: 1.0\r\n",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "\r\n\r\nFirst line.\r\n.\r\n.dot first\r\nlone\r\nreturn, caf=C3=A9\r\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strcasestr(mail, parts[i]))
            fail_msg("missing: %s in\n%s", parts[i], mail);
    assert_null(strstr(mail, "multipart/mixed"));
    for (const char *c = mail; *c; c++)
        assert_true(*c != '\n' || (c > mail && c[-1] == '\r'));
    free(mail);
    char *list = mail_stand_read(&stand, "mails.ndjson");
    assert_non_null(strstr(list, "\"from\":\"told+1.x@told.southwark.example\""));
    assert_non_null(strstr(list, "\"message_id\":\"<told.123@told.southwark.example>\""));
    free(list);
    mail_stand_stop(&stand);
}

struct mail_case {
    const char *script;
    enum reply_outcome outcome;
    bool uncertain;
    long code;
    long accepted; /* by the sink */
};

static void test_channel_email_faults_come_out_as_what_they_are(void **state)
{
    (void)state;
    static const struct mail_case table[] = {
        {"stage=connect do=421", REPLY_TEMPFAIL, false, 421, 0},
        {"stage=connect do=554", REPLY_TEMPFAIL, false, 554, 0},
        {"stage=connect do=drop", REPLY_TEMPFAIL, false, 0, 0},
        {"stage=connect do=stall", REPLY_TEMPFAIL, false, 0, 0},
        {"stage=ehlo do=drop", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=ehlo do=stall", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=mail do=451", REPLY_TEMPFAIL, false, 451, 0},
        {"stage=mail do=421", REPLY_TEMPFAIL, false, 421, 0},
        {"stage=mail do=drop", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=mail do=stall", REPLY_TEMPFAIL, false, -1, 0},
        {"match=worker stage=rcpt do=451", REPLY_TEMPFAIL, false, 451, 0},
        {"match=worker stage=rcpt do=550", REPLY_PERMFAIL, false, 550, 0},
        {"match=worker stage=rcpt do=421", REPLY_TEMPFAIL, false, 421, 0},
        {"stage=rcpt do=drop", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=rcpt do=stall", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=data do=451", REPLY_TEMPFAIL, false, 451, 0},
        {"stage=data do=554", REPLY_PERMFAIL, false, 554, 0},
        {"stage=data do=drop", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=data do=stall", REPLY_TEMPFAIL, false, -1, 0},
        {"stage=dot do=451", REPLY_TEMPFAIL, false, 451, 0},
        {"stage=dot do=552", REPLY_PERMFAIL, false, 552, 0},
        {"stage=dot do=421", REPLY_TEMPFAIL, false, 421, 0},
        {"stage=dot do=drop-after-dot", REPLY_TEMPFAIL, true, 354, 0},
        {"stage=dot do=accept-then-drop", REPLY_TEMPFAIL, true, 354, 1},
        {"stage=dot do=stall", REPLY_TEMPFAIL, true, 354, 0},
        {"match=somebody-else stage=rcpt do=550", REPLY_DELIVERED, false, 250, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *script = mem_printf("%s times=1", table[i].script);
        struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.script = script, .senders = 1});
        struct email_job job = mail_stand_mail(7);
        struct outcome outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.outcome != table[i].outcome || outcome.reply.uncertain != table[i].uncertain ||
            (table[i].code >= 0 && outcome.code != table[i].code) ||
            smtp_sink_accepted(stand.sink) != table[i].accepted)
            fail_msg("%s: %s%s, %s (%s), kept %ld", table[i].script,
                     reply_outcome_text(outcome.reply.outcome), outcome.reply.uncertain ? " uncertain" : "",
                     outcome.reply.reason, outcome.detail, smtp_sink_accepted(stand.sink));
        /* Whatever happened, the next mail goes through. */
        outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.outcome != REPLY_DELIVERED)
            fail_msg("the next mail after %s: %s (%s)", script, outcome.reply.reason, outcome.detail);
        mail_stand_stop(&stand);
        free(script);
    }
}

/* The server stops reading in the middle of a body that is larger than every buffer between: it cannot have
 * the mail. */
static void test_channel_email_cut_in_the_body_is_not_uncertain(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.script = "stage=body do=drop times=1", .senders = 1});
    struct email_job job = mail_stand_mail(1);
    size_t len = 16 * 1024 * 1024;
    job.text = mem_new(len + 1);
    memset(job.text, 'x', len);
    struct outcome outcome = mail_stand_send(&stand, &job);
    free(job.text);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    job = mail_stand_mail(2);
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    mail_stand_stop(&stand);
}

static void test_channel_email_to_nobody_listening_is_a_tempfail(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    smtp_sink_free(stand.sink);
    stand.sink = NULL;
    struct outcome outcome = mail_stand_send(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    assert_int_equal(outcome.curl_code, CURLE_COULDNT_CONNECT);
    mail_stand_stop(&stand);
}

static void test_channel_email_with_a_foreign_byte_is_never_sent(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    static const struct {
        size_t field;
        const char *value;
    } table[] = {
        {offsetof(struct email_job, to), "worker@southwark.example>\r\nRCPT TO:<evil@evil.example"},
        {offsetof(struct email_job, to), "worker@southwark.example\r\nBcc: evil@evil.example"},
        {offsetof(struct email_job, to), "A Worker <worker@southwark.example>"},
        {offsetof(struct email_job, to), "worker@southwark.example,evil@evil.example"},
        {offsetof(struct email_job, to), "w\xc3\xb6rker@southwark.example"},
        {offsetof(struct email_job, to), ""},
        {offsetof(struct email_job, envelope_from), "x@y.example> SIZE=1\r\nRSET"},
        {offsetof(struct email_job, subject), "hello\r\nBcc: evil@evil.example"},
        {offsetof(struct email_job, subject), "hello\nthere"},
        {offsetof(struct email_job, subject), "caf\xc3\xa9"},
        {offsetof(struct email_job, subject), ""},
        {offsetof(struct email_job, message_id_header), "told.1@told.southwark.example"},
        {offsetof(struct email_job, message_id_header), "<a b@told.southwark.example>"},
        {offsetof(struct email_job, message_id_header), "<told.1@told.example>\r\nX: y"},
        {offsetof(struct email_job, in_reply_to), "<told.1@told.example>\nX: <y>"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct email_job job = mail_stand_mail(1);
        char *value = mem_copy(table[i].value);
        memcpy((char *)&job + table[i].field, &value, sizeof value);
        struct outcome outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.outcome != REPLY_PERMFAIL)
            fail_msg("row %zu was not refused", i);
        assert_string_equal(outcome.detail, "refused before sending");
        free(value);
    }
    assert_int_equal(smtp_sink_connections(stand.sink), 0);
    mail_stand_stop(&stand);
}

static void test_channel_email_body_cannot_end_the_mail(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    job.text = "one\n.\nQUIT\r.\r\n.\r\nMAIL FROM:<evil@evil.example>\n";
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_accepted(stand.sink), 1);
    char *mail = mail_stand_read(&stand, "mails/000001.eml");
    assert_non_null(strstr(mail, "one\r\n.\r\nQUIT\r\n.\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n"));
    free(mail);
    mail_stand_stop(&stand);
}

static void test_channel_email_connection_is_used_again(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    for (int64_t i = 1; i <= 20; i++) {
        struct email_job job = mail_stand_mail(i);
        assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    }
    assert_int_equal(smtp_sink_accepted(stand.sink), 20);
    assert_int_equal(smtp_sink_connections(stand.sink), 1);
    mail_stand_stop(&stand);
}

static void test_channel_email_on_a_stale_connection_costs_no_attempt(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    int port = smtp_sink_port(stand.sink);
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    smtp_sink_free(stand.sink);
    stand.sink = smtp_sink_new(stand.directory, port, mail_stand_script("stage=mail match=second do=421 times=1"));
    assert_non_null(stand.sink);
    assert_true(smtp_sink_start(stand.sink));
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_connections(stand.sink), 1);
    job.envelope_from =
        "second@told.southwark.example"; /* the kept connection is closed with a 421 at MAIL */
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_connections(stand.sink), 2);
    mail_stand_stop(&stand);
}

static void test_channel_email_never_falls_back_to_clear_text(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    stand.relay.tls = EMAIL_TLS_STARTTLS;
    mail_stand_restart_pool(&stand);
    struct outcome outcome = mail_stand_send(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_int_equal(outcome.curl_code, CURLE_USE_SSL_FAILED);
    assert_int_equal(smtp_sink_accepted(stand.sink), 0);
    mail_stand_stop(&stand);
}

static void test_channel_email_in_clear_text_goes_to_loopback_only(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 1});
    struct email_job job = mail_stand_mail(1);
    free(stand.relay.url);
    stand.relay.url = mem_copy("smtp://192.0.2.1:25");
    mail_stand_restart_pool(&stand);
    struct outcome outcome = mail_stand_send(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_non_null(strstr(outcome.reply.reason, "clear text"));
    mail_stand_stop(&stand);
}

static void test_channel_email_relay_that_is_not_fit_is_refused(void **state)
{
    (void)state;
    const struct email_relay fine = {.url = "smtp://mail.example:25",
                                     .from = "told@told.example",
                                     .connect_timeout_s = 1,
                                     .response_timeout_s = 1,
                                     .senders = 1};
    assert_null(email_relay_validate(&fine));
    struct email_relay relay = fine;
    relay.tls = EMAIL_TLS_IMPLICIT;
    assert_non_null(email_relay_validate(&relay));
    relay.url = "smtps://mail.example:465";
    assert_null(email_relay_validate(&relay));
    const char *const urls[] = {"http://mail.example", "smtp://", "smtp://a@mail.example",
                                "smtp://mail.example/x", "smtp://mail.example\r\n",
                                "smtp://mail.example:", "smtp://mail.example:x", "smtp://mail.example:0",
                                "smtp://mail.example:65536", "smtp://:25", "smtp://a:1:2"};
    const char *const good[] = {"smtp://mail.example", "smtp://mail.example:587", "smtp://[::1]", "smtp://[::1]:25"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        relay = fine;
        relay.url = mem_copy(good[i]);
        assert_null(email_relay_validate(&relay));
        free(relay.url);
    }
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        relay = fine;
        relay.url = mem_copy(urls[i]);
        assert_non_null(email_relay_validate(&relay));
        free(relay.url);
    }
    relay = fine;
    relay.from = "told";
    assert_non_null(email_relay_validate(&relay));
    relay = fine;
    relay.username = "told";
    assert_non_null(email_relay_validate(&relay));
    relay = fine;
    relay.senders = 0;
    assert_non_null(email_relay_validate(&relay));
}

/* RFC 5321 4.5.3.2: a server may take long over the mail it has, and not over anything before. */
static void test_channel_email_waits_longer_for_the_reply_after_the_dot(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){
        .script = "match=slow stage=dot do=stall\nmatch=stuck stage=rcpt do=stall"});
    struct email_job job = mail_stand_mail(1), slow = mail_stand_mail(2), stuck = mail_stand_mail(3);
    int64_t began_ms;
    struct outcome outcome;

    slow.to = "slow@southwark.example";
    stuck.to = "stuck@southwark.example";
    stand.relay.final_timeout_s = 3;
    mail_stand_restart_pool(&stand);
    began_ms = clock_monotonic_ms();
    outcome = mail_stand_send(&stand, &slow);
    assert_true(clock_monotonic_ms() - began_ms >= 2900);
    assert_true(outcome.reply.uncertain);
    /* On a connection that has waited for a dot before, the first timeout is back: this ends within the test's patience. */
    stand.relay.final_timeout_s = 3600;
    mail_stand_restart_pool(&stand);
    assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
    outcome = mail_stand_send(&stand, &stuck);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    assert_string_equal(outcome.reply.reason, "timed out");
    mail_stand_stop(&stand);
}

static void test_channel_email_pool_sends_side_by_side(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.senders = 4});
    bool seen[101] = {false};
    int64_t next = 1;
    for (int got = 0; got < 100; got++) {
        for (; next <= 100 && email_pool_free_slots(stand.pool) > 0; next++) {
            struct email_job job = mail_stand_mail(next);
            assert_true(email_pool_submit(stand.pool, &job));
        }
        struct outcome outcome = mail_stand_await(&stand);
        assert_int_equal(outcome.reply.outcome, REPLY_DELIVERED);
        assert_false(seen[outcome.message_id]);
        seen[outcome.message_id] = true;
    }
    assert_int_equal(smtp_sink_accepted(stand.sink), 100);
    assert_true(smtp_sink_connections(stand.sink) <= 4);
    mail_stand_stop(&stand);
}

static void test_channel_email_pool_stop_gives_back_what_it_did_not_begin(void **state)
{
    (void)state;
    struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){.script = "stage=dot do=stall", .senders = 1});
    struct email_done done[4];
    stand.relay.response_timeout_s = 600;
    mail_stand_restart_pool(&stand);
    struct email_job first = mail_stand_mail(1), second = mail_stand_mail(2);
    assert_true(email_pool_submit(stand.pool, &first));
    while (smtp_sink_connections(stand.sink) == 0 || email_pool_free_slots(stand.pool) == 0)
        poll(NULL, 0, 1);
    assert_true(email_pool_submit(stand.pool, &second));
    assert_false(email_pool_submit(stand.pool, &second));
    time_t start = time(NULL);
    email_pool_stop(stand.pool, 1);
    assert_true(time(NULL) - start < 10);
    assert_int_equal(email_pool_take(stand.pool, done, 4), 2);
    assert_int_equal(done[0].outcome.message_id, 2);
    assert_false(done[0].outcome.begun);
    assert_int_equal(done[1].outcome.message_id, 1);
    assert_true(done[1].outcome.begun && done[1].outcome.reply.uncertain);
    email_job_release(&done[0].job);
    email_job_release(&done[1].job);
    assert_false(email_pool_submit(stand.pool, &second));
    mail_stand_stop(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_email_is_delivered_with_its_headers),
        cmocka_unit_test(test_channel_email_faults_come_out_as_what_they_are),
        cmocka_unit_test(test_channel_email_cut_in_the_body_is_not_uncertain),
        cmocka_unit_test(test_channel_email_to_nobody_listening_is_a_tempfail),
        cmocka_unit_test(test_channel_email_with_a_foreign_byte_is_never_sent),
        cmocka_unit_test(test_channel_email_body_cannot_end_the_mail),
        cmocka_unit_test(test_channel_email_connection_is_used_again),
        cmocka_unit_test(test_channel_email_on_a_stale_connection_costs_no_attempt),
        cmocka_unit_test(test_channel_email_never_falls_back_to_clear_text),
        cmocka_unit_test(test_channel_email_in_clear_text_goes_to_loopback_only),
        cmocka_unit_test(test_channel_email_relay_that_is_not_fit_is_refused),
        cmocka_unit_test(test_channel_email_waits_longer_for_the_reply_after_the_dot),
        cmocka_unit_test(test_channel_email_pool_sends_side_by_side),
        cmocka_unit_test(test_channel_email_pool_stop_gives_back_what_it_did_not_begin),
    };
    return cmocka_run_group_tests_name("channel_email", tests, NULL, NULL);
}
