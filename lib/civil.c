/* SPDX-License-Identifier: Apache-2.0 */
#include "told/civil.h"

#include <stddef.h>
#include <stdio.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

bool civil_is_none(struct civil_day day)
{
    return day.number == INT32_MIN;
}

/* Ends at the last day there is rather than wrapping round. */
static struct civil_day day_of_number(int64_t number)
{
    if (number <= INT32_MIN)
        return (struct civil_day){INT32_MIN + 1};
    if (number > INT32_MAX)
        return (struct civil_day){INT32_MAX};
    return (struct civil_day){(int32_t)number};
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

struct civil_day civil_day_of_date(int year, int month, int day_of_month)
{
    int64_t number;

    if (month < 1 || month > 12 || day_of_month < 1 || day_of_month > days_in_month(year, month))
        return CIVIL_NONE;
    number = instant_days_of_date(year, month, day_of_month);
    return number > INT32_MIN && number <= INT32_MAX ? (struct civil_day){(int32_t)number} : CIVIL_NONE;
}

void civil_split(struct civil_day day, int *ret_year, int *ret_month, int *ret_day_of_month)
{
    instant_date_of_days(day.number, ret_year, ret_month, ret_day_of_month);
}

static bool digits_at(const char *text, int from, int count, int *ret)
{
    *ret = 0;
    for (int i = from; i < from + count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret = *ret * 10 + (text[i] - '0');
    }
    return true;
}

bool civil_parse(const char *text, struct civil_day *ret)
{
    int year, month, day_of_month;
    struct civil_day day;

    /* Left to right, and a NUL is neither digit nor hyphen: a short text is never read beyond its end. */
    if (text == NULL || !digits_at(text, 0, 4, &year) || text[4] != '-' || !digits_at(text, 5, 2, &month) ||
        text[7] != '-' || !digits_at(text, 8, 2, &day_of_month) || text[10] != '\0' || year < 1000)
        return false;
    day = civil_day_of_date(year, month, day_of_month);
    if (civil_is_none(day))
        return false;
    *ret = day;
    return true;
}

const char *civil_print(struct civil_day day, char out[CIVIL_TEXT_SIZE])
{
    if (civil_is_none(day))
        (void)snprintf(out, CIVIL_TEXT_SIZE, "none");
    else
        instant_print_date(day.number, out);
    return out;
}

int civil_weekday(struct civil_day day)
{
    int since_monday = (int)(((int64_t)day.number + 3) % 7); /* 1970-01-01 was a Thursday */

    return since_monday < 0 ? since_monday + 7 : since_monday;
}

struct civil_day civil_add_days(struct civil_day day, int days)
{
    return civil_is_none(day) ? day : day_of_number((int64_t)day.number + days);
}

struct civil_day civil_add_months(struct civil_day day, int months)
{
    int year, month, day_of_month, last;
    int64_t count;

    if (civil_is_none(day))
        return day;
    civil_split(day, &year, &month, &day_of_month);
    count = (int64_t)year * 12 + (month - 1) + months; /* months since year 0 */
    month = (int)((count % 12 + 12) % 12) + 1;
    year = (int)((count - (month - 1)) / 12);
    last = days_in_month(year, month);
    return day_of_number(instant_days_of_date(year, month, day_of_month < last ? day_of_month : last));
}

int civil_age(struct civil_day born, struct civil_day on)
{
    int year, month, day, on_year, on_month, on_day;

    civil_split(born, &year, &month, &day);
    civil_split(on, &on_year, &on_month, &on_day);
    return on_year - year - (on_month < month || (on_month == month && on_day < day));
}

/* ---- the wall clock of Europe/London ---- */

/* 01:00 UTC of the last Sunday of a month of 31 days: when the clocks change. Seconds since 1970. */
static int64_t change_s(int year, int month)
{
    struct civil_day last = {(int32_t)instant_days_of_date(year, month, 31)};

    return ((int64_t)last.number - (civil_weekday(last) + 1) % 7) * S_PER_DAY + 3600;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t seconds_of(struct instant at)
{
    return floor_div(at.us, US_PER_S);
}

bool civil_is_summer(struct instant at)
{
    int64_t s = seconds_of(at);
    int year, month, day;

    instant_date_of_days(floor_div(s, S_PER_DAY), &year, &month, &day);
    if (month != 3 && month != 10)
        return month > 3 && month < 10;
    return month == 3 ? s >= change_s(year, 3) : s < change_s(year, 10);
}

static int64_t local_s(struct instant at)
{
    return seconds_of(at) + (civil_is_summer(at) ? 3600 : 0);
}

struct civil_day civil_day_of(struct instant at)
{
    return instant_is_none(at) ? CIVIL_NONE : day_of_number(floor_div(local_s(at), S_PER_DAY));
}

int civil_minute_of(struct instant at)
{
    int64_t s = local_s(at);

    return (int)(s - floor_div(s, S_PER_DAY) * S_PER_DAY) / 60;
}

struct instant civil_instant(struct civil_day day, int hour, int minute)
{
    int64_t shown_s = day.number * S_PER_DAY + hour * 3600 + minute * 60;
    struct instant as_winter = instant_add_seconds((struct instant){0}, shown_s);
    struct instant as_summer = instant_add_seconds((struct instant){0}, shown_s - 3600);
    int year, month, day_of_month;

    if (civil_is_none(day))
        return INSTANT_NONE;
    /* Summer first: of the two that an October night has, it is the earlier. */
    if (civil_is_summer(as_summer))
        return as_summer;
    if (!civil_is_summer(as_winter))
        return as_winter;
    /* Neither shows this time: the clock jumped over it. */
    civil_split(day, &year, &month, &day_of_month);
    return instant_add_seconds((struct instant){0}, change_s(year, 3));
}
