/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/event_slots.h"
#include "told/event.h"
#include "told/mem.h"

#define HEAD                                                                                                 \
    "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"police/metro\",\"time\":\"2024-05-31T17:50:00Z\","
#define CHARGE HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{},"

static struct event *make_event(const char *text)
{
    enum event_fault fault = EVENT_OK;
    char *reason = NULL;
    struct event *event = event_parse(text, strlen(text), &fault, &reason);

    if (event == NULL)
        fail_msg("fault %d: %s", (int)fault, reason);
    return event;
}

static void test_event_keeps_its_attributes(void **state)
{
    struct event *event = make_event(
        CHARGE "\"case\":\"K1\",\"charged_on\":\"2024-05-30\"},\"sequence\":\"00000000000000000042\","
               "\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\",\"extra\":[1]}");

    (void)state;
    assert_string_equal(event_id(event), "7");
    assert_string_equal(event_source(event), "police/metro");
    assert_string_equal(event_type(event), "police.charge");
    assert_string_equal(event_case(event), "K1");
    assert_true(event_has_sequence(event));
    assert_int_equal(event_sequence(event), 42);
    assert_non_null(event_traceparent(event));
    assert_null(event_amends(event));
    assert_false(event_is_foreign(event));
    assert_int_equal(event_value(event, "charged_on").kind, VALUE_DAY);
    assert_int_equal(event_value(event, "authority").kind, VALUE_UNKNOWN);
    event_free(event);
}

struct wrong {
    const char *text;
    enum event_fault fault;
    const char *reason; /* must stand in it */
};

static const struct wrong wrongs[] = {
    {"", EVENT_NOT_JSON, "line 1"},
    {"{", EVENT_NOT_JSON, "line"},
    {"{\"id\":\"1\",\"id\":\"2\"}", EVENT_NOT_JSON, "twice"},
    {"[]", EVENT_NOT_AN_EVENT, "object"},
    {"{}", EVENT_NOT_AN_EVENT, "specversion"},
    {"{\"specversion\":\"0.3\"}", EVENT_NOT_AN_EVENT, "specversion"},
    {"{\"specversion\":\"1.0\"}", EVENT_NOT_AN_EVENT, "id: missing"},
    {"{\"specversion\":\"1.0\",\"id\":7}", EVENT_NOT_AN_EVENT, "id: must be a string"},
    {"{\"specversion\":\"1.0\",\"id\":\"\"}", EVENT_NOT_AN_EVENT, "id: must be a string"},
    {"{\"specversion\":\"1.0\",\"id\":\"a\\nb\"}", EVENT_NOT_AN_EVENT, "control"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":null}", EVENT_NOT_AN_EVENT, "source: missing"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"}", EVENT_NOT_AN_EVENT, "type: missing"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}", EVENT_NOT_AN_EVENT,
     "time: missing"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"time\":\"2024-05-31 at noon\"}",
     EVENT_NOT_AN_EVENT, "RFC 3339"},
    {"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"time\":\"2024-05-31T12:00:00\"}",
     EVENT_NOT_AN_EVENT, "RFC 3339"},
    {HEAD "\"type\":\"police.gossip\",\"data\":{\"person\":{}}}", EVENT_UNKNOWN_TYPE, "type"},
    {HEAD "\"type\":\"foreign.\",\"data\":1}", EVENT_UNKNOWN_TYPE, "type"},
    {HEAD "\"type\":\"foreign.Spi xml\",\"data\":1}", EVENT_UNKNOWN_TYPE, "type"},
    {HEAD "\"type\":\"foreign.spi-xml\"}", EVENT_NOT_AN_EVENT, "data: missing"},
    {HEAD "\"type\":\"police.charge\"}", EVENT_NOT_AN_EVENT, "data: missing"},
    {HEAD "\"type\":\"police.charge\",\"data\":[]}", EVENT_WRONG_FIELD, "data: must be an object"},
    {HEAD "\"type\":\"police.charge\",\"data\":{}}", EVENT_WRONG_FIELD, "data.person"},
    {HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{\"born_on\":\"3 May 2009\"}}}", EVENT_WRONG_FIELD,
     "data.person.born_on"},
    {HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{\"family_name\":[\"X\"]}}}", EVENT_WRONG_FIELD,
     "data.person.family_name"},
    {HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{\"identifiers\":[]}}}", EVENT_WRONG_FIELD,
     "identifiers"},
    {HEAD "\"type\":\"police.charge\",\"data\":{\"person\":{\"identifiers\":{\"pnc\":4}}}}",
     EVENT_WRONG_FIELD, "identifiers"},
    {CHARGE "\"charged_on\":\"2024-02-30\"}}", EVENT_WRONG_FIELD, "data.charged_on: must be a date"},
    {CHARGE "\"bail_objected\":\"yes\"}}", EVENT_WRONG_FIELD, "data.bail_objected: must be true or false"},
    {CHARGE "\"remand_status\":\"X\"}}", EVENT_WRONG_FIELD, "one of S, C, L, R, P, B, U, A"},
    {CHARGE "\"first_hearing\":\"soon\"}}", EVENT_WRONG_FIELD, "data.first_hearing: must be an object"},
    {CHARGE "\"first_hearing\":{\"at\":\"2024-06-01\"}}}", EVENT_WRONG_FIELD, "data.first_hearing.at"},
    {CHARGE "\"offences\":[\"theft\"]}}", EVENT_WRONG_FIELD, "data.offences"},
    {CHARGE "\"case\":5}}", EVENT_WRONG_FIELD, "data.case"},
    {HEAD "\"type\":\"yos.assessment\",\"data\":{\"person\":{},\"found\":\"need\"}}", EVENT_WRONG_FIELD,
     "data.found"},
    {HEAD "\"type\":\"yos.assessment\",\"data\":{\"person\":{},\"found\":[\"needs\"]}}", EVENT_WRONG_FIELD,
     "data.found"},
    {HEAD "\"type\":\"court.sentence\",\"data\":{\"person\":{},\"term_months\":6.5}}", EVENT_WRONG_FIELD,
     "whole number"},
    {CHARGE "\"charged_on\":null},\"sequence\":\"42\"}", EVENT_NOT_AN_EVENT, "20 digits"},
    {CHARGE "\"charged_on\":null},\"sequence\":42}", EVENT_NOT_AN_EVENT, "20 digits"},
    {CHARGE "\"charged_on\":null},\"sequence\":\"99999999999999999999\"}", EVENT_NOT_AN_EVENT, "at most"},
    {CHARGE "\"charged_on\":null},\"recordedtime\":\"x\"}", EVENT_NOT_AN_EVENT, "recordedtime"},
};

static void test_event_names_the_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        enum event_fault fault = EVENT_OK;
        char *reason = NULL;
        struct event *event = event_parse(wrongs[i].text, strlen(wrongs[i].text), &fault, &reason);

        if (event != NULL || fault != wrongs[i].fault || strstr(reason, wrongs[i].reason) == NULL)
            fail_msg("%s: fault %d, %s", wrongs[i].text, (int)fault, reason == NULL ? "taken" : reason);
        free(reason);
    }
}

static void test_event_reason_never_quotes_a_value(void **state)
{
    static const char *const texts[] = {
        HEAD "\"type\":\"Jane-Example\",\"data\":{\"person\":{}}}",
        CHARGE "\"charged_on\":\"Jane-Example\"}}",
        HEAD
        "\"type\":\"police.charge\",\"data\":{\"person\":{\"identifiers\":{\"Jane-Example\":[\"Jane-Example\"]}}}}",
        HEAD "\"type\":\"yos.assessment\",\"data\":{\"person\":{},\"found\":[\"Jane-Example\"]}}",
        CHARGE "\"charged_on\":null},\"sequence\":\"Jane-Example\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum event_fault fault;
        char *reason = NULL;

        assert_null(event_parse(texts[i], strlen(texts[i]), &fault, &reason));
        assert_null(strstr(reason, "Jane"));
        free(reason);
    }
}

static void test_event_takes_null_and_empty_as_unknown(void **state)
{
    struct event *event = make_event(
        CHARGE "\"authority\":\"\",\"bail_objected\":null,\"case\":null},\"traceparent\":\"odd\"}");

    (void)state;
    assert_int_equal(event_value(event, "authority").kind, VALUE_UNKNOWN);
    assert_int_equal(event_value(event, "bail_objected").kind, VALUE_UNKNOWN);
    assert_null(event_case(event));
    assert_null(event_traceparent(event));
    event_free(event);
}

static void test_event_takes_any_data_of_somebody_else(void **state)
{
    struct event *event =
        make_event(HEAD "\"type\":\"foreign.hmcts-court-register\",\"data\":[1,{\"person\":3}]}");
    struct event *bytes = make_event(HEAD "\"type\":\"foreign.spi-xml\",\"data_base64\":\"PGE+\"}");

    (void)state;
    assert_true(event_is_foreign(event));
    assert_null(event_person(event));
    assert_int_equal(event_type_index(event), -1);
    assert_true(event_is_foreign(bytes));
    event_free(event);
    event_free(bytes);
}

struct placed {
    const char *time;
    const char *on; /* NULL: none */
    const char *valid_from;
};

static void test_event_holds_from_its_own_day(void **state)
{
    static const struct placed rows[] = {
        {"2024-05-31T17:50:00Z", NULL, "2024-05-31T17:50:00Z"},
        {"2024-05-31T17:50:00Z", "2024-05-31", "2024-05-31T17:50:00Z"},
        {"2024-05-31T23:30:00Z", "2024-06-01", "2024-05-31T23:30:00Z"}, /* the local day is the 1st already */
        {"2024-05-31T23:30:00Z", "2024-05-31", "2024-05-30T23:00:00Z"},
        {"2024-01-10T09:00:00Z", "2024-01-08", "2024-01-08T00:00:00Z"},
    };
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *member = rows[i].on == NULL ? mem_copy("") : mem_printf(",\"on\":\"%s\"", rows[i].on);
        char *json = mem_printf(
            "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"court/x\",\"type\":\"court.appearance\","
            "\"time\":\"%s\",\"data\":{\"person\":{}%s}}",
            rows[i].time, member);
        struct event *event = make_event(json);

        assert_string_equal(instant_print(event_valid_from(event), text), rows[i].valid_from);
        event_free(event);
        free(json);
        free(member);
    }
}

static void test_event_digest_passes_over_the_envelope_of_a_repeat(void **state)
{
    struct event *a = make_event(CHARGE "\"authority\":\"kent\"},\"sequence\":\"00000000000000000001\"}");
    struct event *b = make_event(
        CHARGE
        "\"authority\":\"kent\"},\"recordedtime\":\"2024-06-01T00:00:00Z\",\"sequence\":\"00000000000000000002\"}");
    struct event *c = make_event(CHARGE "\"authority\":\"essex\"}}");
    char of_a[65], of_b[65], of_c[65];

    (void)state;
    event_digest(a, of_a);
    event_digest(b, of_b);
    event_digest(c, of_c);
    assert_string_equal(of_a, of_b);
    assert_string_not_equal(of_a, of_c);
    event_free(a);
    event_free(b);
    event_free(c);
}

static void test_event_digest_of_a_foreign_message_passes_over_when_it_was_wrapped(void **state)
{
    static const char *const texts[] = {
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"foreign.dcf\",\"time\":\"2024-06-01T10:00:00Z\",\"data\":{\"a\":1}}",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"foreign.dcf\",\"time\":\"2024-06-02T10:00:00Z\",\"data\":{\"a\":1}}",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"foreign.dcf\",\"time\":\"2024-06-02T10:00:00Z\",\"data\":{\"a\":2}}"};
    char digests[3][65];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        enum event_fault fault;
        char *reason = NULL;
        struct event *event = event_parse(texts[i], strlen(texts[i]), &fault, &reason);

        assert_non_null(event);
        event_digest(event, digests[i]);
        event_free(event);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[1], digests[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_keeps_its_attributes),
        cmocka_unit_test(test_event_names_the_fault),
        cmocka_unit_test(test_event_reason_never_quotes_a_value),
        cmocka_unit_test(test_event_takes_null_and_empty_as_unknown),
        cmocka_unit_test(test_event_takes_any_data_of_somebody_else),
        cmocka_unit_test(test_event_holds_from_its_own_day),
        cmocka_unit_test(test_event_digest_passes_over_the_envelope_of_a_repeat),
        cmocka_unit_test(test_event_digest_of_a_foreign_message_passes_over_when_it_was_wrapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
