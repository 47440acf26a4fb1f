/* SPDX-License-Identifier: Apache-2.0 */
/* explain, test and protocol: the rules tried on paper, without a database; explain of a stored event reads it from there. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_court.h"
#include "rule_table.h"
#include "timeline_load.h"
#include "told/decide.h"
#include "toldctl.h"

#define ABOVE_MOST 16

int toldctl_protocol(struct toldctl *ctl, int argc, char **argv)
{
    if (toldctl_options(ctl, argc, argv, NULL, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_local_config(ctl);
    if (code)
        return code;
    json_t *table = protocol_json(ctl->config->protocol);
    if (ctl->json) {
        toldctl_print_json(table);
    } else {
        printf("calendar %d–%d\n\n", calendar_first_year(ctl->config->calendar), calendar_last_year(ctl->config->calendar));
        rule_table_print(ctl->config->protocol);
    }
    json_decref(table);
    return 0;
}

/* The case in a file; NULL after saying why. */
static struct decide_case *read_case(const char *path)
{
    char *bytes, *reason = NULL;
    size_t len;
    if (!toldctl_read(path, &bytes, &len))
        return NULL;
    struct decide_case *one = decide_case_parse(bytes, len, &reason);
    if (!one)
        toldctl_refuse(EX_DATAERR, "%s: %s", path, reason);
    free(reason);
    free(bytes);
    return one;
}

/* Who it would come to as far as the case itself names people, and who stands above. */
static void add_people(const struct directory *roles, const struct decide_input *input,
                       const struct decided_duty *duty, json_t *ret)
{
    json_t *recipients = json_array(), *ladder = json_array();
    for (size_t i = 0; i < duty->tell_count; i++) {
        const char *person = facts_allocated(input->facts, duty->tell[i]), *above[ABOVE_MOST];
        if (person)
            json_array_append_new(recipients, json_string(person));
        size_t count = directory_role(roles, duty->tell[i])
                           ? directory_ladder(roles, duty->tell[i], duty->ladder, above, ABOVE_MOST)
                           : 0;
        json_t *line = json_array();
        json_array_append_new(line, json_string(duty->tell[i]));
        for (size_t k = 0; k < count; k++)
            json_array_append_new(line, json_string(above[k]));
        json_array_append_new(ladder, line);
    }
    json_object_set_new(ret, "recipients", recipients);
    json_object_set_new(ret, "ladder", ladder);
}

static void print_list(const char *label, const json_t *list)
{
    const json_t *one;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    printf("    %-11s", label);
    json_array_foreach(list, i, one)
        printf("%s%s", i ? " " : "", json_is_string(one) ? json_string_value(one) : "");
    printf("\n");
}

static void print_duty(const struct decided_duty *duty, const json_t *said)
{
    char local[TOLDCTL_TIME_SIZE];
    const json_t *one;
    size_t i;
    printf("%s  %s\n", rule_name(duty->rule), rule_title(duty->rule));
    print_list("tell", json_object_get(said, "tell"));
    print_list("recipients", json_object_get(said, "recipients"));
    json_array_foreach(json_object_get(said, "ladder"), i, one) print_list(i ? "" : "climbs", one);
    printf("    %-11s%s%s%s\n", "due", toldctl_local_time(duty->due_at, local),
           duty->immediate ? ", immediate" : "", duty->provisional ? ", provisional" : "");
    printf("    %-11s%s\n", "closes", rule_closes(duty->rule));
    json_array_foreach(duty->because, i, one)
        printf("    %-11s%s\n", i ? "" : "because", json_string_value(one));
}

static void print_decision(const struct decision *decision, const json_t *said)
{
    for (size_t i = 0; i < decision->duty_count; i++)
        print_duty(&decision->duties[i], json_array_get(json_object_get(said, "duties"), i));
    for (size_t i = 0; i < decision->review_count; i++) {
        const struct decided_review *review = &decision->reviews[i];
        char local[TOLDCTL_TIME_SIZE];
        printf("%s  review by %s; not known:", review->duty, toldctl_local_time(review->due_at, local));
        for (size_t k = 0; k < review->unknown_count; k++)
            printf(" %s", review->unknown[k]);
        printf("\n");
    }
    for (size_t i = 0; i < decision->record_count; i++)
        printf("%s  recorded only: %s\n", decision->records[i].duty, rule_title(decision->records[i].rule));
    for (size_t i = 0; i < decision->not_count; i++)
        printf("%s  no: %s\n", decision->nots[i].duty, decision->nots[i].because);
}

static json_t *explain(struct toldctl *ctl, const struct decide_input *input, const struct directory *roles,
                       struct decision *decision)
{
    decide(ctl->config->protocol, ctl->config->calendar, input, decision);
    json_t *said = decision_json(decision);
    for (size_t i = 0; i < decision->duty_count; i++)
        add_people(roles, input, &decision->duties[i], json_array_get(json_object_get(said, "duties"), i));
    return said;
}

/* Why the event is taken to be about this child: words and numbers of children, never values. */
static void print_match(const json_t *match)
{
    const json_t *one, *words;
    size_t i, k;
    if (json_is_integer(json_object_get(match, "child")))
        printf("matched to child %" PRId64 ": %s\n", (int64_t)json_integer_value(json_object_get(match, "child")),
               json_text_at(match, "because") ? json_text_at(match, "because") : "-");
    else
        printf("matched to nobody: %s\n", json_text_at(match, "because") ? json_text_at(match, "because") : "-");
    json_array_foreach(json_object_get(match, "evidence"), i, one)
    {
        printf("    child %" PRId64 ", %" PRId64 " points:", (int64_t)json_integer_value(json_object_get(one, "child")),
               (int64_t)json_integer_value(json_object_get(one, "points")));
        json_array_foreach(json_object_get(one, "evidence"), k, words)
            printf("%s %s", k ? "," : "", json_string_value(words));
        printf("\n");
    }
}

/* match: of a stored event, else NULL. */
static void print_explained(struct toldctl *ctl, const struct decide_input *input, const struct directory *roles, json_t *match)
{
    struct decision decision = {0};
    json_t *said = explain(ctl, input, roles, &decision);
    if (match)
        json_object_set(said, "match", match);
    if (ctl->json) {
        toldctl_print_json(said);
    } else {
        if (match)
            print_match(match);
        print_decision(&decision, said);
    }
    json_decref(said);
    decision_release(&decision);
}

/* As the daemon would decide it now: on the facts valid at its time, of what is stored. */
static int explain_stored(struct toldctl *ctl, int64_t event_id, int64_t child_id, const struct directory *roles, json_t *match)
{
    struct timeline timeline;
    bool good = timeline_load(&timeline, ctl->pg, child_id);
    for (size_t i = 0; good && i < timeline.count; i++) {
        struct timeline_event *e = &timeline.events[i];
        if (e->event_id != event_id || !e->event)
            continue;
        struct timeline_view view;
        timeline_view(&timeline, i, &view);
        struct decide_input input = {.authority = ctl->config->authority,
                                     .received_at = e->received_at,
                                     .event = e->event,
                                     .facts = view.facts,
                                     .history = view.history,
                                     .history_count = view.history_count};
        decide_court_facts(ctl->config, e->event, &input);
        if (!ctl->json)
            printf("event %" PRId64 ", %s\n", event_id, event_type(e->event));
        print_explained(ctl, &input, roles, match);
        timeline_view_release(&view);
    }
    timeline_release(&timeline);
    return good ? 0 : toldctl_database_code(ctl);
}

static json_t *match_of(const PGresult *row)
{
    const char *evidence = pg_column(row, 0, 4);
    json_t *match = json_pack("{s:o, s:s*, s:o, s:o}", "child",
                              pg_column(row, 0, 0) ? json_integer(pg_column_int(row, 0, 0)) : json_null(), "because",
                              pg_column(row, 0, 3), "evidence", evidence ? json_loads(evidence, 0, NULL) : json_array(), "review",
                              pg_column(row, 0, 5) ? json_integer(pg_column_int(row, 0, 5)) : json_null());
    return match;
}

/* An event without a child is decided for nobody: what is known of its match is all there is to say. */
static int explain_unmatched(struct toldctl *ctl, const char *id, const PGresult *row, const json_t *match)
{
    const char *reason = pg_column(row, 0, 2);
    if (!pg_column(row, 0, 3))
        return toldctl_refuse(EX_DATAERR, "event %s is about no child that is known (%s: %s)", id, pg_column(row, 0, 1),
                              reason ? reason : "not matched yet");
    if (ctl->json) {
        json_t *said = json_pack("{s:[], s:[], s:[], s:[], s:s, s:s*, s:O}", "duties", "reviews", "watches", "not", "state",
                                 pg_column(row, 0, 1), "reason", reason, "match", match);
        toldctl_print_json(said);
        json_decref(said);
        return 0;
    }
    printf("event %s is about no child that is known (%s: %s)\n", id, pg_column(row, 0, 1), reason ? reason : "-");
    print_match(match);
    return 0;
}

static int explain_event(struct toldctl *ctl, int64_t event_id)
{
    static const struct pg_statement find = {
        "explain_event",
        "SELECT child_id, state, reason, match_because, match_evidence::text, match_review FROM told.event_state"
        " WHERE event_id = $1",
        1};
    char id[24];
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    snprintf(id, sizeof id, "%" PRId64, event_id);
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &find, values);
    if (!row)
        return toldctl_database_code(ctl);
    struct directory *roles = config_directory(ctl->config);
    json_t *match = PQntuples(row) ? match_of(row) : NULL;
    if (PQntuples(row) == 0)
        code = toldctl_refuse(EX_DATAERR, "there is no event %s; `toldctl events` lists them", id);
    else if (!pg_column(row, 0, 0))
        code = explain_unmatched(ctl, id, row, match);
    else
        code = explain_stored(ctl, event_id, pg_column_int(row, 0, 0), roles, match);
    json_decref(match);
    directory_free(roles);
    PQclear(row);
    return code;
}

int toldctl_explain(struct toldctl *ctl, int argc, char **argv)
{
    int64_t event_id;
    int at = toldctl_options(ctl, argc, argv, NULL, 1, -1);
    if (at < 0)
        return EX_USAGE;
    if (at + 1 == argc && toldctl_number(argv[at], &event_id))
        return explain_event(ctl, event_id);
    int code = toldctl_open_local_config(ctl);
    struct directory *roles = code ? NULL : config_directory(ctl->config);
    for (int i = at; i < argc && !code; i++) {
        struct decide_case *one = read_case(argv[i]);
        if (!one) {
            code = EX_DATAERR;
            break;
        }
        if (!ctl->json)
            printf("%s%s\n", i > at ? "\n" : "", decide_case_name(one));
        print_explained(ctl, decide_case_input(one), roles, NULL);
        decide_case_free(one);
    }
    directory_free(roles);
    return code;
}

/* NULL if the case comes out as it expects; else what differs (caller frees). */
static char *try_case(struct toldctl *ctl, const struct decide_case *one)
{
    struct decision decision = {0};
    decide(ctl->config->protocol, ctl->config->calendar, decide_case_input(one), &decision);
    char *differs = decide_case_compare(one, &decision);
    decision_release(&decision);
    return differs;
}

int toldctl_test(struct toldctl *ctl, int argc, char **argv)
{
    int passed = 0, failed = 0;
    int at = toldctl_options(ctl, argc, argv, NULL, 1, -1);
    if (at < 0)
        return EX_USAGE;
    int code = toldctl_open_local_config(ctl);
    if (code)
        return code;
    for (int i = at; i < argc; i++) {
        struct decide_case *one = read_case(argv[i]);
        char *differs = one ? try_case(ctl, one) : NULL;
        if (!one || differs)
            failed++;
        else
            passed++;
        if (differs)
            printf("FAIL %s: %s: %s\n", argv[i], decide_case_name(one), differs);
        free(differs);
        decide_case_free(one);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
