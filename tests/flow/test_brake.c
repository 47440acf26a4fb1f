/* SPDX-License-Identifier: Apache-2.0 */
/* A feed that says more than can be believed: held, told to nobody but the operators, and answered by one command. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/mem.h"

#define EVENING "2024-06-03T17:30:00Z" /* a Monday, half past six in London */
#define CHILDREN 400
#define HOME CAST_COURT ",\"hearing\":\"h-home\""

#define OF_POLICE " FROM told.duty d JOIN told.event e USING (event_id) WHERE e.feed = 'police' AND NOT d.immediate"
#define MADE "SELECT count(*)" OF_POLICE

static struct harness *begin(void **state, const char *brake)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = EVENING, .story_stands = true, .poll_ms = 50, .brake = brake});

    cast_import(h);
    return h;
}

/* Children LCS-5001 …, each looked after, with p-ash and p-gorse. */
static void import_children(struct harness *h, int count)
{
    struct buf children = {0}, held = {0};
    char *path;

    buf_text(&children, "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
                        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n");
    buf_text(&held, "scheme,identifier,role,person,from\n");
    for (int i = 1; i <= count; i++) {
        buf_printf(&children, "LCS-%d,2009-02-03,s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n",
                   5000 + i);
        buf_printf(&held, "lcs,LCS-%d,social-worker,p-ash,2024-01-08\nlcs,LCS-%d,yos-worker,p-gorse,2024-01-08\n", 5000 + i,
                   5000 + i);
    }
    harness_write(h, "many.csv", children.bytes);
    path = harness_path(h, "many.csv");
    cast_succeed(h, "import", "children", path);
    harness_write(h, "many.csv", held.bytes);
    cast_succeed(h, "import", "allocations", path);
    free(path);
    buf_release(&children);
    buf_release(&held);
}

/* Charges number from … from + count - 1 of one police force, over the children in turn. */
static void flood(struct harness *h, int from, int count, int children)
{
    const char *argv[] = {"publish", "--feed", "police", "-", NULL};
    struct buf lines = {0}, out = {0}, err = {0};
    int code;

    for (int i = from; i < from + count; i++)
        buf_printf(&lines,
                   "{\"specversion\":\"1.0\",\"id\":\"false-%d\",\"source\":\"police/mps\",\"type\":\"police.charge\","
                   "\"time\":\"2024-06-03T17:%02d:%02dZ\",\"data\":{\"person\":{\"identifiers\":{\"lcs\":\"LCS-%d\"}},"
                   "\"case\":\"02MP7%d\"" CAST_CHARGE "}}\n",
                   i, i / 60 % 30, i % 60, 5001 + i % children, 5001 + i % children);
    code = harness_toldctl_input(h, NULL, argv, lines.bytes, &out, &err);
    if (code != 0)
        fail_msg("publish ended with %d: %s%s", code, buf_string(&out), buf_string(&err));
    buf_release(&lines);
    buf_release(&out);
    buf_release(&err);
}

static char *list(struct harness *h, const char *const argv[])
{
    struct buf out = {0};

    assert_int_equal(harness_toldctl(h, "amara", argv, &out, NULL), 0);
    return buf_take(&out);
}

#define DECIDED_ALL(n)                                                                                                   \
    assert_true(harness_await(h, "SELECT count(*) FROM told.event_state JOIN told.event USING (event_id) WHERE feed ="    \
                                 " 'police' AND state <> 'waiting'", n, 90000))
#define NONE_HELD(h)                                                                                                     \
    assert_true(harness_await(h, "SELECT count(*) FROM told.event_state WHERE state IN ('held', 'waiting')", "0", 90000))

/* What is held is held once, and nothing else is. */
static void check_holds(struct harness *h)
{
    cast_expect(h, "0",
                "SELECT count(*) FROM told.event_state s FULL JOIN (SELECT b.event_id FROM told.held_event b JOIN told.hold USING (hold_id)"
                " WHERE state = 'open') b USING (event_id) WHERE (s.state = 'held') <> (b.event_id IS NOT NULL)");
    cast_expect(h, "0",
                "SELECT count(*) FROM told.duty_ground g JOIN told.event_state s USING (event_id) JOIN told.duty d USING (duty_id)"
                " WHERE s.state = 'held' AND NOT d.immediate");
}

static void test_brake_holds_eight_thousand_false_events_and_voids_them_by_one_command(void **state)
{
    struct harness *h = begin(state, "");
    const char *const holds[] = {"feeds", "holds", "--json", NULL};
    long ash;
    char *made, *text;

    import_children(h, CHILDREN);
    harness_told(h, NULL, NULL);
    flood(h, 0, 4000, CHILDREN);
    DECIDED_ALL("4000");
    made = cast_value(h, MADE);
    assert_in_range(atoi(made), 40, 50);
    /* The next hour of the evening lets no other fifty through: the feed is held until a person answers. */
    cast_jump(h, "2024-06-03T18:10:00Z");
    flood(h, 4000, 4000, CHILDREN);
    DECIDED_ALL("8000");
    cast_expect(h, made, MADE);
    check_holds(h);
    /* What is immediate is told all the same, by a child's own social worker, and another feed is not held at all. */
    cast_publish(h, &(struct cast_event){.type = "court.home-concern", .id = "home-1", .time = "2024-06-03T18:05:00Z",
                                         .lcs = "LCS-3", .fields = HOME});
    cast_settle(h);
    cast_expect(h, "told", "SELECT state FROM told.duty WHERE duty = 'D21'");
    /* One alarm, which climbs; the operators hear of nothing else, and nobody of what is held. */
    cast_expect(h, "fan-out H-1", "SELECT string_agg(kind || ' ' || key, ',') FROM told.alarm WHERE cleared_at IS NULL");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    ash = cast_mails_to(h, "ash");
    cast_jump(h, "2024-06-03T20:40:00Z");
    assert_int_equal(cast_mails_to(h, "ash"), ash);
    cast_expect(h, "t", "SELECT max(step) > 0 FROM told.duty_line JOIN told.duty USING (duty_id) WHERE kind = 'alarm'");
    text = list(h, holds);
    assert_non_null(strstr(text, "\"hold\": \"H-1\""));
    assert_non_null(strstr(text, "\"feed\": \"police\""));
    assert_non_null(strstr(text, "more than 50"));
    free(text);
    cast_expect(h, "t", "SELECT sum(duties) > 7900 AND count(*) > 7900 FROM told.held_event");
    /* Calling the alarm done answers nothing: it is there again. */
    text = cast_value(h, "SELECT duty_id FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    cast_succeed(h, "done", text, "--note", "seen", "--for", "p-ash");
    free(text);
    cast_await(h, "1", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    cast_succeed(h, "feeds", "void", "H-1", "--reason", "the force's test system was on the live line");
    NONE_HELD(h);
    cast_expect(h, made, MADE);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE kind = 'correction'");
    cast_settle(h);
    assert_int_equal(cast_mails_to(h, "ash"), ash);
    /* A second answer finds nothing, and what it was called stands. */
    assert_int_equal(cast_operate(h, "feeds", "release", "H-1", NULL), 65);
    cast_expect(h, "void amara", "SELECT state || ' ' || answered_by FROM told.hold JOIN told.hold_answer USING (hold_id)");
    free(made);
    cast_check(h);
}

static void test_brake_decides_what_is_released_as_of_its_receipt(void **state)
{
    struct harness *h = begin(state, "");

    import_children(h, 40);
    harness_told(h, "ingest,decide,escalate", NULL);
    flood(h, 0, 300, 40);
    DECIDED_ALL("300");
    cast_expect(h, "t", "SELECT count(*) <= 50" OF_POLICE);
    harness_jump(h, "2024-06-07T09:00:00Z"); /* Friday: nobody looked at it */
    cast_succeed(h, "feeds", "release", "1", "--note", "a court sat late and the force entered a month of charges");
    NONE_HELD(h);
    cast_expect(h, "0", MADE " AND d.received_at <> e.received_at");
    cast_expect(h, "300", "SELECT count(DISTINCT event_id) FROM told.duty WHERE kind = 'duty'");
    /* Its clock has run since Monday evening: overdue when it opens, and climbing. */
    cast_expect(h, "t",
                "SELECT count(*) > 200 FROM told.duty d WHERE due_at = '2024-06-04T16:00:00Z' AND opened_at > due_at AND duty = 'D41'");
    /* What a person let through is no reason to hold the next hour like it. */
    cast_expect(h, "t t", "SELECT concat_ws(' ', duties >= 300, released >= 250) FROM told.feed_hour WHERE feed = 'police'");
    flood(h, 300, 100, 40);
    DECIDED_ALL("400");
    cast_expect(h, "0", "SELECT count(*) FROM told.event_state WHERE state = 'held'");
    cast_expect(h, "1", "SELECT count(*) FROM told.hold");
    cast_check(h);
}

static void test_brake_takes_back_what_passed_before_it_too(void **state)
{
    struct harness *h = begin(state, "hour_most = 4;");
    long ash;

    import_children(h, 40);
    harness_told(h, NULL, NULL);
    flood(h, 0, 30, 40);
    DECIDED_ALL("30");
    cast_jump(h, "2024-06-03T17:50:00Z");
    ash = cast_mails_to(h, "ash");
    assert_true(ash > 0);
    cast_expect(h, "t", "SELECT count(*) BETWEEN 1 AND 4" OF_POLICE " AND d.state <> 'closed'");
    cast_succeed(h, "feeds", "void", "H-1", "--reason", "none of it happened", "--all");
    NONE_HELD(h);
    cast_expect(h, "0", MADE " AND d.state <> 'closed'");
    cast_settle(h);
    cast_expect(h, "t", "SELECT count(*) > 0 AND bool_and(state = 'sent') FROM told.notification WHERE kind = 'correction'");
    cast_expect(h, "30", "SELECT count(*) FROM told.event_state WHERE retracted_by = event_id");
    cast_check(h);
}

static void test_brake_holds_one_message_that_makes_too_much_and_tells_what_is_immediate(void **state)
{
    struct harness *h = begin(state, "message_most = 1;");

    harness_told(h, NULL, NULL);
    /* More than one duty comes of a listing; the feed itself is not held. */
    cast_hear(h, "court.hearing-listed", "listed-1", "LCS-1", CAST_COURT ",\"hearing\":\"h-1\",\"purpose\":\"first\",\"at\":"
                                                                         "\"2024-06-20T09:00:00Z\"");
    cast_expect(h, "held H-1", "SELECT state || ' ' || right(reason, 3) FROM told.event_state");
    cast_expect(h, "1", "SELECT event_id FROM told.hold");
    cast_hear(h, "court.home-concern", "home-1", "LCS-1", HOME);
    cast_expect(h, "decided told", "SELECT s.state || ' ' || d.state FROM told.duty d JOIN told.event_state s USING (event_id)"
                                   " WHERE duty = 'D21'");
    /* Bail that is being refused is told at once; what else comes of it waits. */
    cast_hear(h, "court.bail", "bail-1", "LCS-1", ",\"court\":\"elsewhere\",\"hearing\":\"h-1\",\"decision\":\"being-refused\","
                                                  "\"objected\":true");
    cast_expect(h, "t", "SELECT bool_and(immediate) AND count(*) > 0 FROM told.duty d JOIN told.event e USING (event_id) WHERE e.id"
                        " = 'bail-1'");
    cast_expect(h, "t", "SELECT state = 'held' AND b.passed > 0 FROM told.event_state JOIN told.event USING (event_id)"
                        " JOIN told.held_event b USING (event_id) WHERE id = 'bail-1'");
    /* Found to be false: those who were told at once hear that. */
    cast_succeed(h, "feeds", "void", "H-2", "--reason", "another child");
    cast_await(h, "decided", "SELECT state FROM told.event_state JOIN told.event USING (event_id) WHERE id = 'bail-1'");
    cast_settle(h);
    cast_expect(h, "void", "SELECT DISTINCT closed_as FROM told.duty d JOIN told.event e USING (event_id) WHERE e.id = 'bail-1'");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE kind = 'correction' AND state = 'sent'");
    /* Released: the hearing's two, each once. */
    cast_succeed(h, "feeds", "release", "H-1");
    cast_await(h, "decided", "SELECT state FROM told.event_state JOIN told.event USING (event_id) WHERE id = 'listed-1'");
    cast_settle(h);
    cast_expect(h, "true decided", "SELECT (count(*) > 1) || ' ' || min(s.state) FROM told.duty d JOIN told.event e USING (event_id)"
                                " JOIN told.event_state s USING (event_id) WHERE e.id = 'listed-1'");
    cast_check(h);
}

/* Numbers of the first events that are held; the caller frees both. */
static void first_held(struct harness *h, char *ret[2])
{
    ret[0] = cast_value(h, "SELECT min(event_id) FROM told.held_event");
    ret[1] = cast_value(h, "SELECT event_id FROM told.held_event ORDER BY event_id OFFSET 1 LIMIT 1");
}

static void test_brake_lets_single_events_of_a_hold_through_or_go(void **state)
{
    struct harness *h = begin(state, "hour_most = 4;");
    char *held[2], *text;

    import_children(h, 40);
    harness_told(h, NULL, NULL);
    flood(h, 0, 30, 40);
    DECIDED_ALL("30");
    first_held(h, held);
    text = list(h, (const char *const[]){"feeds", "holds", "H-1", "--json", NULL});
    assert_non_null(strstr(text, "\"would_make\""));
    free(text);
    cast_succeed(h, "feeds", "release", "H-1", held[0], "--note", "the first is true");
    cast_await(h, "decided", "SELECT state FROM told.event_state WHERE event_id = %s", held[0]);
    cast_expect(h, "t", "SELECT count(*) > 0 AND bool_and(d.received_at = e.received_at) FROM told.duty d JOIN told.event e USING"
                        " (event_id) WHERE event_id = %s", held[0]);
    cast_succeed(h, "feeds", "void", "H-1", held[1], "--reason", "the second is not");
    cast_await(h, "t", "SELECT state = 'decided' AND retracted_by = event_id FROM told.event_state WHERE event_id = %s", held[1]);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE event_id = %s", held[1]);
    /* The others are held still, by the same hold, and what comes now is too. */
    flood(h, 30, 5, 40);
    DECIDED_ALL("35");
    check_holds(h);
    cast_expect(h, "H-1 open, H-2 released a part of H-1, H-3 void a part of H-1",
                "SELECT string_agg(concat_ws(' ', 'H-' || hold_id, state, CASE WHEN hold_id > 1 THEN reason END), ', ' ORDER BY"
                " hold_id) FROM told.hold");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'fan-out' AND cleared_at IS NULL");
    assert_int_equal(cast_operate(h, "feeds", "release", "H-1", held[0], NULL), 65); /* it is not held any more */
    assert_int_equal(cast_operate(h, "feeds", "release", "H-2", "--but", "x", NULL), 64);
    free(held[0]);
    free(held[1]);
    /* All but one, and then the rest. */
    first_held(h, held);
    text = cast_value(h, "SELECT min(event_id) FROM told.held_event WHERE hold_id = 1");
    cast_succeed(h, "feeds", "release", "H-1", "--but", text);
    cast_await(h, text, "SELECT string_agg(event_id::text, ' ') FROM told.event_state WHERE state IN ('held', 'waiting')");
    cast_succeed(h, "feeds", "void", "H-1", "--reason", "that one is false");
    NONE_HELD(h);
    free(text);
    free(held[0]);
    free(held[1]);
    cast_settle(h);
    cast_check(h);
}

/* What was declared false does not make the next flood believable. */
static void test_brake_does_not_measure_a_feed_by_what_was_false(void **state)
{
    struct harness *h = begin(state, "hour_most = 4;");

    import_children(h, 40);
    harness_told(h, "ingest,decide,escalate", NULL);
    flood(h, 0, 30, 40);
    DECIDED_ALL("30");
    cast_succeed(h, "feeds", "void", "H-1", "--reason", "a test system");
    NONE_HELD(h);
    harness_jump(h, "2024-06-03T18:10:00Z");
    flood(h, 30, 30, 40);
    DECIDED_ALL("60");
    cast_expect(h, "t", "SELECT duties <= 4 FROM told.feed_hour ORDER BY hour DESC LIMIT 1");
    cast_expect(h, "H-2 open", "SELECT 'H-' || hold_id || ' ' || state FROM told.hold ORDER BY hold_id DESC LIMIT 1");
    cast_check(h);
}

static void test_brake_is_one_for_several_processes_of_which_one_is_killed(void **state)
{
    struct harness *h = begin(state, "");
    pid_t doomed;

    import_children(h, 40);
    harness_told(h, "ingest", NULL);
    flood(h, 0, 1200, 40);
    doomed = harness_told(h, "decide", NULL);
    harness_told(h, "decide", NULL);
    harness_told(h, "decide,escalate", NULL);
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.held_event");
    harness_signal(h, doomed, SIGKILL);
    DECIDED_ALL("1200");
    cast_expect(h, "t", "SELECT count(*) <= 50" OF_POLICE);
    cast_expect(h, "1", "SELECT count(*) FROM told.hold");
    cast_expect(h, "0", "SELECT count(*) FROM told.quarantine");
    cast_expect(h, "t", "SELECT f.duties = (SELECT count(*) FROM told.duty WHERE kind = 'duty' AND NOT immediate) FROM told.feed_hour f");
    check_holds(h);
    cast_await(h, "1", "SELECT count(*) FROM told.duty WHERE kind = 'alarm' AND state <> 'closed'");
    cast_check(h);
}

static void test_brake_holds_questions_about_children_nobody_knows(void **state)
{
    struct harness *h = begin(state, "hour_most = 5;");

    harness_told(h, NULL, NULL);
    flood(h, 0, 40, 40); /* none of them is imported */
    DECIDED_ALL("40");
    cast_expect(h, "5 35", "SELECT count(*) || ' ' || (SELECT count(*) FROM told.event_state WHERE state = 'held') FROM told.duty"
                           " WHERE kind = 'match'");
    check_holds(h);
    cast_succeed(h, "feeds", "release", "H-1");
    cast_await(h, "40", "SELECT count(*) FROM told.duty WHERE kind = 'match'");
    cast_expect(h, "0", "SELECT count(*) FROM told.event_state WHERE state = 'held'");
    /* In the hour's own measure that is known to be busy: the next are asked about; more of the same are no new questions. */
    flood(h, 40, 40, 80);
    flood(h, 80, 40, 40);
    DECIDED_ALL("120");
    cast_expect(h, "80", "SELECT count(*) FROM told.duty WHERE kind = 'match'");
    cast_check(h);
}

static void test_brake_counts_a_register_as_one_message(void **state)
{
    struct harness *h = begin(state, "message_most = 3;");
    const char *const argv[] = {"publish", "--feed", "register", "--source", "register/southwark", "--id", "r-1", "--time",
                                "2024-06-03T17:00:00Z", "tests/golden/adapters/sentences.json", NULL};
    struct buf err = {0};

    harness_told(h, "ingest,decide,escalate", NULL);
    if (harness_toldctl(h, NULL, argv, NULL, &err) != 0)
        fail_msg("%s", buf_string(&err));
    buf_release(&err);
    cast_await(h, "t", "SELECT count(*) > 4 AND bool_and(state <> 'waiting') FROM told.event_state");
    /* Nobody knows its children: three questions, and the rest of the register behind one hold of the message. */
    cast_expect(h, "3", "SELECT count(*) FROM told.duty WHERE kind = 'match'");
    cast_expect(h, "foreign.hmcts-court-register", "SELECT e.type FROM told.hold h JOIN told.event e USING (event_id)");
    cast_expect(h, "t", "SELECT count(*) > 0 AND count(*) = (SELECT count(*) FROM told.event_state WHERE state = 'held')"
                        " FROM told.held_event");
    check_holds(h);
    cast_succeed(h, "feeds", "release", "H-1");
    NONE_HELD(h);
    cast_expect(h, "t", "SELECT count(*) > 3 FROM told.duty WHERE kind = 'match'");
    cast_expect(h, "1", "SELECT count(*) FROM told.hold");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_brake_holds_eight_thousand_false_events_and_voids_them_by_one_command, harness_teardown),
        cmocka_unit_test_teardown(test_brake_decides_what_is_released_as_of_its_receipt, harness_teardown),
        cmocka_unit_test_teardown(test_brake_takes_back_what_passed_before_it_too, harness_teardown),
        cmocka_unit_test_teardown(test_brake_holds_one_message_that_makes_too_much_and_tells_what_is_immediate, harness_teardown),
        cmocka_unit_test_teardown(test_brake_lets_single_events_of_a_hold_through_or_go, harness_teardown),
        cmocka_unit_test_teardown(test_brake_does_not_measure_a_feed_by_what_was_false, harness_teardown),
        cmocka_unit_test_teardown(test_brake_is_one_for_several_processes_of_which_one_is_killed, harness_teardown),
        cmocka_unit_test_teardown(test_brake_counts_a_register_as_one_message, harness_teardown),
        cmocka_unit_test_teardown(test_brake_holds_questions_about_children_nobody_knows, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
