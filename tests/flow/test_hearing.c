/* SPDX-License-Identifier: Apache-2.0 */
/* A court's own message, all the way: the duties a child in it makes, and what sharing it again changes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/buf.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define CCD "5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f3001"

#define LEAVER "5f0c1a52-0b7e-4a0e-9d55-0c3f5c2f3002" /* LCS-9: of age, and still owed something */

/* One adult and one child, LCS-8: what the court ordered of the child, and when it was shared. */
static const char MESSAGE[] =
    "{\"sharedTime\":\"%s\",\"hearingDay\":\"2024-06-03\",\"isReshare\":false,\"hearing\":{\"id\":\"h-1\",\"courtCentre\":{"
    "\"name\":\"Camberwell Youth Court\"},\"hearingDays\":[{\"sittingDay\":\"2024-06-03T08:00:00Z\"}],\"prosecutionCases\":[{"
    "\"prosecutionCaseIdentifier\":{\"caseURN\":\"01XY0000124\"},\"defendants\":[{\"masterDefendantId\":\"other\","
    "\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"1980-01-01\"}},\"offences\":[]},{\"masterDefendantId\":\"" CCD
    "\",\"isYouth\":false,\"personDefendant\":{\"personDetails\":{\"firstName\":\"Quillonna\",\"lastName\":\"Vantreese\","
    "\"dateOfBirth\":\"2009-02-03\"},\"bailStatus\":{\"code\":\"%s\"}},\"offences\":[{\"offenceTitle\":\"Theft of bluebells\","
    "\"judicialResults\":[{\"orderedHearingId\":\"h-1\",\"orderedDate\":\"2024-06-03\",%s\"nextHearing\":{\"listedStartDateTime\":"
    "\"%s\",\"courtCentre\":{\"name\":\"Camberwell Youth Court\"}}}]}]}]}]}}";

#define REMAND "\"cjsCode\":\"4029\",\"resultText\":\"RILAB - Remanded to local authority accommodation\","
#define SENTENCE "\"cjsCode\":\"1081\",\"isConvictedResult\":true,\"category\":\"FINAL\","
#define BAIL "\"cjsCode\":\"4027\",\"resultText\":\"RC - Remanded on conditional bail\","
#define MOVED                                                                                                         \
    "\"resultText\":\"YDDLAA - Designated local authority changed\",\"judicialResultPrompts\":[{\"promptReference\":" \
    "\"newDesignatedLocalAuthority\",\"value\":\"Southwark Council\"}],"

static struct harness *begin(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    char *children = harness_path(h, "more.csv"), *allocations = harness_path(h, "more-people.csv");

    cast_import(h);
    harness_write(
        h, "more.csv",
        "lcs,ccd,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n"
        "LCS-8," CCD
        ",2009-02-03,s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n"
        "LCS-9," LEAVER ",2004-02-03,none,false,false,former-relevant,true,true,southwark,,false,false,false,false\n");
    harness_write(h, "more-people.csv",
                  "scheme,identifier,role,person,from\n"
                  "lcs,LCS-8,social-worker,p-ash,2024-01-08\nlcs,LCS-8,yos-worker,p-gorse,2024-01-08\n"
                  "lcs,LCS-8,independent-reviewing-officer,p-birch,2024-01-08\n");
    cast_succeed(h, "import", "children", children);
    cast_succeed(h, "import", "allocations", allocations);
    free(children);
    free(allocations);
    harness_told(h, NULL, NULL);
    return h;
}

static void publish(struct harness *h)
{
    char *path = harness_path(h, "hearing.json");

    cast_succeed(h, "publish", "--feed", "hearing", path);
    cast_settle(h);
    free(path);
}

static void share(struct harness *h, const char *shared_at, const char *status, const char *result,
                  const char *next)
{
    char *text = mem_printf(MESSAGE, shared_at, status, result, next);

    harness_write(h, "hearing.json", text);
    publish(h);
    free(text);
}

#define DUTIES                                                                                                           \
    "SELECT string_agg(what, ' ' ORDER BY what) FROM (SELECT duty || ':' || string_agg(telling::text, ',') AS what FROM" \
    " told.duty WHERE kind = 'duty' GROUP BY duty) AS d"

static void test_hearing_makes_the_duties_of_the_child_in_it(void **state)
{
    struct harness *h = begin(state);

    share(h, "2024-06-03T09:00:00Z", "L", REMAND, "2024-06-24T09:00:00Z");
    /* Appearance and listing; the remand; before the next hearing. Nothing of the adult, and nobody unknown.
     */
    cast_expect(h, "D32:1 D33:1 D34:1 D37:1 D41:1,1 D42:1 D43:1", DUTIES);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind <> 'duty'");
    cast_expect(h, "0", "SELECT count(*) FROM told.quarantine");
    cast_expect_duty(h, "D34", "told 06-04 16:00 1");
    cast_expect_duty(h, "D43", "told 06-24 09:00 1");
    cast_expect(h, "remand",
                "SELECT 'remand' FROM told.event WHERE type = 'court.remand' AND parent_id IS NOT NULL");
    cast_check(h);
}

static void test_hearing_shared_again_makes_no_second_duty(void **state)
{
    struct harness *h = begin(state);
    char *duties, *tellings;

    share(h, "2024-06-03T09:00:00Z", "L", REMAND, "2024-06-24T09:00:00Z");
    duties = cast_value(h, DUTIES);
    tellings = cast_value(h, "SELECT count(*) FROM told.notification");
    share(h, "2024-06-03T10:00:00Z", "L", REMAND, "2024-06-24T09:00:00Z");
    cast_expect(h, duties, DUTIES);
    cast_expect(h, tellings, "SELECT count(*) FROM told.notification");
    cast_expect(h, "3", "SELECT count(*) FROM told.event_state WHERE reason LIKE 'shared again%%'");
    /* The very same message again is acknowledged and is no event at all. */
    publish(h);
    cast_expect(h, "6", "SELECT count(*) FROM told.event WHERE parent_id IS NOT NULL");
    free(duties);
    free(tellings);
    cast_check(h);
}

static void test_hearing_shared_with_another_date_amends(void **state)
{
    struct harness *h = begin(state);

    share(h, "2024-06-03T09:00:00Z", "L", REMAND, "2024-06-24T09:00:00Z");
    share(h, "2024-06-03T10:00:00Z", "L", REMAND, "2024-06-27T13:00:00Z");
    cast_expect_duty(h, "D43", "told 06-27 13:00 2");
    cast_expect(
        h, "D32:1 D33:1 D34:1 D37:1 D42:1",
        "SELECT string_agg(duty || ':' || telling, ' ' ORDER BY duty) FROM told.duty WHERE duty NOT IN ('D41', 'D43')");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE duty = 'D43'");
    /* What was shared before that comes now: it undoes nothing. */
    share(h, "2024-06-03T09:30:00Z", "L", REMAND, "2024-06-20T09:00:00Z");
    cast_expect_duty(h, "D43", "told 06-27 13:00 2");
    cast_expect(h, "1", "SELECT count(*) FROM told.event_state WHERE reason LIKE 'an old share%%'");
    cast_check(h);
}

/* The remand was a mistake: the child is on bail. What had been told of the remand is for a person to say. */
static void test_hearing_shared_with_bail_in_place_of_remand_amends(void **state)
{
    struct harness *h = begin(state);

    share(h, "2024-06-03T09:00:00Z", "L", REMAND, "2024-06-24T09:00:00Z");
    share(h, "2024-06-03T10:00:00Z", "B", BAIL, "2024-06-24T09:00:00Z");
    cast_expect(
        h, "court.bail court.remand",
        "SELECT string_agg(DISTINCT e.type, ' ' ORDER BY e.type) FROM told.duty JOIN told.event e USING (event_id) WHERE duty = 'D42'");
    cast_expect(h, "t",
                "SELECT count(*) > 0 FROM told.duty WHERE kind = 'review' AND title LIKE '%%still stands%%'");
    cast_check(h);
}

/* The sentence was a mistake: it is taken out, and nothing stands in its place. It is no fact any more; whether what it made
 * others do still stands is for a person to say. */
static void test_hearing_shared_without_a_sentence_asks_whether_its_duties_stand(void **state)
{
    struct harness *h = begin(state);

    share(h, "2024-06-03T09:00:00Z", "A", SENTENCE, "2024-06-24T09:00:00Z");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE duty = 'D52' AND state <> 'closed'");
    share(h, "2024-06-03T10:00:00Z", "A", SENTENCE "\"isDeleted\":true,", "2024-06-24T09:00:00Z");
    cast_expect(h, "t",
                "SELECT count(*) > 0 FROM told.duty WHERE kind = 'review' AND title LIKE '%%still stands%%' AND says LIKE '%%D52%%'");
    cast_expect(h, "shared again without it: the latest share of the hearing says it no more",
                "SELECT DISTINCT s.reason FROM told.event_state s JOIN told.event e USING (event_id) WHERE e.type = 'court.sentence'");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE duty = 'D52' AND state <> 'closed'");
    /* Said again, it is so from the first, and its duty is the one there is. */
    share(h, "2024-06-03T11:00:00Z", "A", SENTENCE, "2024-06-24T09:00:00Z");
    cast_expect(h, "1", "SELECT count(*) FROM told.duty WHERE duty = 'D52'");
    cast_check(h);
}

/* A part that a person must look at has no copy of the message: its bytes are those that came, and taking it up again takes
 * the whole message up. */
static void test_hearing_keeps_one_copy_of_what_is_set_aside(void **state)
{
    struct harness *h = begin(state);
    struct buf out = {0};
    char *id;

    share(h, "2024-06-03T09:00:00Z", "Q", "", "2024-06-24T09:00:00Z");
    cast_expect(h, "1 0", "SELECT concat_ws(' ', count(*), sum(octet_length(body))) FROM told.quarantine WHERE state = 'open'");
    id = cast_value(h, "SELECT quarantine_id FROM told.quarantine");
    assert_int_equal(harness_toldctl(h, "amara", (const char *[]){"quarantine", "show", id, NULL}, &out, NULL), 0);
    assert_non_null(strstr(buf_string(&out), "prosecutionCases"));
    cast_succeed(h, "quarantine", "retry", id);
    cast_settle(h);
    /* Still so: it is open again, and its alarm is a new one. */
    cast_expect(h, "open", "SELECT state FROM told.quarantine");
    cast_expect(h, "1", "SELECT count(*) FROM told.alarm WHERE kind = 'quarantine' AND cleared_at IS NULL");
    cast_expect(h, "1", "SELECT count(*) FROM told.event WHERE type = 'court.appearance'");
    buf_release(&out);
    free(id);
    cast_check(h);
}

/* Nobody under 18, and nobody at all: each ends by its name, and neither in silence nor in quarantine. */
static void test_hearing_without_a_child_ends_by_its_name(void **state)
{
    struct harness *h = begin(state);
    char *path = harness_path(h, "adult.json");

    harness_write(
        h, "adult.json",
        "{\"hearing\":{\"id\":\"h-2\",\"prosecutionCases\":[{\"defendants\":[{\"id\":\"d\",\"isYouth\":true,"
        "\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"1980-01-01\"}}}]}]}}");
    cast_succeed(h, "publish", "--feed", "hearing", path);
    harness_write(h, "adult.json", "{\"Message\":\"{\\\"hearing\\\":{\\\"id\\\":\\\"h-3\\\"}}\"}");
    cast_succeed(h, "publish", "--feed", "hearing", path);
    harness_write(h, "adult.json", "{\"neither\":\"this\",\"nor\":\"that\"}");
    cast_succeed(h, "publish", "--feed", "hearing", path);
    cast_settle(h);
    cast_expect(
        h,
        "hmcts-hearing: nothing to say: 18 or over on the day of the hearing; hmcts-hearing: nothing to say: a hearing "
        "without defendants",
        "SELECT string_agg(reason, '; ' ORDER BY event_id) FROM told.event_state WHERE state = 'decided'");
    cast_expect(h, "t", "SELECT count(*) = 1 AND bool_and(reason LIKE 'no hearing:%%') FROM told.quarantine");
    cast_expect(h, "0", "SELECT count(*) FROM told.event WHERE parent_id IS NOT NULL");
    free(path);
    cast_check(h);
}

/* Of those of age only the ones we know are told of (readings A06, A25); of a stranger not even a row is kept. */
static void test_hearing_tells_of_a_care_leaver_and_of_no_other_adult(void **state)
{
    struct harness *h = begin(state);
    char *path = harness_path(h, "adults.json");

    harness_write(
        h, "adults.json",
        "{\"sharedTime\":\"2024-06-03T08:30:00Z\",\"hearing\":{\"id\":\"h-4\",\"courtCentre\":{\"name\":\"Camberwell Youth Court\"},"
        "\"hearingDays\":[{\"sittingDay\":\"2024-06-03T08:00:00Z\"}],\"prosecutionCases\":[{\"defendants\":["
        "{\"masterDefendantId\":\"stranger\",\"personDefendant\":{\"personDetails\":{\"firstName\":\"Nemo\",\"lastName\":\"Nusquam\","
        "\"dateOfBirth\":\"2004-05-06\"}}},{\"masterDefendantId\":\"" LEAVER
        "\",\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"2004-02-03\"}},\"offences\":[{\"judicialResults\":[{"
        "\"orderedHearingId\":\"h-4\",\"cjsCode\":\"1015\"}]}]}]}]}}");
    cast_succeed(h, "publish", "--feed", "hearing", path);
    cast_settle(h);
    cast_expect(h, "court.appearance court.sentence",
                "SELECT string_agg(type, ' ' ORDER BY type) FROM told.event WHERE parent_id IS NOT NULL");
    cast_expect(h, "D41:1 D42:1", DUTIES);
    cast_expect(h, "0", "SELECT count(*) FROM told.duty WHERE kind <> 'duty'");
    cast_expect(h, "hmcts-hearing: 2 event(s) from 2 part(s)",
                "SELECT reason FROM told.event_state JOIN told.event USING (event_id) WHERE parent_id IS NULL");
    free(path);
    cast_check(h);
}

/* The type has no hearing to be known by: only the statement makes the second share the same. */
static void test_hearing_designates_an_authority_once(void **state)
{
    struct harness *h = begin(state);

    share(h, "2024-06-03T09:00:00Z", "L", MOVED, "2024-06-24T09:00:00Z");
    cast_expect(h, "1", "SELECT count(*) FROM told.event WHERE type = 'court.authority-designated'");
    char *duties = cast_value(h, DUTIES);
    share(h, "2024-06-03T10:00:00Z", "L", MOVED, "2024-06-24T09:00:00Z");
    cast_expect(h, duties, DUTIES);
    free(duties);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_hearing_makes_the_duties_of_the_child_in_it, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_shared_again_makes_no_second_duty, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_shared_with_another_date_amends, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_shared_with_bail_in_place_of_remand_amends, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_shared_without_a_sentence_asks_whether_its_duties_stand, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_keeps_one_copy_of_what_is_set_aside, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_without_a_child_ends_by_its_name, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_tells_of_a_care_leaver_and_of_no_other_adult, harness_teardown),
        cmocka_unit_test_teardown(test_hearing_designates_an_authority_once, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
