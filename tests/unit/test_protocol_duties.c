/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped rules against the written protocol: every duty is there, cites its line, and does what its kind allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shipped.h"

/* Kind and line of D01 to D92, in order. The first 72 are in one text, the others in another. */
enum { DUTY_COUNT = 92, DUTIES_OF_FIRST_TEXT = 72 };

static const struct duty {
    const char *kind;
    int line;
} duties[DUTY_COUNT] = {
    /* D01 */ {"STANDING", 15}, {"STANDING", 15}, {"IMPLICIT", 32}, {"STANDING", 36},
    /* D05 */ {"STANDING", 36}, {"STANDING", 36}, {"ADVISORY", 36}, {"PROMPT", 38},
    /* D09 */ {"ADVISORY", 40}, {"STANDING", 42}, {"ESCALATION", 46}, {"INBOUND", 57},
    /* D13 */ {"INBOUND", 57}, {"INBOUND", 57}, {"STANDING", 59}, {"IMPLICIT", 61},
    /* D17 */ {"ADVISORY", 63}, {"STANDING", 67}, {"STANDING", 69}, {"PROMPT", 71},
    /* D21 */ {"IMMEDIATE", 73}, {"PROMPT", 75}, {"ADVISORY", 76}, {"GATE", 77},
    /* D25 */ {"RECORD", 81}, {"PROMPT", 83}, {"IMMEDIATE", 83}, {"RECORD", 83},
    /* D29 */ {"AT-EVENT", 85}, {"PROMPT", 85}, {"STANDING", 85}, {"STANDING", 85},
    /* D33 */ {"IMPLICIT", 87}, {"STANDING", 89}, {"STANDING", 91}, {"AT-EVENT", 91},
    /* D37 */ {"STANDING", 93}, {"STANDING", 95}, {"STANDING", 95}, {"STANDING", 95},
    /* D41 */ {"TIMED", 99}, {"STANDING", 99}, {"IMPLICIT", 99}, {"TIMED", 100},
    /* D45 */ {"STANDING", 100}, {"STANDING", 101}, {"ROUTING", 101}, {"PROMPT", 103},
    /* D49 */ {"PROMPT", 103}, {"STANDING", 103}, {"ADVISORY", 105}, {"INBOUND", 109},
    /* D53 */ {"STANDING", 111}, {"STANDING", 111}, {"STANDING", 113}, {"STANDING", 113},
    /* D57 */ {"STANDING", 115}, {"ADVISORY", 115}, {"TIMED", 119}, {"TIMED", 120},
    /* D61 */ {"ROUTING", 122}, {"TIMED", 124}, {"TIMED", 124}, {"AT-EVENT", 126},
    /* D65 */ {"PROMPT", 126}, {"TIMED", 128}, {"TIMED", 128}, {"STANDING", 142},
    /* D69 */ {"STANDING", 142}, {"STANDING", 144}, {"IMPLICIT", 146}, {"STANDING", 148},
    /* D73 */ {"IMPLICIT", 1}, {"ROUTING", 3}, {"IMPLICIT", 6}, {"IMPLICIT", 8},
    /* D77 */ {"IMPLICIT", 14}, {"IMPLICIT", 25}, {"IMPLICIT", 40}, {"IMPLICIT", 40},
    /* D81 */ {"IMPLICIT", 46}, {"IMPLICIT", 74}, {"STANDING", 75}, {"STANDING", 76},
    /* D85 */ {"IMPLICIT", 77}, {"TIMED", 101}, {"STANDING", 104}, {"AUTOMATIC", 112},
    /* D89 */ {"STANDING", 113}, {"STANDING", 116}, {"TIMED", 116}, {"STANDING", 118},
};

/* Its number among D01 to D92; 0: another name. */
static int number_of(const struct rule *rule)
{
    const char *duty = rule_duty(rule);
    int number = strlen(duty) == 3 && duty[0] == 'D' ? atoi(duty + 1) : 0;

    return number <= DUTY_COUNT ? number : 0;
}

static void test_protocol_duties_are_d01_to_d92_and_no_other(void **state)
{
    const struct protocol *protocol = ((struct shipped *)*state)->protocol;
    int seen[DUTY_COUNT + 1] = {0};

    for (size_t i = 0; i < protocol_count(protocol); i++) {
        const struct rule *rule = protocol_rule(protocol, i);

        if (number_of(rule) == 0)
            fail_msg("%s is no duty of the protocol", rule_name(rule));
        seen[number_of(rule)]++;
    }
    for (int i = 1; i <= DUTY_COUNT; i++)
        if (seen[i] == 0)
            fail_msg("D%02d is missing", i);
}

static void test_protocol_duties_cite_their_line(void **state)
{
    const struct protocol *protocol = ((struct shipped *)*state)->protocol;
    for (size_t i = 0; i < protocol_count(protocol); i++) {
        const struct rule *rule = protocol_rule(protocol, i);
        int number = number_of(rule);
        char *cites = mem_printf("%s line %d",
                                 number <= DUTIES_OF_FIRST_TEXT ? "003_5dbb90fb9a4d301a.txt" : "000_7f520e0c62e05135.txt",
                                 duties[number - 1].line);
        size_t len = strlen(cites);

        if (strncmp(rule_cites(rule), cites, len) != 0 || (rule_cites(rule)[len] >= '0' && rule_cites(rule)[len] <= '9'))
            fail_msg("%s cites %s, not %s", rule_name(rule), rule_cites(rule), cites);
        assert_string_equal(rule_kind(rule), duties[number - 1].kind);
        free(cites);
    }
}

/* What is only encouraged, or only recorded, tells nobody; only what the text implies is switched off. */
static void test_protocol_duties_do_what_their_kind_allows(void **state)
{
    const struct protocol *protocol = ((struct shipped *)*state)->protocol;
    static const int implied_and_on[] = {3, 33, 43, 75, 77, 79, 81, 85};

    for (size_t i = 0; i < protocol_count(protocol); i++) {
        const struct rule *rule = protocol_rule(protocol, i);
        bool on = strcmp(rule_kind(rule), "IMPLICIT") != 0;
        bool quiet = strcmp(rule_kind(rule), "ADVISORY") == 0 || strcmp(rule_kind(rule), "RECORD") == 0;

        for (size_t k = 0; k < sizeof(implied_and_on) / sizeof(implied_and_on[0]); k++)
            on = on || number_of(rule) == implied_and_on[k];
        if (rule_is_enabled(rule) != on)
            fail_msg("%s is switched %s", rule_name(rule), on ? "off" : "on");
        if (quiet != (rule_form(rule) == RULE_RECORDS))
            fail_msg("%s of kind %s %s", rule_name(rule), rule_kind(rule), quiet ? "tells" : "only records");
        assert_int_equal(rule_reason(rule)[0] != '\0', !on || rule_form(rule) == RULE_STANDS);
    }
}

static void test_protocol_duties_time_frames_of_assetplus_are_not_made_up(void **state)
{
    const struct protocol *protocol = ((struct shipped *)*state)->protocol;
    const struct rule *rule = protocol_find(protocol, "D73");

    assert_false(rule_is_enabled(rule));
    assert_string_equal(rule_within(rule), "");
    assert_non_null(strstr(rule_reason(rule), "not public"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol_duties_are_d01_to_d92_and_no_other),
        cmocka_unit_test(test_protocol_duties_cite_their_line),
        cmocka_unit_test(test_protocol_duties_do_what_their_kind_allows),
        cmocka_unit_test(test_protocol_duties_time_frames_of_assetplus_are_not_made_up),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
