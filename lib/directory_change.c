/* SPDX-License-Identifier: Apache-2.0 */
/* When the directory's answers may change: whoever looks ahead looks then, and at no other time. */
#include "directory_store.h"

#define OPENS_HOUR 9
#define CLOSES_HOUR 17

bool directory_is_office_hours(const struct calendar *calendar, struct instant at)
{
    int minute = civil_minute_of(at);
    return minute >= OPENS_HOUR * 60 && minute < CLOSES_HOUR * 60 &&
           calendar_is_working_day(calendar, civil_day_of(at));
}

static struct instant next_office_hour(const struct calendar *calendar, struct instant after)
{
    struct civil_day day = calendar_back_to_working_day(calendar, civil_day_of(after));
    for (;; day = calendar_add_working_days(calendar, day, 1)) {
        struct instant opens = civil_instant(day, OPENS_HOUR, 0), closes = civil_instant(day, CLOSES_HOUR, 0);
        if (instant_compare(opens, after) > 0)
            return opens;
        if (instant_compare(closes, after) > 0)
            return closes;
    }
}

/* The earlier of the two that lies after `after`. */
static void consider(struct instant *next, struct instant at, struct instant after)
{
    if (!instant_is_none(at) && instant_compare(at, after) > 0)
        *next = instant_earlier(*next, at);
}

struct instant directory_next_change(const struct directory *directory, const struct calendar *calendar,
                                     struct instant after)
{
    struct instant next = next_office_hour(calendar, after);
    for (size_t i = 0; i < directory->turns_count; i++)
        consider(&next, rota_next_change(&directory->turns[i].shift.row, after), after);
    for (size_t i = 0; i < directory->absence_count; i++) {
        consider(&next, directory->absences[i].from, after);
        consider(&next, directory->absences[i].until, after);
    }
    for (size_t i = 0; i < directory->person_count; i++)
        consider(&next, directory->people[i]->left_at, after);
    return next;
}
