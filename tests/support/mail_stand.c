/* SPDX-License-Identifier: Apache-2.0 */
#include "mail_stand.h"

#include "scratch.h"
#include "told/mem.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000 /* far more than anything here takes */

struct sink_script *mail_stand_script(const char *text)
{
    int line = 0;
    struct sink_script *script = sink_script_new(text, &line);
    if (!script)
        fail_msg("script line %d: %s", line, text);
    return script;
}

char *mail_stand_read(const struct mail_stand *stand, const char *name)
{
    char *text = scratch_read(stand->directory, name);
    if (!text)
        fail_msg("%s is missing", name);
    return text;
}

/* The authority's certificate is kept in the stand's directory. */
static void secure_sink(struct mail_stand *stand, const struct mail_stand_setup *setup)
{
    char *path = mem_printf("%s/ca.pem", stand->directory);
    struct sink_tls_authority *authority = sink_tls_authority_new(path);
    assert_non_null(authority);
    struct sink_tls *tls = sink_tls_new(authority, setup->certificate);
    assert_non_null(tls);
    sink_tls_authority_free(authority);
    smtp_sink_set_tls(stand->sink, tls, setup->tls == EMAIL_TLS_IMPLICIT);
    stand->relay.ca_file = setup->trusts_nobody ? NULL : mem_copy(path);
    free(path);
}

static void start_sink(struct mail_stand *stand, const struct mail_stand_setup *setup)
{
    stand->sink = smtp_sink_new(stand->directory, 0, mail_stand_script(setup->script));
    assert_non_null(stand->sink);
    if (setup->tls != EMAIL_TLS_NONE && !setup->is_clear_sink)
        secure_sink(stand, setup);
    if (setup->login)
        smtp_sink_set_login(stand->sink, setup->login, setup->password);
    assert_true(smtp_sink_start(stand->sink));
}

void mail_stand_restart_pool(struct mail_stand *stand)
{
    const char *reason = NULL;
    email_pool_free(stand->pool);
    stand->pool = email_pool_start(&stand->relay, stand->wake_fd, &reason);
    if (!stand->pool)
        fail_msg("%s", reason);
}

int mail_stand_patience_s(const char *script)
{
    static const char *const faults[] = {"do=stall", "do=drip", "do=garbage", "do=noise", "do=half-close"};
    for (size_t i = 0; script && i < sizeof faults / sizeof *faults; i++)
        if (strstr(script, faults[i]))
            return 2;
    return 20;
}

struct mail_stand mail_stand_start(const struct mail_stand_setup *setup)
{
    struct mail_stand stand = {.directory = scratch_new()};
    const char *login = setup->relay_login ? setup->relay_login : setup->login;
    const char *password = setup->relay_password ? setup->relay_password : setup->password;
    int timeout_s = setup->timeout_s ? setup->timeout_s : mail_stand_patience_s(setup->script);
    start_sink(&stand, setup);
    stand.relay.name = mem_copy("test");
    stand.relay.url = mem_printf("%s://%s:%d", setup->tls == EMAIL_TLS_IMPLICIT ? "smtps" : "smtp",
                                 setup->host ? setup->host : "127.0.0.1", smtp_sink_port(stand.sink));
    stand.relay.tls = setup->tls;
    stand.relay.from = mem_copy("told@told.southwark.example");
    stand.relay.username = mem_copy(login);
    stand.relay.password = mem_copy(password);
    stand.relay.connect_timeout_s = stand.relay.response_timeout_s = timeout_s;
    stand.relay.senders = setup->senders ? setup->senders : 1;
    stand.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mail_stand_restart_pool(&stand);
    return stand;
}

void mail_stand_stop(struct mail_stand *stand)
{
    email_pool_free(stand->pool);
    smtp_sink_free(stand->sink);
    close(stand->wake_fd);
    scratch_free(stand->directory);
    email_relay_release(&stand->relay);
}

struct email_job mail_stand_mail(int64_t id)
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
struct outcome mail_stand_await(struct mail_stand *stand)
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

struct outcome mail_stand_send(struct mail_stand *stand, const struct email_job *job)
{
    assert_true(email_pool_submit(stand->pool, job));
    struct outcome outcome = mail_stand_await(stand);
    assert_int_equal(outcome.message_id, job->message_id);
    assert_int_equal(outcome.fence, job->fence);
    assert_true(outcome.begun);
    assert_non_null(outcome.reply.reason);
    return outcome;
}
