/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same words in what other systems send in forms of their own, well formed and not, in the names of their files, and in
 * what comes back by mail: found in no log, listing, alarm, journal, mail, reason beside a file, nor in PostgreSQL's log.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "canary.h"
#include "cast.h"
#include "cluster.h"
#include "returned.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z"
#define ASH "ash@southwark.example"

/* Each a directory feed with that adapter; the last one, of events in told's own form, the harness makes. */
static const char *const ADAPTERS[] = {"spi-xml", "hmpps-domain-event", "dcf", "hmcts-hearing", "hmcts-court-register", "drop"};
enum { FOREIGN = sizeof ADAPTERS / sizeof *ADAPTERS - 1 };

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define SPI(born, more)                                                                                                            \
    XML "<NewCaseMessage xmlns=\"http://www.dca.gov.uk/xmlschemas/libra\"><Case><PTIURN>01TS0000224</PTIURN>"                      \
        "<InitiationCode>C</InitiationCode><InitialHearing><CourtHearingLocation>B01CE00</CourtHearingLocation>"                   \
        "<DateOfHearing>2024-06-10</DateOfHearing><TimeOfHearing>09:01:01.001</TimeOfHearing></InitialHearing><Defendant>"         \
        "<PoliceIndividualDefendant><PersonDefendant><BasePersonDetails><PersonName><PersonGivenName1>Quillonna</PersonGivenName1>" \
        "<PersonGivenName2>Zephyrine</PersonGivenName2><PersonFamilyName>Vantreese</PersonFamilyName></PersonName><Birthdate>" born  \
        "</Birthdate><Gender>2</Gender></BasePersonDetails></PersonDefendant><Address><PostCode>SE98 7ZZ</PostCode></Address>"      \
        "</PoliceIndividualDefendant><Offence><BaseOffenceDetails><OffenceSequenceNumber>1</OffenceSequenceNumber><OffenceCode>"     \
        "QQ68010</OffenceCode><OffenceWording>On Sunday stole bluebells of Ombrelake</OffenceWording><ChargeDate>2024-06-02"         \
        "</ChargeDate></BaseOffenceDetails></Offence>" more "</Defendant></Case></NewCaseMessage>"
#define HMPPS(nomis, reason)                                                                                                        \
    "{\"eventType\":\"prison-offender-events.prisoner.received\",\"version\":1,\"occurredAt\":\"2024-06-03T08:30:00Z\","             \
    "\"description\":\"Quillonna Vantreese was received\",\"additionalInformation\":{\"nomsNumber\":\"" nomis "\",\"reason\":\""      \
    reason "\",\"prisonId\":\"FMI\"},\"personReference\":{\"identifiers\":[{\"type\":\"NOMS\",\"value\":\"" nomis "\"}]}}"
#define DCF(born, wrong)                                                                                                            \
    "{\"schema_version\":\"1.2.2\",\"case\":{\"pti_urn\":\"01TS0000324\",\"type\":\"FirstHearingDCF\",\"version\":1,\"defendants\":[{" \
    "\"name\":{\"type\":\"PersonName\",\"surname\":\"Vantreese\",\"given_name\":[\"Quillonna\",\"Zephyrine\"]},\"date_of_birth\":\""  \
    born "\",\"arrest\":{\"type\":\"Arrest\",\"date_time\":\"2024-06-02T12:00Z\"},\"offences\":[{\"type\":\"RetailTheftOffences\","  \
    "\"retail_theft_offences\":[{\"type\":\"RetailTheftOffence\",\"cjs_offence_code\":\"qq68010\",\"offence\":{\"type\":\"Offence\","  \
    "\"charge_date\":\"2024-06-02\",\"offence_title\":\"Theft of bluebells\"}}]}],\"person_remand_status\":\"custody\","             \
    "\"initiation_type\":\"charge\",\"first_hearing_datetime\":\"2024-06-04T10:00Z\"" wrong "}]}}"
#define HEARING(born, more)                                                                                                         \
    "{\"hearing\":{\"id\":\"00000000-0000-4000-8000-000000000900\",\"jurisdictionType\":\"YOUTH\",\"courtCentre\":{\"id\":"           \
    "\"00000000-0000-4000-8000-000000000010\",\"name\":\"Camberwell Green\"},\"hearingDays\":[{\"sittingDay\":"                       \
    "\"2024-06-03T10:00:00.000Z\"}],\"hasSharedResults\":true,\"prosecutionCases\":[{\"id\":\"00000000-0000-4000-8000-000000000500\"," \
    "\"prosecutionCaseIdentifier\":{\"caseURN\":\"01XY0000124\"},\"defendants\":[{\"id\":\"00000000-0000-4000-8000-000000000151\","   \
    "\"masterDefendantId\":\"00000000-0000-4000-8000-000000000101\",\"pncId\":\"2008/0009876Q\",\"croNumber\":\"998877/08Q\","        \
    "\"personDefendant\":{\"personDetails\":{\"firstName\":\"Quillonna\",\"lastName\":\"Vantreese\",\"address\":{\"address1\":"        \
    "\"1 Ombrelake\",\"postcode\":\"SE98 7ZZ\"},\"dateOfBirth\":\"" born "\"},\"arrestSummonsNumber\":\"01QQ/9876/08\"},\"offences\":["  \
    "{\"id\":\"00000000-0000-4000-8000-000000000600\",\"offenceCode\":\"QQ68010\",\"offenceTitle\":\"Theft of bluebells\","            \
    "\"judicialResults\":[{\"cjsCode\":\"4028\",\"orderedDate\":\"2024-06-03\",\"resultText\":\"Quillonna Vantreese remanded\"" more    \
    "}]}]}]}]}}"

#define OWN(source, type, time)                                                                                                     \
    "{\"specversion\":\"1.0\",\"id\":\"Vantreese-1\",\"source\":\"" source "\",\"type\":\"" type "\",\"time\":\"" time "\",\"data\":" \
    "{\"person\":{\"given_names\":\"Quillonna\",\"family_name\":\"Vantreese\",\"born_on\":\"" CANARY_BORN "\"},\"charged_on\":\"Quillonna\"}}"

/* For each directory: what it understands, and what it does not. */
static const char *const BODIES[][5] = {
    {SPI(CANARY_BORN, ""), SPI("Vantreese", ""), SPI(CANARY_BORN, "<Quillonna>"), XML "<!DOCTYPE Vantreese [<!ENTITY Quillonna \"x\">]><a>&Quillonna;</a>",
     "Quillonna Vantreese"},
    {HMPPS("A9876QQ", "ADMISSION"), HMPPS("Quillonna", "ADMISSION"), HMPPS("A9876QQ", "Vantreese"), "{\"eventType\":\"Vantreese\"}", "[\"Quillonna\"]"},
    {DCF(CANARY_BORN, ""), DCF("Vantreese", ""), DCF(CANARY_BORN, ",\"Quillonna\":\"Vantreese\",\"first_hearing_datetime\":\"Ombrelake\""),
     "{\"schema_version\":\"Quillonna\",\"case\":\"Vantreese\"}", "{\"Quillonna\":"},
    {HEARING(CANARY_BORN, ""), HEARING("Vantreese", ""), HEARING(CANARY_BORN, ",\"orderedDate\":\"Quillonna\""), "{\"hearing\":\"Vantreese\"}", "Zephyrine"},
    {"{\"courtRegisterDocumentRequests\":[{\"hearingId\":\"Quillonna\",\"hearingDate\":\"Vantreese\",\"defendants\":[{\"name\":"
     "\"Quillonna Vantreese\",\"dateOfBirth\":\"" CANARY_BORN "\"}]}]}",
     "{\"courtRegisterDocumentRequests\":[{\"hearingDate\":\"2024-06-03T09:30:00.000Z\",\"defendants\":[{\"masterDefendantId\":\"Vantreese\","
     "\"name\":[\"Quillonna\"],\"dateOfBirth\":\"Quillonna\"}]}]}",
     "{\"courtRegisterDocumentRequests\":\"Vantreese\"}", "{\"Quillonna\":\"Vantreese\"}", "\"Quillonna\""},
    /* Files of events, each of which is refused where it lies. */
    {"Quillonna Vantreese\n", "{\"Quillonna\":\"Vantreese\"}\n", OWN("Quillonna", "police.charge", "2024-06-03T08:50:00Z") "\n",
     OWN("drop/x", "Zephyrine.Vantreese", "2024-06-03T08:50:00Z") "\n" OWN("drop/x", "police.charge", CANARY_BORN) "\n",
     OWN("drop/x", "police.charge", "2024-06-03T08:50:00Z\",\"id\":\"Quillonna") "\n" OWN("drop/x", "police.charge", "Vantreese")},
};

static void add_feeds(struct harness *h)
{
    struct buf b = {0};

    for (size_t i = 0; i < FOREIGN; i++) {
        char *path = harness_path(h, ADAPTERS[i]);

        assert_int_equal(mkdir(path, 0700), 0);
        buf_printf(&b, "feed-%s = { kind = \"directory\"; path = \"%s\"; sources = [ \"%s/one\" ]; types = [ \"*\" ]; adapter = \"%s\"; };\n",
                   ADAPTERS[i], path, ADAPTERS[i], ADAPTERS[i]);
        free(path);
    }
    harness_write(h, "feeds/foreign.conf", buf_string(&b));
    buf_release(&b);
}

/* The names of files are a sender's words too. */
static void drop_bodies(struct harness *h)
{
    char *aside = harness_path(h, "aside");

    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++)
        for (size_t k = 0; k < sizeof BODIES[i] / sizeof *BODIES[i]; k++) {
            char *name = mem_printf("%s/Vantreese-Quillonna-%zu", ADAPTERS[i], k), *path = harness_path(h, name);

            harness_write(h, "aside", BODIES[i][k]);
            assert_int_equal(chmod(aside, 0600), 0);
            assert_int_equal(rename(aside, path), 0);
            free(path);
            free(name);
        }
    free(aside);
}

static bool is_waiting(const char *name)
{
    return strncmp(name, "Vantreese", 9) == 0;
}

/* Each file has been taken up. */
static void await_files(struct harness *h)
{
    long left = 1;

    for (int tries = 0; left > 0 && tries < 600; tries++) {
        left = 0;
        for (size_t i = 0; i < sizeof ADAPTERS / sizeof *ADAPTERS; i++) {
            char *path = harness_path(h, ADAPTERS[i]);
            DIR *folder = opendir(path);

            assert_non_null(folder);
            for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
                left += is_waiting(entry->d_name);
            closedir(folder);
            free(path);
        }
        if (left > 0)
            (void)poll(NULL, 0, 50);
    }
    assert_int_equal(left, 0);
}

static void search_reasons(struct harness *h)
{
    int found = 0;

    for (size_t i = 0; i < sizeof ADAPTERS / sizeof *ADAPTERS; i++) {
        char *name = mem_printf("%s/failed", ADAPTERS[i]), *path = harness_path(h, name);
        DIR *folder = opendir(path);

        for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
            size_t len = strlen(entry->d_name);
            char *file, *text;

            if (len < 7 || strcmp(entry->d_name + len - 7, ".reason") != 0)
                continue;
            file = mem_printf("%s/%s", name, entry->d_name);
            text = harness_read(h, file);
            assert_true(*text != '\0');
            canary_search("a reason", text);
            found++;
            free(text);
            free(file);
        }
        if (folder != NULL)
            closedir(folder);
        free(path);
        free(name);
    }
    assert_true(found >= 4);
}

/* ---- what comes back ---- */

static void say_returned(struct harness *h, const struct arrived *ash)
{
    char *mails[8] = {0};
    int count = 0;

    mails[count++] = mem_printf("Return-Path: <>\r\nTo: %s\r\nFrom: \"Quillonna Vantreese\" <Quillonna@elsewhere.example>\r\nSubject: Automatic reply: Vantreese\r\n"
                                "Auto-Submitted: auto-replied; Zephyrine\r\nX-Autoreply: Quillonna\r\nMessage-ID: <Quillonna@elsewhere.example>\r\n\r\n"
                                "I am on annual leave; ring Quillonna Vantreese, born " CANARY_BORN ".\r\n", ash->path);
    mails[count++] = mem_printf("Return-Path: <Vantreese@elsewhere.example>\r\nTo: %s\r\nFrom: Quillonna@elsewhere.example\r\nSubject: Re: Quillonna\r\n"
                                "Message-ID: <Vantreese@elsewhere.example>\r\nIn-Reply-To: <Zephyrine@elsewhere.example>\r\n\r\n%s not mine, "
                                "ask Quillonna Vantreese of SE98 7ZZ\r\n", ash->reply, ash->codes[0]);
    mails[count++] = returned_reply(ash, ASH, "Quillonna Vantreese is mine, born " CANARY_BORN);
    mails[count++] = mem_printf("From: \"Quillonna\" <x@Vantreese.example>\r\nContent-Type: text/Quillonna; charset=Vantreese; boundary=\"Zephyrine\"\r\n"
                                "Subject: =?utf-8?B?VmFudHJlZXNl?=\r\n\r\nQuillonna\r\n");
    mails[count++] = mem_printf("Return-Path: <>\r\nTo: %s\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Undeliverable: Quillonna\r\nMIME-Version: 1.0\r\n"
                                "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                                "Reporting-MTA: dns; Vantreese.example\r\n\r\nFinal-Recipient: rfc822; Quillonna@elsewhere.example\r\nAction: failed Vantreese\r\n"
                                "Status: 5.1.1 (Quillonna)\r\nDiagnostic-Code: smtp; 550 Vantreese\r\n\r\n--b--\r\n", ash->path);
    mails[count++] = returned_report(ash, ASH, "failed", "5.1.1 (Quillonna Vantreese)");
    for (int i = 0; i < count; i++) {
        char *name = mem_printf("returns/new/Quillonna.%d.Vantreese", i);

        harness_write(h, name, mails[i]);
        free(name);
        free(mails[i]);
    }
    cast_await(h, "6", "SELECT count(*) FROM told.returned");
    cast_await(h, "t", "SELECT count(*) > 0 FROM told.address_state");
}

/* ---- what comes out ---- */

static void search_listings(struct harness *h)
{
    static const char *const COMMANDS[] = {"status", "duties", "notifications", "events", "feeds", "reviews", "watches", "returns",
                                           "address", "destinations", "quarantine", "journal", "coverage"};

    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        const char *const argv[] = {COMMANDS[i], strcmp(COMMANDS[i], "journal") == 0 ? "verify" : NULL, NULL};
        struct buf out = {0}, err = {0};

        assert_true(harness_toldctl(h, "amara", argv, &out, &err) <= 1);
        canary_search(COMMANDS[i], buf_string(&out));
        canary_search(COMMANDS[i], buf_string(&err));
        buf_release(&out);
        buf_release(&err);
    }
}

static void search_tables(struct harness *h)
{
    static const char *const TABLES[] = {"journal", "alarm", "attempt", "notification", "event_state", "duty_line", "destination"};

    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        char *text = cast_value(h, "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM told.%s t", TABLES[i]);

        canary_search(TABLES[i], text);
        free(text);
    }
    /* What is kept of a mail for a person stands in sender, subject and words alone. */
    char *text = cast_value(h, "SELECT string_agg(concat_ws(' ', kind, state, did, reason, status), E'\\n') FROM told.returned");
    canary_search("returned", text);
    free(text);
}

static void test_canary_of_foreign_messages_and_returned_mails_is_nowhere(void **state)
{
    struct harness *h = *state = harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50, .drop = true});
    struct arrived ash;
    char *log;

    cast_import(h);
    add_feeds(h);
    returned_maildir(h, "");
    PQclear(harness_query(h, "ALTER SYSTEM SET log_statement = 'all'"));
    PQclear(harness_query(h, "ALTER SYSTEM SET log_min_error_statement = 'error'"));
    PQclear(harness_query(h, "ALTER SYSTEM SET log_parameter_max_length = -1"));
    PQclear(harness_query(h, "ALTER SYSTEM SET log_parameter_max_length_on_error = -1"));
    cluster_halt(harness_cluster(h));
    cluster_resume(harness_cluster(h));
    harness_told(h, NULL, NULL);
    cast_hear(h, "police.charge", "charge-1", "LCS-1", CAST_CHARGE);
    drop_bodies(h);
    returned_arrived(h, "ash", &ash);
    say_returned(h, &ash);
    cast_await(h, "t", "SELECT count(*) >= 3 FROM told.event WHERE feed = ANY (ARRAY['spi-xml','hmpps-domain-event','dcf','hmcts-hearing','hmcts-court-register'])");
    cast_await(h, "t", "SELECT count(*) >= 8 FROM told.quarantine");
    await_files(h);
    cast_settle(h);
    log = harness_log(h);
    canary_search("the log", log);
    free(log);
    log = cluster_log(harness_cluster(h));
    assert_non_null(strstr(log, "INSERT INTO told.returned")); /* it does talk */
    canary_search("PostgreSQL's log", log);
    free(log);
    search_reasons(h);
    search_tables(h);
    search_listings(h);
    returned_arrived_release(&ash);
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_canary_of_foreign_messages_and_returned_mails_is_nowhere, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
