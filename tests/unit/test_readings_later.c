/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings A19 to A36 of what the written protocol leaves open, each by its number. Where a reading is kept by the
 * daemon, the test is of the pure part that carries it, and its name says which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "readings.h"
#include "written_case.h"
#include "told/answer.h"
#include "told/ladder.h"

static void test_readings_a19_seven_calendar_days_moved_back_to_a_working_day(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-01-10T10:00:00Z", .child = IN_SENTENCE, .more = DATES("2024-03-30", "2024-09-30", "true"),
         .type = "custody.meeting-held", .data = NO_ADDRESS,
         .expect = "'expect':[{'duty':'D67','tell':['director'],'due_at':'2024-03-22T17:00:00Z'}]"},
        {.received = "2024-01-10T10:00:00Z", .child = IN_SENTENCE, .more = DATES("2024-03-31", "2024-09-30", "true"),
         .type = "custody.meeting-held", .data = NO_ADDRESS, .expect = "'expect':[{'duty':'D67','due_at':'2024-03-22T17:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a20_the_ladder_skips_no_level(void **state)
{
    static const struct ladder_policy policy = {.dwell_working_days = 1, .dwell_immediate_minutes = 60};
    const struct shipped *shipped = *state;
    struct instant friday = instant_of("2024-05-31T16:00:00Z");

    for (int step = 0; step < 4; step++) {
        struct ladder_line at = {.step = step, .top = 4};
        struct ladder_move slow = ladder_climb(&at, false, &policy, shipped->calendar, friday);
        struct ladder_move fast = ladder_climb(&at, true, &policy, shipped->calendar, friday);

        assert_int_equal(slow.step, step + 1);
        assert_false(slow.top_again);
        assert_at(slow.next_at, "2024-06-03T16:00:00Z");
        assert_at(fast.next_at, "2024-05-31T17:00:00Z");
    }
}

static bool is_copied(const struct decided_duty *duty, const char *role)
{
    for (size_t i = 0; i < duty->copy_count; i++) {
        if (strcmp(duty->copy[i], role) == 0)
            return true;
    }
    return false;
}

static void test_readings_a20_a_named_level_is_told_at_once_and_those_between_are_copied(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .type = "care.accommodation-proposed", .data = "'section':20"},
        {.received = "2024-01-10T10:00:00Z", .child = IN_SENTENCE, .more = DATES("2024-03-30", "2024-09-30", "true"),
         .type = "custody.meeting-held", .data = NO_ADDRESS},
    };
    static const char *const named[][2] = {{"D24", "head-of-service"}, {"D67", "director"}};

    for (size_t i = 0; i < 2; i++) {
        struct made made = make_decision(*state, &rows[i]);
        const struct decided_duty *duty = duty_of(&made, named[i][0]);

        assert_int_equal(duty->tell_count, 1);
        assert_string_equal(duty->tell[0], named[i][1]);
        assert_true(is_copied(duty, "social-work-team-manager") && is_copied(duty, "social-work-service-manager"));
        assert_int_equal(is_copied(duty, "head-of-service"), i == 1);
        free_made(&made);
    }
}

static void test_readings_a21_immediate_is_an_hour_and_prompt_the_same_working_day(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-06-01T22:10:00Z", .type = "court.home-concern",
         .expect = "'expect':[{'duty':'D21','due_at':'2024-06-01T23:10:00Z'}]"},
        {.received = "2024-05-31T10:00:00Z", .child = WORKER, .type = "yos.assessment", .data = "'found':['accommodation']",
         .expect = "'expect':[{'duty':'D20','due_at':'2024-05-31T16:00:00Z'}]"},
        {.received = "2024-05-31T16:00:00Z", .child = WORKER, .type = "yos.assessment", .data = "'found':['accommodation']",
         .expect = "'expect':[{'duty':'D20','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = "2024-05-31T18:00:00Z", .type = "yos.assessment", .data = "'found':['need']",
         .expect = "'expect':[{'duty':'D08','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = "2024-05-31T18:00:00Z", .type = "yos.assessment", .data = "'found':['safeguarding']",
         .expect = "'expect':[{'duty':'D08','due_at':'2024-05-31T19:00:00Z'}]"},
        {.received = "2024-05-31T18:00:00Z", .child = "'in_custody':false,'open_to_social_care':true", .type = "yos.concern",
         .data = "'kind':'safeguarding','after_sentence':true",
         .expect = "'expect':[{'duty':'D48','due_at':'2024-05-31T19:00:00Z'}]"},
        {.received = "2024-05-31T18:00:00Z", .child = "'in_custody':false,'open_to_social_care':false", .type = "yos.concern",
         .data = "'kind':'need','after_sentence':true", .expect = "'expect':[{'duty':'D49','due_at':'2024-06-03T16:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a22_updates_release_dates_and_the_first_review(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_CARE, .type = "court.conviction",
         .expect = "'expect':[{'duty':'D42','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = NOW, .child = "'home_authority':'southwark'", .type = "court.sentence", .data = SENTENCED,
         .expect = "'expect':[{'duty':'D52','tell':['governor'],'due_at':'2024-06-14T16:00:00Z'}]"},
        {.received = NOW, .child = "'looked_after_basis':'none'," NOBODY, .type = "court.remand",
         .data = "'to':'local-authority-accommodation','on':'2024-05-31'",
         .expect = "'expect':[{'duty':'D36','due_at':'2024-06-28T16:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a23_one_month_from_the_first_entry_moved_back(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-01-31T10:00:00Z", .type = "custody.reception", .data = "'sentenced':true,'on':'2024-01-31'",
         .expect = "'expect':[{'duty':'D86','due_at':'2024-02-29T17:00:00Z'}]"},
        {.received = NOW, .type = "custody.reception", .data = "'sentenced':true,'on':'2024-05-31'",
         .expect = "'expect':[{'duty':'D86','due_at':'2024-06-28T16:00:00Z'}]"},
        {.received = NOW, .more = EARLIER_RECEPTION, .type = "custody.reception", .data = "'sentenced':true,'on':'2024-05-31'",
         .expect = "'expect_not':['D86']"},
        {.received = NOW, .child = IN_SENTENCE, .type = "custody.transfer", .data = "'on':'2024-05-31'",
         .expect = "'expect_not':['D86']"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a24_the_first_contact_is_one_working_day_after_release(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-06-14T10:00:00Z", .child = IN_SENTENCE, .type = "custody.release",
         .data = "'reason':'released','on':'2024-06-14'",
         .expect = "'expect':[{'duty':'D91','tell':['resettlement-officer'],'due_at':'2024-06-17T16:00:00Z'}]"},
        {.received = "2024-06-14T10:00:00Z", .child = "'sentenced':false", .type = "custody.release",
         .data = "'reason':'released','on':'2024-06-14'", .expect = "'expect_not':['D91']"},
    };

    CHECK_CASES(state, rows);
}

#define HOMELESS(born_on, time, tells)                                                                                   \
    {.received = time, .child = "'born_on':'" born_on "'," NOBODY, .type = "yos.assessment",                             \
     .data = "'found':['accommodation']", .expect = "'expect':[{'duty':'D20','tell':['" tells "']}]"}

static void test_readings_a25_age_is_of_the_local_day_of_the_event(void **state)
{
    static const struct told_case rows[] = {
        HOMELESS("2008-05-31", "2024-05-31T10:00:00Z", "integrated-homeless-team"), /* sixteen today */
        HOMELESS("2008-06-01", "2024-05-31T10:00:00Z", "mash"),                     /* sixteen tomorrow */
        HOMELESS("2008-06-01", "2024-05-31T23:30:00Z", "integrated-homeless-team"), /* half past midnight local */
        HOMELESS("2008-02-29", "2024-02-28T10:00:00Z", "mash"),
        HOMELESS("2006-01-01", "2024-05-31T10:00:00Z", "integrated-homeless-team"), /* an adult keeps the route */
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a26_a_missing_date_of_birth_is_a_review_with_its_own_clock(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .type = "court.remand", .data = "'to':'local-authority-accommodation'",
         .expect = "'expect_review':['D33']"},
        {.received = NOW, .type = "police.arrest", .data = "'detained':true", .expect = "'expect_review':['D79']"},
    };
    struct made prompt = make_decision(*state, &rows[0]);
    struct made immediate = make_decision(*state, &rows[1]);

    CHECK_CASES(state, rows);
    for (size_t i = 0; i < prompt.decision.review_count; i++)
        if (strcmp(prompt.decision.reviews[i].duty, "D33") == 0)
            assert_at(prompt.decision.reviews[i].due_at, "2024-05-31T16:00:00Z"); /* shorter than one working day */
    for (size_t i = 0; i < immediate.decision.review_count; i++)
        if (strcmp(immediate.decision.reviews[i].duty, "D79") == 0)
            assert_at(immediate.decision.reviews[i].due_at, "2024-05-31T11:00:00Z");
    free_made(&prompt);
    free_made(&immediate);
}

#define CHARGED_BEFORE                                                                                                   \
    "'history':[{'received_at':'2024-05-20T10:00:00Z','event':{'specversion':'1.0','id':'h-1','source':'x/y',"           \
    "'type':'police.charge','time':'2024-05-20T10:00:00Z','data':{'person':{}}}}]"

static void test_readings_a27_the_key_is_the_same_for_a_repeat_and_for_an_amendment(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_CARE, .type = "court.hearing-listed",
         .data = "'hearing':'h-7','court':'kent','at':'2024-06-20T09:00:00Z'"},
        {.received = "2024-06-03T10:00:00Z", .child = IN_CARE, .type = "court.hearing-listed",
         .data = "'hearing':'h-7','court':'kent','at':'2024-06-20T09:00:00Z'"},
        {.received = "2024-06-03T10:00:00Z", .child = IN_CARE, .type = "court.hearing-listed",
         .data = "'hearing':'h-7','court':'kent','at':'2024-06-21T09:00:00Z'"},
        {.received = NOW, .child = IN_CARE, .more = CHARGED_BEFORE, .type = "police.charge", .data = "'amends':'h-1'"},
    };
    struct made made[4];

    for (size_t i = 0; i < 4; i++)
        made[i] = make_decision(*state, &rows[i]);
    assert_string_equal(duty_of(&made[0], "D43")->key, duty_of(&made[1], "D43")->key);
    assert_string_equal(duty_of(&made[0], "D43")->shows, duty_of(&made[1], "D43")->shows);
    assert_string_equal(duty_of(&made[0], "D43")->key, duty_of(&made[2], "D43")->key);
    assert_string_not_equal(duty_of(&made[0], "D43")->shows, duty_of(&made[2], "D43")->shows);
    assert_string_equal(duty_of(&made[3], "D41")->key, "[\"police.charge\",\"x/y h-1\"]");
    for (size_t i = 0; i < 4; i++)
        free_made(&made[i]);
}

/* The shipped calendar without one day, as it was before the day was added. */
static struct calendar *calendar_before(const char *day)
{
    size_t len;
    char *text = shipped_read("conf/calendar/bank-holidays.json", &len);
    json_t *root = json_loadb(text, len, 0, NULL);
    json_t *events = json_object_get(json_object_get(root, "england-and-wales"), "events");
    char *reason = NULL;
    struct calendar *calendar;

    for (size_t i = json_array_size(events); i-- > 0;)
        if (strcmp(json_text_at(json_array_get(events, i), "date"), day) == 0)
            json_array_remove(events, i);
    free(text);
    text = json_dumps(root, 0);
    calendar = calendar_parse(text, strlen(text), &reason);
    free(text);
    free(reason);
    json_decref(root);
    return calendar;
}

static void test_readings_a28_both_calendars_give_their_date_and_a_passed_one_climbs_at_once(void **state)
{
    const struct shipped *shipped = *state;
    struct shipped before = {shipped->protocol, calendar_before("2022-09-19")};
    const struct told_case row = {.received = "2022-08-01T10:00:00Z", .child = IN_SENTENCE, .type = "custody.release-dates",
                                  .data = "'early_on':'2022-09-26','early_entitled':true"};
    const char *published = "2022-09-09T17:51:00Z"; /* the evening on which the day was added */
    struct made old = make_decision(&before, &row);
    struct made new = make_decision(shipped, &row);

    assert_at(duty_of(&old, "D63")->due_at, "2022-09-12T16:00:00Z");
    assert_at(duty_of(&new, "D63")->due_at, "2022-09-09T16:00:00Z");
    assert_at(ladder_first_at(duty_of(&new, "D63")->due_at, instant_of(published)), published);
    free_made(&old);
    free_made(&new);
    calendar_free(before.calendar);
}

#define CHARGED_AT(day, due)                                                                                             \
    {.received = day "T10:00:00Z", .child = IN_CARE, .type = "police.charge",                                            \
     .expect = "'expect':[{'duty':'D41','due_at':'" due "T17:00:00Z'}]"}

static void test_readings_a29_week_ends_and_bank_holidays_do_not_count_and_closures_do(void **state)
{
    static const struct told_case rows[] = {
        CHARGED_AT("2024-12-27", "2024-12-30"), /* between Christmas and New Year: a working day */
        CHARGED_AT("2024-12-31", "2025-01-02"),
        CHARGED_AT("2024-03-28", "2024-04-02"), /* 17:00 of summer time is checked below */
    };

    check_cases(*state, rows, 2);
    struct made made = make_decision(*state, &rows[2]);

    assert_at(duty_of(&made, "D41")->due_at, "2024-04-02T16:00:00Z");
    free_made(&made);
}

static void test_readings_a30_the_day_is_the_one_on_the_wall(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-06-09T23:30:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-06-11T16:00:00Z'}]"},
        {.received = "2024-01-14T23:30:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-01-15T17:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

#define LISTED(home, host, our_day, expected)                                                                            \
    {.received = NOW, .child = "'home_authority':'" home "'", .more = "'court':{'is_host':" host ",'is_our_day':" our_day "}", \
     .type = "court.hearing-listed", .expect = expected}
#define HOME_TOLD "'expect':[{'duty':'D26','tell':['home-yos']}]"

static void test_readings_a31_home_and_host_by_court_house_and_weekday_both_ways(void **state)
{
    static const struct told_case rows[] = {
        LISTED("southwark", "true", "true", "'expect_not':['D26']"), LISTED("southwark", "true", "false", HOME_TOLD),
        LISTED("southwark", "false", "true", HOME_TOLD),             LISTED("kent", "true", "true", HOME_TOLD),
        LISTED("kent", "true", "false", "'expect_not':['D26']"),     LISTED("kent", "false", "true", "'expect_not':['D26']"),
        LISTED("southwark", "true", "null", "'expect_review':['D26']"),
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a32_unconditional_bail_is_told_and_recorded_all_the_same(void **state)
{
    static const struct told_case row = {.received = NOW, .child = IN_CARE, .type = "court.bail",
                                         .data = "'decision':'unconditional'",
                                         .expect = "'expect':[{'duty':'D42'}],'expect_not':['D22','D27','D29']"};
    static const struct told_case stranger = {.received = NOW, .child = "'looked_after':false,'in_need':false,"
                                                                        "'protection_plan':false,'open_to_social_care':false",
                                              .type = "court.bail", .data = "'decision':'unconditional'"};
    struct made made = make_decision(*state, &row);
    struct made of_stranger = make_decision(*state, &stranger);

    check_cases(*state, &row, 1);
    assert_true(is_recorded(&made, "D25"));
    assert_true(is_recorded(&of_stranger, "D25"));
    assert_null(duty_of(&of_stranger, "D25"));
    free_made(&made);
    free_made(&of_stranger);
}

static void test_readings_a33_sending_closes_nothing_and_silence_climbs_at_the_alarm(void **state)
{
    const struct shipped *shipped = *state;
    struct instant due = instant_of("2024-06-03T16:00:00Z");

    for (size_t i = 0; i < protocol_count(shipped->protocol); i++) {
        const struct rule *rule = protocol_rule(shipped->protocol, i);
        const char *closes = rule_closes(rule);

        if (rule_form(rule) == RULE_TELLS) /* an acknowledgement, a deed, an event: each somebody's word */
            assert_true(strncmp(closes, "ack", 3) == 0 || strncmp(closes, "done", 4) == 0 || strchr(closes, '.') != NULL);
    }
    assert_at(ladder_first_at(due, instant_of(NOW)), "2024-06-03T16:00:00Z");
}

static void test_readings_a34_an_answer_to_the_written_word_leaves_the_spoken_one_open(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = "'in_custody':false,'open_to_social_care':true", .type = "yos.concern",
         .data = "'kind':'need','after_sentence':true", .expect = "'expect':[{'duty':'D48','tell':['social-worker']}]"},
    };
    const struct shipped *shipped = *state;
    const char *closes = rule_closes(protocol_find(shipped->protocol, "D48"));
    const char *role = "social-worker";
    const struct answer_line told = {.role = role, .told = true};
    bool counts[1];

    CHECK_CASES(state, rows);
    assert_int_equal(answer_lines(&told, 1, &role, 1, counts), 1);
    assert_int_equal(answer_acknowledge(closes, &told, 1, counts), ANSWER_SLEEPS);
    assert_string_equal(closes, "done and told");
    assert_int_equal(answer_done(closes, false), ANSWER_SLEEPS);
    assert_int_equal(answer_done(closes, true), ANSWER_CLOSES);
    assert_int_equal(answer_done("done, care.visit", false), ANSWER_CLOSES);
}

static void test_readings_a35_sentenced_children_come_to_the_panel_by_themselves(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = "'born_on':'2009-02-03'", .type = "custody.reception", .data = "'sentenced':true",
         .expect = "'expect':[{'duty':'D88','tell':['custody-scrutiny-panel']}]"},
        {.received = NOW, .child = "'born_on':'2009-02-03','sentenced':false", .type = "custody.reception",
         .data = "'sentenced':false", .expect = "'expect_not':['D88']"},
        {.received = NOW, .child = "'born_on':'2009-02-03','in_custody':true", .type = "court.sentence", .data = SENTENCED,
         .expect = "'expect':[{'duty':'D88'}]"},
        {.received = NOW, .type = "yos.cusp-of-custody", .expect = "'expect':[{'duty':'D89'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a36_roles_and_duties_have_whatever_names_the_rules_give(void **state)
{
    static const char text[] = "rule-Z9: { title = \"t\"; says = \"Row\"; cites = \"c\"; on = [ \"yos.conflict\" ]; when = \"true\";"
                               " tell = [ \"harbour-master\" ]; within = \"1wd\"; closes = \"ack of harbour-master\"; };";
    const struct protocol_file file = {"harbour.conf", text, sizeof(text) - 1};
    struct shipped other = *(struct shipped *)*state;
    const struct told_case row = {.received = NOW, .type = "yos.conflict",
                                  .expect = "'expect':[{'duty':'Z9','tell':['harbour-master']}]"};

    other.protocol = protocol_parse(&file, 1, shipped_fault, NULL);
    assert_non_null(other.protocol);
    check_cases(&other, &row, 1);
    protocol_free(other.protocol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings_a19_seven_calendar_days_moved_back_to_a_working_day),
        cmocka_unit_test(test_readings_a20_the_ladder_skips_no_level),
        cmocka_unit_test(test_readings_a20_a_named_level_is_told_at_once_and_those_between_are_copied),
        cmocka_unit_test(test_readings_a21_immediate_is_an_hour_and_prompt_the_same_working_day),
        cmocka_unit_test(test_readings_a22_updates_release_dates_and_the_first_review),
        cmocka_unit_test(test_readings_a23_one_month_from_the_first_entry_moved_back),
        cmocka_unit_test(test_readings_a24_the_first_contact_is_one_working_day_after_release),
        cmocka_unit_test(test_readings_a25_age_is_of_the_local_day_of_the_event),
        cmocka_unit_test(test_readings_a26_a_missing_date_of_birth_is_a_review_with_its_own_clock),
        cmocka_unit_test(test_readings_a27_the_key_is_the_same_for_a_repeat_and_for_an_amendment),
        cmocka_unit_test(test_readings_a28_both_calendars_give_their_date_and_a_passed_one_climbs_at_once),
        cmocka_unit_test(test_readings_a29_week_ends_and_bank_holidays_do_not_count_and_closures_do),
        cmocka_unit_test(test_readings_a30_the_day_is_the_one_on_the_wall),
        cmocka_unit_test(test_readings_a31_home_and_host_by_court_house_and_weekday_both_ways),
        cmocka_unit_test(test_readings_a32_unconditional_bail_is_told_and_recorded_all_the_same),
        cmocka_unit_test(test_readings_a33_sending_closes_nothing_and_silence_climbs_at_the_alarm),
        cmocka_unit_test(test_readings_a34_an_answer_to_the_written_word_leaves_the_spoken_one_open),
        cmocka_unit_test(test_readings_a35_sentenced_children_come_to_the_panel_by_themselves),
        cmocka_unit_test(test_readings_a36_roles_and_duties_have_whatever_names_the_rules_give),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
