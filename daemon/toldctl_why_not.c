/* SPDX-License-Identifier: Apache-2.0 */
/* why-not: what the rules of one duty made of a stored event, and what kept them from firing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "told/explain.h"
#include "toldctl_because.h"

/* clang-format off */
static const struct pg_statement read_event = {
    "why_not_event",
    "SELECT e.event_id AS event, e.type, e.source, e.id, s.state, s.reason, s.match_because, s.child_id AS child,"
    " s.retracted_by, " PG_INSTANT("e.received_at") " AS received_at, " PG_INSTANT("s.decided_at") " AS decided_at, "
    " (SELECT " PG_INSTANT("p.first_used_at") " FROM told.protocol_version p WHERE p.hash = $2) AS protocol_first_used_at"
    " FROM told.event e JOIN told.event_state s USING (event_id) WHERE e.event_id = $1",
    2};
static const struct pg_statement read_duties = {
    "why_not_duties",
    "SELECT d.duty_id AS duty, d.rule, coalesce(d.closed_as, d.state) AS state, d.protocol_hash AS protocol, "
    PG_INSTANT("d.due_at") " AS due_at FROM told.duty d JOIN told.duty_ground g USING (duty_id)"
    " WHERE g.event_id = $1 AND d.kind = 'duty' AND (d.duty = $2 OR d.rule = $2) ORDER BY d.duty_id",
    2};
static const struct pg_statement read_reviews = {
    "why_not_reviews",
    "SELECT duty_id AS review, coalesce(closed_as, state) AS state, because->'unknown' AS unknown, "
    PG_INSTANT("due_at") " AS due_at FROM told.duty WHERE event_id = $1 AND kind = 'review' AND because->'duties' ? $2"
    " ORDER BY duty_id",
    2};
/* clang-format on */

static bool is_meant(const struct rule *rule, const char *name)
{
    return strcmp(rule_duty(rule), name) == 0 || strcmp(rule_name(rule), name) == 0;
}

/* The paragraph of a rule's or duty's name, or NULL if the protocol has none of that name. */
static const char *paragraph_of(const struct protocol *protocol, const char *name)
{
    for (size_t i = 0; i < protocol_count(protocol); i++)
        if (is_meant(protocol_rule(protocol, i), name))
            return rule_duty(protocol_rule(protocol, i));
    return NULL;
}

static int add_rows(struct toldctl *ctl, const struct pg_statement *statement, const char *event, const char *name,
                    const char *key, json_t *whole)
{
    PGresult *rows = pg_run(ctl->pg, statement, (const char *[]){event, name});
    if (!rows)
        return toldctl_database_code(ctl);
    json_object_set_new(whole, key, toldctl_rows(rows));
    PQclear(rows);
    return 0;
}

/* What one rule says of the event; a rule that is not asked says why it is not. */
static json_t *rule_json(struct toldctl *ctl, const struct rule *rule, const char *type, const struct toldctl_subject *subject)
{
    json_t *one = toldctl_because_rule(rule), *because = NULL;
    bool listens = explain_listens(rule, type);
    json_object_set_new(one, "listens", json_boolean(listens));
    if (listens && subject)
        because = toldctl_because(subject, rule, ctl->config->calendar, ctl->config->calendar_text);
    if (because)
        json_object_set_new(one, "because", because);
    return one;
}

static const char *outcome_of(const json_t *rule)
{
    const char *outcome = json_text_at(json_object_get(rule, "because"), "outcome");
    return outcome ? outcome : "";
}

/* In one word; what is stored goes before what would come out now. */
static const char *answer_of(const json_t *whole)
{
    const char *state = json_text_at(whole, "state"), *answer = "does not listen";
    const json_t *one;
    size_t i;
    if (json_array_size(json_object_get(whole, "duties")) > 0)
        return "fired";
    if (strcmp(state, "decided") != 0 && strcmp(state, "review") != 0)
        return "not decided";
    json_array_foreach(json_object_get(whole, "rules"), i, one) {
        if (strcmp(outcome_of(one), "duty") == 0)
            return "would fire now";
        if (strcmp(outcome_of(one), "recorded") == 0)
            return "only recorded";
        if (strcmp(outcome_of(one), "review") == 0)
            answer = "in review";
        else if (strcmp(outcome_of(one), "no") == 0 && strcmp(answer, "in review") != 0)
            answer = "did not fire";
    }
    return answer;
}

static int add_rules(struct toldctl *ctl, const char *name, json_t *whole)
{
    struct toldctl_subject subject = {0};
    const json_t *child = json_object_get(whole, "child");
    bool known = json_is_integer(child);
    int code = known ? toldctl_because_open(ctl, json_integer_value(child),
                                            json_integer_value(json_object_get(whole, "event")), INSTANT_NONE, &subject)
                     : 0;
    json_t *rules = json_array();
    for (size_t i = 0; !code && i < protocol_count(ctl->config->protocol); i++) {
        const struct rule *rule = protocol_rule(ctl->config->protocol, i);
        if (is_meant(rule, name))
            json_array_append_new(rules, rule_json(ctl, rule, json_text_at(whole, "type"), known ? &subject : NULL));
    }
    json_object_set_new(whole, "rules", rules);
    toldctl_because_release(&subject);
    return code;
}

/* ---- for people ---- */

static void print_listens(const json_t *rule)
{
    const json_t *types = json_object_get(rule, "on"), *type;
    size_t i;
    if (!json_is_true(json_object_get(rule, "enabled"))) {
        printf("  %-10s it is switched off\n", "");
        return;
    }
    if (json_array_size(types) == 0) {
        printf("  %-10s no event starts it\n", "");
        return;
    }
    printf("  %-10s it does not listen to this type, but to:", "");
    json_array_foreach(types, i, type)
        printf(" %s", json_string_value(type));
    printf("\n");
}

static void print_rule(const json_t *rule)
{
    toldctl_because_print_rule(rule);
    if (!json_is_true(json_object_get(rule, "listens")))
        print_listens(rule);
    else if (json_object_get(rule, "because"))
        toldctl_because_print(json_object_get(rule, "because"));
}

static void print_found(const json_t *whole)
{
    const json_t *one;
    size_t i;
    char local[TOLDCTL_TIME_SIZE];
    json_array_foreach(json_object_get(whole, "duties"), i, one)
        printf("D-%lld by rule %s, %s, due %s; `toldctl why` says more\n",
               (long long)json_integer_value(json_object_get(one, "duty")), json_text_at(one, "rule"),
               json_text_at(one, "state"), toldctl_because_time(json_object_get(one, "due_at"), local));
    json_array_foreach(json_object_get(whole, "reviews"), i, one)
        printf("review D-%lld, %s, due %s\n", (long long)json_integer_value(json_object_get(one, "review")),
               json_text_at(one, "state"), toldctl_because_time(json_object_get(one, "due_at"), local));
}

static void print_whole(const json_t *whole, const char *name)
{
    const char *reason = json_text_at(whole, "reason");
    const json_t *one;
    size_t i;
    printf("%s and event %lld, %s: %s\n", name, (long long)json_integer_value(json_object_get(whole, "event")),
           json_text_at(whole, "type"), json_text_at(whole, "answer"));
    printf("  %-10s %s%s%s%s\n", "event", json_text_at(whole, "state"), reason ? ": " : "", reason ? reason : "",
           json_is_integer(json_object_get(whole, "retracted_by")) ? "; it was retracted" : "");
    if (json_is_true(json_object_get(whole, "decided_before")))
        printf("  it was decided before the protocol now in force was first used; this is what that one says\n");
    print_found(whole);
    json_array_foreach(json_object_get(whole, "rules"), i, one)
        print_rule(one);
    printf("protocol %s\n", json_text_at(whole, "protocol"));
}

/* Texts of one form sort as their instants do. */
static void add_before(json_t *whole)
{
    const char *decided = json_text_at(whole, "decided_at"), *first = json_text_at(whole, "protocol_first_used_at");
    json_object_set_new(whole, "decided_before", json_boolean(decided && first && strcmp(decided, first) < 0));
    json_object_del(whole, "protocol_first_used_at");
}

static int answer(struct toldctl *ctl, const char *event, const char *name, const char *paragraph, json_t **ret)
{
    PGresult *row = pg_run(ctl->pg, &read_event, (const char *[]){event, protocol_hash(ctl->config->protocol)});
    if (!row)
        return toldctl_database_code(ctl);
    json_t *whole = *ret = PQntuples(row) ? toldctl_row(row, 0) : NULL;
    PQclear(row);
    if (!whole)
        return toldctl_refuse(EX_DATAERR, "there is no event %s; `toldctl events` lists them", event);
    json_object_set_new(whole, "protocol", json_string(protocol_hash(ctl->config->protocol)));
    add_before(whole);
    int code = add_rows(ctl, &read_duties, event, name, "duties", whole);
    if (!code)
        code = add_rows(ctl, &read_reviews, event, paragraph, "reviews", whole);
    if (!code)
        code = add_rules(ctl, name, whole);
    if (!code)
        json_object_set_new(whole, "answer", json_string(answer_of(whole)));
    return code;
}

int toldctl_why_not(struct toldctl *ctl, int argc, char **argv)
{
    char event[24];
    int64_t number;
    json_t *whole = NULL;
    int at = toldctl_options(ctl, argc, argv, NULL, 2, 2);
    if (at < 0)
        return EX_USAGE;
    if (!toldctl_number(argv[at], &number))
        return toldctl_usage(ctl->command);
    const char *name = argv[at + 1];
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    const char *paragraph = paragraph_of(ctl->config->protocol, name);
    if (!paragraph)
        return toldctl_refuse(EX_DATAERR, "the protocol has no duty or rule of that name; `toldctl protocol` lists them");
    snprintf(event, sizeof event, "%" PRId64, number);
    code = toldctl_open_snapshot(ctl);
    if (!code)
        code = answer(ctl, event, name, paragraph, &whole);
    if (!code && ctl->json)
        toldctl_print_json(whole);
    else if (!code)
        print_whole(whole, name);
    pg_rollback(ctl->pg);
    json_decref(whole);
    return code;
}
