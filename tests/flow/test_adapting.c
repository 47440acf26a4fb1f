/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of other systems about children we know, from the file they came in to the duties they start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"
#include "told/json.h"
#include "told/mem.h"

#define NOW "2024-06-03T09:00:00Z" /* a Monday, 10:00 in London */
#define NOMS "A1234BC"
#define PNC "2021/0012345X"

static void speak(struct harness *h, const char *feed, const char *adapter)
{
    char *name = mem_printf("feeds/%s.conf", feed), *text = harness_read(h, name), *end = strrchr(text, '}'),
         *with;

    assert_non_null(end);
    with = mem_printf("%.*sadapter = \"%s\"; };\n", (int)(end - text), text, adapter);
    harness_write(h, name, with);
    free(with);
    free(text);
    free(name);
}

static struct harness *begin(void **state)
{
    struct harness *h = *state =
        harness_start(&(struct harness_options){.story_from = NOW, .story_stands = true, .poll_ms = 50});
    char *path = harness_path(h, "numbers.csv");

    speak(h, "police", "spi-xml");
    speak(h, "custody", "hmpps-domain-event");
    speak(h, "court", "dcf");
    cast_import(h);
    harness_write(
        h, "numbers.csv",
        "lcs,pnc,noms,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,open_to_yos,"
        "home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n"
        "LCS-1," PNC "," NOMS
        ",2009-02-03,s20,false,false,none,true,true,southwark,southwark,false,false,false,false\n");
    cast_succeed(h, "import", "children", path);
    free(path);
    harness_told(h, NULL, NULL);
    return h;
}

static void send(struct harness *h, const char *feed, const char *name, const char *text)
{
    char *path = harness_path(h, name), *source = mem_printf("%s/one", feed);

    harness_write(h, name, text);
    cast_succeed(h, "publish", "--feed", feed, "--source", source, "--time", "2024-06-03T08:50:00Z", path);
    cast_settle(h);
    free(source);
    free(path);
}

static void expect_duties(struct harness *h, const char *type, const char *duties)
{
    cast_expect(
        h, duties,
        "SELECT coalesce(string_agg(DISTINCT d.duty, ' '), '') FROM told.duty d JOIN told.event e USING (event_id)"
        " WHERE e.type = '%s' AND d.duty IN ('D01', 'D41', 'D43', 'D86', 'D87', 'D88', 'D90', 'D91')",
        type);
}

static void test_adapting_a_police_case_starts_the_duties_of_a_charge(void **state)
{
    struct harness *h = begin(state);
    static const char spi[] =
        "<NewCaseMessage xmlns='http://www.dca.gov.uk/xmlschemas/libra'><Case><PTIURN>01TS0000124</PTIURN>"
        "<CaseInitiation>C</CaseInitiation><InitialHearing><CourtHearingLocation>B01CE00</CourtHearingLocation>"
        "<DateOfHearing>2024-06-20</DateOfHearing><TimeOfHearing>10:00:00</TimeOfHearing></InitialHearing><Defendant/>"
        "<Defendant><PoliceIndividualDefendant><PersonDefendant><BasePersonDetails><PersonName><PersonFamilyName>Vantreese"
        "</PersonFamilyName></PersonName><Birthdate>2009-02-03</Birthdate></BasePersonDetails><PNCidentifier>" PNC
        "</PNCidentifier></PersonDefendant></PoliceIndividualDefendant><Offence><BaseOffenceDetails><OffenceCode>TH68010"
        "</OffenceCode><ChargeDate>2024-06-02</ChargeDate></BaseOffenceDetails></Offence></Defendant></Case></NewCaseMessage>";

    send(h, "police", "case.xml", spi);
    expect_duties(h, "police.charge", "D01 D41 D43");
    cast_expect_duty(h, "D41", "told 06-04 16:00 1");
    cast_expect_duty(h, "D43", "told 06-20 09:00 1");
    /* The defendant beside the child is for a person to look at; and the same message is the same event. */
    cast_expect(h, "1", "SELECT count(*) FROM told.quarantine");
    send(h, "police", "case.xml", spi);
    cast_expect(h, "1", "SELECT count(*) FROM told.event WHERE type = 'police.charge'");
    cast_expect(h, "1", "SELECT count(*) FROM told.quarantine");
    cast_check(h);
}

/* The operators have one thing to look at, however many parts of the message are faulty. */
static void test_adapting_raises_one_alarm_for_all_that_is_set_aside_of_a_message(void **state)
{
    struct harness *h = begin(state);
    struct buf b = {0};

    buf_text(&b, "<NewCaseMessage xmlns='http://www.dca.gov.uk/xmlschemas/libra'><Case><PTIURN>01TS0000124</PTIURN>"
                 "<CaseInitiation>C</CaseInitiation><InitialHearing><CourtHearingLocation>B01CE00</CourtHearingLocation>"
                 "<DateOfHearing>2024-06-20</DateOfHearing><TimeOfHearing>10:00:00</TimeOfHearing></InitialHearing>");
    for (int i = 0; i < 30; i++)
        buf_text(&b, "<Defendant/>");
    buf_text(&b, "</Case></NewCaseMessage>");
    send(h, "police", "case.xml", b.bytes);
    buf_release(&b);
    cast_expect(h, "30", "SELECT count(*) FROM told.quarantine WHERE state = 'open'");
    cast_expect(h, "1 1", "SELECT count(*) || ' ' || sum(count) FROM told.alarm");
    cast_expect(h, "t", "SELECT detail LIKE '%%; and 29 more of its parts, look at toldctl quarantine' FROM told.alarm");
    cast_expect(h, "t", "SELECT key = (SELECT min(quarantine_id)::text FROM told.quarantine) FROM told.alarm");
    cast_check(h);
}

static void test_adapting_a_case_file_objects_to_bail(void **state)
{
    struct harness *h = begin(state);

    send(
        h, "court", "file.json",
        "{\"case\":{\"pti_urn\":\"01TS0000124\",\"type\":\"FirstHearingDCF\",\"defendants\":[{\"name\":{\"surname\":"
        "\"Vantreese\",\"given_name\":[\"Quillonna\"]},\"date_of_birth\":\"2009-02-03\",\"initiation_type\":\"charge\","
        "\"offences\":[{\"generic_offences\":[{\"cjs_offence_code\":\"th68010\",\"offence\":{\"charge_date\":\"2024-06-02\"}}]}],"
        "\"remand_application\":{\"substantial_grounds\":[{\"opposition_ground\":\"commit_offences_on_bail\"}]},"
        "\"person_remand_status\":\"custody\",\"first_hearing_datetime\":\"2024-06-04T09:00Z\"}]}}");
    /* No number of the child's is in a case file, so a person says who it is; the clock runs from the
     * receipt. */
    cast_expect(h, "match", "SELECT kind FROM told.duty WHERE state <> 'closed'");
    cast_expect(h, "true C",
                "SELECT (convert_from(body, 'UTF8')::jsonb #>> '{data,bail_objected}') || ' ' ||"
                " (convert_from(body, 'UTF8')::jsonb #>> '{data,remand_status}') FROM told.event"
                " WHERE type = 'police.charge'");
    cast_check(h);
}

/* A movement of the child whose number it is, as the prisons' topic hands it on. */
static void move(struct harness *h, const char *name, const char *what, const char *more)
{
    char *inner = mem_printf(
        "{\"eventType\":\"prison-offender-events.prisoner.%s\",\"occurredAt\":\"2024-06-03T07:00:00.123456789"
        "+01:00\",\"additionalInformation\":{\"nomsNumber\":\"" NOMS "\"%s}}",
        what, more);
    json_t *envelope =
        json_pack("{s:s,s:s,s:s}", "Type", "Notification", "MessageId", "the same for all", "Message", inner);
    char *text = json_canonical(envelope);

    send(h, "custody", name, text);
    free(text);
    json_decref(envelope);
    free(inner);
}

static void test_adapting_tells_a_transfer_from_a_release(void **state)
{
    struct harness *h = begin(state);

    move(h, "in.json", "received",
         ",\"reason\":\"ADMISSION\",\"probableCause\":\"CONVICTED\",\"prisonId\":\"WYI\"");
    expect_duties(h, "custody.reception", "D86 D88");
    move(h, "out.json", "released", ",\"reason\":\"TRANSFERRED\",\"prisonId\":\"WYI\"");
    move(h, "moved.json", "received", ",\"reason\":\"TRANSFERRED\",\"prisonId\":\"FMI\"");
    expect_duties(h, "custody.release", "");
    expect_duties(h, "custody.transfer", "D87");
    cast_jump(h, "2024-06-03T09:30:00Z");
    move(h, "home.json", "released",
         ",\"reason\":\"RELEASED\",\"nomisMovementReasonCode\":\"CR\",\"prisonId\":\"FMI\"");
    expect_duties(h, "custody.release", "D90 D91");
    cast_expect(h, "4", "SELECT count(*) FROM told.event WHERE type LIKE 'custody.%%'");
    cast_check(h);
}

static void test_adapting_asks_for_the_dates_that_changed(void **state)
{
    struct harness *h = begin(state);

    move(h, "in.json", "received",
         ",\"reason\":\"ADMISSION\",\"probableCause\":\"CONVICTED\",\"prisonId\":\"WYI\"");
    move(h, "dates.json", "sentence-dates-changed", "");
    cast_expect(h, "review",
                "SELECT DISTINCT d.kind FROM told.duty d JOIN told.event e USING (event_id)"
                " WHERE e.type = 'custody.release-dates'");
    cast_check(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_adapting_a_police_case_starts_the_duties_of_a_charge, harness_teardown),
        cmocka_unit_test_teardown(test_adapting_raises_one_alarm_for_all_that_is_set_aside_of_a_message, harness_teardown),
        cmocka_unit_test_teardown(test_adapting_a_case_file_objects_to_bail, harness_teardown),
        cmocka_unit_test_teardown(test_adapting_tells_a_transfer_from_a_release, harness_teardown),
        cmocka_unit_test_teardown(test_adapting_asks_for_the_dates_that_changed, harness_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
