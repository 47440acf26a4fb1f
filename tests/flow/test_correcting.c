/* SPDX-License-Identifier: Apache-2.0 */
/* What a feed takes back or puts in the place of what it said: who is told of that, and what stands until a
 * person says. */
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

static void move_ash(struct harness *h)
{
    char *path = harness_path(h, "moved.csv");

    harness_write(h, "moved.csv",
                  "person,name,email,team\np-ash,Cast ash,ash.elsewhere@southwark.example,north\n");
    cast_succeed(h, "import", "directory", path);
    free(path);
}

static void test_correcting_voids_what_is_retracted_and_corrects_exactly_those_reached(void **state)
{
    /* ash is reached; her manager may have been, for nobody said 250; the service manager was not. */
    struct harness *h = cast_begin(state, NOW, "match=cedar@ stage=dot do=accept-then-drop times=2\n");

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    cast_jump(h, "2024-06-04T16:00:00Z");
    harness_sinks_restart(h, "match=cedar@ stage=rcpt do=451\nmatch=dogwood@ stage=rcpt do=451\n", NULL);
    cast_jump(h, "2024-06-04T16:20:00Z"); /* tried again, in vain: still it may have arrived */
    cast_jump(h, "2024-06-05T16:00:00Z");
    cast_expect(
        h, "p-ash sent, p-cedar queued, p-dogwood queued",
        "SELECT string_agg(recipient || ' ' || n.state, ', ' ORDER BY step) FROM told.notification n JOIN told.duty d USING (duty_id)"
        " WHERE d.duty = 'D41'");
    /* Whatever address they have since: where it was told. */
    move_ash(h);
    harness_sinks_restart(h, NULL, NULL);
    cast_hear(h, "police.charge", "2024-06-05T15:00:00Z taken-back", "LCS-1",
              CAST_CHARGE ",\"retracts\":\"charge-1\"");
    cast_expect_duty(h, "D41", "closed void 06-04 16:00 1");
    cast_expect_duty(h, "D01", "closed void 06-04 16:00 1");
    cast_expect(
        h, "p-ash sent, p-cedar sent",
        "SELECT string_agg(recipient || ' ' || n.state, ', ' ORDER BY step) FROM told.notification n JOIN told.duty d USING (duty_id)"
        " WHERE d.duty = 'D41' AND n.kind = 'correction'");
    cast_expect(h, "ash@southwark.example",
                "SELECT DISTINCT address FROM told.message WHERE recipient = 'p-ash'");
    cast_jump(h, "2024-06-07T16:00:00Z");
    assert_int_equal(cast_mails_to(h, "dogwood"), 0);
    cast_expect(
        h, "0",
        "SELECT count(*) FROM told.notification WHERE state NOT IN ('sent', 'cancelled', 'superseded')");
    cast_check(h);
}

static void test_correcting_forgets_what_a_retracted_fact_said(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "care.allocation", "2024-05-28T10:00:00Z given-1", "LCS-1",
              ",\"role\":\"social-worker\",\"practitioner\":\"p-birch\",\"on\":\"2024-05-28\"");
    cast_hear(h, "care.status", "2024-05-28T10:00:00Z status-1", "LCS-5",
              ",\"on\":\"2024-05-28\",\"in_need\":true");
    cast_hear(h, "police.charge", "charge-1", "LCS-5", CAST_CHARGE);
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_hear(h, "care.allocation", "2024-06-03T08:51:00Z back-1", "LCS-1", ",\"retracts\":\"given-1\"");
    cast_hear(h, "care.status", "2024-06-03T08:51:00Z back-2", "LCS-5", ",\"retracts\":\"status-1\"");
    /* It would not come out now: a person says whether it stands. */
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE kind = 'review' AND state <> 'closed'");
    cast_hear(h, "police.charge", "charge-2", "LCS-1", CAST_CHARGE);
    cast_expect(
        h, "p-ash",
        "SELECT DISTINCT recipient FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.event e"
        " USING (event_id) WHERE e.id = 'charge-2'");
    cast_check(h);
}

static void test_correcting_holds_an_amendment_until_its_event_comes(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "court.hearing-listed", "2024-06-03T08:52:00Z listed-2", "LCS-1",
              HEARING ",\"at\":\"2024-06-27T13:00:00Z\",\"amends\":\"listed-1\"");
    cast_expect(
        h, "held 1",
        "SELECT state || ' ' || (SELECT count(*) FROM told.alarm WHERE kind = 'waits-for-event' AND duty_id IS NOT NULL)"
        " FROM told.event_state");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'duty'");
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", HEARING ",\"at\":\"2024-06-20T09:00:00Z\"");
    cast_expect(h, "decided decided", "SELECT string_agg(state, ' ') FROM told.event_state");
    /* One duty, with what the amendment says; the first was never at a socket. */
    cast_expect_duty(h, "D43", "told 06-27 13:00 2");
    cast_expect(
        h, "1 cancelled, 2 sent",
        "SELECT string_agg(n.telling || ' ' || n.state, ', ' ORDER BY n.telling) FROM told.notification n"
        " JOIN told.duty USING (duty_id) WHERE duty = 'D43'");
    assert_int_equal(cast_mails_to(h, "ash"), 1);
    cast_check(h);
}

static void test_correcting_a_retraction_before_its_event_tells_nobody(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "2024-06-03T08:55:00Z taken-back", "LCS-1",
              CAST_CHARGE ",\"retracts\":\"charge-1\"");
    cast_expect(h, "held", "SELECT state FROM told.event_state");
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    cast_expect_duty(h, "D41", "closed void 06-04 16:00 1");
    assert_int_equal(cast_mails_to(h, "ash"), 0);
    cast_check(h);
}

static void test_correcting_lets_an_amendment_take_back_what_was_wrong(void **state)
{
    struct harness *h = cast_begin(state, NOW, NULL);

    harness_told(h, NULL, NULL);
    /* Not said whether bail is objected to: a question. Then the amendment says; and that the child is on no
     * plan at all is what another amendment says of an earlier status. */
    cast_hear(h, "care.status", "2024-05-28T10:00:00Z status-1", "LCS-5",
              ",\"on\":\"2024-05-28\",\"in_need\":true");
    cast_hear(h, "police.charge", "charge-1", "LCS-5", CAST_CHARGE);
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_hear(h, "care.status", "2024-06-03T08:55:00Z status-2", "LCS-5",
              ",\"on\":\"2024-05-28\",\"protection_plan\":false,\"amends\":\"status-1\"");
    cast_expect(
        h, "1",
        "SELECT count(*) FROM told.duty WHERE kind = 'review' AND state <> 'closed' AND because->>'duty' = 'D41'");
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_correcting_voids_what_is_retracted_and_corrects_exactly_those_reached,
                                  harness_teardown),
        cmocka_unit_test_teardown(test_correcting_forgets_what_a_retracted_fact_said, harness_teardown),
        cmocka_unit_test_teardown(test_correcting_holds_an_amendment_until_its_event_comes, harness_teardown),
        cmocka_unit_test_teardown(test_correcting_a_retraction_before_its_event_tells_nobody, harness_teardown),
        cmocka_unit_test_teardown(test_correcting_lets_an_amendment_take_back_what_was_wrong, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
