/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relays behind TLS and logins, with certificates made for the occasion: a mail goes to the server it is for, or it does not
 * go, and never in clear text.
 */
#include "mail_stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_channel_tls_delivers_to_the_server_it_is_for(void **state)
{
    (void)state;
    static const struct mail_stand_setup table[] = {
        {.tls = EMAIL_TLS_STARTTLS},
        {.tls = EMAIL_TLS_IMPLICIT},
        {.tls = EMAIL_TLS_STARTTLS, .host = "localhost"},
        {.tls = EMAIL_TLS_IMPLICIT, .host = "localhost", .login = "told", .password = "correct horse"},
        {.tls = EMAIL_TLS_STARTTLS, .login = "told@southwark.example", .password = "caf\xc3\xa9 \" ' \\"},
        {.tls = EMAIL_TLS_NONE, .login = "told", .password = "to this host only"},
        {.tls = EMAIL_TLS_STARTTLS, .login = "told", .password = "x", .script = "stage=auth do=504 times=1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mail_stand stand = mail_stand_start(&table[i]);
        struct email_job job = mail_stand_mail(1);
        struct outcome outcome = mail_stand_send(&stand, &job);
        if (table[i].script) /* the first mechanism is refused, and libcurl asks with the other */
            outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.outcome != REPLY_DELIVERED)
            fail_msg("row %zu: %s (%s)", i, outcome.reply.reason, outcome.detail);
        /* The next mail goes over the same connection. */
        assert_int_equal(mail_stand_send(&stand, &job).reply.outcome, REPLY_DELIVERED);
        assert_int_equal(smtp_sink_accepted(stand.sink), 2);
        assert_int_equal(smtp_sink_connections(stand.sink), table[i].script ? 2 : 1);
        mail_stand_stop(&stand);
    }
}

struct refusal {
    struct mail_stand_setup setup;
    const char *reason;
};

static void test_channel_tls_sends_nothing_to_any_other(void **state)
{
    (void)state;
    static const struct refusal table[] = {
        {{.certificate = SINK_TLS_WRONG_HOST}, "the server's certificate was not accepted"},
        {{.certificate = SINK_TLS_SELF_SIGNED}, "the server's certificate was not accepted"},
        {{.certificate = SINK_TLS_EXPIRED}, "the server's certificate was not accepted"},
        {{.certificate = SINK_TLS_OLD}, "the TLS handshake failed"},
        {{.trusts_nobody = true}, "the server's certificate was not accepted"},
        {{.script = "stage=tls do=drop"}, NULL},
        {{.script = "stage=tls do=reset"}, NULL},
        {{.script = "stage=tls do=half-close"}, NULL},
        {{.script = "stage=tls do=noise"}, NULL},
        {{.script = "stage=tls do=stall"}, "timed out"},
        {{.is_clear_sink = true}, NULL},
        {{.login = "told", .password = "right", .relay_password = "wrong"}, "SMTP 534 or 535: the server refused our login"},
        {{.login = "told", .password = "right", .relay_login = "tald"}, "SMTP 534 or 535: the server refused our login"},
        {{.login = "told", .password = "right", .script = "stage=auth do=454"}, "SMTP 4xx: refused for now"},
    };
    static const enum email_tls ways[] = {EMAIL_TLS_STARTTLS, EMAIL_TLS_IMPLICIT};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t way = 0; way < 2; way++) {
            struct mail_stand_setup setup = table[i].setup;
            setup.tls = ways[way];
            struct mail_stand stand = mail_stand_start(&setup);
            struct email_job job = mail_stand_mail(1);
            struct outcome outcome = mail_stand_send(&stand, &job);
            const struct reply *reply = &outcome.reply;
            if (reply->outcome != REPLY_TEMPFAIL || reply->uncertain || !reply->trouble ||
                (table[i].reason && strcmp(reply->reason, table[i].reason) != 0) || smtp_sink_accepted(stand.sink) != 0)
                fail_msg("row %zu, %s: %s%s, %s (%s)", i, way ? "implicit" : "STARTTLS", reply_outcome_text(reply->outcome),
                         reply->uncertain ? " uncertain" : "", reply->reason, outcome.detail);
            mail_stand_stop(&stand);
        }
}

/* The faults that only STARTTLS can have: whoever stands between would have us go on in clear text. */
static void test_channel_tls_stripped_of_starttls_sends_nothing(void **state)
{
    (void)state;
    static const char *const scripts[] = {"stage=ehlo do=strip", "stage=starttls do=454", "stage=starttls do=502",
                                          "stage=starttls do=garbage", "stage=starttls do=drop", "stage=starttls do=421"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct mail_stand stand = mail_stand_start(&(struct mail_stand_setup){
            .tls = EMAIL_TLS_STARTTLS, .script = scripts[i], .login = "told", .password = "never in clear text"});
        struct email_job job = mail_stand_mail(1);
        struct outcome outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.outcome != REPLY_TEMPFAIL || outcome.reply.uncertain || !outcome.reply.trouble)
            fail_msg("%s: %s (%s)", scripts[i], outcome.reply.reason, outcome.detail);
        assert_int_equal(smtp_sink_accepted(stand.sink), 0);
        mail_stand_stop(&stand);
    }
}

static void test_channel_tls_probe_goes_the_same_way_and_sends_nothing(void **state)
{
    (void)state;
    static const struct {
        struct mail_stand_setup setup;
        bool is_well;
    } table[] = {
        {{.tls = EMAIL_TLS_NONE}, true},
        {{.tls = EMAIL_TLS_STARTTLS, .login = "told", .password = "x"}, true},
        {{.tls = EMAIL_TLS_IMPLICIT}, true},
        {{.tls = EMAIL_TLS_STARTTLS, .login = "told", .password = "x", .relay_password = "y"}, false},
        {{.tls = EMAIL_TLS_STARTTLS, .certificate = SINK_TLS_EXPIRED}, false},
        {{.tls = EMAIL_TLS_NONE, .script = "stage=connect do=554"}, false},
        {{.tls = EMAIL_TLS_NONE, .script = "stage=ehlo do=stall"}, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mail_stand stand = mail_stand_start(&table[i].setup);
        struct email_job job = {.probe = true}, mail = mail_stand_mail(1);
        struct outcome outcome = mail_stand_send(&stand, &job);
        if (outcome.reply.trouble == table[i].is_well)
            fail_msg("row %zu: %s (%s)", i, outcome.reply.reason, outcome.detail);
        assert_int_equal(smtp_sink_accepted(stand.sink), 0);
        if (table[i].is_well) { /* the probe's connection is used by the mail */
            assert_int_equal(mail_stand_send(&stand, &mail).reply.outcome, REPLY_DELIVERED);
            assert_int_equal(smtp_sink_connections(stand.sink), 1);
        }
        mail_stand_stop(&stand);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_tls_delivers_to_the_server_it_is_for),
        cmocka_unit_test(test_channel_tls_sends_nothing_to_any_other),
        cmocka_unit_test(test_channel_tls_stripped_of_starttls_sends_nothing),
        cmocka_unit_test(test_channel_tls_probe_goes_the_same_way_and_sends_nothing),
    };
    return cmocka_run_group_tests_name("channel_tls", tests, NULL, NULL);
}
