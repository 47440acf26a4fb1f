/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "told/answer.h"

static const char *const CSC[] = {"team-manager", "service-manager", "director"};
static const char *const YOS[] = {"line-manager", "director"};

static const struct answer_line TWO[] = {
    {"worker", CSC, 3, false, false},
    {"officer", YOS, 2, false, false},
};

struct row {
    const char *closes;
    bool first, second;         /* answered for now */
    bool first_was, second_was; /* answered before */
    enum answer_effect effect;
};

static void test_answer_closes_as_its_rule_says(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ack", true, false, false, false, ANSWER_CLOSES},
        {"ack", false, true, false, false, ANSWER_CLOSES},
        {"ack of all", true, false, false, false, ANSWER_HEARD},
        {"ack of all", true, false, false, true, ANSWER_CLOSES},
        {"ack of all", true, true, false, false, ANSWER_CLOSES},
        {"ack of all", true, false, true, false, ANSWER_HEARD},
        {"ack of officer", true, false, false, false, ANSWER_HEARD},
        {"ack of officer", false, true, false, false, ANSWER_CLOSES},
        {"ack of nobody-told", true, false, false, false, ANSWER_HEARD},
        {"ack of nobody-told", true, true, false, false, ANSWER_CLOSES},
        {"done", true, true, true, true, ANSWER_SLEEPS},
        {"done, care.visit", true, false, false, false, ANSWER_SLEEPS},
        {"care.allocation", true, false, false, false, ANSWER_SLEEPS},
        {"", true, false, false, false, ANSWER_SLEEPS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer_line lines[2] = {TWO[0], TWO[1]};
        lines[0].answered = rows[i].first_was;
        lines[1].answered = rows[i].second_was;
        bool counts[2] = {rows[i].first, rows[i].second};
        assert_int_equal(answer_acknowledge(rows[i].closes, lines, 2, counts), rows[i].effect);
    }
}

static void test_answer_counts_for_the_lines_told_to_the_person(void **state)
{
    (void)state;
    struct answer_line lines[2] = {TWO[0], TWO[1]};
    bool counts[2];
    const char *const held[] = {"officer"};
    lines[0].told = true; /* told on the first line: the post on the second is not what they answered as */
    assert_int_equal(answer_lines(lines, 2, held, 1, counts), 1);
    assert_true(counts[0]);
    assert_false(counts[1]);
}

static void test_answer_counts_by_role_when_the_person_was_not_told(void **state)
{
    (void)state;
    bool counts[2];
    const char *const officer[] = {"analyst", "officer"}, *const manager[] = {"line-manager"},
                      *const director[] = {"director"};
    assert_int_equal(answer_lines(TWO, 2, officer, 2, counts), 1);
    assert_true(counts[1]);
    assert_int_equal(answer_lines(TWO, 2, manager, 1, counts), 1);
    assert_true(counts[1]);
    assert_int_equal(answer_lines(TWO, 2, director, 1, counts), 2);
}

static void test_answer_of_a_stranger_counts_for_nothing(void **state)
{
    (void)state;
    bool counts[2] = {true, true};
    const char *const held[] = {"analyst"};
    assert_int_equal(answer_lines(TWO, 2, held, 1, counts), 0);
    assert_false(counts[0]);
    assert_false(counts[1]);
    assert_int_equal(answer_lines(TWO, 2, NULL, 0, counts), 0);
    assert_int_equal(answer_lines(NULL, 0, held, 1, counts), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_closes_as_its_rule_says),
        cmocka_unit_test(test_answer_counts_for_the_lines_told_to_the_person),
        cmocka_unit_test(test_answer_counts_by_role_when_the_person_was_not_told),
        cmocka_unit_test(test_answer_of_a_stranger_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
