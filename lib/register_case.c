/* SPDX-License-Identifier: Apache-2.0 */
#include "register_case.h"

#include <stdlib.h>
#include <string.h>

#include "foreign_time.h"
#include "part_kind.h"
#include "told/mem.h"

static const struct part_kind ENTRY_KINDS[] = {
    {"caseOrApplicationReference", JSON_STRING},
    {"arrestSummonsNumber", JSON_STRING},
    {"offences", JSON_ARRAY},
    {"results", JSON_ARRAY},
    {NULL, JSON_NULL},
};
static const struct part_kind OFFENCE_KINDS[] = {
    {"offenceCode", JSON_STRING},
    {"offenceTitle", JSON_STRING},
    {"convictionDate", JSON_STRING},
    {"results", JSON_ARRAY},
    {NULL, JSON_NULL},
};
static const struct part_kind RESULT_KINDS[] = {
    {"cjsResultCode", JSON_STRING},
    {"resultText", JSON_STRING},
    {NULL, JSON_NULL},
};

/* NULL also for a result that is none of ours. */
static const struct codes_row *find_result(const struct codes *codes, struct court_case *read,
                                           const json_t *json)
{
    bool contradicts;
    char *reason = part_kind_validate(json, RESULT_KINDS);

    if (reason != NULL) {
        court_case_fault(read,
                         mem_printf("a result cannot be read (%s): look at the register itself", reason));
        free(reason);
        return NULL;
    }
    const struct codes_row *result = court_result_find(codes, json_text_at(json, "cjsResultCode"), NULL,
                                                       json_text_at(json, "resultText"), &contradicts);
    if (contradicts)
        court_case_fault(
            read, mem_copy("cjsResultCode and resultText of a result say different things: look at the "
                           "register itself"));
    return result;
}

/* The outcome if one of the results ends what they stand under, else NULL. */
static const char *note_results(const struct codes *codes, struct court_case *read, const json_t *results)
{
    const char *outcome = NULL;
    size_t i;
    json_t *json;

    json_array_foreach(results, i, json)
    {
        const struct codes_row *result = find_result(codes, read, json);
        const char *ended = result == NULL ? NULL : court_case_note(read, result, CIVIL_NONE, 0);
        if (ended != NULL)
            outcome = ended;
    }
    return outcome;
}

/* convictionDate is repeated at every later hearing: only one not before this hearing was made at it. */
static void note_conviction(struct court_case *read, const json_t *offence, struct civil_day hearing_day)
{
    const char *date = json_text_at(offence, "convictionDate");
    struct civil_day day;

    if (date != NULL && *date != '\0' && !foreign_time_parse_day(date, &day))
        court_case_fault(read, mem_copy("a convictionDate is no date YYYY-MM-DD: look at the register itself"));
    else if (date != NULL && *date != '\0' && !civil_is_none(hearing_day) && day.number >= hearing_day.number)
        court_case_note_conviction(read, day, json_text_at(offence, "offenceCode"),
                                   json_text_at(offence, "offenceTitle"));
}

static void read_offences(const struct codes *codes, struct court_case *read, const json_t *offences,
                          struct civil_day hearing_day)
{
    size_t i;
    json_t *offence;

    json_array_foreach(offences, i, offence)
    {
        char *reason = part_kind_validate(offence, OFFENCE_KINDS);
        const char *outcome = NULL;
        if (reason != NULL) {
            court_case_fault(
                read, mem_printf("an offence cannot be read (%s): look at the register itself", reason));
            free(reason);
        } else {
            note_conviction(read, offence, hearing_day);
            outcome = note_results(codes, read, json_object_get(offence, "results"));
        }
        court_case_note_offence(read, outcome);
    }
}

/*
 * The offences under an application are those of the case it is about, and their results may be those of an
 * earlier hearing printed again, or new ones (a case reopened, an order breached and sentenced again): the
 * register does not say which. To take them for new would tell people of a sentence that was set aside; to
 * drop them in silence could lose a sentence to custody. So none of them becomes an event, and a person is
 * asked to look.
 */
static void refuse_restated(const struct codes *codes, struct court_case *read, const json_t *offences)
{
    struct court_case restated = {0};

    read_offences(codes, &restated, offences, CIVIL_NONE);
    if (restated.sentence_count > 0 || restated.liberty != NULL || court_case_has_ended(&restated) ||
        restated.fault != NULL)
        court_case_fault(
            read, mem_copy("results of offences under an application may be earlier ones printed again: look "
                           "at the register itself and send what is new as an event"));
    court_case_release(&restated);
}

static bool is_application(const json_t *entry)
{
    const json_t *type = json_object_get(entry, "applicationType");

    return part_kind_text(entry, "courtApplicationId") != NULL || (type != NULL && !json_is_null(type));
}

void register_case_read(const struct codes *codes, struct court_case *ret, const json_t *entry,
                        struct civil_day hearing_day)
{
    char *reason = part_kind_validate(entry, ENTRY_KINDS);

    *ret = (struct court_case){.fault = reason};
    if (reason != NULL)
        return;
    ret->about = (struct court_reference){part_kind_text(entry, "caseOrApplicationReference"),
                                          part_kind_text(entry, "arrestSummonsNumber")};
    if (is_application(entry))
        refuse_restated(codes, ret, json_object_get(entry, "offences"));
    else
        read_offences(codes, ret, json_object_get(entry, "offences"), hearing_day);
    /* These are the application's, or the case's, own: made at this hearing. An application that ends ends no
     * case. */
    note_results(codes, ret, json_object_get(entry, "results"));
}

void register_case_read_results(const struct codes *codes, struct court_case *ret, const json_t *results)
{
    *ret = (struct court_case){.is_of_all = true};
    note_results(codes, ret, results);
}
