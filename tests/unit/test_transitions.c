/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ten transitions of a child's legal status that must be exact, as they come: each event is decided on what is known
 * before it, and then becomes part of what is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written_case.h"

enum { EVENTS_MOST = 8 };

/* One childhood: what is known, and what came. */
struct life {
    const struct shipped *shipped;
    struct facts *facts;
    struct event *events[EVENTS_MOST];
    struct decide_past past[EVENTS_MOST];
    size_t count;
    struct decision last;
};

static struct life begin(void **state, const char *child)
{
    struct life life = {.shipped = *state, .facts = facts_new()};
    char *text = mem_printf("{%s}", child);
    json_t *root;
    const char *key;
    json_t *value;

    quote(text);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    json_object_foreach(root, key, value)
        assert_null(facts_set(life.facts, key, value));
    json_decref(root);
    free(text);
    return life;
}

static void end(struct life *life)
{
    decision_release(&life->last);
    for (size_t i = 0; i < life->count; i++)
        event_free(life->events[i]);
    facts_free(life->facts);
}

/* The event comes on that day at noon, is decided, and is known from then on. */
static void comes(struct life *life, const char *day, const char *type, const char *data)
{
    char *id = mem_printf("e-%zu", life->count);
    char *time = mem_printf("%sT12:00:00Z", day);
    char *text = event_text(id, time, type, data);
    enum event_fault fault;
    char *reason = NULL;
    struct decide_past *past = &life->past[life->count];
    struct decide_input input = {.authority = "southwark", .received_at = instant_of(time), .facts = life->facts,
                                 .history = life->past, .history_count = life->count};

    quote(text);
    input.event = event_parse(text, strlen(text), &fault, &reason);
    if (input.event == NULL)
        fail_msg("%s", reason);
    decision_release(&life->last);
    decide(life->shipped->protocol, life->shipped->calendar, &input, &life->last);
    facts_apply(life->facts, input.event);
    life->events[life->count++] = (struct event *)(uintptr_t)input.event;
    *past = (struct decide_past){input.received_at, input.event};
    free(text);
    free(time);
    free(id);
}

static void assert_is(const struct life *life, const char *field, const char *expected)
{
    json_t *json = facts_json(life->facts);
    const json_t *value = json_object_get(json, field);
    char *text = value == NULL ? mem_copy("unknown") : json_dumps(value, JSON_ENCODE_ANY);

    if (strcmp(text, expected) != 0 && (!json_is_string(value) || strcmp(json_string_value(value), expected) != 0))
        fail_msg("%s is %s, not %s", field, text, expected);
    free(text);
    json_decref(json);
}

/* due NULL: any; tell NULL: any; else the first told. */
static void assert_duty(const struct life *life, const char *duty, const char *tell, const char *due)
{
    struct made made = {.decision = life->last};
    const struct decided_duty *found = duty_of(&made, duty);

    if (found == NULL)
        fail_msg("%s did not come out", duty);
    if (tell != NULL)
        assert_string_equal(found->tell[0], tell);
    if (due != NULL)
        assert_at(found->due_at, due);
}

static void assert_none(const struct life *life, const char *duty)
{
    struct made made = {.decision = life->last};

    if (duty_of(&made, duty) != NULL)
        fail_msg("%s came out", duty);
    for (size_t i = 0; i < life->last.review_count; i++)
        assert_string_not_equal(life->last.reviews[i].duty, duty);
}

#define CHILD "'born_on':'2009-09-01','in_custody':false,'sentenced':false,'in_need':false,'protection_plan':false"
#define NO_LEAVER "'care_leaver':'none'"
#define WORKER "'allocations':{'social-worker':'p-1'}"
#define CUSTODY "'kind':'custody','on':'2024-06-03'"

static void test_transitions_1_accommodation_ends_with_the_custodial_sentence(void **state)
{
    struct life life = begin(state, CHILD "," NO_LEAVER "," WORKER ",'looked_after_basis':'s20'");

    comes(&life, "2024-06-03", "court.sentence", CUSTODY);
    assert_duty(&life, "D59", "social-worker", "2024-06-17T16:00:00Z");
    assert_duty(&life, "D60", "social-worker", "2024-07-01T16:00:00Z");
    assert_is(&life, "looked_after_basis", "none");
    assert_is(&life, "looked_after_before_custody", "s20");
    /* Who is allocated afterwards is another matter: nothing starts again. */
    comes(&life, "2024-06-04", "care.allocation", "'role':'social-worker','practitioner':'p-9','on':'2024-06-04'");
    comes(&life, "2024-06-05", "custody.reception", "'sentenced':true,'on':'2024-06-05'");
    assert_none(&life, "D59");
    assert_none(&life, "D60");
    assert_duty(&life, "D86", NULL, "2024-07-05T16:00:00Z");
    end(&life);
}

static void test_transitions_2_a_care_order_stays_through_the_custodial_sentence(void **state)
{
    struct life life = begin(state, CHILD "," NO_LEAVER "," WORKER ",'looked_after_basis':'s31'");

    comes(&life, "2024-06-03", "court.sentence", CUSTODY);
    assert_none(&life, "D59");
    assert_none(&life, "D60");
    assert_duty(&life, "D42", "social-worker", NULL);
    assert_is(&life, "looked_after_basis", "s31");
    comes(&life, "2024-06-04", "custody.reception", "'sentenced':true,'on':'2024-06-04'");
    assert_none(&life, "D59");
    comes(&life, "2024-06-10", "custody.plan-changed", "'plan':'sentence-plan'");
    assert_duty(&life, "D57", NULL, NULL);
    comes(&life, "2024-06-11", "custody.meeting-arranged", "'meeting':'sentence-plan-review','at':'2024-07-01T09:00:00Z'");
    assert_duty(&life, "D55", NULL, "2024-07-01T09:00:00Z");
    assert_duty(&life, "D56", "independent-reviewing-officer", NULL);
    end(&life);
}

static void test_transitions_3_remand_makes_looked_after_that_day(void **state)
{
    static const char *const to[] = {"local-authority-accommodation", "youth-detention-accommodation"};

    for (size_t i = 0; i < 2; i++) {
        struct life life = begin(state, CHILD "," NO_LEAVER ",'looked_after_basis':'none','allocations':{}");
        char *data = mem_printf("'to':'%s','on':'2024-06-03'", to[i]);

        comes(&life, "2024-06-03", "court.remand", data);
        assert_duty(&life, "D33", NULL, "2024-06-03T16:00:00Z");
        assert_duty(&life, "D35", "yos-worker", NULL);
        assert_duty(&life, "D36", "care-service", "2024-07-01T16:00:00Z");
        assert_none(&life, "D34");
        assert_is(&life, "looked_after_basis", "remand");
        comes(&life, "2024-06-04", "court.hearing-listed", "'hearing':'h-1','at':'2024-07-10T09:00:00Z'");
        assert_duty(&life, "D41", "social-worker", NULL);
        assert_duty(&life, "D43", "social-worker", NULL);
        free(data);
        end(&life);
    }
}

static void test_transitions_4_remand_only_then_sentence(void **state)
{
    struct life life = begin(state, CHILD "," NO_LEAVER ",'looked_after_basis':'none','allocations':{}");
    struct life relevant =
        begin(state, "'born_on':'2007-09-01','care_leaver':'relevant','looked_after_basis':'remand','allocations':{}");

    comes(&life, "2024-05-01", "court.remand", "'to':'youth-detention-accommodation','on':'2024-05-01'");
    comes(&life, "2024-05-02", "custody.reception", "'sentenced':false,'on':'2024-05-02'");
    comes(&life, "2024-06-03", "court.sentence", CUSTODY);
    assert_duty(&life, "D59", "yos-worker", "2024-06-17T16:00:00Z");
    assert_duty(&life, "D60", "yos-worker", "2024-07-01T16:00:00Z");
    assert_duty(&life, "D88", NULL, NULL); /* in custody already: no entry will follow */
    assert_is(&life, "looked_after_basis", "none");
    assert_is(&life, "looked_after_before_custody", "remand");
    comes(&relevant, "2024-06-03", "court.sentence", CUSTODY);
    assert_none(&relevant, "D59");
    assert_none(&relevant, "D60");
    end(&life);
    end(&relevant);
}

static void test_transitions_5_remand_only_then_bail_or_acquittal(void **state)
{
    static const struct {
        const char *type, *data;
    } ends[] = {
        {"court.bail", "'decision':'conditional'"},
        {"court.bail", "'decision':'unconditional'"},
        {"court.proceedings-ended", "'outcome':'acquitted'"},
        {"court.sentence", "'kind':'community'"},
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct life life = begin(state, CHILD "," NO_LEAVER "," WORKER ",'looked_after_basis':'none'");

        comes(&life, "2024-05-01", "court.remand", "'to':'local-authority-accommodation','on':'2024-05-01'");
        comes(&life, "2024-05-20", ends[i].type, ends[i].data);
        assert_duty(&life, "D42", "social-worker", NULL); /* looked after until this moment */
        assert_none(&life, "D59");
        assert_none(&life, "D60");
        assert_is(&life, "looked_after_basis", "none");
        assert_is(&life, "looked_after_before_custody", "unknown");
        end(&life);
    }
}

static void test_transitions_6_relevant_at_sixteen_in_custody(void **state)
{
    struct life life = begin(state, "'born_on':'2008-06-20','in_need':false,'protection_plan':false,'care_leaver':'none',"
                                    "'looked_after_basis':'s20'," WORKER);

    comes(&life, "2024-06-03", "court.sentence", CUSTODY);
    assert_duty(&life, "D59", NULL, NULL);
    comes(&life, "2024-06-20", "care.status", "'care_leaver':'relevant','on':'2024-06-20'");
    assert_is(&life, "care_leaver", "relevant");
    assert_is(&life, "looked_after_before_custody", "s20");
    /* The leaving-care side has the child from now on. */
    comes(&life, "2024-06-21", "custody.reception", "'sentenced':true,'on':'2024-06-21'");
    assert_none(&life, "D59");
    comes(&life, "2024-06-24", "court.hearing-listed", "'hearing':'h-2'");
    assert_duty(&life, "D41", "personal-adviser", NULL);
    comes(&life, "2024-06-25", "custody.meeting-arranged", "'meeting':'sentence-plan-review','at':'2024-07-10T09:00:00Z'");
    assert_duty(&life, "D55", NULL, "2024-07-10T09:00:00Z");
    end(&life);
}

/* D20, D65 and D66 of a child without a worker, on the day before the birthday and on it. */
static void test_transitions_7_sixteen_before_release_changes_the_route(void **state)
{
    static const struct {
        const char *day, *tell;
    } days[] = {{"2024-06-19", "mash"}, {"2024-06-20", "integrated-homeless-team"}};

    for (size_t i = 0; i < 2; i++) {
        struct life life = begin(state, "'born_on':'2008-06-20','care_leaver':'none','looked_after_basis':'none',"
                                        "'in_custody':true,'sentenced':true,'allocations':{}");

        comes(&life, "2024-06-01", "custody.release-dates", "'early_on':'2024-09-02','early_entitled':true");
        comes(&life, days[i].day, "yos.assessment", "'found':['accommodation']");
        assert_duty(&life, "D20", days[i].tell, NULL);
        comes(&life, days[i].day, "yos.concern", "'kind':'live-with-family-on-release'");
        assert_duty(&life, "D65", days[i].tell, NULL);
        comes(&life, days[i].day, "custody.meeting-held", "'meeting':'release-preparation','placement_identified':false");
        assert_duty(&life, "D66", days[i].tell, "2024-08-02T16:00:00Z");
        end(&life);
    }
}

static void test_transitions_8_eighteen_in_custody_and_on_licence(void **state)
{
    struct life life = begin(state, "'born_on':'2006-06-20','care_leaver':'former-relevant','looked_after_basis':'none',"
                                    "'in_need':false,'protection_plan':false,'in_custody':true,'sentenced':true,"
                                    "'allocations':{}");

    comes(&life, "2024-06-20", "custody.transfer", "'on':'2024-06-20'");
    assert_duty(&life, "D87", NULL, NULL); /* keep telling until the order ends */
    comes(&life, "2024-06-21", "yos.concern", "'kind':'live-with-family-on-release'");
    assert_duty(&life, "D65", "integrated-homeless-team", NULL); /* the route of 16 and 17 */
    comes(&life, "2024-07-01", "custody.release", "'reason':'released','on':'2024-07-01'");
    assert_duty(&life, "D90", "custody-scrutiny-panel", NULL);
    assert_duty(&life, "D91", NULL, NULL);
    comes(&life, "2024-07-08", "court.hearing-listed", "'hearing':'h-3'");
    assert_duty(&life, "D41", "personal-adviser", NULL);
    comes(&life, "2024-07-09", "court.remand", "'to':'custody','on':'2024-07-09'");
    assert_none(&life, "D33"); /* no adult becomes looked after */
    end(&life);
}

static void test_transitions_9_another_authority_is_designated(void **state)
{
    struct life life = begin(state, CHILD "," NO_LEAVER ",'looked_after_basis':'none','allocations':{}");
    struct life to_us = begin(state, CHILD "," NO_LEAVER ",'looked_after_basis':'none','allocations':{}");

    comes(&life, "2024-06-03", "court.remand",
          "'to':'local-authority-accommodation','on':'2024-06-03','designated_authority':'southwark'");
    assert_duty(&life, "D33", NULL, NULL);
    comes(&life, "2024-06-10", "court.authority-designated", "'from':'southwark','to':'kent','on':'2024-06-10'");
    assert_none(&life, "D33");
    assert_none(&life, "D35");
    assert_duty(&life, "D42", "social-worker", NULL);
    assert_is(&life, "home_authority", "kent");
    comes(&to_us, "2024-06-03", "court.remand",
          "'to':'local-authority-accommodation','on':'2024-06-03','designated_authority':'kent'");
    assert_none(&to_us, "D33");
    comes(&to_us, "2024-06-10", "court.authority-designated", "'from':'kent','to':'southwark','on':'2024-06-10'");
    assert_duty(&to_us, "D33", NULL, NULL);
    assert_duty(&to_us, "D35", "yos-worker", NULL);
    assert_is(&to_us, "home_authority", "southwark");
    end(&life);
    end(&to_us);
}

static void test_transitions_10_placed_away_while_proceedings_run(void **state)
{
    struct life life =
        begin(state, CHILD "," NO_LEAVER "," WORKER ",'looked_after_basis':'s20','placement_authority':'southwark'");

    comes(&life, "2024-06-03", "police.charge", "'authority':'southwark'");
    assert_none(&life, "D44");
    comes(&life, "2024-06-10", "care.placement", "'authority':'kent','on':'2024-06-10'");
    assert_duty(&life, "D45", "host-yos", "2024-06-10T16:00:00Z"); /* at once */
    assert_none(&life, "D44");
    assert_is(&life, "placement_authority", "kent");
    comes(&life, "2024-06-12", "court.hearing-listed", "'hearing':'h-4'");
    assert_duty(&life, "D44", "social-worker", NULL);
    assert_duty(&life, "D45", "host-yos", NULL);
    assert_duty(&life, "D46", NULL, NULL);
    comes(&life, "2024-06-20", "court.sentence", "'kind':'community','on':'2024-06-20'");
    comes(&life, "2024-06-24", "care.placement", "'authority':'essex','on':'2024-06-24'");
    assert_none(&life, "D45"); /* nothing runs any more */
    end(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions_1_accommodation_ends_with_the_custodial_sentence),
        cmocka_unit_test(test_transitions_2_a_care_order_stays_through_the_custodial_sentence),
        cmocka_unit_test(test_transitions_3_remand_makes_looked_after_that_day),
        cmocka_unit_test(test_transitions_4_remand_only_then_sentence),
        cmocka_unit_test(test_transitions_5_remand_only_then_bail_or_acquittal),
        cmocka_unit_test(test_transitions_6_relevant_at_sixteen_in_custody),
        cmocka_unit_test(test_transitions_7_sixteen_before_release_changes_the_route),
        cmocka_unit_test(test_transitions_8_eighteen_in_custody_and_on_licence),
        cmocka_unit_test(test_transitions_9_another_authority_is_designated),
        cmocka_unit_test(test_transitions_10_placed_away_while_proceedings_run),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
