/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <dirent.h>
#include <sys/resource.h>
#include <time.h>

#include "adapted.h"

#define SPI "spi-xml"
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* A message is put together from these; any of them may be replaced by what a row of a table wants to see. */
#define NAMED                                                                                                \
    "<PersonName><PersonGivenName1>Ola</PersonGivenName1><PersonFamilyName>Example</PersonFamilyName></PersonName>"
#define BORN(day) "<Birthdate>" day "</Birthdate>"
#define PERSON(born, more)                                                                                   \
    "<PoliceIndividualDefendant><PersonDefendant><BasePersonDetails>" NAMED born                             \
    "</BasePersonDetails></PersonDefendant>" more "</PoliceIndividualDefendant>"
#define OFFENCE                                                                                              \
    "<Offence><BaseOffenceDetails><OffenceCode>TH68010</OffenceCode><ChargeDate>2024-11-15</ChargeDate>"     \
    "<ArrestDate>2024-11-14</ArrestDate></BaseOffenceDetails></Offence>"
#define CHILD "<Defendant>" PERSON(BORN("2009-02-03"), "") OFFENCE "</Defendant>"
#define ADULT "<Defendant>" PERSON(BORN("1980-02-03"), "") OFFENCE "</Defendant>"
#define HEARING(date, time)                                                                                  \
    "<InitialHearing><CourtHearingLocation>B01CE00</CourtHearingLocation><DateOfHearing>" date               \
    "</DateOfHearing>"                                                                                       \
    "<TimeOfHearing>" time "</TimeOfHearing></InitialHearing>"
#define LATER HEARING("2024-11-18", "10:00:00Z")
#define CASE(how, hearing, defendants)                                                                       \
    "<NewCaseMessage><Case><PTIURN>01TS1</PTIURN>" how hearing defendants "</Case></NewCaseMessage>"
#define CHARGE "<CaseInitiation>C</CaseInitiation>"

static void test_adapter_spi_agrees_with_golden_files(void **state)
{
    (void)state;
    adapted_check_golden(SPI, "spi-envelopes", "xml");
    adapted_check_golden(SPI, "spi-summons", "xml");
    adapted_check_golden(SPI, "spi-utf16", "xml");
}

static const struct {
    const char *what, *message, *outline;
} CASES[] = {
    {"a charge carries its first hearing, and an arrest is not made of its date",
     CASE(CHARGE, LATER, CHILD), "police.charge"},
    {"a charge without a hearing", CASE(CHARGE, "", CHILD), "police.charge"},
    {"a summons", CASE("<InitiationCode>I</InitiationCode>", LATER, CHILD), "court.hearing-listed"},
    {"a requisition", CASE("<CaseInitiation>Q</CaseInitiation>", LATER, CHILD), "court.hearing-listed"},
    {"a summons without a hearing", CASE("<InitiationCode>I</InitiationCode>", "", CHILD), "nothing"},
    {"an empty initiation: they have to come to court all the same", CASE("<CaseInitiation/>", LATER, CHILD),
     "fault court.hearing-listed"},
    {"an initiation that stands twice", CASE(CHARGE "<CaseInitiation>S</CaseInitiation>", LATER, CHILD),
     "fault court.hearing-listed"},
    {"a case reference that stands twice", CASE("<PTIURN>01TS2</PTIURN>" CHARGE, LATER, CHILD),
     "police.charge"},
    {"no initiation", CASE("", LATER, CHILD), "fault court.hearing-listed"},
    {"no initiation and no hearing", CASE("", "", CHILD), "fault"},
    {"the child listed second", CASE(CHARGE, LATER, ADULT CHILD), "nothing police.charge"},
    {"a bad defendant between two", CASE(CHARGE, LATER, CHILD "<Defendant/>" CHILD),
     "police.charge fault police.charge"},
    {"an organisation", CASE(CHARGE, LATER, "<Defendant><PoliceCorporateDefendant/></Defendant>" CHILD),
     "nothing police.charge"},
    {"no date of birth: not left out",
     CASE(CHARGE, LATER, "<Defendant>" PERSON("", "") OFFENCE "</Defendant>"), "police.charge"},
    {"a date of birth before anybody's",
     CASE(CHARGE, LATER, "<Defendant>" PERSON(BORN("1000-01-01"), "") OFFENCE "</Defendant>"),
     "fault police.charge"},
    {"a date of birth after the charge",
     CASE(CHARGE, LATER, "<Defendant>" PERSON(BORN("2025-01-01"), "") OFFENCE "</Defendant>"),
     "fault police.charge"},
    {"two dates of birth",
     CASE(CHARGE, LATER,
          "<Defendant>" PERSON(BORN("1980-01-01") BORN("2009-01-01"), "") OFFENCE "</Defendant>"),
     "fault police.charge"},
    {"nothing says who",
     CASE(CHARGE, LATER, "<Defendant><PoliceIndividualDefendant/>" OFFENCE "</Defendant>"), "fault"},
    {"no offence", CASE(CHARGE, LATER, "<Defendant>" PERSON(BORN("2009-02-03"), "") "</Defendant>"),
     "fault police.charge"},
    {"two cases", "<a>" CASE(CHARGE, LATER, CHILD) CASE(CHARGE, LATER, CHILD) "</a>",
     "police.charge police.charge"},
    {"a hearing on no day", CASE(CHARGE, HEARING("2024-02-30", "10:00:00Z"), CHILD),
     "fault police.charge"},
    {"a hearing at no time", CASE(CHARGE, HEARING("2024-11-18", "noon"), CHILD), "fault police.charge"},
    {"a custody status of nobody",
     CASE(CHARGE, LATER,
          "<Defendant>" PERSON(BORN("2009-02-03"), "<CustodyStatus>false</CustodyStatus>") OFFENCE
          "</Defendant>"),
     "fault police.charge"},
    {"a case without defendants", CASE(CHARGE, LATER, ""), "fault"},
    {"a message without cases", "<NewCaseMessage/>", "refused"},
    {"an answer",
     "<e:Envelope xmlns:e='urn:e'><SubmitResponseMes><ResponseCode>1</ResponseCode></SubmitResponseMes></e:Envelope>",
     "nothing"},
    {"results of nobody", "<ResultedCaseMessage><Session/></ResultedCaseMessage>", "nothing"},
    {"results without a session", "<ResultedCaseMessage/>", "refused"},
    {"an envelope around no XML", "<r><DataStreamContent>malformed xml</DataStreamContent></r>",
     "refused"},
    {"an empty envelope", "<r><DataStreamContent/></r>", "refused"},
    {"in CDATA",
     "<r><DataStreamContent><![CDATA[ <?xml version='1.0' encoding='UTF-16'?>" CASE(
         CHARGE, LATER, CHILD) "]]></DataStreamContent></r>",
     "police.charge"},
    {"escaped once more than it needs",
     "<r><DataStreamContent>&amp;lt;NewCaseMessage>&amp;lt;Case>&amp;lt;PTIURN>01TS1&amp;lt;/PTIURN>"
     "&amp;lt;CaseInitiation>C&amp;lt;/CaseInitiation>&amp;lt;Defendant>&amp;lt;PoliceIndividualDefendant>"
     "&amp;lt;PersonDefendant>&amp;lt;PNCidentifier>2020/0123456X&amp;lt;/PNCidentifier>&amp;lt;/PersonDefendant>"
     "&amp;lt;/PoliceIndividualDefendant>&amp;lt;Offence>&amp;lt;BaseOffenceDetails>&amp;lt;OffenceCode>TH68010&amp;lt;/OffenceCode>"
     "&amp;lt;/BaseOffenceDetails>&amp;lt;/Offence>&amp;lt;/Defendant>&amp;lt;/Case>&amp;lt;/NewCaseMessage></DataStreamContent></r>",
     "police.charge"},
    {"behind a byte order mark of its own",
     "<r><DataStreamContent>\xef\xbb\xbf<![CDATA[" CASE(CHARGE, LATER, CHILD) "]]></DataStreamContent></r>",
     "police.charge"},
    {"UTF-16 as it says and UTF-8 as it is", "<?xml version='1.0' encoding='utf-16'?>" CASE(CHARGE, LATER, CHILD),
     "police.charge"},
    {"an encoding of nobody", "<?xml version='1.0' encoding='x-nobody'?>" CASE(CHARGE, LATER, CHILD), "refused"},
    {"as elements", "<r><DataStreamContent>" CASE(CHARGE, LATER, CHILD) "</DataStreamContent></r>",
     "police.charge"},
    {"a broken envelope beside a whole one",
     "<r><Message>&lt;a</Message><Message><![CDATA[" CASE(CHARGE, LATER, CHILD) "]]></Message></r>",
     "police.charge fault"},
    {"blanks before the declaration", "\n  <?xml version='1.0'?>" CASE(CHARGE, LATER, CHILD),
     "police.charge"},
    {"a prefix of nobody", "<x:NewCaseMessage/>", "refused"},
    {"no XML", "{\"data\": 1}", "refused"},
    {"nothing at all", "", "refused"},
};

static void test_adapter_spi_says_what_each_case_comes_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++)
        adapted_expect(SPI, CASES[i].message, CASES[i].outline, CASES[i].what);
}

/* What a court sends back to the police. */
#define RESULTED(cases)                                                                                      \
    "<r:ResultedCaseMessage xmlns:r='urn:r' xmlns='urn:r'><Session><CourtHearing><Hearing><CourtHearingLocation>B01CX01"  \
    "</CourtHearingLocation><DateOfHearing>2024-11-15</DateOfHearing><TimeOfHearing>10:00:00</TimeOfHearing></Hearing>" \
    "</CourtHearing>" cases "</Session></r:ResultedCaseMessage>"
#define DEALT(defendants) "<Case><PTIURN>01TS1</PTIURN>" defendants "</Case>"
#define COURT_PERSON(born, status)                                                                           \
    "<ProsecutorReference>2400CX0000000000001A</ProsecutorReference><CourtIndividualDefendant><PersonDefendant>"         \
    "<BasePersonDetails>" NAMED born "</BasePersonDetails></PersonDefendant><BailStatus>" status "</BailStatus><Address>" \
    "<SimpleAddress><AddressLine1>1 Road</AddressLine1><AddressLine5>SE1 1AA</AddressLine5></SimpleAddress></Address>"   \
    "<ParentGuardian><BasePersonDetails>" BORN("1980-01-01") "</BasePersonDetails></ParentGuardian></CourtIndividualDefendant>"
#define RESULT(code, more) "<Result><ResultCode>" code "</ResultCode>" more "</Result>"
#define DEALT_OFFENCE(final, results)                                                                        \
    "<Offence><BaseOffenceDetails><OffenceCode>TH68010</OffenceCode></BaseOffenceDetails><FinalDisposalIndicator>" final \
    "</FinalDisposalIndicator>" results "</Offence>"
#define HELD "<Defendant>" COURT_PERSON(BORN("2009-02-03"), "C") DEALT_OFFENCE("N", RESULT("4560",            \
    "<ResultText>Sent\n PSR ordered? true</ResultText><NextHearing><NextHearingDetails><CourtHearingLocation>C01CE00"    \
    "</CourtHearingLocation><DateOfHearing>2024-12-05</DateOfHearing><TimeOfHearing>09:00:00</TimeOfHearing>"            \
    "</NextHearingDetails></NextHearing>")) "</Defendant>"

static void test_adapter_spi_reads_what_the_court_made_of_a_case(void **state)
{
    static const struct {
        const char *what, *message, *outline;
    } rows[] = {
        {"sent in custody, a report, a next hearing", RESULTED(DEALT(HELD)),
         "court.appearance court.remand court.report-requested court.hearing-listed"},
        {"the child listed second, in a second case",
         RESULTED(DEALT("<Defendant>" COURT_PERSON(BORN("1980-02-03"), "U") "</Defendant>") DEALT(HELD)),
         "nothing court.appearance court.remand court.report-requested court.hearing-listed"},
        {"a sentence, and what was ordered beside it",
         RESULTED(DEALT("<Defendant>" COURT_PERSON(BORN("2009-02-03"), "A")
                            DEALT_OFFENCE("Y", RESULT("1081", "<Outcome><Duration><DurationValue>8</DurationValue><DurationUnit>M"
                                                              "</DurationUnit></Duration></Outcome>") RESULT("3117", ""))
                                "</Defendant>")),
         "court.appearance court.conviction court.sentence"},
        {"an organisation, and nobody at all",
         RESULTED(DEALT("<Defendant><CourtCorporateDefendant/></Defendant><Defendant/>" HELD)),
         "nothing fault court.appearance court.remand court.report-requested court.hearing-listed"},
        {"in envelopes", "<r><DataStreamContent><![CDATA[" RESULTED(DEALT(HELD)) "]]></DataStreamContent></r>",
         "court.appearance court.remand court.report-requested court.hearing-listed"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        adapted_expect(SPI, rows[i].message, rows[i].outline, rows[i].what);
    adapted_expect_data(SPI, RESULTED(DEALT(HELD)), "person.postcode", "SE1 1AA", "postcode");
    adapted_expect_data(SPI, RESULTED(DEALT(HELD)), "person.born_on", "2009-02-03", "born");
    adapted_expect_data(SPI, RESULTED(DEALT(HELD)), "person.identifiers.asn", "2400CX0000000000001A", "asn");
    adapted_expect_data(SPI, RESULTED(DEALT(HELD)), "hearing", "b01cx01/2024-11-15", "hearing");
    adapted_expect_data(SPI, RESULTED(DEALT(HELD)), "court", "b01cx01", "court");
}

static void test_adapter_spi_reads_names_in_the_encodings_that_are_sent(void **state)
{
    static const struct {
        const char *encoding, *name, *want;
    } rows[] = {
        {"utf-8", "O\xe2\x80\x99Zo\xc3\xab", "O\xe2\x80\x99Zo\xc3\xab"},
        {"iso-8859-1", "Zo\xeb", "Zo\xc3\xab"},
        {"windows-1252", "O\x92Zo\xeb", "O\xe2\x80\x99Zo\xc3\xab"},
        {"Windows-1252", "\x80", "\xe2\x82\xac"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *message = mem_printf("<?xml version='1.0' encoding='%s'?><NewCaseMessage><Case>" CHARGE "<Defendant>"
                                   "<PoliceIndividualDefendant><PersonDefendant><BasePersonDetails><PersonName>"
                                   "<PersonFamilyName>%s</PersonFamilyName></PersonName></BasePersonDetails></PersonDefendant>"
                                   "</PoliceIndividualDefendant>" OFFENCE "</Defendant></Case></NewCaseMessage>",
                                   rows[i].encoding, rows[i].name);
        adapted_expect_data(SPI, message, "person.family_name", rows[i].want, rows[i].encoding);
        free(message);
    }
}

static void test_adapter_spi_reads_each_field_at_its_own_place(void **state)
{
#define ONE(more)                                                                                            \
    CASE(CHARGE, LATER,                                                                                      \
         "<Defendant><ProsecutorReference>2401TS0000000012345A</ProsecutorReference>" more OFFENCE           \
         "</Defendant>")
#define GUARDIAN                                                                                             \
    "<ParentGuardian><BasePersonDetails>" BORN(                                                              \
        "2012-01-01") "</BasePersonDetails><Address><PostCode>ZZ9 9ZZ</PostCode></Address></ParentGuardian>"
    static const struct {
        const char *path, *message, *expected;
    } rows[] = {
        {"person.born_on", ONE(PERSON(BORN("2009-02-03"), GUARDIAN)), "2009-02-03"},
        {"person.born_on", ONE(PERSON(BORN("2009-02-03+01:00"), "")), "2009-02-03"},
        {"person.born_on", ONE(PERSON("", GUARDIAN "<PerceivedBirthYear>2008</PerceivedBirthYear>")), NULL},
        {"person.postcode", ONE(PERSON("", GUARDIAN)), NULL},
        {"person.postcode", ONE(PERSON("", "<Address><PostCode> SE5 0AB\n</PostCode></Address>" GUARDIAN)),
         "SE5 0AB"},
        {"person.identifiers.asn", ONE(PERSON("", "")), "2401TS0000000012345A"},
        {"person.identifiers.cro", ONE(PERSON("", "<CROnumber>123456/09X</CROnumber>")), "123456/09X"},
        {"person.identifiers.cro", ONE(PERSON("", "<CROnumber>CROnumber1</CROnumber>")), NULL},
        {"charged_on", ONE(PERSON("", "")), "2024-11-15"},
        {"remand_status", ONE(PERSON("", "<CustodyStatus>S</CustodyStatus>")), "S"},
        {"case", ONE(PERSON("", "")), "01TS1"},
        {"bail_objected", ONE(PERSON("", "")), NULL},
        {"authority", ONE(PERSON("", "")), NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        adapted_expect_data(SPI, rows[i].message, rows[i].path, rows[i].expected, rows[i].path);
}

/* The wall clock is London's where no zone says otherwise, and a zone is believed. */
static void test_adapter_spi_keeps_hearings_as_instants(void **state)
{
    static const struct {
        const char *message, *expected;
    } rows[] = {
        {CASE(CHARGE, HEARING("2024-07-31", "10:00:00.000+01:00"), CHILD), "2024-07-31T09:00:00Z"},
        {CASE(CHARGE, HEARING("2024-07-31", "10:00:00"), CHILD), "2024-07-31T09:00:00Z"},
        {CASE(CHARGE, HEARING("2024-07-31", "10:00"), CHILD), "2024-07-31T09:00:00Z"},
        {CASE(CHARGE, HEARING("2024-07-31", "10:00:00Z"), CHILD), "2024-07-31T10:00:00Z"},
        {CASE(CHARGE, HEARING("2024-12-09", "09:00:00.0000000-00:00"), CHILD), "2024-12-09T09:00:00Z"},
        {CASE(CHARGE, HEARING("2024-12-09Z", "09:01:01.0012345678901"), CHILD),
         "2024-12-09T09:01:01.001234Z"},
        {CASE(CHARGE, HEARING("2024-07-31", ""), CHILD), "2024-07-30T23:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct adapted_list list;
        char *reason = adapted_run(SPI, rows[i].message, strlen(rows[i].message), &list), *found;
        assert_null(reason);
        found = adapted_data(&list, list.count - 1, "first_hearing.at");
        assert_non_null(found);
        assert_string_equal(found, rows[i].expected);
        free(found);
        adapted_list_release(&list);
    }
}

/* How this flow has failed elsewhere: one row for each row of the public register of its defects. */
static void test_adapter_spi_withstands_each_known_defect(void **state)
{
    static const struct {
        const char *defect, *what, *message, *path, *expected; /* path NULL: the outline */
    } rows[] = {
        {"C6, C33, P1", "nothing to do has a name of its own", CASE(CHARGE, LATER, ADULT), NULL, "nothing"},
        {"C6, C33, P1", "and is not nobody to tell", CASE(CHARGE, LATER, ""), NULL, "fault"},
        {"C7", "a word is no truth",
         CASE(CHARGE, LATER,
              "<Defendant>" PERSON(BORN("2009-02-03"), "<ExploitationIndicator>false</ExploitationIndicator>")
                  OFFENCE "</Defendant>"),
         "exploitation_indicator", NULL},
        {"C8, C9", "a date is not compared as text with a date-time",
         CASE(CHARGE, LATER, "<Defendant>" PERSON(BORN("2006-11-15T00:00:00Z"), "") OFFENCE "</Defendant>"),
         NULL, "nothing"},
        {"C8, C9", "the day before the eighteenth birthday is a child's",
         CASE(CHARGE, LATER, "<Defendant>" PERSON(BORN("2006-11-16"), "") OFFENCE "</Defendant>"), NULL,
         "police.charge"},
        {"C10, C12", "a wall clock of summer is London's",
         CASE(CHARGE, HEARING("2024-07-31", "23:30:00"), CHILD), "first_hearing.at", "2024-07-31T22:30:00Z"},
        {"C19, C21, C29", "no address, no details",
         CASE(CHARGE, LATER, "<Defendant><PoliceIndividualDefendant/></Defendant>" CHILD), NULL,
         "fault fault police.charge"},
        {"C31", "a child listed second", CASE(CHARGE, LATER, ADULT CHILD), NULL, "nothing police.charge"},
        {"C32", "a payload that is missing", "<r><DataStreamContent/></r>", NULL, "refused"},
        {"C35", "a charge date that is missing",
         CASE(
             CHARGE, LATER,
             "<Defendant>" PERSON(
                 BORN("2009-02-03"),
                 "") "<Offence><BaseOffenceDetails><OffenceCode>A</OffenceCode></BaseOffenceDetails></Offence></Defendant>"),
         "charged_on", NULL},
        {"C35", "a hearing date that is missing",
         CASE(CHARGE, "<InitialHearing><TimeOfHearing>10:00:00</TimeOfHearing></InitialHearing>", CHILD),
         NULL, "fault police.charge"},
        {"P5", "one bad case between two",
         "<a>" CASE(CHARGE, LATER, CHILD) CASE("", "", CHILD) CASE(CHARGE, LATER, CHILD) "</a>", NULL,
         "police.charge fault police.charge"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *what = mem_printf("%s: %s", rows[i].defect, rows[i].what);
        if (rows[i].path == NULL)
            adapted_expect(SPI, rows[i].message, rows[i].expected, what);
        else
            adapted_expect_data(SPI, rows[i].message, rows[i].path, rows[i].expected, what);
        free(what);
    }
}

/* Whatever is in the message, the reasons speak of places and of what is expected there. */
static void test_adapter_spi_reasons_never_quote_the_message(void **state)
{
    static const char *const secrets[] = {"Secretname", "1999-99-99", "Secretcode", "Secretelement", NULL};
    static const char *const messages[] = {
        CASE("<CaseInitiation></CaseInitiation>", HEARING("1999-99-99", "Secretcode"), CHILD),
        CASE(
            CHARGE, HEARING("1999-99-99", "Secretcode"),
            "<Defendant>" PERSON(
                BORN("1999-99-99"),
                "<CustodyStatus>Secretcode</CustodyStatus>") "<Offence><BaseOffenceDetails>"
                                                             "<ChargeDate>Secretcode</ChargeDate></BaseOffenceDetails></Offence></Defendant>"),
        "<Secretelement><Secretname></Secretelement>",
        "<Secretelement>&Secretname;</Secretelement>",
        "<Secretelement><DataStreamContent>Secretname</DataStreamContent></Secretelement>",
        "<Secretelement>&lt;Secretname</Secretelement>",
        "<Secretelement/>",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(messages); i++)
        adapted_assert_discreet(SPI, messages[i], strlen(messages[i]), secrets);
}

static void test_adapter_spi_names_the_place_of_a_fault(void **state)
{
    static const struct {
        const char *message, *place;
    } rows[] = {
        {"<a>\n<b>\n</a>", "line 3 column 3"},
        {"<r>\n<DataStreamContent>malformed xml</DataStreamContent></r>", "DataStreamContent (line 2)"},
        {"<r>\n<Message>&lt;a&gt;\n&lt;b&gt;&lt;/a&gt;</Message></r>",
         "Message (line 2): the XML in it: line 2 column 6"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct adapted_list list;
        char *reason = adapted_run(SPI, rows[i].message, strlen(rows[i].message), &list);
        assert_non_null(reason);
        if (strstr(reason, rows[i].place) == NULL)
            fail_msg("%s, expected %s", reason, rows[i].place);
        free(reason);
        adapted_list_release(&list);
    }
}

static void test_adapter_spi_gives_a_message_sent_again_the_same_events(void **state)
{
    static const char message[] = CASE(CHARGE, LATER, CHILD ADULT CHILD);
    struct adapted_list first, again;
    char *lines, *same;

    (void)state;
    assert_null(adapted_run(SPI, message, strlen(message), &first));
    assert_null(adapted_run(SPI, message, strlen(message), &again));
    lines = adapted_lines(&first);
    same = adapted_lines(&again);
    assert_string_equal(lines, same);
    free(same);
    free(lines);
    adapted_list_release(&again);
    adapted_list_release(&first);
}

static void append_times(struct buf *message, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_text(message, text);
}

#define MIB ((size_t)1024 * 1024)

/* What expat or we would have to keep or to look at again and again: each is several MiB, and ends at once.
 */
static void make_hostile(struct buf *message, int which)
{
    static const char *const starts[] = {
        /* billion laughs, quadratic blow-up, and what lies outside */
        "<!DOCTYPE a [<!ENTITY l0 'lol'><!ENTITY l1 '&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;'>]><a>&l1;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'> %p;]><a/>",
    };

    if (which < (int)COUNT(starts)) {
        buf_text(message, starts[which]);
        append_times(message, " ", 4 * MIB);
        return;
    }
    switch (which - (int)COUNT(starts)) {
    case 0: /* deep */
        append_times(message, "<a>", 4 * MIB / 3);
        break;
    case 1: /* wide */
        buf_text(message, "<a>");
        append_times(message, "<b/>", MIB);
        buf_text(message, "</a>");
        break;
    case 2: /* one tag that never ends */
        buf_text(message, "<a b='");
        append_times(message, "x", 4 * MIB);
        break;
    case 3: /* a tag of a million attributes */
        buf_text(message, "<a");
        for (size_t i = 0; i < MIB / 2; i++)
            buf_printf(message, " b%zx=''", i);
        buf_text(message, "/>");
        break;
    case 4: /* a comment that never ends */
        buf_text(message, "<a><!--");
        append_times(message, "x", 4 * MIB);
        break;
    case 5: /* envelopes in envelopes that lead nowhere */
        for (int i = 0; i < 6; i++)
            buf_text(message, "<Message><![CDATA[");
        append_times(message, "<a/>", MIB);
        break;
    case 6: /* as many defendants, each with a fault */
        buf_text(message, "<NewCaseMessage><Case>");
        append_times(message, "<Defendant/>", 150000);
        buf_text(message, "</Case></NewCaseMessage>");
        break;
    default: /* a million texts that look like envelopes */
        buf_text(message, "<a>");
        append_times(message, "<b>&lt;</b>", 180000);
        buf_text(message, "</a>");
        break;
    }
}

#define HOSTILE_COUNT 12

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_adapter_spi_refuses_hostile_megabytes_quickly(void **state)
{
    (void)state;
    for (int i = 0; i < HOSTILE_COUNT; i++) {
        struct buf message = {0};
        struct adapted_list list;
        struct timespec from, to;

        make_hostile(&message, i);
        long before = peak_kib();
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        char *reason = adapted_run(SPI, buf_string(&message), message.len, &list);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        if (reason == NULL)
            fail_msg("message %d was not refused", i);
        assert_int_equal(list.count, 0);
        /* A sanitizer's own share of both is in these figures: without one they are a tenth. */
        if (to.tv_sec - from.tv_sec > 5)
            fail_msg("message %d took more than 5 s", i);
        if (peak_kib() - before > 256 * 1024)
            fail_msg("message %d took %ld MiB", i, (peak_kib() - before) / 1024);
        free(reason);
        adapted_list_release(&list);
        buf_release(&message);
    }
}

static void test_adapter_spi_takes_a_message_of_802_kib(void **state)
{
    struct buf message = {0};
    char *outline;

    (void)state;
    buf_text(&message, "<NewCaseMessage><Case>" CHARGE LATER);
    for (int i = 0; i < 15; i++) {
        buf_text(&message, i == 14 ? CHILD : ADULT);
        buf_text(&message, "<!--");
        append_times(&message, "x", 54 * 1024);
        buf_text(&message, "-->");
    }
    buf_text(&message, "</Case></NewCaseMessage>");
    assert_true(message.len > 802 * 1024);
    outline = adapted_outline(SPI, buf_string(&message), message.len);
    assert_string_equal(
        outline, "nothing nothing nothing nothing nothing nothing nothing nothing nothing nothing nothing "
                 "nothing nothing nothing police.charge");
    free(outline);
    buf_release(&message);
}

/* The real ones there are in public; no part of this project: without them there is nothing to run. */
static void test_adapter_spi_gives_every_sample_its_end(void **state)
{
    static const struct {
        const char *file, *outline;
    } rows[] = {
        {"spiInCaseExamples__PoliceCase.xml", "police.charge"},
        {"message__SingleDefendantSingeOffence.xml", "nothing"},
        {"message__OIValidationMalformedXml.xml", "refused"},
        {"errors__MDINoOffenceCode.xml", "fault fault court.hearing-listed"},
        {"message__public.results.police-result-generated-without-date-of-birth.json", "refused"},
    };
    char *samples = adapted_samples();

    (void)state;
    assert_non_null(samples);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *path = mem_printf("%s/hmcts-spi-police/%s", samples, rows[i].file);
        size_t len;
        char *message = adapted_read(path, &len);
        adapted_expect(SPI, message, rows[i].outline, rows[i].file);
        free(message);
        free(path);
    }
    free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_spi_agrees_with_golden_files),
        cmocka_unit_test(test_adapter_spi_says_what_each_case_comes_to),
        cmocka_unit_test(test_adapter_spi_reads_what_the_court_made_of_a_case),
        cmocka_unit_test(test_adapter_spi_reads_names_in_the_encodings_that_are_sent),
        cmocka_unit_test(test_adapter_spi_reads_each_field_at_its_own_place),
        cmocka_unit_test(test_adapter_spi_keeps_hearings_as_instants),
        cmocka_unit_test(test_adapter_spi_withstands_each_known_defect),
        cmocka_unit_test(test_adapter_spi_reasons_never_quote_the_message),
        cmocka_unit_test(test_adapter_spi_names_the_place_of_a_fault),
        cmocka_unit_test(test_adapter_spi_gives_a_message_sent_again_the_same_events),
        cmocka_unit_test(test_adapter_spi_refuses_hostile_megabytes_quickly),
        cmocka_unit_test(test_adapter_spi_takes_a_message_of_802_kib),
        cmocka_unit_test(test_adapter_spi_gives_every_sample_its_end), /* last: only where the samples are */
    };
    char *samples = adapted_samples();
    size_t count = sizeof tests / sizeof *tests - (samples == NULL);

    free(samples);
    return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}
