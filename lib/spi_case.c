/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPP-StdProsPoliceCase 1.2, of which older and newer versions differ in what is left out:
 *
 *   Case ─┬─ PTIURN, CaseInitiation (C: charge) or InitiationCode and SummonsCode
 *         ├─ InitialHearing ── CourtHearingLocation (an OU code), DateOfHearing, TimeOfHearing
 *         └─ Defendant … ─┬─ ProsecutorReference (the arrest summons number)
 *                         ├─ PoliceIndividualDefendant ─┬─ PersonDefendant ── BasePersonDetails ── Birthdate
 *                         │                             ├─ Address, CustodyStatus, CROnumber
 *                         │                             └─ ParentGuardian: an adult, with a date of birth of
 * their own └─ Offence … ── BaseOffenceDetails ── OffenceCode, ChargeDate, ArrestDate
 *
 * Everything is read along its path, never by its name alone: officers, victims and guardians have names,
 * addresses and dates of birth in elements that are called the same. Not read: PerceivedBirthYear (a guess
 * from the defendant's looks), OffenceWording (it names victims), ArrestDate (see police_case.h).
 */
#include "spi_case.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "codes_index.h"
#include "foreign_person.h"
#include "foreign_time.h"
#include "police_case.h"
#include "told/buf.h"
#include "told/mem.h"

#define INDIVIDUAL "PoliceIndividualDefendant"
#define DETAILS INDIVIDUAL "/PersonDefendant/BasePersonDetails"
#define NAMES DETAILS "/PersonName"

/* What all defendants of one case share. */
struct spi_header {
    const char *reference, *court, *hearing_fault;
    unsigned long hearing_line;
    bool is_charge, has_initiation;
    unsigned long line; /* of the case */
    struct instant hearing_at;
};

/* The text at a path, or NULL; a fault where it stands twice. */
static const char *text_at(struct police_defendant *defendant, const struct xml_node *from, const char *path)
{
    const struct xml_node *twice = NULL;
    const struct xml_node *found = xml_find(from, path, &twice);

    if (twice != NULL)
        police_defendant_fault(defendant, "%s (line %lu): stands twice; taken as unknown", path, twice->line);
    return found == NULL ? NULL : found->text;
}

static char *make_given_names(struct police_defendant *defendant, const struct xml_node *element)
{
    static const char *const paths[] = {NAMES "/PersonGivenName1", NAMES "/PersonGivenName2",
                                        NAMES "/PersonGivenName3"};
    char *names = NULL;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *name = text_at(defendant, element, paths[i]);
        if (name == NULL)
            continue;
        char *longer = names == NULL ? mem_copy(name) : mem_printf("%s %s", names, name);
        free(names);
        names = longer;
    }
    return names;
}

static void identify(struct police_defendant *defendant, const struct xml_node *element, const char *scheme,
                     const char *path)
{
    foreign_person_identify(defendant->person, scheme, text_at(defendant, element, path));
}

static void read_person(struct police_defendant *defendant, const struct xml_node *element)
{
    char *given = make_given_names(defendant, element);

    foreign_person_set(defendant->person, "given_names", given);
    foreign_person_set(defendant->person, "family_name",
                       text_at(defendant, element, NAMES "/PersonFamilyName"));
    foreign_person_set(defendant->person, "postcode",
                       text_at(defendant, element, INDIVIDUAL "/Address/PostCode"));
    defendant->born = text_at(defendant, element, DETAILS "/Birthdate");
    identify(defendant, element, "asn", "ProsecutorReference");
    identify(defendant, element, "pnc", INDIVIDUAL "/PersonDefendant/PNCidentifier");
    identify(defendant, element, "cro", INDIVIDUAL "/CROnumber");
    free(given);
}

/* "S C L": what would have been understood. Caller frees. */
static char *list_statuses(const struct codes *codes)
{
    struct buf list = {0};

    for (size_t i = 0; i < codes_size(codes, CODES_SPI_CUSTODY_STATUSES); i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : " ", codes_at(codes, CODES_SPI_CUSTODY_STATUSES, i)->code);
    return buf_take(&list);
}

static void read_remand_status(struct police_defendant *defendant, const struct xml_node *element)
{
    const struct codes *codes = defendant->origin->codes;
    const char *status = text_at(defendant, element, INDIVIDUAL "/CustodyStatus");

    const struct codes_row *known = codes_find(codes, CODES_SPI_CUSTODY_STATUSES, NULL, status);

    defendant->remand_status = known == NULL ? NULL : known->word;
    if (status != NULL && known == NULL) {
        char *list = list_statuses(codes);
        police_defendant_fault(defendant, "CustodyStatus: none of %s; taken as unknown", list);
        free(list);
    }
}

static void read_offences(struct police_defendant *defendant, const struct xml_node *element)
{
    size_t i = 0;

    for (const struct xml_node *offence = xml_child(element, "Offence"); offence != NULL;
         offence = xml_next(offence)) {
        const struct xml_node *details = xml_child(offence, "BaseOffenceDetails");
        const char *code = text_at(defendant, offence, "BaseOffenceDetails/OffenceCode");
        const char *charged = text_at(defendant, offence, "BaseOffenceDetails/ChargeDate");

        if (code == NULL)
            police_defendant_fault(defendant,
                                   "Offence[%zu].BaseOffenceDetails.OffenceCode (line %lu): missing or empty",
                                   i, details == NULL ? offence->line : details->line);
        else
            police_defendant_add_offence(defendant, code, NULL);
        if (charged != NULL && !police_defendant_add_charged_on(defendant, charged))
            police_defendant_fault(
                defendant, "Offence[%zu].BaseOffenceDetails.ChargeDate (line %lu): no date; taken as unknown",
                i, details->line);
        i++;
    }
    if (i == 0)
        police_defendant_fault(defendant, "Offence (line %lu): missing", element->line);
}

static void read_individual(struct police_defendant *defendant, const struct spi_header *header,
                            const struct xml_node *element)
{
    defendant->case_reference = header->reference;
    defendant->is_charged = header->is_charge;
    defendant->court = header->court;
    defendant->hearing_at = header->hearing_at;
    read_person(defendant, element);
    read_remand_status(defendant, element);
    read_offences(defendant, element);
    if (!header->has_initiation)
        police_defendant_fault(
            defendant,
            "CaseInitiation of the case (line %lu): missing, empty or twice, so nobody can say whether it "
            "is a charge: look at the message itself",
            header->line);
    /* That they have to come to court is true of either. */
    if (header->has_initiation || !instant_is_none(header->hearing_at))
        police_defendant_finish(defendant);
}

static void read_defendant(struct spi_message *message, const struct spi_header *header,
                           const struct xml_node *element, const char *part, size_t index)
{
    struct police_defendant defendant;
    const struct xml_node *individual = xml_child(element, INDIVIDUAL);

    police_defendant_init(&defendant, message->list, part, message->origin);
    defendant.case_index = message->case_count;
    defendant.index = index;
    defendant.written_at = message->written_at;
    if (individual != NULL && xml_next(individual) == NULL)
        read_individual(&defendant, header, element);
    else if (individual != NULL)
        police_defendant_fault(&defendant, INDIVIDUAL " (line %lu): stands twice in one Defendant",
                               xml_next(individual)->line);
    else if (xml_child(element, "PoliceCorporateDefendant") != NULL)
        adapted_list_add_nothing(message->list, part, "an organisation");
    else
        police_defendant_fault(&defendant, INDIVIDUAL " (line %lu): missing", element->line);
    police_defendant_release(&defendant);
}

/* A day without a time of day is taken as its beginning: a duty before the hearing is then early, never late.
 */
static void read_hearing(struct spi_header *header, const struct xml_node *element)
{
    const struct xml_node *twice = NULL;
    const struct xml_node *hearing = xml_find(element, "InitialHearing", &twice);
    const struct xml_node *court = xml_find(hearing, "CourtHearingLocation", &twice);
    const struct xml_node *date = xml_find(hearing, "DateOfHearing", &twice);
    const struct xml_node *time = xml_find(hearing, "TimeOfHearing", &twice);
    struct civil_day day;

    header->hearing_at = INSTANT_NONE;
    header->hearing_line = twice != NULL ? twice->line : hearing != NULL ? hearing->line : element->line;
    if (twice != NULL)
        header->hearing_fault = "something of it stands twice; taken as unknown";
    if (hearing == NULL || twice != NULL)
        return;
    header->court = court == NULL ? NULL : court->text;
    if (date == NULL || date->text == NULL || !foreign_time_parse_day(date->text, &day)) {
        header->hearing_fault = "DateOfHearing is no date; taken as unknown";
        return;
    }
    header->hearing_at = civil_instant(day, 0, 0);
    if (time == NULL || time->text == NULL || !foreign_time_parse_at(day, time->text, &header->hearing_at))
        header->hearing_fault = "TimeOfHearing is no time of day; the beginning of the day is taken";
}

/* A charge has CaseInitiation C. Summonses and requisitions have another code, or InitiationCode: the child
 * has to come to court and is not charged. */
static void read_header(struct spi_header *header, const struct xml_node *element)
{
    const struct xml_node *twice = NULL, *other = NULL;
    const struct xml_node *reference = xml_find(element, "PTIURN", &other);
    const struct xml_node *initiation = xml_find(element, "CaseInitiation", &twice);

    *header = (struct spi_header){.line = element->line};
    header->reference = reference == NULL ? NULL : reference->text;
    if (initiation == NULL && twice == NULL)
        initiation = xml_find(element, "InitiationCode", &twice);
    else if (initiation != NULL && initiation->text != NULL)
        header->is_charge = strcmp(initiation->text, "C") == 0 || strcmp(initiation->text, "c") == 0;
    header->has_initiation = twice == NULL && initiation != NULL && initiation->text != NULL;
    if (initiation != NULL)
        header->line = initiation->line;
    read_hearing(header, element);
}

void spi_case_read(struct spi_message *message, const struct xml_node *element)
{
    struct spi_header header;
    char *part = mem_printf("Case[%zu]", message->case_count);
    size_t index = 0;

    read_header(&header, element);
    if (header.hearing_fault != NULL) {
        char *reason = mem_printf("InitialHearing (line %lu): %s", header.hearing_line, header.hearing_fault);
        adapted_list_add_fault(message->list, part, reason);
        free(reason);
    }
    for (const struct xml_node *defendant = xml_child(element, "Defendant");
         defendant != NULL && !adapted_list_is_full(message->list); defendant = xml_next(defendant)) {
        char *where = mem_printf("%s.Defendant[%zu]", part, index);
        read_defendant(message, &header, defendant, where, index++);
        free(where);
    }
    if (index == 0) {
        char *reason = mem_printf("Defendant (line %lu): missing", element->line);
        adapted_list_add_fault(message->list, part, reason);
        free(reason);
    }
    message->case_count++;
    free(part);
}
