/* SPDX-License-Identifier: Apache-2.0 */
/* Where a webhook can be made to go, whatever is written as its host; and what endpoints of other kinds are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "told/json.h"
#include "told/mem.h"
#include "webhook_pool.h"
#include "webhook_sink.h"

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* C: refused by told -n. D: refused when it is dialled, whatever a name server says. N: the same, where the name is
 * known at all. */
static const struct {
    const char *host;
    char verdict;
} hosts[] = {
    /* this host */
    {"127.0.0.1", 'D'}, {"127.1", 'D'}, {"127.0.1", 'D'}, {"127.255.255.254", 'D'}, {"2130706433", 'D'}, {"017700000001", 'D'},
    {"0177.0.0.1", 'D'}, {"0x7f000001", 'D'}, {"0x7f.1", 'D'}, {"0x7f.0x0.0x0.0x1", 'D'}, {"0177.0x0.0.1", 'D'},
    {"127.0.0.1.", 'N'}, {"localhost", 'D'}, {"LOCALHOST", 'D'}, {"localhost.", 'N'}, {"a.localhost", 'D'},
    {"ip6-localhost", 'N'}, {"[::1]", 'D'}, {"[0:0:0:0:0:0:0:1]", 'D'}, {"[::ffff:127.0.0.1]", 'D'}, {"[::ffff:7f00:1]", 'D'},
    {"[::127.0.0.1]", 'D'}, {"[64:ff9b::7f00:1]", 'D'}, {"[64:ff9b::127.0.0.1]", 'D'}, {"[64:ff9b:1::7f00:1]", 'D'},
    {"[2002:7f00:1::]", 'D'}, {"[2001:0:7f00:1::]", 'D'}, {"0.0.0.0", 'D'}, {"0", 'D'}, {"0x0", 'D'}, {"[::]", 'D'},
    {"[::ffff:0.0.0.0]", 'D'},
    /* a cloud's metadata, link-local */
    {"169.254.169.254", 'D'}, {"2852039166", 'D'}, {"0xa9fea9fe", 'D'}, {"0251.0376.0251.0376", 'D'}, {"169.254.43518", 'D'},
    {"[::ffff:169.254.169.254]", 'D'}, {"[64:ff9b::a9fe:a9fe]", 'D'}, {"[fe80::1]", 'D'}, {"[fd00:ec2::254]", 'D'},
    /* private, shared, special */
    {"10.0.0.1", 'D'}, {"012.0.0.1", 'D'}, {"167772161", 'D'}, {"172.16.0.1", 'D'}, {"172.31.255.255", 'D'}, {"192.168.0.1", 'D'},
    {"192.168.1", 'D'}, {"100.64.0.1", 'D'}, {"198.18.0.1", 'D'}, {"192.0.2.1", 'D'}, {"224.0.0.1", 'D'}, {"240.0.0.1", 'D'},
    {"255.255.255.255", 'D'}, {"[fc00::1]", 'D'}, {"[fec0::1]", 'D'}, {"[ff02::1]", 'D'}, {"[2001:db8::1]", 'D'},
    {"[::ffff:10.0.0.1]", 'D'}, {"[64:ff9b::10.0.0.1]", 'D'},
    /* two readings */
    {"hooks.example@127.0.0.1", 'C'}, {"127.0.0.1:80@hooks.example", 'C'}, {"hooks.example:x@127.0.0.1", 'C'},
    {"hooks.example\\@127.0.0.1", 'C'}, {"127.0.0.1\\.hooks.example", 'C'}, {"127.0.0.1%00.hooks.example", 'C'},
    {"%6c%6f%63%61%6c%68%6f%73%74", 'C'}, {"[fe80::1%25eth0]", 'C'}, {"127.0.0.1 .hooks.example", 'C'},
    {"127.0.0.1\t", 'C'}, {"127.0.0.1#@hooks.example", 'C'}, {"\xe2\x93\x9b\xe2\x93\x9e\xe2\x93\x92\xe2\x93\x90\xe2\x93\x9bhost", 'C'},
    {"127\xe3\x80\x82" "0\xe3\x80\x82" "0\xe3\x80\x82" "1", 'C'}, {"\xef\xbc\x91" "27.0.0.1", 'C'}, {"[::1", 'C'}, {"", 'C'},
    {"127.0.0.1\r\nX: y", 'C'}, {"[::ffff:127.0.0.1", 'C'},
};
#define HOSTS (sizeof hosts / sizeof *hosts)

static struct webhook_endpoint make_endpoint(const char *host, int port)
{
    struct webhook_endpoint endpoint = {.name = mem_copy("reach"),
                                        .url = mem_printf("https://%s:%d/told", host, port),
                                        .secret_count = 1,
                                        .connect_timeout_s = 10,
                                        .timeout_s = 10};

    assert_null(signature_key_parse(SECRET, &endpoint.secrets[0]));
    return endpoint;
}

static struct outcome send_one(struct webhook_pool *pool, const char *body)
{
    struct webhook_job job = {.message_id = 5, .webhook_id = "msg_5", .timestamp = time(NULL), .body = mem_copy(body)};
    struct outcome outcome;

    assert_true(webhook_pool_submit(pool, &job));
    free(job.body);
    while (webhook_pool_take(pool, &outcome, 1) == 0) {
        webhook_pool_wait(pool, NULL, 0, 1000);
        webhook_pool_perform(pool);
    }
    return outcome;
}

static void try_host(const char *host, char verdict, int port)
{
    struct webhook_endpoint endpoint = make_endpoint(host, port);
    const char *why = webhook_endpoint_validate(&endpoint, true), *reason = NULL;

    if ((why != NULL) != (verdict == 'C'))
        fail_msg("%s: %s", host, why != NULL ? why : "not refused");
    if (why == NULL) {
        struct webhook_pool *pool = webhook_pool_start(&endpoint, 1, 1, &reason);
        struct outcome outcome = send_one(pool, "{}");

        if (outcome.reply.outcome != REPLY_TEMPFAIL || (strstr(outcome.reply.reason, "not allowed") == NULL &&
                                                        (verdict != 'N' || strstr(outcome.reply.reason, "resolved") == NULL)))
            fail_msg("%s: %s (%s)", host, outcome.reply.reason, outcome.detail);
        webhook_pool_free(pool);
    }
    webhook_endpoint_release(&endpoint);
}

static void test_webhook_reach_ends_at_public_addresses_however_they_are_written(void **state)
{
    struct webhook_sink *sink = webhook_sink_start(NULL, 0, NULL, NULL);
    char name[256] = "";

    (void)state;
    assert_true(HOSTS >= 60);
    for (size_t i = 0; i < HOSTS; i++)
        try_host(hosts[i].host, hosts[i].verdict, webhook_sink_port(sink));
    /* A name that somebody's name server answers with an address of ours. */
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    try_host(name, 'N', webhook_sink_port(sink));
    assert_int_equal(webhook_sink_accepted(sink), 0);
    webhook_sink_stop(sink);
}

/* ---- other kinds ---- */

struct stand {
    char *directory;
    struct webhook_sink *sink;
    struct webhook_endpoint endpoint;
    struct webhook_pool *pool;
};

static struct stand start(enum webhook_kind kind, const char *script)
{
    struct stand s = {.directory = scratch_new()};
    const char *reason = NULL;
    int line = 0;

    s.sink = webhook_sink_start(s.directory, 0, sink_script_new(script, &line), NULL);
    s.endpoint = (struct webhook_endpoint){.name = mem_copy("kind"),
                                           .kind = kind,
                                           .url = mem_printf("http://127.0.0.1:%d%s", webhook_sink_port(s.sink),
                                                             kind == WEBHOOK_TEAMS ? "/workflow?sig=abc" : ""),
                                           .allow_private = true,
                                           .connect_timeout_s = 10,
                                           .timeout_s = 10};
    if (kind != WEBHOOK_TEAMS) {
        s.endpoint.api_key_file = mem_copy("notify.key");
        s.endpoint.template_id = mem_copy("9a0f1b2c-3d4e-4f50-8a1b-2c3d4e5f6071");
        s.endpoint.to = mem_copy(kind == WEBHOOK_NOTIFY_SMS ? "+447700900123" : "duty@southwark.example");
        assert_null(notify_key_parse("told-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0",
                                     &s.endpoint.api_key));
    }
    s.pool = webhook_pool_start(&s.endpoint, 1, 4, &reason);
    if (s.pool == NULL)
        fail_msg("%s", reason);
    return s;
}

static void stop(struct stand *s)
{
    webhook_pool_free(s->pool);
    webhook_endpoint_release(&s->endpoint);
    webhook_sink_stop(s->sink);
    scratch_free(s->directory);
}

static void test_webhook_reach_of_notify_has_its_path_and_a_token(void **state)
{
    static const struct {
        enum webhook_kind kind;
        const char *path;
    } rows[] = {{WEBHOOK_NOTIFY_EMAIL, "/v2/notifications/email"}, {WEBHOOK_NOTIFY_SMS, "/v2/notifications/sms"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand s = start(rows[i].kind, "path=/v2 do=201\n");
        char *list, *body;
        json_t *line;

        assert_int_equal(send_one(s.pool, "{\"reference\":\"x\"}").reply.outcome, REPLY_DELIVERED);
        list = scratch_read(s.directory, "hooks.ndjson");
        line = json_parse(list, strcspn(list, "\n"), &(char *){NULL});
        assert_string_equal(json_text_at(line, "path"), rows[i].path);
        assert_int_equal(strncmp(json_text_at(line, "authorization"), "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.", 44), 0);
        assert_string_equal(json_text_at(line, "webhook_id"), ""); /* no Standard Webhook */
        body = scratch_read(s.directory, "hooks/000001.json");
        assert_string_equal(body, "{\"reference\":\"x\"}");
        free(body);
        free(list);
        json_decref(line);
        stop(&s);
    }
}

static void test_webhook_reach_of_notify_says_whose_fault_it_was(void **state)
{
    static const struct {
        const char *script;
        enum reply_outcome outcome;
        bool trouble;
    } rows[] = {{"path=/v2 do=400\n", REPLY_PERMFAIL, false},
                {"path=/v2 do=403\n", REPLY_TEMPFAIL, true},
                {"path=/v2 do=429\n", REPLY_TEMPFAIL, true},
                {"path=/v2 do=500\n", REPLY_TEMPFAIL, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand s = start(WEBHOOK_NOTIFY_SMS, rows[i].script);
        struct outcome outcome = send_one(s.pool, "{}");

        if (outcome.reply.outcome != rows[i].outcome || outcome.reply.trouble != rows[i].trouble)
            fail_msg("%s%s", rows[i].script, outcome.reply.reason);
        stop(&s);
    }
}

static void test_webhook_reach_of_teams_is_its_url_alone(void **state)
{
    struct stand s = start(WEBHOOK_TEAMS, "path=/workflow do=202\n");
    char *list;

    (void)state;
    assert_int_equal(send_one(s.pool, "{}").reply.outcome, REPLY_DELIVERED);
    list = scratch_read(s.directory, "hooks.ndjson");
    assert_non_null(strstr(list, "\"path\":\"/workflow\""));
    assert_null(strstr(list, "authorization"));
    free(list);
    stop(&s);
}

static void test_webhook_reach_breaker_opens_and_lets_one_through(void **state)
{
    struct stand s = start(WEBHOOK_TEAMS, "path=/workflow do=503 times=6\n");

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_false(webhook_pool_is_open(s.pool, "kind"));
        assert_true(webhook_pool_room(s.pool, 0) > 0);
        assert_int_equal(send_one(s.pool, "{}").reply.outcome, REPLY_TEMPFAIL);
    }
    assert_true(webhook_pool_is_open(s.pool, "kind") && webhook_pool_has_opened(s.pool, 0));
    webhook_pool_seen(s.pool, 0);
    assert_int_equal(webhook_pool_room(s.pool, 0), 0);
    for (int tries = 0; tries < 2; tries++) { /* the first probe fails, the second is served */
        while (webhook_pool_room(s.pool, 0) == 0)
            webhook_pool_wait(s.pool, NULL, 0, 50);
        assert_int_equal(webhook_pool_room(s.pool, 0), 1);
        assert_false(webhook_pool_is_open(s.pool, "kind")); /* what comes now is the probe */
        assert_int_equal(send_one(s.pool, "{}").reply.outcome, tries == 0 ? REPLY_TEMPFAIL : REPLY_DELIVERED);
        assert_int_equal(webhook_pool_is_open(s.pool, "kind"), tries == 0);
        assert_int_equal(webhook_pool_has_opened(s.pool, 0), tries == 0);
        webhook_pool_seen(s.pool, 0);
    }
    assert_false(webhook_pool_is_open(s.pool, "kind"));
    assert_false(webhook_pool_has_opened(s.pool, 0));
    assert_true(webhook_pool_room(s.pool, 0) > 1);
    assert_false(webhook_pool_is_open(s.pool, "another"));
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webhook_reach_ends_at_public_addresses_however_they_are_written),
        cmocka_unit_test(test_webhook_reach_of_notify_has_its_path_and_a_token),
        cmocka_unit_test(test_webhook_reach_of_notify_says_whose_fault_it_was),
        cmocka_unit_test(test_webhook_reach_of_teams_is_its_url_alone),
        cmocka_unit_test(test_webhook_reach_breaker_opens_and_lets_one_through),
    };

    return cmocka_run_group_tests_name("webhook_reach", tests, NULL, NULL);
}
