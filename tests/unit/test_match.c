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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match_trusts_numbers_of_a_person_only),
        cmocka_unit_test(test_match_normalises_each_scheme_by_its_form),
        cmocka_unit_test(test_match_takes_no_placeholder_for_an_identifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
