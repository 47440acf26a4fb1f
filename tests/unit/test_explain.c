/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/explain.h"
#include "told/mem.h"

/* Spring bank holiday of 2024 is Monday 27 May. */
static const char HOLIDAYS[] = "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
                               "{\"title\":\"Spring bank holiday\",\"date\":\"2024-05-27\"}]}}";

struct desk {
    struct protocol *protocol;
    struct calendar *calendar;
    struct decide_case *one;
};

static void add_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file, line, text);
}

/* One rule, a bail hearing received on `received_at`, what is known of the child, what came before. */
static void set_up(struct desk *desk, const char *rule, const char *received_at, const char *child, const char *history)
{
    char *text = mem_printf("rule-D1: { title = \"t\"; says = \"Do it\"; cites = \"line 1\"; on = [ \"court.bail\" ];"
                            " tell = [ \"mash\" ]; closes = \"ack\"; %s };",
                            rule);
    char *body = mem_printf("{\"case\":\"c\",\"authority\":\"southwark\",\"received_at\":\"%s\",\"child\":%s,\"history\":%s,\"event\":{\"specversion\":"
                            "\"1.0\",\"id\":\"b\",\"source\":\"court/c\",\"type\":\"court.bail\",\"time\":\"%s\",\"data\":"
                            "{\"person\":{},\"hearing\":\"h\",\"decision\":\"unconditional\"}}}",
                            received_at, child, history, received_at);
    struct protocol_file file = {"x.conf", text, strlen(text)};
    struct buf faults = {0};
    char *reason = NULL;

    desk->protocol = protocol_parse(&file, 1, add_fault, &faults);
    assert_string_equal(buf_string(&faults), "");
    desk->calendar = calendar_parse(HOLIDAYS, strlen(HOLIDAYS), &reason);
    desk->one = decide_case_parse(body, strlen(body), &reason);
    if (desk->one == NULL)
        fail_msg("%s", reason);
    free(text);
    free(body);
}

static void take_down(struct desk *desk)
{
    protocol_free(desk->protocol);
    calendar_free(desk->calendar);
    decide_case_free(desk->one);
}

static void test_explain_of_a_rule_that_only_records(void **state)
{
    static const char text[] = "rule-D9: { title = \"t\"; cites = \"line 1\"; on = [ \"court.bail\" ]; records = true;"
                               " when = \"child.in_need\"; };";
    static const char *const children[][2] = {
        {"{\"in_need\":true}", "recorded"}, {"{\"in_need\":false}", "no"}, {"{}", "no"}};
    struct protocol_file file = {"x.conf", text, sizeof text - 1};
    struct buf faults = {0};
    struct protocol *protocol = protocol_parse(&file, 1, add_fault, &faults);

    (void)state;
    assert_string_equal(buf_string(&faults), "");
    for (size_t i = 0; i < 3; i++) {
        struct desk desk;
        json_t *json;

        set_up(&desk, "when = \"true\"; within = \"1wd\";", "2024-05-24T09:00:00Z", children[i][0], "[]");
        json = explain_rule(protocol_rule(protocol, 0), desk.calendar, decide_case_input(desk.one));
        assert_string_equal(json_text_at(json, "outcome"), children[i][1]);
        assert_null(json_object_get(json, "clock"));
        json_decref(json);
        take_down(&desk);
    }
    protocol_free(protocol);
}

static char *explained(const char *rule, const char *received_at, const char *child)
{
    struct desk desk;
    json_t *json;
    char *text;

    set_up(&desk, rule, received_at, child, "[]");
    json = explain_rule(protocol_rule(desk.protocol, 0), desk.calendar, decide_case_input(desk.one));
    text = json_canonical(json);
    json_decref(json);
    take_down(&desk);
    return text;
}

struct row {
    const char *rule, *received_at, *child;
    const char *wants[6];
};

static const struct row rows[] = {
    /* Every test is there, and those that decided are marked. */
    {"when = \"child.looked_after or child.in_need\"; within = \"1wd\";",
     "2024-05-24T09:00:00Z",
     "{\"looked_after\":true}",
     {"\"outcome\":\"duty\"", "{\"decides\":true,\"holds\":true,\"names\":[{\"name\":\"child.looked_after\",\"value\":\"true\"}]",
      "{\"decides\":false,\"holds\":null,\"names\":[{\"name\":\"child.in_need\",\"value\":null}]"}},
    {"when = \"child.looked_after and not child.in_custody\"; within = \"1wd\";",
     "2024-05-24T09:00:00Z",
     "{\"looked_after\":true,\"in_custody\":true}",
     {"\"outcome\":\"no\"", "{\"decides\":true,\"holds\":true,\"names\":[{\"name\":\"child.in_custody\"",
      "{\"decides\":false,\"holds\":true,\"names\":[{\"name\":\"child.looked_after\"", "\"unknown\":[]"}},
    {"when = \"child.age < 18 and child.has(social-worker)\"; within = \"1wd\";",
     "2024-05-24T09:00:00Z",
     "{}",
     {"\"outcome\":\"review\"", "\"unknown\":[\"child.born_on\",\"child.has(social-worker)\"]", "\"test\":\"child.age < 18\""}},
    /* Friday before a long week-end: what is counted, what is skipped, and why. */
    {"when = \"true\"; within = \"1wd\";",
     "2024-05-24T09:00:00Z",
     "{}",
     {"\"counted\":[\"2024-05-28\"]", "\"from\":\"receipt\",", "\"on\":\"2024-05-24\"",
      "\"skipped\":[{\"because\":\"Saturday\",\"on\":\"2024-05-25\"},{\"because\":\"Sunday\",\"on\":\"2024-05-26\"},"
      "{\"because\":\"bank holiday\",\"on\":\"2024-05-27\"}]",
      "\"due_at\":\"2024-05-28T16:00:00Z\""}},
    {"when = \"true\"; within = \"prompt\";",
     "2024-05-23T16:30:00Z",
     "{}",
     {"\"counted\":[\"2024-05-24\"]", "{\"because\":\"received at or after 17:00\",\"on\":\"2024-05-23\"}"}},
    {"when = \"true\"; within = \"prompt\";",
     "2024-05-24T09:30:00Z",
     "{}",
     {"\"counted\":[\"2024-05-24\"]", "\"skipped\":[]"}},
    {"when = \"true\"; within = \"immediate\";",
     "2024-05-24T09:00:00Z",
     "{}",
     {"\"immediate\":true", "\"due_at\":\"2024-05-24T10:00:00Z\""}},
    {"when = \"true\"; within = \"immediate if (child.looked_after) else 1wd\";",
     "2024-05-24T09:00:00Z",
     "{}",
     {"\"outcome\":\"review\"", "\"clock\":{\"conditions\":[{\"decides\":true,\"holds\":null", "\"unknown\":[\"child.looked_after\"]"}},
    {"when = \"true\"; within = \"1wd\"; also = ( { role = \"yos-worker\"; when = \"child.in_custody\"; } );",
     "2024-05-24T09:00:00Z",
     "{\"in_custody\":false}",
     {"\"holds\":false,\"role\":\"yos-worker\",\"when\":\"child.in_custody\""}},
};

static void test_explain_tells_every_condition_and_every_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = explained(rows[i].rule, rows[i].received_at, rows[i].child);

        for (size_t k = 0; k < 6 && rows[i].wants[k] != NULL; k++)
            if (strstr(text, rows[i].wants[k]) == NULL)
                fail_msg("row %zu: no %s in\n%s", i, rows[i].wants[k], text);
        free(text);
    }
}

#define PAST(id, type, day, fields)                                                                                  \
    "{\"received_at\":\"" day "T10:00:00Z\",\"event\":{\"specversion\":\"1.0\",\"id\":\"" id                          \
    "\",\"source\":\"custody/y\",\"type\":\"" type "\",\"time\":\"" day "T10:00:00Z\",\"data\":{\"person\":{}," fields "}}}"

static void test_explain_names_the_event_behind_the_history(void **state)
{
    struct desk desk;
    static const char history[] =
        "[" PAST("r", "custody.reception", "2024-01-02", "\"establishment\":\"y\",\"sentenced\":true") ","
            PAST("d1", "custody.release-dates", "2024-01-03", "\"mandatory_on\":\"2024-06-10\"") ","
            PAST("d2", "custody.release-dates", "2024-02-03", "\"mandatory_on\":\"2024-06-17\"") ","
            PAST("d3", "custody.release-dates", "2024-03-03", "\"mandatory_on\":\"2024-06-17\"") "]";

    (void)state;
    set_up(&desk, "when = \"history.custodial\"; within = \"1 month before release.on\";", "2024-04-01T09:00:00Z", "{}",
           history);
    assert_int_equal(explain_history("history.custodial", decide_case_input(desk.one)), 0);
    assert_int_equal(explain_history("release.on", decide_case_input(desk.one)), 2); /* d3 changed nothing */
    assert_int_equal(explain_history("history.proceedings", decide_case_input(desk.one)), 4);
    assert_int_equal(explain_history("history.nonsense", decide_case_input(desk.one)), 4);
    take_down(&desk);
}

static void test_explain_knows_what_a_rule_listens_to(void **state)
{
    struct desk desk;
    json_t *types;

    (void)state;
    set_up(&desk, "when = \"true\"; within = \"1wd\"; enabled = false; reason = \"r\";", "2024-04-01T09:00:00Z", "{}", "[]");
    assert_false(explain_listens(protocol_rule(desk.protocol, 0), "court.bail")); /* switched off */
    take_down(&desk);
    set_up(&desk, "when = \"true\"; within = \"1wd\";", "2024-04-01T09:00:00Z", "{}", "[]");
    assert_true(explain_listens(protocol_rule(desk.protocol, 0), "court.bail"));
    assert_false(explain_listens(protocol_rule(desk.protocol, 0), "police.charge"));
    assert_false(explain_listens(protocol_rule(desk.protocol, 0), "foreign.anything"));
    types = explain_types(protocol_rule(desk.protocol, 0));
    assert_int_equal(json_array_size(types), 1);
    assert_string_equal(json_string_value(json_array_get(types, 0)), "court.bail");
    json_decref(types);
    take_down(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_explain_tells_every_condition_and_every_day),
        cmocka_unit_test(test_explain_names_the_event_behind_the_history),
        cmocka_unit_test(test_explain_of_a_rule_that_only_records),
        cmocka_unit_test(test_explain_knows_what_a_rule_listens_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
