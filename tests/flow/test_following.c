/* SPDX-License-Identifier: Apache-2.0 */
/* Events that name an earlier one of their source, and several events of one person whom nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define CASE "01MP70077"
#define NOBODY "{}"
#define LCS(number) "{\"identifiers\":{\"lcs\":\"LCS-" number "\"}}"
#define STRANGER "{\"family_name\":\"Strangely\",\"given_names\":\"Quillonna\",\"born_on\":\"2010-07-07\"}"
#define CHARGE ",\"case\":\"" CASE "\"" CAST_CHARGE

/* "STATE LCS-N" of an event. */
static void expect_event(struct harness *h, const char *id, const char *want)
{
    cast_expect(h, want,
                "SELECT concat_ws(' ', s.state, (SELECT value FROM told.child_identifier k WHERE k.child_id = s.child_id AND scheme ="
                " 'lcs')) FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.id = '%s'",
                id);
}

static void expect_said(struct harness *h, const char *const argv[], const char *want)
{
    struct buf out = {0};

    assert_int_equal(harness_toldctl(h, "amara", argv, &out, NULL), 0);
    if (strstr(buf_string(&out), want) == NULL)
        fail_msg("\"%s\" is not in:\n%s", want, buf_string(&out));
    buf_release(&out);
}

/* Who had a notice that something holds no more. */
#define CORRECTED "SELECT string_agg(DISTINCT recipient, ' ' ORDER BY recipient) FROM told.notification WHERE kind = 'correction' AND state = 'sent'"
#define QUESTIONS "SELECT count(*) FROM told.duty WHERE kind = 'match'"

static void test_following_takes_back_an_event_whatever_its_retraction_says_of_the_person(void **state)
{
    static const char *const PERSONS[] = {NOBODY, LCS("6"), STRANGER};
    struct harness *h = cast_play(state, NOW, NULL);

    for (size_t i = 0; i < sizeof PERSONS / sizeof *PERSONS; i++) {
        char *charge = mem_printf("charge-%zu", i), *retraction = mem_printf("retraction-%zu", i);
        char *fields = mem_printf(",\"retracts\":\"%s\"", charge);

        cast_hear_of(h, "police.charge", charge, LCS("1"), CHARGE);
        cast_hear_of(h, "police.charge", retraction, PERSONS[i], fields);
        expect_event(h, retraction, "decided LCS-1");
        cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state <> 'closed'");
        free(fields);
        free(retraction);
        free(charge);
    }
    cast_expect(h, "void", "SELECT DISTINCT closed_as FROM told.duty");
    cast_expect(h, "p-ash", CORRECTED);
    cast_expect(h, "0", QUESTIONS);
    cast_check(h);
}

static void test_following_waits_for_the_event_that_a_retraction_without_a_person_names(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear_of(h, "police.charge", "retraction-1", NOBODY, ",\"retracts\":\"charge-1\"");
    cast_hear_of(h, "police.charge", "retraction-2", LCS("6"), ",\"retracts\":\"charge-2\"");
    cast_hear_of(h, "police.charge", "retraction-3", NOBODY, ",\"retracts\":\"charge-3\"");
    expect_event(h, "retraction-1", "held");
    expect_event(h, "retraction-2", "held LCS-6");
    cast_expect(h, "3", "SELECT count(*) FROM told.alarm WHERE kind = 'waits-for-event'");
    cast_hear_of(h, "police.charge", "charge-1", LCS("1"), CHARGE);
    cast_hear_of(h, "police.charge", "charge-2", LCS("2"), CHARGE); /* another child than the retraction says */
    cast_hear_of(h, "police.charge", "charge-3", STRANGER, CHARGE);
    expect_event(h, "retraction-1", "decided LCS-1");
    expect_event(h, "retraction-2", "decided LCS-2");
    expect_event(h, "retraction-3", "decided");
    cast_expect(h, "3", "SELECT count(*) FROM told.event_state WHERE retracted_by IS NOT NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state <> 'closed' AND kind <> 'alarm'");
    cast_check(h);
}

static void test_following_moves_what_an_amendment_says_is_another_childs(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear_of(h, "police.charge", "charge-1", LCS("1"), CHARGE);
    cast_expect(h, "p-ash", "SELECT DISTINCT recipient FROM told.notification WHERE state = 'sent'");
    cast_hear_of(h, "police.charge", "amendment-1", LCS("6"), ",\"amends\":\"charge-1\"" CHARGE);
    expect_event(h, "amendment-1", "decided LCS-6");
    expect_event(h, "charge-1", "decided");
    cast_expect(h, "p-ash", CORRECTED);
    cast_expect(h, "its event was amended: it is about another child",
                "SELECT DISTINCT closed_reason FROM told.duty WHERE closed_as = 'void'");
    cast_expect(h, "p-birch", "SELECT DISTINCT n.recipient FROM told.notification n JOIN told.duty d USING (duty_id)"
                              " WHERE d.state <> 'closed' AND n.state = 'sent'");
    cast_expect(h, "0", "SELECT count(*) FROM told.alarm");
    /* Amended once more, and taken back: the first child hears nothing new. */
    cast_hear_of(h, "police.charge", "amendment-2", LCS("6"), ",\"amends\":\"amendment-1\"" CHARGE);
    cast_hear_of(h, "police.charge", "retraction-1", NOBODY, ",\"retracts\":\"amendment-2\"");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.duty WHERE state <> 'closed' AND kind = 'duty'");
    cast_hear_of(h, "police.charge", "retraction-2", NOBODY, ",\"retracts\":\"amendment-1\"");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE state <> 'closed'");
    cast_expect(h, "p-ash p-birch", CORRECTED);
    cast_check(h);
}

static void test_following_moves_an_event_that_a_person_says_is_another_childs(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);
    char *match, *six = cast_value(h, "SELECT child_id FROM told.child_identifier WHERE value = 'LCS-6'");

    cast_hear_of(h, "police.charge", "charge-1", LCS("1"), CHARGE);
    cast_hear_of(h, "police.charge", "amendment-1", STRANGER, ",\"amends\":\"charge-1\"" CHARGE);
    expect_event(h, "amendment-1", "review"); /* whoever that is, it may be somebody else */
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.duty WHERE state <> 'closed' AND kind = 'duty'");
    match = cast_value(h, "SELECT duty_id FROM told.duty WHERE kind = 'match'");
    cast_succeed(h, "match", match, six, "--for", "p-hazel");
    cast_settle(h);
    expect_event(h, "amendment-1", "decided LCS-6");
    cast_expect(h, "p-ash", CORRECTED);
    free(match);
    free(six);
    cast_check(h);
}

static void test_following_amends_by_a_message_without_a_person(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear_of(h, "police.charge", "charge-1", LCS("1"), CHARGE);
    cast_hear_of(h, "police.charge", "amendment-1", NOBODY, ",\"amends\":\"charge-1\"" CHARGE);
    expect_event(h, "amendment-1", "decided LCS-1");
    cast_expect(h, "0", QUESTIONS);
    cast_check(h);
}

static void test_following_settles_a_question_by_an_amendment_that_says_who_it_is(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear_of(h, "police.charge", "charge-1", STRANGER, CHARGE);
    expect_event(h, "charge-1", "review");
    cast_jump(h, "2024-06-03T12:00:00Z");
    cast_hear_of(h, "police.charge", "amendment-1", LCS("1"), ",\"amends\":\"charge-1\"" CHARGE);
    expect_event(h, "charge-1", "decided LCS-1");
    expect_event(h, "amendment-1", "decided LCS-1");
    cast_expect(h, "closed discharged", "SELECT state || ' ' || closed_as FROM told.duty WHERE kind = 'match'");
    /* Its clock runs from when it was heard first. */
    cast_expect(h, "2024-06-03 09:00:00 1", "SELECT (received_at AT TIME ZONE 'UTC') || ' ' || count(*) FROM told.duty WHERE duty = 'D41' GROUP BY received_at");
    cast_check(h);
}

static void test_following_tells_who_was_asked_that_the_event_was_taken_back(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);

    cast_hear_of(h, "police.charge", "charge-1", STRANGER, CHARGE);
    cast_expect(h, "1", QUESTIONS " AND state = 'told'");
    cast_hear_of(h, "police.charge", "retraction-1", NOBODY, ",\"retracts\":\"charge-1\"");
    cast_expect(h, "void", "SELECT closed_as FROM told.duty");
    cast_expect(h, "p-hazel", CORRECTED);
    cast_expect(h, "decided", "SELECT DISTINCT state FROM told.event_state");
    cast_check(h);
}

static void test_following_asks_once_about_one_person_whom_nobody_knows(void **state)
{
    struct harness *h = cast_play(state, NOW, NULL);
    char *match, *one = cast_value(h, "SELECT child_id FROM told.child_identifier WHERE value = 'LCS-1'");

    cast_hear_of(h, "police.charge", "charge-1", STRANGER, CHARGE);
    cast_hear_of(h, "police.charge", "charge-2", STRANGER, CHARGE);
    cast_hear_of(h, "police.charge", "amendment-2", STRANGER, ",\"amends\":\"charge-2\"" CHARGE);
    cast_hear_of(h, "police.charge", "other-1", "{\"family_name\":\"Strangely\",\"given_names\":\"Twin\",\"born_on\":\"2010-07-07\"}", CHARGE);
    cast_expect(h, "2", QUESTIONS " AND duty = 'unknown-child'");
    cast_expect(h, "1 2024-06-04 16:00:00", "SELECT telling || ' ' || (due_at AT TIME ZONE 'UTC') FROM told.duty ORDER BY duty_id LIMIT 1");
    /* What leaves less time is told again, with that. */
    cast_hear_of(h, "court.home-concern", "home-1", STRANGER, CAST_COURT ",\"hearing\":\"h-1\"");
    cast_expect(h, "2", QUESTIONS);
    cast_expect(h, "2 2024-06-03 10:00:00 true", "SELECT telling || ' ' || (due_at AT TIME ZONE 'UTC') || ' ' || immediate FROM told.duty ORDER BY duty_id LIMIT 1");
    cast_expect(h, "2", "SELECT count(*) FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.telling = 2 AND n.state = 'sent'");
    match = cast_value(h, "SELECT min(duty_id) FROM told.duty WHERE kind = 'match'");
    expect_said(h, (const char *const[]){"match", match, NULL}, "and event 5, court.home-concern, of the same person");
    expect_said(h, (const char *const[]){"match", match, one, "--for", "p-hazel", NULL}, "nothing that is known speaks for child 1;");
    cast_settle(h);
    expect_event(h, "charge-1", "decided LCS-1");
    expect_event(h, "charge-2", "decided LCS-1");
    expect_event(h, "amendment-2", "decided LCS-1");
    expect_event(h, "home-1", "decided LCS-1");
    expect_event(h, "other-1", "review");
    /* Undone: all of them. */
    cast_succeed(h, "match", "--undo", match, "--for", "p-hazel");
    cast_settle(h);
    cast_expect(h, "5", "SELECT count(*) FROM told.event_state WHERE state = 'review' AND child_id IS NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'duty' AND state <> 'closed'");
    free(match);
    free(one);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_following_takes_back_an_event_whatever_its_retraction_says_of_the_person, harness_teardown),
        cmocka_unit_test_teardown(test_following_waits_for_the_event_that_a_retraction_without_a_person_names, harness_teardown),
        cmocka_unit_test_teardown(test_following_moves_what_an_amendment_says_is_another_childs, harness_teardown),
        cmocka_unit_test_teardown(test_following_moves_an_event_that_a_person_says_is_another_childs, harness_teardown),
        cmocka_unit_test_teardown(test_following_amends_by_a_message_without_a_person, harness_teardown),
        cmocka_unit_test_teardown(test_following_settles_a_question_by_an_amendment_that_says_who_it_is, harness_teardown),
        cmocka_unit_test_teardown(test_following_tells_who_was_asked_that_the_event_was_taken_back, harness_teardown),
        cmocka_unit_test_teardown(test_following_asks_once_about_one_person_whom_nobody_knows, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
