/* SPDX-License-Identifier: Apache-2.0 */
#include "hearing_sitting.h"

#include "foreign_time.h"
#include "part_kind.h"

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

    if (part_kind_text(around, "sharedTime") != NULL ||
        json_is_boolean(json_object_get(around, "isReshare")) ||
        json_is_true(json_object_get(hearing, "hasSharedResults")))
        return true;
    json_array_foreach(json_object_get(hearing, "prosecutionCases"), i, of)
    {
        if (has_results(json_object_get(of, "defendants"), "defendantCaseJudicialResults"))
            return true;
    }
    return has_results(json_object_get(hearing, "courtApplications"), "judicialResults");
}

/* The days the court sat or sits, cancelled ones left out: the first, its first instant, and the last that is
 * not after `until` (none: the last of all) with its first instant. */
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
        if (foreign_time_parse(text, &at))
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
        if (text != NULL && foreign_time_parse_day(text, &day) && (civil_is_none(last) || day.number > last.number))
            last = day;
    }
    return last;
}

/* Of a hearing over several days, each day is shared by itself: the day it says, else the last one before the
 * share. */
static void place_results(struct hearing_sitting *s)
{
    const char *said = part_kind_text(s->around, "hearingDay");
    struct civil_day until =
        instant_is_none(s->court.recorded_at) ? last_ordered(s->hearing) : civil_day_of(s->court.recorded_at);
    struct civil_day day;
    bool is_said = said != NULL && foreign_time_parse_day(said, &day);
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

static void place_listing(struct hearing_sitting *s)
{
    struct days days = read_days(s->hearing, CIVIL_NONE);

    s->first_day = days.first;
    s->listed_at = days.first_at;
    s->court.day = days.first;
    s->court.at = instant_is_none(s->court.recorded_at) ? s->origin->sent_at : s->court.recorded_at;
}

void hearing_sitting_place(struct hearing_sitting *s, bool is_listing)
{
    const json_t *centre = json_object_get(s->hearing, "courtCentre");
    const char *shared = part_kind_text(s->around, "sharedTime");

    s->court = (struct court_hearing){
        .id = part_kind_text(s->hearing, "id"),
        .court = court_event_house(part_kind_text(centre, "name"), part_kind_text(centre, "id")),
        .recorded_at = INSTANT_NONE,
    };
    s->listed_at = INSTANT_NONE;
    s->purpose = part_kind_text(json_object_get(s->hearing, "type"), "description");
    if (s->court.id == NULL)
        s->court.id = part_kind_text(s->around, "hearingId");
    if (shared != NULL)
        foreign_time_parse(shared, &s->court.recorded_at);
    s->is_resulted = !is_listing && is_resulted(s->hearing, s->around);
    if (s->is_resulted)
        place_results(s);
    else
        place_listing(s);
}

struct civil_day hearing_sitting_age_day(const struct hearing_sitting *s)
{
    struct civil_day said = civil_day_of(s->court.at);
    return civil_is_none(s->court.day) || said.number < s->court.day.number ? said : s->court.day;
}
