/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "told/identity.h"

static char COMBINATION[] = "family given born postcode";
static char *const CERTAIN[] = {COMBINATION, NULL};
static const char *const TRUSTED[] = {"pnc", "cro", "noms", "nhs", "upn", "lcs", NULL};

static struct identity_policy policy(void)
{
    return (struct identity_policy){.certain = (char **)(uintptr_t)CERTAIN,
                                    .family_weight = 30,
                                    .given_weight = 25,
                                    .born_weight = 30,
                                    .postcode_weight = 15,
                                    .asn_weight = 25,
                                    .doubtful = 40,
                                    .margin = 30};
}

/* Four children as the store would list them. The names of the last are compared as if by the database: alike to nothing. */
static const struct match_identifier ADA[] = {{"pnc", "2012/0123456X"}, {"nhs", "9434765919"}, {"asn", "0925GD1"}};
static const struct match_identifier BEN[] = {{"pnc", "2013/0000007A"}, {"pnc", "2014/0000009B"}, {"urn", "87GD99"}};
static const struct match_identifier CAL[] = {{"noms", "A1234BC"}, {"urn", "87GD99"}};
static const struct identity_name DEE_NAMES[] = {
    {.family = "marchbane", .given = "dee rose", .is_record = true, .family_edits = 9, .given_edits = 9},
    {.family = "otherly", .given = "dee rose", .is_record = false, .family_edits = 9, .given_edits = 9}};
static const struct identity_postcode DEE_POSTCODES[] = {{"SE58AF", true}, {"SE11AA", false}};
static const struct match_identifier DEE[] = {{"lcs", "LCS-4"}, {"asn", "1125GD4"}};
#define THE_DEE                                                                                              \
    {.child_id = 4, .born_on = "2010-03-11", .identifiers = DEE, .identifier_count = 2, .names = DEE_NAMES, .name_count = 2, \
     .postcodes = DEE_POSTCODES, .postcode_count = 2}

static const struct identity_candidate CHILDREN[] = {
    {.child_id = 1, .born_on = "2009-02-03", .identifiers = ADA, .identifier_count = 3},
    {.child_id = 2, .born_on = NULL, .identifiers = BEN, .identifier_count = 3},
    {.child_id = 3, .born_on = "2010-06-07", .identifiers = CAL, .identifier_count = 2},
    THE_DEE,
};
enum { CHILD_COUNT = sizeof CHILDREN / sizeof *CHILDREN };

static void judge(const char *text, const struct identity_candidate *list, size_t count, struct identity_result *ret)
{
    struct identity_policy by = policy();
    json_t *parsed = json_loads(text, 0, NULL);
    assert_non_null(parsed);
    struct person *person = person_read(parsed, TRUSTED);
    identity_judge(&by, person, list, count, ret);
    person_free(person);
    json_decref(parsed);
}

static const struct {
    const char *label, *person;
    enum identity_verdict verdict;
    int64_t child_id;
} CERTAIN_OR_NOT[] = {
    {"same pnc and birth", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-02-03\"}", IDENTITY_CERTAIN, 1},
    {"same pnc, birth not stated", "{\"identifiers\":{\"pnc\":\"2012/0123456X\"}}", IDENTITY_CERTAIN, 1},
    {"same pnc, birth null", "{\"identifiers\":{\"pnc\":\"2012/0123456X\"},\"born_on\":null}", IDENTITY_CERTAIN, 1},
    {"same pnc, birth not known to us", "{\"identifiers\":{\"pnc\":\"13/7A\"},\"born_on\":\"2009-02-03\"}", IDENTITY_CERTAIN, 2},
    {"one of two pncs", "{\"identifiers\":{\"pnc\":\"14/9B\"}}", IDENTITY_CERTAIN, 2},
    {"another pnc, other asn", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"asn\":\"0925GD2\"}}", IDENTITY_CERTAIN, 1},
    {"a second scheme that we do not have", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"upn\":\"A1\"}}", IDENTITY_CERTAIN, 1},
    {"a placeholder beside it", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"UNKNOWN\"}}", IDENTITY_CERTAIN, 1},
    {"a name, and we know none", "{\"identifiers\":{\"noms\":\"a1234bc\"},\"family_name\":\"Elsewhere\"}", IDENTITY_CERTAIN, 3},
    {"number and name", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Marchbane\",\"given_names\":\"Dee\"}", IDENTITY_CERTAIN, 4},
    {"number, the whole name in one field", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Dee Rose MARCHBANE\"}", IDENTITY_CERTAIN, 4},
    {"number, the whole name in the other field", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"given_names\":\"Dee Marchbane\"}", IDENTITY_CERTAIN, 4},
    {"number, a sister's name in one field", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Dora Marchbane\"}", IDENTITY_DOUBTFUL, 0},
    {"name in one field and postcode", "{\"family_name\":\"MARCHBANE, Dee Rose\",\"postcode\":\"SE5 8AF\"}", IDENTITY_DOUBTFUL, 0},
    {"name, and a birth that a form filled in",
     "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"1970-01-01\"}", IDENTITY_DOUBTFUL, 0},
    {"number, and a birth that a form filled in", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"born_on\":\"1900-01-01\"}", IDENTITY_DOUBTFUL, 0},
    {"number, names crossed", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Dee Rose\",\"given_names\":\"Marchbane\"}", IDENTITY_CERTAIN, 4},
    {"number, birth and given names, another surname",
     "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Wed\",\"given_names\":\"Dee\",\"born_on\":\"2010-03-11\"}", IDENTITY_CERTAIN, 4},
    {"all of a combination",
     "{\"family_name\":\"MARCHBANE\",\"given_names\":\"Rose Dee\",\"born_on\":\"2010-03-11\",\"postcode\":\"se5 8af\"}", IDENTITY_CERTAIN, 4},

    {"born on another day", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-03-02\"}", IDENTITY_DOUBTFUL, 0},
    {"born on no day", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2009-02-30\"}", IDENTITY_DOUBTFUL, 0},
    {"born on a number", "{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":2009}", IDENTITY_DOUBTFUL, 0},
    {"same pnc, another nhs", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"9434765870\"}}", IDENTITY_DOUBTFUL, 0},
    {"same nhs, another pnc", "{\"identifiers\":{\"pnc\":\"15/5C\",\"nhs\":\"9434765919\"},\"born_on\":\"2009-02-03\"}", IDENTITY_DOUBTFUL, 0},
    {"the pnc of one, the noms of another", "{\"identifiers\":{\"pnc\":\"12/123456X\",\"noms\":\"A1234BC\"}}", IDENTITY_DOUBTFUL, 0},
    {"number, another name", "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Else\",\"given_names\":\"Some\"}", IDENTITY_DOUBTFUL, 0},
    {"number, another given name, same birth",
     "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Marchbane\",\"given_names\":\"Rosemary\",\"born_on\":\"2010-03-11\"}", IDENTITY_DOUBTFUL, 0},
    {"number, and what only a publisher calls the child, birth not stated",
     "{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Otherly\",\"given_names\":\"Dee\"}", IDENTITY_DOUBTFUL, 0},
    {"number of one, name and birth of another",
     "{\"identifiers\":{\"pnc\":\"13/7A\"},\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-11\"}", IDENTITY_DOUBTFUL, 0},
    {"a combination by an alias",
     "{\"family_name\":\"Otherly\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-11\",\"postcode\":\"SE5 8AF\"}", IDENTITY_DOUBTFUL, 0},
    {"a combination with a publisher's postcode",
     "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-11\",\"postcode\":\"SE1 1AA\"}", IDENTITY_DOUBTFUL, 0},
    {"a combination, and another number",
     "{\"identifiers\":{\"lcs\":\"LCS-5\"},\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-11\",\"postcode\":\"SE5 8AF\"}",
     IDENTITY_DOUBTFUL, 0},
    {"day and month swapped", "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-11-03\"}", IDENTITY_DOUBTFUL, 0},
    {"one digit off", "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-10\"}", IDENTITY_DOUBTFUL, 0},
    {"given names and birth", "{\"family_name\":\"Wed\",\"given_names\":\"Dee\",\"born_on\":\"2010-03-11\"}", IDENTITY_DOUBTFUL, 0},
    {"the arrest and the birth", "{\"identifiers\":{\"asn\":\"1125GD4\"},\"born_on\":\"2010-03-11\"}", IDENTITY_DOUBTFUL, 0},

    {"name, and born on quite another day", "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"1981-12-24\"}", IDENTITY_NONE, 0},
    {"another pnc", "{\"identifiers\":{\"pnc\":\"15/5C\"},\"born_on\":\"2009-02-03\"}", IDENTITY_NONE, 0},
    {"only the case, as co-defendants do", "{\"identifiers\":{\"urn\":\"87GD99\"}}", IDENTITY_NONE, 0},
    {"only the arrest", "{\"identifiers\":{\"asn\":\"0925GD1\"}}", IDENTITY_NONE, 0},
    {"the pnc as an nhs number", "{\"identifiers\":{\"nhs\":\"2012/0123456X\"}}", IDENTITY_NONE, 0},
    {"a number as pnc", "{\"identifiers\":{\"pnc\":2012}}", IDENTITY_NONE, 0},
    {"identifiers of the wrong kind", "{\"identifiers\":[\"12/123456X\"]}", IDENTITY_NONE, 0},
    {"nothing but a date of birth", "{\"born_on\":\"2009-02-03\"}", IDENTITY_NONE, 0},
    {"nothing", "{}", IDENTITY_NONE, 0},
};

static void test_identity_is_certain_only_where_nothing_contradicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CERTAIN_OR_NOT / sizeof *CERTAIN_OR_NOT; i++) {
        struct identity_result result;
        judge(CERTAIN_OR_NOT[i].person, CHILDREN, CHILD_COUNT, &result);
        if (result.verdict != CERTAIN_OR_NOT[i].verdict || result.child_id != CERTAIN_OR_NOT[i].child_id) {
            char *evidence = json_dumps(result.evidence, 0);
            fail_msg("%s: verdict %d, child %d, because %s; %s", CERTAIN_OR_NOT[i].label, (int)result.verdict, (int)result.child_id,
                     result.because, evidence);
        }
        identity_release(&result);
    }
}

static void test_identity_of_a_combination_wants_nobody_near(void **state)
{
    (void)state;
    static const struct identity_name twin[] = {{.family = "marchbane", .given = "lee rose", .is_record = true, .given_edits = 1, .given_alike = 60}};
    const struct identity_candidate both[] = {THE_DEE,
                                              {.child_id = 5, .born_on = "2010-03-11", .names = twin, .name_count = 1,
                                               .postcodes = DEE_POSTCODES, .postcode_count = 1}};
    static const char person[] = "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-03-11\",\"postcode\":\"SE5 8AF\"}";
    struct identity_result result;
    judge(person, both, 2, &result);
    assert_int_equal(result.verdict, IDENTITY_DOUBTFUL);
    assert_int_equal(json_array_size(result.evidence), 2);
    identity_release(&result);
    judge(person, both, 1, &result);
    assert_int_equal(result.verdict, IDENTITY_CERTAIN);
    assert_true(result.is_corroborated);
    identity_release(&result);
}

static void test_identity_holds_to_what_a_person_answered(void **state)
{
    (void)state;
    static const char person[] = "{\"family_name\":\"Marchbane\",\"given_names\":\"Dee Rose\",\"born_on\":\"2010-11-03\"}";
    struct identity_candidate list[] = {THE_DEE, THE_DEE};
    struct identity_result result;
    list[0].memory = IDENTITY_SAME;
    list[0].review_id = 17;
    judge(person, list, 1, &result);
    assert_int_equal(result.verdict, IDENTITY_CERTAIN);
    assert_int_equal(result.child_id, 4);
    assert_int_equal(result.review_id, 17);
    assert_non_null(strstr(result.because, "D-17"));
    identity_release(&result);
    /* Somebody who fits too has come up since: the answer was not about them. */
    list[1].child_id = 5;
    judge(person, list, 2, &result);
    assert_int_equal(result.verdict, IDENTITY_DOUBTFUL);
    identity_release(&result);
    list[1].memory = IDENTITY_NEVER;
    judge(person, list, 2, &result);
    assert_int_equal(result.child_id, 4);
    identity_release(&result);
    list[0].memory = IDENTITY_NEVER;
    judge(person, list, 2, &result);
    assert_int_equal(result.verdict, IDENTITY_NONE);
    identity_release(&result);
    /* Even of one with the number: a person has said so of just these details. */
    judge("{\"identifiers\":{\"lcs\":\"LCS-4\"}}", list, 1, &result);
    assert_int_equal(result.verdict, IDENTITY_NONE);
    identity_release(&result);
}

static void test_identity_says_which_rule_decided_without_a_value(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"identifiers\":{\"pnc\":\"12/123456X\"}}", "one child shares the pnc, and nothing contradicts"},
        {"{\"identifiers\":{\"pnc\":\"12/123456X\",\"nhs\":\"1\"}}", "the nhs is another one"},
        {"{\"identifiers\":{\"pnc\":\"12/123456X\"},\"born_on\":\"2001-01-01\"}", "the date of birth is another one"},
        {"{\"identifiers\":{\"lcs\":\"LCS-4\"},\"family_name\":\"Else\"}", "the name is another one"},
        {"{}", "no known child fits"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identity_result result;
        judge(rows[i][0], CHILDREN, CHILD_COUNT, &result);
        assert_string_equal(result.because, rows[i][1]);
        char *evidence = json_dumps(result.evidence, 0);
        assert_null(strstr(evidence, "2012"));
        assert_null(strstr(evidence, "march"));
        free(evidence);
        identity_release(&result);
    }
}

static void test_identity_refuses_a_combination_that_others_share(void **state)
{
    (void)state;
    assert_null(identity_combination_validate("family given born postcode"));
    assert_null(identity_combination_validate("born given family"));
    assert_null(identity_combination_validate("family born asn"));
    static const char *const bad[] = {"", "family given", "family given postcode", "born postcode asn", "family born", "family born postcode",
                                      "family given born shoe", "born born given family"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (identity_combination_validate(bad[i]) == NULL)
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_is_certain_only_where_nothing_contradicts),
        cmocka_unit_test(test_identity_of_a_combination_wants_nobody_near),
        cmocka_unit_test(test_identity_holds_to_what_a_person_answered),
        cmocka_unit_test(test_identity_says_which_rule_decided_without_a_value),
        cmocka_unit_test(test_identity_refuses_a_combination_that_others_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
