/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hearing of HMCTS's Common Platform, as it is listed, adjourned or resulted; it is shared again, whole, each time a
 * result of it is amended, with nothing that says so. For every person under 18:
 *
 *   resulted ── appearance, conviction, sentence or end, bail or remand, designation, report, next hearings
 *   listed ──── court.hearing-listed
 *
 * Most of those before the court are adults, and every one of them is named as nothing to say. The age comes from the
 * date of birth alone: isYouth stands true for people of twenty-one and false for children. Who has no date of birth
 * is not left out: the matching finds out who they are.
 */
#include "adapter_hearing.h"

#include <stdlib.h>
#include <string.h>

#include "court_defendant.h"
#include "hearing_party.h"
#include "hearing_result.h"
#include "hearing_share.h"
#include "part_kind.h"
#include "told/mem.h"

static const struct part_kind HEARING_KINDS[] = {
    {"id", JSON_STRING},
    {"courtCentre", JSON_OBJECT},
    {"hearingDays", JSON_ARRAY},
    {"type", JSON_OBJECT},
    {"prosecutionCases", JSON_ARRAY},
    {"courtApplications", JSON_ARRAY},
    {NULL, JSON_NULL},
};

/* One hearing of one message. */
struct sitting {
    const struct adapter_origin *origin;
    struct adapted_list *list;
    const json_t *hearing, *around;
    size_t index; /* among the hearings of the message */
    bool is_resulted;
    struct court_hearing court;
    struct civil_day first_day; /* none: no day is stated */
    struct instant listed_at;   /* none: no time is stated */
    const char *purpose;
};

static bool has_results(const json_t *defendants, const char *key)
{
    size_t i, k;
    json_t *defendant, *offence;

    json_array_foreach(defendants, i, defendant)
    {
        if (json_array_size(json_object_get(defendant, key)) > 0)
            return true;
        json_array_foreach(json_object_get(defendant, "offences"), k, offence)
        {
            if (json_array_size(json_object_get(offence, "judicialResults")) > 0)
                return true;
        }
    }
    return false;
}

/* The same schema serves the hearing that is listed and the one that is over. */
static bool is_resulted(const json_t *hearing, const json_t *around)
{
    size_t i;
    json_t *of;

    if (part_kind_text(around, "sharedTime") != NULL || json_is_boolean(json_object_get(around, "isReshare")) ||
        json_is_true(json_object_get(hearing, "hasSharedResults")))
        return true;
    json_array_foreach(json_object_get(hearing, "prosecutionCases"), i, of)
    {
        if (has_results(json_object_get(of, "defendants"), "defendantCaseJudicialResults"))
            return true;
    }
    return has_results(json_object_get(hearing, "courtApplications"), "judicialResults");
}

/* The days the court sat or sits, cancelled ones left out: the first, its first instant, and the last that is not after
 * `until` (none: the last of all) with its first instant. */
struct days {
    struct civil_day first, last;
    struct instant first_at, last_at;
};

static void take_day(struct days *days, struct civil_day day, struct instant at, struct civil_day until)
{
    if (civil_is_none(days->first) || day.number < days->first.number ||
        (day.number == days->first.number && instant_compare(at, days->first_at) < 0)) {
        days->first = day;
        days->first_at = at;
    }
    if (!civil_is_none(until) && day.number > until.number)
        return;
    if (civil_is_none(days->last) || day.number > days->last.number ||
        (day.number == days->last.number && instant_compare(at, days->last_at) < 0)) {
        days->last = day;
        days->last_at = at;
    }
}

static struct days read_days(const json_t *hearing, struct civil_day until)
{
    struct days days = {CIVIL_NONE, CIVIL_NONE, INSTANT_NONE, INSTANT_NONE};
    size_t i;
    json_t *sitting;

    json_array_foreach(json_object_get(hearing, "hearingDays"), i, sitting)
    {
        const char *text = part_kind_text(sitting, "sittingDay");
        struct civil_day day;
        struct instant at;
        if (text == NULL || json_is_true(json_object_get(sitting, "isCancelled")))
            continue;
        /* The day is London's: a sitting stamped 23:30Z in June is the next day's. */
        if (instant_parse(text, &at))
            day = civil_day_of(at);
        else if (civil_parse(text, &day))
            at = civil_instant(day, 0, 0);
        else
            continue;
        take_day(&days, day, at, until);
    }
    return days;
}

/* The latest day that a result of this hearing was ordered on; none where none says. */
static struct civil_day last_ordered(const json_t *hearing)
{
    struct civil_day last = CIVIL_NONE, day;
    size_t i, k, m, n;
    json_t *of, *defendant, *offence, *result;

    json_array_foreach(json_object_get(hearing, "prosecutionCases"), i, of)
        json_array_foreach(json_object_get(of, "defendants"), k, defendant)
            json_array_foreach(json_object_get(defendant, "offences"), m, offence)
                json_array_foreach(json_object_get(offence, "judicialResults"), n, result)
                {
                    const char *text = part_kind_text(result, "orderedDate");
                    if (text != NULL && civil_parse(text, &day) && (civil_is_none(last) || day.number > last.number))
                        last = day;
                }
    return last;
}

/* Of a hearing over several days, each day is shared by itself: the day it says, else the last one before the share. */
static void place_results(struct sitting *s)
{
    const char *said = part_kind_text(s->around, "hearingDay");
    struct civil_day until = instant_is_none(s->court.recorded_at) ? last_ordered(s->hearing)
                                                                   : civil_day_of(s->court.recorded_at);
    struct civil_day day;
    bool is_said = said != NULL && civil_parse(said, &day);
    struct days days = read_days(s->hearing, is_said ? day : until);

    s->first_day = days.first;
    s->court.day = civil_is_none(days.last) ? days.first : days.last;
    s->court.at = instant_is_none(days.last_at) ? days.first_at : days.last_at;
    if (is_said && (civil_is_none(days.last) || days.last.number != day.number)) {
        s->court.day = day;
        s->court.at = civil_instant(day, 0, 0);
        if (civil_is_none(s->first_day) || s->first_day.number > day.number)
            s->first_day = day;
    }
    /* It was not shared before it happened. */
    if (instant_is_none(s->court.at) ||
        (!instant_is_none(s->court.recorded_at) && instant_compare(s->court.recorded_at, s->court.at) < 0))
        s->court.at = s->court.recorded_at;
    if (instant_is_none(s->court.at))
        s->court.at = s->origin->sent_at;
}

static void place_listing(struct sitting *s)
{
    struct days days = read_days(s->hearing, CIVIL_NONE);

    s->first_day = days.first;
    s->listed_at = days.first_at;
    s->court.day = days.first;
    s->court.at = instant_is_none(s->court.recorded_at) ? s->origin->sent_at : s->court.recorded_at;
}

static void init_sitting(struct sitting *s)
{
    const json_t *centre = json_object_get(s->hearing, "courtCentre");
    const char *shared = part_kind_text(s->around, "sharedTime");

    s->court = (struct court_hearing){
        .id = part_kind_text(s->hearing, "id"),
        .court = court_event_slug(part_kind_text(centre, "name"), part_kind_text(centre, "id")),
        .recorded_at = INSTANT_NONE,
    };
    s->listed_at = INSTANT_NONE;
    s->purpose = part_kind_text(json_object_get(s->hearing, "type"), "description");
    if (s->court.id == NULL)
        s->court.id = part_kind_text(s->around, "hearingId");
    if (shared != NULL)
        instant_parse(shared, &s->court.recorded_at);
    if (s->is_resulted)
        place_results(s);
    else
        place_listing(s);
}

/* A trial may be listed for a year when they are of age: they are a child now. */
static struct civil_day age_day(const struct sitting *s)
{
    struct civil_day said = civil_day_of(s->court.at);
    return civil_is_none(s->court.day) || said.number < s->court.day.number ? said : s->court.day;
}

static void read_entry(const struct sitting *s, struct hearing_findings *found, const struct hearing_party *party, size_t i,
                       struct court_case *ret)
{
    const struct hearing_entry *entry = &party->entries[i];
    const json_t *cases = json_object_get(entry->of, "courtApplicationCases");
    const json_t *of = !entry->is_application ? entry->of : json_array_size(cases) == 1 ? json_array_get(cases, 0) : NULL;
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
static const struct court_result *status_of_results(const json_t *defendant)
{
    const struct court_result *strictest = NULL;
    size_t i, k;
    json_t *offence, *result;

    json_array_foreach(json_object_get(defendant, "offences"), i, offence)
        json_array_foreach(json_object_get(offence, "judicialResults"), k, result)
        {
            const struct court_result *status = court_result_of_status(part_kind_text(result, "postHearingCustodyStatus"));
            if (status != NULL && !json_is_true(json_object_get(result, "isDeleted")) &&
                (strictest == NULL || court_result_rank(status) > court_result_rank(strictest)))
                strictest = status;
        }
    return strictest;
}

/* Custody is where adults are remanded; a child's remand has a narrower name, and the other source may know it. */
static bool is_narrower(const struct court_result *status, const struct court_result *liberty)
{
    return status->sort == COURT_RESULT_REMAND && liberty->sort == COURT_RESULT_REMAND && strcmp(liberty->word, "custody") == 0;
}

/* The bail status is what the sender makes of the results: it says what results without codes leave open. A case that is
 * over has none of its own, and a sentence to custody is no remand, though its status is C. */
static void add_status(struct court_case *read, const struct hearing_entry *entry, bool is_over)
{
    const char *letter = part_kind_text(json_object_get(hearing_entry_person(entry), "bailStatus"), "code");
    const struct court_result *status = letter != NULL ? court_result_of_status(letter) : status_of_results(entry->defendant);

    if (read->liberty == NULL && letter != NULL && strcmp(letter, "R") == 0)
        court_case_fault(read, mem_copy("bailStatus R (arrested again after release on bail) makes no event: look at the "
                                        "hearing itself"));
    if (status == NULL || is_over)
        return;
    if (read->liberty == NULL || is_narrower(status, read->liberty))
        read->liberty = status;
    else if (letter != NULL && *letter != 'P' && !is_narrower(read->liberty, status) &&
             (status->sort != read->liberty->sort || strcmp(status->word, read->liberty->word) != 0))
        court_case_fault(read, mem_copy("result codes and bailStatus say different things: taken from the results; look at the "
                                        "hearing itself"));
}

static bool is_over(const struct court_case *read)
{
    return read->sentence_count > 0 || read->is_sentenced_unknown || court_case_has_ended(read);
}

static void add_statuses(struct court_case *cases, const struct hearing_party *party)
{
    bool has_custody = false;

    for (size_t i = 0; i < party->count; i++)
        has_custody |= court_case_has_kind(&cases[i], "custody");
    for (size_t i = 0; i < party->count; i++)
        if (!party->entries[i].is_application)
            add_status(&cases[i], &party->entries[i], has_custody || is_over(&cases[i]));
}

static void add_listing(struct court_defendant *defendant, struct court_reference about, const char *hearing,
                        const char *court, struct instant at, const char *purpose, const char *matter)
{
    char text[INSTANT_TEXT_SIZE];
    json_t *fields = json_object();
    char *house = court_event_slug(court, NULL), *what = court_event_slug(purpose, NULL);

    court_event_set(fields, "hearing", hearing);
    court_event_set(fields, "court", house);
    if (!instant_is_none(at))
        court_event_set(fields, "at", instant_print(at, text));
    court_event_set(fields, "purpose", what);
    court_event_add(defendant, COURT_EVENT_LISTED, about, matter, fields);
    free(house);
    free(what);
}

/* The id of a next hearing is not known yet, as a rule: it is called after this one, so that it is the same hearing in
 * every share, also when its date moves. */
static void add_nexts(struct court_defendant *defendant, const struct hearing_findings *found)
{
    for (size_t i = 0; i < found->next_count; i++) {
        const struct hearing_next *next = &found->nexts[i].next;
        char *matter = i == 0 ? mem_copy("next") : mem_printf("next-%zu", i + 1);
        char *made = defendant->hearing->id == NULL ? NULL : mem_printf("%s/%s", defendant->hearing->id, matter);
        struct court_reference about = {found->nexts[i].case_ref, NULL};

        add_listing(defendant, about, next->existing != NULL ? next->existing : made, next->court, next->at, next->purpose,
                    matter);
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
    court_event_add(defendant, COURT_EVENT_DESIGNATION, (struct court_reference){NULL, NULL}, "designation", fields);
}

static void add_resulted(struct court_defendant *defendant, const struct hearing_findings *found, const struct court_case *cases,
                         size_t count)
{
    court_defendant_add_events(defendant, cases, count);
    if (found->is_designated)
        add_designation(defendant, found);
    if (found->has_report)
        court_event_add(defendant, COURT_EVENT_REPORT, (struct court_reference){found->report_case, NULL}, "report",
                        json_pack("{ss}", "report", "psr"));
    add_nexts(defendant, found);
}

/* Whether the defence's applications are all there is of this person, and none of them ended in an order. */
static bool is_only_defence(const struct hearing_party *party, const struct court_case *cases)
{
    for (size_t i = 0; i < party->count; i++)
        if (!party->entries[i].is_defence || cases[i].liberty != NULL || is_over(&cases[i]))
            return false;
    return true;
}

static void add_faults(struct court_defendant *defendant, const struct sitting *s, const struct hearing_party *party,
                       const struct hearing_findings *found, const struct court_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cases[i].fault != NULL)
            adapted_list_add_fault(defendant->list, defendant->part, cases[i].fault);
    if (s->is_resulted && !found->has_results && hearing_result_is_uncoded(s->hearing, s->around, party->id))
        adapted_list_add_fault(defendant->list, defendant->part,
                               "its results have labels and no codes: look at the hearing itself");
}

/* The last of the array is what stands at the hearing and not at a case. */
static void adapt_cases(const struct sitting *s, struct court_defendant *defendant, const struct hearing_party *party)
{
    size_t count = party->count + 1;
    struct court_case *cases = mem_grow(NULL, count, sizeof *cases);
    struct hearing_findings found = {.hearing_id = s->court.id,
                                     .first_day = s->first_day,
                                     .hearing_day = s->court.day,
                                     .designation = {.on = CIVIL_NONE}};

    for (size_t i = 0; i < party->count; i++)
        read_entry(s, &found, party, i, &cases[i]);
    cases[count - 1] = (struct court_case){.is_of_all = true};
    cases[count - 1].about = court_defendant_common(cases, party->count);
    if (s->is_resulted) {
        hearing_result_of_hearing(&found, &cases[count - 1], json_object_get(s->hearing, "defendantJudicialResults"),
                                  party->master);
        add_statuses(cases, party);
    }
    for (size_t i = 0; i < count; i++)
        cases[i].designated = found.designated;
    if (is_only_defence(party, cases))
        adapted_list_add_nothing(defendant->list, defendant->part, "an application of the defence");
    else if (s->is_resulted)
        add_resulted(defendant, &found, cases, count);
    else
        add_listing(defendant, court_defendant_common(cases, party->count), s->court.id, s->court.court, s->listed_at,
                    s->purpose, "listed");
    add_faults(defendant, s, party, &found, cases, count);
    for (size_t i = 0; i < count; i++)
        court_case_release(&cases[i]);
    free(cases);
    hearing_findings_release(&found);
}

/* The same in each share of the hearing: NULL where it cannot be told. */
static char *make_statement(const struct sitting *s, const struct hearing_party *party)
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

static void adapt_person(const struct sitting *s, struct court_defendant *defendant, const struct hearing_party *party)
{
    struct civil_day born = CIVIL_NONE;
    enum court_age age = court_defendant_age(part_kind_text(party->details, "dateOfBirth"), age_day(s), &born);

    if (age == COURT_AGE_ADULT) {
        adapted_list_add_nothing(defendant->list, defendant->part, COURT_AGE_NOTHING);
        return;
    }
    if (age == COURT_AGE_NO_DATE)
        adapted_list_add_fault(defendant->list, defendant->part, COURT_AGE_FAULT_NO_DATE);
    else if (age == COURT_AGE_ABSURD)
        adapted_list_add_fault(defendant->list, defendant->part, COURT_AGE_FAULT_ABSURD);
    defendant->person = hearing_party_person(party, born);
    if (json_object_size(defendant->person) == 0)
        adapted_list_add_fault(defendant->list, defendant->part,
                               "nothing says who this defendant is: look at the hearing itself");
    else
        adapt_cases(s, defendant, party);
    court_defendant_release(defendant);
}

static void adapt_parties(const struct sitting *s, const struct hearing_parties *parties)
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
        if (party->fault != NULL)
            adapted_list_add_fault(s->list, party->path, party->fault);
        else if (party->is_organisation)
            adapted_list_add_nothing(s->list, party->path, "an organisation");
        else
            adapt_person(s, &defendant, party);
        free(statement);
        free(stem);
    }
}

static char *adapt_hearing(struct sitting *s, const struct hearing_share *share)
{
    struct hearing_parties parties = {0};
    const char *where = *share->path == '\0' ? "the message" : share->path;
    char *reason = part_kind_validate(s->hearing, HEARING_KINDS);

    if (reason != NULL) {
        adapted_list_add_fault(s->list, where, reason);
        free(reason);
        return NULL;
    }
    s->is_resulted = !share->is_listing && is_resulted(s->hearing, s->around);
    init_sitting(s);
    reason = hearing_parties_read(&parties, s->hearing, share->path);
    if (reason == NULL && parties.count == 0)
        adapted_list_add_nothing(s->list, where, "a hearing without defendants");
    else if (reason == NULL)
        adapt_parties(s, &parties);
    hearing_parties_release(&parties);
    free(s->court.court);
    return reason;
}

char *adapter_hearing_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list)
{
    struct hearing_shares shares;
    char *reason = hearing_shares_read(&shares, root);

    if (reason == NULL && shares.nothing != NULL)
        adapted_list_add_nothing(list, "the message", shares.nothing);
    for (size_t i = 0; reason == NULL && i < shares.count && !adapted_list_is_full(list); i++) {
        struct sitting sitting = {.origin = origin,
                                  .list = list,
                                  .hearing = shares.items[i].hearing,
                                  .around = shares.around,
                                  .index = i};
        reason = adapt_hearing(&sitting, &shares.items[i]);
    }
    if (shares.twice != NULL)
        adapted_list_add_fault(list, "the message within the envelope", shares.twice);
    hearing_shares_release(&shares);
    if (reason == NULL && adapted_list_is_full(list))
        reason = mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    return reason;
}
