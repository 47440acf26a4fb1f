/* SPDX-License-Identifier: Apache-2.0 */
#include "police_case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foreign_person.h"
#include "foreign_slug.h"
#include "foreign_time.h"
#include "told/mem.h"

#define CASE_REFERENCE_MOST 256

void police_defendant_init(struct police_defendant *defendant, struct adapted_list *list, const char *part,
                           const struct adapter_origin *origin)
{
    *defendant = (struct police_defendant){
        .origin = origin,
        .list = list,
        .part = part,
        .hearing_at = INSTANT_NONE,
        .charged_on = CIVIL_NONE,
        .written_at = INSTANT_NONE,
        .person = json_object(),
        .offences = json_array(),
    };
}

void police_defendant_release(struct police_defendant *defendant)
{
    json_decref(defendant->person);
    json_decref(defendant->offences);
    *defendant = (struct police_defendant){0};
}

void police_defendant_add_offence(struct police_defendant *defendant, const char *code, const char *title)
{
    json_t *offence = json_object();

    foreign_person_set(offence, "code", code);
    foreign_person_set(offence, "title", title);
    if (json_object_size(offence) > 0)
        json_array_append(defendant->offences, offence);
    json_decref(offence);
}

/* The latest: a case that is new today was made by the last of its charges. */
bool police_defendant_add_charged_on(struct police_defendant *defendant, const char *text)
{
    struct civil_day day;

    if (!foreign_time_parse_day(text, &day))
        return false;
    if (civil_is_none(defendant->charged_on) || day.number > defendant->charged_on.number)
        defendant->charged_on = day;
    return true;
}

void police_defendant_fault(struct police_defendant *defendant, const char *format, ...)
{
    va_list args;
    char *reason = NULL;

    va_start(args, format);
    if (vasprintf(&reason, format, args) < 0)
        abort(); /* as everywhere: see mem.h */
    va_end(args);
    adapted_list_add_fault(defendant->list, defendant->part, reason);
    free(reason);
}

static json_t *make_hearing(const struct police_defendant *defendant)
{
    char at[INSTANT_TEXT_SIZE];
    json_t *hearing = json_object();
    char *court = foreign_slug(defendant->court);

    if (court != NULL)
        json_object_set_new(hearing, "court", json_string(court));
    if (!instant_is_none(defendant->hearing_at))
        json_object_set_new(hearing, "at", json_string(instant_print(defendant->hearing_at, at)));
    free(court);
    return hearing;
}

static json_t *make_charge(const struct police_defendant *defendant)
{
    char day[CIVIL_TEXT_SIZE];
    json_t *data = json_object();
    json_t *hearing = make_hearing(defendant);

    if (!civil_is_none(defendant->charged_on))
        json_object_set_new(data, "charged_on", json_string(civil_print(defendant->charged_on, day)));
    if (json_array_size(defendant->offences) > 0)
        json_object_set(data, "offences", defendant->offences);
    if (json_object_size(hearing) > 0)
        json_object_set(data, "first_hearing", hearing);
    if (defendant->remand_status != NULL)
        json_object_set_new(data, "remand_status", json_string(defendant->remand_status));
    if (defendant->has_objection)
        json_object_set_new(data, "bail_objected", json_true());
    json_decref(hearing);
    return data;
}

static json_t *make_listing(const struct police_defendant *defendant)
{
    json_t *data = make_hearing(defendant);

    if (defendant->purpose != NULL)
        json_object_set_new(data, "purpose", json_string(defendant->purpose));
    return data;
}

/* A reference that the catalogue would refuse must not take the event with it. */
static void set_case(struct police_defendant *defendant, json_t *data)
{
    const char *reference = defendant->case_reference;

    if (reference == NULL)
        return;
    for (const char *c = reference; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || c - reference >= CASE_REFERENCE_MOST) {
            police_defendant_fault(defendant, "the case reference is none: left out");
            return;
        }
    }
    foreign_person_set(data, "case", reference);
}

static struct instant happened_at(const struct police_defendant *defendant)
{
    if (defendant->is_charged && !civil_is_none(defendant->charged_on))
        return civil_instant(defendant->charged_on, 0, 0);
    return instant_is_none(defendant->written_at) ? defendant->origin->sent_at : defendant->written_at;
}

static void add_event(struct police_defendant *defendant, json_t *data, const char *type,
                      const char *short_name)
{
    char at[INSTANT_TEXT_SIZE];
    json_t *event = json_object();
    char *id = mem_printf("%s/%zu/%zu/%s", defendant->origin->id, defendant->case_index, defendant->index,
                          short_name);

    json_object_set_new(event, "specversion", json_string("1.0"));
    json_object_set_new(event, "id", json_string(id));
    json_object_set_new(event, "source", json_string(defendant->origin->source));
    json_object_set_new(event, "type", json_string(type));
    json_object_set_new(event, "time", json_string(instant_print(happened_at(defendant), at)));
    if (!instant_is_none(defendant->written_at))
        json_object_set_new(event, "recordedtime", json_string(instant_print(defendant->written_at, at)));
    json_object_set_new(event, "datacontenttype", json_string("application/json"));
    json_object_set(data, "person", defendant->person);
    set_case(defendant, data);
    json_object_set_new(event, "data", data);
    adapted_list_add_event(defendant->list, defendant->part, event);
    free(id);
}

static void say(struct police_defendant *defendant)
{
    if (json_object_size(defendant->person) == 0)
        police_defendant_fault(defendant, "nothing says who it is: look at the message itself");
    else if (defendant->is_charged)
        add_event(defendant, make_charge(defendant), "police.charge", "charge");
    else if (!instant_is_none(defendant->hearing_at))
        add_event(defendant, make_listing(defendant), "court.hearing-listed", "hearing");
    else
        adapted_list_add_nothing(defendant->list, defendant->part,
                                 "neither charged nor listed for a hearing");
}

void police_defendant_finish(struct police_defendant *defendant)
{
    struct adapted_list of_age = {0}, *list = defendant->list;
    struct civil_day born, day = civil_day_of(happened_at(defendant));
    enum foreign_age age = foreign_person_age(defendant->born, day, &born);

    if (age == FOREIGN_AGE_NO_DATE)
        police_defendant_fault(defendant, "the date of birth " FOREIGN_AGE_FAULT_NO_DATE);
    else if (age == FOREIGN_AGE_ABSURD)
        police_defendant_fault(defendant,
                               "the date of birth cannot be that of a defendant of this case: taken as unknown");
    foreign_person_set_born(defendant->person, born);
    if (age == FOREIGN_AGE_ADULT) {
        adapted_list_add_nothing(defendant->list, defendant->part, "18 or over on the day of the event");
        if (!foreign_person_is_young_adult(born, day))
            return;
        defendant->list = &of_age;
    }
    say(defendant);
    defendant->list = list;
    adapted_list_take_of_age(list, &of_age);
}
