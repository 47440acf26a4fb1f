/* SPDX-License-Identifier: Apache-2.0 */
/* why: a duty as it was decided, under the protocol and the calendar that it pins, and who was told because of what. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/explain.h"
#include "toldctl_because.h"
#include "version_load.h"

/* clang-format off */
static const struct pg_statement read_duty = {
    "why_duty",
    "SELECT duty_id AS duty, kind, rule, duty AS paragraph, title, coalesce(closed_as, state) AS state, closed_reason,"
    " child_id AS child, case_ref AS \"case\", event_id AS event, occurrence, telling, immediate, provisional, closes,"
    " as_of::text AS as_of, met_role, met_by, " PG_INSTANT("met_at") " AS met_at, "
    PG_INSTANT("received_at") " AS received_at, " PG_INSTANT("due_at") " AS due_at, " PG_INSTANT("opened_at") " AS opened_at, "
    PG_INSTANT("told_at") " AS told_at, because AS as_written, protocol_hash, calendar_hash FROM told.duty WHERE duty_id = $1",
    1};
/* The newest that still stands comes last: that is the one the duty is on. */
static const struct pg_statement read_grounds = {
    "why_grounds",
    "SELECT g.event_id AS event, e.type, e.source, e.id, s.retracted_by, " PG_INSTANT("e.occurred_at") " AS occurred_at,"
    " substring(encode(e.body, 'escape') FROM '\"recordedtime\"\\s*:\\s*\"([0-9TtZz:.+-]+)\"') AS recorded_at, "
    PG_INSTANT("e.received_at") " AS received_at, " PG_INSTANT("g.added_at") " AS added_at FROM told.duty_ground g JOIN told.event e USING (event_id)"
    " JOIN told.event_state s USING (event_id) WHERE g.duty_id = $1"
    " ORDER BY s.retracted_by IS NULL, g.added_at, g.event_id",
    1};
static const struct pg_statement read_told = {
    "why_told",
    "SELECT notification_id AS notification, kind, role, line, step, telling, channel, recipient, state, reason, because, "
    PG_INSTANT("sent_at") " AS sent_at FROM told.notification WHERE duty_id = $1 ORDER BY notification_id",
    1};
static const struct pg_statement read_moves = {
    "why_moves",
    "SELECT " PG_INSTANT("at") " AS at, who, what, event_id AS event, detail FROM told.journal"
    " WHERE duty_id = $1 AND detail::text LIKE '%due_at%' ORDER BY journal_id",
    1};
/* clang-format on */

/* What is known of one duty while it is explained. */
struct why {
    struct toldctl *ctl;
    const char *number;
    json_t *whole; /* what is printed */
    struct protocol *protocol;
    struct calendar *calendar;
    char *calendar_text;
};

static int add_rows(struct why *why, const struct pg_statement *statement, const char *key)
{
    PGresult *rows = pg_run(why->ctl->pg, statement, (const char *[]){why->number});
    if (!rows)
        return toldctl_database_code(why->ctl);
    json_object_set_new(why->whole, key, toldctl_rows(rows));
    PQclear(rows);
    return 0;
}

/* The duty's hash gives way to an object that says what that version is; `reason` becomes its. */
static int set_version(struct why *why, const char *key, const char *hash, const char *in_force, struct instant first_used_at,
                       bool loaded, char *reason)
{
    if (!loaded && !reason)
        return toldctl_database_code(why->ctl);
    json_t *version = json_pack("{ss sb}", "hash", hash, "in_force", strcmp(hash, in_force) == 0);
    char text[INSTANT_TEXT_SIZE];
    if (!instant_is_none(first_used_at))
        json_object_set_new(version, "first_used_at", json_string(instant_print(first_used_at, text)));
    if (reason)
        json_object_set_new(version, "unreadable", json_string(reason));
    free(reason);
    json_object_set_new(why->whole, key, version);
    return 0;
}

static int load_versions(struct why *why)
{
    const struct config *config = why->ctl->config;
    const char *protocol = json_text_at(why->whole, "protocol_hash"), *calendar = json_text_at(why->whole, "calendar_hash");
    struct instant first = INSTANT_NONE;
    char *reason = NULL;
    why->protocol = version_load_protocol(why->ctl->pg, protocol, &first, &reason);
    int code = set_version(why, "protocol", protocol, protocol_hash(config->protocol), first, why->protocol != NULL, reason);
    if (code)
        return code;
    reason = NULL;
    first = INSTANT_NONE;
    why->calendar = version_load_calendar(why->ctl->pg, calendar, &first, &why->calendar_text, &reason);
    code = set_version(why, "calendar", calendar, calendar_hash(config->calendar), first, why->calendar != NULL, reason);
    json_object_del(why->whole, "protocol_hash");
    json_object_del(why->whole, "calendar_hash");
    return code;
}

static struct instant instant_of(const json_t *object, const char *key)
{
    struct instant at;
    const char *text = json_text_at(object, key);
    return text && instant_parse(text, &at) ? at : INSTANT_NONE;
}

/* A duty has its rule; a review asks for every rule of the paragraphs it names. */
static bool is_asked(const json_t *whole, const struct rule *rule, const char *type)
{
    const json_t *duties = json_object_get(json_object_get(whole, "as_written"), "duties"), *one;
    size_t i;
    if (strcmp(json_text_at(whole, "kind"), "duty") == 0)
        return strcmp(rule_name(rule), json_text_at(whole, "rule")) == 0;
    json_array_foreach(duties, i, one)
        if (strcmp(json_string_value(one), rule_duty(rule)) == 0)
            return explain_listens(rule, type);
    return false;
}

static void explain_all(struct why *why, const struct toldctl_subject *subject)
{
    json_t *explained = json_array(), *rules = json_array();
    for (size_t i = 0; i < protocol_count(why->protocol); i++) {
        const struct rule *rule = protocol_rule(why->protocol, i);
        if (!is_asked(why->whole, rule, event_type(subject->input.event)))
            continue;
        json_t *because = toldctl_because(subject, rule, why->calendar, why->calendar_text);
        json_array_append_new(rules, toldctl_because_rule(rule));
        if (because)
            json_array_append_new(explained, because);
    }
    json_object_set_new(why->whole, "rules", rules);
    json_object_set_new(why->whole, "explained", explained);
}

/* Whether deciding it once more gives the same due instant: a change of the clock since then is among the moves. */
static bool is_the_same(const json_t *whole)
{
    const json_t *first = json_array_get(json_object_get(whole, "explained"), 0);
    struct instant due = instant_of(json_object_get(first, "clock"), "due_at");
    return strcmp(json_text_at(whole, "kind"), "duty") != 0 ||
           (first && strcmp(json_text_at(first, "outcome"), "duty") == 0 &&
            instant_compare(due, instant_of(whole, "due_at")) == 0);
}

/* On the ground it stands on now, as it was known when that ground was added, from the first receipt. */
static int explain_duty(struct why *why)
{
    const json_t *grounds = json_object_get(why->whole, "grounds");
    const json_t *ground = json_array_get(grounds, json_array_size(grounds) ? json_array_size(grounds) - 1 : 0);
    if (!ground || !why->protocol || !why->calendar || !json_is_integer(json_object_get(why->whole, "child")))
        return 0; /* an alarm, a question of whose child it is, a version that cannot be read: what was written stands */
    struct toldctl_subject subject;
    int code = toldctl_because_open(why->ctl, json_integer_value(json_object_get(why->whole, "child")),
                                    json_integer_value(json_object_get(ground, "event")), instant_of(ground, "added_at"),
                                    &subject);
    if (!code) {
        subject.input.received_at = instant_earlier(subject.input.received_at, instant_of(why->whole, "received_at"));
        json_object_set(why->whole, "decided_on", json_object_get(ground, "event"));
        explain_all(why, &subject);
        json_object_set_new(why->whole, "comes_out_the_same", json_boolean(is_the_same(why->whole)));
    }
    toldctl_because_release(&subject);
    return code;
}

/* ---- for people ---- */

static void print_version(const json_t *whole, const char *key)
{
    const json_t *version = json_object_get(whole, key);
    char local[TOLDCTL_TIME_SIZE];
    printf("%s %s, first used %s%s\n", key, json_text_at(version, "hash"),
           toldctl_because_time(json_object_get(version, "first_used_at"), local),
           json_is_true(json_object_get(version, "in_force")) ? "" : ", no longer in force");
    if (json_text_at(version, "unreadable"))
        printf("  %s\n", json_text_at(version, "unreadable"));
}

static void print_head(const json_t *whole)
{
    char due[TOLDCTL_TIME_SIZE], received[TOLDCTL_TIME_SIZE], opened[TOLDCTL_TIME_SIZE], told[TOLDCTL_TIME_SIZE];
    printf("D-%lld  %s  %s\n", (long long)json_integer_value(json_object_get(whole, "duty")),
           json_text_at(whole, "paragraph"), json_text_at(whole, "title"));
    printf("  %s, due %s%s, received %s, opened %s, told %s\n", json_text_at(whole, "state"),
           toldctl_because_time(json_object_get(whole, "due_at"), due),
           json_is_true(json_object_get(whole, "provisional")) ? " (provisional)" : "",
           toldctl_because_time(json_object_get(whole, "received_at"), received),
           toldctl_because_time(json_object_get(whole, "opened_at"), opened),
           toldctl_because_time(json_object_get(whole, "told_at"), told));
}

/* A13 and A08, where the duty has them. */
static void print_standing(const json_t *whole)
{
    char met[TOLDCTL_TIME_SIZE];
    const char *as_of = json_text_at(whole, "as_of"), *role = json_text_at(whole, "met_role");
    if (as_of)
        printf("  told is whoever was allocated on %s\n", as_of);
    if (role)
        printf("  met %s by %s: %s had received it; it closes by %s\n",
               toldctl_because_time(json_object_get(whole, "met_at"), met), json_text_at(whole, "met_by"), role,
               json_text_at(whole, "closes"));
}

static void print_grounds(const json_t *whole)
{
    const json_t *one;
    size_t i;
    char local[TOLDCTL_TIME_SIZE], happened[TOLDCTL_TIME_SIZE], recorded[TOLDCTL_TIME_SIZE];
    json_array_foreach(json_object_get(whole, "grounds"), i, one)
        printf("ground event %lld, %s from %s (%s), happened %s%s%s, received %s%s\n",
               (long long)json_integer_value(json_object_get(one, "event")), json_text_at(one, "type"),
               json_text_at(one, "source"), json_text_at(one, "id"),
               toldctl_because_time(json_object_get(one, "occurred_at"), happened),
               json_text_at(one, "recorded_at") ? ", recorded by the sender " : "",
               json_text_at(one, "recorded_at") ? toldctl_because_time(json_object_get(one, "recorded_at"), recorded) : "",
               toldctl_because_time(json_object_get(one, "received_at"), local),
               json_is_integer(json_object_get(one, "retracted_by")) ? ", retracted" : "");
}

static void print_told(const json_t *whole)
{
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(whole, "notifications"), i, one) {
        const char *who = json_text_at(one, "recipient"), *because = json_text_at(one, "because");
        printf("%s %s: %s by %s, %s%s%s\n", json_text_at(one, "kind"), json_text_at(one, "role"), who ? who : "not yet known who",
               json_text_at(one, "channel"), json_text_at(one, "state"), because ? ", because " : "", because ? because : "");
    }
}

static void print_moves(const json_t *whole)
{
    const json_t *moves = json_object_get(whole, "moves"), *one;
    char at[TOLDCTL_TIME_SIZE], due[TOLDCTL_TIME_SIZE], was[TOLDCTL_TIME_SIZE];
    size_t i;
    json_array_foreach(moves, i, one) {
        const json_t *detail = json_object_get(one, "detail"), *before = json_object_get(detail, "was_due_at");
        const char *because = json_text_at(detail, "because");
        printf("%s  %s, due %s%s%s%s%s\n", toldctl_because_time(json_object_get(one, "at"), at), json_text_at(one, "what"),
               toldctl_because_time(json_object_get(detail, "due_at"), due), before ? ", before that " : "",
               before ? toldctl_because_time(before, was) : "", because ? ": " : "", because ? because : "");
    }
}

static void print_written(const json_t *written)
{
    const json_t *one;
    size_t i;
    if (json_is_array(written)) {
        json_array_foreach(written, i, one)
            printf("  %s\n", json_string_value(one));
        return;
    }
    char *text = json_dumps(written, JSON_ENCODE_ANY);
    printf("  %s\n", text);
    free(text);
}

static void print_why(const json_t *whole)
{
    const json_t *one;
    size_t i;
    print_head(whole);
    print_standing(whole);
    json_array_foreach(json_object_get(whole, "rules"), i, one)
        toldctl_because_print_rule(one);
    print_grounds(whole);
    json_array_foreach(json_object_get(whole, "explained"), i, one)
        toldctl_because_print(one);
    if (json_is_false(json_object_get(whole, "comes_out_the_same")))
        printf("since then its clock moved, or what is known has changed; what was written stands:\n");
    else
        printf("as it was written when it opened:\n");
    print_written(json_object_get(whole, "as_written"));
    print_moves(whole);
    print_told(whole);
    print_version(whole, "protocol");
    print_version(whole, "calendar");
}

static int explain(struct why *why)
{
    PGresult *row = pg_run(why->ctl->pg, &read_duty, (const char *[]){why->number});
    if (!row)
        return toldctl_database_code(why->ctl);
    why->whole = PQntuples(row) ? toldctl_row(row, 0) : NULL;
    PQclear(row);
    if (!why->whole)
        return toldctl_refuse(EX_DATAERR, "there is no duty %s; `toldctl duties` lists them", why->number);
    int code = load_versions(why);
    if (!code)
        code = add_rows(why, &read_grounds, "grounds");
    if (!code)
        code = explain_duty(why);
    if (!code)
        code = add_rows(why, &read_told, "notifications");
    return code ? code : add_rows(why, &read_moves, "moves");
}

int toldctl_why(struct toldctl *ctl, int argc, char **argv)
{
    struct why why = {.ctl = ctl};
    char number[24];
    int64_t duty;
    int at = toldctl_options(ctl, argc, argv, NULL, 1, 1);
    if (at < 0)
        return EX_USAGE;
    if (!toldctl_number(argv[at], &duty))
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    snprintf(number, sizeof number, "%" PRId64, duty);
    why.number = number;
    code = toldctl_open_snapshot(ctl);
    if (!code)
        code = explain(&why);
    if (!code && ctl->json)
        toldctl_print_json(why.whole);
    else if (!code)
        print_why(why.whole);
    pg_rollback(ctl->pg);
    json_decref(why.whole);
    protocol_free(why.protocol);
    calendar_free(why.calendar);
    free(why.calendar_text);
    return code;
}
