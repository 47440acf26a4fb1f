/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/buf.h"
#include "told/contrast.h"
#include "told/mem.h"

static const char HOLIDAYS[] = "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
                               "{\"title\":\"Spring bank holiday\",\"date\":\"2024-05-27\"}]}}";

#define RULE(name, tell, rest)                                                                                       \
    "rule-" name ": { title = \"t\"; says = \"Do it\"; cites = \"line 1\"; on = [ \"court.bail\" ]; tell = [ " tell    \
    " ]; closes = \"ack\"; " rest " };\n"
#define ALWAYS "when = \"true\"; "

static void add_fault(void *cookie, const char *file, int line, const char *text)
{
    buf_printf(cookie, "%s:%d: %s\n", file, line, text);
}

static struct protocol *parse(const char *text)
{
    struct protocol_file file = {"x.conf", text, strlen(text)};
    struct buf faults = {0};
    struct protocol *protocol = protocol_parse(&file, 1, add_fault, &faults);

    assert_string_equal(buf_string(&faults), "");
    return protocol;
}

static struct decide_case *make_case(const char *id, const char *day, const char *rest)
{
    char *reason = NULL;
    char *body =
        mem_printf("{\"case\":\"c\",\"authority\":\"southwark\",\"received_at\":\"%sT09:00:00Z\",\"child\":{},\"event\":"
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"court/c\",\"type\":\"court.bail\",\"time\":"
                   "\"%sT09:00:00Z\",\"data\":{\"person\":{},%s}}}",
                   day, id, day, rest);
    struct decide_case *one = decide_case_parse(body, strlen(body), &reason);

    if (one == NULL)
        fail_msg("%s", reason);
    free(body);
    return one;
}

static void add_change(void *cookie, const struct contrast_change *change)
{
    char old_due[INSTANT_TEXT_SIZE] = "-", new_due[INSTANT_TEXT_SIZE] = "-";

    if (!instant_is_none(change->old_due_at))
        instant_print(change->old_due_at, old_due);
    if (!instant_is_none(change->new_due_at))
        instant_print(change->new_due_at, new_due);
    buf_printf(cookie, "%zu %s %s%s", change->input, change->duty, contrast_kind_text(change->kind),
               change->copy ? " (copy)" : "");
    for (size_t i = 0; i < change->role_count; i++)
        buf_printf(cookie, " %s", change->roles[i]);
    buf_printf(cookie, " %.10s %.10s\n", old_due, new_due);
}

/* A hearing, the same again on the next day, and the same with another outcome the day after. */
static void check(const char *now, const char *changed, size_t first, const char *want)
{
    struct decide_case *cases[] = {make_case("1", "2024-05-07", "\"hearing\":\"h\",\"decision\":\"unconditional\""),
                                   make_case("2", "2024-05-08", "\"hearing\":\"h\",\"decision\":\"unconditional\""),
                                   make_case("3", "2024-05-09", "\"hearing\":\"h\",\"decision\":\"conditional\"")};
    struct decide_input inputs[3];
    struct protocol *a = parse(now), *b = parse(changed);
    char *reason = NULL;
    struct calendar *calendar = calendar_parse(HOLIDAYS, strlen(HOLIDAYS), &reason);
    struct buf found = {0};

    for (size_t i = 0; i < 3; i++)
        inputs[i] = *decide_case_input(cases[i]);
    contrast(a, b, calendar, inputs, 3, first, add_change, &found);
    assert_string_equal(buf_string(&found), want);
    buf_release(&found);
    for (size_t i = 0; i < 3; i++)
        decide_case_free(cases[i]);
    protocol_free(a);
    protocol_free(b);
    calendar_free(calendar);
}

static const char BASE[] = RULE("D1", "\"mash\", \"yos-worker\"", ALWAYS "within = \"1wd\"; shows = [ \"event.decision\" ];");

static void test_contrast_of_a_protocol_with_itself_is_nothing(void **state)
{
    (void)state;
    check(BASE, BASE, 0, "");
    /* A renamed rule of the same duty is no change. */
    check(BASE, RULE("D1-other", "\"mash\", \"yos-worker\"", ALWAYS "within = \"1wd\"; shows = [ \"event.decision\" ];"), 0, "");
}

static void test_contrast_says_who_is_newly_and_no_longer_told(void **state)
{
    (void)state;
    check(BASE, RULE("D1", "\"mash\", \"social-worker\"", ALWAYS "within = \"1wd\"; shows = [ \"event.decision\" ];"), 0,
          "0 D1 no longer told yos-worker 2024-05-08 -\n0 D1 newly told social-worker - 2024-05-08\n"
          "2 D1 no longer told yos-worker 2024-05-08 -\n2 D1 newly told social-worker - 2024-05-08\n");
    check(BASE, "", 0,
          "0 D1 no longer told mash yos-worker 2024-05-08 -\n2 D1 no longer told mash yos-worker 2024-05-08 -\n");
    check(BASE, RULE("D1", "\"mash\", \"yos-worker\"", ALWAYS "within = \"1wd\"; shows = [ \"event.decision\" ];"
                                                               " copy = [ \"director\" ];"),
          0, "0 D1 newly told (copy) director - 2024-05-08\n2 D1 newly told (copy) director - 2024-05-08\n");
}

static void test_contrast_says_what_comes_earlier_and_later(void **state)
{
    static const char slower[] = RULE("D1", "\"mash\", \"yos-worker\"", ALWAYS "within = \"3wd\"; shows = [ \"event.decision\" ];");

    (void)state;
    check(BASE, slower, 0, "0 D1 later mash yos-worker 2024-05-08 2024-05-10\n2 D1 later mash yos-worker 2024-05-08 2024-05-10\n");
    check(slower, BASE, 1, "2 D1 earlier mash yos-worker 2024-05-10 2024-05-08\n");
}

static void test_contrast_says_what_could_not_be_decided(void **state)
{
    static const char unsure[] =
        RULE("D1", "\"mash\", \"yos-worker\"", "when = \"child.looked_after\"; within = \"1wd\"; shows = [ \"event.decision\" ];");

    (void)state;
    check(BASE, unsure, 1,
          "1 D1 newly asked - 2024-05-09\n2 D1 no longer told mash yos-worker 2024-05-08 -\n2 D1 newly asked - 2024-05-10\n");
    check(unsure, BASE, 2, "2 D1 no longer asked 2024-05-10 -\n2 D1 newly told mash yos-worker - 2024-05-08\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contrast_of_a_protocol_with_itself_is_nothing),
        cmocka_unit_test(test_contrast_says_who_is_newly_and_no_longer_told),
        cmocka_unit_test(test_contrast_says_what_comes_earlier_and_later),
        cmocka_unit_test(test_contrast_says_what_could_not_be_decided),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
