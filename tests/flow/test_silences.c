/* SPDX-License-Identifier: Apache-2.0 */
/* A feed that says nothing, and one that says it late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cast.h"
#include "cluster.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */

/* A charge with its number in the publisher's log. */
static void number(struct harness *h, int sequence)
{
    const char *argv[] = {"publish", "--feed", "police", "-", NULL};
    char *line = mem_printf("{\"specversion\":\"1.0\",\"id\":\"n-%d\",\"source\":\"police/mps\",\"type\":\"police.charge\","
                            "\"sequence\":\"%020d\",\"time\":\"2024-06-03T08:50:00Z\",\"data\":{\"person\":{\"identifiers\":"
                            "{\"lcs\":\"LCS-1\"}},\"case\":\"01MP71\"" CAST_CHARGE "}}\n",
                            sequence, sequence);

    assert_int_equal(harness_toldctl_input(h, NULL, argv, line, NULL, NULL), 0);
    free(line);
}

#define ALARMS "SELECT coalesce(string_agg(kind || ' ' || key, ', ' ORDER BY kind), '') FROM told.alarm WHERE cleared_at IS NULL"

static void test_silence_of_a_feed_is_one_alarm_that_ends_when_it_comes_back(void **state)
{
    struct harness *h = *state = harness_start(
        &(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50,
                                  .expects = "days = \"every\"; silent_after = \"6h\"; link_after = \"8h\";"});

    cast_import(h);
    harness_told(h, NULL, NULL);
    harness_told(h, "escalate", NULL);
    number(h, 1);
    number(h, 2);
    cast_settle(h);
    cast_jump(h, "2024-06-03T14:59:59Z");
    cast_expect(h, "", ALARMS);
    harness_jump(h, "2024-06-03T15:00:01Z");
    cast_await(h, "silent-feed police", ALARMS);
    harness_jump(h, "2024-06-03T17:00:01Z");
    cast_await(h, "silent-feed police, silent-link police", ALARMS);
    cast_await(h, "2", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    cast_expect(h, "2", "SELECT count(*) FROM told.feed_silence");
    /* However many processes look, and however often. */
    cast_expect(h, "2 1", "SELECT count(*) || ' ' || max(count) FROM told.alarm WHERE kind LIKE 'silent%%'");
    number(h, 3);
    cast_await(h, "", ALARMS);
    cast_expect(h, "2", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND closed_as = 'discharged'");
    cast_expect(h, "feed police: no events were heard from 2024-06-03 10:00 to 2024-06-03 18:00; source police/mps: sequences 3 to 3"
                   " came since, none is missing",
                "SELECT statement FROM told.feed_silence WHERE what = 'events'");
    cast_expect(h, "2", "SELECT count(*) FROM told.journal WHERE what = 'feed heard again'");
    /* And it can fall silent again. */
    harness_jump(h, "2024-06-03T23:30:00Z");
    cast_await(h, "silent-feed police", ALARMS);
    cast_check(h);
}

static void test_silence_of_a_feed_without_numbers_has_a_person_ask_what_was_unheard(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = "2024-06-01T09:00:00Z", /* a Saturday */
                                                .story_stands = true,
                                                .poll_ms = 50,
                                                .expects = "from = \"08:00\"; until = \"18:00\"; silent_after = \"4h\";"});
    const char *const argv[] = {"feeds", "--json", NULL};
    struct buf out = {0};

    cast_import(h);
    harness_told(h, NULL, NULL);
    cast_await(h, "1", "SELECT count(*) FROM told.feed_watch");
    cast_jump(h, "2024-06-03T10:59:00Z"); /* it has never spoken: four hours of Monday are not over */
    cast_expect(h, "", ALARMS);
    harness_jump(h, "2024-06-03T11:00:00Z");
    cast_await(h, "silent-feed police", ALARMS);
    assert_int_equal(harness_toldctl(h, "amara", argv, &out, NULL), 0);
    assert_non_null(strstr(buf_string(&out), "\"state\": \"silent\""));
    buf_release(&out);
    cast_say(h, "police.charge", "2024-06-03T08:50:00Z charge-1", "LCS-1", CAST_CHARGE);
    cast_await(h, "gap-statement police", ALARMS);
    cast_settle(h);
    /* The operators are to act; the team, for information, hears what it may not have heard. */
    cast_expect(h, "copy yos-duty-officer p-hazel, tell operators mailbox:operators",
                "SELECT string_agg(concat_ws(' ', n.kind, n.role, n.recipient), ', ' ORDER BY n.kind) FROM told.notification n"
                " JOIN told.duty d USING (duty_id) JOIN told.alarm a USING (duty_id) WHERE a.kind = 'gap-statement'");
    cast_await(h, "t", "SELECT bool_and(m.body_text ~ 'For your information, nothing to do' AND m.body_text ~ 'no\\s+events\\s+were"
                       "\\s+heard') FROM told.message m JOIN told.notification n USING (message_id) JOIN told.duty d USING (duty_id)"
                       " WHERE n.kind = 'copy' AND d.kind = 'alarm'");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.alarm a USING (duty_id)"
                        " WHERE a.kind LIKE 'silent%%' AND n.kind = 'copy'");
    cast_expect(h, "t", "SELECT detail LIKE 'feed police: no events were heard from 2024-06-01 10:00 to 2024-06-03 12:00; source"
                        " police/mps: it numbers nothing, so only the sender can say%%' FROM told.alarm WHERE kind = 'gap-statement'");
    cast_check(h);
}

static void test_silence_that_hid_an_event_makes_a_duty_overdue_and_says_whose_delay_it_was(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    const char *argv[] = {"why", NULL, NULL};
    struct buf out = {0};
    char *duty;

    cast_import(h);
    harness_told(h, NULL, NULL);
    /* Leaves custody on Friday, and ten working days before that are long gone: said two weeks ago, heard today. */
    cast_hear(h, "custody.reception", "2024-04-02T10:00:00Z in-1", "LCS-1",
              ",\"establishment\":\"wetherby\",\"establishment_kind\":\"yoi\",\"on\":\"2024-04-02\",\"sentenced\":true");
    cast_hear(h, "custody.release-dates", "2024-05-20T10:00:00Z dates-1", "LCS-1",
              ",\"early_on\":\"2024-06-07\",\"mandatory_on\":\"2024-07-07\",\"early_entitled\":true");
    cast_expect(h, "t", "SELECT due_at < opened_at FROM told.duty WHERE duty = 'D62'");
    cast_expect(h, "happened 2024-05-20 11:00, received 2024-06-03 10:00: 13 days of delay were the sender's; already overdue when it"
                   " opened",
                "SELECT because->>-1 FROM told.duty WHERE duty = 'D62'");
    cast_expect(h, "1", "SELECT count(*) FROM told.journal JOIN told.duty USING (duty_id) WHERE what = 'duty opened late' AND duty ="
                        " 'D62' AND detail->>'delay' LIKE '%%were the sender''s%%'");
    duty = cast_value(h, "SELECT duty_id FROM told.duty WHERE duty = 'D62'");
    argv[1] = duty;
    assert_int_equal(harness_toldctl(h, "amara", argv, &out, NULL), 0);
    assert_non_null(strstr(buf_string(&out), "13 days of delay were the sender's"));
    assert_non_null(strstr(buf_string(&out), "happened 2024-05-20 11:00, received 2024-06-03 10:00"));
    cast_jump(h, "2024-06-03T09:20:00Z");
    cast_expect(h, "t", "SELECT bool_or(body_text ~ '13\\s+days\\s+of\\s+delay\\s+were\\s+the\\s+sender') FROM told.message");
    free(duty);
    buf_release(&out);
    cast_check(h);
}

/* Both stages of that login have said so. */
static void await_log(struct harness *h, const char *text)
{
    const struct timespec shortly = {0, 20000000};
    int found = 0;

    for (int i = 0; i < 1000 && found < 2; i++) {
        char *log = harness_log(h), *at = log;

        for (found = 0; (at = strstr(at, text)) != NULL; at++)
            found++;
        free(log);
        nanosleep(&shortly, NULL);
    }
    assert_true(found >= 2);
}

/* While the database is away nobody can write down that a feed was heard. */
static void test_silence_is_no_feeds_fault_while_the_database_was_away(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){
        .story_from = NOW, .story_stands = true, .poll_ms = 50, .expects = "days = \"every\"; silent_after = \"6h\";"});

    cast_import(h);
    harness_told(h, NULL, NULL);
    number(h, 1);
    cast_settle(h);
    cast_jump(h, "2024-06-03T14:55:00Z");
    cast_expect(h, "", ALARMS);
    cluster_halt(harness_cluster(h));
    await_log(h, "database=away user=told_decide");
    cluster_resume(harness_cluster(h));
    await_log(h, "database=back user=told_decide");
    cast_bystander(h); /* and both have looked */
    cast_jump(h, "2024-06-03T15:04:00Z"); /* six hours are over, and nine minutes since */
    cast_bystander(h);
    cast_expect(h, "", ALARMS);
    harness_jump(h, "2024-06-03T15:06:00Z");
    cast_await(h, "silent-feed police", ALARMS);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_silence_of_a_feed_is_one_alarm_that_ends_when_it_comes_back, harness_teardown),
        cmocka_unit_test_teardown(test_silence_of_a_feed_without_numbers_has_a_person_ask_what_was_unheard, harness_teardown),
        cmocka_unit_test_teardown(test_silence_that_hid_an_event_makes_a_duty_overdue_and_says_whose_delay_it_was, harness_teardown),
        cmocka_unit_test_teardown(test_silence_is_no_feeds_fault_while_the_database_was_away, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
