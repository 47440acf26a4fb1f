/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With the shipped rules, of which there are more than a hundred. A decision has the event as ingest parsed it and the
 * facts as the timeline gives them; its ceiling is what reading the same kibibyte of JSON costs. The ceiling of a
 * deadline is bare arithmetic of working days: the same number of them, from the same days.
 */
#include "bench_core.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/deadline.h"
#include "../../lib/event_slots.h"
#include "../../lib/protocol_index.h"
#include "../../lib/rule.h"
#include "bench_feed.h"
#include "told/mem.h"
#include "whole_file.h"

enum { ROUNDS = 5, DECISIONS = 100000, PARSES = 50000, EVENT_LEN = 1024, FIRST_YEAR = 2030, YEARS = 50 };

struct core {
    struct protocol *protocol;
    struct calendar *calendar; /* made up, of the fifty years */
    char *charge;              /* a kibibyte */
};

static char *read_file(const char *path)
{
    char *text = whole_file(path, NULL);

    if (text == NULL) {
        fprintf(stderr, "bench: %s cannot be read; run it from the top of the tree\n", path);
        abort();
    }
    return text;
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "bench: %s:%d: %s\n", file, line, text);
}

static struct protocol *read_rules(void)
{
    struct protocol_file files[] = {{.name = "conf/protocol/southwark.conf"}, {.name = "conf/protocol/secure-estate.conf"}};
    char *texts[2];
    struct protocol *protocol;

    for (int i = 0; i < 2; i++) {
        files[i].text = texts[i] = read_file(files[i].name);
        files[i].len = strlen(texts[i]);
    }
    protocol = protocol_parse(files, 2, on_fault, NULL);
    if (protocol == NULL)
        abort();
    free(texts[0]);
    free(texts[1]);
    return protocol;
}

/* Ten holidays a year, on days of a seed. */
static struct calendar *make_calendar(void)
{
    struct buf text = {0};
    unsigned seed = 12345;
    char *reason = NULL;
    struct calendar *calendar;

    buf_text(&text, "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":[");
    for (int i = 0; i < YEARS * 10; i++) {
        seed = seed * 1664525 + 1013904223;
        buf_printf(&text, "%s{\"title\":\"Made up\",\"date\":\"%04d-%02d-%02u\"}", i > 0 ? "," : "", FIRST_YEAR + i / 10,
                   1 + i % 10, 1 + (seed >> 16) % 28);
    }
    buf_text(&text, "]}}");
    calendar = calendar_parse(text.bytes, text.len, &reason);
    if (calendar == NULL)
        abort();
    buf_release(&text);
    return calendar;
}

static char *make_charge(void)
{
    struct buf b = {0};

    buf_text(&b, "{\"specversion\":\"1.0\",\"id\":\"charge-1\",\"source\":\"police/mps\",\"type\":\"police.charge\","
                 "\"time\":\"2030-05-31T10:00:00Z\",\"data\":{\"person\":{\"identifiers\":{\"pnc\":\"2029/0000001A\"},"
                 "\"born_on\":\"2015-05-31\"},\"case\":\"01MP1000130\",\"charged_on\":\"2030-05-31\",\"authority\":\"southwark\","
                 "\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false,"
                 "\"first_hearing\":{\"court\":\"camberwell-youth-court\",\"at\":\"2030-06-20T09:00:00Z\"},"
                 "\"offences\":[{\"code\":\"TH68010\",\"title\":\"");
    while (b.len < EVENT_LEN - 6)
        buf_char(&b, 'x');
    buf_text(&b, "\"}]}}");
    return buf_take(&b);
}

static struct facts *make_facts(void)
{
    json_t *known = json_pack("{ss ss sb sb ss sb sb ss ss sb sb sb sb}", "born_on", "2015-05-31", "looked_after_basis", "s20",
                              "in_need", 1, "protection_plan", 0, "care_leaver", "none", "open_to_social_care", 1, "open_to_yos",
                              1, "home_authority", "southwark", "placement_authority", "croydon", "in_custody", 0, "sentenced", 0,
                              "vulnerable", 0, "estranged", 0);
    struct facts *facts = facts_new();
    const char *field;
    json_t *value;

    json_object_foreach(known, field, value)
        facts_set(facts, field, value);
    json_decref(known);
    facts_allocate(facts, "social-worker", "p-1");
    facts_allocate(facts, "yos-worker", "p-2");
    return facts;
}

static struct event *parse(const char *text, size_t len)
{
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(text, len, &fault, &reason);

    if (event == NULL) {
        fprintf(stderr, "bench: %s\n", reason);
        abort();
    }
    return event;
}

static double a_second(long count, int64_t from_us)
{
    return (double)count * 1e6 / (double)(bench_feed_now_us() - from_us);
}

static double measure_parse(const struct core *core)
{
    int64_t from_us = bench_feed_now_us();
    size_t len = strlen(core->charge);

    for (int i = 0; i < PARSES; i++) {
        json_t *json = json_loadb(core->charge, len, JSON_REJECT_DUPLICATES, NULL);

        if (json == NULL)
            abort();
        json_decref(json);
    }
    return a_second(PARSES, from_us);
}

static double measure_decide(const struct core *core)
{
    struct event *event = parse(core->charge, strlen(core->charge));
    struct facts *facts = make_facts();
    struct decide_input input = {.authority = "southwark", .event = event, .facts = facts, .received_at = event_time(event),
                                 .court_is_host = TRUTH_TRUE, .court_is_our_day = TRUTH_TRUE};
    int64_t from_us = bench_feed_now_us();
    double rate;

    for (int i = 0; i < DECISIONS; i++) {
        struct decision decision;

        decide(core->protocol, core->calendar, &input, &decision);
        if (decision.duty_count == 0)
            abort();
        decision_release(&decision);
    }
    rate = a_second(DECISIONS, from_us);
    event_free(event);
    facts_free(facts);
    return rate;
}

/* An event is immutable for everybody else; parsing one for each day would be all that is measured. */
static void set_dates(const struct event *event, struct civil_day day, struct instant at)
{
    const struct field_type *type = field_type_at((size_t)event_type_index(event));

    for (unsigned i = 0; i < type->count; i++) {
        struct value *slot = (struct value *)(uintptr_t)event_slot(event, i);

        if (type->fields[i].kind == VALUE_DAY)
            *slot = (struct value){.kind = VALUE_DAY, .day = day};
        else if (type->fields[i].kind == VALUE_INSTANT)
            *slot = (struct value){.kind = VALUE_INSTANT, .at = at};
    }
}

static struct event *make_bare(const char *type)
{
    char *text = mem_printf("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"%s\",\"time\":"
                            "\"2030-01-01T10:00:00Z\",\"data\":{\"person\":{}}}", type);
    struct event *event = parse(text, strlen(text));

    free(text);
    return event;
}

/* Of one rule for one type of event: as many deadlines as there are days. Returns how many. */
static long count_years(const struct core *core, const struct rule_arm *arm, struct event *dates)
{
    struct event *event = make_bare(field_type_at((size_t)arm->type_index)->name);
    struct decide_past past = {.event = dates};
    struct decide_input input = {.authority = "southwark", .event = event, .history = &past, .history_count = 1};
    struct civil_day day = civil_day_of_date(FIRST_YEAR, 1, 1), end = civil_day_of_date(FIRST_YEAR + YEARS, 1, 1);
    long count = 0;

    for (; day.number < end.number; day = civil_add_days(day, 1), count++) {
        struct deadline_due due;
        struct term_scope scope;

        input.received_at = civil_instant(day, 10, 0);
        set_dates(event, civil_add_days(day, 60), civil_instant(civil_add_days(day, 60), 9, 30));
        set_dates(dates, civil_add_days(day, 60), input.received_at);
        term_scope_init(&scope, &input);
        deadline_compute(arm->within, core->calendar, &scope, &due);
        if (instant_is_none(due.at))
            abort();
    }
    event_free(event);
    return count;
}

/* Milliseconds; *ret_count deadlines were worked out. */
static double measure_years(const struct core *core, long *ret_count)
{
    struct event *dates = make_bare("custody.release-dates");
    int64_t from_us = bench_feed_now_us();

    *ret_count = 0;
    for (size_t i = 0; i < protocol_count(core->protocol); i++) {
        const struct rule *rule = protocol_rule(core->protocol, i);

        for (size_t k = 0; k < rule->arm_count; k++)
            if (rule->arms[k].within != NULL)
                *ret_count += count_years(core, &rule->arms[k], dates);
    }
    event_free(dates);
    return (double)(bench_feed_now_us() - from_us) / 1e3;
}

static double measure_days(const struct core *core, long count)
{
    int64_t from_us = bench_feed_now_us();
    int days = civil_day_of_date(FIRST_YEAR + YEARS, 1, 1).number - civil_day_of_date(FIRST_YEAR, 1, 1).number;
    struct civil_day from = civil_day_of_date(FIRST_YEAR, 1, 1);

    for (long i = 0; i < count; i++) {
        struct civil_day day = civil_add_days(from, (int)(i % days));

        if (instant_is_none(calendar_alarm_at(calendar_add_working_days(core->calendar, day, 1))))
            abort();
    }
    return (double)(bench_feed_now_us() - from_us) / 1e3;
}

void bench_core(const struct bench_figure *to)
{
    struct core core = {.protocol = read_rules(), .calendar = make_calendar(), .charge = make_charge()};
    double decided[ROUNDS], parsed[ROUNDS], years[ROUNDS], days[ROUNDS], ceiling;
    long count = 0;

    for (int i = 0; i < ROUNDS; i++) {
        parsed[i] = measure_parse(&core);
        decided[i] = measure_decide(&core);
        years[i] = measure_years(&core, &count);
        days[i] = measure_days(&core, count);
    }
    ceiling = bench_figure_median(parsed, ROUNDS);
    bench_figure_rate(to, "decisions-1-KiB", bench_figure_median(decided, ROUNDS), "decisions/s", ceiling, "jansson-parse-1-KiB");
    bench_figure_plain(to, "jansson-parse-1-KiB", ceiling, "events/s");
    ceiling = bench_figure_median(days, ROUNDS);
    bench_figure_latency(to, "deadlines-of-50-years", bench_figure_median(years, ROUNDS), ceiling, "working-days-of-50-years");
    bench_figure_plain(to, "working-days-of-50-years", ceiling, "ms");
    bench_figure_plain(to, "deadlines-in-50-years", (double)count, "deadlines");
    protocol_free(core.protocol);
    calendar_free(core.calendar);
    free(core.charge);
}
