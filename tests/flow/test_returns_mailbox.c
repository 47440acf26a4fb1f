/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes that misbehave: mails that cannot be fetched, logins that are refused, thousands of mails, files that are none. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cast.h"
#include "imap_mock.h"
#include "returned.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z"
#define HELLO "From: somebody@elsewhere.example\r\nMessage-ID: <m%d@elsewhere.example>\r\nSubject: hello\r\n\r\nGood morning, %d.\r\n"

struct box {
    struct harness *h;
    struct imap_mock *mock;
};

static struct harness *begin(void **state, struct imap_mock *mock)
{
    struct box *box = *state = mem_new(sizeof *box);
    struct harness *h = box->h =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});

    box->mock = mock;
    if (mock != NULL) {
        char *config = harness_read(h, "told.conf"),
             *longer = mem_printf("%sreturns = { url = \"imap://127.0.0.1:%d\"; tls = \"none\"; username = \"told\";"
                                  " password = \"imap.password\"; every_s = 1; };\n",
                                  config, imap_mock_port(mock));

        harness_write(h, "told.conf", longer);
        harness_write(h, "imap.password", "correct-horse\n");
        free(longer);
        free(config);
    }
    cast_import(h);
    return h;
}

static int teardown(void **state)
{
    struct box *box = *state;

    harness_stop(box->h);
    imap_mock_stop(box->mock);
    free(box);
    return 0;
}

static void test_returns_mailbox_goes_on_behind_a_mail_that_cannot_be_fetched(void **state)
{
    struct imap_mock *mock = imap_mock_start(6, HELLO);
    struct harness *h;

    imap_mock_cut(mock, 2, 2);
    h = begin(state, mock);
    harness_told(h, NULL, NULL);
    cast_await(h, "5", "SELECT count(*) FROM told.returned");
    assert_int_equal(imap_mock_left(mock), 1);
    /* The operators hear of it once, and that it is over. */
    cast_await(h, "1 t", "SELECT concat_ws(' ', count(*), bool_and(duty_id IS NOT NULL)) FROM told.alarm WHERE kind = 'returns-stuck'"
                         " AND cleared_at IS NULL");
    imap_mock_cut(mock, 0, 0);
    cast_await(h, "6", "SELECT count(*) FROM told.returned");
    cast_await(h, "discharged", "SELECT closed_as FROM told.alarm JOIN told.duty USING (duty_id) WHERE alarm.kind = 'returns-stuck'"
                                " AND cleared_at IS NOT NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind = 'returns-unread'");
    assert_int_equal(imap_mock_left(mock), 0);
    cast_check(h);
}

static void test_returns_mailbox_that_cannot_be_read_is_an_alarm_until_it_can(void **state)
{
    struct imap_mock *mock = imap_mock_start(300, HELLO);
    struct harness *h;

    imap_mock_refuse(mock, true);
    h = begin(state, mock);
    harness_told(h, NULL, NULL);
    cast_await(h, "1 t", "SELECT concat_ws(' ', count(*), bool_and(duty_id IS NOT NULL)) FROM told.alarm WHERE kind = 'returns-unread'");
    cast_expect(h, "0", "SELECT count(*) FROM told.returned");
    imap_mock_refuse(mock, false);
    /* More than one look takes. */
    assert_true(harness_await(h, "SELECT count(*) FROM told.returned", "300", 60000));
    cast_await(h, "discharged", "SELECT closed_as FROM told.alarm JOIN told.duty USING (duty_id) WHERE alarm.kind = 'returns-unread'"
                                " AND cleared_at IS NOT NULL");
    assert_true(cast_log_has(h, "imap=search"));
    assert_false(cast_log_has(h, "correct-horse"));
    cast_check(h);
}

/* Whatever else lies in new/: it takes no mail's turn. */
static void test_returns_mailbox_passes_over_files_that_are_no_mails(void **state)
{
    struct harness *h = begin(state, NULL);
    char *path;

    returned_maildir(h, "");
    for (int i = 0; i < 150; i++) {
        char *name = mem_printf("returns/new/0000-%03d", i);

        path = harness_path(h, name);
        assert_int_equal(i % 3 == 0 ? mkdir(path, 0700) : i % 3 == 1 ? mkfifo(path, 0600) : symlink("/etc/hostname", path), 0);
        free(path);
        free(name);
    }
    harness_write(h, "returns/new/0001-empty", "");
    harness_told(h, NULL, NULL);
    returned_drop(h, 1, HELLO);
    cast_await(h, "2", "SELECT count(*) FROM told.returned");
    cast_expect(h, "0", "SELECT count(*) FROM told.returned WHERE place LIKE 'maildir:0000%%'");
    assert_true(cast_log_has(h, "foreign=150"));
    assert_int_equal(returned_waiting(h), 150);
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind = 'returns-unread'");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_returns_mailbox_goes_on_behind_a_mail_that_cannot_be_fetched, teardown),
        cmocka_unit_test_teardown(test_returns_mailbox_that_cannot_be_read_is_an_alarm_until_it_can, teardown),
        cmocka_unit_test_teardown(test_returns_mailbox_passes_over_files_that_are_no_mails, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
