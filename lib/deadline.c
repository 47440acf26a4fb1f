/* SPDX-License-Identifier: Apache-2.0 */
#include "deadline_step.h"

#include <stdlib.h>
#include <string.h>

enum {
    IMMEDIATE_SECONDS = 60 * 60, /* A20, A21: acknowledgement expected in 60 minutes */
    PROMPT_UNTIL_MINUTE = 17 * 60,
    NAMED_MOST = 4, /* days not counted that are named one by one */
};

void deadline_free(struct deadline *deadline)
{
    if (deadline == NULL)
        return;
    term_release(&deadline->steps[0].date);
    term_release(&deadline->steps[1].date);
    expr_free(deadline->condition);
    free(deadline);
}

bool deadline_is_immediate(const struct deadline *deadline)
{
    for (size_t i = 0; i < deadline->step_count; i++) {
        if (deadline->steps[i].way == DUE_IMMEDIATE)
            return true;
    }
    return false;
}

size_t deadline_date_count(const struct deadline *deadline)
{
    size_t count = 0;

    for (size_t i = 0; i < deadline->step_count; i++)
        count += deadline->steps[i].has_date ? 1 : 0;
    return count;
}

const struct term *deadline_date(const struct deadline *deadline, size_t index)
{
    if (!deadline->steps[0].has_date)
        index++;
    return &deadline->steps[index].date;
}

struct instant deadline_next_working_day(const struct calendar *calendar, struct instant received_at)
{
    return calendar_alarm_at(calendar_add_working_days(calendar, civil_day_of(received_at), 1));
}

static struct civil_day prompt_day(const struct calendar *calendar, struct instant received_at)
{
    struct civil_day day = civil_day_of(received_at);

    if (calendar_is_working_day(calendar, day) && civil_minute_of(received_at) < PROMPT_UNTIL_MINUTE)
        return day;
    return calendar_add_working_days(calendar, day, 1);
}

/* The day that is counted from: the date of the step, or the day of receipt. */
struct civil_day deadline_start_day(const struct deadline_step *step, struct term_scope *scope)
{
    struct value date;

    if (!step->has_date)
        return civil_day_of(scope->input->received_at);
    date = term_value(&step->date, scope);
    return date.kind == VALUE_DAY ? date.day : civil_day_of(date.at);
}

/* The first day of that age: for who was born on 29 February, 1 March. */
static struct civil_day birthday(struct civil_day born, int age)
{
    struct civil_day day = civil_add_months(born, 12 * age);

    return civil_age(born, day) < age ? civil_add_days(day, 1) : day;
}

/* The day that the count gives, before it is moved back to a working day. */
struct civil_day deadline_counted_day(const struct deadline_step *step, const struct calendar *calendar,
                                      struct civil_day start)
{
    switch (step->way) {
    case DUE_WORKING_DAYS_AFTER:
        return calendar_add_working_days(calendar, start, step->count);
    case DUE_WORKING_DAYS_BEFORE:
        return calendar_add_working_days(calendar, start, -step->count);
    case DUE_DAYS_BEFORE:
        return civil_add_days(start, -step->count);
    case DUE_MONTHS_BEFORE:
        return civil_add_months(start, -step->count);
    case DUE_MONTHS_AFTER:
        return civil_add_months(start, step->count);
    case DUE_DAYS_AFTER:
        return civil_add_days(start, step->count);
    case DUE_YEARS_AFTER:
        return birthday(start, step->count);
    default:
        return start;
    }
}

bool deadline_moves_back(const struct deadline_step *step)
{
    return step->way != DUE_DAYS_AFTER && step->way != DUE_YEARS_AFTER;
}

static void compute_instant(const struct deadline_step *step, const struct calendar *calendar,
                            struct term_scope *scope, struct deadline_due *due)
{
    struct instant received_at = scope->input->received_at;

    due->from_receipt = true;
    due->immediate = step->way == DUE_IMMEDIATE;
    if (step->way == DUE_BEFORE_INSTANT) {
        due->at = term_value(&step->date, scope).at;
        due->immediate = instant_compare(due->at, deadline_next_working_day(calendar, received_at)) < 0;
    }
    if (due->immediate)
        due->at = instant_add_seconds(received_at, IMMEDIATE_SECONDS);
}

static void compute_day(const struct deadline_step *step, const struct calendar *calendar,
                        struct term_scope *scope, struct deadline_due *due)
{
    struct civil_day day;

    due->from_receipt = !step->has_date;
    if (step->way == DUE_PROMPT) {
        day = prompt_day(calendar, scope->input->received_at);
    } else {
        day = deadline_counted_day(step, calendar, deadline_start_day(step, scope));
        if (deadline_moves_back(step))
            day = calendar_back_to_working_day(calendar, day);
    }
    due->at = calendar_alarm_at(day);
}

static void compute_step(const struct deadline_step *step, const struct calendar *calendar,
                         struct term_scope *scope, struct deadline_due *ret)
{
    *ret = (struct deadline_due){.at = INSTANT_NONE};
    if (step->has_date && term_value(&step->date, scope).kind == VALUE_UNKNOWN)
        return;
    ret->known = true;
    if (step->way == DUE_IMMEDIATE || step->way == DUE_BEFORE_INSTANT)
        compute_instant(step, calendar, scope, ret);
    else
        compute_day(step, calendar, scope, ret);
    ret->provisional = !calendar_covers(calendar, civil_day_of(ret->at));
}

const struct deadline_step *deadline_chosen_step(const struct deadline *deadline, struct term_scope *scope)
{
    enum truth truth = deadline->condition == NULL ? TRUTH_TRUE : expr_eval(deadline->condition, scope);

    return truth == TRUTH_UNKNOWN ? NULL : &deadline->steps[truth == TRUTH_TRUE ? 0 : 1];
}

void deadline_compute(const struct deadline *deadline, const struct calendar *calendar,
                      struct term_scope *scope, struct deadline_due *ret)
{
    const struct deadline_step *step = deadline_chosen_step(deadline, scope);
    struct deadline_due other;

    if (step != NULL) {
        compute_step(step, calendar, scope, ret);
        return;
    }
    /* Which clock is unknown: the earlier instant stands for it, and says that it is not known. */
    compute_step(&deadline->steps[0], calendar, scope, ret);
    compute_step(&deadline->steps[1], calendar, scope, &other);
    ret->at = instant_earlier(ret->at, other.at);
    ret->known = false;
}

void deadline_unknown(const struct deadline *deadline, struct term_scope *scope, expr_line_fn *line,
                      void *cookie)
{
    const struct deadline_step *step = deadline_chosen_step(deadline, scope);

    if (step == NULL)
        expr_unknown(deadline->condition, scope, line, cookie);
    else if (step->has_date && term_value(&step->date, scope).kind == VALUE_UNKNOWN)
        line(cookie, step->date.asks, strlen(step->date.asks));
}

static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};

static void print_day(struct civil_day day, struct buf *out)
{
    char text[CIVIL_TEXT_SIZE];

    buf_text(out, weekdays[civil_weekday(day)]);
    buf_char(out, ' ');
    buf_text(out, civil_print(day, text));
}

static void print_number(int number, struct buf *out)
{
    if (number >= 10)
        print_number(number / 10, out);
    buf_char(out, (char)('0' + number % 10));
}

/* "Sat 1 June" */
static void print_short_day(struct civil_day day, struct buf *out)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int year;
    int month;
    int day_of_month;

    civil_split(day, &year, &month, &day_of_month);
    buf_append(out, weekdays[civil_weekday(day)], 3);
    buf_char(out, ' ');
    print_number(day_of_month, out);
    buf_char(out, ' ');
    buf_text(out, months[month - 1]);
}

static bool is_week_end(struct civil_day day)
{
    return civil_weekday(day) >= 5;
}

/* Up to four days are named; of more, the week-ends are not. */
static void print_not_counted(const struct calendar *calendar, struct civil_day from, struct civil_day to,
                              struct buf *out)
{
    const char *before = "; not counted: ";
    int count = 0;

    for (struct civil_day day = civil_add_days(from, 1); day.number < to.number; day.number++)
        count += calendar_is_working_day(calendar, day) ? 0 : 1;
    if (count > NAMED_MOST) {
        buf_text(out, "; not counted: week-ends");
        before = ", ";
    }
    for (struct civil_day day = civil_add_days(from, 1); day.number < to.number; day.number++) {
        if (calendar_is_working_day(calendar, day) || (count > NAMED_MOST && is_week_end(day)))
            continue;
        buf_text(out, before);
        print_short_day(day, out);
        before = ", ";
    }
}

static void print_count(const struct deadline_step *step, struct buf *out)
{
    static const char *const units[] = {
        [DUE_WORKING_DAYS_AFTER] = "working day",
        [DUE_WORKING_DAYS_BEFORE] = "working day",
        [DUE_DAYS_BEFORE] = "day",
        [DUE_MONTHS_BEFORE] = "month",
        [DUE_MONTHS_AFTER] = "month",
        [DUE_DAYS_AFTER] = "day",
        [DUE_YEARS_AFTER] = "year",
    };
    bool before = step->way == DUE_WORKING_DAYS_BEFORE || step->way == DUE_DAYS_BEFORE ||
                  step->way == DUE_MONTHS_BEFORE;

    print_number(step->count, out);
    buf_char(out, ' ');
    buf_text(out, units[step->way]);
    buf_text(out, step->count == 1 ? "" : "s");
    buf_text(out, before ? " before " : " after ");
}

static void explain_count(const struct deadline_step *step, const struct calendar *calendar,
                          struct term_scope *scope, struct buf *out)
{
    struct civil_day start = deadline_start_day(step, scope);
    struct civil_day counted = deadline_counted_day(step, calendar, start);
    struct civil_day moved =
        deadline_moves_back(step) ? calendar_back_to_working_day(calendar, counted) : counted;

    print_count(step, out);
    print_day(start, out);
    buf_text(out, " (");
    buf_text(out, step->has_date ? step->date.name : "receipt");
    buf_char(out, ')');
    if (step->way == DUE_WORKING_DAYS_AFTER)
        print_not_counted(calendar, start, counted, out);
    if (step->way == DUE_WORKING_DAYS_BEFORE)
        print_not_counted(calendar, counted, start, out);
    if (moved.number != counted.number) {
        buf_text(out, " is ");
        print_day(counted, out);
        buf_text(out, ", moved back to a working day");
    }
}

static void explain_step(const struct deadline_step *step, const struct calendar *calendar,
                         struct term_scope *scope, const struct deadline_due *due, struct buf *out)
{
    switch (step->way) {
    case DUE_IMMEDIATE:
        buf_text(out, "immediate: 60 minutes after receipt, any hour");
        break;
    case DUE_PROMPT:
        buf_text(out, "prompt: the same working day if received before 17:00, else the next");
        break;
    case DUE_BEFORE_INSTANT:
        buf_text(out, "before ");
        buf_text(out, step->date.name);
        if (due->immediate)
            buf_text(out, ", which is less than one working day away: immediate, 60 minutes after receipt");
        break;
    default:
        explain_count(step, calendar, scope, out);
        break;
    }
}

static void print_two_digits(int number, struct buf *out)
{
    buf_char(out, (char)('0' + number / 10));
    buf_char(out, (char)('0' + number % 10));
}

void deadline_explain(const struct deadline *deadline, const struct calendar *calendar,
                      struct term_scope *scope, const struct deadline_due *due, struct buf *out)
{
    const struct deadline_step *step = deadline_chosen_step(deadline, scope);
    int minute = civil_minute_of(due->at);
    char text[CIVIL_TEXT_SIZE];

    buf_text(out, "due ");
    buf_text(out, civil_print(civil_day_of(due->at), text));
    buf_char(out, ' ');
    print_two_digits(minute / 60, out);
    buf_char(out, ':');
    print_two_digits(minute % 60, out);
    buf_text(out, " Europe/London: ");
    if (step != NULL)
        explain_step(step, calendar, scope, due, out);
    if (due->provisional)
        buf_text(out, "; provisional: the calendar of bank holidays does not reach that day");
}
