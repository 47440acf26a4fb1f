/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that are not ours: aiosmtpd with STARTTLS and AUTH, and Postfix's smtp-sink with its fault options. */
#include "channel_email.h"
#include "mail_stand.h"
#include "scratch.h"
#include "told/mem.h"
#include "loopback.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const atomic_bool never = false;

static struct outcome send_to(const struct email_relay *relay, int64_t id)
{
    struct channel_email *channel = channel_email_new(relay);
    struct email_job job = mail_stand_mail(id);
    struct outcome outcome;

    assert_non_null(channel);
    channel_email_send(channel, &job, &never, &outcome);
    channel_email_free(channel);
    return outcome;
}

/* ---- aiosmtpd ---- */

struct peer {
    char *directory, *ca, *certificate, *key;
    pid_t pid;
    FILE *in;  /* it ends when this is closed */
    FILE *out; /* what it says */
    int port;
};

static void make_certificate(struct peer *p)
{
    struct sink_tls_authority *authority;
    struct sink_tls *tls;

    p->directory = scratch_new();
    p->ca = mem_printf("%s/ca.pem", p->directory);
    p->certificate = mem_printf("%s/peer.pem", p->directory);
    p->key = mem_printf("%s/peer.key", p->directory);
    authority = sink_tls_authority_new(p->ca);
    assert_non_null(authority);
    tls = sink_tls_new(authority, SINK_TLS_GOOD);
    assert_true(tls != NULL && sink_tls_write(tls, p->certificate, p->key));
    sink_tls_free(tls);
    sink_tls_authority_free(authority);
}

static struct peer start_peer(void)
{
    struct peer p = {0};
    int in[2], out[2];
    char line[64];

    make_certificate(&p);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    p.pid = fork();
    if (p.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl("/usr/bin/python3", "python3", "-W", "ignore", "tests/support/peer_smtpd.py", p.certificate, p.key, "told", "correct horse",
              (char *)NULL);
        _exit(71);
    }
    close(in[0]);
    close(out[1]);
    p.in = fdopen(in[1], "w");
    p.out = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, p.out));
    assert_int_equal(sscanf(line, "PORT %d", &p.port), 1);
    return p;
}

static void end_peer(struct peer *p)
{
    fclose(p->in);
    assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
    fclose(p->out);
    free(p->certificate);
    free(p->key);
    free(p->ca);
    scratch_free(p->directory);
}

static json_t *next_mail(struct peer *p)
{
    struct buf line = {0};
    json_t *mail;
    int c;

    while ((c = fgetc(p->out)) != EOF && c != '\n')
        buf_char(&line, (char)c);
    mail = json_loads(buf_string(&line), 0, NULL);
    assert_non_null(mail);
    buf_release(&line);
    return mail;
}

static void test_smtp_peers_aiosmtpd_takes_a_mail_behind_tls_and_login(void **state)
{
    (void)state;
    struct peer p = start_peer();
    char *url = mem_printf("smtp://localhost:%d", p.port);
    struct email_relay relay = {.url = url,
                                .tls = EMAIL_TLS_STARTTLS,
                                .username = (char[]){"told"},
                                .password = (char[]){"correct horse"},
                                .from = (char[]){"told@told.southwark.example"},
                                .ca_file = p.ca,
                                .connect_timeout_s = 10,
                                .response_timeout_s = 10,
                                .senders = 1};
    struct outcome outcome = send_to(&relay, 1);
    json_t *mail;

    if (outcome.reply.outcome != REPLY_DELIVERED)
        fail_msg("%s (%s)", outcome.reply.reason, outcome.detail);
    mail = next_mail(&p);
    assert_true(json_is_true(json_object_get(mail, "secure")));
    assert_true(json_is_true(json_object_get(mail, "login")));
    assert_int_equal(json_array_size(json_object_get(mail, "to")), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(mail, "to"), 0)), "worker@southwark.example");
    assert_non_null(strstr(json_string_value(json_object_get(mail, "text")), "Message-ID: <told.123@told.southwark.example>\r\n"));
    json_decref(mail);
    relay.password = (char[]){"wrong horse"};
    outcome = send_to(&relay, 2);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_true(outcome.reply.trouble && !outcome.reply.uncertain);
    relay.username = relay.password = NULL;
    outcome = send_to(&relay, 3);
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL); /* 530: a login first */
    assert_true(outcome.reply.trouble);
    free(url);
    end_peer(&p);
}

/* ---- smtp-sink(1) ---- */

static pid_t start_sink(int port, const char *option, const char *value)
{
    char *endpoint = mem_printf("inet:127.0.0.1:%d", port);
    pid_t pid = fork();

    if (pid == 0) {
        const char *argv[9] = {"smtp-sink", "-4"};
        int n = 2;

        if (geteuid() == 0) { /* it wants to be somebody else then */
            argv[n++] = "-u";
            argv[n++] = "nobody";
        }
        if (option != NULL)
            argv[n++] = option;
        if (value != NULL)
            argv[n++] = value;
        argv[n++] = endpoint;
        argv[n++] = "64";
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execv("/usr/sbin/smtp-sink", (char *const *)(uintptr_t)argv);
        _exit(71);
    }
    free(endpoint);
    for (int i = 0; i < 1000 && !loopback_answers(port); i++)
        poll(NULL, 0, 10);
    return pid;
}

struct sink_case {
    const char *option, *value;
    enum reply_outcome outcome;
    bool uncertain;
};

static void test_smtp_peers_smtp_sink_comes_out_as_what_it_does(void **state)
{
    (void)state;
    static const struct sink_case table[] = {
        {NULL, NULL, REPLY_DELIVERED, false},
        {"-e", NULL, REPLY_DELIVERED, false},        /* no ESMTP: libcurl says HELO */
        {"-f", "connect", REPLY_TEMPFAIL, false},    /* 5xx */
        {"-f", "mail", REPLY_PERMFAIL, false},
        {"-f", "rcpt", REPLY_PERMFAIL, false},
        {"-f", "data", REPLY_PERMFAIL, false},
        {"-f", ".", REPLY_PERMFAIL, false},
        {"-r", "connect", REPLY_TEMPFAIL, false},    /* 4xx */
        {"-r", "mail", REPLY_TEMPFAIL, false},
        {"-r", "rcpt", REPLY_TEMPFAIL, false},
        {"-r", "data", REPLY_TEMPFAIL, false},
        {"-r", ".", REPLY_TEMPFAIL, false},
        {"-q", "connect", REPLY_TEMPFAIL, false},    /* closes */
        {"-q", "mail", REPLY_TEMPFAIL, false},
        {"-q", "rcpt", REPLY_TEMPFAIL, false},
        {"-q", "data", REPLY_TEMPFAIL, false},
        {"-q", ".", REPLY_TEMPFAIL, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int held, port = loopback_hold_port(&held);
        pid_t pid = start_sink(port, table[i].option, table[i].value);
        char *url = mem_printf("smtp://127.0.0.1:%d", port);
        struct email_relay relay = {.url = url,
                                    .from = (char[]){"told@told.southwark.example"},
                                    .connect_timeout_s = 10,
                                    .response_timeout_s = 10,
                                    .senders = 1};
        struct outcome outcome = send_to(&relay, 1);

        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
        close(held);
        if (outcome.reply.outcome != table[i].outcome || outcome.reply.uncertain != table[i].uncertain)
            fail_msg("smtp-sink %s %s: %s (%s)", table[i].option ? table[i].option : "", table[i].value ? table[i].value : "",
                     outcome.reply.reason, outcome.detail);
        free(url);
    }
}

static int start(void **state)
{
    (void)state;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    curl_global_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smtp_peers_aiosmtpd_takes_a_mail_behind_tls_and_login),
        cmocka_unit_test(test_smtp_peers_smtp_sink_comes_out_as_what_it_does),
    };
    return cmocka_run_group_tests_name("smtp_peers", tests, start, stop);
}
