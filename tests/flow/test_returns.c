/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back by mail, from the Maildir to the duties: bounces, out-of-office, replies; once each, whatever is killed. */
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
#include "returned.h"
#include "told/mem.h"

/* A Monday, 10:00 in London. */
#define NOW "2024-06-03T09:00:00Z"
#define ASH "ash@southwark.example"


static struct harness *begin(void **state, const char *more, pid_t *ret_told)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    pid_t pid;

    cast_import(h);
    returned_maildir(h, more);
    pid = harness_told(h, NULL, NULL);
    if (ret_told != NULL)
        *ret_told = pid;
    return h;
}

/* D01 to p-ash, D02 to p-gorse and others: what a charge of LCS-1 tells. */
static void charge(struct harness *h, const char *id)
{
    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = id, .time = "2024-06-03T08:50:00Z", .lcs = "LCS-1", .fields = CAST_CHARGE});
    cast_settle(h);
}

static void drop(struct harness *h, int number, char *text)
{
    returned_drop(h, number, text);
    free(text);
}

/* One has been taken up as that. */
static void expect_returned(struct harness *h, int count, const char *want)
{
    char *number = mem_printf("%d", count);

    cast_await(h, number, "SELECT count(*) FROM told.returned");
    cast_expect(h, want, "SELECT concat_ws(' | ', kind, state, status, did) FROM told.returned ORDER BY returned_id DESC LIMIT 1");
    free(number);
    cast_settle(h);
}

static void test_returns_notice_carries_a_code_and_a_return_path(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    assert_int_equal(strncmp(ash.path, "told+", 5), 0);
    assert_non_null(strstr(ash.path, "@told.southwark.example"));
    assert_string_equal(ash.reply, ash.path);
    assert_true(ash.code_count >= 1);
    assert_non_null(strstr(ash.text, "reply with the code"));
    cast_expect(h, "0", "SELECT count(*) FROM (SELECT code FROM told.notification GROUP BY code HAVING count(*) > 1) twice");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_bounce_fails_the_notification_marks_the_address_and_escalates_at_once(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line WHERE role = 'social-worker' AND reached_at IS NULL");
    drop(h, 1, returned_report(&ash, ASH, "failed", "5.1.1"));
    expect_returned(h, 1, "bounce | done | 5.1.1 | failed, and its address marked");
    cast_expect(h, "failed it came back: 5.1.1",
                "SELECT DISTINCT concat_ws(' ', state, reason) FROM told.notification WHERE recipient = 'p-ash' AND channel = 'email'");
    cast_expect(h, "failed", "SELECT state FROM told.message WHERE recipient = 'p-ash'");
    /* The next step was told, though its dwell has not begun to run out. */
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE recipient = 'p-cedar' AND kind = 'escalate' AND state = 'sent'");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty_line WHERE role = 'social-worker' AND reached_at IS NOT NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty d WHERE state = 'told' AND EXISTS (SELECT FROM told.duty_line l WHERE"
                        " l.duty_id = d.duty_id AND role = 'social-worker')");
    cast_expect(h, ASH, "SELECT address FROM told.address_state WHERE cleared_at IS NULL");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'address-bounced' AND key = 'p-ash'");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.journal WHERE what = 'notification came back' AND detail->>'was' = 'sent'");
    assert_int_equal(returned_waiting(h), 0);
    assert_false(cast_log_has(h, ASH));
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_marked_address_gets_no_mail_until_it_is_cleared(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    drop(h, 1, returned_report(&ash, ASH, "failed", "5.1.1"));
    expect_returned(h, 1, "bounce | done | 5.1.1 | failed, and its address marked");
    long before = cast_mails_to(h, "ash");
    /* LCS-2 is p-ash's too: nothing is tried there, and the manager is told at once. */
    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = "c-2", .time = "2024-06-03T08:55:00Z", .lcs = "LCS-2", .fields = CAST_CHARGE});
    cast_settle(h);
    cast_expect(h, "t", "SELECT bool_and(n.recipient = 'p-cedar' AND n.state = 'sent' AND n.because LIKE"
                        " 'social-worker: p-ash has an address that may not be used; %%') FROM told.notification n JOIN told.duty d"
                        " USING (duty_id) WHERE d.child_id = (SELECT child_id FROM told.child_identifier WHERE scheme = 'lcs'"
                        " AND value = 'LCS-2') AND n.role = 'social-worker' AND n.step = 0 AND n.channel = 'email'"
                        " AND n.state <> 'superseded'");
    assert_int_equal(cast_mails_to(h, "ash"), before);
    /* One alarm, counted, that ends with the mark. */
    cast_expect(h, "1 t t", "SELECT concat_ws(' ', count(*), bool_and(count > 1), bool_and(cleared_at IS NULL)) FROM told.alarm"
                            " WHERE kind IN ('address-bounced', 'address-refused') AND key = 'p-ash'");
    assert_int_equal(cast_operate(h, "address", "clear", "p-nobody", NULL), 65);
    cast_succeed(h, "address", "clear", "p-ash");
    cast_expect(h, "discharged", "SELECT d.closed_as FROM told.alarm a JOIN told.duty d USING (duty_id) WHERE a.kind = 'address-bounced'"
                                 " AND a.cleared_at IS NOT NULL");
    cast_publish(h, &(struct cast_event){.type = "police.charge", .id = "c-3", .time = "2024-06-03T08:56:00Z", .lcs = "LCS-5", .fields = CAST_CHARGE
                                         ",\"first_hearing\":{\"at\":\"2024-06-24T10:00:00Z\"}"});
    cast_settle(h);
    assert_true(cast_mails_to(h, "ash") > before);
    cast_await(h, "0", "SELECT count(*) FROM told.address_state WHERE cleared_at IS NULL");
    returned_arrived_release(&ash);
    cast_check(h);
}

/* A list's dead member, and where somebody forwards to: it says nothing of the address that was told. */
static void test_returns_bounce_of_another_recipient_marks_nobody(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;
    char *both;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    /* The list took it, one of its members did not: recorded. */
    both = mem_printf("Return-Path: <>\r\nTo: %s\r\nFrom: MAILER-DAEMON@mx.example\r\nMessage-ID: <list@mx.example>\r\n"
                      "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                      "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
                      "Final-Recipient: rfc822; member@southwark.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
                      "Final-Recipient: rfc822; " ASH "\r\nAction: expanded\r\nStatus: 2.0.0\r\n\r\n--b--\r\n",
                      ash.path);
    drop(h, 1, both);
    expect_returned(h, 1, "report | done | 2.0.0 | recorded");
    cast_expect(h, "sent", "SELECT state FROM told.message WHERE recipient = 'p-ash'");
    /* Nothing is said of ash: the next step is told, nothing is marked, and a person looks. */
    drop(h, 2, returned_report(&ash, "ash@phone.example", "failed", "5.1.1"));
    expect_returned(h, 2, "bounce | open | 5.1.1 | failed; kept: it names another address than the one that was told");
    cast_expect(h, "0", "SELECT count(*) FROM told.address_state");
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE recipient = 'p-cedar' AND kind = 'escalate' AND state = 'sent'");
    returned_arrived_release(&ash);
    cast_check(h);
}

/* A server's report may be faster than the outcome of its own attempt. */
static void test_returns_bounce_waits_for_the_outcome_of_its_attempt(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    PQclear(harness_query(h, "UPDATE told.message SET state = 'claimed', lease_until = now() + interval '1 hour' WHERE recipient = 'p-ash'"));
    drop(h, 1, returned_report(&ash, ASH, "failed", "5.1.1"));
    returned_drop(h, 2, "From: x@elsewhere.example\r\nSubject: hello\r\n\r\nGood morning.\r\n");
    cast_await(h, "1", "SELECT count(*) FROM told.returned");
    assert_int_equal(returned_waiting(h), 1);
    PQclear(harness_query(h, "UPDATE told.message SET state = 'sent', lease_until = NULL WHERE recipient = 'p-ash'"));
    expect_returned(h, 2, "bounce | done | 5.1.1 | failed, and its address marked");
    cast_expect(h, "failed", "SELECT state FROM told.message WHERE recipient = 'p-ash'");
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE recipient = 'p-cedar' AND kind = 'escalate' AND state = 'sent'");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_delay_is_recorded_and_changes_nothing(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;
    char *before, *after;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    before = cast_value(h, "SELECT string_agg(duty_id || state || next_at, ' ' ORDER BY duty_id) FROM told.duty");
    drop(h, 1, returned_report(&ash, ASH, "delayed", "4.4.1"));
    expect_returned(h, 1, "delay | done | 4.4.1 | recorded");
    after = cast_value(h, "SELECT string_agg(duty_id || state || next_at, ' ' ORDER BY duty_id) FROM told.duty");
    assert_string_equal(before, after);
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind IN ('returned-mail', 'address-bounced')");
    free(before);
    free(after);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_made_up_bounce_is_kept_and_silences_nobody(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    free(ash.path);
    ash.path = mem_copy("told@southwark.example"); /* the Message-ID can be guessed, the token cannot */
    drop(h, 1, returned_report(&ash, ASH, "failed", "5.1.1"));
    expect_returned(h, 1, "bounce | open | 5.1.1 | kept: nothing proves that it is about a mail of told");
    cast_expect(h, "0", "SELECT count(*) FROM told.address_state");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE state = 'failed'");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'returned-mail' AND duty_id IS NOT NULL");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_out_of_office_escalates_sooner_and_acknowledges_nothing(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    drop(h, 1, returned_away(&ash, ASH));
    expect_returned(h, 1, "automatic | done | the next step is told sooner");
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE recipient = 'p-cedar' AND kind = 'escalate' AND state = 'sent'");
    cast_expect(h, "0", "SELECT count(*) FROM told.answer");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE state = 'failed'");
    cast_expect(h, "1", "SELECT max(step) FROM told.duty_line WHERE role = 'social-worker'");
    /* A second one of the same person: the step above was told already. */
    drop(h, 2, returned_away(&ash, "p.ash@southwark.example"));
    expect_returned(h, 2, "automatic | done | recorded");
    cast_expect(h, "1", "SELECT max(step) FROM told.duty_line WHERE role = 'social-worker'");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_out_of_office_can_be_recorded_only(void **state)
{
    struct harness *h = begin(state, "out_of_office = \"record\";", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    drop(h, 1, returned_away(&ash, ASH));
    expect_returned(h, 1, "automatic | done | recorded");
    cast_expect(h, "0", "SELECT max(step) FROM told.duty_line");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_reply_with_the_typed_code_acknowledges(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;
    char *words;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    words = mem_printf("Thank you, I know.\r\n%s", ash.codes[0]);
    drop(h, 1, returned_reply(&ash, "Ash@southwark.example", words));
    expect_returned(h, 1, "reply | done | acknowledged");
    cast_expect(h, "ack p-ash by mail told_console", "SELECT concat_ws(' ', kind, answered_for, note, answered_by) FROM told.answer");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty_line WHERE answered_for = 'p-ash'");
    cast_expect(h, "mail", "SELECT detail->>'by' FROM told.journal WHERE what = 'duty acknowledged'");
    /* Nothing of it is kept. */
    cast_expect(h, "1", "SELECT count(*) FROM told.returned WHERE sender IS NULL AND subject IS NULL AND words IS NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm WHERE kind = 'returned-mail'");
    free(words);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_reply_from_elsewhere_or_without_code_is_kept_for_a_person(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    drop(h, 1, returned_reply(&ash, "ash@elsewhere.example", ash.codes[0]));
    expect_returned(h, 1, "reply | open | kept: it is not from the address that was told");
    drop(h, 2, returned_reply(&ash, "gorse@southwark.example", ash.codes[0]));
    expect_returned(h, 2, "reply | open | kept: it is not from the address that was told");
    /* The notice below it holds the code; the sender did not type it. */
    drop(h, 3, returned_reply(&ash, ASH, "This is not mine, please tell Zebedee Quux."));
    expect_returned(h, 3, "reply | open | kept: no code was typed into it");
    drop(h, 4, returned_reply(&ash, ASH, "00000-00000"));
    expect_returned(h, 4, "reply | open | kept: its code is of no notice");
    cast_expect(h, "0", "SELECT count(*) FROM told.answer");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'returned-mail' AND cleared_at IS NULL");
    cast_expect(h, "This is not mine, please tell Zebedee Quux.", "SELECT btrim(words, E' \\n') FROM told.returned WHERE returned_id = 3");
    assert_false(cast_log_has(h, "Zebedee"));
    assert_false(cast_log_has(h, "elsewhere.example"));
    cast_expect(h, "0", "SELECT count(*) FROM told.journal WHERE detail::text LIKE '%%Zebedee%%' OR detail::text LIKE '%%elsewhere%%'");
    cast_succeed(h, "returns", "--open");
    cast_succeed(h, "returns", "show", "3");
    cast_succeed(h, "returns", "settle", "3");
    assert_int_equal(cast_operate(h, "returns", "settle", "3", NULL), 65);
    cast_expect(h, "settled", "SELECT concat_ws(' ', state, sender, subject, words) FROM told.returned WHERE returned_id = 3");
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_reply_from_an_allowed_domain_is_of_whom_the_directory_names(void **state)
{
    struct harness *h = begin(state, "reply_domains = [ \"southwark.example\" ];", NULL);
    struct arrived ash;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    /* In the directory, and with no part in this duty. */
    drop(h, 1, returned_reply(&ash, "juniper@southwark.example", ash.codes[0]));
    expect_returned(h, 1, "reply | open | kept: it is not from the address that was told");
    drop(h, 2, returned_reply(&ash, "stranger@southwark.example", ash.codes[0]));
    expect_returned(h, 2, "reply | open | kept: it is not from the address that was told");
    cast_expect(h, "0", "SELECT count(*) FROM told.answer");
    /* The manager above, to whom the notice was passed on. */
    drop(h, 3, returned_reply(&ash, "dogwood@southwark.example", ash.codes[0]));
    expect_returned(h, 3, "reply | done | acknowledged");
    cast_expect(h, "p-dogwood", "SELECT answered_for FROM told.answer");
    returned_arrived_release(&ash);
    cast_check(h);
}

/* Who typed two believes that both are heard. */
static void test_returns_reply_with_a_code_that_does_not_count_is_kept_too(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;
    char *words;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    words = mem_printf("I know of both: %s and 00000 - 00000", ash.codes[0]);
    drop(h, 1, returned_reply(&ash, ASH, words));
    expect_returned(h, 1, "reply | open | acknowledged; kept: another code in it did not count");
    cast_expect(h, "1", "SELECT count(*) FROM told.answer");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'returned-mail'");
    free(words);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_nothing_is_lost_and_nothing_twice_when_told_is_killed(void **state)
{
    pid_t pid;
    struct harness *h = begin(state, "", &pid);
    struct arrived ash;
    char *reply;

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    reply = returned_reply(&ash, ASH, ash.codes[0]);
    returned_hold(h);
    returned_drop(h, 1, reply);
    returned_kill(h, pid);
    assert_int_equal(returned_waiting(h), 1);
    harness_told(h, NULL, NULL);
    expect_returned(h, 1, "reply | done | acknowledged");
    /* After the commit, before it was put away: the same name is there once more. */
    returned_drop(h, 1, reply);
    for (int i = 0; i < 200 && returned_waiting(h) > 0; i++)
        poll(NULL, 0, 50);
    assert_int_equal(returned_waiting(h), 0);
    cast_expect(h, "1", "SELECT count(*) FROM told.returned");
    /* And delivered a second time under another name, by a server that was not sure. */
    returned_drop(h, 2, reply);
    expect_returned(h, 2, "reply | done | the same mail again");
    cast_expect(h, "1", "SELECT count(*) FROM told.answer");
    free(reply);
    returned_arrived_release(&ash);
    cast_check(h);
}

static void test_returns_garbage_is_kept_and_stops_nothing(void **state)
{
    struct harness *h = begin(state, "", NULL);
    struct arrived ash;
    struct buf deep = {0};

    charge(h, "c-1");
    returned_arrived(h, "ash", &ash);
    for (int i = 0; i < 2000; i++)
        buf_printf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    returned_drop(h, 1, buf_string(&deep));
    returned_drop(h, 2, "");
    returned_drop(h, 3, "\x01\x02\xff\xfe no head\rno body\n\n");
    drop(h, 4, returned_report(&ash, ASH, "failed", "5.1.1"));
    cast_await(h, "4", "SELECT count(*) FROM told.returned");
    cast_settle(h);
    cast_expect(h, "3", "SELECT count(*) FROM told.returned WHERE state = 'open' AND kind = 'other'");
    cast_expect(h, "1", "SELECT count(*) FROM told.address_state");
    buf_release(&deep);
    returned_arrived_release(&ash);
    cast_check(h);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, harness_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_returns_notice_carries_a_code_and_a_return_path),
        TEST(test_returns_bounce_fails_the_notification_marks_the_address_and_escalates_at_once),
        TEST(test_returns_marked_address_gets_no_mail_until_it_is_cleared),
        TEST(test_returns_bounce_of_another_recipient_marks_nobody),
        TEST(test_returns_bounce_waits_for_the_outcome_of_its_attempt),
        TEST(test_returns_reply_with_a_code_that_does_not_count_is_kept_too),
        TEST(test_returns_delay_is_recorded_and_changes_nothing),
        TEST(test_returns_made_up_bounce_is_kept_and_silences_nobody),
        TEST(test_returns_out_of_office_escalates_sooner_and_acknowledges_nothing),
        TEST(test_returns_out_of_office_can_be_recorded_only),
        TEST(test_returns_reply_with_the_typed_code_acknowledges),
        TEST(test_returns_reply_from_elsewhere_or_without_code_is_kept_for_a_person),
        TEST(test_returns_reply_from_an_allowed_domain_is_of_whom_the_directory_names),
        TEST(test_returns_nothing_is_lost_and_nothing_twice_when_told_is_killed),
        TEST(test_returns_garbage_is_kept_and_stops_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
