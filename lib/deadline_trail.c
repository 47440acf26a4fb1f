/* SPDX-License-Identifier: Apache-2.0 */
#include "deadline_trail.h"

#include "deadline_step.h"

static const char *why_skipped(const struct calendar *calendar, struct civil_day day)
{
    if (civil_weekday(day) == 5)
        return "Saturday";
    if (civil_weekday(day) == 6)
        return "Sunday";
    return calendar_is_working_day(calendar, day) ? "received at or after 17:00" : "bank holiday";
}

static void add_day(json_t *list, struct civil_day day)
{
    char text[CIVIL_TEXT_SIZE];

    json_array_append_new(list, json_string(civil_print(day, text)));
}

static void add_skipped(json_t *list, const struct calendar *calendar, struct civil_day day)
{
    char text[CIVIL_TEXT_SIZE];

    json_array_append_new(
        list, json_pack("{ss ss}", "on", civil_print(day, text), "because", why_skipped(calendar, day)));
}

/* The start itself is not counted (A01); the last day is. */
static void add_counted(const struct calendar *calendar, struct civil_day start, struct civil_day last, json_t *trail)
{
    json_t *counted = json_array(), *skipped = json_array();
    int way = last.number > start.number ? 1 : -1;

    for (struct civil_day day = start; day.number != last.number;) {
        day = civil_add_days(day, way);
        if (calendar_is_working_day(calendar, day))
            add_day(counted, day);
        else
            add_skipped(skipped, calendar, day);
    }
    json_object_set_new(trail, "counted", counted);
    json_object_set_new(trail, "skipped", skipped);
}

static void add_moved(const struct calendar *calendar, struct civil_day counted, json_t *trail)
{
    struct civil_day moved = calendar_back_to_working_day(calendar, counted);
    json_t *days = json_array();

    for (struct civil_day day = counted; day.number > moved.number; day = civil_add_days(day, -1))
        add_skipped(days, calendar, day);
    json_object_set_new(trail, "moved_back", days);
}

/* Prompt: the day of receipt itself if it is not too late, else the next working day. */
static void add_prompt(const struct calendar *calendar, struct civil_day start, struct civil_day last, json_t *trail)
{
    json_t *counted = json_array(), *skipped = json_array();

    for (struct civil_day day = start; day.number < last.number; day = civil_add_days(day, 1))
        add_skipped(skipped, calendar, day);
    add_day(counted, last);
    json_object_set_new(trail, "counted", counted);
    json_object_set_new(trail, "skipped", skipped);
}

json_t *deadline_trail(const struct deadline *deadline, const struct calendar *calendar, struct term_scope *scope,
                       const struct deadline_due *due)
{
    const struct deadline_step *step = deadline_chosen_step(deadline, scope);
    json_t *trail = json_object();
    struct civil_day start, counted;
    char text[CIVIL_TEXT_SIZE];

    if (step == NULL || !due->known || step->way == DUE_IMMEDIATE || step->way == DUE_BEFORE_INSTANT)
        return trail;
    start = deadline_start_day(step, scope);
    json_object_set_new(trail, "from", json_string(step->has_date ? step->date.name : "receipt"));
    json_object_set_new(trail, "on", json_string(civil_print(start, text)));
    counted = deadline_counted_day(step, calendar, start);
    if (step->way == DUE_PROMPT)
        add_prompt(calendar, start, civil_day_of(due->at), trail);
    else if (step->way == DUE_WORKING_DAYS_AFTER || step->way == DUE_WORKING_DAYS_BEFORE)
        add_counted(calendar, start, counted, trail);
    else if (deadline_moves_back(step))
        add_moved(calendar, counted, trail);
    return trail;
}
