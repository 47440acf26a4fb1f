/* SPDX-License-Identifier: Apache-2.0 */
/* Email against a real SMTP sink on 127.0.0.1, no database: what each thing that can go wrong comes out as.
 */
#include "email_pool.h"
#include "scratch.h"
#include "smtp_sink.h"

#include "told/mem.h"

#include <curl/curl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000 /* far more than anything here takes */

static struct sink_script *make_script(const char *text)
{
    int line = 0;
    struct sink_script *script = sink_script_new(text, &line);
    if (!script)
        fail_msg("script line %d", line);
    return script;
}

/* A file that must be there; the caller frees. */
static char *read_scratch(const char *directory, const char *name)
{
    char *text = scratch_read(directory, name);
    if (!text)
        fail_msg("%s is missing", name);
    return text;
}

struct mail_stand {
    char *directory;
    struct smtp_sink *sink;
    struct email_relay relay;
    struct email_pool *pool;
    int wake_fd;
};

static struct mail_stand make_mail_stand(const char *script, int senders)
{
    struct mail_stand stand = {.directory = scratch_new()};
    const char *reason = NULL;
    stand.sink = smtp_sink_new(stand.directory, 0, make_script(script));
    assert_non_null(stand.sink);
    assert_true(smtp_sink_start(stand.sink));
    stand.relay = (struct email_relay){.name = "test",
                                       .url = mem_printf("smtp://127.0.0.1:%d", smtp_sink_port(stand.sink)),
                                       .from = "told@told.southwark.example",
                                       .connect_timeout_s = 1,
                                       .response_timeout_s = 1,
                                       .senders = senders};
    stand.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    stand.pool = email_pool_start(&stand.relay, stand.wake_fd, &reason);
    if (!stand.pool)
        fail_msg("%s", reason);
    return stand;
}

static void end_mail_stand(struct mail_stand *stand)
{
    email_pool_free(stand->pool);
    smtp_sink_free(stand->sink);
    close(stand->wake_fd);
    scratch_free(stand->directory);
    free(stand->relay.url);
}

static struct email_job make_mail(int64_t id)
{
    return (struct email_job){.message_id = id,
                              .fence = id * 10,
                              .envelope_from = "told+1.x@told.southwark.example",
                              .to = "worker@southwark.example",
                              .subject = "[told] D-17: act by Monday 3 June 2024 at 17:00 - case 01MP1000124",
                              .message_id_header = "<told.123@told.southwark.example>",
                              .date = {INT64_C(1717430400000000)},
                              .text = "First line.\n.\n.dot first\nlone\rreturn, caf\xc3\xa9\n",
                              .html = "<p>First line.</p>\n"};
}

/* Waits on the eventfd as dispatch does. */
static struct outcome await_mail(struct mail_stand *stand)
{
    struct email_done done;
    for (;;) {
        struct pollfd woken = {.fd = stand->wake_fd, .events = POLLIN};
        uint64_t count;
        if (email_pool_take(stand->pool, &done, 1) == 1) {
            email_job_release(&done.job);
            return done.outcome;
        }
        if (poll(&woken, 1, WAIT_MS) != 1)
            fail_msg("no outcome came");
        assert_int_equal(read(stand->wake_fd, &count, sizeof count), sizeof count);
    }
}

static struct outcome send_mail(struct mail_stand *stand, const struct email_job *job)
{
    assert_true(email_pool_submit(stand->pool, job));
    struct outcome outcome = await_mail(stand);
    assert_int_equal(outcome.message_id, job->message_id);
    assert_int_equal(outcome.fence, job->fence);
    assert_true(outcome.begun);
    assert_non_null(outcome.reply.reason);
    return outcome;
}

static void test_channel_email_is_delivered_with_its_headers(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    struct email_job job = make_mail(1);
    job.in_reply_to = "<told.122@told.southwark.example>";
    struct outcome outcome = send_mail(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_DELIVERED);
    assert_int_equal(outcome.code, 250);
    assert_string_equal(outcome.detail, "smtp 250");
    char *mail = read_scratch(stand.directory, "mails/000001.eml");
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
    char *list = read_scratch(stand.directory, "mails.ndjson");
    assert_non_null(strstr(list, "\"from\":\"told+1.x@told.southwark.example\""));
    assert_non_null(strstr(list, "\"message_id\":\"<told.123@told.southwark.example>\""));
    free(list);
    end_mail_stand(&stand);
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
        struct mail_stand stand = make_mail_stand(script, 1);
        struct email_job job = make_mail(7);
        struct outcome outcome = send_mail(&stand, &job);
        if (outcome.reply.outcome != table[i].outcome || outcome.reply.uncertain != table[i].uncertain ||
            (table[i].code >= 0 && outcome.code != table[i].code) ||
            smtp_sink_accepted(stand.sink) != table[i].accepted)
            fail_msg("%s: %s%s, %s (%s), kept %ld", table[i].script,
                     reply_outcome_text(outcome.reply.outcome), outcome.reply.uncertain ? " uncertain" : "",
                     outcome.reply.reason, outcome.detail, smtp_sink_accepted(stand.sink));
        /* Whatever happened, the next mail goes through. */
        outcome = send_mail(&stand, &job);
        if (outcome.reply.outcome != REPLY_DELIVERED)
            fail_msg("the next mail after %s: %s (%s)", script, outcome.reply.reason, outcome.detail);
        end_mail_stand(&stand);
        free(script);
    }
}

/* The server stops reading in the middle of a body that is larger than every buffer between: it cannot have
 * the mail. */
static void test_channel_email_cut_in_the_body_is_not_uncertain(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand("stage=body do=drop times=1", 1);
    struct email_job job = make_mail(1);
    size_t len = 16 * 1024 * 1024;
    job.text = mem_new(len + 1);
    memset(job.text, 'x', len);
    struct outcome outcome = send_mail(&stand, &job);
    free(job.text);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    job = make_mail(2);
    assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    end_mail_stand(&stand);
}

static void test_channel_email_to_nobody_listening_is_a_tempfail(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    struct email_job job = make_mail(1);
    smtp_sink_free(stand.sink);
    stand.sink = NULL;
    struct outcome outcome = send_mail(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_false(outcome.reply.uncertain);
    assert_int_equal(outcome.curl_code, CURLE_COULDNT_CONNECT);
    end_mail_stand(&stand);
}

static void test_channel_email_with_a_foreign_byte_is_never_sent(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
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
        struct email_job job = make_mail(1);
        char *value = mem_copy(table[i].value);
        memcpy((char *)&job + table[i].field, &value, sizeof value);
        struct outcome outcome = send_mail(&stand, &job);
        if (outcome.reply.outcome != REPLY_PERMFAIL)
            fail_msg("row %zu was not refused", i);
        assert_string_equal(outcome.detail, "refused before sending");
        free(value);
    }
    assert_int_equal(smtp_sink_connections(stand.sink), 0);
    end_mail_stand(&stand);
}

static void test_channel_email_body_cannot_end_the_mail(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    struct email_job job = make_mail(1);
    job.text = "one\n.\nQUIT\r.\r\n.\r\nMAIL FROM:<evil@evil.example>\n";
    assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_accepted(stand.sink), 1);
    char *mail = read_scratch(stand.directory, "mails/000001.eml");
    assert_non_null(strstr(mail, "one\r\n.\r\nQUIT\r\n.\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n"));
    free(mail);
    end_mail_stand(&stand);
}

static void test_channel_email_connection_is_used_again(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    for (int64_t i = 1; i <= 20; i++) {
        struct email_job job = make_mail(i);
        assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    }
    assert_int_equal(smtp_sink_accepted(stand.sink), 20);
    assert_int_equal(smtp_sink_connections(stand.sink), 1);
    end_mail_stand(&stand);
}

static void test_channel_email_on_a_stale_connection_costs_no_attempt(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    struct email_job job = make_mail(1);
    int port = smtp_sink_port(stand.sink);
    assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    smtp_sink_free(stand.sink);
    stand.sink = smtp_sink_new(stand.directory, port, make_script("stage=mail match=second do=421 times=1"));
    assert_non_null(stand.sink);
    assert_true(smtp_sink_start(stand.sink));
    assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_connections(stand.sink), 1);
    job.envelope_from =
        "second@told.southwark.example"; /* the kept connection is closed with a 421 at MAIL */
    assert_int_equal(send_mail(&stand, &job).reply.outcome, REPLY_DELIVERED);
    assert_int_equal(smtp_sink_connections(stand.sink), 2);
    end_mail_stand(&stand);
}

static void test_channel_email_never_falls_back_to_clear_text(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    const char *reason = NULL;
    struct email_job job = make_mail(1);
    email_pool_free(stand.pool);
    stand.relay.tls = EMAIL_TLS_STARTTLS;
    stand.pool = email_pool_start(&stand.relay, stand.wake_fd, &reason);
    assert_non_null(stand.pool);
    struct outcome outcome = send_mail(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_int_equal(outcome.curl_code, CURLE_USE_SSL_FAILED);
    assert_int_equal(smtp_sink_accepted(stand.sink), 0);
    end_mail_stand(&stand);
}

static void test_channel_email_in_clear_text_goes_to_loopback_only(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 1);
    const char *reason = NULL;
    struct email_job job = make_mail(1);
    email_pool_free(stand.pool);
    free(stand.relay.url);
    stand.relay.url = mem_copy("smtp://192.0.2.1:25");
    stand.pool = email_pool_start(&stand.relay, stand.wake_fd, &reason);
    assert_non_null(stand.pool);
    struct outcome outcome = send_mail(&stand, &job);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_non_null(strstr(outcome.reply.reason, "clear text"));
    end_mail_stand(&stand);
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

static void test_channel_email_pool_sends_side_by_side(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand(NULL, 4);
    bool seen[101] = {false};
    int64_t next = 1;
    for (int got = 0; got < 100; got++) {
        for (; next <= 100 && email_pool_free_slots(stand.pool) > 0; next++) {
            struct email_job job = make_mail(next);
            assert_true(email_pool_submit(stand.pool, &job));
        }
        struct outcome outcome = await_mail(&stand);
        assert_int_equal(outcome.reply.outcome, REPLY_DELIVERED);
        assert_false(seen[outcome.message_id]);
        seen[outcome.message_id] = true;
    }
    assert_int_equal(smtp_sink_accepted(stand.sink), 100);
    assert_true(smtp_sink_connections(stand.sink) <= 4);
    end_mail_stand(&stand);
}

static void test_channel_email_pool_stop_gives_back_what_it_did_not_begin(void **state)
{
    (void)state;
    struct mail_stand stand = make_mail_stand("stage=dot do=stall", 1);
    const char *reason = NULL;
    struct email_done done[4];
    email_pool_free(stand.pool);
    stand.relay.response_timeout_s = 600;
    stand.pool = email_pool_start(&stand.relay, stand.wake_fd, &reason);
    struct email_job first = make_mail(1), second = make_mail(2);
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
    end_mail_stand(&stand);
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
        cmocka_unit_test(test_channel_email_pool_sends_side_by_side),
        cmocka_unit_test(test_channel_email_pool_stop_gives_back_what_it_did_not_begin),
    };
    return cmocka_run_group_tests_name("channel_email", tests, NULL, NULL);
}
