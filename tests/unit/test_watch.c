/* SPDX-License-Identifier: Apache-2.0 */
/* Which moments a child's events leave open, by the shipped rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written_case.h"
#include "told/watch.h"

#define SENTENCED                                                                                            \
    "'born_on':'2009-09-01','sentenced':true,'in_custody':true,'looked_after_basis':'none',"                \
    "'looked_after_before_custody':'none'"
#define DATES(day) "custody.release-dates", "'early_on':'" day "','early_entitled':true"
#define PLACED "custody.meeting-held", "'meeting':'release-preparation','on':'2024-05-02','placement_identified':true"
#define RELEASED(day) "custody.release", "'on':'" day "','reason':'released'"

enum { STEPS_MOST = 5, PENDING_MOST = 16 };

struct step {
    const char *type, *data;
};

static struct event *parse(const char *id, const char *type, const char *data)
{
    char *text = event_text(id, "2024-05-01T10:00:00Z", type, data);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event;

    quote(text);
    event = event_parse(text, strlen(text), &fault, &reason);
    if (event == NULL)
        fail_msg("%s: %s", text, reason);
    free(text);
    return event;
}

static struct facts *facts_from(const char *child)
{
    struct facts *facts = facts_new();
    char *text = mem_printf("{%s}", child);
    json_t *root;
    const char *key;
    json_t *value;

    quote(text);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    json_object_foreach(root, key, value)
        assert_null(facts_set(facts, key, value));
    json_decref(root);
    free(text);
    return facts;
}

/* "D66-watch 2024-06-28, …": rule and local day, in the order of the rules; of a route the first arm alone. */
static char *pending_text(struct watch_list *list)
{
    struct watch_pending pending[PENDING_MOST];
    size_t count = watch_list_pending(list, pending, PENDING_MOST);
    struct buf out = {0};
    char day[CIVIL_TEXT_SIZE];

    for (size_t i = 0; i < count; i++)
        if (strncmp(rule_name(pending[i].rule), "D66-watch-", 10) != 0)
            buf_printf(&out, "%s%s %s", out.len > 0 ? ", " : "", rule_name(pending[i].rule),
                       civil_print(civil_day_of(pending[i].at), day));
    return out.len > 0 ? buf_take(&out) : mem_copy("");
}

static void expect(const struct shipped *shipped, const char *child, const struct step *steps, const char *want)
{
    struct watch_list *list = watch_list_new(shipped->protocol);
    struct facts *facts = facts_from(child);
    struct event *events[STEPS_MOST] = {NULL};
    struct decide_past past[STEPS_MOST];
    char *text;

    for (size_t i = 0; i < STEPS_MOST && steps[i].type != NULL; i++) {
        char id[] = {'e', (char)('1' + (char)i), '\0'};
        struct decide_input input = {.authority = "southwark", .received_at = instant_of("2024-05-01T10:00:00Z"),
                                     .facts = facts, .history = past, .history_count = i};
        struct decision decision;

        input.event = events[i] = parse(id, steps[i].type, steps[i].data);
        decide(shipped->protocol, shipped->calendar, &input, &decision);
        watch_list_take(list, events[i], &decision);
        decision_release(&decision);
        past[i] = (struct decide_past){input.received_at, events[i]};
    }
    text = pending_text(list);
    assert_string_equal(text, want);
    free(text);
    for (size_t i = 0; i < STEPS_MOST; i++)
        event_free(events[i]);
    facts_free(facts);
    watch_list_free(list);
}

static void test_watch_follows_the_events(void **state)
{
    static const struct {
        const char *child;
        struct step steps[STEPS_MOST + 1];
        const char *want;
    } rows[] = {
        {SENTENCED, {{DATES("2024-07-31")}}, "D66-watch 2024-06-28, D67-watch 2024-07-23"},
        /* Eight days before a Monday is a Sunday: back to the Friday. */
        {SENTENCED, {{DATES("2024-05-20")}}, "D66-watch 2024-04-19, D67-watch 2024-05-10"},
        {SENTENCED, {{DATES("2024-07-31")}, {DATES("2024-08-30")}}, "D66-watch 2024-07-30, D67-watch 2024-08-22"},
        {SENTENCED, {{DATES("2024-07-31")}, {PLACED}}, "D67-watch 2024-07-23"},
        /* A meeting before the dates were known counts, and goes on counting when they move. */
        {SENTENCED, {{PLACED}, {DATES("2024-07-31")}, {DATES("2024-08-30")}}, "D67-watch 2024-08-22"},
        /* After a release another sentence begins anew. */
        {SENTENCED, {{PLACED}, {DATES("2024-07-31")}, {RELEASED("2024-05-03")}, {DATES("2024-08-30")}},
         "D66-watch 2024-07-30, D67-watch 2024-08-22, D91-watch 2024-05-24"},
        {SENTENCED, {{DATES("2024-07-31")}, {RELEASED("2024-06-14")}}, "D91-watch 2024-07-05"},
        {SENTENCED, {{RELEASED("2024-06-14")}, {"custody.reception", "'on':'2024-06-20','sentenced':true"}}, ""},
        {SENTENCED, {{"custody.release", "'on':'2024-06-14','reason':'court'"}}, ""},
        {SENTENCED, {{"custody.release-dates", "'early_entitled':true"}}, ""}, /* no date in it */
        {SENTENCED, {{DATES("2024-07-31")}, {"custody.release-dates", "'early_entitled':true"}}, ""},
        {"'sentenced':false", {{DATES("2024-07-31")}}, ""},
        /* Unknown is not false: it is asked at the moment itself. */
        {"'in_custody':true", {{DATES("2024-07-31")}}, "D66-watch 2024-06-28, D67-watch 2024-07-23"},
        {"'born_on':'2009-02-28','looked_after_basis':'s20'",
         {{"court.sentence", "'kind':'custody','on':'2024-05-01'"}}, "D61-sixteen 2025-02-28"},
        {"'born_on':'2008-02-29','looked_after_basis':'s31','looked_after_before_custody':'none'",
         {{"court.sentence", "'kind':'custody','on':'2024-02-01'"}}, ""},
        {"'born_on':'2007-01-01','looked_after_basis':'s20'",
         {{"court.sentence", "'kind':'custody','on':'2024-05-01'"}}, ""}, /* seventeen already */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(*state, rows[i].child, rows[i].steps, rows[i].want);
}

static void test_watch_event_is_made_of_child_rule_and_instant(void **state)
{
    const struct shipped *shipped = *state;
    struct event *late = parse("e1", "custody.release-dates", "'early_on':'2024-07-31','early_entitled':true"), *event;
    struct watch_pending pending = {protocol_find(shipped->protocol, "D67-watch"), late, instant_of("2024-07-23T16:00:00Z"), false};
    char *text = watch_instant_text(&pending, 17);
    enum event_fault fault;
    char *reason = NULL;

    event = event_parse(text, strlen(text), &fault, &reason);
    assert_non_null(event);
    assert_string_equal(event_id(event), "watch-17-D67-watch-2024-07-23T16:00:00Z");
    assert_string_equal(event_source(event), "told");
    assert_at(event_time(event), "2024-07-23T16:00:00Z");
    event_free(event);
    free(text);
    /* The moment had passed when the dates came: it is asked on what was known when they came. */
    pending.at = instant_of("2024-04-20T16:00:00Z");
    text = watch_instant_text(&pending, 17);
    event = event_parse(text, strlen(text), &fault, &reason);
    assert_non_null(event);
    assert_at(event_time(event), "2024-05-01T10:00:00Z");
    event_free(event);
    event_free(late);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch_follows_the_events),
        cmocka_unit_test(test_watch_event_is_made_of_child_rule_and_instant),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
