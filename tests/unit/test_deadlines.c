/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every clock of the shipped rules, started on every day of 2012 to 2028 and of fifty years of a made-up calendar: what
 * must hold of each due instant whatever the day. Days are counted one by one here, as slowly as a person would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/deadline_step.h"
#include "../../lib/event_slots.h"
#include "../../lib/rule.h"
#include "written_case.h"

enum { CLOCKS_MOST = 40, HOUR = 3600, ALARM_MINUTE = 17 * 60 };

/* One distinct clock, and the event whose date it counts from. */
struct clock {
    struct deadline alone; /* its one step; the term is the rule's own */
    const char *rule;
    struct event *event; /* decided */
    struct event *dates; /* in its history; NULL: no release date is needed */
    struct facts *facts; /* NULL: it counts from no birthday */
    struct value *date;  /* what is set to each day; NULL: it counts from receipt */
};

struct clocks {
    struct clock list[CLOCKS_MOST];
    size_t count;
};

static struct event *make_event(const char *type, const char *data)
{
    char *text = event_text("e-1", "2012-01-01T00:00:00Z", type, data);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event;

    quote(text);
    event = event_parse(text, strlen(text), &fault, &reason);
    if (event == NULL)
        fail_msg("%s: %s", text, reason);
    free(text);
    return event;
}

/* An event is immutable for everybody else; parsing one for each of a million days would only be slower. */
static struct value *open_slot(const struct event *event, unsigned slot)
{
    return (struct value *)(uintptr_t)event_slot(event, slot);
}

/* The event states the date that the clock counts from: "event.on", "event.first_hearing.at", "release.on". */
static void make_date(struct clock *clock, const char *type)
{
    const struct term *term = &clock->alone.steps[0].date;
    const char *dot = term->from == TERM_EVENT ? strchr(term->name + strlen("event."), '.') : NULL;
    const char *value = term->kind == VALUE_DAY ? "2012-01-01" : "2012-01-01T00:00:00Z";
    char *data;

    if (term->from == TERM_CHILD) {
        clock->event = make_event(type, "");
        clock->facts = facts_new();
        clock->date = mem_new(sizeof *clock->date);
        return;
    }
    if (term->from != TERM_EVENT) {
        clock->event = make_event(type, "");
        clock->dates = make_event("custody.release-dates", "'early_on':'2012-01-01','early_entitled':true");
        clock->date = open_slot(clock->dates, 0);
        return;
    }
    if (dot == NULL)
        data = mem_printf("'%s':'%s'", term->name + strlen("event."), value);
    else
        data = mem_printf("'%.*s':{'%s':'%s'}", (int)(dot - term->name - 6), term->name + 6, dot + 1, value);
    clock->event = make_event(type, data);
    clock->date = open_slot(clock->event, term->slot);
    free(data);
}

static bool is_same(const struct deadline_step *a, const struct deadline_step *b)
{
    return a->way == b->way && a->count == b->count && a->has_date == b->has_date &&
           (!a->has_date || strcmp(a->date.name, b->date.name) == 0);
}

static void add_step(struct clocks *clocks, const struct rule *rule, int type_index, const struct deadline_step *step)
{
    const char *type = field_type_at((size_t)type_index)->name;
    struct clock *clock = &clocks->list[clocks->count];

    for (size_t i = 0; i < clocks->count; i++)
        if (is_same(&clocks->list[i].alone.steps[0], step))
            return;
    assert_true(clocks->count < CLOCKS_MOST);
    *clock = (struct clock){.alone = {.steps = {*step}, .step_count = 1}, .rule = rule_name(rule)};
    if (step->has_date)
        make_date(clock, type);
    else
        clock->event = make_event(type, "");
    clocks->count++;
}

static struct clocks collect(const struct protocol *protocol)
{
    struct clocks clocks = {0};

    for (size_t i = 0; i < protocol_count(protocol); i++) {
        const struct rule *rule = protocol_rule(protocol, i);

        for (size_t k = 0; rule->form == RULE_TELLS && k < rule->arm_count; k++)
            for (size_t n = 0; n < rule->arms[k].within->step_count; n++)
                add_step(&clocks, rule, rule->arms[k].type_index, &rule->arms[k].within->steps[n]);
        for (size_t k = 0; rule->watch != NULL && k < rule->watch->arm_count; k++)
            add_step(&clocks, rule, rule->watch->arms[k].type_index, &rule->watch->arms[k].at->steps[0]);
    }
    return clocks;
}

static void release(struct clocks *clocks)
{
    for (size_t i = 0; i < clocks->count; i++) {
        event_free(clocks->list[i].event);
        event_free(clocks->list[i].dates);
        if (clocks->list[i].facts != NULL)
            free(clocks->list[i].date);
        facts_free(clocks->list[i].facts);
    }
}

static struct deadline_due compute(const struct clock *clock, const struct calendar *calendar, struct instant received_at)
{
    struct decide_past past = {.received_at = received_at, .event = clock->dates};
    struct decide_input input = {.authority = "southwark", .received_at = received_at, .event = clock->event,
                                 .history = &past, .history_count = clock->dates == NULL ? 0 : 1};
    struct term_scope scope;
    struct deadline_due due;
    char day[CIVIL_TEXT_SIZE];
    json_t *born;

    if (clock->facts != NULL) {
        born = json_string(civil_print(clock->date->day, day));
        assert_null(facts_set(clock->facts, "born_on", born));
        json_decref(born);
        input.facts = clock->facts;
    }
    term_scope_init(&scope, &input);
    deadline_compute(&clock->alone, calendar, &scope, &due);
    return due;
}

/* Working days after `from`, up to and with `to`. */
static int count_days(const struct calendar *calendar, struct civil_day from, struct civil_day to)
{
    int count = 0;

    while (from.number < to.number) {
        from = civil_add_days(from, 1);
        count += calendar_is_working_day(calendar, from) ? 1 : 0;
    }
    return count;
}

/* The last working day on or before it. */
static struct civil_day back(const struct calendar *calendar, struct civil_day day)
{
    while (!calendar_is_working_day(calendar, day))
        day = civil_add_days(day, -1);
    return day;
}

/* Whether `due` is the day that the step gives from `start`. */
static bool is_right(const struct deadline_step *step, const struct calendar *calendar, struct civil_day start,
                     struct civil_day due)
{
    struct civil_day eve = civil_add_days(due, -1), last = civil_add_days(start, -1);

    switch (step->way) {
    case DUE_WORKING_DAYS_AFTER:
        return due.number > start.number && count_days(calendar, start, due) == step->count;
    case DUE_WORKING_DAYS_BEFORE:
        return due.number < start.number && count_days(calendar, eve, last) == step->count;
    case DUE_DAYS_BEFORE:
        return due.number == back(calendar, civil_add_days(start, -step->count)).number;
    case DUE_MONTHS_BEFORE:
        return due.number < start.number && due.number == back(calendar, civil_add_months(start, -step->count)).number;
    case DUE_MONTHS_AFTER:
        return due.number > start.number && due.number == back(calendar, civil_add_months(start, step->count)).number;
    case DUE_DAYS_AFTER:
        return due.number - start.number == step->count;
    case DUE_YEARS_AFTER:
        return civil_age(start, due) == step->count && civil_age(start, eve) == step->count - 1;
    default:
        return false;
    }
}

static void fail_at(const struct clock *clock, struct civil_day day, const char *what)
{
    char text[CIVIL_TEXT_SIZE];

    fail_msg("the clock of %s from %s: %s", clock->rule, civil_print(day, text), what);
}

/* 17:00 on the wall of a working day, and never before what it was for the start before. */
static void check_alarm(const struct clock *clock, const struct calendar *calendar, struct civil_day start,
                        const struct deadline_due *due, struct instant *latest)
{
    struct civil_day day = civil_day_of(due->at);

    if (!due->known || due->immediate)
        fail_at(clock, start, "is not known, or immediate");
    if (civil_minute_of(due->at) != ALARM_MINUTE)
        fail_at(clock, start, "not at 17:00 local");
    if (!calendar_is_working_day(calendar, day) && deadline_moves_back(&clock->alone.steps[0]))
        fail_at(clock, start, "not on a working day");
    if (due->provisional == calendar_covers(calendar, day))
        fail_at(clock, start, "provisional within the calendar, or not beyond it");
    if (instant_compare(due->at, *latest) < 0)
        fail_at(clock, start, "earlier than from the day before");
    *latest = due->at;
}

static void check_from_date(const struct clock *clock, const struct calendar *calendar, struct civil_day day,
                            struct instant *latest)
{
    struct deadline_due due;

    *clock->date = (struct value){.kind = VALUE_DAY, .day = day};
    due = compute(clock, calendar, civil_instant(day, 10, 0));
    check_alarm(clock, calendar, day, &due, latest);
    if (!is_right(&clock->alone.steps[0], calendar, day, civil_day_of(due.at)))
        fail_at(clock, day, "not the day that counting gives");
}

/* The same working day before 17:00, else the next. */
static bool is_prompt(const struct calendar *calendar, struct instant received_at, struct civil_day due)
{
    struct civil_day day = civil_day_of(received_at);

    if (calendar_is_working_day(calendar, day) && civil_minute_of(received_at) < ALARM_MINUTE)
        return due.number == day.number;
    return due.number > day.number && count_days(calendar, day, due) == 1;
}

static void check_from_receipt(const struct clock *clock, const struct calendar *calendar, struct civil_day day,
                               struct instant *latest)
{
    static const int minutes[] = {0, 90, 9 * 60, ALARM_MINUTE - 1, ALARM_MINUTE, 24 * 60 - 1};
    const struct deadline_step *step = &clock->alone.steps[0];

    for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
        struct instant received_at = civil_instant(day, minutes[i] / 60, minutes[i] % 60);
        struct deadline_due due = compute(clock, calendar, received_at);

        if (step->way == DUE_IMMEDIATE) {
            if (!due.immediate || instant_compare(due.at, instant_add_seconds(received_at, HOUR)) != 0)
                fail_at(clock, day, "not sixty minutes after receipt");
            continue;
        }
        check_alarm(clock, calendar, day, &due, latest);
        if (step->way == DUE_PROMPT ? !is_prompt(calendar, received_at, civil_day_of(due.at))
                                    : !is_right(step, calendar, day, civil_day_of(due.at)))
            fail_at(clock, day, "not the day that counting gives");
    }
}

/* The instant itself where there is time, an hour where it is less than a working day away. */
static void check_before(const struct clock *clock, const struct calendar *calendar, struct civil_day day)
{
    struct instant at = civil_instant(day, 9, 30);
    struct instant early = civil_instant(civil_add_days(day, -30), 9, 30);
    struct instant late = civil_instant(civil_add_days(day, -1), 16, 0);
    struct deadline_due due;

    *clock->date = (struct value){.kind = VALUE_INSTANT, .at = at};
    due = compute(clock, calendar, early);
    if (due.immediate || instant_compare(due.at, at) != 0)
        fail_at(clock, day, "not due at the instant itself");
    due = compute(clock, calendar, late);
    if (!due.immediate || instant_compare(due.at, instant_add_seconds(late, HOUR)) != 0)
        fail_at(clock, day, "not immediate on its eve");
}

static void check_years(const struct clocks *clocks, const struct calendar *calendar, int first_year, int last_year)
{
    struct civil_day end = civil_day_of_date(last_year, 12, 31);

    for (size_t i = 0; i < clocks->count; i++) {
        const struct clock *clock = &clocks->list[i];
        struct instant latest = {INT64_MIN};

        for (struct civil_day day = civil_day_of_date(first_year, 1, 1); day.number <= end.number;
             day = civil_add_days(day, 1)) {
            if (clock->date == NULL)
                check_from_receipt(clock, calendar, day, &latest);
            else if (clock->alone.steps[0].way == DUE_BEFORE_INSTANT)
                check_before(clock, calendar, day);
            else
                check_from_date(clock, calendar, day, &latest);
        }
    }
}

static void test_deadlines_hold_from_every_day_of_2012_to_2028(void **state)
{
    const struct shipped *shipped = *state;
    struct clocks clocks = collect(shipped->protocol);

    check_years(&clocks, shipped->calendar, 2012, 2028);
    release(&clocks);
}

static void add_holiday(struct buf *out, int year, int month, int day)
{
    buf_printf(out, "%s{\"title\":\"Made up\",\"date\":\"%04d-%02d-%02d\"}", out->len == 0 ? "" : ",", year, month, day);
}

/* Holidays of a seed, a leap day, and every fifth year a Christmas that lasts into January. */
static struct calendar *make_calendar(int first_year, int years)
{
    struct buf days = {0};
    uint32_t seed = 12345;
    char *reason = NULL, *text;
    struct calendar *calendar;

    for (int year = first_year; year < first_year + years; year++) {
        add_holiday(&days, year, 1, 1);
        if (!civil_is_none(civil_day_of_date(year, 2, 29)))
            add_holiday(&days, year, 2, 29);
        for (int month = 3; month <= 11; month++) {
            seed = seed * 1664525 + 1013904223;
            add_holiday(&days, year, month, 1 + (int)(seed >> 16) % 28);
        }
        for (int day = 25; year % 5 == 0 && day <= 31; day++)
            add_holiday(&days, year, 12, day);
    }
    text = mem_printf("{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":[%s]}}", buf_string(&days));
    calendar = calendar_parse(text, strlen(text), &reason);
    if (calendar == NULL)
        fail_msg("%s", reason);
    free(text);
    buf_release(&days);
    return calendar;
}

static void test_deadlines_hold_from_every_day_of_fifty_years_of_a_made_up_calendar(void **state)
{
    const struct shipped *shipped = *state;
    struct clocks clocks = collect(shipped->protocol);
    struct calendar *calendar = make_calendar(2030, 50);

    check_years(&clocks, calendar, 2030, 2079);
    calendar_free(calendar);
    release(&clocks);
}

/* Which clocks there are: should a new kind come, it must be checked here too. */
static void test_deadlines_are_of_every_kind_that_the_rules_use(void **state)
{
    const struct shipped *shipped = *state;
    struct clocks clocks = collect(shipped->protocol);
    bool seen[DUE_BEFORE_INSTANT + 1] = {false};

    for (size_t i = 0; i < clocks.count; i++)
        seen[clocks.list[i].alone.steps[0].way] = true;
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        assert_true(seen[i]);
    assert_true(clocks.count >= 12);
    release(&clocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines_hold_from_every_day_of_2012_to_2028),
        cmocka_unit_test(test_deadlines_hold_from_every_day_of_fifty_years_of_a_made_up_calendar),
        cmocka_unit_test(test_deadlines_are_of_every_kind_that_the_rules_use),
    };

    return cmocka_run_group_tests(tests, shipped_load, shipped_unload);
}
