/* SPDX-License-Identifier: Apache-2.0 */
/* match REVIEW: enough to decide whom an event is about. It names people, on the operator's terminal and nowhere else. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toldctl_match.h"

static const struct pg_statement read_child = {
    "match_show_child",
    "SELECT c.born_on::text, (SELECT jsonb_agg(DISTINCT concat_ws(' ', d.given_names, d.family_name)"
    "  || CASE WHEN d.origin = 'event' THEN ' (alias)' ELSE '' END) FROM told.child_detail d"
    "  WHERE d.child_id = c.child_id AND d.withdrawn_at IS NULL AND d.whole <> '')::text,"
    " (SELECT jsonb_agg(DISTINCT d.postcode) FROM told.child_detail d"
    "  WHERE d.child_id = c.child_id AND d.withdrawn_at IS NULL AND d.postcode IS NOT NULL)::text,"
    " (SELECT jsonb_object_agg(scheme, list) FROM (SELECT scheme, jsonb_agg(value ORDER BY value) AS list"
    "  FROM told.child_identifier i WHERE i.child_id = c.child_id GROUP BY scheme) k)::text"
    " FROM told.child c WHERE c.child_id = $1",
    1};

/* A question may be about several events of one person. */
static const struct pg_statement read_events = {
    "match_show_events",
    "SELECT e.event_id, e.type FROM told.duty_ground g JOIN told.event e USING (event_id) JOIN told.event_state s USING (event_id)"
    " WHERE g.duty_id = $1 AND s.retracted_by IS NULL ORDER BY e.event_id",
    1};

static json_t *read_json(const PGresult *row, int column)
{
    const char *text = pg_column(row, 0, column);
    return text ? json_loads(text, 0, NULL) : json_null();
}

/* Adds what is known of the child to its evidence. */
static bool add_known(struct toldctl *ctl, json_t *candidate)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, (int64_t)json_integer_value(json_object_get(candidate, "child")));
    const char *const values[] = {id};
    PGresult *row = pg_run(ctl->pg, &read_child, values);
    if (!row)
        return false;
    if (PQntuples(row)) {
        const char *born = pg_column(row, 0, 0);
        json_object_set_new(candidate, "born_on", born ? json_string(born) : json_null());
        json_object_set_new(candidate, "names", read_json(row, 1));
        json_object_set_new(candidate, "postcodes", read_json(row, 2));
        json_object_set_new(candidate, "identifiers", read_json(row, 3));
    }
    PQclear(row);
    return true;
}

static json_t *read_grounds(struct toldctl *ctl, int64_t review_id)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, review_id);
    PGresult *rows = pg_run(ctl->pg, &read_events, (const char *[]){id});
    json_t *events = rows ? json_array() : NULL;
    for (int i = 0; rows && i < PQntuples(rows); i++)
        json_array_append_new(events, json_pack("{s:I, s:s}", "event", (json_int_t)pg_column_int(rows, i, 0), "type",
                                                pg_column(rows, i, 1)));
    PQclear(rows);
    return events;
}

/* What a feed wrote could move the cursor or worse: control characters are shown as question marks. */
static void print_safe(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool wide = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;
        putchar(*c < 0x20 || *c == 0x7F || wide ? '?' : *c);
        c += wide;
    }
}

static void print_value(const char *label, const json_t *value)
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (!value || json_is_null(value)) {
        free(text);
        return;
    }
    printf("    %-12s", label);
    print_safe(text ? text : json_string_value(value));
    printf("\n");
    free(text);
}

static void print_candidate(const json_t *one)
{
    const json_t *words;
    size_t i;
    printf("child %" PRId64 ", %" PRId64 " points\n", (int64_t)json_integer_value(json_object_get(one, "child")),
           (int64_t)json_integer_value(json_object_get(one, "points")));
    print_value("names", json_object_get(one, "names"));
    print_value("born", json_object_get(one, "born_on"));
    print_value("postcodes", json_object_get(one, "postcodes"));
    print_value("numbers", json_object_get(one, "identifiers"));
    json_array_foreach(json_object_get(one, "evidence"), i, words)
        print_value(i ? "" : "evidence", words);
}

static void print_review(int64_t review_id, const json_t *said)
{
    const json_t *person = json_object_get(said, "person"), *one;
    int64_t first = (int64_t)json_integer_value(json_object_get(said, "event"));
    size_t i;
    printf("review %" PRId64 ": event %" PRId64 ", %s; %s\n", review_id,
           first, json_text_at(said, "type"), json_text_at(said, "because"));
    json_array_foreach(json_object_get(said, "events"), i, one)
        if (json_integer_value(json_object_get(one, "event")) != first)
            printf("and event %" PRId64 ", %s, of the same person: your answer settles it too\n",
                   (int64_t)json_integer_value(json_object_get(one, "event")), json_text_at(one, "type"));
    print_value("given names", json_object_get(person, "given_names"));
    print_value("family name", json_object_get(person, "family_name"));
    print_value("born", json_object_get(person, "born_on"));
    print_value("postcode", json_object_get(person, "postcode"));
    print_value("numbers", json_object_get(person, "identifiers"));
    json_array_foreach(json_object_get(said, "candidates"), i, one)
        print_candidate(one);
    printf("answer with `toldctl match %" PRId64 " CHILD`, or `none` of them, or `new` to make a child of it\n", review_id);
}

static int show(struct toldctl *ctl, int64_t review_id, int64_t event_id, const struct event *event)
{
    struct match_look look;
    json_t *one;
    size_t i;
    json_t *events = read_grounds(ctl, review_id);
    bool good = toldctl_match_look(ctl, event_id, event, &look) && events;
    json_array_foreach(look.result.evidence, i, one)
        good = good && add_known(ctl, one);
    if (good) {
        json_t *said = json_pack("{s:I, s:I, s:s, s:s, s:O, s:O, s:O}", "review", (json_int_t)review_id, "event", (json_int_t)event_id,
                                 "type", event_type(event), "because", look.result.because, "person", event_person(event),
                                 "candidates", look.result.evidence, "events", events);
        if (ctl->json)
            toldctl_print_json(said);
        else
            print_review(review_id, said);
        json_decref(said);
    }
    json_decref(events);
    toldctl_match_look_release(&look);
    return good ? 0 : toldctl_database_code(ctl);
}

int toldctl_match_show(struct toldctl *ctl, int64_t review_id)
{
    struct event *event = NULL;
    int64_t event_id = 0;
    int code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_open_snapshot(ctl);
    if (!code)
        code = toldctl_match_event(ctl, review_id, &event_id, &event);
    if (code == TOLDCTL_DATABASE)
        code = toldctl_database_code(ctl);
    if (!code)
        code = show(ctl, review_id, event_id, event);
    event_free(event);
    return code;
}
