/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapted.h"

#define REGISTER "hmcts-court-register"

static void run_register(const char *message, struct adapted_list *ret)
{
    char *reason = adapted_run(REGISTER, message, strlen(message), ret);

    if (reason != NULL)
        fail_msg("%s", reason);
}

static void test_adapter_register_agrees_with_golden_files(void **state)
{
    static const char *const names[] = {"two-children", "sentences", "liberty",  "endings", "application",
                                        "ages",         "faults",    "recorded", "bare"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        adapted_check_golden(REGISTER, names[i], "json");
}

static size_t count_events(const struct adapted_list *list, const char *type, const char *id_start)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const json_t *event = list->items[i].event;
        if (event != NULL && strcmp(json_text_at(event, "type"), type) == 0 &&
            strncmp(json_text_at(event, "id"), id_start, strlen(id_start)) == 0)
            count++;
    }
    return count;
}

static void test_adapter_register_finds_every_child_behind_an_adult(void **state)
{
    struct adapted_list list = {0};
    char *message = whole_file(ADAPTED_GOLDEN "two-children.json", NULL);

    (void)state;
    assert_non_null(message);
    run_register(message, &list);
    assert_true(list.items[0].nothing);
    assert_int_equal(count_events(&list, "court.appearance", "m1/0/0/"), 0);
    assert_int_equal(count_events(&list, "court.appearance", "m1/0/1/"), 1);
    assert_int_equal(count_events(&list, "court.sentence", "m1/0/1/"), 1);
    assert_int_equal(count_events(&list, "court.appearance", "m1/0/2/"), 1);
    assert_int_equal(count_events(&list, "court.remand", "m1/0/2/"), 1);
    adapted_list_release(&list);
    free(message);
}

/* What is odd is said of `part`, and the child is known all the same. form: a message with %s in the place of what is odd. */
static void check_odd(const char *const *odd, size_t count, const char *form, const char *part)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(form, "%s");
        char *message = mem_printf("%.*s%s%s", (int)(at - form), form, odd[i], at + 2);
        struct adapted_list list = {0};

        run_register(message, &list);
        assert_int_equal(count_events(&list, "court.appearance", "m1/0/0/"), 1);
        assert_string_equal(list.items[0].part, part);
        assert_non_null(strstr(list.items[0].reason, " is not a"));
        adapted_list_release(&list);
        free(message);
    }
}

static void test_adapter_register_keeps_the_child_of_an_odd_hearing(void **state)
{
    static const char *const odd[] = {"\"hearingId\":[7]", "\"hearingDate\":20241115", "\"registerDate\":1731664800000",
                                      "\"courtCentreId\":[]", "\"hearingVenue\":\"Camberwell\""};

    (void)state;
    check_odd(odd, sizeof odd / sizeof *odd, "{%s,\"defendants\":[{\"name\":\"Ann Other\",\"dateOfBirth\":\"2009-02-03\"}]}",
              "the message");
}

static void test_adapter_register_keeps_the_child_of_odd_details(void **state)
{
    static const char *const odd[] = {"\"dateOfBirth\":20090203", "\"address\":\"SE1\"", "\"name\":{}", "\"defendantResults\":7",
                                      "\"prosecutionCasesOrApplications\":{}"};

    (void)state;
    check_odd(odd, sizeof odd / sizeof *odd, "{\"hearingId\":\"h\",\"defendants\":[{\"masterDefendantId\":\"m\",%s}]}", "defendants[0]");
}

static void test_adapter_register_never_takes_what_is_the_guardians(void **state)
{
    struct adapted_list list = {0};
    const char *message =
        "{\"hearingDate\":\"2024-11-15T10:00:00Z\",\"defendants\":[{\"name\":\"Ann Other\","
        "\"parentGuardian\":{\"dateOfBirth\":\"1980-01-01\",\"address\":{\"postCode\":\"ZZ99 9ZZ\"}}}]}";

    (void)state;
    run_register(message, &list);
    assert_int_equal(list.count, 1);
    const json_t *person = json_object_get(json_object_get(list.items[0].event, "data"), "person");
    assert_null(json_object_get(person, "born_on"));
    assert_null(json_object_get(person, "postcode"));
    assert_null(json_object_get(person, "identifiers"));
    assert_string_equal(json_text_at(person, "given_names"), "Ann");
    adapted_list_release(&list);
}

/* Whatever a queue or a bus puts around it. */
static void test_adapter_register_opens_envelopes(void **state)
{
    static const struct {
        const char *message, *part;
    } rows[] = {
        {"{\"defendants\":[{\"name\":\"Ann Other\"}]}", "defendants[0]"},
        {"{\"_metadata\":{},\"payload\":{\"courtRegister\":{\"defendants\":[{\"name\":\"Ann Other\"}]}}}",
         "payload.courtRegister.defendants[0]"},
        {"{\"Type\":\"Notification\",\"Message\":\"{\\\"courtRegisterDocumentRequests\\\":[{\\\"defendants\\\":[{\\\"name\\\":"
         "\\\"Ann Other\\\"}]}]}\"}",
         "Message.courtRegisterDocumentRequests[0].defendants[0]"},
        {"{\"body\":\"{\\\"defendants\\\":[{\\\"name\\\":\\\"Ann Other\\\"}]}\"}", "body.defendants[0]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct adapted_list list = {0};

        run_register(rows[i].message, &list);
        assert_int_equal(list.count, 1);
        assert_int_equal(count_events(&list, "court.appearance", "m1/0/0/"), 1);
        assert_string_equal(list.items[0].part, rows[i].part);
        adapted_list_release(&list);
    }
}

/* Who is of age is no child, whatever the adapter; up to 25 they stand aside for whoever knows which of them are known. */
static void test_adapter_keeps_young_adults_aside(void **state)
{
    static const struct {
        const char *adapter, *message;
    } rows[] = {
        {REGISTER, "{'hearingDate':'2024-11-15T10:00:00Z','defendants':[{'masterDefendantId':'m','dateOfBirth':'%s'}]}"},
        {"hmcts-hearing", "{'hearing':{'hearingDays':[{'sittingDay':'2024-11-15T10:00:00Z'}],'hasSharedResults':true,"
                          "'prosecutionCases':[{'defendants':[{'id':'d','personDefendant':{'personDetails':{'dateOfBirth':'%s'}}}]}]}}"},
        {"dcf", "{'case':{'date':'2024-11-15','defendants':[{'name':{'surname':'Example'},'date_of_birth':'%s',"
                "'initiation_type':'charge'}]}}"},
        {"spi-xml", "<NewCaseMessage><Case><CaseInitiation>C</CaseInitiation><Defendant><PoliceIndividualDefendant><PersonDefendant>"
                    "<BasePersonDetails><Birthdate>%s</Birthdate></BasePersonDetails><PNCidentifier>2020/0123456X</PNCidentifier>"
                    "</PersonDefendant></PoliceIndividualDefendant><Offence><BaseOffenceDetails><OffenceCode>TH68010</OffenceCode>"
                    "<ChargeDate>2024-11-15</ChargeDate></BaseOffenceDetails></Offence></Defendant></Case></NewCaseMessage>"},
    };
    static const struct {
        const char *born;
        size_t events, of_age;
    } ages[] = {{"2006-11-16", 1, 0}, {"2006-11-15", 0, 1}, {"1999-11-16", 0, 1}, {"1999-11-15", 0, 0}};
    struct instant sent_at;

    (void)state;
    assert_true(instant_parse("2024-11-15T18:00:00Z", &sent_at));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof ages / sizeof *ages; k++) {
            struct adapted_list list = {0};
            char *message = mem_printf(rows[i].message, ages[k].born);

            for (char *c = message; *c != '\0'; c++)
                *c = *c == '\'' ? '"' : *c;
            assert_null(adapter_run(rows[i].adapter, shipped_codes(), message, strlen(message), "s", "m1", sent_at, &list));
            assert_int_equal(list.count, 1);
            assert_int_equal(list.items[0].event != NULL, ages[k].events);
            assert_int_equal(list.items[0].nothing, !ages[k].events);
            assert_int_equal(list.of_age_count, ages[k].of_age);
            assert_true(ages[k].of_age == 0 || list.of_age[0].event != NULL);
            adapted_list_release(&list);
            free(message);
        }
}

/* The text of the two is kept apart on purpose: a reason is read by people who may not see the message. */
static void test_adapter_register_reasons_never_quote_the_message(void **state)
{
    struct adapted_list list = {0};
    char *message = whole_file(ADAPTED_GOLDEN "faults.json", NULL);

    (void)state;
    assert_non_null(message);
    run_register(message, &list);
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].reason == NULL)
            continue;
        assert_null(strstr(list.items[i].reason, "2008"));
        assert_null(strstr(list.items[i].reason, "Robbery"));
        assert_null(strstr(list.items[i].reason, "Birch"));
    }
    adapted_list_release(&list);
    free(message);
}

static void test_adapter_register_is_the_same_each_time(void **state)
{
    char *message = whole_file(ADAPTED_GOLDEN "liberty.json", NULL);
    struct adapted_list first = {0}, second = {0};

    (void)state;
    assert_non_null(message);
    run_register(message, &first);
    run_register(message, &second);
    char *left = adapted_lines(&first);
    char *right = adapted_lines(&second);
    assert_string_equal(left, right);
    free(left);
    free(right);
    adapted_list_release(&first);
    adapted_list_release(&second);
    free(message);
}

static void test_adapter_register_uses_the_time_of_the_message_only_as_a_last_resort(void **state)
{
    struct adapted_list list = {0};

    (void)state;
    run_register("{\"defendants\":[{\"name\":\"Ann Other\"}]}", &list);
    assert_int_equal(list.count, 1);
    assert_string_equal(json_text_at(list.items[0].event, "time"), "2024-11-15T18:00:00Z");
    assert_null(json_object_get(json_object_get(list.items[0].event, "data"), "on"));
    adapted_list_release(&list);
}

/* A code and what it must become: "type word" of the event beside the appearance, or nothing. */
static void test_adapter_register_knows_the_result_codes(void **state)
{
    static const struct {
        const char *code, *text, *type, *key, *word;
    } rows[] = {
        {"1081", "DTO - x", "court.sentence", "order", "dto"},
        {"1007", "DETSO - x", "court.sentence", "order", "s91"},
        {"1007", "EXTDVSU - x", "court.sentence", "order", "s226b"},
        {"1007", "Detention", "court.sentence", "kind", "custody"},
        {"1002", "imp - x", "court.sentence", "kind", "custody"},
        {"1003", "DETMP - x", "court.sentence", "kind", "custody"},
        {"1141", "YRO - x", "court.sentence", "kind", "community"},
        {"1142", "YROISS - x", "court.sentence", "kind", "community"},
        {"1143", "YROF - x", "court.sentence", "kind", "community"},
        {"1097", "YOP - x", "court.sentence", "order", "referral"},
        {"1083", "REPO - x", "court.sentence", "order", "reparation"},
        {"1017", "AD - x", "court.sentence", "kind", "other"},
        {"4029", "RILA - x", "court.remand", "to", "local-authority-accommodation"},
        {"4029", "RILAB - x", "court.remand", "to", "local-authority-accommodation"},
        {"4033", "REMIL - x", "court.remand", "to", "local-authority-accommodation"},
        {"4056", "REMYD - x", "court.remand", "to", "youth-detention-accommodation"},
        {"4057", "CCIIYDA - x", "court.remand", "to", "youth-detention-accommodation"},
        {"4028", "RI - x", "court.remand", "to", "custody"},
        {"4046", "RIB - x", "court.remand", "to", "custody"},
        {"4027", "RC - x", "court.bail", "decision", "conditional"},
        {"4047", "RU - x", "court.bail", "decision", "unconditional"},
        {"4035", "REMUBY - x", "court.bail", "decision", "unconditional"},
        {"2004", "Not guilty", "court.proceedings-ended", "outcome", "acquitted"},
        {"2006", "Dismissed", "court.proceedings-ended", "outcome", "dismissed"},
        {"2051", "Withdrawn", "court.proceedings-ended", "outcome", "withdrawn"},
        {"2053", "Discontinued", "court.proceedings-ended", "outcome", "discontinued"},
        {"3107", "YRR1 - x", NULL, NULL, NULL},
        {"1029", "Order revoked", NULL, NULL, NULL},
        {"2007", "Adjourned sine die", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct adapted_list list = {0};
        char *message =
            mem_printf("{\"hearingDate\":\"2024-11-15T10:00:00Z\",\"defendants\":[{"
                       "\"prosecutionCasesOrApplications\":[{\"caseOrApplicationReference\":\"c\","
                       "\"offences\":[{\"results\":[{\"cjsResultCode\":\"%s\",\"resultText\":\"%s\"}]}]}]}]}",
                       rows[i].code, rows[i].text);
        run_register(message, &list);
        adapted_assert_sound(&list);
        assert_int_equal(list.count, rows[i].type == NULL ? 1 : 2);
        if (rows[i].type != NULL) {
            const json_t *event = list.items[1].event;
            assert_string_equal(json_text_at(event, "type"), rows[i].type);
            assert_string_equal(json_text_at(json_object_get(event, "data"), rows[i].key), rows[i].word);
        }
        adapted_list_release(&list);
        free(message);
    }
}

static void test_adapter_register_refuses_what_is_none(void **state)
{
    static const char *const messages[] = {"{",
                                           "[]",
                                           "7",
                                           "{}",
                                           "{\"courtRegisterDocumentRequests\":{}}",
                                           "{\"courtRegister\":[]}",
                                           ""};

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct adapted_list list = {0};
        char *reason =
            adapter_run(REGISTER, shipped_codes(), messages[i], strlen(messages[i]), "court/x", "m1", INSTANT_NONE, &list);
        assert_non_null(reason);
        assert_int_equal(list.count, 0);
        free(reason);
    }
}

/* Its own readers take the last. So does told, and a person is asked to look. */
static void test_adapter_register_says_where_a_key_stands_twice(void **state)
{
    const char *message = "{\"defendants\":[{\"name\":\"Ann Other\",\"name\":\"Bob Other\"}]}";
    struct adapted_list list = {0};

    (void)state;
    run_register(message, &list);
    assert_int_equal(list.count, 2);
    assert_string_equal(json_text_at(json_object_get(json_object_get(list.items[0].event, "data"), "person"), "given_names"),
                        "Bob");
    assert_non_null(strstr(list.items[1].reason, "a key stands twice in one object; the last was taken"));
    adapted_list_release(&list);
}

static void test_adapter_register_refuses_a_message_of_endless_faults(void **state)
{
    struct buf message = {0};
    struct adapted_list list = {0};

    (void)state;
    buf_text(&message, "{\"defendants\":[1");
    for (size_t i = 0; i < 100000; i++)
        buf_text(&message, ",1");
    buf_text(&message, "]}");
    char *reason =
        adapter_run(REGISTER, shipped_codes(), message.bytes, message.len, "court/x", "m1", (struct instant){0}, &list);
    assert_non_null(reason);
    assert_non_null(strstr(reason, "4096"));
    assert_int_equal(list.count, 0);
    free(reason);
    buf_release(&message);
}

static void test_adapter_register_turns_an_event_the_catalogue_refuses_into_a_fault(void **state)
{
    struct adapted_list list = {0};
    const char *message =
        "{\"hearingId\":\"h\\u0001\",\"hearingDate\":\"2024-11-15T10:00:00Z\",\"defendants\":[{}]}";
    char *reason = adapter_run(REGISTER, shipped_codes(), message, strlen(message), "", "m1", (struct instant){0}, &list);

    (void)state;
    assert_null(reason);
    assert_int_equal(list.count, 1);
    assert_null(list.items[0].event);
    assert_non_null(list.items[0].reason);
    adapted_list_release(&list);
}

static void test_adapter_cloudevents_hands_the_event_on(void **state)
{
    static const char event[] =
        "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"police/x\",\"type\":\"police.charge\","
        "\"time\":\"2024-05-31T17:50:00Z\",\"data\":{\"person\":{},\"charged_on\":\"2024-05-31\"}}";
    struct adapted_list list = {0};

    (void)state;
    assert_null(adapter_run("cloudevents", shipped_codes(), event, strlen(event), "other", "other", INSTANT_NONE, &list));
    assert_int_equal(list.count, 1);
    assert_string_equal(json_text_at(list.items[0].event, "id"), "7");
    adapted_list_release(&list);
}

static void test_adapter_names_are_known_or_refused(void **state)
{
    struct adapted_list list = {0};

    (void)state;
    assert_true(adapter_is_known("cloudevents"));
    assert_true(adapter_is_known(REGISTER));
    assert_true(adapter_is_known("hmcts-hearing"));
    assert_false(adapter_is_known("hmcts"));
    assert_false(adapter_is_known(""));
    char *reason = adapter_run("hmcts", shipped_codes(), "{}", 2, "a", "b", INSTANT_NONE, &list);
    assert_non_null(reason);
    free(reason);
}

/* The one real register there is in public. It is no part of this project: without it there is nothing to
 * run. */
static void test_adapter_register_reads_the_published_sample(void **state)
{
    const char *shared = getenv("TOLD_SHARED");
    char *path = mem_printf("%s/samples/hmcts-cpp-progression/"
                            "resources__progression.event.court-register-generated.json",
                            shared == NULL ? "../shared" : shared);
    char *message = whole_file(path, NULL);
    struct adapted_list list = {0};
    size_t community = 0;

    (void)state;
    free(path);
    assert_non_null(message);
    run_register(message, &list);
    adapted_assert_sound(&list);
    assert_int_equal(count_events(&list, "court.appearance", "m1/0/0/"), 1);
    assert_int_equal(count_events(&list, "court.appearance", "m1/1/0/"), 1);
    assert_int_equal(count_events(&list, "court.sentence", "m1/0/0/"), 1);
    assert_int_equal(count_events(&list, "court.sentence", "m1/1/"), 0);
    for (size_t i = 0; i < list.count; i++) {
        const json_t *data = json_object_get(list.items[i].event, "data");
        const char *kind = json_text_at(data, "kind");
        if (data == NULL)
            continue;
        community += kind != NULL && strcmp(kind, "community") == 0;
        struct civil_day born, on;
        assert_true(civil_parse(json_text_at(json_object_get(data, "person"), "born_on"), &born));
        assert_true(civil_parse(json_text_at(data, "on"), &on));
        assert_int_equal(civil_age(born, on), 16);
    }
    assert_int_equal(community, 1);
    adapted_list_release(&list);
    free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_register_agrees_with_golden_files),
        cmocka_unit_test(test_adapter_register_finds_every_child_behind_an_adult),
        cmocka_unit_test(test_adapter_register_keeps_the_child_of_an_odd_hearing),
        cmocka_unit_test(test_adapter_register_keeps_the_child_of_odd_details),
        cmocka_unit_test(test_adapter_register_opens_envelopes),
        cmocka_unit_test(test_adapter_keeps_young_adults_aside),
        cmocka_unit_test(test_adapter_register_never_takes_what_is_the_guardians),
        cmocka_unit_test(test_adapter_register_reasons_never_quote_the_message),
        cmocka_unit_test(test_adapter_register_is_the_same_each_time),
        cmocka_unit_test(test_adapter_register_uses_the_time_of_the_message_only_as_a_last_resort),
        cmocka_unit_test(test_adapter_register_knows_the_result_codes),
        cmocka_unit_test(test_adapter_register_refuses_what_is_none),
        cmocka_unit_test(test_adapter_register_says_where_a_key_stands_twice),
        cmocka_unit_test(test_adapter_register_refuses_a_message_of_endless_faults),
        cmocka_unit_test(test_adapter_register_turns_an_event_the_catalogue_refuses_into_a_fault),
        cmocka_unit_test(test_adapter_cloudevents_hands_the_event_on),
        cmocka_unit_test(test_adapter_names_are_known_or_refused),
        cmocka_unit_test(test_adapter_register_reads_the_published_sample), /* last: only where the samples are */
    };
    const char *shared = getenv("TOLD_SHARED");
    bool samples = access(shared == NULL ? "../shared/samples" : shared, F_OK) == 0;

    return _cmocka_run_group_tests("tests", tests, sizeof tests / sizeof *tests - !samples, NULL, NULL);
}
