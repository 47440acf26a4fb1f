/* SPDX-License-Identifier: Apache-2.0 */
/* Golden pairs: tests/golden/notices/NAME.values.json with the template NAME.md beside it, or else
 * conf/templates/BASE.md where BASE is NAME up to its first '-', gives NAME.subject, NAME.txt and NAME.html.
 * GOLDEN_UPDATE=1 rewrites them. */
#include "told/notice.h"

#include "told/buf.h"
#include "told/mem.h"
#include "whole_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/notices/"

static const char *const agreed_names[] = {"reference",      "case",  "child",       "title",     "due",
                                           "immediate_note", "event", "cites",       "told_next", "why",
                                           "role",           "step",  "repeat_note", "answer",    "authority", "mail_answer",
                                           "due_short",      "person", "hearing",  "privacy",   "link",
                                           NULL};
static const char *const merged_names[] = {
    "reference",   "case",   "child",     "title",     "due",    "immediate_note",
    "event",       "cites",  "told_next", "why",       "role",   "step",
    "repeat_note", "answer", "authority", "mail_answer", "mail_note", "due_short", "duties", "person",
    "hearing",     "privacy", "link",      "closed",     "how",   NULL};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void match_golden(const char *name, const char *kind, const char *text)
{
    char *path = mem_printf(GOLDEN "%s.%s", name, kind);
    if (getenv("GOLDEN_UPDATE"))
        write_file(path, text);
    char *expected = whole_file(path, NULL);
    if (!expected)
        fail_msg("%s is missing: GOLDEN_UPDATE=1 writes it", path);
    assert_string_equal(text, expected);
    free(expected);
    free(path);
}

static char *read_template(const char *name)
{
    char *path = mem_printf(GOLDEN "%s.md", name);
    char *text = whole_file(path, NULL);
    free(path);
    if (text)
        return text;
    path = mem_printf("conf/templates/%.*s.md", (int)strcspn(name, "-"), name);
    text = whole_file(path, NULL);
    assert_non_null(text);
    free(path);
    return text;
}

static json_t *make_values(const char *text)
{
    char *reason = NULL;
    json_t *values = json_parse(text, strlen(text), &reason);
    if (!values)
        fail_msg("values: %s", reason);
    return values;
}

static void check_golden(const char *name)
{
    char *path = mem_printf(GOLDEN "%s.values.json", name);
    char *template = read_template(name), *text = whole_file(path, NULL);
    assert_non_null(text);
    json_t *values = make_values(text);
    struct notice notice = {0};
    char *reason = notice_render(template, strlen(template), values, &notice);
    if (reason)
        fail_msg("%s: %s", name, reason);
    char *subject = mem_printf("%s\n", notice.subject);
    match_golden(name, "subject", subject);
    match_golden(name, "txt", notice.text);
    match_golden(name, "html", notice.html);
    free(subject);
    notice_release(&notice);
    json_decref(values);
    free(text);
    free(template);
    free(path);
}

static void test_notice_gives_the_golden_texts(void **state)
{
    (void)state;
    const char *const names[] = {"duty",        "duty-full",   "duty-immediate", "duty-hostile", "escalation",
                                 "escalation-full", "copy",    "copy-full",      "review",       "review-full",
                                 "match",       "match-link",  "alarm",          "alarm-link",   "merged",
                                 "merged-full", "correction",  "correction-link", "closing", "closing-two", "odd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_golden(names[i]);
}

static void test_notice_accepts_every_shipped_template(void **state)
{
    (void)state;
    const char *const names[] = {"duty",  "escalation", "copy",   "review",
                                 "match", "alarm",      "merged", "correction", "closing"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = read_template(names[i]);
        char *reason =
            notice_validate(text, strlen(text), strcmp(names[i], "merged") && strcmp(names[i], "closing") ? agreed_names : merged_names);
        if (reason)
            fail_msg("%s: %s", names[i], reason);
        free(text);
    }
}

static char *render(const char *template, const char *values_text, struct notice *ret)
{
    json_t *values = make_values(values_text);
    char *reason = notice_render(template, strlen(template), values, ret);
    json_decref(values);
    return reason;
}

static void test_notice_refuses_faulty_templates_with_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *template, *reason;
    } table[] = {
        {"", "line 1: no \"Subject: …\""},
        {"Hello\n\nx\n", "line 1: no \"Subject: …\""},
        {"Subject: x\ny\n", "line 2: not empty"},
        {"Subject: caf\xc3\xa9\n\nx\n", "line 1: the subject is not plain ASCII"},
        {"Subject: a\tb\n\nx\n", "line 1: the subject is not plain ASCII"},
        {"Subject: \n\nx\n", "line 1: the subject is empty"},
        {"Subject: {{who}}\n\nx\n", "line 1: unknown placeholder {{who}}"},
        {"Subject: x\n\none\n\ntwo\nthree {{who}}\n", "line 6: unknown placeholder {{who}}"},
        {"Subject: x\n\n`{{who}}`\n", "line 3: unknown placeholder {{who}}"},
        {"Subject: x\n\n{{list}}\n", "line 3: {{list}} is no text"},
        {"Subject: x\n\n{{#a}}\n\ny\n\n{{/a}}\n", "line 3: {{#a}} is no list"},
        {"Subject: x\n\n{{#list}}\n\ny\n", "line 3: {{#list}} without {{/list}}"},
        {"Subject: x\n\n{{#who}}\n\ny\n\n{{/who}}\n", "line 3: unknown list {{#who}}"},
        {"Subject: x\n\ny\n\n{{/list}}\n", "line 5: {{/list}} without {{#list}}"},
        {"Subject: x\n\na {{ b\n", "line 3: '{{' without a name"},
        {"Subject: x\n\na {{#list}} b\n", "line 3: '{{' without a name"},
        {"Subject: x\n\n<script>x</script>\n", "line 3: HTML"},
        {"Subject: x\n\na <b>b</b>\n", "line 3: HTML"},
        {"Subject: x\n\n![a](https://told.example/a.png)\n", "line 3: an image"},
        {"Subject: x\n\n[a]({{a}})\n", "line 3: a placeholder in a link"},
        {"Subject: x\n\n[a](https://told.example/{{link}})\n", "line 3: a placeholder in a link"},
        {"Subject: x\n\n[a]({{link}})\n", "line 3: a link whose value is no"},
        {"Subject: x {{person}}\n\ny\n", "line 1: {{person}} in the subject"},
        {"Subject: x {{hearing}}\n\ny\n", "line 1: {{hearing}} in the subject"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct notice notice = {0};
        char *reason = render(table[i].template, "{\"a\":\"b\",\"link\":\"javascript:x\",\"person\":\"p\",\"hearing\":\"h\",\"list\":[{}]}", &notice);
        if (!reason || strncmp(reason, table[i].reason, strlen(table[i].reason)) != 0)
            fail_msg("row %zu: %s", i, reason ? reason : "accepted");
        assert_null(notice.subject);
        free(reason);
    }
}

static void test_notice_validate_knows_what_render_would_refuse(void **state)
{
    (void)state;
    const char *const names[] = {"a", "list", NULL};
    static const struct {
        const char *template, *reason;
    } table[] = {
        {"Subject: {{a}}\n\n{{#list}}\n\n{{a}}\n\n{{/list}}\n", NULL},
        {"Subject: {{b}}\n\nx\n", "line 1: unknown placeholder {{b}}"},
        {"Subject: x\n\n{{#list}}\n\n{{b}}\n\n{{/list}}\n", "line 5: unknown placeholder {{b}}"},
        {"Subject: x\n\n", "line 3: no text"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *reason = notice_validate(table[i].template, strlen(table[i].template), names);
        if (!table[i].reason)
            assert_null(reason);
        else if (!reason || strncmp(reason, table[i].reason, strlen(table[i].reason)) != 0)
            fail_msg("row %zu: %s", i, reason ? reason : "accepted");
        free(reason);
    }
}

static void test_notice_value_never_becomes_markup_or_header(void **state)
{
    (void)state;
    struct notice notice = {0};
    char *reason =
        render("Subject: for {{a}}\n\n# {{a}}\n\n- {{a}}\n",
               "{\"a\":\"<script>x</script> **y**\\r\\nBcc: z@evil.example {{b}} \\u202e\\u00e9\"}", &notice);
    assert_null(reason);
    assert_null(strstr(notice.html, "<script"));
    assert_null(strstr(notice.html, "<strong"));
    assert_non_null(strstr(notice.html, "{{b}}"));
    assert_null(strstr(notice.text, "\xe2\x80\xae"));
    assert_string_equal(notice.subject, "for <script>x</script> **y** Bcc: z@evil.example {{b}} ?");
    notice_release(&notice);
    notice_release(NULL);
}

static void test_notice_link_is_one_whole_page_or_not_there(void **state)
{
    (void)state;
    struct notice notice = {0};
    const char *template = "Subject: x\n\n[Open {{a}}]({{link}})\n\ny\n";
    assert_null(render(template, "{\"a\":\"b\",\"link\":\"https://told.example/duty/17\"}", &notice));
    assert_string_equal(notice.text, "Open b (https://told.example/duty/17)\n\ny\n");
    assert_non_null(strstr(notice.html, "<a href=\"https://told.example/duty/17\">Open b</a>"));
    notice_release(&notice);
    assert_null(render(template, "{\"a\":\"b\",\"link\":\"\"}", &notice));
    assert_string_equal(notice.text, "y\n");
    assert_null(strstr(notice.html, "Open"));
    notice_release(&notice);
    const char *const names[] = {"a", "link", NULL};
    assert_null(notice_validate(template, strlen(template), names));
}

static void test_notice_subject_is_cut_at_what_a_header_takes(void **state)
{
    (void)state;
    struct notice notice = {0};
    struct buf values = {0};
    buf_text(&values, "{\"a\":\"");
    for (int i = 0; i < 300; i++)
        buf_char(&values, 'x');
    buf_text(&values, "\"}");
    assert_null(render("Subject: {{a}}\n\n{{a}}\n", buf_string(&values), &notice));
    assert_int_equal(strlen(notice.subject), 200);
    assert_string_equal(notice.subject + 196, "x...");
    buf_release(&values);
    notice_release(&notice);
}

static void test_notice_text_lines_keep_to_the_page(void **state)
{
    (void)state;
    struct notice notice = {0};
    struct buf values = {0};
    buf_text(&values, "{\"a\":\"");
    for (int i = 0; i < 400; i++)
        buf_text(&values, i % 90 == 89 ? " " : "\xc3\xa9");
    buf_text(&values, "\"}");
    assert_null(render("Subject: x\n\n- > 1. {{a}}\n\n      > {{a}} {{a}}\n\n        {{a}}\n",
                       buf_string(&values), &notice));
    for (const char *line = notice.text; *line;) {
        size_t len = strcspn(line, "\n"), columns = 0;
        for (size_t i = 0; i < len; i++)
            columns += ((unsigned char)line[i] & 0xc0) != 0x80;
        assert_true(columns <= 78);
        line += len + 1;
    }
    buf_release(&values);
    notice_release(&notice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notice_gives_the_golden_texts),
        cmocka_unit_test(test_notice_accepts_every_shipped_template),
        cmocka_unit_test(test_notice_refuses_faulty_templates_with_the_line),
        cmocka_unit_test(test_notice_validate_knows_what_render_would_refuse),
        cmocka_unit_test(test_notice_value_never_becomes_markup_or_header),
        cmocka_unit_test(test_notice_link_is_one_whole_page_or_not_there),
        cmocka_unit_test(test_notice_subject_is_cut_at_what_a_header_takes),
        cmocka_unit_test(test_notice_text_lines_keep_to_the_page),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
