/* SPDX-License-Identifier: Apache-2.0 */
/* libical folds and escapes; here is only what a deadline says. */
#include "told/ics.h"

#include <libical/ical.h>
#include <stdlib.h>

#include "told/mem.h"

/* Whole seconds, UTC: "20240603T160000Z". */
static struct icaltimetype time_of(struct instant at)
{
    char text[INSTANT_TEXT_SIZE], basic[20];
    size_t len = 0;

    instant_print(at, text);
    for (const char *c = text; *c != '\0' && *c != '.' && len < 15; c++)
        if (*c != '-' && *c != ':' && *c != 'Z')
            basic[len++] = *c;
    basic[len++] = 'Z';
    basic[len] = '\0';
    return icaltime_from_string(basic);
}

/* A case reference is a sender's text: control characters would end a line in a reader that unescapes too much. */
static char *summary_of(const struct ics_entry *entry)
{
    char *text = entry->case_ref != NULL ? mem_printf("Deadline of %s, case %s", entry->reference, entry->case_ref)
                                         : mem_printf("Deadline of %s", entry->reference);

    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return text;
}

static icalcomponent *event_of(enum ics_method method, const char *organizer, struct instant stamp,
                               const struct ics_entry *entry)
{
    char *summary = summary_of(entry), *mailto = mem_printf("mailto:%s", organizer);
    icalproperty_status status = method == ICS_CANCEL ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED;
    icalcomponent *event =
        icalcomponent_vanew(ICAL_VEVENT_COMPONENT, icalproperty_new_uid(entry->uid), icalproperty_new_dtstamp(time_of(stamp)),
                            icalproperty_new_sequence(entry->sequence), icalproperty_new_organizer(mailto),
                            icalproperty_new_dtstart(time_of(entry->due_at)), icalproperty_new_summary(summary),
                            icalproperty_new_status(status), icalproperty_new_transp(ICAL_TRANSP_TRANSPARENT),
                            icalproperty_new_class(ICAL_CLASS_PRIVATE), NULL);

    free(mailto);
    free(summary);
    return event;
}

char *ics_print(enum ics_method method, const char *organizer, struct instant stamp, const struct ics_entry *entries,
                size_t count)
{
    icalcomponent *calendar = icalcomponent_vanew(
        ICAL_VCALENDAR_COMPONENT, icalproperty_new_version("2.0"), icalproperty_new_prodid("-//told//deadlines//EN"),
        icalproperty_new_method(method == ICS_CANCEL ? ICAL_METHOD_CANCEL : ICAL_METHOD_PUBLISH), NULL);
    char *printed, *text;

    for (size_t i = 0; i < count; i++)
        icalcomponent_add_component(calendar, event_of(method, organizer, stamp, &entries[i]));
    printed = icalcomponent_as_ical_string_r(calendar);
    text = mem_copy(printed != NULL ? printed : "");
    icalmemory_free_buffer(printed);
    icalcomponent_free(calendar);
    return text;
}
