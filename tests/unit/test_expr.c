/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/deadline.h"
#include "../../lib/expr.h"
#include "told/mem.h"

/* A bail event that states some fields and leaves others out; a child of whom some is known. */
static struct event *event;
static struct facts *facts;
static struct decide_input input;

static int make_scope(void **state)
{
    static const char text[] =
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"court/x\",\"type\":\"court.bail\",\"time\":\"2024-05-31T10:00:00Z\","
        "\"data\":{\"person\":{},\"hearing\":\"r-1\",\"court\":\"kent\",\"decision\":\"refused\",\"objected\":true,\"reside_as_directed\":false}}";
    static const char child[] =
        "{\"born_on\":\"2008-05-31\",\"looked_after_basis\":\"s20\",\"in_need\":false,\"care_leaver\":\"none\","
        "\"home_authority\":\"kent\",\"markers\":[\"gang\",\"migrant\"],\"allocations\":{\"social-worker\":\"p-1\"}}";
    enum event_fault fault;
    char *reason = NULL;
    json_t *root = json_loads(child, 0, NULL);
    const char *key;
    json_t *value;

    (void)state;
    event = event_parse(text, strlen(text), &fault, &reason);
    facts = facts_new();
    json_object_foreach(root, key, value)
    {
        assert_null(facts_set(facts, key, value));
    }
    json_decref(root);
    instant_parse("2024-05-31T12:00:00Z", &input.received_at);
    input.authority = "southwark";
    input.event = event;
    input.facts = facts;
    input.court_is_host = TRUTH_TRUE;
    return event == NULL ? -1 : 0;
}

static int free_scope(void **state)
{
    (void)state;
    event_free(event);
    facts_free(facts);
    return 0;
}

struct judged {
    const char *text;
    enum truth truth;
};

static const struct judged judgements[] = {
    {"true", TRUTH_TRUE},
    {"false", TRUTH_FALSE},
    {"event.objected", TRUTH_TRUE},
    {"event.reside_as_directed", TRUTH_FALSE},
    {"event.return_home_prohibited", TRUTH_UNKNOWN},
    {"not event.return_home_prohibited", TRUTH_UNKNOWN},
    {"not event.objected", TRUTH_FALSE},
    /* Kleene: false wins over unknown in "and", true in "or". */
    {"event.return_home_prohibited and event.reside_as_directed", TRUTH_FALSE},
    {"event.reside_as_directed and event.return_home_prohibited", TRUTH_FALSE},
    {"event.return_home_prohibited and event.objected", TRUTH_UNKNOWN},
    {"event.return_home_prohibited or event.objected", TRUTH_TRUE},
    {"event.return_home_prohibited or event.reside_as_directed", TRUTH_UNKNOWN},
    {"event.reside_as_directed or event.reside_as_directed and event.objected or event.objected", TRUTH_TRUE},
    {"(event.reside_as_directed or event.objected) and event.reside_as_directed", TRUTH_FALSE},
    {"event.decision = refused", TRUTH_TRUE},
    {"event.decision != refused", TRUTH_FALSE},
    {"event.decision in (being-refused, refused)", TRUTH_TRUE},
    {"not event.decision in (being-refused, refused)", TRUTH_FALSE},
    {"event.parents = present", TRUTH_UNKNOWN},
    {"event.parents in (refused, absent)", TRUTH_UNKNOWN},
    {"event.objected = true", TRUTH_TRUE},
    {"event.type = court.bail", TRUTH_TRUE},
    {"event.type = court.remand", TRUTH_FALSE},
    {"event.court = authority", TRUTH_FALSE},
    {"event.court = child.home_authority", TRUTH_TRUE},
    {"event.court in (essex, kent)", TRUTH_TRUE},
    {"authority = southwark", TRUTH_TRUE},
    {"child.looked_after", TRUTH_TRUE},
    {"child.looked_after_basis = s20", TRUTH_TRUE},
    {"child.looked_after_basis = child.looked_after_before_custody", TRUTH_UNKNOWN},
    {"child.in_need", TRUTH_FALSE},
    {"child.protection_plan", TRUTH_UNKNOWN},
    {"child.age = 16", TRUTH_TRUE}, /* sixteen that day */
    {"child.age < 16", TRUTH_FALSE},
    {"child.age >= 16 and child.age <= 17", TRUTH_TRUE},
    {"child.age in (10, 16)", TRUTH_TRUE},
    {"child.markers has gang", TRUTH_TRUE},
    {"child.markers has county-lines", TRUTH_FALSE},
    {"child.has(social-worker)", TRUTH_TRUE},
    {"child.has(yos-worker)", TRUTH_FALSE},
    {"child.out_of_borough", TRUTH_UNKNOWN},
    {"court.is_host", TRUTH_TRUE},
    {"court.is_our_day", TRUTH_UNKNOWN},
    {"history.entered", TRUTH_FALSE},
    {"history.custodial or history.proceedings", TRUTH_FALSE},
    {"release.on is known", TRUTH_FALSE},
    {"event.received_at > event.received_at", TRUTH_FALSE},
    {"release.on < 2024-01-01", TRUTH_UNKNOWN},
    /* Two-valued. */
    {"event.return_home_prohibited is true", TRUTH_FALSE},
    {"event.return_home_prohibited is false", TRUTH_FALSE},
    {"event.return_home_prohibited is known", TRUTH_FALSE},
    {"not (event.return_home_prohibited is true)", TRUTH_TRUE},
    {"event.parents is known", TRUTH_FALSE},
    {"event.court is known", TRUTH_TRUE},
    {"event.parents = present is true", TRUTH_FALSE},
    {"(event.parents = present or event.objected) is true", TRUTH_TRUE},
    {"event.objected is known is true", TRUTH_TRUE},
};

static void test_expr_judges_in_three_values(void **state)
{
    struct term_scope scope;

    (void)state;
    term_scope_init(&scope, &input);
    for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++) {
        char *reason = NULL;
        struct expr *expr =
            expr_parse(judgements[i].text, field_type_find("court.bail"), TERM_REACH_ALL, &reason);

        if (expr == NULL)
            fail_msg("%s: %s", judgements[i].text, reason);
        if (expr_eval(expr, &scope) != judgements[i].truth)
            fail_msg("%s: %d", judgements[i].text, (int)expr_eval(expr, &scope));
        expr_free(expr);
    }
}

struct refused {
    const char *text;
    const char *reason;
};

static const struct refused refusals[] = {
    {"", "column 1"},
    {"event.objected and", "column 19"},
    {"event.objected or or event.objected", "column 19"},
    {"event.objected event.objected", "column 16"},
    {"(event.objected", "\")\" expected"},
    {"event.objected)", "column 15"},
        {"event.court in (kent, child.home_authority)", "child.home_authority is a name and would be taken for a word"},
    {"event.object", "\"event.object\" is no field of court.bail"},
    {"child.shoe_size", "no field of a child"},
    {"child.has", "write child.has(role)"},
    {"child.has(", "a role expected"},
    {"history.ever", "names nothing"},
    {"refused = event.decision", "names nothing"},
    {"event.decision", "is no yes-or-no"},
    {"event.decision is true", "only a yes-or-no"},
    {"event.decision = denied",
     "column 18: not a value of event.decision; use one of unconditional, conditional"},
    {"event.decision in (refused, denied)", "column 29"},
    {"event.decision in ()", "not a value"},
    {"event.decision < refused", "has no order"},
    {"event.decision = child.looked_after_basis", "different kinds"},
    {"event.court = event.decision", "different kinds"},
    {"event.type = court.fail", "not a value"},
    {"child.markers = gang", "is a list"},
    {"event.court has gang", "no set of words"},
    {"child.age = sixteen", "a whole number"},
    {"child.age < 2024-01-01", "a whole number"},
    {"event.objected = 1", "true or false"},
    {"event.objected is", "\"false\" expected"},
    {"event.objected ! event.objected", "column 16"},
    {"release.on > 2024-02-30", "a date"},
};

static void test_expr_says_where_and_what(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        char *reason = NULL;
        struct expr *expr =
            expr_parse(refusals[i].text, field_type_find("court.bail"), TERM_REACH_ALL, &reason);

        if (expr != NULL || strstr(reason, refusals[i].reason) == NULL)
            fail_msg("%s: %s", refusals[i].text, reason == NULL ? "taken" : reason);
        free(reason);
    }
}

static void test_expr_has_limits(void **state)
{
    char *deep = mem_printf("%0*d", 200, 0);
    struct buf longer = {0};
    char *reason = NULL;

    (void)state;
    memset(deep, '(', 200);
    assert_null(expr_parse(deep, 0, TERM_REACH_ALL, &reason));
    assert_non_null(strstr(reason, "nested too deeply"));
    free(reason);
    for (int i = 0; i < 200; i++)
        buf_text(&longer, "true or ");
    buf_text(&longer, "true");
    assert_null(expr_parse(buf_string(&longer), 0, TERM_REACH_ALL, &reason));
    assert_non_null(strstr(reason, "too long"));
    free(reason);
    buf_release(&longer);
    free(deep);
}

static void test_expr_of_a_closing_event_reaches_no_further(void **state)
{
    char *reason = NULL;

    (void)state;
    assert_null(expr_parse("child.in_need", field_type_find("care.status"), TERM_REACH_EVENT, &reason));
    assert_non_null(strstr(reason, "what closes a duty"));
    free(reason);
}

static void add_line(void *cookie, const char *text, size_t len)
{
    struct buf *out = cookie;

    buf_append(out, text, len);
    buf_char(out, '\n');
}

static void test_expr_explains_what_decided(void **state)
{
    struct term_scope scope;
    struct buf scratch = {0};
    struct buf out = {0};
    char *reason = NULL;
    struct expr *expr =
        expr_parse("(child.in_need or child.looked_after) and event.decision in (refused, being-refused)"
                   " and event.court != authority",
                   field_type_find("court.bail"), TERM_REACH_ALL, &reason);

    (void)state;
    term_scope_init(&scope, &input);
    expr_explain(expr, &scope, &scratch, add_line, &out);
    assert_string_equal(buf_string(&out),
                        "child.looked_after is true\n"
                        "event.decision in (refused, being-refused) is true: event.decision is refused\n"
                        "event.court != authority is true: event.court is kent, authority is southwark\n");
    expr_free(expr);
    expr = expr_parse(
        "child.out_of_borough and (event.parents = absent or child.protection_plan) and child.looked_after",
        field_type_find("court.bail"), TERM_REACH_ALL, &reason);
    buf_reset(&out);
    expr_unknown(expr, &scope, add_line, &out);
    assert_string_equal(buf_string(&out),
                        "child.placement_authority\nevent.parents\nchild.protection_plan\n");
    expr_free(expr);
    buf_release(&scratch);
    buf_release(&out);
}

static void test_expr_clock_is_refused_with_a_reason(void **state)
{
    static const struct refused clocks[] = {
        {"", "no clock"},
        {"soon", "no clock"},
        {"0wd", "no clock"},
        {"1wd tomorrow", "nothing may follow"},
        {"1wd from", "names nothing"},
        {"1wd from event.decision", "is no date"},
        {"before event.on", "no field of court.bail"},
        {"before release.on", "is no instant"},
        {"1 month", "which date"},
        {"1 month after", "names nothing"},
        {"3 weeks before release.on", "no clock"},
        {"immediate if event.objected else prompt", "nothing may follow"},
        {"immediate if (event.objected) else", "expected"},
        {"immediate if (event.object) else prompt", "no field"},
        {"immediate if (event.objected) else prompt now", "something follows"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        char *reason = NULL;
        struct deadline *deadline = deadline_parse(clocks[i].text, field_type_find("court.bail"), &reason);

        if (deadline != NULL || strstr(reason, clocks[i].reason) == NULL)
            fail_msg("%s: %s", clocks[i].text, reason == NULL ? "taken" : reason);
        free(reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expr_judges_in_three_values),
        cmocka_unit_test(test_expr_says_where_and_what),
        cmocka_unit_test(test_expr_has_limits),
        cmocka_unit_test(test_expr_of_a_closing_event_reaches_no_further),
        cmocka_unit_test(test_expr_explains_what_decided),
        cmocka_unit_test(test_expr_clock_is_refused_with_a_reason),
    };

    return cmocka_run_group_tests(tests, make_scope, free_scope);
}
