/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "adapted.h"

#define HEARING "hmcts-hearing"

/* A hearing of 15 November 2024, shared that afternoon. */
#define HEAD                                                                                                              \
    "{\"sharedTime\":\"2024-11-15T15:30:00Z\",\"hearingDay\":\"2024-11-15\",\"hearing\":{\"id\":\"h-1\",\"courtCentre\":" \
    "{\"name\":\"Camberwell Youth Court\"},\"hearingDays\":[{\"sittingDay\":\"2024-11-15T10:00:00Z\"}],"
#define CASES                                                                                                \
    HEAD "\"prosecutionCases\":[{\"prosecutionCaseIdentifier\":{\"caseURN\":\"URN1\"},\"defendants\":["
#define TAIL "]}]}}"
#define PERSON(id, born, status)                                                                             \
    "{\"masterDefendantId\":\"" id                                                                           \
    "\",\"personDefendant\":{\"personDetails\":{\"firstName\":\"Secret\",\"lastName\":"                      \
    "\"Name\",\"dateOfBirth\":\"" born "\"},\"bailStatus\":{\"code\":\"" status "\"}}"
#define CHILD(id, status) PERSON(id, "2009-02-03", status)
#define OFFENCE(results) ",\"offences\":[{\"judicialResults\":[" results "]}]}"

static char *adapt_bytes(const char *bytes, size_t len, const char *id, struct adapted_list *ret)
{
    struct instant sent_at;

    assert_true(instant_parse("2024-11-15T18:00:00Z", &sent_at));
    return adapter_run(HEARING, shipped_codes(), bytes, len, "hearing/cp", id, sent_at, ret);
}

static void adapt(const char *message, struct adapted_list *ret)
{
    char *reason = adapt_bytes(message, strlen(message), "m1", ret);

    if (reason != NULL)
        fail_msg("%s", reason);
    adapted_assert_sound(ret);
}

/* All that came of a message, as text; the caller frees. */
static char *lines_of(const char *message)
{
    struct adapted_list list = {0};
    char *lines;

    adapt(message, &list);
    lines = adapted_lines(&list);
    adapted_list_release(&list);
    return lines;
}

static void assert_says(const char *name, const char *message, const char *want, const char *never)
{
    char *lines = lines_of(message);

    if (want != NULL && strstr(lines, want) == NULL)
        fail_msg("%s: no %s in\n%s", name, want, lines);
    if (never != NULL && strstr(lines, never) != NULL)
        fail_msg("%s: there is %s in\n%s", name, never, lines);
    free(lines);
}

static const char *const GOLDEN[] = {"hearing-resulted",    "hearing-sns",         "hearing-listed",
                                     "hearing-application", "hearing-adjourned",   "hearing-police-result",
                                     "hearing-first-form",  "hearing-designation", "hearing-contradictions"};
#define GOLDEN_COUNT (sizeof GOLDEN / sizeof GOLDEN[0])

static char *golden_message(size_t i)
{
    char *path = mem_printf(ADAPTED_GOLDEN "%s.json", GOLDEN[i]);
    size_t len;
    char *message = adapted_read(path, &len);

    free(path);
    return message;
}

static void test_adapter_hearing_agrees_with_golden_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOLDEN_COUNT; i++)
        adapted_check_golden(HEARING, GOLDEN[i], "json");
}

/* What is said of a part is read by people who may not see the message. */
static void test_adapter_hearing_reasons_never_quote_the_message(void **state)
{
    static const char *const secrets[] = {"Maple", "Birch",     "2009", "1000-01",
                                          "SE15",  "bluebells", "01XY", NULL};

    (void)state;
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        char *message = golden_message(i);
        adapted_assert_discreet(HEARING, message, strlen(message), secrets);
        free(message);
    }
}

static void test_adapter_hearing_reads_the_bail_status(void **state)
{
    static const struct {
        const char *letter, *want, *never;
    } rows[] = {
        {"S", "\"to\":\"youth-detention-accommodation\"", "court.bail"},
        {"C", "\"to\":\"custody\"", "court.bail"},
        {"L", "\"to\":\"local-authority-accommodation\"", "court.bail"},
        {"R", "arrested again", "court.remand"},
        {"P", "\"decision\":\"conditional\"", "court.remand"},
        {"B", "\"decision\":\"conditional\"", "court.remand"},
        {"U", "\"decision\":\"unconditional\"", "court.remand"},
        {"A", "court.appearance", "court.bail"},
        {"A", "court.appearance", "court.remand"},
        {"", "court.appearance", "court.remand"},
        {"X", "court.appearance", "court.bail"},
        {"l", "\"to\":\"local-authority-accommodation\"", "court.bail"},
        {"\",\"description\":\"Remanded into care of local authority", "a description without its code", "court.bail"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *message = mem_printf(
            CASES "{\"id\":\"d1\",\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"2009-02-03\"},"
                  "\"bailStatus\":{\"code\":\"%s\"}},\"offences\":[]}" TAIL,
            rows[i].letter);
        assert_says(rows[i].letter, message, rows[i].want, rows[i].never);
        free(message);
    }
}

/* By number, by short code, and by the words before the dash: any one of them is enough. */
static void test_adapter_hearing_reads_the_result_codes(void **state)
{
    static const struct {
        const char *code, *want;
    } rows[] = {
        {"\"cjsCode\":\"4029\"", "\"to\":\"local-authority-accommodation\""},
        {"\"shortCode\":\"RILA\"", "\"to\":\"local-authority-accommodation\""},
        {"\"shortCode\":\"REMIL\",\"cjsCode\":\"4033\"", "\"to\":\"local-authority-accommodation\""},
        {"\"resultText\":\"CCSIYDA - Committed\"", "\"to\":\"youth-detention-accommodation\""},
        {"\"shortCode\":\"RIYDA\"", "\"to\":\"youth-detention-accommodation\""},
        {"\"shortCode\":\"CCIILA\",\"cjsCode\":\"4562\"", "\"to\":\"local-authority-accommodation\""},
        {"\"shortCode\":\"CCSILA\",\"cjsCode\":\"4020\"", "\"to\":\"local-authority-accommodation\""},
        {"\"shortCode\":\"CCII\",\"cjsCode\":\"4560\"", "\"to\":\"custody\""},
        {"\"shortCode\":\"CCIC\",\"cjsCode\":\"4559\"", "\"decision\":\"conditional\""},
        {"\"shortCode\":\"REMYD\"", "\"to\":\"youth-detention-accommodation\""},
        {"\"cjsCode\":\"4028\"", "\"to\":\"custody\""},
        {"\"shortCode\":\"RIB\"", "\"to\":\"custody\""},
        {"\"shortCode\":\"rc\"", "\"decision\":\"conditional\""},
        {"\"cjsCode\":\"4047\"", "\"decision\":\"unconditional\""},
        {"\"cjsCode\":\"4558\"", "\"decision\":\"unconditional\""},
        {"\"cjsCode\":\"4559\"", "\"decision\":\"conditional\""}, /* sent for trial, each way there is */
        {"\"cjsCode\":\"4560\"", "\"to\":\"custody\""},
        {"\"cjsCode\":\"4562\"", "\"to\":\"local-authority-accommodation\""},
        {"\"cjsCode\":\"1057\",\"category\":\"FINAL\",\"isConvictedResult\":true", "\"order\":\"no-separate-penalty\""},
        {"\"cjsCode\":\"1081\"", "\"order\":\"dto\""},
        {"\"shortCode\":\"DETSO\",\"cjsCode\":\"1007\"", "\"order\":\"s91\""},
        {"\"resultText\":\"imp - Imprisonment\"", "\"kind\":\"custody\""},
        {"\"cjsCode\":\"1097\"", "\"order\":\"referral\""},
        {"\"cjsCode\":\"1142\"", "\"order\":\"yro-iss\""},
        {"\"shortCode\":\"REPO\"", "\"order\":\"reparation\""},
        {"\"cjsCode\":\"1017\"", "\"order\":\"absolute-discharge\""},
        {"\"cjsCode\":\"2051\"", "\"outcome\":\"withdrawn\""},
        {"\"cjsCode\":\"2004\"", "\"outcome\":\"acquitted\""},
        {"\"cjsCode\":\"9\",\"category\":\"FINAL\",\"isConvictedResult\":true", "court.sentence"},
        {"\"cjsCode\":\"9\",\"category\":\"FINAL\",\"isConvictedResult\":true,\"isFinancialResult\":true",
         "\"kind\":\"other\""},
        {"\"cjsCode\":\"4029\",\"shortCode\":\"RU\"", "say different things"},
        {"\"cjsCode\":4029", "\"to\":\"local-authority-accommodation\""}, /* a number is as good as its digits */
        {"\"cjsCode\":[4029]", "cjsCode is not a string"},
        {"\"cjsCode\":\"4020\",\"durationElement\":7", "\"to\":\"local-authority-accommodation\""},
        {"\"cjsCode\":\"1081\",\"durationElement\":{\"primaryDurationUnit\":\"M\",\"primaryDurationValue\":8}",
         "\"term_months\":8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *message = mem_printf(CASES CHILD("d1", "") ",\"offences\":[{\"judicialResults\":[{%s}]}]}" TAIL,
                                   rows[i].code);
        assert_says(rows[i].code, message, rows[i].want, NULL);
        free(message);
    }
    /* Three results of one case, and a case that is over is not remanded, whatever its status says. */
    assert_says("dto", CASES CHILD("d1", "C") OFFENCE("{\"cjsCode\":\"1081\"}") TAIL, "\"kind\":\"custody\"",
                "court.remand");
    assert_says(
        "one goes on",
        CASES CHILD("d1", "U") ",\"offences\":[{\"judicialResults\":[{\"cjsCode\":\"2051\"}]},{}]}" TAIL,
        "court.bail", "court.proceedings-ended");
}

static void test_adapter_hearing_takes_the_age_from_the_date_of_birth(void **state)
{
    static const struct {
        const char *born, *flag;
        bool is_child;
    } rows[] = {
        {"2006-11-16", "false", true}, /* eighteen tomorrow */
        {"2006-11-15", "true", false}, /* eighteen today */
        {"2003-01-01", "true", false}, {"2014-01-01", "false", true},     {"2014-01-01", "\"false\"", true},
        {"1000-01-01", "false", true}, {"2030-01-01", "null", true},      {"", "false", true},
        {"not a day", "false", true},  {"1947-01-01", "\"true\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *message = mem_printf(
            CASES "{\"id\":\"d1\",\"isYouth\":%s,\"associatedPersons\":[{\"role\":\"ParentGuardian\","
                  "\"person\":{\"dateOfBirth\":\"2012-12-12\"}}],\"personDefendant\":{\"personDetails\":"
                  "{\"dateOfBirth\":\"%s\"}},\"offences\":[]}" TAIL,
            rows[i].flag, rows[i].born);
        assert_says(rows[i].born, message, rows[i].is_child ? "court.appearance" : "18 or over",
                    "2012-12-12");
        free(message);
    }
    /* Listed for when they are of age: a child now. */
    assert_says(
        "listed",
        "{\"id\":\"h-2\",\"hearingDays\":[{\"sittingDay\":\"2050-01-10T10:00:00Z\"}],\"prosecutionCases\":[{\"defendants\":[" CHILD(
            "d1", "U") "}]}]}",
        "\"at\":\"2050-01-10T10:00:00Z\"", "court.bail");
}

/* "true" as text is not true, and "false" is not true either. */
static void test_adapter_hearing_lets_only_json_booleans_decide(void **state)
{
    (void)state;
    assert_says("deleted", CASES CHILD("d1", "") OFFENCE("{\"cjsCode\":\"4029\",\"isDeleted\":true}") TAIL,
                NULL, "court.remand");
    assert_says("not deleted",
                CASES CHILD("d1", "") OFFENCE("{\"cjsCode\":\"4029\",\"isDeleted\":\"true\"}") TAIL,
                "court.remand", NULL);
    assert_says("convicted",
                CASES CHILD("d1", "")
                    OFFENCE("{\"cjsCode\":\"9\",\"category\":\"FINAL\",\"isConvictedResult\":\"true\"}") TAIL,
                NULL, "court.sentence");
    assert_says("report",
                CASES CHILD("d1", "") OFFENCE(
                    "{\"judicialResultPrompts\":[{\"promptReference\":\"pSROrdered\",\"value\":\"true\"}]}")
                    TAIL,
                "court.report-requested", NULL);
    assert_says("no report",
                CASES CHILD("d1", "") OFFENCE(
                    "{\"judicialResultPrompts\":[{\"promptReference\":\"pSROrdered\",\"value\":\"false\"}]}")
                    TAIL,
                NULL, "court.report-requested");
    assert_says(
        "listed all the same",
        "{\"hearing\":{\"id\":\"h-1\",\"hasSharedResults\":\"true\",\"prosecutionCases\":[{\"defendants\":[" CHILD(
            "d1", "L") "}]}]}}",
        "court.hearing-listed", "court.remand");
}

/* The defects of HMCTS's register that court messages can bring, one row each. */
static void test_adapter_hearing_has_none_of_the_known_defects(void **state)
{
    static const struct {
        const char *row, *message, *want, *never;
    } rows[] = {
        {"C6 nobody before the court is said so", HEAD "\"prosecutionCases\":[]}}",
         "a hearing without defendants", "event"},
        {"C33 adults alone are said so", CASES PERSON("d1", "1980-02-03", "C") "}" TAIL, "18 or over",
         "court."},
        {"C7 the text false suppresses nothing",
         CASES
         "{\"isYouth\":\"false\",\"id\":\"d1\",\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"2009-02-03\"}}}" TAIL,
         "court.appearance", NULL},
        {"C8, C9 a child by date and not by instant", CASES PERSON("d1", "2006-11-16", "L") "}" TAIL,
         "court.remand", NULL},
        {"C10 the local day of a summer night",
         "{\"sharedTime\":\"2024-06-03T23:40:00Z\",\"hearing\":{\"id\":\"h-1\",\"hearingDays\":[{\"sittingDay\":"
         "\"2024-06-03T23:30:00Z\"}],\"prosecutionCases\":[{\"defendants\":[" CHILD("d1", "U") "}]}]}}",
         "\"on\":\"2024-06-04\"", "\"on\":\"2024-06-03\""},
        {"C12 an offset is an instant, not a label",
         "{\"sharedTime\":\"2024-06-03T12:00:00+01:00\",\"hearing\":{\"id\":\"h-1\",\"hearingDays\":[{\"sittingDay\":"
         "\"2024-06-03T10:00:00+01:00\"}],\"prosecutionCases\":[{\"defendants\":[" CHILD("d1", "U") "}]}]}}",
         "\"time\":\"2024-06-03T09:00:00Z\"", NULL},
        {"C11 ids are unique and plain", CASES CHILD("a:b/c d", "L") "}," CHILD("a:b/c d", "L") "}" TAIL,
         "\"id\":\"m1/0/1/remand\"", "\"id\":\"m1/0/0/remand-2\""},
        {"C19 no person details lose nobody else",
         CASES "{\"id\":\"d0\"},{\"id\":\"d2\",\"personDefendant\":7}," CHILD("d1", "L") "}" TAIL,
         "court.remand", NULL},
        {"C21 no address", CASES CHILD("d1", "L") "}" TAIL, "court.remand", "postcode"},
        {"C19 nor does a number that should be text lose the child",
         CASES "{\"id\":7,\"pncId\":20240001234,\"croNumber\":[],\"personDefendant\":{\"arrestSummonsNumber\":{},\"bailStatus\":"
               "{\"code\":\"L\"},\"personDetails\":{\"firstName\":\"Secret\",\"dateOfBirth\":[2009,2,3]}}}" TAIL,
         "court.remand", "born_on"},
        {"C29 not even an object", CASES "null,[]," CHILD("d1", "L") "}" TAIL, "court.remand", NULL},
        {"C29 and the bad one is named", CASES "7," CHILD("d1", "L") "}" TAIL,
         "{\"fault\":\"not an object\",\"part\":\"hearing.prosecutionCases[0].defendants[0]\"}", NULL},
        {"C22 what the defence asks for stays with it",
         HEAD
         "\"courtApplications\":[{\"applicant\":{\"id\":\"s1\"},\"subject\":{\"id\":\"s1\",\"personDetails\":{\"dateOfBirth\":"
         "\"2009-02-03\"}},\"judicialResults\":[{\"label\":\"Refused\"}]}]}}",
         "an application of the defence", "court."},
        {"C22 what the prosecution asks for does not",
         HEAD
         "\"courtApplications\":[{\"applicant\":{\"prosecutingAuthority\":{}},\"subject\":{\"id\":\"s1\",\"personDetails\":"
         "{\"dateOfBirth\":\"2009-02-03\"}}}]}}",
         "court.appearance", NULL},
        {"C31 the child listed second", CASES PERSON("d1", "1980-02-03", "C") "}," CHILD("d2", "L") "}" TAIL,
         "\"id\":\"m1/0/1/remand\"", "m1/0/0/"},
        {"C35 a missing date is not now",
         "{\"sharedTime\":\"2024-11-14T15:30:00Z\",\"hearing\":{\"id\":\"h-1\",\"prosecutionCases\":[{\"defendants\":[" CHILD(
             "d1", "L") "}]}]}}",
         "\"time\":\"2024-11-14T15:30:00Z\"", "\"on\""},
        {"P5 one bad result loses neither child nor result",
         CASES CHILD("d1", "") OFFENCE("7,{\"cjsCode\":[]},{\"cjsCode\":\"4029\"}") TAIL, "court.remand",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_says(rows[i].row, rows[i].message, rows[i].want, rows[i].never);
}

/* Senders write null, and lists of nothing, where others leave a member out: none of it hides a child. */
static void test_adapter_hearing_loses_nobody_to_null(void **state)
{
#define WHO(more) "{\"masterDefendantId\":\"d1\"," more "\"personDefendant\":{\"personDetails\":{\"dateOfBirth\":\"2009-02-03\"}}}"
#define BARE(more) "{\"id\":\"h-1\"," more "\"hasSharedResults\":true,\"prosecutionCases\":[{\"defendants\":[" WHO("") "]}]}"
    static const struct {
        const char *what, *message, *want, *never;
    } rows[] = {
        {"no organisation", CASES WHO("\"legalEntityDefendant\":null,") TAIL, "court.appearance", "organisation"},
        {"an empty one", CASES WHO("\"legalEntityDefendant\":{},\"organisation\":null,") TAIL, "court.appearance", "organisation"},
        {"an organisation", CASES "{\"id\":\"d1\",\"legalEntityDefendant\":{\"organisation\":{\"name\":\"X\"}}}" TAIL,
         "an organisation", "court."},
        {"no master", CASES WHO("\"masterDefendant\":null,") TAIL, "court.appearance", NULL},
        {"details that stand elsewhere",
         CASES "{\"id\":\"d1\",\"personDefendant\":{\"personDetails\":null},\"personDetails\":{\"dateOfBirth\":\"2009-02-03\"}}" TAIL,
         "\"born_on\":\"2009-02-03\"", NULL},
        {"heard in the youth court", BARE("\"youthCourtDefendantIds\":[\"d1\"],"), "court.appearance", "only the ids"},
        {"heard in none", BARE("\"youthCourtDefendantIds\":[],"), "court.appearance", "only the ids"},
        {"concluded", "{\"prosecutionConcluded\":[{\"defendantId\":\"d1\",\"isConcluded\":true}]}", "only by their ids", "court."},
        {"beside a flag", BARE("\"defendant\":{\"isYouth\":true},"), "court.appearance", "only the sender"},
        {"beside no register", BARE("\"courtRegister\":null,"), "court.appearance", NULL},
        {"a case that is none", HEAD "\"prosecutionCases\":[7,{\"defendants\":[" WHO("") "]}]}}", "not an object", NULL},
        {"and what is behind it", HEAD "\"prosecutionCases\":[7,{\"defendants\":[" WHO("") "]}]}}", "court.appearance", NULL},
        {"defendants that are no list", HEAD "\"prosecutionCases\":[{\"defendants\":" WHO("") "}]}}", "defendants is not a list",
         NULL},
        {"an application that is none", HEAD "\"courtApplications\":[\"x\"]}}", "not an object", NULL},
        {"a child who asks, and nobody else is named",
         HEAD "\"courtApplications\":[{\"applicant\":{\"id\":\"s1\",\"masterDefendant\":{\"personDefendant\":{\"personDetails\":"
              "{\"dateOfBirth\":\"2009-02-03\"}}}}}]}}",
         "courtApplications[0].applicant", "court."},
        {"a type that is none", HEAD "\"type\":\"Trial\",\"prosecutionCases\":[{\"defendants\":[" WHO("") "]}]}}",
         "court.appearance", NULL},
        {"and is named", HEAD "\"type\":\"Trial\",\"prosecutionCases\":[{\"defendants\":[" WHO("") "]}]}}",
         "type is not an object", NULL},
        {"a bail status of tomorrow", CASES CHILD("d1", "Q") "}" TAIL, "bailStatus: a code that stands in no table", "court.bail"},
        {"no hearings", "{\"urn\":\"U1\",\"hearings\":[]}", "an empty list", "court."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_says(rows[i].what, rows[i].message, rows[i].want, rows[i].never);
#undef BARE
#undef WHO
}

/* Days with a time of day behind them, times without a zone: what is meant can be known, and is. */
static void test_adapter_hearing_reads_dates_as_they_are_written(void **state)
{
#define SHARED(share, sitting, who, more)                                                                    \
    "{\"sharedTime\":\"" share "\",\"hearing\":{\"id\":\"h-1\",\"hearingDays\":[{\"sittingDay\":\"" sitting               \
    "\"}],\"prosecutionCases\":[{\"defendants\":[" who more "]}]}}"
    static const struct {
        const char *what, *message, *want, *never;
    } rows[] = {
        {"a day of birth with a time", CASES PERSON("d1", "2009-02-03T00:00:00Z", "U") "}" TAIL, "\"born_on\":\"2009-02-03\"", "fault"},
        {"an adult's", CASES PERSON("d1", "1980-02-03T00:00:00.000+01:00", "U") "}" TAIL, "18 or over", "event"},
        {"a wall clock is London's", SHARED("2024-06-03T12:00:00", "2024-06-03T10:00:00", CHILD("d1", "U"), "}"),
         "\"time\":\"2024-06-03T09:00:00Z\"", NULL},
        {"and so is that of the share", SHARED("2024-06-03T12:00:00", "2024-06-03T10:00:00", CHILD("d1", "U"), "}"),
         "\"recordedtime\":\"2024-06-03T11:00:00Z\"", NULL},
        {"a conviction with a time",
         SHARED("2024-06-03T12:00:00Z", "2024-06-03", CHILD("d1", "U"),
                ",\"offences\":[{\"offenceCode\":\"X1\",\"convictionDate\":\"2024-06-03T00:00:00Z\"}]}"),
         "court.conviction", NULL},
        {"a conviction on no day",
         SHARED("2024-06-03T12:00:00Z", "2024-06-03", CHILD("d1", "U"),
                ",\"offences\":[{\"offenceCode\":\"X1\",\"convictionDate\":\"yesterday\"}]}"),
         "a convictionDate is no date", "court.conviction"},
        {"a next hearing by the wall clock",
         SHARED("2024-06-03T12:00:00Z", "2024-06-03", CHILD("d1", "U"),
                OFFENCE("{\"nextHearing\":{\"listedStartDateTime\":\"2024-07-01T10:00\"}}")),
         "\"at\":\"2024-07-01T09:00:00Z\"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_says(rows[i].what, rows[i].message, rows[i].want, rows[i].never);
#undef SHARED
}

/* Windows writes U+FEFF before a text. */
static void test_adapter_hearing_reads_a_message_with_a_byte_order_mark(void **state)
{
    (void)state;
    assert_says("with a mark", "\xef\xbb\xbf" CASES CHILD("d1", "L") "}" TAIL, "court.remand", NULL);
}

/* C32: the queue carries a claim check for a body over its limit. That is no silence but a refusal with a
 * reason. */
static void test_adapter_hearing_refuses_what_it_cannot_use_as_a_whole(void **state)
{
    static const struct {
        const char *message, *want;
    } rows[] = {
        {"{\"Message\":\"[\\\"software.amazon.payloadoffloading.PayloadS3Pointer\\\",{\\\"s3Key\\\":\\\"k\\\"}]\"}",
         "pointer"},
        {"{\"Message\":\"<xml/>\"}", "within the envelope"},
        {"{\"courtRegisterDocumentRequests\":[]}", "hmcts-court-register"},
        {"{\"hearing\":7}", "hearing is not an object"},
        {"{}", "no hearing"},
        {"[]", "no hearing"},
        {"{\"Message\":{\"Message\":{\"Message\":{\"Message\":{\"Message\":{\"Message\":{\"Message\":{}}}}}}}}",
         "no hearing"},
        {"", "empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct adapted_list list = {0};
        char *reason = adapt_bytes(rows[i].message, strlen(rows[i].message), "m1", &list);
        if (reason == NULL || strstr(reason, rows[i].want) == NULL)
            fail_msg("%s: %s", rows[i].message, reason == NULL ? "taken" : reason);
        assert_int_equal(list.count, 0);
        free(reason);
    }
}

/* C17: another message with the same hearing states the same, word for word; only its ids are its own. */
static void test_adapter_hearing_states_the_same_in_every_share(void **state)
{
    struct adapted_list first = {0}, second = {0};
    char *message = golden_message(0);

    (void)state;
    assert_null(adapt_bytes(message, strlen(message), "m1", &first));
    assert_null(adapt_bytes(message, strlen(message), "m2", &second));
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++) {
        const json_t *a = first.items[i].event, *b = second.items[i].event;
        if (a == NULL)
            continue;
        assert_string_not_equal(json_text_at(a, "id"), json_text_at(b, "id"));
        assert_string_equal(strchr(json_text_at(a, "id"), '/'), strchr(json_text_at(b, "id"), '/'));
        assert_non_null(json_text_at(a, EVENT_STATEMENT));
        assert_string_equal(json_text_at(a, EVENT_STATEMENT), json_text_at(b, EVENT_STATEMENT));
        assert_true(json_equal(json_object_get(a, "data"), json_object_get(b, "data")));
        for (size_t k = 0; k < i; k++)
            if (first.items[k].event != NULL)
                assert_string_not_equal(json_text_at(first.items[k].event, EVENT_STATEMENT),
                                        json_text_at(a, EVENT_STATEMENT));
    }
    adapted_list_release(&first);
    adapted_list_release(&second);
    free(message);
}

/* Of the days a hearing sat on, the share says which; else the last before it. */
static void test_adapter_hearing_finds_the_day_of_the_share(void **state)
{
    static const struct {
        const char *around, *want;
    } rows[] = {
        {"\"hearingDay\":\"2024-11-13\",\"sharedTime\":\"2024-11-20T10:00:00Z\"", "\"on\":\"2024-11-13\""},
        {"\"sharedTime\":\"2024-11-14T17:00:00Z\"", "\"on\":\"2024-11-14\""},
        {"\"sharedTime\":\"2024-11-30T17:00:00Z\"", "\"on\":\"2024-11-15\""},
        {"\"sharedTime\":\"2024-11-01T17:00:00Z\"", "\"on\":\"2024-11-13\""},
        {"\"hearingDay\":\"2024-11-18\",\"sharedTime\":\"2024-11-18T17:00:00Z\"", "\"on\":\"2024-11-18\""},
        {"\"isReshare\":false", "\"on\":\"2024-11-15\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *message = mem_printf(
            "{%s,\"hearing\":{\"id\":\"h-1\",\"hearingDays\":[{\"sittingDay\":\"2024-11-15T10:00:00Z\"},"
            "{\"sittingDay\":\"2024-11-13T10:00:00Z\"},{\"sittingDay\":\"2024-11-14T10:00:00Z\"},"
            "{\"sittingDay\":\"2024-11-20T10:00:00Z\",\"isCancelled\":true}],"
            "\"prosecutionCases\":[{\"defendants\":[" CHILD("d1", "U") "}]}]}}",
            rows[i].around);
        assert_says(rows[i].around, message, rows[i].want, NULL);
        free(message);
    }
}

static void test_adapter_hearing_says_a_next_hearing_once(void **state)
{
#define NEXT(at, more) "\"nextHearing\":{\"listedStartDateTime\":\"" at "\"" more "}"
    (void)state;
    assert_says("twice the same",
                CASES CHILD("d1", "")
                    OFFENCE("{" NEXT("2024-12-01T10:00:00Z", "") "},{" NEXT("2024-12-01T10:00:00Z", "") "}")
                        TAIL,
                "\"hearing\":\"h-1/next\"", "h-1/next-2");
    assert_says("two",
                CASES CHILD("d1", "")
                    OFFENCE("{" NEXT("2024-12-09T10:00:00Z", "") "},{" NEXT("2024-12-01T10:00:00Z", "") "}")
                        TAIL,
                "\"hearing\":\"h-1/next-2\"", NULL);
    assert_says("known",
                CASES CHILD("d1", "")
                    OFFENCE("{" NEXT("2024-12-01T10:00:00Z", ",\"existingHearingId\":\"h-9\"") "}") TAIL,
                "\"hearing\":\"h-9\"", "h-1/next\"");
    assert_says("no date", CASES CHILD("d1", "") OFFENCE("{\"nextHearing\":{\"dateToBeFixed\":true}}") TAIL,
                NULL, "court.hearing-listed");
    assert_says("before it",
                CASES CHILD("d1", "")
                    OFFENCE("{\"orderedDate\":\"2024-11-15\"," NEXT("2024-11-01T10:00:00Z", "") "}") TAIL,
                "lies before the day", "court.hearing-listed");
#undef NEXT
}

/* 802 KiB, as a hearing with fifteen defendants has been; the child is the last of them. */
static void test_adapter_hearing_reads_a_message_of_802_kib(void **state)
{
    struct buf message = {0};
    struct adapted_list list = {0};

    (void)state;
    buf_text(&message, CASES);
    for (int i = 0; i < 15; i++) {
        buf_printf(&message, PERSON("adult-%d", "1980-02-03", "C") ",\"offences\":[", i);
        while (message.len < (size_t)(i + 1) * 802 * 1024 / 15)
            buf_text(
                &message,
                "{\"wording\":\"a made-up wording of a made-up offence\",\"judicialResults\":[{\"cjsCode\":\"4028\","
                "\"judicialResultPrompts\":[{\"value\":\"x\",\"usergroups\":[]}]}]},");
        buf_text(&message, "{}]},");
    }
    buf_text(&message, CHILD("child", "L") "}" TAIL);
    assert_true(message.len > 802 * 1024);
    assert_null(adapt_bytes(buf_string(&message), message.len, "m1", &list));
    assert_int_equal(list.count, 17);
    assert_string_equal(json_text_at(list.items[16].event, "type"), "court.remand");
    adapted_list_release(&list);
    buf_release(&message);
}

/* Copied ids make nobody one person with somebody else; two cases of one person do. */
static void test_adapter_hearing_keeps_persons_apart(void **state)
{
    const char *two_cases = CASES CHILD("d1", "U") "}]},{\"defendants\":[" CHILD("d1", "L") "}" TAIL;
    const char *other_birth =
        CASES CHILD("d1", "U") "}]},{\"defendants\":[" PERSON("d1", "2010-02-03", "L") "}" TAIL;

    (void)state;
    assert_says("two cases", two_cases, "court.remand", "court.bail");
    assert_says("other date of birth", other_birth, "court.bail", NULL);
    assert_says("other date of birth", other_birth, "court.remand", NULL);
    assert_says("one case", CASES CHILD("d1", "U") "}," CHILD("d1", "L") "}" TAIL, "court.bail", NULL);
}

static void test_adapter_hearing_refuses_a_message_of_endless_defendants(void **state)
{
    struct buf message = {0};
    struct adapted_list list = {0};
    char *reason;

    (void)state;
    buf_text(&message, CASES "7");
    for (int i = 0; i < 5000; i++)
        buf_text(&message, ",7");
    buf_text(&message, TAIL);
    reason = adapt_bytes(buf_string(&message), message.len, "m1", &list);
    assert_non_null(reason);
    assert_int_equal(list.count, 0);
    free(reason);
    buf_release(&message);
}

/* Every message of the samples ends in a named state: so many events and faults, or refused with this. */
static void test_adapter_hearing_gives_every_sample_an_end(void **state)
{
    static const struct {
        const char *path;
        size_t events, faults;
        const char *says;
    } rows[] = {
        {"hmcts-cpp-hearing/data__hearing.results-shared-with-nexthearing-magistratescourt.json", 3, 1,
         "\"to\":\"local-authority-accommodation\""},
        {"hmcts-cpp-hearing/json__hearing.event.defendants-in-youthcourt-updated.json", 0, 0, "youth court"},
        {"hmcts-cpp-hearing/json__hearing.event.hearing-adjourned.json", 1, 0, "court.hearing-listed"},
        {"hmcts-cpp-hearing/json__public.hearing.resulted.json", 1, 0, "court.appearance"},
        {"hmcts-cpp-hearing/resources__hearing.results-shared_multiple_defendant.json", 2, 1, "18 or over"},
        {"hmcts-cpp-progression/resources__multi-day-hearing-judicial-result-ordered-on-different-day.json",
         3, 0, "\"on\":\"2021-08-04\""},
        {"hmcts-cpp-progression/resources__progression.event.application-referred-to-court-hearing.json", 1,
         0, "\"purpose\":\"sentence\""},
        {"hmcts-cpp-progression/resources__progression.event.court-register-generated.json", 0, 0, NULL},
        {"hmcts-cpp-progression/resources__progression.update-youth-flag-for-defendant.json", 0, 0, "flag"},
        {"hmcts-cpp-prosecution-casefile/stub-data__public.stagingprosecutors.cps-serve-pet-received_defendantData_only.json",
         0, 0, NULL},
        {"hmcts-cpp-results/json__public.events.hearing.hearing-resulted-crown-first-resulted.json", 0, 0,
         "18 or over"},
        {"hmcts-cpp-results/json__public.events.hearing.hearing-resulted-crown-second-resulted.json", 0, 0,
         "18 or over"},
        {"hmcts-cpp-results/json__public.events.hearing.hearing-resulted-standalone.json", 1, 0,
         "\"on\":\"2019-06-03\""},
        {"hmcts-cpp-results/stub-data__referencedata.bail-statuses.json", 0, 0, NULL},
        {"hmcts-spi-police/message__public.results.police-result-generated-without-date-of-birth.json", 3, 0,
         "\"order\":\"conditional-discharge\""},
        {"moj-court-hearing-event-receiver/json__court-application-invalid.json", 0, 0, "without defendants"},
        {"moj-court-hearing-event-receiver/json__hearing-1.json", 0, 0, "18 or over"},
        {"moj-hmpps-person-record/examples__commonPlatformMessage.json", 0, 0, "18 or over"},
        {"moj-hmpps-person-record/examples__commonPlatformMessageAttributes.json", 0, 0, NULL},
    };

    char *folder = adapted_samples();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = mem_printf("%s/%s", folder, rows[i].path), *message, *reason, *lines;
        struct adapted_list list = {0};
        size_t events = 0, faults = 0, len;
        message = adapted_read(path, &len);
        reason = adapt_bytes(message, strlen(message), "m1", &list);
        assert_int_equal(reason == NULL, rows[i].says != NULL);
        adapted_assert_sound(&list);
        for (size_t k = 0; k < list.count; k++) {
            events += list.items[k].event != NULL;
            faults += list.items[k].event == NULL && !list.items[k].nothing;
        }
        lines = adapted_lines(&list);
        if (events != rows[i].events || faults != rows[i].faults ||
            (rows[i].says != NULL && strstr(lines, rows[i].says) == NULL))
            fail_msg("%s: %zu events, %zu faults:\n%s", path, events, faults, lines);
        free(lines);
        free(reason);
        adapted_list_release(&list);
        free(message);
        free(path);
    }
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_hearing_agrees_with_golden_files),
        cmocka_unit_test(test_adapter_hearing_reasons_never_quote_the_message),
        cmocka_unit_test(test_adapter_hearing_reads_the_bail_status),
        cmocka_unit_test(test_adapter_hearing_reads_the_result_codes),
        cmocka_unit_test(test_adapter_hearing_takes_the_age_from_the_date_of_birth),
        cmocka_unit_test(test_adapter_hearing_lets_only_json_booleans_decide),
        cmocka_unit_test(test_adapter_hearing_has_none_of_the_known_defects),
        cmocka_unit_test(test_adapter_hearing_loses_nobody_to_null),
        cmocka_unit_test(test_adapter_hearing_reads_a_message_with_a_byte_order_mark),
        cmocka_unit_test(test_adapter_hearing_reads_dates_as_they_are_written),
        cmocka_unit_test(test_adapter_hearing_refuses_what_it_cannot_use_as_a_whole),
        cmocka_unit_test(test_adapter_hearing_states_the_same_in_every_share),
        cmocka_unit_test(test_adapter_hearing_finds_the_day_of_the_share),
        cmocka_unit_test(test_adapter_hearing_says_a_next_hearing_once),
        cmocka_unit_test(test_adapter_hearing_reads_a_message_of_802_kib),
        cmocka_unit_test(test_adapter_hearing_keeps_persons_apart),
        cmocka_unit_test(test_adapter_hearing_refuses_a_message_of_endless_defendants),
        cmocka_unit_test(
            test_adapter_hearing_gives_every_sample_an_end), /* last: only where the samples are */
    };
    char *folder = adapted_samples();
    size_t count = sizeof tests / sizeof tests[0] - (folder == NULL);

    free(folder);
    return _cmocka_run_group_tests("adapter_hearing", tests, count, NULL, NULL);
}
