/* SPDX-License-Identifier: Apache-2.0 */
/* What a full notice says of a child, from the events as they were received; and who may be told so much. */
#include "told/disclosure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *body, *person, *hearing; /* NULL: not said */
} table[] = {
    {"{\"data\":{\"person\":{\"given_names\":\"Ada Mae\",\"family_name\":\"Example\",\"born_on\":\"2009-02-03\"},"
     "\"hearing\":\"h-1\",\"court\":\"camberwell-youth-court\",\"at\":\"2024-06-10T09:00:00Z\"}}",
     "Name: Ada Mae Example, born 3 February 2009",
     "Hearing: camberwell-youth-court, reference h-1, Monday 10 June 2024 at 10:00"},
    {"{\"data\":{\"person\":{\"family_name\":\"Example\"},\"first_hearing\":{\"court\":\"bromley\","
     "\"at\":\"2024-12-02T10:00:00Z\"}}}",
     "Name: Example", "Hearing: bromley, Monday 2 December 2024 at 10:00"},
    {"{\"data\":{\"person\":{\"given_names\":\"Ada\",\"born_on\":\"2009-02-30\"},\"court\":\"bromley\",\"at\":\"soon\"}}",
     "Name: Ada", "Hearing: bromley"},
    {"{\"data\":{\"person\":{\"born_on\":\"2009-02-03\",\"postcode\":\"SE5 0AA\"},\"hearing\":\"h-1\"}}", NULL, NULL},
    {"{\"data\":{\"person\":{\"given_names\":\"\",\"family_name\":7},\"first_hearing\":\"soon\"}}", NULL, NULL},
    {"{\"data\":[]}", NULL, NULL},
    {"[]", NULL, NULL},
    {"{\"data\":", NULL, NULL},
    {"", NULL, NULL},
};

static void assert_said(const json_t *values, const char *name, const char *expected, size_t row)
{
    const char *found = json_text_at(values, name);
    if ((found == NULL) != (expected == NULL) || (found != NULL && strcmp(found, expected) != 0))
        fail_msg("row %zu: %s is %s", row, name, found != NULL ? found : "not said");
}

static void test_disclosure_says_name_birth_and_hearing_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        json_t *values = json_object();
        disclosure_add(values, table[i].body, strlen(table[i].body));
        assert_said(values, "person", table[i].person, i);
        assert_said(values, "hearing", table[i].hearing, i);
        assert_int_equal(json_object_size(values), (table[i].person != NULL) + (table[i].hearing != NULL));
        json_decref(values);
    }
}

static void test_disclosure_keeps_what_the_newer_event_said(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"data\":{\"court\":\"bromley\"}}",
        "{\"data\":{\"court\":\"camberwell-youth-court\",\"person\":{\"family_name\":\"Example\"}}}"};
    json_t *values = json_object();
    for (size_t i = 0; i < 2; i++)
        disclosure_add(values, bodies[i], strlen(bodies[i]));
    assert_said(values, "hearing", "Hearing: bromley", 0);
    assert_said(values, "person", "Name: Example", 1);
    json_decref(values);
}

static void test_disclosure_is_assured_by_the_whole_domain_only(void **state)
{
    (void)state;
    char name[] = "southwark.gov.example", other[] = "yos.example";
    char *const domains[] = {name, other, NULL};
    static const struct {
        const char *address;
        bool assured;
    } rows[] = {
        {"ash@southwark.gov.example", true},      {"ash@Southwark.GOV.example", true}, {"a@yos.example", true},
        {"ash@mail.southwark.gov.example", false}, {"ash@xsouthwark.gov.example", false},
        {"ash@southwark.gov.example.evil.example", false}, {"southwark.gov.example", false},
        {"southwark.gov.example@evil.example", false}, {"ash@gov.example", false}, {"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (disclosure_is_assured(rows[i].address, domains) != rows[i].assured)
            fail_msg("%s", rows[i].address);
    assert_false(disclosure_is_assured("ash@yos.example", NULL));
    assert_string_equal(disclosure_text(DISCLOSURE_FULL), "full");
    assert_string_equal(disclosure_text(DISCLOSURE_THIN), "thin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disclosure_says_name_birth_and_hearing_and_nothing_else),
        cmocka_unit_test(test_disclosure_keeps_what_the_newer_event_said),
        cmocka_unit_test(test_disclosure_is_assured_by_the_whole_domain_only),
    };
    return cmocka_run_group_tests_name("disclosure", tests, NULL, NULL);
}
