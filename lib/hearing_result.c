/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believed of a result: its codes, its prompts, its nextHearing, orderedHearingId and orderedDate, isDeleted,
 * isConvictedResult and category. Only JSON booleans decide: "false" as text is not false, and not true
 * either. Not believed: resultText beyond the short code it begins with, and postHearingCustodyStatus as long
 * as there is a bailStatus (they contradict it in messages of the same system).
 */
#include "hearing_result.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_time.h"
#include "part_kind.h"
#include "told/mem.h"

#define LOOK ": look at the hearing itself"

static const struct part_kind RESULT_KINDS[] = {
    {"cjsCode", JSON_STRING},
    {"shortCode", JSON_STRING},
    {"label", JSON_STRING},
    {"resultText", JSON_STRING},
    {"category", JSON_STRING},
    {"orderedDate", JSON_STRING},
    {"orderedHearingId", JSON_STRING},
    {"judicialResultPrompts", JSON_ARRAY},
    {"nextHearing", JSON_OBJECT},
    {NULL, JSON_NULL},
};
static const struct part_kind OFFENCE_KINDS[] = {
    {"offenceCode", JSON_STRING},
    {"offenceTitle", JSON_STRING},
    {"convictionDate", JSON_STRING},
    {"judicialResults", JSON_ARRAY},
    {NULL, JSON_NULL},
};

/* A sentence that stands in no table, of money alone. */
static const struct codes_row FINANCIAL = {.sort = CODES_SENTENCE, .word = "other", .order = "financial"};

/* Orders of an earlier hearing may be printed again. */
enum age_of_result {
    RESULT_NEW,
    RESULT_OLD,
    RESULT_UNDATED,
};

static enum age_of_result age_of(const struct hearing_findings *found, const json_t *result,
                                 struct civil_day *ret_on)
{
    const char *of = part_kind_text(result, "orderedHearingId");
    const char *date = part_kind_text(result, "orderedDate");
    bool is_dated = date != NULL && foreign_time_parse_day(date, ret_on);

    if (of != NULL && found->hearing_id != NULL && strcmp(of, found->hearing_id) == 0)
        return RESULT_NEW;
    if (!is_dated || civil_is_none(found->first_day))
        return RESULT_UNDATED;
    return ret_on->number < found->first_day.number ? RESULT_OLD : RESULT_NEW;
}

static int term_of(const json_t *result)
{
    const json_t *element = json_object_get(result, "durationElement");
    const char *unit = part_kind_text(element, "primaryDurationUnit");
    json_int_t value = json_integer_value(json_object_get(element, "primaryDurationValue"));

    if (unit == NULL || value <= 0 || value > 1200 ||
        part_kind_text(element, "secondaryDurationUnit") != NULL)
        return 0;
    return strcmp(unit, "M") == 0 ? (int)value : strcmp(unit, "Y") == 0 ? (int)value * 12 : 0;
}

/* One hearing may stand under each offence, as an object and as prompts: it is one. They stay in order of
 * time. */
static void add_next(struct hearing_findings *found, const struct hearing_next *next, const char *case_ref)
{
    size_t at = 0;

    for (size_t i = 0; i < found->next_count; i++) {
        struct hearing_found_next *other = &found->nexts[i];
        if (instant_compare(other->next.at, next->at) != 0)
            continue;
        if (other->next.court != NULL && next->court != NULL && strcmp(other->next.court, next->court) != 0)
            continue;
        if (other->case_ref == NULL || case_ref == NULL || strcmp(other->case_ref, case_ref) != 0)
            other->case_ref = NULL;
        if (other->next.existing == NULL)
            other->next.existing = next->existing;
        return;
    }
    if (found->next_count == HEARING_NEXTS_MOST)
        return;
    while (at < found->next_count && instant_compare(found->nexts[at].next.at, next->at) <= 0)
        at++;
    memmove(&found->nexts[at + 1], &found->nexts[at], (found->next_count - at) * sizeof found->nexts[0]);
    found->nexts[at] = (struct hearing_found_next){*next, case_ref};
    found->next_count++;
}

/* A hearing that is not after the day it was ordered on is no next one; and what an earlier hearing ordered
 * for these very days is this one. */
static void note_next(struct hearing_findings *found, struct court_case *read, const json_t *result,
                      struct civil_day on, enum age_of_result age)
{
    struct hearing_next next;

    if (!hearing_prompt_next(found->codes, result, &next))
        return;
    struct civil_day day = civil_day_of(next.at);
    if (age == RESULT_OLD && day.number >= found->first_day.number && day.number <= found->hearing_day.number)
        return;
    if (!civil_is_none(on) && day.number < on.number)
        court_case_fault(read,
                         mem_copy("the next hearing of a result lies before the day it was ordered on" LOOK));
    else
        add_next(found, &next, read->about.case_ref);
}

static void note_prompts(struct hearing_findings *found, struct court_case *read, const json_t *result,
                         const struct codes_row *known, struct civil_day on, enum age_of_result age)
{
    note_next(found, read, result, on, age);
    if (age == RESULT_OLD)
        return;
    if (hearing_prompt_orders_report(found->codes, result)) {
        found->report_case =
            !found->has_report || (found->report_case != NULL && read->about.case_ref != NULL &&
                                   strcmp(found->report_case, read->about.case_ref) == 0)
                ? read->about.case_ref
                : NULL;
        found->has_report = true;
    }
    if (known != NULL && known->sort == CODES_DESIGNATION && !found->is_designated) {
        hearing_prompt_designation(found->codes, result, &found->designation);
        found->is_designated = found->designation.to != NULL;
        if (!found->is_designated)
            court_case_fault(read,
                             mem_copy("another authority was designated, but no prompt says which" LOOK));
    }
    if (known != NULL && known->sort == CODES_REMAND && found->designated == NULL)
        found->designated = hearing_prompt_designated(found->codes, result);
}

/* A final result on a conviction is a sentence, also where its code stands in no table: of a kind that is not
 * known. */
static void note_unknown(struct court_case *read, const json_t *result, struct civil_day on)
{
    const char *category = part_kind_text(result, "category");

    if (category == NULL || strcmp(category, "FINAL") != 0 ||
        !json_is_true(json_object_get(result, "isConvictedResult")))
        return;
    if (json_is_true(json_object_get(result, "isFinancialResult")))
        court_case_note(read, &FINANCIAL, on, 0);
    else
        read->is_sentenced_unknown = true;
}

/* NULL: none of ours, or one that cannot be read. */
static const struct codes_row *find(const struct codes *codes, struct court_case *read, const json_t *result,
                                    bool *ret_is_read)
{
    bool contradicts = false;
    char *reason = part_kind_validate(result, RESULT_KINDS);

    *ret_is_read = reason == NULL;
    if (reason != NULL) {
        court_case_fault(read, mem_printf("judicialResults[]: a result cannot be read (%s)" LOOK, reason));
        free(reason);
        return NULL;
    }
    const struct codes_row *known =
        court_result_find(codes, part_kind_text(result, "cjsCode"), part_kind_text(result, "shortCode"),
                          part_kind_text(result, "resultText"), &contradicts);
    if (contradicts) {
        *ret_is_read = false;
        court_case_fault(read, mem_copy("cjsCode and short code of a result say different things" LOOK));
    }
    return known;
}

/* What one result says; its outcome where it ends the offence it stands under. */
static const char *note(struct hearing_findings *found, struct court_case *read, const json_t *result,
                        bool takes_undated)
{
    struct civil_day on = CIVIL_NONE;
    bool is_read;

    if (json_is_true(json_object_get(result, "isDeleted")))
        return NULL;
    const struct codes_row *known = find(found->codes, read, result, &is_read);
    if (!is_read)
        return NULL;
    found->has_results = true;
    enum age_of_result age = age_of(found, result, &on);
    note_prompts(found, read, result, known, on, age);
    if (age == RESULT_OLD)
        return NULL;
    if (age == RESULT_UNDATED && !takes_undated) {
        if (known != NULL && known->sort != CODES_NOTHING)
            court_case_fault(
                read, mem_copy("a result under an application does not say when it was ordered: it may be an "
                               "earlier one" LOOK));
        return NULL;
    }
    if (known != NULL)
        return court_case_note(read, known, on, term_of(result));
    note_unknown(read, result, on);
    return NULL;
}

static const char *note_all(struct hearing_findings *found, struct court_case *read, const json_t *results,
                            bool takes_undated)
{
    const char *outcome = NULL;
    size_t i;
    json_t *result;

    json_array_foreach(results, i, result)
    {
        const char *ended = note(found, read, result, takes_undated);
        if (ended != NULL)
            outcome = ended;
    }
    return outcome;
}

/* A result that only the convicted get, made at this hearing. */
static bool is_convicted_by(const struct hearing_findings *found, const json_t *results,
                            struct civil_day *ret_on)
{
    size_t i;
    json_t *result;

    json_array_foreach(results, i, result)
    {
        if (!json_is_true(json_object_get(result, "isConvictedResult")) ||
            json_is_true(json_object_get(result, "isDeleted")))
            continue;
        if (age_of(found, result, ret_on) != RESULT_OLD)
            return true;
    }
    return false;
}

/* convictionDate is repeated at every later hearing: only one not before this hearing was made at it. */
static void note_conviction(struct hearing_findings *found, struct court_case *read, const json_t *offence)
{
    const char *date = part_kind_text(offence, "convictionDate");
    struct civil_day day = found->hearing_day;
    bool is_new;

    if (date != NULL && !foreign_time_parse_day(date, &day)) {
        court_case_fault(read, mem_copy("a convictionDate is no date YYYY-MM-DD" LOOK));
        return;
    }
    if (date != NULL)
        is_new = !civil_is_none(found->first_day) && day.number >= found->first_day.number;
    else
        is_new =
            is_convicted_by(found, json_object_get(offence, "judicialResults"), &day) && !civil_is_none(day);
    if (is_new)
        court_case_note_conviction(read, day, part_kind_text(offence, "offenceCode"),
                                   part_kind_text(offence, "offenceTitle"));
}

void hearing_result_of_case(struct hearing_findings *found, struct court_case *ret, const json_t *defendant)
{
    size_t i;
    json_t *offence;

    json_array_foreach(json_object_get(defendant, "offences"), i, offence)
    {
        char *reason = part_kind_validate(offence, OFFENCE_KINDS);
        const char *outcome = NULL;
        if (reason != NULL) {
            court_case_fault(ret, mem_printf("offences[%zu]: cannot be read (%s)" LOOK, i, reason));
            free(reason);
        } else {
            outcome = note_all(found, ret, json_object_get(offence, "judicialResults"), true);
            note_conviction(found, ret, offence);
        }
        court_case_note_offence(ret, outcome);
    }
    note_all(found, ret, json_object_get(defendant, "defendantCaseJudicialResults"), true);
    note_all(found, ret, json_object_get(defendant, "judicialResults"), true);
}

static void note_again(struct hearing_findings *found, struct court_case *read, const json_t *offence)
{
    note_all(found, read, json_object_get(offence, "judicialResults"), false);
}

/*
 * Its own results were made at this hearing. The offences under it are those of the case it is about, and
 * their results may be earlier ones printed again: only what is dated at this hearing is new. An application
 * that ends ends no case, so endings are not counted.
 */
void hearing_result_of_application(struct hearing_findings *found, struct court_case *ret,
                                   const json_t *application)
{
    size_t i, k;
    json_t *of, *offence;

    note_all(found, ret, json_object_get(application, "judicialResults"), true);
    json_array_foreach(json_object_get(application, "courtApplicationCases"), i, of)
    {
        json_array_foreach(json_object_get(of, "offences"), k, offence) note_again(found, ret, offence);
    }
    json_array_foreach(json_object_get(json_object_get(application, "courtOrder"), "courtOrderOffences"), i,
                       of) note_again(found, ret, json_object_get(of, "offence"));
}

void hearing_result_of_hearing(struct hearing_findings *found, struct court_case *ret, const json_t *results,
                               const char *master)
{
    size_t i;
    json_t *entry;

    json_array_foreach(results, i, entry)
    {
        const char *of = part_kind_text(entry, "masterDefendantId");
        if (master != NULL && of != NULL && strcmp(of, master) == 0)
            note(found, ret, json_object_get(entry, "judicialResult"), true);
    }
}

static bool has_line_of(const json_t *lines, const char *id, bool is_nested)
{
    size_t i;
    json_t *line;

    json_array_foreach(lines, i, line)
    {
        const char *of = part_kind_text(line, "defendantId");
        if (of != NULL && strcmp(of, id) == 0 &&
            (!is_nested || json_array_size(json_object_get(line, "resultLines")) > 0))
            return true;
    }
    return false;
}

bool hearing_result_is_uncoded(const json_t *hearing, const json_t *around, const char *id)
{
    return id != NULL && (has_line_of(json_object_get(hearing, "sharedResultLines"), id, false) ||
                          has_line_of(json_object_get(around, "targets"), id, true));
}

void hearing_findings_release(struct hearing_findings *found)
{
    free(found->designation.from);
    free(found->designation.to);
    free(found->designated);
    *found = (struct hearing_findings){0};
}
