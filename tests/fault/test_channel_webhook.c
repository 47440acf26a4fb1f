/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks against a real HTTP sink on 127.0.0.1, no database: what each thing that can go wrong comes out
 * as. */
#include "peer.h"
#include "scratch.h"
#include "webhook_pool.h"
#include "webhook_sink.h"

#include "told/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET_A "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define SECRET_B "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
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

struct hook_stand {
    char *directory;
    struct webhook_sink *sink;
    struct webhook_endpoint endpoint;
    struct webhook_pool *pool;
};

static void start_hook_pool(struct hook_stand *stand)
{
    const char *reason = NULL;
    stand->pool = webhook_pool_start(&stand->endpoint, 1, 8, &reason);
    if (!stand->pool)
        fail_msg("%s", reason);
}

static struct hook_stand make_hook_stand(const char *script)
{
    const char *const secrets[] = {SECRET_A, SECRET_B, NULL};
    struct hook_stand stand = {.directory = scratch_new()};
    stand.sink = webhook_sink_start(stand.directory, 0, make_script(script), secrets);
    assert_non_null(stand.sink);
    stand.endpoint = (struct webhook_endpoint){
        .name = "test",
        .url = mem_printf("http://127.0.0.1:%d/told", webhook_sink_port(stand.sink)),
        .secret_count = 2,
        .allow_private = true,
        .connect_timeout_s = 20,
        .timeout_s = script && strstr(script, "do=stall") ? 2 : 20};
    assert_null(signature_key_parse(SECRET_A, &stand.endpoint.secrets[0]));
    assert_null(signature_key_parse(SECRET_B, &stand.endpoint.secrets[1]));
    return stand;
}

static void end_hook_stand(struct hook_stand *stand)
{
    webhook_pool_free(stand->pool);
    webhook_sink_stop(stand->sink);
    scratch_free(stand->directory);
    free(stand->endpoint.url);
}

static struct outcome send_hook(struct hook_stand *stand, const char *body)
{
    struct webhook_job job = {.message_id = 5,
                              .fence = 50,
                              .webhook_id = "msg_told-5",
                              .timestamp = (int64_t)time(NULL),
                              .body = mem_copy(body)};
    struct outcome outcome;
    if (!stand->pool)
        start_hook_pool(stand);
    assert_true(webhook_pool_submit(stand->pool, &job));
    free(job.body);
    while (webhook_pool_take(stand->pool, &outcome, 1) == 0) {
        webhook_pool_wait(stand->pool, NULL, 0, 1000);
        webhook_pool_perform(stand->pool);
    }
    assert_int_equal(outcome.message_id, 5);
    assert_int_equal(outcome.fence, 50);
    assert_true(outcome.begun);
    assert_int_equal(webhook_pool_free_slots(stand->pool), 8);
    return outcome;
}

static void test_channel_webhook_is_delivered_and_its_signatures_hold(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand(NULL);
    struct outcome outcome = send_hook(&stand, "{\"duty\":\"D-17\"}");
    assert_int_equal(outcome.reply.outcome, REPLY_DELIVERED);
    assert_string_equal(outcome.detail, "http 200");
    assert_int_equal(webhook_sink_valid(stand.sink), 1);
    assert_int_equal(webhook_sink_valid_for_all(stand.sink), 1);
    char *body = read_scratch(stand.directory, "hooks/000001.json");
    assert_string_equal(body, "{\"duty\":\"D-17\"}");
    free(body);
    char *list = read_scratch(stand.directory, "hooks.ndjson");
    assert_non_null(strstr(list, "\"webhook_id\":\"msg_told-5\""));
    assert_non_null(strstr(list, "\"valid\":true"));
    free(list);
    end_hook_stand(&stand);
}

static void test_channel_webhook_with_one_secret_is_valid_for_that_one(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand(NULL);
    stand.endpoint.secret_count = 1;
    assert_int_equal(send_hook(&stand, "{}").reply.outcome, REPLY_DELIVERED);
    assert_int_equal(webhook_sink_valid(stand.sink), 1);
    assert_int_equal(webhook_sink_valid_for_all(stand.sink), 0);
    end_hook_stand(&stand);
}

static void test_channel_webhook_with_a_wrong_secret_is_seen_as_invalid(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand(NULL);
    stand.endpoint.secret_count = 1;
    stand.endpoint.secrets[0].bytes[0] ^= 1;
    assert_int_equal(send_hook(&stand, "{}").reply.outcome, REPLY_DELIVERED);
    assert_int_equal(webhook_sink_valid(stand.sink), 0);
    end_hook_stand(&stand);
}

static void test_channel_webhook_faults_come_out_as_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum reply_outcome outcome;
        bool uncertain, gone;
        int retry_after_s;
        long code, kept;
    } table[] = {
        {"path=/told do=503 times=1", REPLY_TEMPFAIL, false, false, 0, 503, 0},
        {"path=/told do=503 retry_after=7", REPLY_TEMPFAIL, false, false, 7, 503, 0},
        {"path=/told do=429 retry_after=120", REPLY_TEMPFAIL, false, false, 120, 429, 0},
        {"path=/told do=503 retry_date=7200", REPLY_TEMPFAIL, false, false, 7200, 503, 0},
        {"path=/told do=410", REPLY_PERMFAIL, false, true, 0, 410, 0},
        {"path=/told do=404", REPLY_PERMFAIL, false, false, 0, 404, 0},
        {"path=/told do=302", REPLY_PERMFAIL, false, false, 0, 302, 0},
        {"path=/told do=204", REPLY_DELIVERED, false, false, 0, 204, 1},
        {"path=/told do=huge", REPLY_DELIVERED, false, false, 0, 200, 1},
        {"path=/told do=drop", REPLY_TEMPFAIL, true, false, 0, 0, 0},
        {"path=/told do=accept-then-drop", REPLY_TEMPFAIL, true, false, 0, 0, 1},
        {"path=/told do=stall", REPLY_TEMPFAIL, true, false, 0, 0, 0},
        {"path=/elsewhere do=503", REPLY_DELIVERED, false, false, 0, 200, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hook_stand stand = make_hook_stand(table[i].script);
        struct outcome outcome = send_hook(&stand, "{\"duty\":\"D-17\"}");
        const struct reply *reply = &outcome.reply;
        if (reply->outcome != table[i].outcome || reply->uncertain != table[i].uncertain ||
            reply->gone != table[i].gone ||
            abs(reply->retry_after_s - table[i].retry_after_s) > (table[i].retry_after_s > 1000 ? 20 : 0) ||
            outcome.code != table[i].code || webhook_sink_accepted(stand.sink) != table[i].kept)
            fail_msg("%s: %s%s after %d, %s (%s), kept %ld", table[i].script,
                     reply_outcome_text(reply->outcome), reply->uncertain ? " uncertain" : "",
                     reply->retry_after_s, reply->reason, outcome.detail, webhook_sink_accepted(stand.sink));
        end_hook_stand(&stand);
    }
}

static void test_channel_webhook_that_is_dropped_is_not_sent_again_by_itself(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand("path=/told do=200 times=1\npath=/told do=accept-then-drop");
    assert_int_equal(send_hook(&stand, "{}").reply.outcome, REPLY_DELIVERED);
    assert_true(send_hook(&stand, "{}").reply.uncertain);
    assert_int_equal(webhook_sink_accepted(stand.sink), 2);
    end_hook_stand(&stand);
}

static void test_channel_webhook_address_is_judged(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1",
                                        "localhost",
                                        "[::1]",
                                        "[::ffff:127.0.0.1]",
                                        "0.0.0.0",
                                        "10.0.0.1",
                                        "169.254.169.254",
                                        "[64:ff9b::7f00:1]",
                                        "[::ffff:a9fe:a9fe]",
                                        "2130706433",
                                        "0x7f.1",
                                        "[fe80::1]"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct hook_stand stand = make_hook_stand(NULL);
        free(stand.endpoint.url);
        stand.endpoint.allow_private = false;
        stand.endpoint.url = mem_printf("https://%s:%d/told", hosts[i], webhook_sink_port(stand.sink));
        struct outcome outcome = send_hook(&stand, "{}");
        if (outcome.reply.outcome != REPLY_TEMPFAIL || !strstr(outcome.reply.reason, "not allowed"))
            fail_msg("%s: %s (%s)", hosts[i], outcome.reply.reason, outcome.detail);
        assert_int_equal(webhook_sink_accepted(stand.sink), 0);
        end_hook_stand(&stand);
    }
}

static void test_channel_webhook_endpoint_that_is_not_fit_is_refused(void **state)
{
    (void)state;
    struct webhook_endpoint endpoint = {
        .url = "https://hooks.example/told", .secret_count = 1, .connect_timeout_s = 1, .timeout_s = 1};
    assert_null(webhook_endpoint_validate(&endpoint, true));
    const char *const urls[] = {
        "http://hooks.example/told",   "ftp://hooks.example",       "https://",
        "https://user@hooks.example/", "https://hooks.example/a b", "https://hooks.example/\r\nX: y",
        "https://hooks.example:0/",    "https://hooks.example:00",  "https://hooks.example:65536/",
        "https://hooks.example:port/", "https://[2001:db8::1]:0/",  "https://[2001:db8::1",
        "https://user:pw@hooks.example/", "https://hooks.ex\u00e4mple/", "//hooks.example/", "hooks.example"};
    const char *const good[] = {"https://hooks.example",       "https://hooks.example:8443/a?b=c", "https://[2001:db8::10]/",
                                "https://[2001:db8::]:443/x",  "https://xn--hooks-kva.example/",   "https://hooks.example:80/0",
                                "https://hooks.example:10/"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct webhook_endpoint other = endpoint;
        other.url = mem_copy(urls[i]);
        assert_non_null(webhook_endpoint_validate(&other, true));
        free(other.url);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct webhook_endpoint other = endpoint;
        other.url = mem_copy(good[i]);
        if (webhook_endpoint_validate(&other, true))
            fail_msg("%s: %s", good[i], webhook_endpoint_validate(&other, true));
        free(other.url);
    }
    endpoint.secret_count = 0;
    assert_non_null(webhook_endpoint_validate(&endpoint, true));
}

static void test_channel_webhook_phone_numbers_are_those_that_notify_takes(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        bool good;
    } table[] = {{"+447700900123", true},   {"07700900123", true},       {"07700 900123", true},  {"+44 7700 900-123", true},
                 {"+44 (0)7700 900123", true}, {"447700900123", true},   {"00447700900123", true}, {"+1 202-555-0123", true},
                 {"", false},               {"+", false},                {"+07700900123", false}, {"0770090", false},
                 {"+44770090012345678", false}, {"duty@southwark.example", false}, {"07700 900123 x2", false},
                 {"07700/900123", false},   {"++447700900123", false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct webhook_endpoint endpoint = {.kind = WEBHOOK_NOTIFY_SMS,
                                            .url = mem_copy(WEBHOOK_NOTIFY_URL),
                                            .api_key_file = mem_copy("notify.key"),
                                            .template_id = mem_copy("9a0f1b2c-3d4e-4f50-8a1b-2c3d4e5f6071"),
                                            .to = mem_copy(table[i].to),
                                            .connect_timeout_s = 1,
                                            .timeout_s = 1};
        if ((webhook_endpoint_validate(&endpoint, false) == NULL) != table[i].good)
            fail_msg("%s", table[i].to);
        webhook_endpoint_release(&endpoint);
    }
}

static void test_channel_webhook_clear_text_to_a_public_address_is_refused(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand(NULL);
    free(stand.endpoint.url);
    stand.endpoint.url = mem_copy("http://8.8.8.8/told");
    struct outcome outcome = send_hook(&stand, "{}");
    assert_int_equal(outcome.reply.outcome, REPLY_TEMPFAIL);
    assert_non_null(strstr(outcome.reply.reason, "not allowed"));
    end_hook_stand(&stand);
}

static void test_channel_webhook_pool_wakes_for_others_and_stops_in_time(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand("path=/told do=stall");
    struct webhook_job job = {
        .message_id = 9, .webhook_id = "msg_9", .timestamp = (int64_t)time(NULL), .body = "{}"};
    struct outcome outcome;
    uint64_t one = 1;
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    stand.endpoint.timeout_s = 60;
    start_hook_pool(&stand);
    time_t start = time(NULL);
    assert_int_equal(write(wake_fd, &one, sizeof one), sizeof one);
    webhook_pool_wait(stand.pool, &wake_fd, 1, WAIT_MS); /* nothing is in flight: only the eventfd can wake */
    assert_true(time(NULL) - start < WAIT_MS / 1000);
    assert_true(webhook_pool_submit(stand.pool, &job));
    for (size_t len = 0; len == 0;) { /* until the sink has the whole request */
        webhook_pool_perform(stand.pool);
        webhook_pool_wait(stand.pool, NULL, 0, 10);
        char *faults = read_scratch(stand.directory, "hook-faults.ndjson");
        len = strlen(faults);
        free(faults);
    }
    webhook_pool_stop(stand.pool, 1);
    assert_true(time(NULL) - start < 10);
    assert_int_equal(webhook_pool_take(stand.pool, &outcome, 1), 1);
    assert_int_equal(outcome.message_id, 9);
    assert_true(outcome.reply.uncertain);
    assert_false(webhook_pool_submit(stand.pool, &job));
    close(wake_fd);
    end_hook_stand(&stand);
}

static void test_channel_webhook_without_endpoint_or_id_is_a_permfail(void **state)
{
    (void)state;
    struct hook_stand stand = make_hook_stand(NULL);
    struct outcome outcome;
    struct webhook_job job = {.message_id = 1, .endpoint = 1, .webhook_id = "msg_1", .body = "{}"};
    start_hook_pool(&stand);
    assert_true(webhook_pool_submit(stand.pool, &job));
    assert_int_equal(webhook_pool_take(stand.pool, &outcome, 1), 1);
    assert_int_equal(outcome.reply.outcome, REPLY_PERMFAIL);
    job = (struct webhook_job){.message_id = 2, .webhook_id = "msg_1\r\nX: y", .body = "{}"};
    assert_true(webhook_pool_submit(stand.pool, &job));
    assert_int_equal(webhook_pool_take(stand.pool, &outcome, 1), 1);
    assert_int_equal(outcome.reply.outcome, REPLY_PERMFAIL);
    assert_int_equal(webhook_sink_accepted(stand.sink), 0);
    end_hook_stand(&stand);
}

/* ---- addresses ---- */

static void test_channel_webhook_peer_is_judged_by_its_address(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum peer_kind kind;
    } table[] = {
        {"127.0.0.1", PEER_LOOPBACK},
        {"127.255.255.254", PEER_LOOPBACK},
        {"::1", PEER_LOOPBACK},
        {"::ffff:127.0.0.1", PEER_LOOPBACK},
        {"64:ff9b::127.0.0.1", PEER_LOOPBACK},
        {"10.1.2.3", PEER_PRIVATE},
        {"172.16.0.1", PEER_PRIVATE},
        {"172.31.255.255", PEER_PRIVATE},
        {"172.32.0.1", PEER_PUBLIC},
        {"192.168.1.1", PEER_PRIVATE},
        {"192.169.1.1", PEER_PUBLIC},
        {"100.64.0.1", PEER_PRIVATE},
        {"100.127.255.255", PEER_PRIVATE},
        {"100.128.0.1", PEER_PUBLIC},
        {"fd00::1", PEER_PRIVATE},
        {"fc00::1", PEER_PRIVATE},
        {"0.0.0.0", PEER_NEVER},
        {"::", PEER_NEVER},
        {"169.254.169.254", PEER_NEVER},
        {"::ffff:169.254.169.254", PEER_NEVER},
        {"fe80::1", PEER_NEVER},
        {"224.0.0.1", PEER_NEVER},
        {"255.255.255.255", PEER_NEVER},
        {"240.0.0.1", PEER_NEVER},
        {"223.255.255.1", PEER_PUBLIC},
        {"ff02::1", PEER_NEVER},
        {"198.18.0.1", PEER_NEVER},
        {"198.20.0.1", PEER_PUBLIC},
        {"192.0.2.1", PEER_NEVER},
        {"::127.0.0.1", PEER_NEVER},
        {"2001:db8::1", PEER_NEVER},
        {"2001::1", PEER_NEVER},
        {"2002:7f00:1::", PEER_NEVER},
        {"64:ff9b:1::1", PEER_NEVER},
        {"100::1", PEER_NEVER},
        {"2606:4700::1111", PEER_PUBLIC},
        {"8.8.8.8", PEER_PUBLIC},
        {"::ffff:8.8.8.8", PEER_PUBLIC},
        {"fec0::1", PEER_NEVER},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sockaddr_storage storage = {.ss_family = strchr(table[i].address, ':') ? AF_INET6 : AF_INET};
        struct sockaddr_in *in = (struct sockaddr_in *)&storage;
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
        void *to = storage.ss_family == AF_INET ? (void *)&in->sin_addr : (void *)&in6->sin6_addr;
        assert_int_equal(inet_pton(storage.ss_family, table[i].address, to), 1);
        if (peer_judge((struct sockaddr *)&storage) != table[i].kind)
            fail_msg("%s", table[i].address);
    }
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_int_equal(peer_judge(&local), PEER_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_webhook_is_delivered_and_its_signatures_hold),
        cmocka_unit_test(test_channel_webhook_with_one_secret_is_valid_for_that_one),
        cmocka_unit_test(test_channel_webhook_with_a_wrong_secret_is_seen_as_invalid),
        cmocka_unit_test(test_channel_webhook_faults_come_out_as_what_they_are),
        cmocka_unit_test(test_channel_webhook_that_is_dropped_is_not_sent_again_by_itself),
        cmocka_unit_test(test_channel_webhook_address_is_judged),
        cmocka_unit_test(test_channel_webhook_endpoint_that_is_not_fit_is_refused),
        cmocka_unit_test(test_channel_webhook_phone_numbers_are_those_that_notify_takes),
        cmocka_unit_test(test_channel_webhook_clear_text_to_a_public_address_is_refused),
        cmocka_unit_test(test_channel_webhook_pool_wakes_for_others_and_stops_in_time),
        cmocka_unit_test(test_channel_webhook_without_endpoint_or_id_is_a_permfail),
        cmocka_unit_test(test_channel_webhook_peer_is_judged_by_its_address),
    };
    return cmocka_run_group_tests_name("channel_webhook", tests, NULL, NULL);
}
