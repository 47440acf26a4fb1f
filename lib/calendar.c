/* SPDX-License-Identifier: Apache-2.0 */
#include "told/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "told/json.h"
#include "told/mem.h"

/*
 * Working days have ordinals. Ordinal 0 is the first working day of the covered years; below 0 and from
 * working_count on, outside these years, only week-ends are left out and arithmetic takes the place of the
 * tables. So a count of any length is two look-ups.
 */
struct calendar {
    int first_year, last_year;
    struct civil_day first, end; /* 1 January of the first year, and of the year after the last */
    int32_t *ordinals;           /* of each covered day and of `end`: the working days before it */
    int32_t *working;            /* the covered working days, as day numbers */
    int32_t working_count;
    char hash[65];
};

/* A fault and where it is: an index into the events, or -1 for the text as a whole. */
struct fault {
    char *text;
    int event;
};

static const char DIVISION[] = "england-and-wales";

/* ---- where an event stands in the text ---- */

/* Reads text that is known to be JSON mark by mark; jansson keeps no positions, and for a fault a second look
 * is cheap. */
struct scan {
    const char *text;
    size_t len, at;
    int line, level;
    size_t word_at, word_len; /* the string passed last, without its quotes */
};

/* The next mark: a bracket, comma or colon, a string as a whole, or a byte of anything else; NUL at the end.
 */
static char scan_next(struct scan *s)
{
    char c;

    for (; s->at < s->len && strchr(" \t\r\n", s->text[s->at]) != NULL; s->at++)
        s->line += s->text[s->at] == '\n';
    if (s->at >= s->len)
        return '\0';
    c = s->text[s->at++];
    s->level += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (c != '"')
        return c;
    for (s->word_at = s->at; s->at < s->len && s->text[s->at] != '"'; s->at++)
        s->at += s->text[s->at] == '\\';
    s->word_len = s->at++ - s->word_at;
    return c;
}

static bool scan_to_key(struct scan *s, int level, const char *key)
{
    for (char c = scan_next(s); c != '\0'; c = scan_next(s))
        if (c == '"' && s->level == level && s->word_len == strlen(key) &&
            memcmp(s->text + s->word_at, key, s->word_len) == 0 && scan_next(s) == ':')
            return true;
    return false;
}

/* The line on which the event begins, or 0 if it is not found. */
static int line_of_event(const char *text, size_t len, int event)
{
    struct scan s = {.text = text, .len = len, .line = 1};

    if (!scan_to_key(&s, 1, DIVISION) || !scan_to_key(&s, 2, "events") || scan_next(&s) != '[')
        return 0;
    for (char c = scan_next(&s); c != '\0'; c = scan_next(&s)) {
        if (event == 0)
            return s.line;
        event -=
            c == ',' && s.level == 3; /* root, division and events are open: a comma between two events */
    }
    return 0;
}

static char *fault_print(const struct fault *fault, const char *text, size_t len)
{
    int line = fault->event < 0 ? 1 : line_of_event(text, len, fault->event);

    if (line > 0)
        return mem_printf("line %d: %s", line, fault->text);
    return mem_printf("event %d: %s", fault->event + 1, fault->text);
}

/* ---- reading the holidays ---- */

struct holiday {
    struct civil_day day;
    int event; /* its place in the text */
};

static int compare_holidays(const void *a, const void *b)
{
    const struct holiday *one = a, *other = b;
    int by_day = (one->day.number > other->day.number) - (one->day.number < other->day.number);

    return by_day != 0 ? by_day : one->event - other->event;
}

static int year_of(struct civil_day day)
{
    int year, month, day_of_month;

    civil_split(day, &year, &month, &day_of_month);
    return year;
}

/* Every event's date, sorted; NULL and a fault if one cannot be used. */
static struct holiday *read_holidays(const json_t *events, struct fault *ret_fault)
{
    size_t count = json_array_size(events);
    struct holiday *holidays = mem_grow(NULL, count, sizeof *holidays);

    for (size_t i = 0; i < count; i++) {
        const char *date = json_text_at(json_array_get(events, i), "date");

        holidays[i].event = (int)i;
        if (!civil_parse(date, &holidays[i].day)) {
            *ret_fault = (struct fault){
                mem_copy(date == NULL ? "a holiday without a date; give it \"date\": \"YYYY-MM-DD\""
                                      : "no such date; write \"date\" as YYYY-MM-DD, a day that exists"),
                (int)i};
            free(holidays);
            return NULL;
        }
    }
    qsort(holidays, count, sizeof *holidays, compare_holidays);
    return holidays;
}

/* England has holidays in every year: a year without any was forgotten, and its days would be counted
 * wrongly. */
static bool find_missing_year(const struct holiday *holidays, size_t count, struct fault *ret_fault)
{
    int first = year_of(holidays[0].day), last = year_of(holidays[count - 1].day);

    for (size_t i = 1; i < count; i++) {
        int before = year_of(holidays[i - 1].day);

        if (year_of(holidays[i].day) > before + 1) {
            *ret_fault =
                (struct fault){mem_printf("no holiday in %d, between the first year, %d, and the last, %d; "
                                          "add the holidays of %d, or correct the year here",
                                          before + 1, first, last, before + 1),
                               holidays[i].event};
            return true;
        }
    }
    return false;
}

/* ---- the tables ---- */

static void fill_tables(struct calendar *calendar, const struct holiday *holidays, size_t count)
{
    size_t days = (size_t)(calendar->end.number - calendar->first.number);
    size_t next = 0;

    calendar->ordinals = mem_grow(NULL, days + 1, sizeof *calendar->ordinals);
    calendar->working = mem_grow(NULL, days, sizeof *calendar->working);
    for (size_t i = 0; i < days; i++) {
        struct civil_day day = civil_add_days(calendar->first, (int)i);
        bool is_holiday = next < count && holidays[next].day.number == day.number;

        while (next < count && holidays[next].day.number == day.number)
            next++;
        calendar->ordinals[i] = calendar->working_count;
        if (!is_holiday && civil_weekday(day) < 5)
            calendar->working[calendar->working_count++] = day.number;
    }
    calendar->ordinals[days] = calendar->working_count;
}

/* The version is that of the days alone: titles, notes and the order in the file decide nothing. */
static void fill_hash(struct calendar *calendar, const struct holiday *holidays, size_t count)
{
    json_t *dates = json_array();
    char text[CIVIL_TEXT_SIZE];

    for (size_t i = 0; i < count; i++)
        if (i == 0 || holidays[i].day.number != holidays[i - 1].day.number)
            json_array_append_new(dates, json_string(civil_print(holidays[i].day, text)));
    json_digest(dates, NULL, calendar->hash);
    json_decref(dates);
}

static struct calendar *calendar_new(const struct holiday *holidays, size_t count)
{
    struct calendar *calendar = mem_new(sizeof *calendar);

    calendar->first_year = year_of(holidays[0].day);
    calendar->last_year = year_of(holidays[count - 1].day);
    calendar->first = civil_day_of_date(calendar->first_year, 1, 1);
    calendar->end = civil_day_of_date(calendar->last_year + 1, 1, 1);
    fill_tables(calendar, holidays, count);
    fill_hash(calendar, holidays, count);
    return calendar;
}

struct calendar *calendar_parse(const char *text, size_t len, char **ret_reason)
{
    struct calendar *calendar = NULL;
    struct holiday *holidays = NULL;
    struct fault fault = {NULL, -1};
    json_t *root = json_parse(text, len, ret_reason);
    const json_t *division = json_object_get(root, DIVISION);
    const json_t *events = json_object_get(division, "events");
    size_t count = json_array_size(events);

    if (root == NULL)
        return NULL;
    if (division == NULL)
        fault.text =
            mem_copy("no \"england-and-wales\"; use the file that GOV.UK publishes as bank-holidays.json");
    else if (count == 0)
        fault.text = mem_copy("\"england-and-wales\" has no \"events\"; list its holidays there");
    else
        holidays = read_holidays(events, &fault);
    if (holidays != NULL && !find_missing_year(holidays, count, &fault))
        calendar = calendar_new(holidays, count);
    if (calendar == NULL)
        *ret_reason = fault_print(&fault, text, len);
    free(fault.text);
    free(holidays);
    json_decref(root);
    return calendar;
}

void calendar_free(struct calendar *calendar)
{
    if (calendar == NULL)
        return;
    free(calendar->ordinals);
    free(calendar->working);
    free(calendar);
}

const char *calendar_hash(const struct calendar *calendar)
{
    return calendar->hash;
}

int calendar_first_year(const struct calendar *calendar)
{
    return calendar->first_year;
}

int calendar_last_year(const struct calendar *calendar)
{
    return calendar->last_year;
}

bool calendar_covers(const struct calendar *calendar, struct civil_day day)
{
    return day.number >= calendar->first.number && day.number < calendar->end.number;
}

int calendar_days_left(const struct calendar *calendar, struct civil_day day)
{
    return day.number < calendar->end.number ? (int)(calendar->end.number - day.number) : 0;
}

/* ---- counting ---- */

/* Days from Monday to Friday before day `number`, counted from Monday 1969-12-29 on (negative before it). */
static int64_t weekdays_before(int64_t number)
{
    int64_t since = number + 3;
    int64_t weeks = since / 7 - (since % 7 < 0);
    int64_t rest = since - weeks * 7;

    return weeks * 5 + (rest < 5 ? rest : 5);
}

/* The inverse: the weekday that has `count` weekdays before it. */
static int64_t weekday_at(int64_t count)
{
    int64_t weeks = count / 5 - (count % 5 < 0);

    return weeks * 7 + (count - weeks * 5) - 3;
}

/* Working days before day `number`; the working day itself, if it is one, has this ordinal. */
static int64_t ordinal_of(const struct calendar *calendar, int64_t number)
{
    int64_t first = calendar->first.number, end = calendar->end.number;

    if (number < first)
        return weekdays_before(number) - weekdays_before(first);
    if (number > end)
        return calendar->working_count + weekdays_before(number) - weekdays_before(end);
    return calendar->ordinals[number - first];
}

static struct civil_day day_at(const struct calendar *calendar, int64_t ordinal)
{
    int64_t number;

    if (ordinal < 0)
        number = weekday_at(weekdays_before(calendar->first.number) + ordinal);
    else if (ordinal < calendar->working_count)
        number = calendar->working[ordinal];
    else
        number = weekday_at(weekdays_before(calendar->end.number) + ordinal - calendar->working_count);
    if (number <= INT32_MIN)
        number = INT32_MIN + 1; /* a far day, never none */
    return (struct civil_day){number > INT32_MAX ? INT32_MAX : (int32_t)number};
}

bool calendar_is_working_day(const struct calendar *calendar, struct civil_day day)
{
    return ordinal_of(calendar, (int64_t)day.number + 1) > ordinal_of(calendar, day.number);
}

struct civil_day calendar_add_working_days(const struct calendar *calendar, struct civil_day day, int count)
{
    if (civil_is_none(day) || count == 0)
        return day;
    if (count < 0)
        return day_at(calendar, ordinal_of(calendar, day.number) + count);
    return day_at(calendar, ordinal_of(calendar, (int64_t)day.number + 1) + count - 1);
}

struct civil_day calendar_back_to_working_day(const struct calendar *calendar, struct civil_day day)
{
    if (civil_is_none(day))
        return day;
    return day_at(calendar, ordinal_of(calendar, (int64_t)day.number + 1) - 1);
}

struct instant calendar_alarm_at(struct civil_day day)
{
    return civil_instant(day, 17, 0);
}
