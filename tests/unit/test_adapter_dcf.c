/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "adapted.h"

#define DCF "dcf"
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Single quotes stand for double ones. */
#define FILE_OF(type, defendants)                                                                            \
    "{'schema_version':'1.2.2','case':{'pti_urn':'01TS1','type':'" type "','date':'2024-11-15',"             \
    "'defendants':[" defendants "]}}"
#define FIRST(defendants) FILE_OF("FirstHearingDCF", defendants)
#define WHO "'name':{'surname':'Example','given_name':['Ola']}"
#define CHILD WHO ",'date_of_birth':'2009-02-03'"
#define OFFENCES                                                                                             \
    ",'offences':[{'generic_offences':[{'cjs_offence_code':'th68010','offence':{'charge_date':'2024-11-15','offence_title':'Theft'}}]}]"
#define HOW(word) ",'initiation_type':'" word "'"
#define HEARING(time) ",'first_hearing_datetime':'" time "'"
#define CHARGED(more) "{" CHILD OFFENCES HOW("charge") HEARING("2024-11-18T10:00Z") more "}"

static char *quoted(const char *text)
{
    char *copy = mem_copy(text);

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

static void test_adapter_dcf_agrees_with_golden_files(void **state)
{
    (void)state;
    adapted_check_golden(DCF, "dcf-first-hearing", "json");
    adapted_check_golden(DCF, "dcf-breach-of-bail", "json");
}

static void test_adapter_dcf_says_what_each_file_comes_to(void **state)
{
    static const struct {
        const char *what, *message, *outline;
    } rows[] = {
        {"a charge", FIRST(CHARGED("")), "police.charge"},
        {"a requisition", FIRST("{" CHILD OFFENCES HOW("requisition") HEARING("2024-11-18T10:00Z") "}"),
         "court.hearing-listed"},
        {"a summons", FIRST("{" CHILD OFFENCES HOW("summons") HEARING("2024-11-18T10:00Z") "}"),
         "court.hearing-listed"},
        {"a breach of bail", FILE_OF("BobDCF", "{" CHILD HEARING("2024-11-18T10:00Z") "}"),
         "court.hearing-listed"},
        {"a breach without a hearing", FILE_OF("BobDCF", "{" CHILD "}"), "nothing"},
        {"no word for it, and a charge date", FIRST("{" CHILD OFFENCES HEARING("2024-11-18T10:00Z") "}"),
         "police.charge"},
        {"no word for it, and no charge date", FIRST("{" CHILD HEARING("2024-11-18T10:00Z") "}"),
         "court.hearing-listed"},
        {"a word of tomorrow", FIRST("{" CHILD OFFENCES HOW("telepathy") "}"), "fault"},
        {"the child listed second",
         FIRST("{" WHO ",'date_of_birth':'1980-01-01'" OFFENCES HOW("charge") "}," CHARGED("")),
         "nothing police.charge"},
        {"a bad defendant between two", FIRST(CHARGED("") ",7," CHARGED("")),
         "police.charge fault police.charge"},
        {"a defendant of the wrong kind", FIRST("{" CHILD ",'offences':{}}," CHARGED("")),
         "fault police.charge"},
        {"a bad offence beside a good one",
         FIRST("{" CHILD ",'offences':[3,{'generic_offences':['x',{'cjs_offence_code':'th68010',"
               "'offence':{'charge_date':'2024-11-15'}}]}]" HOW("charge") "}"),
         "fault fault police.charge"},
        {"an organisation",
         FIRST("{'name':{'type':'OrganisationName','organisation_name':'Vans Ltd'}" HOW("summons") "}"),
         "nothing"},
        {"nothing says who", FIRST("{'date_of_birth':''" OFFENCES HOW("charge") "}"), "fault"},
        {"no date of birth: not left out", FIRST("{" WHO OFFENCES HOW("charge") "}"), "police.charge"},
        {"a date of birth that is none",
         FIRST("{" WHO ",'date_of_birth':'1000-01-01'" OFFENCES HOW("charge") "}"), "fault police.charge"},
        {"a hearing at no time", FIRST("{" CHILD OFFENCES HOW("charge") HEARING("soon") "}"),
         "fault police.charge"},
        {"a hearing on a day", FIRST("{" CHILD OFFENCES HOW("charge") HEARING("2024-11-18") "}"),
         "fault police.charge"},
        {"a name of an organisation that is null",
         FIRST("{'name':{'surname':'Alder','organisation_name':null},'date_of_birth':'2009-02-03'" OFFENCES HOW("charge") "}"),
         "police.charge"},
        {"an organisation", FIRST("{'name':{'organisation_name':'X'}}"), "nothing"},
        {"a remand status of tomorrow", FIRST(CHARGED(",'person_remand_status':'orbit'")),
         "fault police.charge"},
        {"a case reference with a line in it", "{'case':{'pti_urn':'a\\nb','defendants':[" CHARGED("") "]}}",
         "fault police.charge"},
        {"no defendants", FIRST(""), "refused"},
        {"no case", "{'cpsDefendantOffences':[]}", "refused"},
        {"a case of the wrong kind", "{'case':{'defendants':{}}}", "refused"},
        {"a key that stands twice", "{'case':{},'case':{}}", "refused"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *message = quoted(rows[i].message);
        adapted_expect(DCF, message, rows[i].outline, rows[i].what);
        free(message);
    }
}

static void test_adapter_dcf_reads_the_fields(void **state)
{
#define GROUNDS(list) ",'remand_application':{'substantial_grounds':[" list "],'bail_conditions':[{}]}"
    static const struct {
        const char *path, *message, *expected;
    } rows[] = {
        {"bail_objected", FIRST(CHARGED(GROUNDS("{'opposition_ground':'breach_of_bail'}"))), "true"},
        {"bail_objected", FIRST(CHARGED(GROUNDS(""))), NULL}, /* for conditions alone */
        {"bail_objected", FIRST(CHARGED("")), NULL},
        {"remand_status", FIRST(CHARGED(",'person_remand_status':'custody'")), "C"},
        {"remand_status", FIRST(CHARGED(",'person_remand_status':'conditional_bail'")), "B"},
        {"remand_status", FIRST(CHARGED(",'person_remand_status':'unconditional_bail'")), "U"},
        {"remand_status", FIRST(CHARGED(",'person_remand_status':'not_applicable'")), "A"},
        {"first_hearing.at", FIRST(CHARGED("")), "2024-11-18T10:00:00Z"},
        {"first_hearing.at", FIRST("{" CHILD OFFENCES HOW("charge") HEARING("2024-07-01T10:00") "}"),
         "2024-07-01T09:00:00Z"},
        {"first_hearing.court",
         FIRST(CHARGED(",'first_hearing_location':{'ou_top_level_name':'AA','ou_bottom_level_name':'D D'}")),
         "d-d"},
        {"charged_on", FIRST(CHARGED("")), "2024-11-15"},
        {"offences", FIRST(CHARGED("")), "[{\"code\":\"TH68010\",\"title\":\"Theft\"}]"},
        {"person.given_names", FIRST("{'name':{'surname':'X','given_name':['Ola','May']}" OFFENCES "}"),
         "Ola May"},
        {"person.given_names", FIRST("{'name':{'surname':'X','given_name':'Ola'}" OFFENCES "}"), "Ola"},
        {"person.identifiers", FIRST(CHARGED("")), NULL},
        /* what is said of the case is not said of the child, and only JSON's booleans are any */
        {"exploitation_indicator", "{'case':{'case_markers':['ChildAbuse'],'defendants':[" CHARGED("") "]}}",
         NULL},
        {"drug_supply", FIRST(CHARGED(",'drug_supply':'false'")), NULL},
        {"bail_objected", FIRST(CHARGED(",'remand_application':'false'")), NULL},
        {"exploitation_indicator", FIRST(CHARGED(",'exploitation_indicator':'true'")), NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *message = quoted(rows[i].message);
        adapted_expect_data(DCF, message, rows[i].path, rows[i].expected, rows[i].path);
        free(message);
    }
}

/* How this flow has failed elsewhere: one row for each row of the public register of its defects. */
static void test_adapter_dcf_withstands_each_known_defect(void **state)
{
    static const struct {
        const char *defect, *what, *message, *path, *expected; /* path NULL: the outline */
    } rows[] = {
        {"C6, C33, P1", "nothing to do has a name of its own",
         FIRST("{" WHO ",'date_of_birth':'1980-01-01'}"), NULL, "nothing"},
        {"C6, C33, P1", "and is not nobody to tell", FIRST(""), NULL, "refused"},
        {"C7", "a word is no truth", FIRST(CHARGED(",'remand_application':'false'") "," CHARGED("")), NULL,
         "fault police.charge police.charge"},
        {"C8, C9", "a date is not compared as text with a date-time",
         FIRST("{" WHO ",'date_of_birth':'2006-11-15T12:00Z'" OFFENCES "}"), NULL, "nothing"},
        {"C10, C12", "a wall clock of summer is London's",
         FIRST("{" CHILD OFFENCES HEARING("2024-07-31T23:30") "}"), "first_hearing.at",
         "2024-07-31T22:30:00Z"},
        {"C19, C21, C29", "no name, no hearing",
         FIRST("{'date_of_birth':'2009-02-03','initiation_type':'charge'}," CHARGED("")), NULL,
         "police.charge police.charge"},
        {"C31", "a child listed second", FIRST("{" WHO ",'date_of_birth':'1980-01-01'}," CHARGED("")), NULL,
         "nothing police.charge"},
        {"C32", "a payload that is missing", "{'case':null}", NULL, "refused"},
        {"C35", "a charge date that is missing", FIRST("{" CHILD HOW("charge") "}"), "charged_on", NULL},
        {"P5", "one bad defendant between two", FIRST(CHARGED("") ",null," CHARGED("")), NULL,
         "police.charge fault police.charge"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *what = mem_printf("%s: %s", rows[i].defect, rows[i].what);
        char *message = quoted(rows[i].message);
        if (rows[i].path == NULL)
            adapted_expect(DCF, message, rows[i].expected, what);
        else
            adapted_expect_data(DCF, message, rows[i].path, rows[i].expected, what);
        free(message);
        free(what);
    }
}

static void test_adapter_dcf_reasons_never_quote_the_message(void **state)
{
    static const char *const secrets[] = {"SECRET", NULL};
    static const char *const messages[] = {
        FIRST("{" CHILD OFFENCES HOW("SECRET") "}"),
        FIRST(CHARGED(",'person_remand_status':'SECRET'")),
        FIRST(
            "{'name':{'surname':'SECRET'},'date_of_birth':'SECRET','offences':[{'SECRET':['SECRET']}],'first_hearing_datetime':"
            "'SECRET','initiation_type':'charge'}"),
        "{'SECRET':'SECRET'}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++) {
        char *message = quoted(messages[i]);
        adapted_assert_discreet(DCF, message, strlen(message), secrets);
        free(message);
    }
}

static void test_adapter_dcf_bounds_what_a_hostile_file_can_take(void **state)
{
    struct buf message = {0};
    struct adapted_list list;
    char *reason;

    (void)state;
    buf_text(&message, "{\"case\":{\"defendants\":[");
    for (int i = 0; i < 200000; i++)
        buf_text(&message, "7,");
    buf_text(&message, "7]}}");
    reason = adapted_run(DCF, buf_string(&message), message.len, &list);
    assert_non_null(reason);
    assert_int_equal(list.count, 0);
    free(reason);
    buf_release(&message);
}

/* The form a prosecutor serves is no case file, though it says more of the child than any other. */
static void test_adapter_dcf_gives_samples_of_others_an_end(void **state)
{
    char *samples = adapted_samples();
    size_t len;

    (void)state;
    assert_non_null(samples);
    char *path = mem_printf(
        "%s/hmcts-cpp-prosecution-casefile/stub-data__public.stagingprosecutors.cps-serve-pet-received_"
        "defendantData_only.json",
        samples);
    char *message = adapted_read(path, &len);
    adapted_expect(DCF, message, "refused", path);
    free(message);
    free(path);
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_dcf_agrees_with_golden_files),
        cmocka_unit_test(test_adapter_dcf_says_what_each_file_comes_to),
        cmocka_unit_test(test_adapter_dcf_reads_the_fields),
        cmocka_unit_test(test_adapter_dcf_withstands_each_known_defect),
        cmocka_unit_test(test_adapter_dcf_reasons_never_quote_the_message),
        cmocka_unit_test(test_adapter_dcf_bounds_what_a_hostile_file_can_take),
        cmocka_unit_test(
            test_adapter_dcf_gives_samples_of_others_an_end), /* last: only where the samples are */
    };
    char *samples = adapted_samples();
    size_t count = sizeof tests / sizeof *tests - (samples == NULL);

    free(samples);
    return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}
