/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/match.h"

static void test_match_trusts_numbers_of_a_person_only(void **state)
{
    (void)state;
    static const char *const trusted[] = {"pnc", "cro", "noms", "nhs", "upn", "ccd", "yos", "lcs"};
    for (size_t i = 0; i < sizeof trusted / sizeof trusted[0]; i++) {
        assert_true(match_scheme_is_known(trusted[i]));
        assert_true(match_scheme_is_trusted(trusted[i]));
    }
    assert_true(match_scheme_is_known("asn"));
    assert_true(match_scheme_is_known("urn"));
    assert_false(match_scheme_is_trusted("asn"));
    assert_false(match_scheme_is_trusted("urn"));
    assert_false(match_scheme_is_known("PNC"));
    assert_false(match_scheme_is_known(""));
    assert_false(match_scheme_is_known(NULL));
    assert_false(match_scheme_is_trusted("shoe-size"));
}

static void test_match_normalises_each_scheme_by_its_form(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *value, *expect;
    } rows[] = {
        {"pnc", "2012/0123456X", "2012/0123456X"},
        {"pnc", "12/123456X", "2012/0123456X"},
        {"pnc", " 2012 / 123456x\t", "2012/0123456X"},
        {"pnc", "20120123456X", "2012/0123456X"},
        {"pnc", "120123456X", "2012/0123456X"},
        {"pnc", "99/1A", "1999/0000001A"},
        {"pnc", "1999/0000001A", "1999/0000001A"},
        {"pnc", "12123456X", "12123456X"},           /* no slash: year or serial, nobody can tell */
        {"pnc", "2012/01234567X", "2012/01234567X"}, /* a serial too long */
        {"pnc", "2012/0123456", "2012/0123456"},     /* no check letter */
        {"pnc", "2012/0123456XY", "2012/0123456XY"},
        {"pnc", "012/123456X", "012/123456X"},
        {"pnc", "/123456X", "/123456X"},
        {"cro", "12345/09x", "012345/09X"},
        {"cro", "012345/09X", "012345/09X"},
        {"cro", "SF05/482703J", "SF05/482703J"},
        {"cro", "sf05/2703J", "SF05/002703J"},
        {"cro", "SF5/2703J", "SF5/2703J"},
        {"cro", "1234567/09X", "1234567/09X"},
        {"cro", "12345/2009X", "12345/2009X"},
        {"noms", "a1234 bc", "A1234BC"},
        {"nhs", "943 476 5919", "9434765919"},
        {"nhs", "943-476-5919", "9434765919"},
        {"upn", "a 1234 5678 9012", "A123456789012"},
        {"asn", "0925/gd/00/00000123456X", "0925GD0000000123456X"},
        {"urn", "87gd 9945217", "87GD9945217"},
        {"yos", " y-17/a ", "Y-17/A"},
        {"yos", "1-23", "1-23"}, /* not "12-3" */
        {"lcs", "0042", "0042"},
        {"ccd", "1617-2222-3333-4444", "1617-2222-3333-4444"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *value = match_normalise(rows[i].scheme, rows[i].value);
        if (value == NULL || strcmp(value, rows[i].expect) != 0)
            fail_msg("%s %s: %s", rows[i].scheme, rows[i].value, value != NULL ? value : "nothing");
        free(value);
    }
}

static void test_match_takes_no_placeholder_for_an_identifier(void **state)
{
    (void)state;
    static const char *const nothing[] = {"",        "  ",         "-",           "N/A",     "none",
                                          "UNKNOWN", "0000000000", "00/0000000X", "\xc2\xa0"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        assert_null(match_normalise("pnc", nothing[i]));
        assert_null(match_normalise("nhs", nothing[i]));
        assert_null(match_normalise("yos", nothing[i]));
    }
    assert_null(match_normalise("pnc", NULL));
    assert_null(match_normalise("shoe-size", "42"));
}

/* Three children as the store would list them. */
static const struct match_identifier ADA[] = {
    {"pnc", "2012/0123456X"}, {"nhs", "9434765919"}, {"asn", "0925GD1"}};
static const struct match_identifier BEN[] = {
    {"pnc", "2013/0000007A"}, {"pnc", "2014/0000009B"}, {"urn", "87GD99"}};
static const struct match_identifier CAL[] = {{"noms", "A1234BC"}, {"urn", "87GD99"}};

static const struct match_candidate CHILDREN[] = {
    {.child_id = 1, .born_on = "2009-02-03", .identifiers = ADA, .identifier_count = 3},
    {.child_id = 2, .born_on = NULL, .identifiers = BEN, .identifier_count = 3},
    {.child_id = 3, .born_on = "2010-06-07", .identifiers = CAL, .identifier_count = 2},
};

static struct match_result match_text(const char *person)
{
    json_t *parsed = json_loads(person, 0, NULL);
    assert_non_null(parsed);
    struct match_result result = match_person(parsed, CHILDREN, 3);
    json_decref(parsed);
    return result;
}

static void test_match_is_certain_only_where_nothing_contradicts(void **state)
{
    (void)state;
    static const struct {
        const char *label, *person;
        enum match_verdict verdict;
        int64_t child_id;
    } rows[] = {
        {"same pnc and birth", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-02-03\"}",
         MATCH_CERTAIN, 1},
        {"same pnc, birth not stated", "{\"identifiers\":{\"pnc\":\"2012/0123456X\"}}", MATCH_CERTAIN, 1},
        {"same pnc, birth null", "{\"identifiers\":{\"pnc\":\"2012/0123456X\"},\"born_on\":null}",
         MATCH_CERTAIN, 1},
        {"same pnc, birth not known to us",
         "{\"identifiers\":{\"pnc\":\"13/7A\"},\"born_on\":\"2009-02-03\"}", MATCH_CERTAIN, 2},
        {"one of two pncs", "{\"identifiers\":{\"pnc\":\"14/9B\"}}", MATCH_CERTAIN, 2},
        {"another pnc, other asn", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"asn\":\"0925GD2\"}}",
         MATCH_CERTAIN, 1},
        {"a second scheme that we do not have", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"upn\":\"A1\"}}",
         MATCH_CERTAIN, 1},
        {"a placeholder beside it", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"UNKNOWN\"}}",
         MATCH_CERTAIN, 1},
        {"names are not looked at", "{\"identifiers\":{\"noms\":\"a1234bc\"},\"family_name\":\"Elsewhere\"}",
         MATCH_CERTAIN, 3},

        {"born on another day", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-03-02\"}",
         MATCH_DOUBTFUL, 0},
        {"born on no day", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-02-30\"}",
         MATCH_DOUBTFUL, 0},
        {"born on a number", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":2009}", MATCH_DOUBTFUL,
         0},
        {"same pnc, another nhs", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"9434765870\"}}",
         MATCH_DOUBTFUL, 0},
        {"same nhs, another pnc",
         "{\"identifiers\":{\"pnc\":\"15/5C\",\"nhs\":\"9434765919\"},\"born_on\":\"2009-02-03\"}",
         MATCH_DOUBTFUL, 0},
        {"the pnc of one, the noms of another",
         "{\"identifiers\":{\"pnc\":\"12/123456X\",\"noms\":\"A1234BC\"}}", MATCH_DOUBTFUL, 0},

        {"another pnc", "{\"identifiers\":{\"pnc\":\"15/5C\"},\"born_on\":\"2009-02-03\"}", MATCH_NONE, 0},
        {"only the case, as co-defendants do", "{\"identifiers\":{\"urn\":\"87GD99\"}}", MATCH_NONE, 0},
        {"only the arrest", "{\"identifiers\":{\"asn\":\"0925GD1\"}}", MATCH_NONE, 0},
        {"the pnc as an nhs number", "{\"identifiers\":{\"nhs\":\"2012/0123456X\"}}", MATCH_NONE, 0},
        {"a number as pnc", "{\"identifiers\":{\"pnc\":2012}}", MATCH_NONE, 0},
        {"identifiers of the wrong kind", "{\"identifiers\":[\"12/123456X\"]}", MATCH_NONE, 0},
        {"nothing but a date of birth", "{\"born_on\":\"2009-02-03\"}", MATCH_NONE, 0},
        {"nothing", "{}", MATCH_NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct match_result result = match_text(rows[i].person);
        if (result.verdict != rows[i].verdict || result.child_id != rows[i].child_id)
            fail_msg("%s: verdict %d, child %d, because %s", rows[i].label, (int)result.verdict,
                     (int)result.child_id, result.because);
    }
}

static void test_match_says_which_rule_decided_without_a_value(void **state)
{
    (void)state;
    assert_string_equal(match_text("{\"identifiers\":{\"pnc\":\"12/123456X\"}}").because,
                        "one child shares the pnc, and nothing contradicts");
    assert_string_equal(match_text("{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"1\"}}").because,
                        "the nhs is another one");
    assert_string_equal(
        match_text("{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2001-01-01\"}").because,
        "the date of birth is another one");
    assert_string_equal(match_text("{}").because, "no known child shares a trusted identifier");
}

static void test_match_takes_no_person_and_a_child_listed_twice(void **state)
{
    (void)state;
    assert_int_equal(match_person(NULL, CHILDREN, 3).verdict, MATCH_NONE);
    assert_int_equal(match_person(NULL, NULL, 0).verdict, MATCH_NONE);

    const struct match_candidate twice[] = {CHILDREN[0], CHILDREN[0]};
    json_t *person = json_loads("{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"9434765919\"}}", 0, NULL);
    struct match_result result = match_person(person, twice, 2);
    assert_int_equal(result.verdict, MATCH_CERTAIN);
    assert_int_equal(result.child_id, 1);
    json_decref(person);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match_trusts_numbers_of_a_person_only),
        cmocka_unit_test(test_match_normalises_each_scheme_by_its_form),
        cmocka_unit_test(test_match_takes_no_placeholder_for_an_identifier),
        cmocka_unit_test(test_match_is_certain_only_where_nothing_contradicts),
        cmocka_unit_test(test_match_says_which_rule_decided_without_a_value),
        cmocka_unit_test(test_match_takes_no_person_and_a_child_listed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
