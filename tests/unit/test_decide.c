/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shipped.h"
#include "told/decide.h"
#include "told/mem.h"

static struct shipped *conf;

static int load_conf(void **state)
{
    int failed = shipped_load(state);

    conf = *state;
    return failed;
}

/* NULL, or what is wrong with it (caller frees). */
static char *run_case(const char *text, size_t len)
{
    struct decision decision;
    char *difference = NULL;
    struct decide_case *one = decide_case_parse(text, len, &difference);

    if (one == NULL)
        return difference;
    decide(conf->protocol, conf->calendar, decide_case_input(one), &decision);
    difference = decide_case_compare(one, &decision);
    decision_release(&decision);
    decide_case_free(one);
    return difference;
}

/* Every case of the folder; how many there were. */
static size_t run_folder(const char *folder, size_t *ret_failed)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    while (dir != NULL) {
        const struct dirent *entry = readdir(dir);
        size_t name_len = entry == NULL ? 0 : strlen(entry->d_name);
        char *path;
        char *text;
        char *difference;
        size_t len;

        if (entry == NULL)
            break;
        if (name_len < 6 || strcmp(entry->d_name + name_len - 5, ".json") != 0)
            continue;
        path = mem_printf("%s/%s", folder, entry->d_name);
        text = whole_file(path, &len);
        difference = run_case(text, len);
        if (difference != NULL)
            print_error("%s: %s\n", path, difference);
        *ret_failed += difference == NULL ? 0 : 1;
        count++;
        free(difference);
        free(text);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void test_decide_gives_what_the_golden_cases_expect(void **state)
{
    size_t failed = 0;

    (void)state;
    assert_true(run_folder("tests/golden/decisions", &failed) >= 150);
    assert_int_equal(failed, 0);
}

/* The cases that the project was given, where they are at hand. */
static void test_decide_gives_what_the_shared_cases_expect(void **state)
{
    const char *shared = getenv("TOLD_SHARED");
    char *folder = mem_printf("%s/cases", shared == NULL ? "../shared" : shared);
    size_t failed = 0;
    size_t count = run_folder(folder, &failed);

    (void)state;
    free(folder);
    assert_int_equal(failed, 0);
    assert_true(count > 0);
}

/* A decision of the shipped rules about a looked after child with a worker. */
struct made {
    struct decide_case *one;
    struct decision decision;
};

static struct made make_decision(const char *received_at, const char *history, const char *type,
                                 const char *data)
{
    struct made made;
    char *reason = NULL;
    char *text = mem_printf(
        "{\"received_at\":\"%s\",\"authority\":\"southwark\",\"child\":{\"born_on\":\"2009-02-03\",\"looked_after_basis\":\"s20\","
        "\"home_authority\":\"southwark\",\"placement_authority\":\"southwark\",\"care_leaver\":\"none\",\"in_custody\":false,"
        "\"sentenced\":false,\"allocations\":{\"social-worker\":\"p-1\"}},\"history\":[%s],\"event\":{\"specversion\":\"1.0\","
        "\"id\":\"9\",\"source\":\"x/y\",\"type\":\"%s\",\"time\":\"%s\",\"data\":{\"person\":{}%s}}}",
        received_at, history, type, received_at, data);

    made.one = decide_case_parse(text, strlen(text), &reason);
    if (made.one == NULL)
        fail_msg("%s", reason);
    decide(conf->protocol, conf->calendar, decide_case_input(made.one), &made.decision);
    free(text);
    return made;
}

static const struct decided_duty *find_duty(const struct made *made, const char *duty)
{
    for (size_t i = 0; i < made->decision.duty_count; i++) {
        if (strcmp(made->decision.duties[i].duty, duty) == 0)
            return &made->decision.duties[i];
    }
    fail_msg("%s did not come out", duty);
    return NULL;
}

static void free_made(struct made *made)
{
    decision_release(&made->decision);
    decide_case_free(made->one);
}

#define PAST(id, data)                                                                                       \
    "{\"received_at\":\"2024-05-01T10:00:00Z\",\"event\":{\"specversion\":\"1.0\",\"id\":\"" id              \
    "\",\"source\":\"x/y\","                                                                                 \
    "\"type\":\"police.charge\",\"time\":\"2024-05-01T10:00:00Z\",\"data\":{\"person\":{}" data "}}}"

struct keyed {
    const char *history;
    const char *type;
    const char *data;
    const char *duty;
    const char *key;
};

static void test_decide_key_is_what_makes_it_the_same_duty(void **state)
{
    static const struct keyed rows[] = {
        {"", "police.charge", "", "D41", "[\"police.charge\",\"x/y 9\"]"},
        {PAST("8", ""), "police.charge", ",\"amends\":\"8\"", "D41", "[\"police.charge\",\"x/y 8\"]"},
        {PAST("7", "") "," PAST("8", ",\"amends\":\"7\""), "police.charge", ",\"amends\":\"8\"", "D41",
         "[\"police.charge\",\"x/y 7\"]"},
        {PAST("8", ",\"amends\":\"9\""), "police.charge", ",\"amends\":\"8\"", "D41",
         "[\"police.charge\",\"x/y 9\"]"},
        {"", "court.hearing-listed", ",\"hearing\":\"h-1\"", "D41", "[\"court.hearing-listed\",\"h-1\"]"},
        {"", "court.appearance", ",\"hearing\":\"h-1\",\"on\":\"2024-05-30\"", "D41",
         "[\"court.appearance\",\"h-1 2024-05-30\"]"},
        {"", "court.hearing-listed", ",\"hearing\":\"a\\\"b\"", "D41",
         "[\"court.hearing-listed\",\"a\\\"b\"]"},
        {"", "court.sentence", ",\"kind\":\"custody\",\"on\":\"2024-05-30\"", "D59", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct made made = make_decision("2024-05-31T18:20:00Z", rows[i].history, rows[i].type, rows[i].data);

        assert_string_equal(find_duty(&made, rows[i].duty)->key, rows[i].key);
        free_made(&made);
    }
}

static void test_decide_shows_what_the_reader_must_know(void **state)
{
    struct made made = make_decision(
        "2024-05-31T18:20:00Z", "", "court.hearing-listed",
        ",\"hearing\":\"h-1\",\"court\":\"kent\",\"at\":\"2024-06-20T09:00:00Z\",\"purpose\":\"trial\"");
    const struct decided_duty *duty = find_duty(&made, "D43");
    json_t *shows = json_loads(duty->shows, 0, NULL);
    char *canonical = json_canonical(shows);

    (void)state;
    assert_string_equal(
        duty->shows,
        "{\"at\":\"2024-06-20T09:00:00Z\",\"court\":\"kent\",\"due_at\":\"2024-06-20T09:00:00Z\"}");
    assert_string_equal(duty->shows, canonical);
    assert_string_equal(duty->ladder, "csc");
    free(canonical);
    json_decref(shows);
    free_made(&made);
}

static void test_decide_says_why_and_which_days_count(void **state)
{
    struct made made = make_decision("2024-05-31T18:20:00Z", "", "police.charge", "");
    json_t *because = find_duty(&made, "D41")->because;

    (void)state;
    assert_string_equal(json_string_value(json_array_get(because, 0)), "child.looked_after is true");
    assert_string_equal(
        json_string_value(json_array_get(because, json_array_size(because) - 1)),
        "due 2024-06-03 17:00 Europe/London: 1 working day after Friday 2024-05-31 (receipt); "
        "not counted: Sat 1 June, Sun 2 June");
    free_made(&made);
}

static void test_decide_reviews_with_the_shorter_clock(void **state)
{
    struct made made = make_decision("2024-05-31T18:20:00Z", "", "court.bail", ",\"decision\":\"refused\"");
    const struct decided_review *review = NULL;
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < made.decision.review_count; i++) {
        if (strcmp(made.decision.reviews[i].duty, "D27") == 0)
            review = &made.decision.reviews[i];
    }
    assert_non_null(review);
    assert_string_equal(instant_print(review->due_at, text), "2024-05-31T19:20:00Z");
    assert_int_equal(review->unknown_count, 2);
    assert_string_equal(review->unknown[0], "court.is_host");
    free_made(&made);
}

static void test_decide_is_provisional_beyond_the_calendar(void **state)
{
    struct made made = make_decision("2031-03-03T10:00:00Z", "", "police.charge", "");

    (void)state;
    assert_true(find_duty(&made, "D41")->provisional);
    free_made(&made);
}

static void test_decide_gives_the_same_twice(void **state)
{
    struct made a = make_decision("2024-05-31T18:20:00Z", "", "court.remand",
                                  ",\"to\":\"youth-detention-accommodation\",\"on\":\"2024-05-31\"");
    struct made b = make_decision("2024-05-31T18:20:00Z", "", "court.remand",
                                  ",\"to\":\"youth-detention-accommodation\",\"on\":\"2024-05-31\"");
    json_t *of_a = decision_json(&a.decision);
    json_t *of_b = decision_json(&b.decision);

    (void)state;
    assert_true(json_equal(of_a, of_b));
    assert_true(json_array_size(json_object_get(of_a, "duties")) > 2);
    json_decref(of_a);
    json_decref(of_b);
    free_made(&a);
    free_made(&b);
}

/* It is on record with its reason, is no duty and no question, and on a doubt it is not there at all. */
static void test_decide_records_what_tells_nobody(void **state)
{
    struct made surely = make_decision("2024-05-31T18:20:00Z", "", "court.conviction", "");
    struct made doubtful =
        make_decision("2024-05-31T18:20:00Z", "", "yos.meeting-arranged", ",\"meeting\":\"practice-group\"");
    json_t *printed = decision_json(&surely.decision);
    const json_t *record = json_array_get(json_object_get(printed, "records"), 0);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(printed, "records")), 1);
    assert_string_equal(json_text_at(record, "duty"), "D25");
    assert_true(json_is_array(json_object_get(record, "because")));
    for (size_t i = 0; i < surely.decision.duty_count; i++)
        assert_string_not_equal(surely.decision.duties[i].duty, "D25");
    assert_int_equal(doubtful.decision.record_count, 0);
    for (size_t i = 0; i < doubtful.decision.review_count; i++)
        assert_string_not_equal(doubtful.decision.reviews[i].duty, "D07");
    json_decref(printed);
    free_made(&surely);
    free_made(&doubtful);
}

static struct event *make_event(const char *type, const char *data)
{
    char *text = mem_printf("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"x/y\",\"type\":\"%s\","
                            "\"time\":\"2024-05-31T10:00:00Z\",\"data\":{\"person\":{}%s}}",
                            type, data);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(text, strlen(text), &fault, &reason);

    if (event == NULL)
        fail_msg("%s", reason);
    free(text);
    return event;
}

struct closing {
    const char *rule;
    const char *ground_type;
    const char *ground_data;
    const char *type;
    const char *data;
    bool closes;
};

static void test_decide_closes_on_the_event_the_rule_names(void **state)
{
    static const struct closing rows[] = {
        {"D59", "court.sentence", "", "care.visit", "", true},
        {"D59", "court.sentence", "", "care.assessment", ",\"kind\":\"single\",\"state\":\"completed\"",
         false},
        {"D60", "court.sentence", "", "care.assessment", ",\"kind\":\"single\",\"state\":\"completed\"",
         true},
        {"D60", "court.sentence", "", "care.assessment", ",\"kind\":\"single\",\"state\":\"started\"", false},
        {"D60", "court.sentence", "", "care.assessment", "", false},
        {"D18", "police.arrest", ",\"case\":\"A\"", "police.charge", ",\"case\":\"A\"", true},
        {"D18", "police.arrest", ",\"case\":\"A\"", "police.charge", ",\"case\":\"B\"", false},
        {"D18", "police.arrest", ",\"case\":\"A\"", "police.charge", "", true},
        {"D18", "police.arrest", "", "police.charge", ",\"retracts\":\"0\"", false},
        {"D36", "court.remand", ",\"hearing\":\"h-1\"", "care.meeting-arranged",
         ",\"meeting\":\"first-looked-after-review\"", true},
        {"D36", "court.remand", "", "care.status", ",\"looked_after\":false", true},
        {"D36", "court.remand", "", "care.status", ",\"looked_after_basis\":\"none\"", true},
        {"D36", "court.remand", "", "care.status", ",\"in_need\":false", false},
        {"D46", "police.charge", "", "care.allocation",
         ",\"role\":\"yos-tracking-officer\",\"practitioner\":\"p-4\"", true},
        {"D46", "police.charge", "", "care.allocation",
         ",\"role\":\"yos-tracking-officer\",\"practitioner\":null", false},
        {"D63", "custody.release-dates", "", "yos.governor-informed", ",\"address\":true", false},
        {"D63", "custody.release-dates", "", "yos.governor-informed",
         ",\"address\":true,\"monitoring_suitable\":true", true},
        {"D63", "custody.release-dates", "", "custody.release", ",\"reason\":\"released\"", true},
        {"D63", "custody.release-dates", "", "custody.release", ",\"reason\":\"court\"", false},
        {"D66", "custody.meeting-held", ",\"meeting\":\"release-preparation\"", "custody.meeting-held",
         ",\"meeting\":\"release-preparation\",\"placement_identified\":true", true},
        {"D66", "custody.meeting-held", ",\"meeting\":\"release-preparation\"", "custody.meeting-held",
         ",\"meeting\":\"pre-release\",\"placement_identified\":true", false},
        {"D90", "custody.release", "", "yos.order-ended", "", true},
        {"D41", "police.charge", "", "court.sentence", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event *ground = make_event(rows[i].ground_type, rows[i].ground_data);
        struct event *later = make_event(rows[i].type, rows[i].data);
        const struct rule *rule = protocol_find(conf->protocol, rows[i].rule);

        assert_non_null(rule);
        if (decide_closes(rule, ground, later) != rows[i].closes)
            fail_msg("%s: %s%s", rows[i].rule, rows[i].type, rows[i].data);
        event_free(ground);
        event_free(later);
    }
}

static void test_decide_leaves_what_is_outside_the_catalogue_alone(void **state)
{
    struct event *event = make_event("told.instant", ",\"rule\":\"D67\"");
    struct facts *facts = facts_new();
    struct decide_input input = {.authority = "southwark", .event = event, .facts = facts};
    struct decision decision;

    (void)state;
    decide(conf->protocol, conf->calendar, &input, &decision);
    assert_int_equal(decision.duty_count + decision.review_count + decision.not_count, 0);
    decision_release(&decision);
    facts_free(facts);
    event_free(event);
}

static void test_decide_case_is_refused_with_a_reason(void **state)
{
    static const char *const wrongs[][2] = {
        {"[", "line 1"},
        {"[]", "must be a JSON object"},
        {"{}", "authority"},
        {"{\"authority\":\"x\"}", "received_at"},
        {"{\"authority\":\"x\",\"received_at\":\"2024-05-31T18:20:00Z\"}", "event: missing"},
        {"{\"authority\":\"x\",\"received_at\":\"2024-05-31T18:20:00Z\",\"event\":{}}", "event: specversion"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        char *reason = NULL;

        assert_null(decide_case_parse(wrongs[i][0], strlen(wrongs[i][0]), &reason));
        assert_non_null(strstr(reason, wrongs[i][1]));
        free(reason);
    }
}

static void test_decide_case_notices_a_difference(void **state)
{
    static const char *const lists[] = {
        "\"expect\":[{\"duty\":\"D41\"}]",
        "\"expect\":[{\"duty\":\"D89\",\"tell\":[\"mash\"]}]",
        "\"expect\":[{\"duty\":\"D89\",\"tell\":[\"custody-scrutiny-panel\",\"mash\"]}]",
        "\"expect\":[{\"duty\":\"D89\",\"due_at\":\"2024-06-03T16:00:01Z\"}]",
        "\"expect_not\":[\"D89\"]",
        "\"expect_review\":[\"D89\"]",
        "\"expect_review\":[\"D41\"]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char *text = mem_printf(
            "{\"authority\":\"x\",\"received_at\":\"2024-05-31T18:20:00Z\",\"child\":{},%s,\"event\":{\"specversion\":"
            "\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"yos.cusp-of-custody\",\"time\":\"2024-05-31T18:20:00Z\","
            "\"data\":{\"person\":{}}}}",
            lists[i]);
        char *difference = run_case(text, strlen(text));

        assert_non_null(difference);
        free(difference);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide_gives_what_the_golden_cases_expect),
        cmocka_unit_test(test_decide_key_is_what_makes_it_the_same_duty),
        cmocka_unit_test(test_decide_shows_what_the_reader_must_know),
        cmocka_unit_test(test_decide_says_why_and_which_days_count),
        cmocka_unit_test(test_decide_reviews_with_the_shorter_clock),
        cmocka_unit_test(test_decide_is_provisional_beyond_the_calendar),
        cmocka_unit_test(test_decide_gives_the_same_twice),
        cmocka_unit_test(test_decide_records_what_tells_nobody),
        cmocka_unit_test(test_decide_closes_on_the_event_the_rule_names),
        cmocka_unit_test(test_decide_leaves_what_is_outside_the_catalogue_alone),
        cmocka_unit_test(test_decide_case_is_refused_with_a_reason),
        cmocka_unit_test(test_decide_case_notices_a_difference),
        cmocka_unit_test(test_decide_gives_what_the_shared_cases_expect), /* last: only where the cases are */
    };
    const char *shared = getenv("TOLD_SHARED");
    bool cases = access(shared == NULL ? "../shared/cases" : shared, F_OK) == 0;

    return _cmocka_run_group_tests("tests", tests, sizeof tests / sizeof *tests - !cases, load_conf, shipped_unload);
}
