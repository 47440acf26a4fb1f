/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/facts.h"
#include "told/mem.h"

static struct facts *make_facts(const char *json)
{
    struct facts *facts = facts_new();
    json_t *root = json_loads(json, 0, NULL);
    const char *key;
    json_t *value;

    assert_non_null(root);
    json_object_foreach(root, key, value)
    {
        assert_null(facts_set(facts, key, value));
    }
    json_decref(root);
    return facts;
}

static void apply(struct facts *facts, const char *type, const char *data)
{
    char *text = mem_printf("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"x/y\",\"type\":\"%s\","
                            "\"time\":\"2024-05-31T10:00:00Z\",\"data\":{\"person\":{}%s%s}}",
                            type, data[0] == '\0' ? "" : ",", data);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(text, strlen(text), &fault, &reason);

    if (event == NULL)
        fail_msg("%s", reason);
    facts_apply(facts, event);
    event_free(event);
    free(text);
}

/* The field as canonical text; "null" if it is unknown. */
static void assert_field(const struct facts *facts, const char *field, const char *expected)
{
    json_t *json = facts_json(facts);
    json_t *value = json_object_get(json, field);
    char *text = value == NULL ? mem_copy("null") : json_canonical(value);

    if (strcmp(text, expected) != 0)
        fail_msg("%s is %s, not %s", field, text, expected);
    free(text);
    json_decref(json);
}

struct change {
    const char *before;
    const char *type;
    const char *data;
    const char *field;
    const char *after;
};

/* What makes a field known, and the transitions of legal status that must be exact. */
static const struct change changes[] = {
    {"{}", "custody.reception", "\"sentenced\":false", "in_custody", "true"},
    {"{}", "custody.transfer", "", "in_custody", "true"},
    {"{\"in_custody\":true}", "custody.release", "\"reason\":\"released\"", "in_custody", "false"},
    {"{\"in_custody\":true}", "custody.release", "\"reason\":\"hospital\"", "in_custody", "true"},
    {"{\"in_custody\":false}", "court.sentence", "\"kind\":\"custody\"", "in_custody", "null"},
    {"{\"in_custody\":true}", "court.sentence", "\"kind\":\"custody\"", "in_custody", "true"},
    {"{\"in_custody\":false}", "court.remand", "\"to\":\"youth-detention-accommodation\"", "in_custody",
     "null"},
    {"{\"in_custody\":false}", "court.remand", "\"to\":\"custody\"", "in_custody", "null"},
    {"{\"in_custody\":false}", "court.remand", "\"to\":\"local-authority-accommodation\"", "in_custody",
     "false"},
    {"{}", "court.sentence", "\"kind\":\"custody\"", "sentenced", "true"},
    {"{\"sentenced\":false}", "court.sentence", "\"kind\":\"community\"", "sentenced", "false"},
    {"{}", "custody.reception", "\"sentenced\":true", "sentenced", "true"},
    {"{\"sentenced\":true}", "yos.order-ended", "", "sentenced", "false"},
    {"{\"looked_after_basis\":\"none\"}", "court.remand", "\"to\":\"local-authority-accommodation\"",
     "looked_after_basis", "\"remand\""},
    {"{\"looked_after_basis\":\"none\"}", "court.remand", "\"to\":\"youth-detention-accommodation\"",
     "looked_after_basis", "\"remand\""},
    {"{\"looked_after_basis\":\"none\"}", "court.remand", "\"to\":\"custody\"", "looked_after_basis",
     "\"none\""},
    {"{\"looked_after_basis\":\"s31\"}", "court.remand", "\"to\":\"local-authority-accommodation\"",
     "looked_after_basis", "\"s31\""},
    {"{}", "court.remand", "\"to\":\"local-authority-accommodation\"", "looked_after", "true"},
    {"{}", "court.remand", "\"to\":\"local-authority-accommodation\"", "looked_after_basis", "null"},
    {"{\"looked_after_basis\":\"remand\"}", "court.bail", "\"decision\":\"unconditional\"",
     "looked_after_basis", "\"none\""},
    {"{\"looked_after_basis\":\"remand\"}", "court.bail", "\"decision\":\"conditional\"",
     "looked_after_basis", "\"none\""},
    {"{\"looked_after_basis\":\"remand\"}", "court.bail", "\"decision\":\"refused\"", "looked_after_basis",
     "\"remand\""},
    {"{\"looked_after_basis\":\"s20\"}", "court.bail", "\"decision\":\"unconditional\"", "looked_after_basis",
     "\"s20\""},
    {"{\"looked_after_basis\":\"remand\"}", "court.proceedings-ended", "\"outcome\":\"acquitted\"",
     "looked_after_basis", "\"none\""},
    {"{\"looked_after_basis\":\"remand\"}", "court.sentence", "\"kind\":\"community\"", "looked_after_basis",
     "\"none\""},
    {"{\"looked_after_basis\":\"s20\"}", "court.sentence", "\"kind\":\"custody\"", "looked_after_basis",
     "\"none\""},
    {"{\"looked_after_basis\":\"s20\"}", "court.sentence", "\"kind\":\"custody\"",
     "looked_after_before_custody", "\"s20\""},
    {"{\"looked_after_basis\":\"remand\"}", "court.sentence", "\"kind\":\"custody\"",
     "looked_after_before_custody", "\"remand\""},
    {"{\"looked_after_basis\":\"police-protection\"}", "court.sentence", "\"kind\":\"custody\"",
     "looked_after_basis", "\"none\""},
    {"{\"looked_after_basis\":\"s31\"}", "court.sentence", "\"kind\":\"custody\"", "looked_after_basis",
     "\"s31\""},
    {"{\"looked_after_basis\":\"s31\"}", "court.sentence", "\"kind\":\"custody\"",
     "looked_after_before_custody", "\"s31\""},
    {"{\"looked_after\":true}", "court.sentence", "\"kind\":\"custody\"", "looked_after", "null"},
    {"{\"looked_after_basis\":\"none\",\"looked_after_before_custody\":\"s20\",\"in_custody\":true,\"sentenced\":true}",
     "court.sentence", "\"kind\":\"custody\"", "looked_after_before_custody", "\"s20\""},
    {"{}", "care.placement", "\"authority\":\"kent\"", "placement_authority", "\"kent\""},
    {"{}", "care.allocation", "\"role\":\"yos-worker\",\"practitioner\":\"p-2\"", "open_to_yos", "true"},
    {"{}", "care.allocation", "\"role\":\"yos-worker\",\"practitioner\":null", "open_to_yos", "null"},
    {"{}", "yos.assessment", "\"found\":[\"need\",\"estranged\"]", "estranged", "true"},
    {"{}", "yos.assessment", "\"found\":[\"need\"]", "estranged", "null"},
    {"{}", "yos.cusp-of-custody", "", "cusp_of_custody", "true"},
    {"{}", "court.authority-designated", "\"to\":\"kent\"", "home_authority", "\"kent\""},
    {"{\"home_authority\":\"southwark\"}", "court.authority-designated", "\"to\":\"kent\"", "home_authority",
     "\"southwark\""},
    {"{\"home_authority\":\"southwark\"}", "care.status", "\"home_authority\":\"kent\"", "home_authority",
     "\"kent\""},
    {"{\"in_need\":false}", "care.status", "\"in_need\":true,\"vulnerable\":null", "in_need", "true"},
    {"{}", "care.status", "\"markers\":[\"gang\",\"migrant\"]", "markers", "[\"gang\",\"migrant\"]"},
    {"{\"looked_after_basis\":\"s20\"}", "care.status", "\"looked_after\":false", "looked_after_basis",
     "\"none\""},
    {"{\"looked_after_basis\":\"s20\"}", "care.status", "\"looked_after\":true", "looked_after_basis",
     "\"s20\""},
    {"{\"looked_after_basis\":\"none\"}", "care.status", "\"looked_after\":true", "looked_after_basis",
     "null"},
    {"{\"in_custody\":false}", "custody.reception", "\"retracts\":\"0\"", "in_custody", "false"},
};

static void test_facts_follow_each_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct facts *facts = make_facts(changes[i].before);

        apply(facts, changes[i].type, changes[i].data);
        assert_field(facts, changes[i].field, changes[i].after);
        facts_free(facts);
    }
}

static void apply_person(struct facts *facts, const char *person)
{
    char *text =
        mem_printf("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"x/y\",\"type\":\"yos.conflict\","
                   "\"time\":\"2024-05-31T10:00:00Z\",\"data\":{\"person\":%s}}",
                   person);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(text, strlen(text), &fault, &reason);

    assert_non_null(event);
    facts_apply(facts, event);
    event_free(event);
    free(text);
}

static void test_facts_person_is_the_weakest_word_on_home(void **state)
{
    struct facts *facts = facts_new();

    (void)state;
    apply_person(facts, "{\"home_authority\":\"kent\",\"born_on\":\"2009-02-03\"}");
    assert_field(facts, "home_authority", "\"kent\"");
    assert_field(facts, "born_on", "\"2009-02-03\"");
    apply(facts, "court.authority-designated", "\"to\":\"essex\"");
    apply_person(facts, "{\"home_authority\":\"kent\",\"born_on\":\"2010-01-01\"}");
    assert_field(facts, "home_authority", "\"essex\"");
    assert_field(facts, "born_on", "\"2009-02-03\"");
    facts_free(facts);
}

static void test_facts_close_only_what_nothing_hints_at(void **state)
{
    struct facts *nothing = facts_new();
    struct facts *remanded = facts_new();
    struct facts *met = facts_new();

    (void)state;
    facts_close(nothing);
    assert_field(nothing, "in_custody", "false");
    assert_field(nothing, "sentenced", "false");
    apply(remanded, "court.remand", "\"to\":\"youth-detention-accommodation\"");
    facts_close(remanded);
    assert_field(remanded, "in_custody", "null");
    assert_field(remanded, "sentenced", "false");
    apply(met, "custody.meeting-held", "\"meeting\":\"pre-release\"");
    facts_close(met);
    assert_field(met, "in_custody", "null");
    facts_free(nothing);
    facts_free(remanded);
    facts_free(met);
}

static void test_facts_know_the_list_of_allocations_or_single_ones(void **state)
{
    struct facts *facts = make_facts("{\"allocations\":{\"social-worker\":\"p-1\",\"yos-worker\":null}}");
    struct facts *single = facts_new();

    (void)state;
    assert_string_equal(facts_allocated(facts, "social-worker"), "p-1");
    assert_null(facts_allocated(facts, "yos-worker"));
    facts_allocate(facts, "social-worker", NULL);
    assert_null(facts_allocated(facts, "social-worker"));
    facts_allocate(single, "social-worker", "p-2");
    assert_field(single, "allocations", "null");
    assert_field(single, "allocations_known", "{\"social-worker\":\"p-2\"}");
    facts_free(facts);
    facts_free(single);
}

static void test_facts_refuse_what_they_cannot_hold(void **state)
{
    static const struct change wrongs[] = {
        {"shoe_size", NULL, "4", NULL, "no such field"},
        {"in_need", NULL, "\"yes\"", NULL, "true, false"},
        {"looked_after_basis", NULL, "\"s99\"", NULL, "word"},
        {"born_on", NULL, "\"2009-02-30\"", NULL, "date"},
        {"markers", NULL, "[\"x\"]", NULL, "words"},
        {"allocations", NULL, "[]", NULL, "object"},
        {"allocations", NULL, "{\"a\":1}", NULL, "practitioner"},
        {"home_authority", NULL, "1", NULL, "string"},
        {"age", NULL, "14", NULL, "no such field"},
    };
    struct facts *facts = facts_new();

    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        json_t *value = json_loads(wrongs[i].data, JSON_DECODE_ANY, NULL);
        const char *reason = facts_set(facts, wrongs[i].before, value);

        assert_non_null(reason);
        assert_non_null(strstr(reason, wrongs[i].after));
        json_decref(value);
    }
    facts_free(facts);
}

static void test_facts_copy_and_json_come_round(void **state)
{
    static const char whole[] =
        "{\"allocations\":{\"social-worker\":\"p-1\"},\"born_on\":\"2009-02-03\",\"home_authority\":\"southwark\","
        "\"in_need\":true,\"looked_after_basis\":\"s31\",\"markers\":[\"gang\"],\"placement_authority\":\"kent\"}";
    struct facts *facts = make_facts(whole);
    struct facts *copy = facts_copy(facts);
    json_t *json = facts_json(copy);
    char *text = json_canonical(json);
    char a[65], b[65];

    (void)state;
    assert_string_equal(text, whole);
    facts_digest(facts, a);
    facts_digest(copy, b);
    assert_string_equal(a, b);
    facts_allocate(copy, "yos-worker", "p-2");
    facts_digest(copy, b);
    assert_string_not_equal(a, b);
    free(text);
    json_decref(json);
    facts_free(facts);
    facts_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_follow_each_event),
        cmocka_unit_test(test_facts_person_is_the_weakest_word_on_home),
        cmocka_unit_test(test_facts_close_only_what_nothing_hints_at),
        cmocka_unit_test(test_facts_know_the_list_of_allocations_or_single_ones),
        cmocka_unit_test(test_facts_refuse_what_they_cannot_hold),
        cmocka_unit_test(test_facts_copy_and_json_come_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
