/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back, fetched from a real Dovecot over TLS: taken up once, put away after the commit, never over a server that
 * cannot prove itself. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "imap_server.h"
#include "returned.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z"
#define ASH "ash@southwark.example"

static struct imap_server *server;

static int setup_group(void **state)
{
    (void)state;
    server = imap_server_start();
    return 0;
}

static int teardown_group(void **state)
{
    (void)state;
    imap_server_stop(server);
    return 0;
}

static struct harness *begin(void **state, bool implicit, const char *ca, pid_t *ret_told)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    char *config = harness_read(h, "told.conf"),
         *longer = mem_printf("%sreturns = { url = \"imap%s://localhost:%d\"; tls = \"%s\"; username = \"" IMAP_SERVER_LOGIN
                              "\"; password = \"imap.password\"; %s%s%s every_s = 1; };\n",
                              config, implicit ? "s" : "", imap_server_port(server, implicit), implicit ? "implicit" : "starttls",
                              ca != NULL ? "ca_file = \"" : "", ca != NULL ? ca : "", ca != NULL ? "\";" : "");
    pid_t pid;

    harness_write(h, "told.conf", longer);
    harness_write(h, "imap.password", IMAP_SERVER_PASSWORD "\n");
    free(longer);
    free(config);
    cast_import(h);
    pid = harness_told(h, NULL, NULL);
    if (ret_told != NULL)
        *ret_told = pid;
    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = "c-1", .time = "2024-06-03T08:50:00Z", .lcs = "LCS-1", .fields = CAST_CHARGE});
    cast_settle(h);
    return h;
}

static void await_count(const char *folder, long want)
{
    for (int i = 0; i < 400 && imap_server_count(server, folder) != want; i++)
        poll(NULL, 0, 50);
    assert_int_equal(imap_server_count(server, folder), want);
}

static void test_returns_imap_takes_up_once_and_puts_away_after_the_commit(void **state)
{
    pid_t pid;
    struct harness *h = begin(state, true, imap_server_certificate(server), &pid);
    long done = imap_server_count(server, ".told-done");
    struct arrived ash;
    char *reply, *report;

    returned_arrived(h, "ash", &ash);
    reply = returned_reply(&ash, ASH, ash.codes[0]);
    /* Killed between fetch and commit: the mail stays, though the fetch has set \Seen. */
    returned_hold(h);
    imap_server_deliver(server, 1, reply);
    returned_kill(h, pid);
    assert_int_equal(imap_server_count(server, ""), 1);
    harness_told(h, NULL, NULL);
    cast_await(h, "reply done acknowledged", "SELECT concat_ws(' ', kind, state, did) FROM told.returned");
    await_count(".told-done", done + 1);
    assert_int_equal(imap_server_count(server, ""), 0);
    cast_expect(h, "1", "SELECT count(*) FROM told.answer");
    /* Larger than what is looked at: the rest is passed over, and the next one is read. */
    report = returned_report(&ash, ASH, "failed", "5.1.1");
    {
        struct buf huge = {0};

        buf_text(&huge, "From: x@elsewhere.example\r\nSubject: hello\r\n\r\n");
        for (int i = 0; i < 60000; i++)
            buf_text(&huge, "a line of a very long mail, and another of them\r\n");
        imap_server_deliver(server, 2, buf_string(&huge));
        buf_release(&huge);
    }
    imap_server_deliver(server, 3, report);
    cast_await(h, "3", "SELECT count(*) FROM told.returned");
    await_count(".told-done", done + 3);
    cast_expect(h, "1", "SELECT count(*) FROM told.address_state");
    assert_false(cast_log_has(h, "elsewhere.example"));
    assert_false(cast_log_has(h, IMAP_SERVER_PASSWORD));
    free(report);
    free(reply);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_imap_upgrades_to_tls_before_the_login(void **state)
{
    struct harness *h = begin(state, false, imap_server_certificate(server), NULL);
    long done = imap_server_count(server, ".told-done");
    struct arrived ash;
    char *away;

    returned_arrived(h, "ash", &ash);
    away = returned_away(&ash, ASH);
    imap_server_deliver(server, 11, away);
    cast_await(h, "automatic done the next step is told sooner", "SELECT concat_ws(' ', kind, state, did) FROM told.returned");
    await_count(".told-done", done + 1);
    free(away);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_imap_speaks_to_no_server_that_cannot_prove_itself(void **state)
{
    struct harness *h = begin(state, true, NULL, NULL);

    imap_server_deliver(server, 21, "From: x@elsewhere.example\r\n\r\nhello\r\n");
    for (int i = 0; i < 200 && !cast_log_has(h, "imap=search"); i++)
        poll(NULL, 0, 50);
    assert_true(cast_log_has(h, "imap=search curl=60"));
    cast_expect(h, "0", "SELECT count(*) FROM told.returned");
    assert_int_equal(imap_server_count(server, ""), 1);
    cast_check(h);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, harness_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_returns_imap_takes_up_once_and_puts_away_after_the_commit),
        TEST(test_returns_imap_upgrades_to_tls_before_the_login),
        TEST(test_returns_imap_speaks_to_no_server_that_cannot_prove_itself),
    };
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
