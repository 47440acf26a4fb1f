/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_because.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decide_court.h"
#include "timeline_load.h"
#include "timeline_source.h"
#include "told/explain.h"

static bool find_event(struct toldctl_subject *subject, int64_t event_id)
{
    for (size_t i = 0; i < subject->timeline.count; i++)
        if (subject->timeline.events[i].event_id == event_id && subject->timeline.events[i].event) {
            subject->index = i;
            return true;
        }
    return false;
}

int toldctl_because_open(struct toldctl *ctl, int64_t child_id, int64_t event_id, struct instant as_of,
                         struct toldctl_subject *ret)
{
    *ret = (struct toldctl_subject){0};
    if (!timeline_load(&ret->timeline, ctl->pg, child_id))
        return toldctl_database_code(ctl);
    if (!find_event(ret, event_id))
        return toldctl_refuse(EX_DATAERR, "event %" PRId64 " cannot be read, or is not of this child", event_id);
    if (!instant_is_none(as_of))
        timeline_as_of(&ret->timeline, as_of);
    const struct timeline_event *e = &ret->timeline.events[ret->index];
    timeline_view(&ret->timeline, ret->index, &ret->view);
    ret->input = (struct decide_input){.authority = ctl->config->authority,
                                       .received_at = e->received_at,
                                       .event = e->event,
                                       .facts = ret->view.facts,
                                       .history = ret->view.history,
                                       .history_count = ret->view.history_count};
    decide_court_facts(ctl->config, e->event, &ret->input);
    return 0;
}

void toldctl_because_release(struct toldctl_subject *subject)
{
    timeline_view_release(&subject->view);
    timeline_release(&subject->timeline);
}

static void add_sources(const struct toldctl_subject *subject, json_t *conditions)
{
    json_t *test, *name;
    size_t i, k;
    json_array_foreach(conditions, i, test)
        json_array_foreach(json_object_get(test, "names"), k, name)
            json_object_set_new(name, "source",
                                timeline_source(&subject->timeline, subject->index, &subject->input,
                                                json_text_at(name, "name")));
}

static const char *title_of(const json_t *holidays, const char *day)
{
    const json_t *one;
    size_t i;
    json_array_foreach(holidays, i, one)
        if (json_text_at(one, "date") && strcmp(json_text_at(one, "date"), day) == 0)
            return json_text_at(one, "title");
    return NULL;
}

static void add_titles(json_t *days, const json_t *holidays)
{
    json_t *one;
    size_t i;
    json_array_foreach(days, i, one) {
        const char *title = title_of(holidays, json_text_at(one, "on"));
        if (title)
            json_object_set_new(one, "title", json_string(title));
    }
}

json_t *toldctl_because(const struct toldctl_subject *subject, const struct rule *rule, const struct calendar *calendar,
                        const char *calendar_text)
{
    json_t *because = explain_rule(rule, calendar, &subject->input), *clock, *also;
    size_t i;
    if (!because)
        return NULL;
    json_object_set_new(because, "rule", json_string(rule_name(rule)));
    add_sources(subject, json_object_get(because, "conditions"));
    json_array_foreach(json_object_get(because, "also"), i, also)
        add_sources(subject, json_object_get(also, "conditions"));
    clock = json_object_get(because, "clock");
    add_sources(subject, json_object_get(clock, "conditions"));
    const char *from = json_text_at(clock, "from");
    if (from && strcmp(from, "receipt") != 0)
        json_object_set_new(clock, "source", timeline_source(&subject->timeline, subject->index, &subject->input, from));
    json_t *published = calendar_text ? json_loads(calendar_text, 0, NULL) : NULL;
    const json_t *holidays = json_object_get(json_object_get(published, "england-and-wales"), "events");
    add_titles(json_object_get(clock, "skipped"), holidays);
    add_titles(json_object_get(clock, "moved_back"), holidays);
    json_decref(published);
    return because;
}

json_t *toldctl_because_rule(const struct rule *rule)
{
    static const char *const forms[] = {
        [RULE_TELLS] = "tells", [RULE_RECORDS] = "records", [RULE_STANDS] = "started by nothing"};
    return json_pack("{ss ss ss ss* ss* ss* ss* ss* ss ss si sb ss ss* so}", "name", rule_name(rule), "duty", rule_duty(rule),
                     "title", rule_title(rule), "says", rule_says(rule), "when", rule_when(rule), "within",
                     rule_within(rule), "as_of", *rule_as_of(rule) ? rule_as_of(rule) : NULL, "closes", rule_closes(rule),
                     "cites", rule_cites(rule), "file", rule_file(rule),
                     "line", rule_line(rule), "enabled", rule_is_enabled(rule) ? 1 : 0, "form", forms[rule_form(rule)],
                     "reason", rule_reason(rule), "on", explain_types(rule));
}

/* ---- for people ---- */

const char *toldctl_because_time(const json_t *instant, char out[TOLDCTL_TIME_SIZE])
{
    struct instant at;
    if (!json_is_string(instant) || !instant_parse(json_string_value(instant), &at))
        return strcpy(out, "-");
    return toldctl_local_time(at, out);
}

void toldctl_because_print_rule(const json_t *rule)
{
    static const char *const parts[] = {"title", "when", "within", "as_of", "closes", "cites", "reason"};
    printf("rule %s (%s:%lld)\n", json_text_at(rule, "name"), json_text_at(rule, "file"),
           (long long)json_integer_value(json_object_get(rule, "line")));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_text_at(rule, parts[i]) && *json_text_at(rule, parts[i]))
            printf("  %-10s %s\n", parts[i], json_text_at(rule, parts[i]));
}

static const char *truth_text(const json_t *truth)
{
    return json_is_null(truth) ? "unknown" : json_is_true(truth) ? "yes" : "no";
}

static void print_source(const json_t *source)
{
    char from[TOLDCTL_TIME_SIZE], got[TOLDCTL_TIME_SIZE];
    const json_t *received = json_object_get(source, "received_at");
    printf("%s", json_text_at(source, "text"));
    if (json_object_get(source, "valid_from"))
        printf(", holds from %s, %s %s", toldctl_because_time(json_object_get(source, "valid_from"), from),
               received ? "received" : "recorded",
               toldctl_because_time(received ? received : json_object_get(source, "recorded_at"), got));
}

static void print_conditions(const json_t *conditions)
{
    const json_t *test, *name;
    size_t i, k;
    json_array_foreach(conditions, i, test) {
        printf("  %-10s %s%s\n", truth_text(json_object_get(test, "holds")), json_text_at(test, "test"),
               json_is_true(json_object_get(test, "decides")) ? "  (this decided)" : "");
        json_array_foreach(json_object_get(test, "names"), k, name) {
            const char *value = json_text_at(name, "value");
            printf("  %-10s %s is %s: ", "", json_text_at(name, "name"), value ? value : "unknown");
            print_source(json_object_get(name, "source"));
            printf("\n");
        }
    }
}

static void print_day(const char *label, const char *text, const char *because, const char *title)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    struct civil_day day;
    if (!text || !civil_parse(text, &day))
        return;
    printf("  %-10s %s %s", label, names[civil_weekday(day)], text);
    if (because)
        printf(": %s", because);
    if (title)
        printf(", %s", title);
    printf("\n");
}

static void print_days(const char *label, const json_t *days)
{
    const json_t *one;
    size_t i;
    json_array_foreach(days, i, one)
        if (json_is_string(one))
            print_day(label, json_string_value(one), NULL, NULL);
        else
            print_day(label, json_text_at(one, "on"), json_text_at(one, "because"), json_text_at(one, "title"));
}

static void print_clock(const json_t *clock)
{
    const char *text = json_text_at(clock, "text"), *from = json_text_at(clock, "from");
    printf("clock %s\n", json_text_at(clock, "within"));
    print_conditions(json_object_get(clock, "conditions"));
    printf("  %-10s %s\n", "", text ? text : "cannot be worked out: see what is unknown");
    if (from)
        print_day("from", json_text_at(clock, "on"), from, NULL);
    if (json_object_get(clock, "source")) {
        printf("  %-10s ", "");
        print_source(json_object_get(clock, "source"));
        printf("\n");
    }
    print_days("counted", json_object_get(clock, "counted"));
    print_days("skipped", json_object_get(clock, "skipped"));
    print_days("moved back", json_object_get(clock, "moved_back"));
}

void toldctl_because_print(const json_t *because)
{
    const json_t *also, *unknown = json_object_get(because, "unknown"), *name;
    size_t i;
    printf("conditions of %s: %s\n", json_text_at(because, "rule"), truth_text(json_object_get(because, "holds")));
    print_conditions(json_object_get(because, "conditions"));
    json_array_foreach(json_object_get(because, "also"), i, also) {
        printf("also %s, when %s: %s\n", json_text_at(also, "role"), json_text_at(also, "when"),
               truth_text(json_object_get(also, "holds")));
        print_conditions(json_object_get(also, "conditions"));
    }
    json_array_foreach(unknown, i, name)
        printf("%s%s%s", i ? " " : "not known: ", json_string_value(name), i + 1 == json_array_size(unknown) ? "\n" : "");
    if (!json_is_false(json_object_get(because, "holds")) && json_object_get(because, "clock"))
        print_clock(json_object_get(because, "clock"));
}
