/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/mem.h"
#include "told/protocol.h"

#define REST                                                                                                 \
    "title = \"Do\"; says = \"Do it\"; cites = \"line 1\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; "
#define FIFTY "0123456789 123456789 123456789 123456789 123456789"
#define WHEN "on = [ \"court.bail\" ]; when = \"true\"; "

static void add_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file, line, text);
}

static struct protocol *parse(const char *text, struct buf *faults)
{
    struct protocol_file file = {"x.conf", text, strlen(text)};

    buf_reset(faults);
    return protocol_parse(&file, 1, add_fault, faults);
}

struct refused {
    const char *text;
    const char *fault; /* must stand among the faults */
};

static const struct refused refusals[] = {
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"\";"
     " starts = ( { on = [ \"court.bail\" ]; when = \"true\"; } ); };",
     "within is missing"},
    {"rule-D1 : { kind = \"\\xff\"; " REST WHEN "};", "kind is not UTF-8"},
    {"rule-D1 :\n{ kind = \"TIMD\"; " REST WHEN "};", "x.conf:2: rule D1: kind is none of the thirteen"},
    {"rule-D1 : { kind = \"\"; " REST WHEN "};", "kind says nothing"},
    {"rule-D1 : { copy = [ \"\xe9\" ]; " REST WHEN "};", "copy is not UTF-8"},
    {"rule-D1 : {", "x.conf:1: "},
    {"\n\nfoo = 3;", "x.conf:3: \"foo\" is no rule"},
    {"rule-D1 = 3;", "is no rule"},
    {"  @include \"other.conf\"\n", "x.conf:1: @include is not taken"},
    {"rule-leaver : { " REST WHEN "};", "no name of a rule"},
    {"rule-D1-Leaver : { " REST WHEN "};", "no name of a rule"},
    {"rule-D1 : { " REST WHEN "colour = \"red\"; };", "\"colour\" is no setting of a rule"},
    {"rule-D1 : { " WHEN "};", "title is missing"},
    {"rule-D1 : {\n title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN
     "};",
     "x.conf:1: rule D1: says is missing"},
    {"rule-D1 : { title = \"t\"; cites = \"1\";\n says = \"\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN
     "};",
     "x.conf:2: rule D1: says is empty"},
    {"rule-D1 : { title = \"t\"; cites = \"1\";\n says = 3; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN
     "};",
     "x.conf:2: rule D1: says must be a string"},
    {"rule-D1 : { title = \"t\"; cites = \"1\";\n says = \"Do it.\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN
     "};",
     "x.conf:2: rule D1: says ends with a full stop"},
    {"rule-D1 : { title = \"t\"; cites = \"1\";\n says = \"" FIFTY FIFTY FIFTY
     "\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN "};",
     "x.conf:2: rule D1: says is 150 bytes long"},
    {"rule-D1 : { says = \"\xe9\"; enabled = false; " WHEN "};", "says is not UTF-8"},
    {"rule-D1 : { " REST "on = [ \"court.bail\" ]; };", "when is missing"},
    {"rule-D1 : { " REST "when = \"true\"; };", "on is missing"},
    {"rule-D1 : { " REST "on = [ ]; when = \"true\"; };", "on is empty"},
    {"rule-D1 : { " REST "on = \"court.bail\"; when = \"true\"; };", "on must be a list"},
    {"rule-D1 : { " REST "on = [ \"court.nail\" ]; when = \"true\"; };",
     "\"court.nail\" is no type of event"},
    {"rule-D1 : { " REST "on = [ \"court.bail\", \"court.bail\" ]; when = \"true\"; };", "twice"},
    {"rule-D1 : { " REST "on = [ \"court.bail\" ]; when = \"event.on is known\"; };",
     "when, for court.bail: column 1: \"event.on\""},
    {"rule-D1 : { " REST WHEN "key = [ \"type\", \"colour\" ]; };", "court.bail has no field \"colour\""},
    {"rule-D1 : { " REST WHEN "shows = [ \"event.colour\" ]; };", "shows: "},
    {"rule-D1 : { " REST WHEN "\n as_of = \"event.colour\"; };", "x.conf:2: rule D1: as_of, for court.bail: "},
    {"rule-D1 : { " REST WHEN "as_of = \"event.objected\"; };", "as_of, for court.bail: event.objected is no date"},
    {"rule-D1 : { " REST WHEN "as_of = 3; };", "as_of must be a string"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; as_of = \"event.on\"; started_by = \"nothing\"; reason = \"r\"; };",
     "an entry that tells nobody has no as_of"},
    {"rule-D1 : { " REST WHEN "copy = [ \"Mash Manager\" ]; };", "is no name of a role"},
    {"rule-D1 : { " REST WHEN "also = ( { role = \"director\"; } ); };", "when is missing"},
    {"rule-D1 : { " REST WHEN "also = ( \"director\" ); };", "also must hold groups"},
    {"rule-D1 : { " REST WHEN "also = ( { role = \"director\"; when = \"event.x\"; } ); };", "also, when: "},
    {"rule-D1 : { " REST WHEN "enabled = 1; };", "enabled must be true or false"},
    {"rule-D1 : { " REST WHEN "};\nrule-D1 : { " REST WHEN "};", "x.conf:2: "},
    {"rule-D1 : { title = \"\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"1wd\"; " WHEN
     "};",
     "title is empty"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"whenever\"; within = \"1wd\"; " WHEN
     "};",
     "neither ack, done nor a type"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"ack of director\"; within = \"1wd\"; " WHEN
     "};",
     "nobody tells \"director\""},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = ( { on = \"care.visit\"; when = \"child.in_need\"; } ); within = \"1wd\"; " WHEN
     "};",
     "what closes a duty"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = ( ); within = \"1wd\"; " WHEN
     "};",
     "a duty must end"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ \"mash\" ]; closes = \"ack\"; within = \"soonish\"; " WHEN
     "};",
     "within, for court.bail: no clock"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; tell = [ ]; closes = \"ack\"; within = \"1wd\"; " WHEN "};",
     "tell is empty"},
    {"rule-D1 : { " REST "starts = ( { on = [ \"court.bail\" ]; } ); };", "when is missing"},
    {"rule-D1 : { " REST WHEN "starts = ( { on = [ \"court.bail\" ]; when = \"true\"; } ); };",
     "in place of on and when"},
    {"rule-D1 : { " REST "starts = ( { on = [ \"court.bail\" ]; when = \"true\"; at = 3; } ); };",
     "\"at\" is no setting"},
    {"rule-D1 : { " REST WHEN "enabled = false; };", "reason is missing"},
    {"rule-D1 : { " REST WHEN "reason = \"r\"; };", "reason says why an entry is switched off"},
    {"rule-D1 : { " REST WHEN "records = 1; };", "records must be true or false"},
    {"rule-D1 : { " REST WHEN "records = true; };", "an entry that tells nobody has no tell"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; records = true;"
     " starts = ( { on = [ \"court.bail\" ]; when = \"true\"; within = \"1wd\"; } ); };",
     "\"within\" is no setting"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; records = true; on = [ \"court.bail\" ]; };", "when is missing"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; started_by = \"nothing\"; };", "reason is missing"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; started_by = \"police\"; reason = \"r\"; };",
     "started_by can only be \"nothing\""},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; started_by = \"nothing\"; reason = \"r\"; " WHEN "};",
     "an entry started by nothing has no on"},
    {"rule-D1 : { title = \"t\"; cites = \"1\"; started_by = \"nothing\"; reason = \"r\"; records = true; };",
     "keep one of the two"},
    {"rule-D1 : { " REST "starts = ( ); };", "starts must be a list of groups"},
};

static void test_protocol_refuses_with_file_and_line(void **state)
{
    struct buf faults = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct protocol *protocol = parse(refusals[i].text, &faults);

        if (protocol != NULL || strstr(buf_string(&faults), refusals[i].fault) == NULL)
            fail_msg("%s\n%s", refusals[i].text, buf_string(&faults));
    }
    buf_release(&faults);
}

static void test_protocol_reports_all_faults_of_all_files(void **state)
{
    static const char one[] = "rule-D1 : { " REST WHEN "x = 1;\n y = 2; };\nfoo = 1;";
    static const char two[] = "rule-D2 : { nonsense";
    static const char three[] = "rule-D3 : {\n " REST "\n on = [ \"court.bail\" ];\n when = \"nothing\"; };";
    struct protocol_file files[] = {
        {"1.conf", one, strlen(one)}, {"2.conf", two, strlen(two)}, {"3.conf", three, strlen(three)}};
    struct buf faults = {0};

    (void)state;
    assert_null(protocol_parse(files, 3, add_fault, &faults));
    assert_non_null(strstr(buf_string(&faults), "1.conf:1: rule D1: \"x\""));
    assert_non_null(strstr(buf_string(&faults), "1.conf:2: rule D1: \"y\""));
    assert_non_null(strstr(buf_string(&faults), "1.conf:3: \"foo\""));
    assert_non_null(strstr(buf_string(&faults), "2.conf:1: "));
    assert_non_null(strstr(buf_string(&faults), "3.conf:4: rule D3: when, for court.bail"));
    buf_release(&faults);
}

static void test_protocol_reads_a_rule(void **state)
{
    struct buf faults = {0};
    struct protocol *protocol = parse(
        "rule-D7-late :\n{ title = \"Do it\"; says = \"Do it today\"; cites = \"line 7\"; kind = \"TIMED\"; ladder = \"csc\"; tell = [ \"mash\", \"director\" ];\n"
        " copy = [ \"governor\" ]; also = ( { role = \"police\"; when = \"event.objected\"; } ); within = \"immediate if (event.objected) else prompt\";\n"
        " closes = ( \"ack of director\", { on = \"care.visit\"; when = \"event.by is known\"; }, \"custody.release\" );\n " WHEN
        "};",
        &faults);
    const struct rule *rule;
    const char *role = NULL;

    (void)state;
    assert_string_equal(buf_string(&faults), "");
    assert_non_null(protocol);
    assert_int_equal(protocol_count(protocol), 1);
    rule = protocol_find(protocol, "D7-late");
    assert_ptr_equal(rule, protocol_rule(protocol, 0));
    assert_null(protocol_find(protocol, "D7"));
    assert_string_equal(rule_duty(rule), "D7");
    assert_string_equal(rule_title(rule), "Do it");
    assert_string_equal(rule_says(rule), "Do it today");
    assert_string_equal(rule_closes(rule), "ack of director, care.visit, custody.release");
    assert_int_equal(rule_answer(rule, &role), RULE_ANSWER_ROLE);
    assert_string_equal(role, "director");
    assert_true(rule_is_immediate(rule));
    assert_true(rule_is_enabled(rule));
    assert_int_equal(rule_role_count(rule), 4);
    assert_int_equal(rule_line(rule), 1);
    assert_string_equal(rule_when(rule), "true");
    protocol_free(protocol);
    buf_release(&faults);
}

static void test_protocol_lets_a_disabled_rule_say_nothing(void **state)
{
    struct buf faults = {0};
    struct protocol *protocol =
        parse("rule-D7 : { enabled = false; reason = \"Not wanted yet\"; title = \"Do\"; cites = \"1\"; tell = [ \"mash\" ];"
              " closes = \"ack\"; within = \"1wd\"; " WHEN "};",
              &faults);

    (void)state;
    assert_string_equal(buf_string(&faults), "");
    assert_string_equal(rule_says(protocol_rule(protocol, 0)), "");
    assert_string_equal(rule_reason(protocol_rule(protocol, 0)), "Not wanted yet");
    assert_false(rule_is_enabled(protocol_rule(protocol, 0)));
    protocol_free(protocol);
    buf_release(&faults);
}

static void test_protocol_reads_what_tells_nobody(void **state)
{
    struct buf faults = {0};
    struct protocol *protocol = parse(
        "rule-D1 : { title = \"t\"; cites = \"1\"; records = true; starts = ( { on = [ \"court.bail\" ]; when = \"true\"; },"
        " { on = [ \"court.remand\" ]; when = \"child.in_need\"; } ); };"
        "rule-D2 : { title = \"t\"; cites = \"1\"; started_by = \"nothing\"; reason = \"The ladder itself\"; };"
        "rule-D3 : { title = \"t\"; cites = \"1\"; starts = ( ); tell = [ \"mash\" ]; closes = \"done\"; enabled = false;"
        " reason = \"No numbers\"; };",
        &faults);

    (void)state;
    assert_string_equal(buf_string(&faults), "");
    assert_int_equal(rule_form(protocol_rule(protocol, 0)), RULE_RECORDS);
    assert_string_equal(rule_when(protocol_rule(protocol, 0)), "court.bail: true; court.remand: child.in_need");
    assert_string_equal(rule_within(protocol_rule(protocol, 0)), "");
    assert_int_equal(rule_role_count(protocol_rule(protocol, 0)), 0);
    assert_int_equal(rule_form(protocol_rule(protocol, 1)), RULE_STANDS);
    assert_string_equal(rule_reason(protocol_rule(protocol, 1)), "The ladder itself");
    assert_int_equal(rule_form(protocol_rule(protocol, 2)), RULE_TELLS);
    assert_false(rule_is_enabled(protocol_rule(protocol, 2)));
    assert_string_equal(rule_when(protocol_rule(protocol, 2)), "");
    protocol_free(protocol);
    buf_release(&faults);
}

static void test_protocol_joins_what_differs_by_start(void **state)
{
    struct buf faults = {0};
    struct protocol *protocol = parse(
        "rule-D7 : { " REST "starts = ( { on = [ \"court.bail\", \"court.remand\" ]; when = \"true\"; },"
        " { on = [ \"care.visit\" ]; when = \"event.by is known\"; within = \"prompt\"; } ); };",
        &faults);
    const struct rule *rule = protocol_rule(protocol, 0);

    (void)state;
    assert_string_equal(rule_when(rule), "court.bail, court.remand: true; care.visit: event.by is known");
    assert_string_equal(rule_within(rule), "court.bail, court.remand: 1wd; care.visit: prompt");
    protocol_free(protocol);
    buf_release(&faults);
}

static void test_protocol_hash_is_of_the_bytes(void **state)
{
    struct buf faults = {0};
    struct protocol *a = parse("rule-D7 : { " REST WHEN "};", &faults);
    struct protocol *b = parse("rule-D7 : { " REST WHEN "};", &faults);
    struct protocol *c = parse("rule-D7 : { " REST WHEN "}; ", &faults);
    json_t *table = protocol_json(a);

    (void)state;
    assert_int_equal(strlen(protocol_hash(a)), 64);
    assert_string_equal(protocol_hash(a), protocol_hash(b));
    assert_string_not_equal(protocol_hash(a), protocol_hash(c));
    assert_int_equal(json_array_size(json_object_get(table, "rules")), 1);
    assert_string_equal(json_text_at(table, "hash"), protocol_hash(a));
    assert_string_equal(json_text_at(json_array_get(json_object_get(table, "rules"), 0), "says"), "Do it");
    json_decref(table);
    protocol_free(a);
    protocol_free(b);
    protocol_free(c);
    buf_release(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol_refuses_with_file_and_line),
        cmocka_unit_test(test_protocol_reports_all_faults_of_all_files),
        cmocka_unit_test(test_protocol_reads_a_rule),
        cmocka_unit_test(test_protocol_lets_a_disabled_rule_say_nothing),
        cmocka_unit_test(test_protocol_reads_what_tells_nobody),
        cmocka_unit_test(test_protocol_joins_what_differs_by_start),
        cmocka_unit_test(test_protocol_hash_is_of_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
