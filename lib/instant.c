/* SPDX-License-Identifier: Apache-2.0 */
#include "told/instant.h"

#include <stddef.h>
#include <stdio.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)

bool instant_is_none(struct instant at)
{
    return at.us == INT64_MIN;
}

int instant_compare(struct instant a, struct instant b)
{
    return (a.us > b.us) - (a.us < b.us);
}

/* Ends at the last instant there is rather than wrapping round: a deadline too far away stays far away. */
static struct instant add_us(struct instant at, int64_t count, int64_t unit_us)
{
    int64_t us;

    if (instant_is_none(at))
        return at;
    if (__builtin_mul_overflow(count, unit_us, &us) || __builtin_add_overflow(at.us, us, &us) ||
        us == INT64_MIN)
        us = count < 0 ? INT64_MIN + 1 : INT64_MAX;
    return (struct instant){us};
}

struct instant instant_add_seconds(struct instant at, int64_t seconds)
{
    return add_us(at, seconds, US_PER_S);
}

struct instant instant_add_ms(struct instant at, int64_t ms)
{
    return add_us(at, ms, 1000);
}

int64_t instant_ms_between(struct instant from, struct instant to)
{
    int64_t us;

    if (__builtin_sub_overflow(to.us, from.us, &us))
        us = to.us < from.us ? INT64_MIN : INT64_MAX;
    return us / 1000;
}

struct instant instant_earlier(struct instant a, struct instant b)
{
    if (instant_is_none(a))
        return b;
    if (instant_is_none(b))
        return a;
    return a.us <= b.us ? a : b;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/*
 * Years are counted from 1 March, so that the leap day is a year's last; 400 such years are 146,097 days, and
 * day 0 of that count, 0000-03-01, lies 719,468 days before 1970-01-01. Months from March on have 31 30 31 30
 * 31 days and again, which (153 m + 2) / 5 adds up.
 */
int64_t instant_days_of_date(int year, int month, int day_of_month)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day_of_month - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void instant_date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day_of_month)
{
    int64_t since = days + 719468;
    int64_t era = floor_div(since, 146097);
    int64_t day_of_era = since - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;

    *ret_day_of_month = (int)(day_of_year - (153 * m + 2) / 5 + 1);
    *ret_month = (int)(m < 10 ? m + 3 : m - 9);
    *ret_year = (int)(year_of_era + era * 400 + (m >= 10));
}

/* Exactly `digits` decimal digits; moves on behind them. */
static bool take_number(const char **text, int digits, int *ret)
{
    int number = 0;

    for (int i = 0; i < digits; i++) {
        char c = (*text)[i]; /* a NUL is no digit: never read beyond the end */

        if (c < '0' || c > '9')
            return false;
        number = number * 10 + (c - '0');
    }
    *text += digits;
    *ret = number;
    return true;
}

static bool take_one_of(const char **text, const char *allowed)
{
    for (const char *a = allowed; *a != '\0'; a++)
        if (**text == *a) {
            (*text)++;
            return true;
        }
    return false;
}

static bool take_date(const char **text, int64_t *ret_days)
{
    int year, month, day, y, m, d;
    int64_t days;

    if (!take_number(text, 4, &year) || !take_one_of(text, "-") || !take_number(text, 2, &month) ||
        !take_one_of(text, "-") || !take_number(text, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    days = instant_days_of_date(year, month, day);
    instant_date_of_days(days, &y, &m, &d);
    *ret_days = days;
    return m == month && d == day; /* 30 February comes back as a day of March */
}

static bool take_time(const char **text, int *ret_seconds)
{
    int hour, minute, second;

    if (!take_number(text, 2, &hour) || !take_one_of(text, ":") || !take_number(text, 2, &minute) ||
        !take_one_of(text, ":") || !take_number(text, 2, &second))
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* The optional fraction, cut to microseconds. */
static bool take_fraction(const char **text, int *ret_us)
{
    int us = 0, digits = 0, digit;

    if (take_one_of(text, "."))
        for (; take_number(text, 1, &digit); digits++) {
            if (digits == 9)
                return false;
            if (digits < 6)
                us = us * 10 + digit;
        }
    else
        digits = 6;
    for (int i = digits; i < 6; i++)
        us *= 10;
    *ret_us = us;
    return digits > 0;
}

static bool take_zone(const char **text, int *ret_seconds)
{
    int hours, minutes;
    bool west = **text == '-';

    *ret_seconds = 0;
    if (take_one_of(text, "Zz"))
        return true;
    if (!take_one_of(text, "+-") || !take_number(text, 2, &hours) || !take_one_of(text, ":") ||
        !take_number(text, 2, &minutes))
        return false;
    *ret_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

/* Leap seconds come only at the end of a UTC month (RFC 3339 appendix D); here one is the same as the second
 * after. */
static bool ends_a_month(int64_t seconds)
{
    int year, month, day;

    if (seconds % S_PER_DAY != 0)
        return false;
    instant_date_of_days(floor_div(seconds, S_PER_DAY), &year, &month, &day);
    return day == 1;
}

bool instant_parse(const char *text, struct instant *ret)
{
    const int64_t first_s = instant_days_of_date(0, 1, 1) * S_PER_DAY;
    const int64_t end_s = instant_days_of_date(10000, 1, 1) * S_PER_DAY;
    int64_t days, at_s;
    int time_s, zone_s, us;
    bool leap;

    if (text == NULL || !take_date(&text, &days) || !take_one_of(&text, "Tt ") || !take_time(&text, &time_s))
        return false;
    leap = text[-2] == '6'; /* take_time lets no second above 60 through */
    if (!take_fraction(&text, &us) || !take_zone(&text, &zone_s) || *text != '\0')
        return false;
    at_s = days * S_PER_DAY + time_s - zone_s;
    if ((leap && !ends_a_month(at_s)) || at_s < first_s || at_s >= end_s)
        return false;
    ret->us = at_s * US_PER_S + us;
    return true;
}

/* Exactly so many decimal digits; what follows stands behind them. snprintf would be a third of a decision. */
static char *put(char *at, int digits, int number)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + digits;
}

char *instant_print_date(int64_t days, char *out)
{
    int year, month, day;

    instant_date_of_days(days, &year, &month, &day);
    if (year >= 0 && year <= 9999)
        out = put(out, 4, year);
    else
        out += snprintf(out, INSTANT_DATE_SIZE - 6, "%04d", year);
    *out++ = '-';
    out = put(out, 2, month);
    *out++ = '-';
    out = put(out, 2, day);
    *out = '\0';
    return out;
}

const char *instant_print(struct instant at, char out[INSTANT_TEXT_SIZE])
{
    int64_t seconds = floor_div(at.us, US_PER_S);
    int64_t days = floor_div(seconds, S_PER_DAY);
    int of_day = (int)(seconds - days * S_PER_DAY);
    int us = (int)((at.us % US_PER_S + US_PER_S) % US_PER_S);
    char *end;

    if (instant_is_none(at)) {
        (void)snprintf(out, INSTANT_TEXT_SIZE, "none");
        return out;
    }
    end = instant_print_date(days, out);
    *end++ = 'T';
    end = put(end, 2, of_day / 3600);
    *end++ = ':';
    end = put(end, 2, of_day / 60 % 60);
    *end++ = ':';
    end = put(end, 2, of_day % 60);
    if (us != 0) {
        *end++ = '.';
        end = put(end, 6, us);
    }
    *end++ = 'Z';
    *end = '\0';
    return out;
}
