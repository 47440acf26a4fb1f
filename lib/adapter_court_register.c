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

#include "court_defendant.h"
#include "foreign_envelope.h"
#include "foreign_person.h"
#include "foreign_time.h"
#include "part_kind.h"
#include "register_case.h"
#include "register_person.h"
#include "told/mem.h"

#define CASES_MOST 256 /* of one defendant at one hearing; a bound on what a hostile message can take */

static const struct part_kind REQUEST_KINDS[] = {{"defendants", JSON_ARRAY}, {NULL, JSON_NULL}};
/* Without these it is still known which children stand in it: unknown, and said so. */
static const struct part_kind ABOUT_KINDS[] = {
    {"hearingId", JSON_STRING},     {"hearingDate", JSON_STRING},  {"registerDate", JSON_STRING},
    {"courtCentreId", JSON_STRING}, {"hearingVenue", JSON_OBJECT}, {NULL, JSON_NULL},
};
static const struct part_kind DEFENDANT_KINDS[] = {
    {"masterDefendantId", JSON_STRING},
    {"name", JSON_STRING},
    {"dateOfBirth", JSON_STRING},
    {"address", JSON_OBJECT},
    {"prosecutionCasesOrApplications", JSON_ARRAY},
    {"defendantResults", JSON_ARRAY},
    {NULL, JSON_NULL},
};

static void add_case_faults(struct court_defendant *defendant, const struct court_case *cases, size_t count)
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
static void adapt_cases(struct court_defendant *defendant, const json_t *json)
{
    const json_t *entries = json_object_get(json, "prosecutionCasesOrApplications");
    size_t count = json_array_size(entries) + 1;
    struct court_case *cases = mem_grow(NULL, count, sizeof *cases);
    const struct codes *codes = defendant->origin->codes;

    for (size_t i = 0; i + 1 < count; i++)
        register_case_read(codes, &cases[i], json_array_get(entries, i), defendant->hearing->day);
    register_case_read_results(codes, &cases[count - 1], json_object_get(json, "defendantResults"));
    cases[count - 1].about = court_defendant_common(cases, count - 1);

    court_defendant_add_events(defendant, cases, count);
    add_case_faults(defendant, cases, count);
    for (size_t i = 0; i < count; i++)
        court_case_release(&cases[i]);
    free(cases);
}

static void adapt_person(struct court_defendant *defendant, const json_t *json)
{
    struct adapted_list of_age = {0}, *list = defendant->list;
    struct civil_day born = CIVIL_NONE, day = defendant->hearing->day;

    if (!court_defendant_is_child(defendant, json_text_at(json, "dateOfBirth"), day, &born)) {
        if (!foreign_person_is_young_adult(born, day))
            return;
        defendant->list = &of_age;
    }
    defendant->person = register_person_make(json, born);
    adapt_cases(defendant, json);
    adapted_list_take_of_age(list, &of_age);
}

static void adapt_defendant(struct court_defendant *defendant, const json_t *json)
{
    char *reason = part_kind_validate(json, DEFENDANT_KINDS);

    /* What cannot be read is unknown; a child must not be lost by a number that should be text. */
    if (reason != NULL)
        adapted_list_add_fault(defendant->list, defendant->part, reason);
    if (!json_is_object(json)) {
        free(reason);
        return;
    }
    if (json_array_size(json_object_get(json, "prosecutionCasesOrApplications")) > CASES_MOST) {
        free(reason);
        reason = mem_printf("more than %d cases", CASES_MOST);
        adapted_list_add_fault(defendant->list, defendant->part, reason);
    } else {
        adapt_person(defendant, json);
    }
    court_defendant_release(defendant);
    free(reason);
}

static void adapt_defendants(const json_t *defendants, size_t register_index, const char *part,
                             const struct court_hearing *hearing, const struct adapter_origin *origin,
                             struct adapted_list *list)
{
    size_t i;
    json_t *json;

    json_array_foreach(defendants, i, json)
    {
        if (adapted_list_is_full(list))
            return;
        char *where = mem_printf("%s%sdefendants[%zu]", part, *part == '\0' ? "" : ".", i);
        char *stem = mem_printf("%zu/%zu", register_index, i);
        struct court_defendant defendant = {
            .origin = origin, .hearing = hearing, .list = list, .part = where, .stem = stem};
        adapt_defendant(&defendant, json);
        free(stem);
        free(where);
    }
}

static void init_hearing(struct court_hearing *hearing, const json_t *request, struct instant sent_at)
{
    const char *date = part_kind_text(request, "hearingDate");
    const char *registered = part_kind_text(request, "registerDate");

    *hearing = (struct court_hearing){
        .id = part_kind_text(request, "hearingId"),
        .court = court_event_house(part_kind_text(json_object_get(request, "hearingVenue"), "courtHouse"),
                                   part_kind_text(request, "courtCentreId")),
        .day = CIVIL_NONE,
        .at = INSTANT_NONE,
        .recorded_at = INSTANT_NONE,
    };
    if (registered != NULL)
        foreign_time_parse(registered, &hearing->recorded_at);
    /* The day is London's: a hearing stamped 23:30Z in June is the next day's. */
    if (date != NULL && foreign_time_parse(date, &hearing->at))
        hearing->day = civil_day_of(hearing->at);
    else if (date != NULL && civil_parse(date, &hearing->day))
        hearing->at = civil_instant(hearing->day, 0, 0);
    /* A date that is missing stays unknown: only the envelope, which must have a time, falls back. */
    if (instant_is_none(hearing->at))
        hearing->at = instant_is_none(hearing->recorded_at) ? sent_at : hearing->recorded_at;
}

static void adapt_request(const json_t *request, size_t index, const char *part,
                          const struct adapter_origin *origin, struct adapted_list *list)
{
    const json_t *defendants = json_object_get(request, "defendants");
    const char *where = *part == '\0' ? "the message" : part;
    char *reason = part_kind_validate(request, REQUEST_KINDS);
    struct court_hearing hearing;

    if (reason != NULL) {
        adapted_list_add_fault(list, where, reason);
    } else if (!json_is_array(defendants)) {
        adapted_list_add_fault(list, where, "no list of defendants");
    } else if (json_array_size(defendants) == 0) {
        adapted_list_add_nothing(list, where, "a register without defendants");
    } else {
        if ((reason = part_kind_validate(request, ABOUT_KINDS)) != NULL)
            adapted_list_add_fault(list, where, reason);
        init_hearing(&hearing, request, origin->sent_at);
        adapt_defendants(defendants, index, part, &hearing, origin, list);
        free(hearing.court);
    }
    free(reason);
}

static bool is_register(const json_t *root)
{
    return json_is_array(json_object_get(root, "courtRegisterDocumentRequests")) ||
           json_is_object(json_object_get(root, "courtRegister")) || json_is_array(json_object_get(root, "defendants"));
}

/* Where something of the message stands. Caller frees. */
static char *place(const char *path, const char *name)
{
    size_t len = strlen(path);

    return *name != '\0' ? mem_printf("%s%s", path, name) : mem_copy_n(path, len == 0 ? 0 : len - 1);
}

static void adapt_requests(const json_t *requests, const char *path, const struct adapter_origin *origin,
                           struct adapted_list *list)
{
    for (size_t i = 0; i < json_array_size(requests) && !adapted_list_is_full(list); i++) {
        char *part = mem_printf("%scourtRegisterDocumentRequests[%zu]", path, i);
        adapt_request(json_array_get(requests, i), i, part, origin, list);
        free(part);
    }
}

static char *adapt_register(const json_t *root, const char *path, const struct adapter_origin *origin,
                            struct adapted_list *list)
{
    const json_t *requests = json_object_get(root, "courtRegisterDocumentRequests");
    const json_t *single = json_object_get(root, "courtRegister");
    char *part = place(path, json_is_object(single) ? "courtRegister" : "");
    char *reason = NULL;

    if (json_is_array(requests))
        adapt_requests(requests, path, origin, list);
    else if (is_register(root))
        adapt_request(json_is_object(single) ? single : root, 0, part, origin, list);
    else
        reason = mem_copy("no court register: expected courtRegisterDocumentRequests (a list), courtRegister or "
                          "defendants");
    free(part);
    if (reason == NULL && adapted_list_is_full(list))
        reason = mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    return reason;
}

char *adapter_court_register_run(const json_t *root, const struct adapter_origin *origin,
                                 struct adapted_list *list)
{
    json_t *opened = json_deep_copy(root);
    char *path = mem_copy(""), *twice = NULL;
    char *reason = foreign_envelope_open(&opened, is_register, &path, &twice);

    if (reason == NULL)
        reason = adapt_register(opened, path, origin, list);
    if (reason == NULL && twice != NULL)
        adapted_list_add_fault(list, "the message within the envelope", twice);
    json_decref(opened);
    free(twice);
    free(path);
    return reason;
}
