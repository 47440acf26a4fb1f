/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/coverage.h"

#define BOX(name) name "@southwark.example"

static const char HOLIDAYS[] =
    "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
    "{\"title\":\"Spring bank holiday\",\"date\":\"2024-05-27\",\"notes\":\"\",\"bunting\":true}]}}";

/* None of these would pass directory_validate: that is what coverage is looking for here. */
static const struct directory_role ROLES[] = {
    {.name = "worker", .held = ROLE_HELD_ALLOCATION, .falls_to = {"lead"}},
    {.name = "lead", .held = ROLE_HELD_TEAM, .of = "worker"},
    {.name = "duty", .held = ROLE_HELD_POST},
    {.name = "door", .held = ROLE_HELD_MAILBOX, .mailbox = BOX("door"), .office_hours = true},
    {.name = "gate", .held = ROLE_HELD_MAILBOX, .mailbox = BOX("gate")},
    {.name = "caller", .held = ROLE_HELD_POST, .falls_to = {"door"}},
};

struct fixture {
    struct directory *directory;
    struct calendar *calendar;
};

static struct instant at(const char *text)
{
    struct instant instant;
    assert_true(instant_parse(text, &instant));
    return instant;
}

static int make_fixture(void **state)
{
    static const struct directory_person people[] = {
        {.id = "a-1", .email = BOX("a1"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "a-2", .email = BOX("a2"), .team = "north", .left_at = {INT64_MIN}},
        {.id = "d-1", .email = BOX("d1"), .left_at = {INT64_MIN}},
        {.id = "d-2", .email = BOX("d2"), .left_at = {INT64_MIN}},
    };
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char *reason = NULL;
    fixture->calendar = calendar_parse(HOLIDAYS, strlen(HOLIDAYS), &reason);
    fixture->directory = directory_new(BOX("last"));
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        directory_add_role(fixture->directory, &ROLES[i]);
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        directory_add_person(fixture->directory, &people[i]);
    *state = fixture;
    return fixture->calendar == NULL;
}

static int free_fixture(void **state)
{
    struct fixture *fixture = *state;
    directory_free(fixture->directory);
    calendar_free(fixture->calendar);
    free(fixture);
    return 0;
}

/* "child role immediate from until" of each gap, a line each; the caller frees. */
static char *look(const struct fixture *fixture, const char *role, bool immediate, const struct coverage_child *children,
                  size_t child_count, const char *from, const char *until)
{
    struct coverage_role one = {role, immediate};
    struct coverage coverage;
    size_t room = 4096, len = 0;
    char *text = calloc(1, room);
    coverage_look(fixture->directory, fixture->calendar, &one, 1, children, child_count, at(from), at(until), &coverage);
    for (size_t i = 0; i < coverage.gap_count && len < room; i++) {
        const struct coverage_gap *gap = &coverage.gaps[i];
        char begin[INSTANT_TEXT_SIZE], end[INSTANT_TEXT_SIZE];
        len += (size_t)snprintf(text + len, room - len, "%lld %s%s %s %s\n", (long long)gap->child_id, gap->role,
                                gap->immediate ? "!" : "", instant_print(gap->from, begin), instant_print(gap->until, end));
    }
    coverage_release(&coverage);
    return text;
}

static void expect(const struct fixture *fixture, const char *role, bool immediate, const char *from, const char *until,
                   const char *want)
{
    char *got = look(fixture, role, immediate, NULL, 0, from, until);
    if (strcmp(got, want) != 0)
        fail_msg("%s:\n%s", role, got);
    free(got);
}

#define MONDAY "2024-06-03T06:00:00Z"
#define FRIDAY "2024-06-07T06:00:00Z"

static void test_coverage_of_an_open_mailbox_has_no_gap(void **state)
{
    expect(*state, "gate", true, MONDAY, FRIDAY, "");
}

static void test_coverage_of_a_post_is_where_its_rota_is(void **state)
{
    struct fixture *fixture = *state;
    const char *const people[] = {"d-1", "d-2"};
    struct directory_shift shift = {1, "duty", NULL, people, {{civil_day_of_date(2024, 6, 3), 540}, {civil_day_of_date(2024, 6, 6), 600}, 1, 2}};
    directory_add_shift(fixture->directory, &shift);
    struct directory_absence away = {1, "d-2", at("2024-06-04T10:15:00Z"), at("2024-06-04T20:00:00Z"), NULL};
    directory_add_absence(fixture->directory, &away);
    expect(fixture, "duty", false, MONDAY, FRIDAY,
           "0 duty 2024-06-03T06:00:00Z 2024-06-03T08:00:00Z\n"
           "0 duty 2024-06-04T10:15:00Z 2024-06-04T20:00:00Z\n"
           "0 duty 2024-06-06T09:00:00Z 2024-06-07T06:00:00Z\n");
    /* What is so of every duty is not said again of immediate ones. */
    expect(fixture, "duty", true, "2024-06-06T12:00:00Z", FRIDAY, "0 duty 2024-06-06T12:00:00Z 2024-06-07T06:00:00Z\n");
}

static void test_coverage_counts_a_closed_mailbox_for_immediate_duties(void **state)
{
    expect(*state, "door", false, "2024-05-31T06:00:00Z", MONDAY, "");
    expect(*state, "door", true, "2024-05-31T06:00:00Z", MONDAY,
           "0 door! 2024-05-31T06:00:00Z 2024-05-31T08:00:00Z\n"
           "0 door! 2024-05-31T16:00:00Z 2024-06-03T06:00:00Z\n");
    expect(*state, "caller", true, "2024-06-02T06:00:00Z", "2024-06-03T09:00:00Z",
           "0 caller! 2024-06-02T06:00:00Z 2024-06-03T08:00:00Z\n");
}

static void test_coverage_looks_at_each_child_when_its_own_facts_change(void **state)
{
    struct fixture *fixture = *state;
    const struct coverage_spell open[] = {{at("2024-01-01T00:00:00Z"), true}};
    const struct coverage_spell later[] = {{at("2024-06-04T00:00:00Z"), true}, {at("2024-06-05T00:00:00Z"), false}};
    const struct coverage_stint held[] = {{at("2024-01-01T00:00:00Z"), "worker", "a-1"}, {at("2024-06-04T11:11:00Z"), "worker", NULL},
                                          {at("2024-06-04T12:12:00Z"), "worker", "a-2"}, {at("2024-06-05T13:13:00Z"), "*", NULL}};
    const struct coverage_child children[] = {
        {1, held, 4, open, 1},  {2, NULL, 0, open, 1}, {3, NULL, 0, later, 2},
        {4, NULL, 0, open, 1},  {5, held, 1, open, 1},  {6, NULL, 0, NULL, 0}};
    char *got = look(fixture, "worker", false, children, 6, MONDAY, FRIDAY);
    assert_string_equal(got, "1 worker 2024-06-04T11:11:00Z 2024-06-04T12:12:00Z\n"
                             "1 worker 2024-06-05T13:13:00Z 2024-06-07T06:00:00Z\n"
                             "2 worker 2024-06-03T06:00:00Z 2024-06-07T06:00:00Z\n"
                             "3 worker 2024-06-04T00:00:00Z 2024-06-05T00:00:00Z\n"
                             "4 worker 2024-06-03T06:00:00Z 2024-06-07T06:00:00Z\n");
    free(got);
}

static void test_coverage_says_whom_it_comes_to_and_why(void **state)
{
    struct fixture *fixture = *state;
    const struct coverage_role role = {"duty", false};
    struct coverage coverage;
    coverage_look(fixture->directory, fixture->calendar, &role, 1, NULL, 0, at(MONDAY), at(FRIDAY), &coverage);
    assert_int_equal(coverage.gap_count, 1);
    assert_string_equal(coverage.gaps[0].comes_to.id, "last-resort");
    assert_string_equal(coverage.gaps[0].comes_to.because, "duty: nobody holds the post; last-resort: nobody at all");
    /* The offices open and close: four days, and the beginning. */
    assert_int_equal(coverage.instants, 1 + 4 * 2);
    coverage_release(&coverage);
}

/* Minute by minute the directory says the same as the instants that were looked at. */
static void test_coverage_misses_nothing_between_its_instants(void **state)
{
    struct fixture *fixture = *state;
    const char *const people[] = {"d-1", "d-2"};
    struct directory_shift shift = {1, "duty", NULL, people, {{civil_day_of_date(2024, 10, 25), 90}, {civil_day_of_date(2024, 10, 28), 95}, 1, 2}};
    directory_add_shift(fixture->directory, &shift);
    struct directory_absence away[] = {{1, "d-2", at("2024-10-26T17:03:00Z"), at("2024-10-26T18:01:00Z"), NULL},
                                       {2, "d-1", at("2024-10-27T00:10:00Z"), at("2024-10-27T00:50:00Z"), NULL},
                                       {3, "d-2", at("2024-10-27T00:40:00Z"), at("2024-10-27T03:00:00Z"), "d-1"}};
    for (size_t i = 0; i < 3; i++)
        directory_add_absence(fixture->directory, &away[i]);
    const struct coverage_role role = {"duty", false};
    struct coverage coverage;
    struct instant from = at("2024-10-24T00:00:00Z"), until = at("2024-10-30T00:00:00Z");
    coverage_look(fixture->directory, fixture->calendar, &role, 1, NULL, 0, from, until, &coverage);
    for (struct instant now = from; instant_compare(now, until) < 0; now = instant_add_seconds(now, 60)) {
        struct recipient who;
        bool is_in_gap = false;
        directory_resolve(fixture->directory, fixture->calendar, "duty", NULL, 0, false, now, &who);
        for (size_t i = 0; i < coverage.gap_count; i++)
            is_in_gap |= instant_compare(coverage.gaps[i].from, now) <= 0 && instant_compare(now, coverage.gaps[i].until) < 0;
        assert_int_equal(is_in_gap, who.kind == RECIPIENT_LAST_RESORT);
    }
    assert_int_equal(coverage.gap_count, 4);
    coverage_release(&coverage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, free_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_coverage_of_an_open_mailbox_has_no_gap),
        TEST(test_coverage_of_a_post_is_where_its_rota_is),
        TEST(test_coverage_counts_a_closed_mailbox_for_immediate_duties),
        TEST(test_coverage_looks_at_each_child_when_its_own_facts_change),
        TEST(test_coverage_says_whom_it_comes_to_and_why),
        TEST(test_coverage_misses_nothing_between_its_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
