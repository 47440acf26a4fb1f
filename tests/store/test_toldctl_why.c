/* SPDX-License-Identifier: Apache-2.0 */
/* why, why-not, what-if: told decides under one protocol, the protocol changes under it, and what was decided can still be
 * explained and still ends as it was promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>

#include "harness.h"
#include "told/json.h"
#include "told/mem.h"

#define D41(within, closes)                                                                                             \
    "rule-D41: { title = \"Tell the worker of the charge\"; says = \"Read the case\"; cites = \"line 99\";"             \
    " on = [ \"police.charge\" ]; when = \"(child.looked_after or child.in_need) and child.age < 18\";"                 \
    " tell = [ \"social-worker\" ]; within = \"" within "\"; closes = " closes "; };\n"
#define D44                                                                                                             \
    "rule-D44: { title = \"Tell the YOS\"; says = \"Read it\"; cites = \"line 101\"; on = [ \"police.charge\" ];"        \
    " when = \"child.in_custody and history.custodial\"; tell = [ \"yos-duty-officer\" ]; within = \"1wd\"; closes = \"ack\"; };\n"
#define D50                                                                                                             \
    "rule-D50: { title = \"Say\"; says = \"Say it\"; cites = \"line 1\"; on = [ \"police.charge\" ];"                    \
    " when = \"child.protection_plan\"; tell = [ \"social-worker\" ]; within = \"1wd\"; closes = \"ack\"; };\n"
#define D60                                                                                                             \
    "rule-D60: { title = \"Say\"; says = \"Say it\"; cites = \"line 1\"; on = [ \"court.bail\" ]; when = \"true\";"       \
    " tell = [ \"social-worker\" ]; within = \"1wd\"; closes = \"ack\"; };\n"
#define D70                                                                                                             \
    "rule-D70: { title = \"Say\"; cites = \"line 1\"; on = [ \"police.charge\" ]; when = \"child.looked_after\"; records = true; };\n" \
    "rule-D71: { title = \"Say\"; cites = \"line 1\"; started_by = \"nothing\"; reason = \"told keeps it\"; };\n"
#define NOW D41("1wd", "[ \"ack\", \"court.proceedings-ended\" ]") D44 D50 D60 D70

struct desk {
    struct harness *h;
    pid_t told;
    struct buf out, err;
};

/* An event of the child as ingest stores it. */
static void add_event(struct harness *h, const char *id, const char *type, const char *at, const char *fields)
{
    char *sql = mem_printf(
        "WITH e AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, digest, body) VALUES"
        " ('care/lcs', '%s', 'care', '%s', '%s', '%s', '', convert_to('{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":"
        "\"care/lcs\",\"type\":\"%s\",\"time\":\"%s\",\"data\":{\"person\":{}%s}}', 'UTF8')) RETURNING event_id)"
        " INSERT INTO told.event_state (event_id, child_id) SELECT event_id, 1 FROM e",
        id, type, at, at, id, type, at, fields);

    PQclear(harness_query(h, sql));
    free(sql);
}

static void write_config(struct harness *h)
{
    char *text = harness_read(h, "told.conf"), *from = strstr(text, "protocol = \""), *rest;

    assert_non_null(from);
    *from = '\0';
    rest = strchr(from + strlen("protocol = \""), '"');
    rest = mem_printf("%sprotocol = \"rules.conf\"%s", text, rest + 1);
    harness_write(h, "told.conf", rest);
    free(rest);
    free(text);
}

static int start(void **state)
{
    static const struct harness_options options = {.story_from = "2024-05-24T09:00:00Z", .story_stands = true};
    struct desk *desk = *state = mem_new(sizeof *desk);
    struct harness *h = desk->h = harness_start(&options);

    harness_write(h, "rules.conf", NOW);
    write_config(h);
    PQclear(harness_query(h, "INSERT INTO told.child (born_on, created_at) VALUES ('2009-02-03', '2024-01-01');"
                             "INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin) VALUES"
                             " (1, 'in_need', 'false', '2024-01-02', '2024-01-03', 'import')"));
    add_event(h, "ev-status", "care.status", "2024-03-01T10:00:00Z", ",\"looked_after_basis\":\"s20\"");
    /* Friday before the spring bank holiday. */
    add_event(h, "ev-charge", "police.charge", "2024-05-24T08:00:00Z", ",\"case\":\"c-1\",\"charged_on\":\"2024-05-24\"");
    desk->told = harness_told(h, "decide,escalate,dispatch", NULL);
    assert_true(harness_await(h, "SELECT count(*) FROM told.event_state WHERE state IN ('decided', 'review')", "2", 20000));
    assert_true(harness_await(
        h, "SELECT count(*) > 0 FROM told.notification n JOIN told.duty d USING (duty_id) WHERE n.recipient IS NOT NULL AND"
           " d.rule = 'D41'", "t", 20000));
    return 0;
}

static int stop(void **state)
{
    struct desk *desk = *state;

    harness_signal(desk->h, desk->told, SIGTERM);
    harness_stop(desk->h);
    buf_release(&desk->out);
    buf_release(&desk->err);
    free(desk);
    return 0;
}

#define ask(desk, ...) ask_with(desk, (const char *[]){__VA_ARGS__, NULL})
static int ask_with(struct desk *desk, const char *const words[])
{
    buf_reset(&desk->out);
    buf_reset(&desk->err);
    return harness_toldctl(desk->h, NULL, words, &desk->out, &desk->err);
}

static void assert_says(const struct buf *text, const char *want)
{
    if (strstr(buf_string(text), want) == NULL)
        fail_msg("\"%s\" is not in:\n%s", want, buf_string(text));
}

static json_t *answered(struct desk *desk)
{
    json_t *json = json_loads(buf_string(&desk->out), 0, NULL);

    if (json == NULL)
        fail_msg("no JSON: %s%s", buf_string(&desk->out), buf_string(&desk->err));
    return json;
}

static char *duty_of(struct desk *desk, const char *rule)
{
    char *sql = mem_printf("SELECT duty_id FROM told.duty WHERE rule = '%s'", rule), *id = harness_value(desk->h, sql);

    free(sql);
    return id;
}

/* The source of the one name in a condition. */
static const json_t *source_of(const json_t *because, const char *name)
{
    const json_t *test, *one;
    size_t i, k;

    json_array_foreach(json_object_get(because, "conditions"), i, test)
        json_array_foreach(json_object_get(test, "names"), k, one)
            if (strcmp(json_text_at(one, "name"), name) == 0)
                return json_object_get(one, "source");
    fail_msg("no condition names %s", name);
    return NULL;
}

static void test_toldctl_why_names_where_each_value_came_from(void **state)
{
    struct desk *desk = *state;
    char *duty = duty_of(desk, "D41");
    json_t *whole, *because, *clock;

    assert_int_equal(ask(desk, "why", duty, "--json"), 0);
    whole = answered(desk);
    because = json_array_get(json_object_get(whole, "explained"), 0);
    assert_string_equal(json_text_at(because, "outcome"), "duty");
    assert_string_equal(json_text_at(source_of(because, "child.looked_after"), "from"), "event");
    assert_string_equal(json_text_at(source_of(because, "child.looked_after"), "id"), "ev-status");
    assert_string_equal(json_text_at(source_of(because, "child.looked_after"), "valid_from"), "2024-03-01T10:00:00Z");
    assert_string_equal(json_text_at(source_of(because, "child.in_need"), "from"), "import");
    assert_string_equal(json_text_at(source_of(because, "child.in_need"), "recorded_at"), "2024-01-03T00:00:00Z");
    assert_string_equal(json_text_at(source_of(because, "child.age"), "from"), "record");
    clock = json_object_get(because, "clock");
    assert_string_equal(json_text_at(clock, "due_at"), "2024-05-28T16:00:00Z");
    assert_string_equal(json_text_at(json_array_get(json_object_get(clock, "skipped"), 2), "title"), "Spring bank holiday");
    assert_true(json_is_true(json_object_get(whole, "comes_out_the_same")));
    assert_true(json_is_true(json_object_get(json_object_get(whole, "protocol"), "in_force")));
    assert_string_equal(json_text_at(json_object_get(whole, "protocol"), "first_used_at"), "2024-05-24T09:00:00Z");
    assert_true(json_array_size(json_object_get(whole, "notifications")) > 0);
    json_decref(whole);
    free(duty);
}

static void test_toldctl_why_reads_as_text(void **state)
{
    struct desk *desk = *state;
    char *duty = duty_of(desk, "D41");

    assert_int_equal(ask(desk, "why", duty), 0);
    assert_says(&desk->out, "(child.looked_after or child.in_need) and child.age < 18");
    assert_says(&desk->out, "cites      line 99");
    assert_says(&desk->out, "child.looked_after is true: event 1, care.status from care/lcs, holds from 2024-03-01 10:00");
    assert_says(&desk->out, "counted    Tuesday 2024-05-28");
    assert_says(&desk->out, "skipped    Monday 2024-05-27: bank holiday, Spring bank holiday");
    assert_says(&desk->out, "tell social-worker: mailbox:mash by email");
    assert_says(&desk->out, "because ");
    assert_says(&desk->out, "protocol ");
    assert_int_equal(ask(desk, "why", "999"), 65);
    assert_int_equal(ask(desk, "why", "nonsense"), 64);
    free(duty);
}

static void test_toldctl_why_of_a_review_names_what_nobody_has_said(void **state)
{
    struct desk *desk = *state;
    char *duty = duty_of(desk, "review");
    json_t *whole, *because;

    assert_int_equal(ask(desk, "why", duty, "--json"), 0);
    whole = answered(desk);
    because = json_array_get(json_object_get(whole, "explained"), 0);
    assert_string_equal(json_text_at(because, "rule"), "D50");
    assert_string_equal(json_string_value(json_array_get(json_object_get(because, "unknown"), 0)), "child.protection_plan");
    assert_string_equal(json_text_at(source_of(because, "child.protection_plan"), "from"), "nobody");
    json_decref(whole);
    assert_int_equal(ask(desk, "why", duty), 0);
    assert_says(&desk->out, "not known: child.protection_plan");
    free(duty);
}

static void check_why_not(struct desk *desk, const char *event, const char *duty, const char *answer, const char *says)
{
    json_t *whole;

    assert_int_equal(ask(desk, "why-not", event, duty, "--json"), 0);
    whole = answered(desk);
    assert_string_equal(json_text_at(whole, "answer"), answer);
    json_decref(whole);
    assert_int_equal(ask(desk, "why-not", event, duty), 0);
    assert_says(&desk->out, says);
}

static void test_toldctl_why_not_names_the_condition(void **state)
{
    struct desk *desk = *state;

    check_why_not(desk, "2", "D44", "did not fire", "no         child.in_custody  (this decided)");
    check_why_not(desk, "2", "D44", "did not fire", "child.in_custody is false: no event is stored that says otherwise");
    check_why_not(desk, "2", "D41", "fired", "by rule D41");
    check_why_not(desk, "2", "D50", "in review", "review D-");
    check_why_not(desk, "2", "D60", "does not listen", "it does not listen to this type, but to: court.bail");
    check_why_not(desk, "2", "D70", "only recorded", "child.looked_after is true");
    check_why_not(desk, "2", "D71", "does not listen", "reason     told keeps it");
    assert_int_equal(ask(desk, "why-not", "2", "D99"), 65);
    assert_int_equal(ask(desk, "why-not", "77", "D44"), 65);
    assert_int_equal(ask(desk, "why-not", "2"), 64);
}

static void test_toldctl_what_if_says_who_would_be_told_and_writes_nothing(void **state)
{
    static const char count[] = "SELECT concat_ws(' ', (SELECT count(*) FROM told.duty), (SELECT count(*) FROM told.journal),"
                                " (SELECT count(*) FROM told.protocol_version))";
    struct desk *desk = *state;
    char *path, *more, *before = harness_value(desk->h, count), *after;
    json_t *whole, *one;

    harness_write(desk->h, "changed.conf", D41("3wd", "\"ack\""));
    harness_write(desk->h, "more.conf",
                  "rule-D44: { title = \"Tell the YOS\"; says = \"Read it\"; cites = \"1\"; on = [ \"police.charge\" ];"
                  " when = \"true\"; tell = [ \"yos-duty-officer\" ]; copy = [ \"director\" ]; within = \"1wd\"; closes = \"ack\"; };");
    path = harness_path(desk->h, "changed.conf");
    more = harness_path(desk->h, "more.conf");
    assert_int_equal(ask(desk, "what-if", "--protocol", path, more, "--since", "2024-05-01", "--json"), 1);
    whole = answered(desk);
    assert_int_equal(json_integer_value(json_object_get(whole, "events")), 1);
    assert_int_equal(json_array_size(json_object_get(whole, "changes")), 4);
    one = json_array_get(json_object_get(whole, "changes"), 0);
    assert_string_equal(json_text_at(one, "change"), "no longer asked");
    assert_string_equal(json_text_at(one, "duty"), "D50");
    one = json_array_get(json_object_get(whole, "changes"), 1);
    assert_string_equal(json_text_at(one, "change"), "later");
    assert_string_equal(json_text_at(one, "old_due_at"), "2024-05-28T16:00:00Z");
    assert_string_equal(json_text_at(one, "new_due_at"), "2024-05-30T16:00:00Z");
    json_decref(whole);
    assert_int_equal(ask(desk, "what-if", "--protocol", path, "--protocol", more, "--since", "2024-05-01"), 1);
    assert_says(&desk->out, "newly told       D44      event 2 police.charge, C-1, due - -> 2024-05-28 17:00: yos-duty-officer");
    assert_says(&desk->out, "newly told       D44      event 2 police.charge, C-1, due - -> 2024-05-28 17:00: copy to director");
    assert_says(&desk->out, "1 later, ");
    assert_int_equal(ask(desk, "what-if", "--protocol", path, "--since", "2024-05-25T00:00:00Z"), 0); /* nothing since */
    free(path);
    path = harness_path(desk->h, "rules.conf");
    assert_int_equal(ask(desk, "what-if", "--protocol", path, "--since", "2024-01-01"), 0); /* the same protocol */
    after = harness_value(desk->h, count);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(path);
    free(more);
}

static void test_toldctl_what_if_names_every_fault_of_a_bad_protocol(void **state)
{
    struct desk *desk = *state;
    char *bad, *stranger;

    harness_write(desk->h, "bad.conf", "\n" D41("1wd", "\"ack\"") "rule-D2: { titel = \"x\"; };\n");
    harness_write(desk->h, "stranger.conf",
                  "\n\nrule-D1: { title = \"t\"; says = \"Do it\"; cites = \"1\"; on = [ \"court.bail\" ]; when = \"true\";"
                  " tell = [ \"nobody-knows\" ]; within = \"1wd\"; closes = \"ack\"; };");
    bad = harness_path(desk->h, "bad.conf");
    stranger = harness_path(desk->h, "stranger.conf");
    assert_int_equal(ask(desk, "what-if", "--protocol", bad, "--since", "2024-01-01"), 78);
    assert_says(&desk->err, "bad.conf:3: rule D2: \"titel\" is no setting");
    assert_says(&desk->err, "bad.conf:3: rule D2: cites is missing");
    assert_int_equal(ask(desk, "what-if", "--protocol", stranger, "--since", "2024-01-01"), 78);
    assert_says(&desk->err, "stranger.conf:3: rule D1 names the role nobody-knows");
    assert_int_equal(ask(desk, "what-if", "--protocol", bad), 64);
    assert_int_equal(ask(desk, "what-if", "--protocol", bad, "--since", "lately"), 64);
    assert_int_equal(ask(desk, "what-if", "--protocol", "no-such-file", "--since", "2024-01-01"), 78);
    free(bad);
    free(stranger);
}

/* The protocol that follows knows neither the event that closes D41 nor its clock; the open duty still ends as pinned. */
static void test_toldctl_why_runs_the_version_that_the_duty_pins(void **state)
{
    struct desk *desk = *state;
    struct harness *h = desk->h;
    char *duty = duty_of(desk, "D41"), *text = harness_value(h, "SELECT text FROM told.protocol_version"), *sql;
    json_t *stored = json_loads(text, 0, NULL), *whole;

    assert_string_equal(json_text_at(json_array_get(stored, 0), "name"), "rules.conf");
    assert_string_equal(json_text_at(json_array_get(stored, 0), "text"), NOW);
    harness_write(h, "rules.conf", D41("3wd", "\"ack\""));
    harness_signal(h, desk->told, SIGHUP);
    assert_true(harness_await(h, "SELECT count(*) FROM told.protocol_version", "2", 20000));
    assert_int_equal(ask(desk, "why", duty, "--json"), 0);
    whole = answered(desk);
    assert_false(json_is_true(json_object_get(json_object_get(whole, "protocol"), "in_force")));
    assert_string_equal(json_text_at(json_array_get(json_object_get(whole, "rules"), 0), "within"), "1wd");
    assert_true(json_is_true(json_object_get(whole, "comes_out_the_same")));
    json_decref(whole);
    add_event(h, "ev-end", "court.proceedings-ended", "2024-05-24T08:30:00Z", ",\"case\":\"c-1\",\"reason\":\"discontinued\"");
    sql = mem_printf("SELECT closed_as || ' ' || closed_reason FROM told.duty WHERE duty_id = %s", duty);
    assert_true(harness_await(h, sql, "discharged court.proceedings-ended", 20000));
    json_decref(stored);
    free(sql);
    free(text);
    free(duty);
}

/* A fact that comes late is not taken for what was known then. */
static void test_toldctl_why_shows_what_was_known_when_it_opened(void **state)
{
    struct desk *desk = *state;
    char *duty = duty_of(desk, "D41");
    json_t *whole;

    PQclear(harness_query(desk->h,
                          "INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin) VALUES"
                          " (1, 'looked_after_basis', '\"none\"', '2024-04-01', '2024-06-01', 'import')"));
    assert_int_equal(ask(desk, "why", duty, "--json"), 0);
    whole = answered(desk);
    assert_true(json_is_true(json_object_get(whole, "comes_out_the_same")));
    assert_string_equal(json_text_at(source_of(json_array_get(json_object_get(whole, "explained"), 0), "child.looked_after"), "id"),
                        "ev-status");
    json_decref(whole);
    free(duty);
}

/* Stored by a program that wrote another form: what was written stands, and why says what it cannot do. */
static void test_toldctl_why_of_a_version_that_cannot_be_read(void **state)
{
    struct desk *desk = *state;
    char *duty = duty_of(desk, "D41");

    PQclear(harness_query(desk->h, "UPDATE told.protocol_version SET text = '# old'"));
    assert_int_equal(ask(desk, "why", duty), 0);
    assert_says(&desk->out, "this program cannot read it again: stored:1: no stored protocol");
    assert_says(&desk->out, "child.looked_after is true");
    free(duty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toldctl_why_names_where_each_value_came_from),
        cmocka_unit_test(test_toldctl_why_reads_as_text),
        cmocka_unit_test(test_toldctl_why_of_a_review_names_what_nobody_has_said),
        cmocka_unit_test(test_toldctl_why_not_names_the_condition),
        cmocka_unit_test(test_toldctl_what_if_says_who_would_be_told_and_writes_nothing),
        cmocka_unit_test(test_toldctl_what_if_names_every_fault_of_a_bad_protocol),
        cmocka_unit_test(test_toldctl_why_runs_the_version_that_the_duty_pins),
        cmocka_unit_test(test_toldctl_why_shows_what_was_known_when_it_opened),
        cmocka_unit_test(test_toldctl_why_of_a_version_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
