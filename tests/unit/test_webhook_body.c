/* SPDX-License-Identifier: Apache-2.0 */
/* What endpoints are given: tests/golden/webhooks/NAME.json, and told's own payload against the schema that is published for
 * it. GOLDEN_UPDATE=1 rewrites them. */
#include "told/webhook_body.h"

#include "told/buf.h"
#include "told/mem.h"
#include "whole_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOSTILE "01MP1 [look](https://evil.example) **x** \xe2\x80\xae<script>"

/* The values of a notice, with what a full one would have: none of that may go out. */
static json_t *make_words(const char *case_ref)
{
    json_t *words = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "reference", "D-17", "case",
                              case_ref ? case_ref : "not stated", "child", "C-42", "title", "Read the case and act", "due",
                              "Monday 3 June 2024 at 17:00", "due_short", "Mon 3 June 2024 17:00", "event",
                              "police charge, received Friday 31 May 2024 at 19:20", "told_next",
                              "the social work team manager is told on Monday 3 June 2024 at 17:00.", "why",
                              "the protocol asks for this, duty D41.", "role", "social worker", "authority", "southwark",
                              "link", "https://told.southwark.example/duty/17");
    json_object_set_new(words, "person", json_string("Name: Quillonna Vantreese"));
    json_object_set_new(words, "answer", json_string("toldctl ack D-17"));
    json_object_set_new(words, "immediate_note", json_string(""));
    return words;
}

static struct webhook_said make_said(const json_t *words, const char *case_ref)
{
    struct webhook_said said = {.duty_id = 17,
                                .child_id = 42,
                                .case_ref = case_ref,
                                .duty = "D41",
                                .title = "Tell the allocated social worker of the charge",
                                .says = "Read the case and act",
                                .kind = "tell",
                                .role = "social-worker",
                                .cites = "appendix A, line 99",
                                .authority = "southwark",
                                .words = words,
                                .uid = "msg_told_n17"};
    assert_true(instant_parse("2024-06-03T16:00:00Z", &said.due_at));
    assert_true(instant_parse("2024-05-31T18:20:00Z", &said.received_at));
    return said;
}

static char *make_body(const char *name, const struct webhook_said *said)
{
    static char reference[] = "reference", by[] = "by=due_short", who[] = "who=person";
    char *const given[] = {reference, by, who, NULL};
    struct webhook_template template = {.id = "9a0f1b2c-3d4e-4f50-8a1b-2c3d4e5f6071", .personalisation = given};
    if (!strncmp(name, "standard", 8))
        return webhook_body_standard(said);
    if (!strncmp(name, "teams", 5))
        return webhook_body_teams(said);
    template.to = strstr(name, "sms") ? "+447700900123" : "duty@southwark.example";
    return webhook_body_notify(said, strstr(name, "sms") ? WEBHOOK_NOTIFY_SMS : WEBHOOK_NOTIFY_EMAIL, &template);
}

static void check_golden(const char *name, const struct webhook_said *said)
{
    char *path = mem_printf("tests/golden/webhooks/%s.json", name), *body = make_body(name, said), *line, *expected;
    line = mem_printf("%s\n", body);
    if (getenv("GOLDEN_UPDATE")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(line, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    expected = whole_file(path, NULL);
    if (!expected)
        fail_msg("%s is missing: GOLDEN_UPDATE=1 writes it", path);
    assert_string_equal(line, expected);
    if (strstr(body, "Vantreese") || strstr(body, "toldctl") || strstr(body, "\xe2\x80\xae\x01"))
        fail_msg("%s says what it may not", name);
    free(expected);
    free(line);
    free(body);
    free(path);
}

static void test_webhook_body_is_golden_for_each_kind(void **state)
{
    (void)state;
    static const char *const names[] = {"standard", "teams", "notify-email", "notify-sms"};
    json_t *words = make_words("01MP1000124"), *hostile = make_words(HOSTILE);
    struct webhook_said said = make_said(words, "01MP1000124"), odd = make_said(hostile, HOSTILE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = mem_printf("%s-hostile", names[i]);
        check_golden(names[i], &said);
        check_golden(name, &odd);
        free(name);
    }
    said.kind = "copy";
    check_golden("teams-copy", &said);
    said.kind = "correction";
    check_golden("teams-correction", &said);
    json_decref(words);
    json_decref(hostile);
}

/* ---- as much of JSON Schema as ours uses ---- */

static bool is_type(const json_t *value, const char *type)
{
    return (!strcmp(type, "object") && json_is_object(value)) || (!strcmp(type, "string") && json_is_string(value)) ||
           (!strcmp(type, "integer") && json_is_integer(value)) || (!strcmp(type, "boolean") && json_is_boolean(value)) ||
           (!strcmp(type, "null") && json_is_null(value));
}

static bool is_one_of(const json_t *value, const json_t *list)
{
    bool found = !list;
    for (size_t i = 0; i < json_array_size(list); i++)
        found = found || json_equal(value, json_array_get(list, i));
    return found;
}

static bool type_fits(const json_t *value, const json_t *type)
{
    bool fits = !type || (json_is_string(type) && is_type(value, json_string_value(type)));
    for (size_t i = 0; i < json_array_size(type); i++)
        fits = fits || is_type(value, json_string_value(json_array_get(type, i)));
    return fits;
}

/* NULL, or the place that does not fit (caller frees). */
static char *judge(const json_t *value, const json_t *schema, const char *place)
{
    const json_t *constant = json_object_get(schema, "const"), *required = json_object_get(schema, "required"), *part;
    const char *name, *format = json_text_at(schema, "format");
    struct instant at;
    if (!type_fits(value, json_object_get(schema, "type")) || (constant && !json_equal(value, constant)) ||
        !is_one_of(value, json_object_get(schema, "enum")) ||
        (format && !strcmp(format, "date-time") && !instant_parse(json_string_value(value), &at)))
        return mem_copy(place);
    for (size_t i = 0; i < json_array_size(required); i++)
        if (!json_object_get(value, json_string_value(json_array_get(required, i))))
            return mem_printf("%s lacks %s", place, json_string_value(json_array_get(required, i)));
    if (!json_is_object(value))
        return NULL;
    for (void *at_part = json_object_iter((json_t *)(uintptr_t)value); at_part;
         at_part = json_object_iter_next((json_t *)(uintptr_t)value, at_part)) {
        name = json_object_iter_key(at_part);
        part = json_object_get(json_object_get(schema, "properties"), name);
        char *fault = part ? judge(json_object_iter_value(at_part), part, name) : mem_printf("%s is not in the schema", name);
        if (fault)
            return fault;
    }
    return NULL;
}

static void test_webhook_body_fits_its_published_schema(void **state)
{
    (void)state;
    char *text = whole_file("conf/schema/webhook.json", NULL), *reason = NULL;
    assert_non_null(text);
    json_t *schema = json_parse(text, strlen(text), &reason), *words = make_words(NULL);
    assert_non_null(schema);
    static const char *const kinds[] = {"tell", "copy", "escalate", "chase", "correction"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct webhook_said said = make_said(words, i % 2 ? HOSTILE : NULL);
        said.kind = kinds[i];
        said.child_id = i % 2 ? 42 : 0;
        char *body = webhook_body_standard(&said), *fault;
        json_t *value = json_parse(body, strlen(body), &reason);
        fault = judge(value, schema, "the payload");
        if (fault)
            fail_msg("%s: %s", kinds[i], fault);
        json_object_set_new(json_object_get(value, "data"), "name", json_string("x"));
        fault = judge(value, schema, "the payload");
        assert_string_equal(fault, "name is not in the schema");
        free(fault);
        json_object_del(json_object_get(value, "data"), "name");
        json_object_set_new(json_object_get(value, "data"), "kind", json_string("shout"));
        fault = judge(value, schema, "the payload");
        assert_string_equal(fault, "kind");
        free(fault);
        json_decref(value);
        free(body);
    }
    json_decref(words);
    json_decref(schema);
    free(text);
}

static void test_webhook_body_knows_its_words_and_paths(void **state)
{
    (void)state;
    assert_true(webhook_word_is_known("due"));
    assert_false(webhook_word_is_known("person"));
    assert_false(webhook_word_is_known("answer"));
    assert_string_equal(webhook_body_path(WEBHOOK_STANDARD), "");
    assert_string_equal(webhook_body_path(WEBHOOK_NOTIFY_SMS), "/v2/notifications/sms");
    assert_string_equal(webhook_body_path(WEBHOOK_NOTIFY_EMAIL), "/v2/notifications/email");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webhook_body_is_golden_for_each_kind),
        cmocka_unit_test(test_webhook_body_fits_its_published_schema),
        cmocka_unit_test(test_webhook_body_knows_its_words_and_paths),
    };
    return cmocka_run_group_tests_name("webhook_body", tests, NULL, NULL);
}
