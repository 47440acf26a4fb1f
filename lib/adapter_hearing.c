/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hearing of HMCTS's Common Platform, as it is listed, adjourned or resulted; it is shared again, whole,
 * each time a result of it is amended, with nothing that says so. For every person under 18:
 *
 *   resulted ── appearance, conviction, sentence or end, bail or remand, designation, report, next hearings
 *   listed ──── court.hearing-listed
 *
 * Most of those before the court are adults, and every one of them is named as nothing to say. The age comes
 * from the date of birth alone: isYouth stands true for people of twenty-one and false for children. Who has
 * no date of birth is not left out: the matching finds out who they are.
 */
#include "adapter_hearing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "court_defendant.h"
#include "foreign_person.h"
#include "foreign_slug.h"
#include "hearing_party.h"
#include "hearing_result.h"
#include "hearing_share.h"
#include "hearing_sitting.h"
#include "part_kind.h"
#include "told/mem.h"

static const struct part_kind HEARING_KINDS[] = {
    {"prosecutionCases", JSON_ARRAY},
    {"courtApplications", JSON_ARRAY},
    {NULL, JSON_NULL},
};
/* Without these it is still known who stood there: unknown, and said so. */
static const struct part_kind ABOUT_KINDS[] = {
    {"id", JSON_STRING},   {"courtCentre", JSON_OBJECT}, {"hearingDays", JSON_ARRAY},
    {"type", JSON_OBJECT}, {NULL, JSON_NULL},
};

static void read_entry(const struct hearing_sitting *s, struct hearing_findings *found,
                       const struct hearing_party *party, size_t i, struct court_case *ret)
{
    const struct hearing_entry *entry = &party->entries[i];
    const json_t *cases = json_object_get(entry->of, "courtApplicationCases");
    const json_t *of = !entry->is_application        ? entry->of
                       : json_array_size(cases) == 1 ? json_array_get(cases, 0)
                                                     : NULL;
    const json_t *identifier = json_object_get(of, "prosecutionCaseIdentifier");

    *ret = (struct court_case){0};
    ret->about.case_ref = part_kind_text(identifier, "caseURN");
    if (ret->about.case_ref == NULL)
        ret->about.case_ref = part_kind_text(identifier, "prosecutionAuthorityReference");
    if (ret->about.case_ref == NULL && entry->is_application)
        ret->about.case_ref = part_kind_text(entry->of, "applicationReference");
    ret->about.asn = part_kind_text(hearing_entry_person(entry), "arrestSummonsNumber");
    if (!s->is_resulted)
        return;
    if (entry->is_application)
        hearing_result_of_application(found, ret, entry->of);
    else
        hearing_result_of_case(found, ret, entry->defendant);
}

/* What stands where a bailStatus is missing or empty: the strictest letter of the results. */
static const struct codes_row *status_of_results(const struct codes *codes, const json_t *defendant)
{
    const struct codes_row *strictest = NULL;
    size_t i, k;
    json_t *offence, *result;

    json_array_foreach(json_object_get(defendant, "offences"), i, offence)
        json_array_foreach(json_object_get(offence, "judicialResults"), k, result)
    {
        const struct codes_row *status =
            court_result_of_status(codes, part_kind_text(result, "postHearingCustodyStatus"));
        if (status != NULL && !json_is_true(json_object_get(result, "isDeleted")) &&
            (strictest == NULL || court_result_rank(status) > court_result_rank(strictest)))
            strictest = status;
    }
    return strictest;
}

/* Custody is where adults are remanded; a child's remand has a narrower name, and the other source may know
 * it. */
static bool is_narrower(const struct codes_row *status, const struct codes_row *liberty)
{
    return status->sort == CODES_REMAND && liberty->sort == CODES_REMAND &&
           strcmp(liberty->word, "custody") == 0;
}

/* The code as the table has it: one letter may come in small. */
static const char *capital_letter(const char *code, char out[2])
{
    if (code == NULL || code[0] == '\0' || code[1] != '\0')
        return code;
    out[0] = (char)toupper((unsigned char)code[0]);
    return out;
}

/* The bail status is what the sender makes of the results: it says what results without codes leave open. A
 * case that is over has none of its own, and a sentence to custody is no remand, though its status is C. */
static void add_status(const struct codes *codes, struct court_case *read, const struct hearing_entry *entry,
                       bool is_over)
{
    const json_t *bail = json_object_get(hearing_entry_person(entry), "bailStatus");
    char capital[2] = "";
    const char *letter = capital_letter(part_kind_text(bail, "code"), capital);
    const struct codes_row *status =
        letter != NULL ? court_result_of_status(codes, letter) : status_of_results(codes, entry->defendant);
    const char *look = court_result_status_look(codes, letter);

    if (read->liberty == NULL && look != NULL)
        court_case_fault(
            read, mem_printf("bailStatus %s (%s) makes no event: look at the hearing itself", letter, look));
    else if (read->liberty == NULL && letter != NULL && !court_result_status_is_known(codes, letter))
        court_case_fault(read, mem_copy("bailStatus: a code that stands in no table: look at the hearing itself"));
    else if (read->liberty == NULL && status == NULL && letter == NULL && part_kind_text(bail, "description") != NULL)
        court_case_fault(read, mem_copy("bailStatus: a description without its code: look at the hearing itself"));
    if (status == NULL || is_over)
        return;
    if (read->liberty == NULL || is_narrower(status, read->liberty))
        read->liberty = status;
    else if (letter != NULL && *letter != 'P' && !is_narrower(read->liberty, status) &&
             (status->sort != read->liberty->sort || strcmp(status->word, read->liberty->word) != 0))
        court_case_fault(
            read,
            mem_copy("result codes and bailStatus say different things: taken from the results; look at the "
                     "hearing itself"));
}

static bool is_over(const struct court_case *read)
{
    return read->sentence_count > 0 || read->is_sentenced_unknown || court_case_has_ended(read);
}

static void add_statuses(const struct codes *codes, struct court_case *cases,
                         const struct hearing_party *party)
{
    bool has_custody = false;

    for (size_t i = 0; i < party->count; i++)
        has_custody |= court_case_has_kind(&cases[i], "custody");
    for (size_t i = 0; i < party->count; i++)
        if (!party->entries[i].is_application)
            add_status(codes, &cases[i], &party->entries[i], has_custody || is_over(&cases[i]));
}

static void add_listing(struct court_defendant *defendant, struct court_reference about, const char *hearing,
                        const char *court, struct instant at, const char *purpose, const char *matter)
{
    char text[INSTANT_TEXT_SIZE];
    json_t *fields = json_object();
    char *house = foreign_slug(court), *what = foreign_slug(purpose);

    court_event_set(fields, "hearing", hearing);
    court_event_set(fields, "court", house);
    if (!instant_is_none(at))
        court_event_set(fields, "at", instant_print(at, text));
    court_event_set(fields, "purpose", what);
    court_event_add(defendant, COURT_EVENT_LISTED, about, matter, fields);
    free(house);
    free(what);
}

/* The id of a next hearing is not known yet, as a rule: it is called after this one, so that it is the same
 * hearing in every share, also when its date moves. */
static void add_nexts(struct court_defendant *defendant, const struct hearing_findings *found, const char *asn)
{
    for (size_t i = 0; i < found->next_count; i++) {
        const struct hearing_next *next = &found->nexts[i].next;
        char *matter = i == 0 ? mem_copy("next") : mem_printf("next-%zu", i + 1);
        char *made =
            defendant->hearing->id == NULL ? NULL : mem_printf("%s/%s", defendant->hearing->id, matter);
        struct court_reference about = {found->nexts[i].case_ref, asn};

        add_listing(defendant, about, next->existing != NULL ? next->existing : made, next->court, next->at,
                    next->purpose, matter);
        free(made);
        free(matter);
    }
}

static void add_designation(struct court_defendant *defendant, const struct hearing_findings *found)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *fields = json_object();

    court_event_set(fields, "from", found->designation.from);
    court_event_set(fields, "to", found->designation.to);
    if (!civil_is_none(found->designation.on))
        court_event_set(fields, "on", civil_print(found->designation.on, day));
    court_event_add(defendant, COURT_EVENT_DESIGNATION, (struct court_reference){NULL, NULL}, "designation",
                    fields);
}

static void add_resulted(struct court_defendant *defendant, const struct hearing_findings *found,
                         const struct court_case *cases, size_t count)
{
    const char *asn = court_defendant_common(cases, count).asn;

    court_defendant_add_events(defendant, cases, count);
    if (found->is_designated)
        add_designation(defendant, found);
    if (found->has_report)
        court_event_add(defendant, COURT_EVENT_REPORT, (struct court_reference){found->report_case, asn},
                        "report", json_pack("{ss}", "report", "psr"));
    add_nexts(defendant, found, asn);
}

/* Whether the defence's applications are all there is of this person, and none of them ended in an order. */
static bool is_only_defence(const struct hearing_party *party, const struct court_case *cases)
{
    for (size_t i = 0; i < party->count; i++)
        if (!party->entries[i].is_defence || cases[i].liberty != NULL || is_over(&cases[i]))
            return false;
    return true;
}

static void add_faults(struct court_defendant *defendant, const struct hearing_sitting *s,
                       const struct hearing_party *party, const struct hearing_findings *found,
                       const struct court_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cases[i].fault != NULL)
            adapted_list_add_fault(defendant->list, defendant->part, cases[i].fault);
    if (s->is_resulted && !found->has_results && hearing_result_is_uncoded(s->hearing, s->around, party->id))
        adapted_list_add_fault(defendant->list, defendant->part,
                               "its results have labels and no codes: look at the hearing itself");
}

/* The last of the array is what stands at the hearing and not at a case. */
static void adapt_cases(const struct hearing_sitting *s, struct court_defendant *defendant,
                        const struct hearing_party *party)
{
    size_t count = party->count + 1;
    struct court_case *cases = mem_grow(NULL, count, sizeof *cases);
    struct hearing_findings found = {.codes = s->origin->codes,
                                     .hearing_id = s->court.id,
                                     .first_day = s->first_day,
                                     .hearing_day = s->court.day,
                                     .designation = {.on = CIVIL_NONE}};

    for (size_t i = 0; i < party->count; i++)
        read_entry(s, &found, party, i, &cases[i]);
    cases[count - 1] = (struct court_case){.is_of_all = true};
    cases[count - 1].about = court_defendant_common(cases, party->count);
    if (s->is_resulted) {
        hearing_result_of_hearing(&found, &cases[count - 1],
                                  json_object_get(s->hearing, "defendantJudicialResults"), party->master);
        add_statuses(s->origin->codes, cases, party);
    }
    for (size_t i = 0; i < count; i++)
        cases[i].designated = found.designated;
    if (is_only_defence(party, cases))
        adapted_list_add_nothing(defendant->list, defendant->part, "an application of the defence");
    else if (s->is_resulted)
        add_resulted(defendant, &found, cases, count);
    else
        add_listing(defendant, court_defendant_common(cases, party->count), s->court.id, s->court.court,
                    s->listed_at, s->purpose, "listed");
    add_faults(defendant, s, party, &found, cases, count);
    for (size_t i = 0; i < count; i++)
        court_case_release(&cases[i]);
    free(cases);
    hearing_findings_release(&found);
}

/* The same in each share of the hearing: NULL where it cannot be told. */
static char *make_statement(const struct hearing_sitting *s, const struct hearing_party *party)
{
    const char *who = party->master != NULL ? party->master : party->id;
    const char *where = s->court.id != NULL ? s->court.id : s->court.court;
    char day[CIVIL_TEXT_SIZE];

    if (who == NULL || where == NULL || (s->court.id == NULL && civil_is_none(s->court.day)))
        return NULL;
    if (civil_is_none(s->court.day) || (!s->is_resulted && s->court.id != NULL))
        return mem_printf("%s/%s", where, who);
    return mem_printf("%s/%s/%s", where, civil_print(s->court.day, day), who);
}

static void adapt_person(const struct hearing_sitting *s, struct court_defendant *defendant,
                         const struct hearing_party *party)
{
    struct adapted_list of_age = {0}, *list = defendant->list;
    struct civil_day born, day = hearing_sitting_age_day(s);

    if (!court_defendant_is_child(defendant, part_kind_text(party->details, "dateOfBirth"), day, &born)) {
        if (!foreign_person_is_young_adult(born, day))
            return;
        defendant->list = &of_age;
    }
    defendant->person = hearing_party_person(party, born);
    if (json_object_size(defendant->person) == 0)
        adapted_list_add_fault(defendant->list, defendant->part,
                               "nothing says who this defendant is: look at the hearing itself");
    else
        adapt_cases(s, defendant, party);
    court_defendant_release(defendant);
    adapted_list_take_of_age(list, &of_age);
}

static void adapt_parties(const struct hearing_sitting *s, const struct hearing_parties *parties)
{
    for (size_t i = 0; i < parties->count && !adapted_list_is_full(s->list); i++) {
        const struct hearing_party *party = &parties->items[i];
        char *stem = mem_printf("%zu/%zu", s->index, i), *statement = make_statement(s, party);
        struct court_defendant defendant = {.origin = s->origin,
                                            .hearing = &s->court,
                                            .list = s->list,
                                            .part = party->path,
                                            .stem = stem,
                                            .statement = statement};
        /* What cannot be read is unknown; a child must not be lost by a number that should be text. */
        if (party->fault != NULL)
            adapted_list_add_fault(s->list, party->path, party->fault);
        if (party->is_organisation)
            adapted_list_add_nothing(s->list, party->path, "an organisation");
        else if (!party->is_none)
            adapt_person(s, &defendant, party);
        free(statement);
        free(stem);
    }
}

static char *adapt_hearing(struct hearing_sitting *s, const char *path, bool is_listing)
{
    struct hearing_parties parties = {0};
    const char *where = *path == '\0' ? "the message" : path;
    char *reason = part_kind_validate(s->hearing, HEARING_KINDS);

    if (reason != NULL) {
        adapted_list_add_fault(s->list, where, reason);
        free(reason);
        return NULL;
    }
    reason = part_kind_validate(s->hearing, ABOUT_KINDS);
    if (reason != NULL)
        adapted_list_add_fault(s->list, where, reason);
    free(reason);
    hearing_sitting_place(s, is_listing);
    reason = hearing_parties_read(&parties, s->hearing, path);
    if (reason == NULL && parties.count == 0)
        adapted_list_add_nothing(s->list, where, "a hearing without defendants");
    else if (reason == NULL)
        adapt_parties(s, &parties);
    hearing_parties_release(&parties);
    free(s->court.court);
    return reason;
}

char *adapter_hearing_read(const json_t *hearing, const json_t *around, const char *path, size_t index,
                           const struct adapter_origin *origin, struct adapted_list *list)
{
    struct hearing_sitting sitting = {.origin = origin, .list = list, .hearing = hearing, .around = around, .index = index};

    return adapt_hearing(&sitting, path, false);
}

char *adapter_hearing_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list)
{
    struct hearing_shares shares;
    char *reason = hearing_shares_read(&shares, root);

    if (reason == NULL && shares.nothing != NULL)
        adapted_list_add_nothing(list, "the message", shares.nothing);
    for (size_t i = 0; reason == NULL && i < shares.count && !adapted_list_is_full(list); i++) {
        struct hearing_sitting sitting = {.origin = origin,
                                          .list = list,
                                          .hearing = shares.items[i].hearing,
                                          .around = shares.around,
                                          .index = i};
        reason = adapt_hearing(&sitting, shares.items[i].path, shares.items[i].is_listing);
    }
    if (shares.twice != NULL)
        adapted_list_add_fault(list, "the message within the envelope", shares.twice);
    hearing_shares_release(&shares);
    if (reason == NULL && adapted_list_is_full(list))
        reason = mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    return reason;
}
