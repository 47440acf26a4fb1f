/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readings A01 to A18 of what the written protocol leaves open, each by its number. Where a reading is kept by the
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
#include "told/directory.h"
#include "told/ladder.h"

static void test_readings_a01_the_day_of_receipt_is_not_counted(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-05-31T18:20:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = "2024-06-01T22:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = "2024-06-02T09:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = "2024-12-24T09:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-12-27T17:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a02_the_clock_starts_when_the_event_is_stored(void **state)
{
    static const struct told_case rows[] = {
        {.time = "2024-05-20T10:00:00Z", .received = NOW, .child = IN_CARE, .type = "court.appearance",
         .data = "'on':'2024-05-20'", .expect = "'expect':[{'duty':'D41','due_at':'2024-06-03T16:00:00Z'}]"},
        /* a sender whose clock runs ahead gains nobody a day */
        {.time = "2024-06-04T10:00:00Z", .received = NOW, .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-06-03T16:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a03_the_alarm_is_at_five_in_the_afternoon_local_time(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-01-15T10:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-01-16T17:00:00Z'}]"},
        {.received = "2024-07-15T10:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2024-07-16T16:00:00Z'}]"},
        /* over the change of the clocks, Sunday 31 March */
        {.received = "2025-03-28T10:00:00Z", .child = IN_CARE, .type = "police.charge",
         .expect = "'expect':[{'duty':'D41','due_at':'2025-03-31T16:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a04_charge_listing_appearance_and_report_have_a_clock_each(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_CARE, .type = "police.charge"},
        {.received = "2024-06-03T10:00:00Z", .child = IN_CARE, .type = "court.hearing-listed", .data = "'hearing':'h-1'"},
        {.received = "2024-06-04T10:00:00Z", .child = IN_CARE, .type = "court.appearance", .data = "'hearing':'h-1'"},
        {.received = "2024-06-05T10:00:00Z", .child = IN_CARE, .type = "court.report-requested", .data = "'hearing':'h-1'"},
    };
    struct made made[4];

    for (size_t i = 0; i < 4; i++) {
        made[i] = make_decision(*state, &rows[i]);
        assert_non_null(duty_of(&made[i], "D41"));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(duty_of(&made[i], "D41")->key, duty_of(&made[k], "D41")->key);
            assert_true(instant_compare(duty_of(&made[k], "D41")->due_at, duty_of(&made[i], "D41")->due_at) < 0);
        }
    }
    for (size_t i = 0; i < 4; i++)
        free_made(&made[i]);
}

static void test_readings_a05_an_arrest_starts_d79_and_the_first_listing_d41(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = "'born_on':'2009-02-03'," IN_CARE, .type = "police.arrest", .data = "'detained':true",
         .expect = "'expect':[{'duty':'D79','due_at':'2024-05-31T11:00:00Z'}],'expect_not':['D41']"},
        {.received = NOW, .child = IN_CARE, .type = "court.hearing-listed", .expect = "'expect':[{'duty':'D41'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a06_who_is_looked_after_or_in_need(void **state)
{
#define NOT_LOOKED_AFTER "'born_on':'2007-01-01','looked_after_basis':'none','in_need':false,'protection_plan':false"
#define BY_WORKER "'expect':[{'duty':'D41','tell':['social-worker']}]"
#define BY_ADVISER "'expect':[{'duty':'D41','tell':['personal-adviser']}]"
    static const struct told_case rows[] = {
        {.child = "'looked_after_basis':'s20'", .expect = BY_WORKER},
        {.child = "'looked_after_basis':'s31'", .expect = BY_WORKER},
        {.child = "'looked_after_basis':'remand'", .expect = BY_WORKER},
        {.child = "'looked_after_basis':'police-protection'", .expect = BY_WORKER},
        {.child = "'looked_after':true", .expect = BY_WORKER},
        {.child = "'looked_after':false,'in_need':true", .expect = BY_WORKER},
        {.child = "'looked_after':false,'in_need':false,'protection_plan':true", .expect = BY_WORKER},
        {.child = "'looked_after_basis':'s20','care_leaver':'eligible'", .expect = BY_WORKER},
        {.child = NOT_LOOKED_AFTER ",'care_leaver':'relevant'", .expect = BY_ADVISER},
        {.child = NOT_LOOKED_AFTER ",'care_leaver':'former-relevant'", .expect = BY_ADVISER},
        {.child = NOT_LOOKED_AFTER ",'care_leaver':'none'", .expect = "'expect_not':['D41']"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told_case row = rows[i];

        row.received = NOW;
        row.type = "police.charge";
        check_cases(*state, &row, 1);
    }
}

static const struct directory_role line[] = {
    {.name = "social-worker", .held = ROLE_HELD_ALLOCATION, .above = "social-work-team-manager",
     .falls_to = {"social-work-team-manager", "mash", "emergency-duty-team"}},
    {.name = "social-work-team-manager", .held = ROLE_HELD_TEAM, .of = "social-worker", .above = "head-of-service",
     .falls_to = {"mash", "emergency-duty-team"}},
    {.name = "mash", .held = ROLE_HELD_MAILBOX, .mailbox = "mash@southwark.example", .office_hours = true,
     .out_of_hours = "emergency-duty-team"},
    {.name = "emergency-duty-team", .held = ROLE_HELD_MAILBOX, .mailbox = "edt@southwark.example"},
    {.name = "head-of-service", .held = ROLE_HELD_POST, .above = "director", .mailbox = "head@southwark.example"},
    {.name = "director", .held = ROLE_HELD_POST, .mailbox = "director@southwark.example"},
};

static struct directory *make_directory(void)
{
    static const struct directory_person people[] = {
        {.id = "p-1", .email = "one@southwark.example", .team = "north", .left_at = {INT64_MIN}},
        {.id = "p-2", .email = "two@southwark.example", .team = "north", .left_at = {INT64_MIN}},
    };
    struct directory *directory = directory_new("last@southwark.example");

    for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++)
        directory_add_role(directory, &line[i]);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        directory_add_person(directory, &people[i]);
    directory_add_post(directory, "p-2", "social-work-team-manager");
    return directory;
}

static void test_readings_a07_the_directory_falls_to_manager_mash_and_duty_team(void **state)
{
    static const struct {
        const char *allocated, *at, *comes_to;
        bool away;
    } rows[] = {
        {"p-1", "2024-05-31T10:00:00Z", "p-1", false},
        {"p-1", "2024-05-31T10:00:00Z", "p-2", true},
        {NULL, "2024-05-31T10:00:00Z", "mailbox:mash", false},
        {NULL, "2024-06-01T22:00:00Z", "mailbox:emergency-duty-team", false},
    };
    const struct shipped *shipped = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct directory *directory = make_directory();
        struct allocation allocation = {"social-worker", rows[i].allocated};
        struct directory_absence absence = {
            .id = 1, .person_id = "p-1", .from = instant_of("2024-05-01T00:00:00Z"), .until = INSTANT_NONE};
        struct recipient to;

        if (rows[i].away)
            directory_add_absence(directory, &absence);
        directory_resolve(directory, shipped->calendar, "social-worker", &allocation, rows[i].allocated == NULL ? 0 : 1,
                          false, instant_of(rows[i].at), &to);
        assert_string_equal(to.id, rows[i].comes_to);
        directory_free(directory);
    }
}

static void test_readings_a07_on_remand_without_a_worker_the_yos_holds_the_duty(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = NOBODY, .type = "court.remand", .data = "'to':'local-authority-accommodation'",
         .expect = "'expect':[{'duty':'D35','tell':['yos-worker','quality-assurance']}],'expect_not':['D34']"},
    };

    CHECK_CASES(state, rows);
}

/* What an acknowledgement by the one told as `role` does to a duty that told both. */
static enum answer_effect answer_by(const char *closes, const char *one, const char *other, const char *role)
{
    const struct answer_line lines[] = {{.role = one, .told = strcmp(one, role) == 0},
                                        {.role = other, .told = strcmp(other, role) == 0}};
    bool counts[2];

    assert_int_equal(answer_lines(lines, 2, &role, 1, counts), 1);
    return answer_acknowledge(closes, lines, 2, counts);
}

static void test_readings_a08_tells_both_and_the_answer_of_the_yos_meets_the_duty(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = AWAY, .type = "police.charge",
         .expect = "'expect':[{'duty':'D44','tell':['social-worker','yos-duty-officer']}]"},
    };
    const struct shipped *shipped = *state;
    const char *closes = rule_closes(protocol_find(shipped->protocol, "D44"));

    CHECK_CASES(state, rows);
    assert_int_equal(answer_by(closes, "social-worker", "yos-duty-officer", "yos-duty-officer"), ANSWER_CLOSES);
    assert_int_equal(answer_by(closes, "social-worker", "yos-duty-officer", "social-worker"), ANSWER_HEARD);
}

static void test_readings_a09_from_receipt_or_from_the_day_it_was_learned(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = AWAY, .type = "police.charge",
         .expect = "'expect':[{'duty':'D44','due_at':'2024-06-03T16:00:00Z'}]"},
        {.received = NOW, .child = AWAY, .type = "care.proceedings-learned", .data = "'of':'charge','on':'2024-05-28'",
         .expect = "'expect':[{'duty':'D44','due_at':'2024-05-29T16:00:00Z'}]"},
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a10_the_placement_counts_and_not_the_place_of_the_offence(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = AWAY, .type = "police.charge", .data = "'authority':'southwark'",
         .expect = "'expect':[{'duty':'D44'}],'expect_not':['D02']"},
        {.received = NOW, .child = "'looked_after_basis':'s20','placement_authority':'southwark'", .type = "police.charge",
         .data = "'authority':'kent'",
         .expect = "'expect':[{'duty':'D02','due_at':'2024-06-03T16:00:00Z'}],'expect_not':['D44']"},
    };

    CHECK_CASES(state, rows);
}


static void test_readings_a11_the_custody_date_is_the_earlier_of_sentence_and_reception(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_CARE ",'care_leaver':'none'", .type = "court.sentence", .data = SENTENCED,
         .expect = "'expect':[{'duty':'D59','due_at':'2024-06-14T16:00:00Z'}]"},
        {.received = NOW, .child = WORKER ",'looked_after_before_custody':'s20','care_leaver':'none'",
         .type = "custody.reception", .data = "'sentenced':true,'on':'2024-05-29'",
         .expect = "'expect':[{'duty':'D59','due_at':'2024-06-12T16:00:00Z'}]"},
        /* the reception came first: the sentence after it starts nothing anew, nor does a transfer */
        {.received = NOW, .child = WORKER ",'looked_after_before_custody':'s20','care_leaver':'none'",
         .more = EARLIER_RECEPTION, .type = "custody.reception", .data = "'sentenced':true,'on':'2024-05-29'",
         .expect = "'expect_not':['D59','D60']"},
        {.received = NOW, .child = IN_SENTENCE ",'looked_after_before_custody':'s20'", .type = "custody.transfer",
         .data = "'on':'2024-05-29'", .expect = "'expect_not':['D59','D60','D86','D88']"},
    };

    CHECK_CASES(state, rows);
}

static struct facts *make_facts(const char *child)
{
    struct facts *facts = facts_new();
    char *text = mem_printf("{%s}", child);
    json_t *root;
    const char *key;
    json_t *value;

    quote(text);
    root = json_loads(text, 0, NULL);
    json_object_foreach(root, key, value)
        assert_null(facts_set(facts, key, value));
    json_decref(root);
    free(text);
    return facts;
}

static void apply(struct facts *facts, const char *type, const char *data)
{
    char *text = event_text("a-1", NOW, type, data);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event;

    quote(text);
    event = event_parse(text, strlen(text), &fault, &reason);
    if (event == NULL)
        fail_msg("%s", reason);
    facts_apply(facts, event);
    event_free(event);
    free(text);
}

static void assert_word(const struct facts *facts, const char *field, const char *expected)
{
    json_t *json = facts_json(facts);

    assert_string_equal(json_text_at(json, field), expected);
    json_decref(json);
}

static void test_readings_a12_a_remanded_child_becomes_looked_after(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = "'born_on':'2009-02-03','looked_after_basis':'none'", .type = "court.remand",
         .data = "'to':'youth-detention-accommodation','on':'2024-05-31'", .expect = "'expect':[{'duty':'D33'}]"},
    };
    struct facts *facts = make_facts("'looked_after_basis':'none'");
    struct facts *in_care = make_facts("'looked_after_basis':'s20'");

    CHECK_CASES(state, rows);
    apply(facts, "court.remand", "'to':'local-authority-accommodation'");
    assert_word(facts, "looked_after_basis", "remand");
    apply(in_care, "court.remand", "'to':'youth-detention-accommodation'");
    assert_word(in_care, "looked_after_basis", "s20");
    facts_free(facts);
    facts_free(in_care);
}

static void test_readings_a13_whoever_was_allocated_on_the_custody_date(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_CARE ",'care_leaver':'none'", .type = "court.sentence", .data = SENTENCED,
         .expect = "'expect':[{'duty':'D59','tell':['social-worker']},{'duty':'D60','tell':['social-worker']}]"},
        {.received = NOW, .child = "'looked_after_basis':'remand','care_leaver':'none'," NOBODY, .type = "court.sentence",
         .data = SENTENCED, .expect = "'expect':[{'duty':'D59','tell':['yos-worker']},{'duty':'D60','tell':['yos-worker']}]"},
        /* of s.20 and nobody: the way down from social-worker, not the YOS */
        {.received = NOW, .child = "'looked_after_basis':'s20','care_leaver':'none'," NOBODY, .type = "court.sentence",
         .data = SENTENCED, .expect = "'expect':[{'duty':'D59','tell':['social-worker']}]"},
    };
    struct facts *then = make_facts(IN_CARE);
    struct facts *later = facts_copy(then);

    CHECK_CASES(state, rows);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct made made = make_decision(*state, &rows[i]);

        assert_int_equal(duty_of(&made, "D59")->as_of.number, civil_day_of_date(2024, 5, 31).number);
        assert_int_equal(duty_of(&made, "D60")->as_of.number, civil_day_of_date(2024, 5, 31).number);
        assert_true(duty_of(&made, "D42") == NULL || civil_is_none(duty_of(&made, "D42")->as_of));
        free_made(&made);
    }
    apply(later, "care.allocation", "'role':'social-worker','practitioner':'p-9'");
    assert_string_equal(facts_allocated(then, "social-worker"), "p-1");
    facts_free(then);
    facts_free(later);
}

static void test_readings_a14_ten_working_days_before_the_early_date_itself_not_counted(void **state)
{
    static const struct told_case rows[] = {
        {.data = "'early_on':'2023-05-15','mandatory_on':'2023-07-15','early_entitled':true",
         .expect = "'expect':[{'duty':'D62','tell':['yos-worker'],'due_at':'2023-04-27T16:00:00Z'},"
                   "{'duty':'D63','tell':['governor'],'due_at':'2023-04-27T16:00:00Z'}]"},
        {.data = "'early_on':'2025-01-06','early_entitled':true",
         .expect = "'expect':[{'duty':'D63','due_at':'2024-12-18T17:00:00Z'}]"},
        {.data = "'early_on':'2024-04-12','early_entitled':true",
         .expect = "'expect':[{'duty':'D63','due_at':'2024-03-27T17:00:00Z'}]"},
        {.data = "'early_on':'2024-04-12','early_entitled':false", .expect = "'expect_not':['D62','D63']"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told_case row = rows[i];

        row.received = "2023-01-10T10:00:00Z";
        row.child = IN_SENTENCE;
        row.type = "custody.release-dates";
        check_cases(*state, &row, 1);
    }
}

static void test_readings_a15_a_moved_release_date_moves_the_same_duty(void **state)
{
    static const struct told_case rows[] = {
        {.received = NOW, .child = IN_SENTENCE, .type = "custody.release-dates",
         .data = "'early_on':'2024-08-01','early_entitled':true"},
        {.received = NOW, .child = IN_SENTENCE, .type = "custody.release-dates",
         .data = "'early_on':'2024-06-07','early_entitled':true"},
    };
    struct made first = make_decision(*state, &rows[0]);
    struct made second = make_decision(*state, &rows[1]);

    assert_string_equal(duty_of(&first, "D63")->key, duty_of(&second, "D63")->key);
    assert_string_not_equal(duty_of(&first, "D63")->shows, duty_of(&second, "D63")->shows);
    /* the new deadline has passed already: it comes out, and climbs at once */
    assert_at(duty_of(&second, "D63")->due_at, "2024-05-23T16:00:00Z");
    assert_at(ladder_first_at(duty_of(&second, "D63")->due_at, instant_of(NOW)), NOW);
    free_made(&first);
    free_made(&second);
}

#define PREPARED(dates, due)                                                                                             \
    {.received = "2024-01-10T10:00:00Z", .child = IN_CARE "," IN_SENTENCE, .more = dates,                                \
     .type = "custody.meeting-held", .data = NO_PLACEMENT, .expect = "'expect':[{'duty':'D66','due_at':'" due "'}]"}

static void test_readings_a16_one_month_before_release_moved_back_to_a_working_day(void **state)
{
    static const struct told_case rows[] = {
        PREPARED(DATES("2024-03-29", "2024-09-29", "true"), "2024-02-29T17:00:00Z"),
        PREPARED(DATES("2024-03-31", "2024-09-30", "true"), "2024-02-29T17:00:00Z"),
        PREPARED(DATES("2024-07-31", "2024-09-30", "true"), "2024-06-28T16:00:00Z"),
        PREPARED(DATES("2024-05-20", "2024-09-20", "true"), "2024-04-19T16:00:00Z"),
        /* not entitled: the mandatory date is the release */
        PREPARED(DATES("2024-03-29", "2024-07-31", "false"), "2024-06-28T16:00:00Z"),
    };

    CHECK_CASES(state, rows);
}

static void test_readings_a17_the_relevant_service_is_by_status_and_age(void **state)
{
#define FREE "'looked_after_basis':'none','care_leaver':"
    static const struct {
        const char *child, *tells;
    } rows[] = {
        {"'born_on':'2009-06-01','looked_after_basis':'s31'", "care-service"},
        {"'born_on':'2007-06-01'," FREE "'relevant'", "care-service"},
        {"'born_on':'2007-06-01'," FREE "'none'", "integrated-homeless-team"},
        {"'born_on':'2008-06-01'," FREE "'none'", "mash"},
        /* no leaver's status is stated under 16, and none is needed */
        {"'born_on':'2009-06-01','looked_after_basis':'none'", "mash"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *child = mem_printf("%s," IN_SENTENCE, rows[i].child);
        char *expect = mem_printf("'expect':[{'duty':'D66','tell':['%s']}]", rows[i].tells);
        struct told_case row = {.received = "2024-01-10T10:00:00Z", .child = child, .type = "custody.meeting-held",
                                .more = DATES("2024-07-31", "2024-09-30", "true"), .data = NO_PLACEMENT, .expect = expect};

        check_cases(*state, &row, 1);
        free(child);
        free(expect);
    }
}

static void test_readings_a18_two_meetings_with_a_deadline_each(void **state)
{
    static const struct told_case rows[] = {
        {.received = "2024-01-10T10:00:00Z", .child = IN_CARE "," IN_SENTENCE, .more = DATES("2024-07-31", "2024-09-30", "true"),
         .type = "custody.meeting-held", .data = NO_PLACEMENT, .expect = "'expect':[{'duty':'D66'}],'expect_not':['D67']"},
        {.received = "2024-01-10T10:00:00Z", .child = IN_CARE "," IN_SENTENCE, .more = DATES("2024-07-31", "2024-09-30", "true"),
         .type = "custody.meeting-held", .data = NO_ADDRESS, .expect = "'expect':[{'duty':'D67'}],'expect_not':['D66']"},
    };

    CHECK_CASES(state, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings_a01_the_day_of_receipt_is_not_counted),
        cmocka_unit_test(test_readings_a02_the_clock_starts_when_the_event_is_stored),
        cmocka_unit_test(test_readings_a03_the_alarm_is_at_five_in_the_afternoon_local_time),
        cmocka_unit_test(test_readings_a04_charge_listing_appearance_and_report_have_a_clock_each),
        cmocka_unit_test(test_readings_a05_an_arrest_starts_d79_and_the_first_listing_d41),
        cmocka_unit_test(test_readings_a06_who_is_looked_after_or_in_need),
        cmocka_unit_test(test_readings_a07_the_directory_falls_to_manager_mash_and_duty_team),
        cmocka_unit_test(test_readings_a07_on_remand_without_a_worker_the_yos_holds_the_duty),
        cmocka_unit_test(test_readings_a08_tells_both_and_the_answer_of_the_yos_meets_the_duty),
        cmocka_unit_test(test_readings_a09_from_receipt_or_from_the_day_it_was_learned),
        cmocka_unit_test(test_readings_a10_the_placement_counts_and_not_the_place_of_the_offence),
        cmocka_unit_test(test_readings_a11_the_custody_date_is_the_earlier_of_sentence_and_reception),
        cmocka_unit_test(test_readings_a12_a_remanded_child_becomes_looked_after),
        cmocka_unit_test(test_readings_a13_whoever_was_allocated_on_the_custody_date),
        cmocka_unit_test(test_readings_a14_ten_working_days_before_the_early_date_itself_not_counted),
        cmocka_unit_test(test_readings_a15_a_moved_release_date_moves_the_same_duty),
        cmocka_unit_test(test_readings_a16_one_month_before_release_moved_back_to_a_working_day),
        cmocka_unit_test(test_readings_a17_the_relevant_service_is_by_status_and_age),
        cmocka_unit_test(test_readings_a18_two_meetings_with_a_deadline_each),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
