/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/event_slots.h"
#include "told/event_answer.h"

#define HEAD "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"court/riverside\",\"time\":\"2024-05-31T17:50:00Z\","
#define LISTING HEAD "\"type\":\"court.hearing-listed\",\"data\":{\"person\":{},\"hearing\":\"h-1\",\"at\":null}}"
#define CHARGE HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{},\"first_hearing\":{\"court\":\"riverside\"}}}"
#define MEETING HEAD "\"type\":\"care.meeting-arranged\",\"data\":{\"person\":{},\"meeting\":\"strategy\"}}"

static struct event *answered(const char *text, const char *answers, char **ret_reason)
{
    enum event_fault fault;
    struct event *event = event_parse(text, strlen(text), &fault, ret_reason), *ret;
    json_t *said = json_loads(answers, 0, NULL);

    assert_non_null(event);
    assert_non_null(said);
    ret = event_answer(event, said, ret_reason);
    json_decref(said);
    event_free(event);
    return ret;
}

static void test_event_answer_fills_what_the_event_left_out(void **state)
{
    static const struct {
        const char *text, *answers, *field, *outer, *member;
    } rows[] = {
        {LISTING, "{\"event.at\":{\"value\":\"2024-06-10T09:00:00Z\"}}", "at", NULL, "at"},
        {CHARGE, "{\"event.first_hearing.at\":{\"value\":\"2024-06-10T09:00:00Z\"}}", "first_hearing.at", "first_hearing", "at"},
        {LISTING, "{\"event.court\":{\"value\":\"riverside\"}}", "court", NULL, "court"},
        {MEETING, "{\"event.about\":{\"value\":[\"gang\"]}}", "about", NULL, "about"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *reason = NULL;
        struct event *event = answered(rows[i].text, rows[i].answers, &reason);
        const json_t *data;

        if (event == NULL)
            fail_msg("%s: %s", rows[i].answers, reason);
        assert_int_not_equal(event_value(event, rows[i].field).kind, VALUE_UNKNOWN);
        data = json_object_get(event_json(event), "data");
        assert_non_null(json_object_get(rows[i].outer != NULL ? json_object_get(data, rows[i].outer) : data, rows[i].member));
        assert_int_equal(json_object_size(event_answers(event)), 1);
        event_free(event);
    }
}

static void test_event_answer_says_what_no_event_states_of_itself(void **state)
{
    char *reason = NULL;
    struct event *event = answered(
        MEETING, "{\"court.is_host\":{\"value\":false},\"release.on\":{\"value\":\"2024-07-31\",\"by\":\"amara\"}}", &reason);

    (void)state;
    assert_non_null(event);
    assert_int_equal(event_answer_value(event, "court.is_host").kind, VALUE_BOOL);
    assert_false(event_answer_value(event, "court.is_host").truth);
    assert_int_equal(event_answer_value(event, "release.on").kind, VALUE_DAY);
    assert_int_equal(event_answer_value(event, "court.is_our_day").kind, VALUE_UNKNOWN);
    assert_true(event_answer_is_name("event.at"));
    assert_true(event_answer_is_name("release.on"));
    assert_false(event_answer_is_name("child.age"));
    assert_false(event_answer_is_name("court"));
    event_free(event);
}

static void test_event_answer_refuses_what_cannot_be_answered(void **state)
{
    static const struct {
        const char *text, *answers, *reason;
    } rows[] = {
        {LISTING, "{\"event.hearing\":{\"value\":\"h-2\"}}", "says it itself"},
        {LISTING, "{\"event.placement\":{\"value\":true}}", "no such field of court.hearing-listed"},
        {LISTING, "{\"event.at\":{\"value\":\"tomorrow\"}}", "must be"},
        {LISTING, "{\"event.at\":{\"value\":null}}", "must be"},
        {LISTING, "{\"event.at\":{}}", "must be"},
        {MEETING, "{\"event.about\":{\"value\":[\"gang\",\"weather\"]}}", "must be"},
        {MEETING, "{\"event.about\":{\"value\":\"gang\"}}", "must be"},
        {MEETING, "{\"release.on\":{\"value\":\"2024-02-30\"}}", "must be a date"},
        {MEETING, "{\"court.is_host\":{\"value\":\"yes\"}}", "must be true or false"},
        {MEETING, "{\"history.entered\":{\"value\":true}}", "nothing that an answer may say"},
        {MEETING, "{\"event.about\":{\"value\":[\"gang\"]},\"court.is_host\":{\"value\":1}}", "must be true or false"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *reason = NULL;
        struct event *event = answered(rows[i].text, rows[i].answers, &reason);

        assert_null(event);
        assert_non_null(reason);
        if (strstr(reason, rows[i].reason) == NULL)
            fail_msg("%s: %s", rows[i].answers, reason);
        free(reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_answer_fills_what_the_event_left_out),
        cmocka_unit_test(test_event_answer_says_what_no_event_states_of_itself),
        cmocka_unit_test(test_event_answer_refuses_what_cannot_be_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
