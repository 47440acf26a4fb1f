/* SPDX-License-Identifier: Apache-2.0 */
#include "register_case.h"

#include <stdlib.h>
#include <string.h>

#include "register_part.h"
#include "told/mem.h"

static const struct register_kind ENTRY_KINDS[] = {
    {"caseOrApplicationReference", JSON_STRING},
    {"arrestSummonsNumber", JSON_STRING},
    {"offences", JSON_ARRAY},
    {"results", JSON_ARRAY},
    {NULL, JSON_NULL},
};
static const struct register_kind OFFENCE_KINDS[] = {
    {"offenceCode", JSON_STRING},
    {"offenceTitle", JSON_STRING},
    {"convictionDate", JSON_STRING},
    {"results", JSON_ARRAY},
    {NULL, JSON_NULL},
};
static const struct register_kind RESULT_KINDS[] = {
    {"cjsResultCode", JSON_STRING},
    {"resultText", JSON_STRING},
    {NULL, JSON_NULL},
};

/* Keeps the first fault: one is enough to make somebody look, and a hostile message may have a million. */
static void note_fault(struct register_case *read, char *reason)
{
    if (read->fault == NULL)
        read->fault = reason;
    else
        free(reason);
}

/* One order is one sentence, under however many offences it stands. */
static void note_sentence(struct register_case *read, const struct court_result *result)
{
    for (size_t i = 0; i < read->sentence_count; i++)
        if (strcmp(read->sentences[i]->order, result->order) == 0)
            return;
    if (read->sentence_count < REGISTER_CASE_ORDERS)
        read->sentences[read->sentence_count++] = result;
}

/* NULL also for a result that is none of ours. */
static const struct court_result *find_result(struct register_case *read, const json_t *json)
{
    bool contradicts;
    char *reason = register_part_validate(json, RESULT_KINDS);

    if (reason != NULL) {
        note_fault(read, mem_printf("a result cannot be read (%s): look at the register itself", reason));
        free(reason);
        return NULL;
    }
    const struct court_result *result = court_result_find(json_text_at(json, "cjsResultCode"),
                                                          json_text_at(json, "resultText"), &contradicts);
    if (contradicts)
        note_fault(read,
                   mem_copy("cjsResultCode and resultText of a result say different things: look at the "
                            "register itself"));
    return result;
}

/* The outcome if one of the results ends what they stand under, else NULL. */
static const char *note_results(struct register_case *read, const json_t *results)
{
    const char *outcome = NULL;
    size_t i;
    json_t *json;

    json_array_foreach(results, i, json)
    {
        const struct court_result *result = find_result(read, json);
        if (result == NULL)
            continue;
        if (result->sort == COURT_RESULT_SENTENCE)
            note_sentence(read, result);
        else if (result->sort == COURT_RESULT_ENDING)
            outcome = result->word;
        else if (read->liberty == NULL || court_result_rank(result) > court_result_rank(read->liberty))
            read->liberty = result;
    }
    return outcome;
}

/* convictionDate is repeated at every later hearing: only one not before this hearing was made at it. */
static void note_conviction(struct register_case *read, const json_t *offence, struct civil_day hearing_day)
{
    const char *date = json_text_at(offence, "convictionDate");
    const char *code = json_text_at(offence, "offenceCode");
    const char *title = json_text_at(offence, "offenceTitle");
    struct civil_day day;

    if (date == NULL || !civil_parse(date, &day) || civil_is_none(hearing_day) ||
        day.number < hearing_day.number)
        return;
    json_t *convicted = json_object();
    if (code != NULL)
        json_object_set_new(convicted, "code", json_string(code));
    if (title != NULL)
        json_object_set_new(convicted, "title", json_string(title));
    if (read->convicted == NULL) {
        read->convicted = json_array();
        read->convicted_on = day;
    }
    json_array_append_new(read->convicted, convicted);
}

/* A charge that is withdrawn beside one that goes on ends nothing: the case has ended when every offence has.
 */
static void read_offences(struct register_case *read, const json_t *offences, struct civil_day hearing_day)
{
    size_t i, ended = 0;
    json_t *offence;

    json_array_foreach(offences, i, offence)
    {
        char *reason = register_part_validate(offence, OFFENCE_KINDS);
        if (reason != NULL) {
            note_fault(read,
                       mem_printf("an offence cannot be read (%s): look at the register itself", reason));
            free(reason);
            continue;
        }
        note_conviction(read, offence, hearing_day);
        const char *outcome = note_results(read, json_object_get(offence, "results"));
        if (outcome == NULL)
            continue;
        read->outcome =
            ended++ == 0 || (read->outcome != NULL && strcmp(read->outcome, outcome) == 0) ? outcome : NULL;
    }
    read->has_ended = ended > 0 && ended == json_array_size(offences);
    if (!read->has_ended)
        read->outcome = NULL;
}

/*
 * The offences under an application are those of the case it is about, and their results may be those of an
 * earlier hearing printed again, or new ones (a case reopened, an order breached and sentenced again): the
 * register does not say which. To take them for new would tell people of a sentence that was set aside; to
 * drop them in silence could lose a sentence to custody. So none of them becomes an event, and a person is
 * asked to look.
 */
static void refuse_restated(struct register_case *read, const json_t *offences)
{
    struct register_case restated = {0};

    read_offences(&restated, offences, CIVIL_NONE);
    if (restated.sentence_count > 0 || restated.liberty != NULL || restated.has_ended ||
        restated.fault != NULL)
        note_fault(
            read, mem_copy("results of offences under an application may be earlier ones printed again: look "
                           "at the register itself and send what is new as an event"));
    register_case_release(&restated);
}

static bool is_application(const json_t *entry)
{
    return json_object_get(entry, "courtApplicationId") != NULL ||
           json_object_get(entry, "applicationType") != NULL;
}

void register_case_read(struct register_case *ret, const json_t *entry, struct civil_day hearing_day)
{
    char *reason = register_part_validate(entry, ENTRY_KINDS);

    *ret = (struct register_case){.fault = reason};
    if (reason != NULL)
        return;
    ret->entry = entry;
    if (is_application(entry))
        refuse_restated(ret, json_object_get(entry, "offences"));
    else
        read_offences(ret, json_object_get(entry, "offences"), hearing_day);
    /* These are the application's, or the case's, own: made at this hearing. An application that ends ends no
     * case. */
    note_results(ret, json_object_get(entry, "results"));
}

void register_case_read_results(struct register_case *ret, const json_t *results)
{
    *ret = (struct register_case){0};
    note_results(ret, results);
}

void register_case_release(struct register_case *read)
{
    json_decref(read->convicted);
    free(read->fault);
    *read = (struct register_case){0};
}

bool register_case_has_kind(const struct register_case *read, const char *kind)
{
    for (size_t i = 0; i < read->sentence_count; i++)
        if (strcmp(read->sentences[i]->word, kind) == 0)
            return true;
    return false;
}
