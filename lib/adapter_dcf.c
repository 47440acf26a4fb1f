/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digital case file, 1.1 and 1.2:
 *
 *   case ─┬─ pti_urn, type: FirstHearingDCF, or BobDCF (a breach of bail: no new charge)
 *         └─ defendants[] ─┬─ name {surname, given_name[]}, date_of_birth, person_remand_status,
 * initiation_type ├─ offences[] ── generic_offences[], retail_theft_offences[], assault_offences[] … │ └─
 * cjs_offence_code, offence {charge_date, offence_title} ├─ remand_application ── substantial_grounds[]: why
 * the police object to bail └─ first_hearing_datetime, first_hearing_location
 *
 * Not read: case_markers (they are about victims and the case: none is a marker of a child), the arrest (see
 * police_case.h), witnesses, whose names and dates of birth stand beside the defendants'.
 */
#include "adapter_dcf.h"

#include <stdlib.h>
#include <string.h>

#include "codes_index.h"
#include "foreign_person.h"
#include "foreign_time.h"
#include "police_case.h"
#include "part_kind.h"
#include "told/buf.h"
#include "told/mem.h"

#define OFFENCES_MOST 1024 /* of one defendant; a bound on what a hostile message can take */

static const struct part_kind CASE_KINDS[] = {{"pti_urn", JSON_STRING},
                                                  {"type", JSON_STRING},
                                                  {"date", JSON_STRING},
                                                  {"defendants", JSON_ARRAY},
                                                  {NULL, JSON_NULL}};
static const struct part_kind DEFENDANT_KINDS[] = {
    {"name", JSON_OBJECT},
    {"date_of_birth", JSON_STRING},
    {"offences", JSON_ARRAY},
    {"remand_application", JSON_OBJECT},
    {"person_remand_status", JSON_STRING},
    {"initiation_type", JSON_STRING},
    {"first_hearing_datetime", JSON_STRING},
    {"first_hearing_location", JSON_OBJECT},
    {NULL, JSON_NULL},
};
static const struct part_kind OFFENCE_KINDS[] = {
    {"cjs_offence_code", JSON_STRING}, {"offence", JSON_OBJECT}, {NULL, JSON_NULL}};

static void read_names(struct police_defendant *defendant, const json_t *name)
{
    const json_t *given = json_object_get(name, "given_name"), *one;
    struct buf names = {0};
    size_t i;

    json_array_foreach(given, i, one)
    {
        if (json_is_string(one) && *json_string_value(one) != '\0')
            buf_printf(&names, "%s%s", names.len == 0 ? "" : " ", json_string_value(one));
    }
    foreign_person_set(defendant->person, "given_names",
                       json_is_string(given) ? json_string_value(given) : buf_string(&names));
    foreign_person_set(defendant->person, "family_name", json_text_at(name, "surname"));
    buf_release(&names);
}

/* What has no word here is unknown: a status that the schema may get one day is no fault of the file. */
static void read_remand(struct police_defendant *defendant, const json_t *json)
{
    const char *status = json_text_at(json, "person_remand_status");
    const json_t *grounds =
        json_object_get(json_object_get(json, "remand_application"), "substantial_grounds");

    const struct codes_row *known = codes_find(defendant->origin->codes, CODES_DCF_REMAND_STATUSES, NULL, status);

    defendant->remand_status = known == NULL ? NULL : known->word;
    if (status != NULL && known == NULL)
        police_defendant_fault(defendant,
                               "person_remand_status: a word that told does not know; taken as unknown");
    /* An application for conditions alone is no objection. */
    defendant->has_objection = json_array_size(grounds) > 0;
}

static char *make_code(const char *code)
{
    struct buf upper = {0};

    for (; code != NULL && *code != '\0'; code++)
        buf_char(&upper, *code >= 'a' && *code <= 'z' ? (char)(*code - 'a' + 'A') : *code);
    return buf_take(&upper);
}

static void read_offence(struct police_defendant *defendant, const json_t *json, const char *where)
{
    char *reason = part_kind_validate(json, OFFENCE_KINDS), *code;
    const json_t *offence = json_object_get(json, "offence");
    const char *charged = json_text_at(offence, "charge_date");

    if (reason != NULL) {
        police_defendant_fault(defendant, "%s: %s", where, reason);
        free(reason);
        return;
    }
    code = make_code(json_text_at(json, "cjs_offence_code"));
    if (code == NULL || *code == '\0')
        police_defendant_fault(defendant, "%s.cjs_offence_code: missing or empty", where);
    police_defendant_add_offence(defendant, code, json_text_at(offence, "offence_title"));
    if (charged != NULL && *charged != '\0' && !police_defendant_add_charged_on(defendant, charged))
        police_defendant_fault(defendant, "%s.offence.charge_date: no date; taken as unknown", where);
    free(code);
}

/* One group of offences has one list, whose name depends on the kind: whichever list there is. */
static void read_group(struct police_defendant *defendant, const json_t *group, size_t index, size_t *count)
{
    json_t *open = (json_t *)(uintptr_t)group; /* jansson's iterators know no const */

    for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at)) {
        const json_t *list = json_object_iter_value(at), *offence;
        size_t i;
        json_array_foreach(list, i, offence)
        {
            char *where = mem_printf("offences[%zu][%zu]", index, i);
            if (++*count <= OFFENCES_MOST)
                read_offence(defendant, offence, where);
            free(where);
        }
    }
}

static void read_offences(struct police_defendant *defendant, const json_t *groups)
{
    const json_t *group;
    size_t i, count = 0;

    json_array_foreach(groups, i, group)
    {
        if (!json_is_object(group))
            police_defendant_fault(defendant, "offences[%zu]: not an object", i);
        else
            read_group(defendant, group, i, &count);
    }
    if (count > OFFENCES_MOST)
        police_defendant_fault(defendant, "offences: more than %d; the first are taken", OFFENCES_MOST);
}

/* The narrowest name there is: the house, not the region. */
static const char *court_of(const json_t *location)
{
    static const char *const keys[] = {"ou_bottom_level_name", "ou_third_level_name", "ou_second_level_name",
                                       "ou_top_level_name"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *name = json_text_at(location, keys[i]);
        if (name != NULL && *name != '\0')
            return name;
    }
    return NULL;
}

static void read_hearing(struct police_defendant *defendant, const json_t *json)
{
    const char *time = json_text_at(json, "first_hearing_datetime");
    struct civil_day day;

    defendant->court = court_of(json_object_get(json, "first_hearing_location"));
    if (time == NULL || *time == '\0' || foreign_time_parse(time, &defendant->hearing_at))
        return;
    if (foreign_time_parse_day(time, &day)) {
        defendant->hearing_at = civil_instant(day, 0, 0);
        police_defendant_fault(defendant,
                               "first_hearing_datetime: no time of day; the beginning of the day is taken");
    } else {
        police_defendant_fault(defendant, "first_hearing_datetime: no time; taken as unknown");
    }
}

/* Whether a charge made the case: by its own word, else by the date of one. False: added a fault. */
static bool read_initiation(struct police_defendant *defendant, const json_t *json, bool is_breach)
{
    const char *word = json_text_at(json, "initiation_type");

    if (is_breach) {
        defendant->purpose = "breach-of-bail";
        return true;
    }
    if (word == NULL || *word == '\0')
        defendant->is_charged = !civil_is_none(defendant->charged_on);
    else if (strcmp(word, "charge") == 0)
        defendant->is_charged = true;
    else if (strcmp(word, "requisition") != 0 && strcmp(word, "summons") != 0) {
        police_defendant_fault(
            defendant, "initiation_type: none of charge, requisition, summons: look at the file itself");
        return false;
    }
    return true;
}

/* A name that is null or empty is none. */
static bool is_organisation(const json_t *name)
{
    const char *organisation = part_kind_text(name, "organisation_name");

    return organisation != NULL && part_kind_text(name, "surname") == NULL;
}

static void read_defendant(struct police_defendant *defendant, const json_t *json, bool is_breach)
{
    char *reason = part_kind_validate(json, DEFENDANT_KINDS);
    const json_t *offences = json_object_get(json, "offences");

    /* What cannot be read is unknown; a child must not be lost by a number that should be text. */
    if (reason != NULL)
        police_defendant_fault(defendant, "%s", reason);
    free(reason);
    /* But without the offences nobody can say whether it is a charge. */
    if (!json_is_object(json) || (offences != NULL && !json_is_null(offences) && !json_is_array(offences)))
        return;
    if (is_organisation(json_object_get(json, "name"))) {
        adapted_list_add_nothing(defendant->list, defendant->part, "an organisation");
        return;
    }
    read_names(defendant, json_object_get(json, "name"));
    defendant->born = json_text_at(json, "date_of_birth");
    read_remand(defendant, json);
    read_offences(defendant, json_object_get(json, "offences"));
    read_hearing(defendant, json);
    if (read_initiation(defendant, json, is_breach))
        police_defendant_finish(defendant);
}

static void read_defendants(const json_t *file, const struct adapter_origin *origin,
                            struct adapted_list *list)
{
    const json_t *defendants = json_object_get(file, "defendants"), *json;
    const char *type = json_text_at(file, "type"), *date = json_text_at(file, "date");
    struct civil_day day;
    size_t i;

    json_array_foreach(defendants, i, json)
    {
        char *part = mem_printf("case.defendants[%zu]", i);
        struct police_defendant defendant;

        police_defendant_init(&defendant, list, part, origin);
        defendant.index = i;
        defendant.case_reference = json_text_at(file, "pti_urn");
        if (date != NULL && foreign_time_parse_day(date, &day))
            defendant.written_at = civil_instant(day, 0, 0);
        if (!adapted_list_is_full(list))
            read_defendant(&defendant, json, type != NULL && strcmp(type, "BobDCF") == 0);
        police_defendant_release(&defendant);
        free(part);
    }
}

char *adapter_dcf_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list)
{
    const json_t *file = json_object_get(root, "case");
    char *reason = NULL;

    if (!json_is_object(file))
        return mem_copy("no digital case file: expected an object \"case\" with defendants");
    reason = part_kind_validate(file, CASE_KINDS);
    if (reason == NULL && json_array_size(json_object_get(file, "defendants")) == 0)
        reason = mem_copy("case.defendants: missing or empty");
    if (reason != NULL)
        return reason;
    read_defendants(file, origin, list);
    if (adapted_list_is_full(list))
        return mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    return NULL;
}
