/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/mem.h"
#include "told/person.h"

static const char *const TRUSTED[] = {"pnc", "nhs", NULL};

static void test_person_compares_names_without_case_accents_and_marks(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"Quérandel", "querandel"},   {"QUE\xcc\x81RANDEL", "querandel"}, {"Łukasz", "lukasz"},
        {"Straße", "strasse"},        {"Æsir", "aesir"},                  {"O'Fennimore", "ofennimore"},
        {"O’Fennimore", "ofennimore"}, {"Mary-Jane", "mary jane"},         {" Mary \t Jane ", "mary jane"},
        {"St. Aubrey", "st aubrey"},  {"Ковалева", "Ковалева"},           {"Ivy\xe2\x80\x94Rose", "ivy rose"},
        {"Unknown", ""},              {"N/A", ""},                        {"not known", ""},
        {"", ""},                     {"--", ""},                         {"123", ""},
        {"\xff\xfe", ""},             {"a\xc3", "a"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *name = person_name(rows[i][0]);
        if (strcmp(name, rows[i][1]) != 0)
            fail_msg("%s: \"%s\"", rows[i][0], name);
        free(name);
    }
    char *none = person_name(NULL);
    assert_string_equal(none, "");
    free(none);
}

static void test_person_cuts_a_long_name_between_characters(void **state)
{
    (void)state;
    char text[4000] = "x";
    for (size_t i = 1; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xd0\x96", 2);
    char *name = person_name(text);
    assert_true(strlen(name) <= PERSON_NAME_MOST);
    assert_int_equal(strlen(name) % 2, 1); /* no half of a letter */
    free(name);
}

static void test_person_knows_a_postcode(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"se5 8af", "SE58AF"}, {" SE5-8AF", "SE58AF"}, {"EC1A 1BB", "EC1A1BB"}, {"ZZ99 3VZ", NULL}, {"zz993cz", NULL},
        {"unknown", NULL},     {"", NULL},             {"12345", NULL},         {"SE5 8AFXX", NULL}, {"SE5 8A\xc3\xa9", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *code = person_postcode(rows[i][0]);
        if ((code == NULL) != (rows[i][1] == NULL) || (code != NULL && strcmp(code, rows[i][1]) != 0))
            fail_msg("%s: %s", rows[i][0], code != NULL ? code : "none");
        free(code);
    }
    assert_null(person_postcode(NULL));
}

static struct person *read(const char *text)
{
    json_t *stated = json_loads(text, 0, NULL);
    assert_non_null(stated);
    struct person *p = person_read(stated, TRUSTED);
    json_decref(stated);
    return p;
}

static void test_person_is_of_an_age_only_by_a_date_that_can_be_one(void **state)
{
    (void)state;
    static const struct {
        const char *person;
        int age;
    } rows[] = {{"{\"born_on\":\"2006-06-03\"}", 18}, {"{\"born_on\":\"2006-06-04\"}", 17}, {"{\"born_on\":\"1900-01-01\"}", -1},
                {"{\"born_on\":\"1970-01-01\"}", -1}, {"{\"born_on\":\"1970-01-02\"}", 54},
                {"{\"born_on\":\"1000-01-01\"}", -1}, {"{\"born_on\":\"2024-06-04\"}", -1}, {"{\"born_on\":\"2009-02-30\"}", -1},
                {"{\"born_on\":null}", -1},           {"{}", -1}};
    struct civil_day on;
    assert_true(civil_parse("2024-06-03", &on));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct person *p = read(rows[i].person);
        if (person_age(p, on) != rows[i].age)
            fail_msg("%s: %d", rows[i].person, person_age(p, on));
        person_free(p);
    }
}

static void test_person_is_known_again_by_the_same_details_alone(void **state)
{
    (void)state;
    static const char first[] = "{\"family_name\":\"O'Fennimore\",\"given_names\":\"Zoë\",\"born_on\":\"2009-02-03\","
                                "\"identifiers\":{\"pnc\":\"12/1A\",\"asn\":\"11/1\"}}";
    static const struct {
        const char *person;
        bool same;
    } rows[] = {{"{\"family_name\":\"OFENNIMORE\",\"given_names\":\"zoe\",\"born_on\":\"2009-02-03\",\"identifiers\":{\"pnc\":\"2012/0000001A\"}}", true},
                {"{\"family_name\":\"OFENNIMORE\",\"given_names\":\"zoe\",\"born_on\":\"2009-03-02\",\"identifiers\":{\"pnc\":\"12/1A\"}}", false},
                {"{\"family_name\":\"OFENNIMORE\",\"given_names\":\"zoe\",\"born_on\":\"2009-02-03\",\"identifiers\":{\"pnc\":\"12/2A\"}}", false},
                {"{\"family_name\":\"OFENNIMORE\",\"given_names\":\"zoe\",\"born_on\":\"2009-02-03\"}", false}};
    struct person *one = read(first);
    assert_true(one->is_memorable);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct person *other = read(rows[i].person);
        if ((strcmp(one->digest, other->digest) == 0) != rows[i].same)
            fail_msg("%s", rows[i].person);
        person_free(other);
    }
    person_free(one);
    static const char *const forgettable[] = {"{}", "{\"family_name\":\"A\",\"given_names\":\"B\"}", "{\"born_on\":\"2009-02-03\"}",
                                              "{\"identifiers\":{\"asn\":\"11/1\",\"upn\":\"A1\"}}",
                                              "{\"family_name\":\"unknown\",\"given_names\":\"B\",\"born_on\":\"2009-02-03\"}"};
    for (size_t i = 0; i < sizeof forgettable / sizeof *forgettable; i++) {
        struct person *p = read(forgettable[i]);
        assert_false(p->is_memorable);
        person_free(p);
    }
    person_free(person_read(NULL, NULL));
    person_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_person_compares_names_without_case_accents_and_marks),
        cmocka_unit_test(test_person_cuts_a_long_name_between_characters),
        cmocka_unit_test(test_person_knows_a_postcode),
        cmocka_unit_test(test_person_is_of_an_age_only_by_a_date_that_can_be_one),
        cmocka_unit_test(test_person_is_known_again_by_the_same_details_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
