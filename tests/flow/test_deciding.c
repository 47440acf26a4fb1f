/* SPDX-License-Identifier: Apache-2.0 */
/* What repeats, changes, comes late or leaves a question open: which duties that makes, and who hears of it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define HEARING CAST_COURT ",\"hearing\":\"h-1\",\"purpose\":\"first\""

static char *number(struct harness *h, const char *where)
{
    char *id = cast_value(h, "SELECT duty_id FROM told.duty WHERE state <> 'closed' AND %s", where);

    assert_true(*id != '\0');
    return id;
}

static void test_deciding_tells_nobody_of_a_repeat(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    long mails;

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_jump(h, "2024-06-03T09:20:00Z");
    mails = cast_mails_to(h, "ash");
    assert_int_equal(mails, 1);
    /* The same message; and the same hearing, shared again under another id. */
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_expect(h, "1", "SELECT count(*) FROM told.event");
    cast_hear(h, "court.hearing-listed", "shared-again", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_expect(h, "2", "SELECT count(*) FROM told.event_state WHERE state = 'decided'");
    cast_jump(h, "2024-06-03T10:00:00Z");
    assert_int_equal(cast_mails_to(h, "ash"), mails);
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_expect_duty(h, "D43", "told 06-20 09:00 1");
    /* But it is one more ground, and the journal says so. */
    cast_expect(
        h, "2 2",
        "SELECT count(*) || ' ' || (SELECT count(*) FROM told.duty_ground JOIN told.duty USING (duty_id) WHERE duty ="
        " 'D43') FROM told.journal WHERE what = 'duty repeated'");
    cast_check(h);
}

static void test_deciding_records_what_tells_nobody_once(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.conviction", "convicted-1", "LCS-1", CAST_COURT ",\"hearing\":\"h-1\"");
    cast_expect(h, "1", "SELECT count(*) FROM told.event_state WHERE state = 'decided'");
    /* A fact that comes late has it decided again; it is on record already. */
    cast_hear(h, "care.status", "status-1", "LCS-1", ",\"in_need\":true,\"on\":\"2024-06-01\"");
    cast_expect(h, "2", "SELECT count(*) FROM told.event_state WHERE state = 'decided'");
    cast_expect(h, "D25 1", "SELECT min(detail->>'duty') || ' ' || count(*) FROM told.journal WHERE what = 'recorded'");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE duty = 'D25'");
    cast_check(h);
}

static void test_deciding_tells_a_moved_hearing_again_to_exactly_those_told(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_jump(h, "2024-06-04T16:00:00Z"); /* D41 climbs to the manager, D43 does not */
    cast_hear(h, "court.hearing-listed", "listed-2", "LCS-1", HEARING ",\"at\":\"2024-06-27T13:00:00Z\"");
    cast_expect_duty(h, "D41", "told 06-04 16:00 2"); /* its notice shows the hearing too */
    cast_expect_duty(h, "D43", "told 06-27 13:00 2");
    cast_expect(
        h, "p-ash sent, p-cedar sent",
        "SELECT string_agg(concat_ws(' ', recipient, n.state), ', ' ORDER BY step) FROM told.notification n JOIN told.duty d"
        " USING (duty_id) WHERE d.duty = 'D41' AND n.telling = 2");
    cast_expect(
        h, "p-ash sent",
        "SELECT string_agg(concat_ws(' ', recipient, n.state), ', ') FROM told.notification n JOIN told.duty d"
        " USING (duty_id) WHERE d.duty = 'D43' AND n.telling = 2");
    cast_expect(
        h, "2024-06-20T09:00:00Z 2024-06-27T13:00:00Z",
        "SELECT concat_ws(' ', detail->>'was_due_at', detail->>'due_at') FROM told.journal j JOIN told.duty d"
        " USING (duty_id) WHERE what = 'duty changed' AND d.duty = 'D43'");
    cast_expect(h, "2024-06-27 13:00:00",
                "SELECT l.next_at AT TIME ZONE 'UTC' FROM told.duty_line l JOIN told.duty USING (duty_id)"
                " WHERE duty = 'D43'");
    /* What was heard last holds, whatever is decided again: a late fact makes nobody hear the old time. */
    cast_hear(h, "care.status", "2024-05-01T10:00:00Z status-1", "LCS-1",
              ",\"on\":\"2024-05-01\",\"vulnerable\":true,\"in_need\":true");
    cast_hear(h, "care.placement", "2024-05-02T10:00:00Z placed-1", "LCS-1",
              ",\"authority\":\"lambeth\",\"on\":\"2024-05-02\"");
    cast_expect_duty(h, "D43", "told 06-27 13:00 2");
    cast_expect(h, "t",
                "SELECT count(*) > 0 FROM told.duty WHERE duty = 'D44' AND event_id = 1"); /* out of the
                                                                                              borough: new */
    cast_check(h);
}

static void test_deciding_cancels_a_telling_that_a_change_overtook_while_it_was_sent(void **state)
{
    struct harness *h = cast_begin(state, NOW, "match=ash@ stage=rcpt do=451 times=1\n");

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_hear(h, "court.hearing-listed", "listed-2", "LCS-1", HEARING ",\"at\":\"2024-06-27T13:00:00Z\"");
    cast_jump(h, "2024-06-03T09:30:00Z");
    cast_expect(
        h, "1 cancelled, 2 sent",
        "SELECT string_agg(n.telling || ' ' || n.state, ', ' ORDER BY n.telling) FROM told.notification n"
        " JOIN told.duty USING (duty_id) WHERE duty = 'D43'");
    cast_check(h);
}

static void test_deciding_on_a_late_fact_opens_the_duty_as_of_the_first_receipt(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", "LCS-5", CAST_CHARGE);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE duty = 'D41'");
    /* Two days later we hear that the child was in need before the charge. */
    cast_jump(h, "2024-06-05T10:00:00Z");
    cast_hear(h, "care.status", "2024-06-05T09:00:00Z status-1", "LCS-5",
              ",\"on\":\"2024-05-20\",\"in_need\":true");
    cast_expect(
        h, "charge-1 2024-06-03 09:00:00 2024-06-04 16:00:00",
        "SELECT concat_ws(' ', e.id, d.received_at AT TIME ZONE 'UTC', d.due_at AT TIME ZONE 'UTC') FROM told.duty d JOIN"
        " told.event e USING (event_id) WHERE d.duty = 'D41'");
    /* Overdue when it opened, so the next step has it too; and the journal says whose delay it was. */
    cast_expect(h, "p-ash p-cedar",
                "SELECT string_agg(recipient, ' ' ORDER BY step) FROM told.notification n JOIN told.duty d"
                " USING (duty_id) WHERE d.duty = 'D41' AND n.state = 'sent'");
    cast_expect(h, "2 care/southwark",
                "SELECT concat_ws(' ', detail->>'fact_event', detail->>'source') FROM told.journal"
                " WHERE what = 'decided again, duties opened late'");
    cast_check(h);
}

static void test_deciding_leaves_a_duty_open_that_a_fact_takes_away(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    char *review;

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", "LCS-2", CAST_CHARGE);
    cast_hear(h, "care.status", "2024-06-03T08:55:00Z status-1", "LCS-2",
              ",\"on\":\"2024-05-20\",\"in_need\":false");
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_expect(
        h, "p-hazel sent",
        "SELECT concat_ws(' ', recipient, n.state) FROM told.notification n JOIN told.duty d USING (duty_id)"
        " WHERE d.kind = 'review'");
    /* It asks no field; a person says what is, and the duty is for them to close. */
    review = number(h, "kind = 'review'");
    assert_int_not_equal(cast_operate(h, "answer", review, "in_need=true", "--for", "p-hazel", NULL), 0);
    cast_succeed(h, "done", review, "--for", "p-hazel", "--note", "it stands");
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    free(review);
    cast_check(h);
}

static void test_deciding_discharges_by_a_later_event(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(
        h, "court.sentence", "sentence-1", "LCS-1",
        CAST_COURT
        ",\"hearing\":\"h-1\",\"on\":\"2024-06-03\",\"kind\":\"custody\",\"order\":\"dto\",\"term_months\":8");
    cast_expect_duty(h, "D59", "told 06-17 16:00 1");
    cast_expect_duty(h, "D60", "told 07-01 16:00 1");
    /* A visit before the sentence is none of it. */
    cast_hear(h, "care.visit", "2024-05-30T10:00:00Z visit-0", "LCS-1",
              ",\"on\":\"2024-05-30\",\"by\":\"p-ash\"");
    cast_expect_duty(h, "D59", "told 06-17 16:00 1");
    cast_jump(h, "2024-06-10T09:00:00Z");
    cast_hear(h, "care.visit", "2024-06-10T08:00:00Z visit-1", "LCS-1",
              ",\"on\":\"2024-06-10\",\"by\":\"p-ash\"");
    cast_expect_duty(h, "D59", "closed discharged 06-17 16:00 1");
    cast_expect_duty(h, "D60", "told 07-01 16:00 1");
    cast_expect(
        h, "visit-1",
        "SELECT e.id FROM told.journal j JOIN told.event e USING (event_id) WHERE what = 'duty closed'");
    cast_check(h);
}

static void test_deciding_asks_a_person_who_an_unknown_child_is(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    char *match;

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", NULL, CAST_CHARGE);
    cast_expect(h, "match p-hazel sent",
                "SELECT concat_ws(' ', d.kind, recipient, n.state) FROM told.notification n JOIN told.duty d"
                " USING (duty_id)");
    cast_jump(h, "2024-06-05T09:00:00Z");
    match = number(h, "kind = 'match'");
    /* It is the child LCS-1, whom that system calls by another number. */
    {
        char *child = cast_value(h, "SELECT child_id FROM told.child_identifier WHERE value = 'LCS-1'");

        cast_succeed(h, "match", match, child, "--learn", "--for", "p-hazel");
        free(child);
    }
    cast_settle(h);
    cast_expect(h, "closed done",
                "SELECT concat_ws(' ', state, closed_as) FROM told.duty WHERE kind = 'match'");
    /* As of the receipt on Monday: overdue, and the manager has it at once. */
    cast_expect(
        h, "2024-06-03 09:00:00 2024-06-04 16:00:00 p-ash p-cedar",
        "SELECT concat_ws(' ', received_at AT TIME ZONE 'UTC', due_at AT TIME ZONE 'UTC', (SELECT string_agg(recipient, ' '"
        " ORDER BY step) FROM told.notification n WHERE n.duty_id = d.duty_id)) FROM told.duty d WHERE duty = 'D41'");
    /* Learned: the next one needs nobody. */
    cast_hear(h, "police.charge", "2024-06-05T08:00:00Z charge-2", NULL, CAST_CHARGE);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'match' AND state <> 'closed'");
    free(match);
    cast_check(h);
}

static void test_deciding_asks_for_a_missing_field_and_decides_as_of_receipt(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    char *review;

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", "LCS-7", CAST_CHARGE);
    cast_expect(
        h, "review",
        "SELECT s.state FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.id = 'charge-1'");
    review = number(h, "kind = 'review'");
    cast_expect(h, "t", "SELECT because->'unknown' ? 'child.in_need' FROM told.duty WHERE duty_id = %s",
                review);
    cast_jump(h, "2024-06-03T12:00:00Z");
    cast_succeed(h, "answer", review, "in_need=true", "protection_plan=false", "--for", "p-hazel");
    cast_settle(h);
    cast_expect(h, "closed done", "SELECT concat_ws(' ', state, closed_as) FROM told.duty WHERE duty_id = %s",
                review);
    cast_expect(h, "2024-06-03 09:00:00",
                "SELECT received_at AT TIME ZONE 'UTC' FROM told.duty WHERE duty = 'D41'");
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'review' AND state <> 'closed'");
    free(review);
    cast_check(h);
}

/* Of the event itself, of its court, or of the release: what a review asks for can be said, and is part of the event. */
static void test_deciding_takes_an_answer_about_the_event_itself(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);
    char *listing, *appearance, *meeting, *duty;

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.hearing-listed", "listing-1", "LCS-1", CAST_COURT ",\"hearing\":\"h-1\"");
    cast_hear(h, "court.appearance", "appearance-1", "LCS-5", ",\"hearing\":\"h-2\",\"on\":\"2024-06-03\"");
    cast_hear(h, "custody.reception", "2024-06-03T08:30:00Z reception-1", "LCS-6", ",\"on\":\"2024-06-03\",\"sentenced\":false");
    cast_hear(h, "custody.meeting-held", "meeting-1", "LCS-6",
              ",\"meeting\":\"pre-release\",\"on\":\"2024-06-03\",\"address_available\":false");
    listing = number(h, "kind = 'review' AND because->'unknown' ? 'event.at'");
    appearance = number(h, "kind = 'review' AND because->'unknown' ? 'court.is_host'");
    meeting = number(h, "kind = 'review' AND because->'unknown' ? 'release.on'");
    cast_jump(h, "2024-06-03T12:00:00Z");
    assert_int_equal(cast_operate(h, "answer", listing, "event.at=soon", "--for", "p-hazel", NULL), 65);
    assert_int_equal(cast_operate(h, "answer", listing, "event.hearing=h-9", "--for", "p-hazel", NULL), 65);
    assert_int_equal(cast_operate(h, "answer", listing, "event.at=2024-06-18T09:00:00Z", "event.at=2024-06-19T09:00:00Z",
                                  "--for", "p-hazel", NULL), 64);
    cast_succeed(h, "answer", listing, "event.at=2024-06-18T09:00:00Z", "--for", "p-hazel");
    cast_succeed(h, "answer", appearance, "court.is_host=false", "--for", "p-hazel");
    cast_succeed(h, "answer", meeting, "release.on=2024-07-31", "--for", "p-hazel");
    cast_settle(h);
    cast_expect(h, "D26 06-03 16:00 06-03 09:00, D43 06-18 09:00 06-03 09:00, D67 07-24 16:00 06-03 09:00",
                "SELECT string_agg(concat_ws(' ', duty, to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),"
                " to_char(received_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI')), ', ' ORDER BY duty) FROM told.duty"
                " WHERE duty IN ('D26', 'D43', 'D67')");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'review' AND state <> 'closed'");
    /* A change that comes later is decided on it too, and so is whoever asks why. */
    cast_hear(h, "care.status", "2024-06-03T08:00:00Z status-1", "LCS-1", ",\"on\":\"2024-06-01\",\"vulnerable\":true");
    cast_expect_duty(h, "D43", "told 06-18 09:00 1");
    duty = number(h, "duty = 'D67'");
    cast_succeed(h, "why", duty);
    free(duty);
    free(meeting);
    free(appearance);
    free(listing);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_deciding_tells_nobody_of_a_repeat, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_records_what_tells_nobody_once, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_tells_a_moved_hearing_again_to_exactly_those_told, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_cancels_a_telling_that_a_change_overtook_while_it_was_sent,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_deciding_on_a_late_fact_opens_the_duty_as_of_the_first_receipt,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_deciding_leaves_a_duty_open_that_a_fact_takes_away, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_discharges_by_a_later_event, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_asks_a_person_who_an_unknown_child_is, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_asks_for_a_missing_field_and_decides_as_of_receipt, harness_teardown),
        cmocka_unit_test_teardown(test_deciding_takes_an_answer_about_the_event_itself, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
