/* SPDX-License-Identifier: Apache-2.0 */
/* A doubtful match: who is asked, what the answer makes, what is remembered of it, and taking it back. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define CASE "01MP70077"
/* What cast_check looks for in logs, journal and notices. */
#define GIVEN "Quillonna"
#define FAMILY "Vantreese"
#define BORN "2009-02-03"

static struct harness *begin(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    char *path = harness_path(h, "names.csv");

    cast_import(h);
    harness_write(h, "names.csv",
                  "lcs,family_name,given_names,postcode\nLCS-1," FAMILY "," GIVEN ",SE98 7ZZ\n"
                  "LCS-2," FAMILY ",Ottoline,SE98 7ZZ\n");
    cast_succeed(h, "import", "children", path);
    harness_told(h, NULL, NULL);
    free(path);
    return h;
}

#define SWAPPED "{\"family_name\":\"" FAMILY "\",\"given_names\":\"" GIVEN "\",\"born_on\":\"2009-03-02\",\"postcode\":\"SE98 7ZZ\"}"

static void charge(struct harness *h, const char *id, const char *person)
{
    cast_hear_of(h, "police.charge", id, person, ",\"case\":\"" CASE "\"" CAST_CHARGE);
}

static char *child(struct harness *h, const char *lcs)
{
    return cast_value(h, "SELECT child_id FROM told.child_identifier WHERE value = '%s'", lcs);
}

static char *review(struct harness *h)
{
    char *id = cast_value(h, "SELECT max(duty_id) FROM told.duty WHERE kind = 'match' AND state <> 'closed'");

    assert_true(*id != '\0');
    return id;
}

static void expect_event(struct harness *h, const char *id, const char *want)
{
    cast_expect(h, want,
                "SELECT concat_ws(' ', s.state, (SELECT value FROM told.child_identifier k WHERE k.child_id = s.child_id AND scheme ="
                " 'lcs')) FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.id = '%s'",
                id);
}

static void test_identity_asks_when_in_doubt_and_decides_as_of_receipt(void **state)
{
    struct harness *h = begin(state);
    char *one = child(h, "LCS-1"), *match;

    charge(h, "charge-1", SWAPPED);
    expect_event(h, "charge-1", "review");
    /* The officer, and MASH, for the child may be looked after; nobody of the child's own. */
    cast_expect(h, "mailbox:mash p-hazel",
                "SELECT string_agg(DISTINCT recipient, ' ' ORDER BY recipient) FROM told.notification WHERE state = 'sent'");
    cast_expect(h, "06-04 16:00", "SELECT to_char(due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI') FROM told.duty WHERE kind = 'match'");
    cast_jump(h, "2024-06-05T09:00:00Z"); /* nobody answers: it climbs */
    cast_expect(h, "t", "SELECT count(*) > 2 FROM told.notification n JOIN told.duty d USING (duty_id) WHERE d.kind = 'match' AND n.state = 'sent'");
    match = review(h);
    cast_succeed(h, "match", match, one, "--for", "p-hazel");
    cast_settle(h);
    expect_event(h, "charge-1", "decided LCS-1");
    cast_expect(h, "2024-06-03 09:00:00 2024-06-04 16:00:00",
                "SELECT concat_ws(' ', received_at AT TIME ZONE 'UTC', due_at AT TIME ZONE 'UTC') FROM told.duty WHERE duty = 'D41'");
    cast_expect(h, "closed done", "SELECT concat_ws(' ', state, closed_as) FROM told.duty WHERE duty_id = %s", match);
    /* The same details need nobody again, and it says whose answer that was. */
    charge(h, "charge-2", SWAPPED);
    expect_event(h, "charge-2", "decided LCS-1");
    cast_expect(h, "t", "SELECT match_because LIKE '%%(D-%s)' FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.id = 'charge-2'",
                match);
    free(match);
    free(one);
    cast_check(h);
}

static void test_identity_shows_the_operator_who_may_be_meant_and_nobody_else(void **state)
{
    struct harness *h = begin(state);
    struct buf out = {0}, err = {0};
    char *match, *event;

    charge(h, "charge-1", SWAPPED);
    match = review(h);
    event = cast_value(h, "SELECT event_id FROM told.event WHERE id = 'charge-1'");
    assert_int_equal(harness_toldctl(h, "amara", (const char *[]){"match", match, NULL}, &out, &err), 0);
    assert_non_null(strstr(out.bytes, FAMILY));
    assert_non_null(strstr(out.bytes, "2009-02-03"));
    assert_non_null(strstr(out.bytes, "day and month"));
    buf_reset(&out);
    assert_int_not_equal(harness_toldctl(h, "told_reader", (const char *[]){"match", match, NULL}, &out, &err), 0);
    buf_reset(&out);
    /* The evidence is words; a reader may see it. */
    assert_int_equal(harness_toldctl(h, "amara", (const char *[]){"explain", event, NULL}, &out, &err), 0);
    assert_non_null(strstr(out.bytes, "day and month"));
    assert_null(strstr(out.bytes, FAMILY));
    buf_reset(&out);
    assert_int_equal(harness_toldctl(h, "amara", (const char *[]){"reviews", NULL}, &out, &err), 0);
    assert_null(strstr(out.bytes, FAMILY));
    buf_release(&out);
    buf_release(&err);
    free(match);
    free(event);
    cast_check(h);
}

static void test_identity_remembers_that_it_is_never_the_same_person(void **state)
{
    struct harness *h = begin(state);
    char *match;

    charge(h, "charge-1", SWAPPED);
    match = review(h);
    cast_succeed(h, "match", match, "none", "--for", "p-hazel");
    cast_settle(h);
    /* A child of its own, and the next one is that child: neither of the two who were shown. */
    cast_expect(h, "1", "SELECT count(*) FROM told.child c WHERE NOT EXISTS (SELECT FROM told.child_identifier k WHERE k.child_id = c.child_id)");
    cast_expect(h, "false 2, true 1", "SELECT string_agg(is_same || ' ' || n, ', ' ORDER BY is_same) FROM (SELECT is_same, count(*) n FROM"
                                " told.match_decision GROUP BY 1) d");
    charge(h, "charge-2", SWAPPED);
    cast_expect(h, "1", "SELECT count(DISTINCT child_id) FROM told.event_state");
    cast_expect(h, "0", "SELECT count(*) FROM told.event_state WHERE child_id IS NULL");
    cast_expect(h, "0", "SELECT count(*) FROM told.notification WHERE recipient = 'p-ash'");
    free(match);
    cast_check(h);
}

static void test_identity_takes_a_match_back_and_corrects_exactly_those_who_were_told(void **state)
{
    struct harness *h = begin(state);
    char *one = child(h, "LCS-1"), *two = child(h, "LCS-3"), *match, *again;

    charge(h, "charge-1", SWAPPED);
    match = review(h);
    cast_succeed(h, "match", match, one, "--learn", "--for", "p-hazel");
    cast_settle(h);
    charge(h, "charge-2", SWAPPED); /* settled by the same answer */
    expect_event(h, "charge-2", "decided LCS-1");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.notification WHERE recipient = 'p-ash' AND state = 'sent'");
    free(cast_value(h, "CREATE TABLE public.was_told AS SELECT DISTINCT d.duty_id, n.recipient, n.channel FROM told.notification n"
                       " JOIN told.duty d USING (duty_id) WHERE d.child_id = %s AND n.state = 'sent'", one));
    /* One was acted on and is closed: who was told of it hears too. */
    {
        char *closed = cast_value(h, "SELECT min(duty_id) FROM told.duty WHERE child_id = %s AND duty = 'D41'", one);

        cast_succeed(h, "done", closed, "--note", "seen to", "--for", "p-ash");
        cast_settle(h);
        free(closed);
    }
    cast_succeed(h, "match", "--undo", match, "--reason", "it was the sister", "--for", "p-hazel");
    cast_settle(h);
    /* Exactly those. */
    cast_expect(h, "0", "SELECT count(*) FROM (SELECT duty_id, recipient, channel FROM told.notification WHERE kind = 'correction'"
                        " AND state = 'sent' EXCEPT SELECT * FROM public.was_told) x");
    cast_expect(h, "0", "SELECT count(*) FROM (SELECT * FROM public.was_told EXCEPT SELECT duty_id, recipient, channel FROM"
                        " told.notification WHERE kind = 'correction' AND state = 'sent') x");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE child_id = %s AND state <> 'closed'", one);
    cast_expect(h, "t", "SELECT bool_and(closed_reason = 'its event was matched to the wrong child') FROM told.duty WHERE child_id = %s"
                        " AND closed_as = 'void'", one);
    expect_event(h, "charge-1", "review");
    expect_event(h, "charge-2", "review");
    cast_expect(h, "0", "SELECT count(*) FROM told.match_decision WHERE forgotten_at IS NULL");
    cast_expect(h, "2", "SELECT count(*) FROM told.duty WHERE kind = 'match' AND state <> 'closed' AND received_at = '2024-06-03 09:00Z'");
    cast_expect(h, "2", "SELECT count(*) FROM told.journal WHERE what = 'match taken back'");
    assert_int_not_equal(cast_operate(h, "match", "--undo", match, "--for", "p-hazel", NULL), 0); /* once is enough */
    /* To another child this time; and the first again, which tells its people anew. */
    again = cast_value(h, "SELECT d.duty_id FROM told.duty d JOIN told.event e USING (event_id) WHERE d.kind = 'match' AND d.state <>"
                          " 'closed' AND e.id = 'charge-1'");
    cast_succeed(h, "match", again, two, "--for", "p-hazel");
    cast_settle(h);
    expect_event(h, "charge-1", "decided LCS-3");
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.duty WHERE child_id = %s AND state <> 'closed'", two);
    cast_succeed(h, "match", "--undo", again, "--for", "p-hazel");
    cast_settle(h);
    free(again);
    again = cast_value(h, "SELECT d.duty_id FROM told.duty d JOIN told.event e USING (event_id) WHERE d.kind = 'match' AND d.state <>"
                          " 'closed' AND e.id = 'charge-1'");
    cast_succeed(h, "match", again, one, "--for", "p-hazel");
    cast_settle(h);
    cast_expect(h, "t", "SELECT count(*) > 0 FROM told.duty WHERE child_id = %s AND state <> 'closed' AND duty = 'D41' AND occurrence > 1", one);
    free(again);
    free(match);
    free(one);
    free(two);
    cast_check(h);
}

static void test_identity_opens_once_more_what_the_wrong_event_discharged(void **state)
{
    struct harness *h = begin(state);
    char *one = child(h, "LCS-1"), *match;

    cast_hear(h, "court.sentence", "sentence-1", "LCS-1", CAST_COURT ",\"on\":\"2024-06-03\",\"hearing\":\"h-1\",\"kind\":\"custody\",\"order\":\"dto\"");
    cast_expect_duty(h, "D59", "told 06-17 16:00 1");
    cast_hear_of(h, "care.visit", "2024-06-03T08:55:00Z visit-1", SWAPPED, ",\"on\":\"2024-06-03\",\"by\":\"p-ash\"");
    match = review(h);
    cast_succeed(h, "match", match, one, "--for", "p-hazel");
    cast_settle(h);
    cast_expect_duty(h, "D59", "closed discharged 06-17 16:00 1");
    cast_succeed(h, "match", "--undo", match, "--for", "p-hazel");
    cast_jump(h, "2024-06-03T09:20:00Z"); /* in company with others of the case */
    cast_expect_duty(h, "D59", "closed discharged 06-17 16:00 1; told 06-17 16:00 1");
    free(match);
    free(one);
    cast_check(h);
}

static void test_identity_is_never_certain_against_a_contradiction(void **state)
{
    static const char *const PERSONS[] = {
        "{\"identifiers\":{\"lcs\":\"LCS-1\"},\"born_on\":\"2010-07-07\"}",
        "{\"identifiers\":{\"lcs\":\"LCS-1\"},\"family_name\":\"Else\",\"given_names\":\"Somebody\",\"born_on\":\"" BORN "\"}",
        "{\"identifiers\":{\"lcs\":\"LCS-1\"},\"family_name\":\"" FAMILY "\",\"given_names\":\"Ottoline\",\"born_on\":\"" BORN "\"}",
    };
    struct harness *h = begin(state);

    for (size_t i = 0; i < sizeof PERSONS / sizeof *PERSONS; i++) {
        char *id = mem_printf("charge-%zu", i);

        charge(h, id, PERSONS[i]);
        expect_event(h, id, "review");
        free(id);
    }
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind <> 'match'");
    cast_check(h);
}

static void test_identity_never_drops_an_unknown_child_and_leaves_who_is_of_age(void **state)
{
    struct harness *h = begin(state);
    char *match;

    charge(h, "adult", "{\"family_name\":\"Grownup\",\"given_names\":\"Some\",\"born_on\":\"2006-06-03\"}");
    cast_expect(h, "decided nobody under 18 whom we know", "SELECT concat_ws(' ', s.state, s.reason) FROM told.event_state s");
    cast_expect(h, "0", "SELECT count(*) FROM told.duty");
    charge(h, "child", "{\"family_name\":\"Littleone\",\"given_names\":\"Any\",\"born_on\":\"2006-06-04\"}");
    charge(h, "ageless", "{\"family_name\":\"Ageless\",\"given_names\":\"Any\",\"born_on\":\"1900-01-01\"}");
    expect_event(h, "child", "review");
    expect_event(h, "ageless", "review");
    cast_jump(h, "2024-06-03T09:20:00Z");
    cast_expect(h, "unknown-child 2 p-hazel", "SELECT concat_ws(' ', min(d.duty), count(*), min(n.recipient)) FROM told.duty d JOIN"
                                              " told.notification n USING (duty_id) WHERE n.state = 'sent'");
    match = cast_value(h, "SELECT duty_id FROM told.duty JOIN told.event e USING (event_id) WHERE e.id = 'child'");
    cast_succeed(h, "match", match, "new", "--for", "p-hazel");
    cast_settle(h);
    cast_expect(h, "2006-06-04", "SELECT c.born_on FROM told.child c JOIN told.event_state s USING (child_id) JOIN told.event e"
                                 " USING (event_id) WHERE e.id = 'child'");
    free(match);
    cast_check(h);
}

/* What a publisher calls a child that it names by a number finds the child again, and makes nothing certain. */
static void test_identity_keeps_an_alias_that_only_finds(void **state)
{
    struct harness *h = begin(state);
#define ALIAS "\"family_name\":\"Marriedname\",\"given_names\":\"" GIVEN "\",\"born_on\":\"" BORN "\",\"postcode\":\"SE1 1AA\""

    charge(h, "charge-1", "{\"identifiers\":{\"lcs\":\"LCS-1\"}," ALIAS "}");
    expect_event(h, "charge-1", "decided LCS-1");
    charge(h, "charge-2", "{" ALIAS "}");
    expect_event(h, "charge-2", "review");
    cast_expect(h, "1", "SELECT count(*) FROM told.child_detail WHERE origin = 'event'");
    cast_expect(h, "t", "SELECT s.match_evidence::text LIKE '%%by an alias%%' FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.id = 'charge-2'");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_identity_asks_when_in_doubt_and_decides_as_of_receipt, harness_teardown),
        cmocka_unit_test_teardown(test_identity_shows_the_operator_who_may_be_meant_and_nobody_else, harness_teardown),
        cmocka_unit_test_teardown(test_identity_remembers_that_it_is_never_the_same_person, harness_teardown),
        cmocka_unit_test_teardown(test_identity_takes_a_match_back_and_corrects_exactly_those_who_were_told, harness_teardown),
        cmocka_unit_test_teardown(test_identity_opens_once_more_what_the_wrong_event_discharged, harness_teardown),
        cmocka_unit_test_teardown(test_identity_is_never_certain_against_a_contradiction, harness_teardown),
        cmocka_unit_test_teardown(test_identity_never_drops_an_unknown_child_and_leaves_who_is_of_age, harness_teardown),
        cmocka_unit_test_teardown(test_identity_keeps_an_alias_that_only_finds, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
