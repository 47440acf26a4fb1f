/* SPDX-License-Identifier: Apache-2.0 */
#include "told/plain_time.h"

#include "told/mem.h"

static const char *const WEEKDAYS[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

char *plain_time_day(struct civil_day day)
{
    int year, month, date;

    civil_split(day, &year, &month, &date);
    return mem_printf("%d %s %d", date, MONTHS[month - 1], year);
}

char *plain_time_text(struct instant at)
{
    struct civil_day day = civil_day_of(at);
    int year, month, date, minute = civil_minute_of(at);

    civil_split(day, &year, &month, &date);
    return mem_printf("%s %d %s %d at %02d:%02d", WEEKDAYS[civil_weekday(day)], date, MONTHS[month - 1], year,
                      minute / 60, minute % 60);
}

char *plain_time_text_short(struct instant at)
{
    struct civil_day day = civil_day_of(at);
    int year, month, date, minute = civil_minute_of(at);

    civil_split(day, &year, &month, &date);
    return mem_printf("%.3s %d %s %d %02d:%02d", WEEKDAYS[civil_weekday(day)], date, MONTHS[month - 1], year,
                      minute / 60, minute % 60);
}
