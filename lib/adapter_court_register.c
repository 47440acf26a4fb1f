/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The court register of HMCTS's Common Platform: after each hearing with a youth defendant, one document with
 * those defendants, what they were charged with and what the court ordered. Forms of it that are read here:
 *
 *   {"courtRegisterDocumentRequests": [request, …]}   progression.event.court-register-generated
 *   {"courtRegister": request}                        progression.event.court-register-recorded
 *   request                                           the bare document request
 *
 *   request ── defendants[] ─┬─ prosecutionCasesOrApplications[] ─┬─ offences[] ── results[]
 *                            └─ defendantResults[]                └─ results[]
 *
 * Not believed: defendantPresent (false in every register sent so far: a known defect of the sender),
 * postHearingCustodyStatus and defendantType (they contradict the results of the same message).
 */
#include "adapter_court_register.h"

#include <stdlib.h>
#include <string.h>

#include "register_case.h"
#include "register_event.h"
#include "register_part.h"
#include "told/mem.h"

#define AGE_OF_MAJORITY 18
#define AGE_BELIEVED_MOST 110 /* 1000-01-01 stands where nothing is known */
#define CASES_MOST 256 /* of one defendant at one hearing; a bound on what a hostile message can take */

static const struct register_kind REQUEST_KINDS[] = {
    {"hearingId", JSON_STRING},
    {"hearingDate", JSON_STRING},
    {"registerDate", JSON_STRING},
    {"courtCentreId", JSON_STRING},
    {"hearingVenue", JSON_OBJECT},
    {"defendants", JSON_ARRAY},
    {NULL, JSON_NULL},
};
static const struct register_kind DEFENDANT_KINDS[] = {
    {"masterDefendantId", JSON_STRING},
    {"name", JSON_STRING},
    {"dateOfBirth", JSON_STRING},
    {"address", JSON_OBJECT},
    {"prosecutionCasesOrApplications", JSON_ARRAY},
    {"defendantResults", JSON_ARRAY},
    {NULL, JSON_NULL},
};

static json_t *make_fields(const char *key, const char *word)
{
    json_t *fields = json_object();

    if (word != NULL)
        json_object_set_new(fields, key, json_string(word));
    return fields;
}

static void add_sentence(struct register_defendant *defendant, const json_t *entry, const char *kind,
                         const char *order)
{
    json_t *fields = make_fields("kind", kind);

    if (order != NULL)
        json_object_set_new(fields, "order", json_string(order));
    register_event_add(defendant, REGISTER_SENTENCE, entry, fields);
}

/* A discharge or a fine beside custody or a community order adds nobody who must be told: it is a sentence of
 * its own only where it is all there is. */
static void add_sentences(struct register_defendant *defendant, const struct register_case *read)
{
    bool is_light = !register_case_has_kind(read, "custody") && !register_case_has_kind(read, "community");

    if (is_light && read->sentence_count > 0)
        add_sentence(defendant, read->entry, "other",
                     read->sentence_count == 1 ? read->sentences[0]->order : NULL);
    for (size_t i = 0; !is_light && i < read->sentence_count; i++)
        if (strcmp(read->sentences[i]->word, "other") != 0)
            add_sentence(defendant, read->entry, read->sentences[i]->word, read->sentences[i]->order);
}

/*
 * One child is in one place: remanded in one case and bailed in another is remanded. So one event says it,
 * the strictest of all, and it comes last: the end of a case or a community sentence ends a remand, and must
 * not end the remand of the same hearing.
 */
static void add_liberty(struct register_defendant *defendant, const struct register_case *cases, size_t count)
{
    const struct register_case *strictest = NULL;

    for (size_t i = 0; i < count; i++)
        if (cases[i].liberty != NULL && (strictest == NULL || court_result_rank(cases[i].liberty) >
                                                                  court_result_rank(strictest->liberty)))
            strictest = &cases[i];
    if (strictest == NULL)
        return;
    const struct court_result *liberty = strictest->liberty;
    if (liberty->sort == COURT_RESULT_REMAND)
        register_event_add(defendant, REGISTER_REMAND, strictest->entry, make_fields("to", liberty->word));
    else
        register_event_add(defendant, REGISTER_BAIL, strictest->entry,
                           make_fields("decision", liberty->word));
}

/* The case all entries are about, or NULL: an appearance in two cases is an appearance in neither alone. */
static const json_t *common_entry(const struct register_case *cases, size_t count)
{
    const char *first = count == 0 ? NULL : json_text_at(cases[0].entry, "caseOrApplicationReference");

    for (size_t i = 1; i < count; i++) {
        const char *other = json_text_at(cases[i].entry, "caseOrApplicationReference");
        if (first == NULL || other == NULL || strcmp(first, other) != 0)
            return NULL;
    }
    return count == 0 ? NULL : cases[0].entry;
}

static void add_conviction(struct register_defendant *defendant, const struct register_case *read)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *fields = make_fields("on", civil_print(read->convicted_on, day));

    json_object_set(fields, "offences", read->convicted);
    register_event_add(defendant, REGISTER_CONVICTION, read->entry, fields);
}

static void add_events(struct register_defendant *defendant, const struct register_case *cases, size_t count)
{
    register_event_add(defendant, REGISTER_APPEARANCE, common_entry(cases, count - 1), json_object());
    for (size_t i = 0; i < count; i++) {
        if (cases[i].convicted != NULL)
            add_conviction(defendant, &cases[i]);
        if (cases[i].has_ended)
            register_event_add(defendant, REGISTER_ENDING, cases[i].entry,
                               make_fields("outcome", cases[i].outcome));
        add_sentences(defendant, &cases[i]);
    }
    add_liberty(defendant, cases, count);
}

static void add_case_faults(struct register_defendant *defendant, const struct register_case *cases,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cases[i].fault == NULL)
            continue;
        char *part = i + 1 == count
                         ? mem_printf("%s.defendantResults", defendant->part)
                         : mem_printf("%s.prosecutionCasesOrApplications[%zu]", defendant->part, i);
        adapted_list_add_fault(defendant->list, part, cases[i].fault);
        free(part);
    }
}

/* The last of the array is what stands at the defendant and not at a case. */
static void adapt_cases(struct register_defendant *defendant)
{
    const json_t *entries = json_object_get(defendant->json, "prosecutionCasesOrApplications");
    size_t count = json_array_size(entries) + 1;
    struct register_case *cases = mem_grow(NULL, count, sizeof *cases);

    for (size_t i = 0; i + 1 < count; i++)
        register_case_read(&cases[i], json_array_get(entries, i), defendant->hearing->day);
    register_case_read_results(&cases[count - 1], json_object_get(defendant->json, "defendantResults"));
    cases[count - 1].entry = common_entry(cases, count - 1);

    add_events(defendant, cases, count);
    add_case_faults(defendant, cases, count);
    for (size_t i = 0; i < count; i++)
        register_case_release(&cases[i]);
    free(cases);
}

/* Reads dateOfBirth. False if the defendant was surely of age on the day of the hearing. What cannot be a
 * date of birth is unknown, and somebody of unknown age is not left out: the register is one of children. */
static bool is_child(struct register_defendant *defendant)
{
    const char *date = json_text_at(defendant->json, "dateOfBirth");
    struct civil_day day = defendant->hearing->day;
    struct civil_day born;

    if (date == NULL || *date == '\0')
        return true;
    if (!civil_parse(date, &born)) {
        adapted_list_add_fault(defendant->list, defendant->part,
                               "dateOfBirth is no date YYYY-MM-DD: taken as unknown");
        return true;
    }
    if (civil_is_none(day)) {
        defendant->born = born;
        return true;
    }
    if (born.number > day.number || civil_age(born, day) > AGE_BELIEVED_MOST) {
        adapted_list_add_fault(defendant->list, defendant->part,
                               "dateOfBirth cannot be that of a defendant at this hearing: taken as unknown");
        return true;
    }
    defendant->born = born;
    return civil_age(born, day) < AGE_OF_MAJORITY;
}

static void adapt_defendant(struct register_defendant *defendant)
{
    char *reason = register_part_validate(defendant->json, DEFENDANT_KINDS);

    if (reason == NULL &&
        json_array_size(json_object_get(defendant->json, "prosecutionCasesOrApplications")) > CASES_MOST)
        reason = mem_printf("more than %d cases", CASES_MOST);
    if (reason != NULL)
        adapted_list_add_fault(defendant->list, defendant->part, reason);
    else if (is_child(defendant))
        adapt_cases(defendant);
    else
        adapted_list_add_nothing(defendant->list, defendant->part, "18 or over on the day of the hearing");
    free(reason);
}

static void adapt_defendants(const json_t *defendants, size_t register_index, const char *part,
                             const struct register_hearing *hearing, const struct adapter_origin *origin,
                             struct adapted_list *list)
{
    size_t i;
    json_t *json;

    json_array_foreach(defendants, i, json)
    {
        if (adapted_list_is_full(list))
            return;
        char *where = mem_printf("%s%sdefendants[%zu]", part, *part == '\0' ? "" : ".", i);
        struct register_defendant defendant = {
            .origin = origin,
            .hearing = hearing,
            .list = list,
            .json = json,
            .part = where,
            .register_index = register_index,
            .index = i,
            .born = CIVIL_NONE,
        };
        adapt_defendant(&defendant);
        free(where);
    }
}

static void adapt_request(const json_t *request, size_t index, const char *part,
                          const struct adapter_origin *origin, struct adapted_list *list)
{
    const json_t *defendants = json_object_get(request, "defendants");
    const char *where = *part == '\0' ? "the message" : part;
    char *reason = register_part_validate(request, REQUEST_KINDS);
    struct register_hearing hearing;

    if (reason != NULL) {
        adapted_list_add_fault(list, where, reason);
    } else if (!json_is_array(defendants)) {
        adapted_list_add_fault(list, where, "no list of defendants");
    } else if (json_array_size(defendants) == 0) {
        adapted_list_add_nothing(list, where, "a register without defendants");
    } else {
        register_hearing_init(&hearing, request, origin->sent_at);
        adapt_defendants(defendants, index, part, &hearing, origin, list);
        register_hearing_release(&hearing);
    }
    free(reason);
}

char *adapter_court_register_run(const json_t *root, const struct adapter_origin *origin,
                                 struct adapted_list *list)
{
    const json_t *requests = json_object_get(root, "courtRegisterDocumentRequests");
    const json_t *single = json_object_get(root, "courtRegister");

    if (json_is_array(requests)) {
        for (size_t i = 0; i < json_array_size(requests) && !adapted_list_is_full(list); i++) {
            char *part = mem_printf("courtRegisterDocumentRequests[%zu]", i);
            adapt_request(json_array_get(requests, i), i, part, origin, list);
            free(part);
        }
    } else if (json_is_object(single)) {
        adapt_request(single, 0, "courtRegister", origin, list);
    } else if (json_is_array(json_object_get(root, "defendants"))) {
        adapt_request(root, 0, "", origin, list);
    } else {
        return mem_copy(
            "no court register: expected courtRegisterDocumentRequests (a list), courtRegister or "
            "defendants");
    }
    if (adapted_list_is_full(list))
        return mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    return NULL;
}
