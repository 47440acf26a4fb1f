/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign_time.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

#define DAY_LEN 10      /* YYYY-MM-DD */
#define TEXT_MOST 64    /* no date is longer */
#define FRACTION_MOST 9 /* digits, as instant_parse takes them */
#define US_PER_SECOND 1000000
#define DIGITS "0123456789"

static bool is_zone(const char *text)
{
    return strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 ||
           ((*text == '+' || *text == '-') && strlen(text) == 6 && text[3] == ':' &&
            strspn(text + 1, DIGITS) == 2 && strspn(text + 4, DIGITS) == 2);
}

bool foreign_time_parse_day(const char *text, struct civil_day *ret)
{
    char day[DAY_LEN + 1];
    struct civil_day found;
    struct instant at;

    if (strlen(text) > TEXT_MOST || strlen(text) < DAY_LEN)
        return false;
    memcpy(day, text, DAY_LEN);
    day[DAY_LEN] = '\0';
    const char *rest = text + DAY_LEN;
    if (!civil_parse(day, &found) || (*rest != '\0' && !is_zone(rest) && !foreign_time_parse(text, &at)))
        return false;
    *ret = found;
    return true;
}

/* HH:MM[:SS[.fraction]], and what follows it. The length of it, or 0. */
static size_t clock_length(const char *text)
{
    size_t len;

    if (strspn(text, DIGITS) != 2 || text[2] != ':' || strspn(text + 3, DIGITS) != 2)
        return 0;
    if (text[5] != ':')
        return 5;
    if (strspn(text + 6, DIGITS) != 2)
        return 0;
    if (text[8] != '.')
        return 8;
    len = strspn(text + 9, DIGITS);
    return len == 0 ? 0 : 9 + len;
}

bool foreign_time_parse_at(struct civil_day day, const char *time, struct instant *ret)
{
    char date[CIVIL_TEXT_SIZE];
    size_t len = strlen(time) > TEXT_MOST ? 0 : clock_length(time);
    const char *zone = time + len;
    struct instant found;

    if (len == 0 || civil_is_none(day) || (*zone != '\0' && !is_zone(zone)))
        return false;
    size_t kept = len > 9 + FRACTION_MOST ? 9 + FRACTION_MOST : len;
    char *text = mem_printf("%sT%.*s%s%s", civil_print(day, date), (int)kept, time, len == 5 ? ":00" : "",
                            *zone == '\0' ? "Z" : zone);
    bool is_read = instant_parse(text, &found);
    free(text);
    if (!is_read)
        return false;
    if (*zone == '\0') {
        int hour = atoi(time), minute = atoi(time + 3);
        int64_t below_a_minute = found.us % (60 * (int64_t)US_PER_SECOND);
        if (below_a_minute < 0)
            below_a_minute += 60 * (int64_t)US_PER_SECOND;
        found.us = civil_instant(day, hour, minute).us + below_a_minute;
    }
    *ret = found;
    return true;
}

bool foreign_time_parse(const char *text, struct instant *ret)
{
    char date[DAY_LEN + 1];
    struct civil_day day;

    if (strlen(text) > TEXT_MOST || strlen(text) <= DAY_LEN)
        return false;
    memcpy(date, text, DAY_LEN);
    date[DAY_LEN] = '\0';
    return civil_parse(date, &day) && strchr("Tt ", text[DAY_LEN]) != NULL &&
           foreign_time_parse_at(day, text + DAY_LEN + 1, ret);
}
