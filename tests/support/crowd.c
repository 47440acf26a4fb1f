/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "config.h"
#include "told/decide.h"
#include "told/json.h"
#include "told/mem.h"

static void import(struct harness *h, const char *what, const char *name, const char *text)
{
    char *path = harness_path(h, name);
    const char *argv[] = {"import", what, path, NULL};
    struct buf out = {0}, err = {0};

    harness_write(h, name, text);
    if (harness_toldctl(h, NULL, argv, &out, &err) != 0) {
        fprintf(stderr, "crowd: import %s: %s%s\n", what, buf_string(&out), buf_string(&err));
        abort();
    }
    buf_release(&out);
    buf_release(&err);
    free(path);
}

void crowd_import(struct harness *h)
{
    struct buf people = {0}, children = {0}, held = {0};

    buf_text(&people, "person,name,email,team,posts,webhook,login,left_on\n"
                      "p-manager,Crowd Manager,manager@southwark.example,north,social-work-team-manager,,,\n"
                      "p-duty,Crowd Duty,duty@southwark.example,east,yos-duty-officer,,,\n"
                      "p-yos,Crowd Yos,yos@southwark.example,east,,,,\n");
    buf_text(&children, "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,"
                        "open_to_yos,home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n");
    buf_text(&held, "scheme,identifier,role,person,from\n");
    for (int i = 0; i < CROWD_CHILDREN; i++) {
        buf_printf(&people, "p-%d,Crowd Worker,worker%d@southwark.example,north,,,,\n", 300 + i, i);
        buf_printf(&children, "LCS-%d,2009-0%d-1%d,%s,%s,false,none,true,true,southwark,southwark,false,false,false,false\n",
                   2001 + i, 1 + i % 9, i % 9, i % 2 == 0 ? "s20" : "none", i % 3 == 0 ? "true" : "false");
        buf_printf(&held, "lcs,LCS-%d,social-worker,p-%d,2020-01-01\nlcs,LCS-%d,yos-worker,p-yos,2020-01-01\n", 2001 + i,
                   300 + i, 2001 + i);
    }
    import(h, "directory", "people.csv", people.bytes);
    import(h, "children", "children.csv", children.bytes);
    import(h, "allocations", "allocations.csv", held.bytes);
    buf_release(&people);
    buf_release(&children);
    buf_release(&held);
}

/* A small generator of our own: the same numbers on every machine. */
static unsigned roll(unsigned *state, unsigned below)
{
    *state = *state * 1664525U + 1013904223U;
    return (*state >> 8) % below;
}

static void add_person(struct buf *b, int child)
{
    buf_printf(b, "\"person\":{\"identifiers\":{\"lcs\":\"LCS-%d\"},\"born_on\":\"2009-0%d-1%d\"},\"case\":\"01MP2%03d\"",
               2001 + child, 1 + child % 9, child % 9, child);
}

/* Some of each kind: with a clock from receipt, before an instant, immediate, and none at all. */
static void add_event(struct buf *b, const char *source, const char *type, int number, int sequence, int child,
                      const char *fields)
{
    buf_printf(b,
               "{\"specversion\":\"1.0\",\"id\":\"e%d\",\"source\":\"%s\",\"type\":\"%s\",\"sequence\":\"%020d\","
               "\"time\":\"2024-05-31T%02d:%02d:00Z\",\"data\":{",
               number, source, type, sequence, 8 + number % 8, number % 60);
    add_person(b, child);
    buf_printf(b, "%s}}\n", fields);
}

static void add_police(struct buf *b, unsigned *state, int number, int sequence, int child)
{
    if (roll(state, 3) == 0)
        add_event(b, "police/mps", "police.concern", number, sequence, child,
                  ",\"via\":\"merlin\",\"kind\":\"offending\",\"risk\":\"low\"");
    else
        add_event(b, "police/mps", "police.charge", number, sequence, child,
                  ",\"charged_on\":\"2024-05-31\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft\"}],"
                  "\"authority\":\"southwark\",\"bail_objected\":false,\"exploitation_indicator\":false,\"drug_supply\":false");
}

static void add_court(struct buf *b, unsigned *state, int number, int sequence, int child)
{
    char fields[256];

    if (roll(state, 4) == 0)
        snprintf(fields, sizeof fields, ",\"hearing\":\"h-%d\",\"court\":\"camberwell-youth-court\"", number);
    else
        snprintf(fields, sizeof fields,
                 ",\"hearing\":\"h-%d\",\"court\":\"camberwell-youth-court\",\"at\":\"2024-06-20T09:00:00Z\",\"purpose\":\"first\"",
                 number);
    add_event(b, "court/camberwell-youth", strstr(fields, "purpose") != NULL ? "court.hearing-listed" : "court.home-concern",
              number, sequence, child, fields);
}

static const char *const FEEDS[3] = {"police", "court", "yos"};

void crowd_write(struct harness *h, struct crowd *crowd, int count)
{
    struct buf files[3] = {{0}, {0}, {0}};

    for (int i = 0; i < count; i++) {
        unsigned which = roll(&crowd->seed, 3);
        int child = (int)roll(&crowd->seed, CROWD_CHILDREN), number = ++crowd->number;
        int sequence = ++crowd->sequences[which];

        if (which == 0)
            add_police(&files[0], &crowd->seed, number, sequence, child);
        else if (which == 1)
            add_court(&files[1], &crowd->seed, number, sequence, child);
        else
            add_event(&files[2], "yos/southwark", "yos.assessment", number, sequence, child,
                      ",\"state\":\"completed\",\"found\":[\"need\"]");
    }
    for (int i = 0; i < 3; i++) {
        char *name = mem_printf("%s.ndjson", FEEDS[i]);

        harness_write(h, name, buf_string(&files[i]));
        buf_release(&files[i]);
        free(name);
    }
}

void crowd_publish(struct harness *h, pid_t ret_pids[3])
{
    for (int i = 0; i < 3; i++) {
        char *name = mem_printf("%s.ndjson", FEEDS[i]), *path = harness_path(h, name), *out = mem_printf("%s.out", path);

        ret_pids[i] = harness_publish_start(h, FEEDS[i], path, out);
        free(name);
        free(path);
        free(out);
    }
}

/* What was said is gone with the test's directory, so it goes into the failure. */
static char *publish_fault(struct harness *h, const char *feed, int status)
{
    char *name = mem_printf("%s.ndjson.out", feed), *said = harness_read(h, name), *log = harness_log(h), *fault;
    size_t len = strlen(log);

    fault = mem_printf("toldctl publish --feed %s ended with status %d:\n%s\ntold's log ends:\n%s", feed, status, said,
                       len > 20000 ? log + len - 20000 : log);
    free(name);
    free(said);
    free(log);
    return fault;
}

char *crowd_await(struct harness *h, const pid_t pids[3])
{
    char *fault = NULL;

    for (int i = 0; i < 3; i++) {
        int status = -1;

        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
            free(fault);
            fault = publish_fault(h, FEEDS[i], status);
        }
    }
    return fault;
}

#define LINE_INSTANT "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\""

char *crowd_duties(struct harness *h)
{
    return harness_value(h, "SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM (SELECT concat_ws(' ', i.value,"
                            " d.case_ref, d.rule, d.key, d.occurrence, to_char(d.due_at AT TIME ZONE 'UTC', '" LINE_INSTANT "'),"
                            " (SELECT string_agg(role, ',' ORDER BY role COLLATE \"C\") FROM told.duty_line l"
                            " WHERE l.duty_id = d.duty_id)) AS line FROM told.duty d JOIN told.child_identifier i"
                            " ON i.child_id = d.child_id AND i.scheme = 'lcs' WHERE d.kind = 'duty') lines");
}

/* The case of one stored event: what crowd_import says of its child, and nothing that went before. */
static char *case_of(const char *body, const char *received_at, int child)
{
    return mem_printf("{\"name\":\"crowd\",\"received_at\":\"%s\",\"authority\":\"southwark\",\"court\":{\"is_host\":true,"
                      "\"is_our_day\":true},\"history\":[],\"expect\":[],\"expect_not\":[],\"expect_review\":[],"
                      "\"child\":{\"born_on\":\"2009-0%d-1%d\",\"looked_after_basis\":\"%s\",\"in_need\":%s,"
                      "\"protection_plan\":false,\"care_leaver\":\"none\",\"open_to_social_care\":true,\"open_to_yos\":true,"
                      "\"home_authority\":\"southwark\",\"placement_authority\":\"southwark\",\"in_custody\":false,"
                      "\"sentenced\":false,\"vulnerable\":false,\"estranged\":false,"
                      "\"allocations\":{\"social-worker\":\"p-%d\",\"yos-worker\":\"p-yos\"}},\"event\":%s}",
                      received_at, 1 + child % 9, child % 9, child % 2 == 0 ? "s20" : "none",
                      child % 3 == 0 ? "true" : "false", 300 + child, body);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *roles_of(const struct decided_duty *d)
{
    char *roles[16];
    struct buf b = {0};

    for (size_t i = 0; i < d->tell_count; i++)
        roles[i] = mem_copy(d->tell[i]);
    qsort(roles, d->tell_count, sizeof *roles, by_text);
    for (size_t i = 0; i < d->tell_count; i++) {
        buf_printf(&b, "%s%s", i > 0 ? "," : "", roles[i]);
        free(roles[i]);
    }
    return buf_take(&b);
}

struct lines {
    char **list;
    size_t count;
};

static void explain(const struct config *config, const char *body, const char *received_at, int child, struct lines *out)
{
    char *text = case_of(body, received_at, child), *reason = NULL;
    struct decide_case *one = decide_case_parse(text, strlen(text), &reason);
    struct decision decision = {0};

    if (one == NULL) {
        fprintf(stderr, "crowd: %s\n", reason);
        abort();
    }
    decide(config->protocol, config->calendar, decide_case_input(one), &decision);
    for (size_t i = 0; i < decision.duty_count; i++) {
        const struct decided_duty *d = &decision.duties[i];
        char due[INSTANT_TEXT_SIZE], *roles = roles_of(d);

        out->list = mem_grow(out->list, out->count + 1, sizeof *out->list);
        out->list[out->count++] = mem_printf("LCS-%d 01MP2%03d %s %s 1 %s %s", 2001 + child, child, rule_name(d->rule),
                                             d->key, instant_print(d->due_at, due), roles);
        free(roles);
    }
    decision_release(&decision);
    decide_case_free(one);
    free(text);
}

static void on_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

char *crowd_expected(struct harness *h)
{
    struct config *config = config_load(harness_config(h), true, on_fault, NULL);
    PGresult *rows = harness_query(h, "SELECT convert_from(body, 'UTF8'), to_char(received_at AT TIME ZONE 'UTC',"
                                      " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), substr(i.value, 5)::int - 2001"
                                      " FROM told.event JOIN told.event_state s USING (event_id)"
                                      " JOIN told.child_identifier i ON i.child_id = s.child_id AND i.scheme = 'lcs'");
    struct lines lines = {0};
    struct buf b = {0};

    if (config == NULL)
        abort();
    for (int i = 0; i < PQntuples(rows); i++)
        explain(config, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), atoi(PQgetvalue(rows, i, 2)), &lines);
    qsort(lines.list, lines.count, sizeof *lines.list, by_text);
    for (size_t i = 0; i < lines.count; i++) {
        /* Two events with one key are one duty. */
        if (i == 0 || strcmp(lines.list[i], lines.list[i - 1]) != 0)
            buf_printf(&b, "%s%s", b.len > 0 ? "\n" : "", lines.list[i]);
    }
    for (size_t i = 0; i < lines.count; i++)
        free(lines.list[i]);
    free(lines.list);
    PQclear(rows);
    config_unref(config);
    return buf_take(&b);
}

static void add_missing(struct buf *b, char sign, const char *from, const char *in)
{
    for (const char *line = from; line[0] != '\0';) {
        size_t len = strcspn(line, "\n");
        bool found = false;

        for (const char *l = in; l[0] != '\0' && !found; l += strcspn(l, "\n") + (l[strcspn(l, "\n")] == '\n'))
            found = strcspn(l, "\n") == len && strncmp(l, line, len) == 0;
        if (!found)
            buf_printf(b, "%c %.*s\n", sign, (int)len, line);
        line += len + (line[len] == '\n');
    }
}

char *crowd_difference(const char *one, const char *other)
{
    struct buf b = {0};

    if (strcmp(one, other) == 0)
        return NULL;
    add_missing(&b, '-', one, other);
    add_missing(&b, '+', other, one);
    buf_text(&b, "(- only in the first, + only in the second)\n");
    return buf_take(&b);
}

long crowd_stored(struct harness *h)
{
    return harness_count(h, "SELECT count(*) FROM told.event");
}

static void count_mails(const struct harness *h, json_t *counts)
{
    char *path = harness_path(h, "mails.ndjson"), *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "re");

    while (f != NULL && getline(&line, &room, f) > 0) {
        json_t *one = json_loads(line, 0, NULL);
        const char *id = json_text_at(one, "message_id");

        if (id != NULL)
            json_object_set_new(counts, id, json_integer(json_integer_value(json_object_get(counts, id)) + 1));
        json_decref(one);
    }
    if (f != NULL)
        fclose(f);
    free(line);
    free(path);
}

char *crowd_mails_fault(struct harness *h)
{
    json_t *counts = json_object(), *count;
    PGresult *rows = harness_query(h, "SELECT uid, state, (SELECT count(*) FROM told.attempt a WHERE a.message_id ="
                                      " m.message_id AND a.uncertain) FROM told.message m WHERE channel = 'email'");
    char *fault = NULL;
    const char *id;

    count_mails(h, counts);
    for (int i = 0; fault == NULL && i < PQntuples(rows); i++) {
        const char *uid = PQgetvalue(rows, i, 0);
        bool sent = strcmp(PQgetvalue(rows, i, 1), "sent") == 0;
        long there = (long)json_integer_value(json_object_get(counts, uid)), uncertain = strtol(PQgetvalue(rows, i, 2), NULL, 10);

        if (there < (sent ? 1 : 0) || there > (sent ? 1 : 0) + uncertain)
            fault = mem_printf("%s is %s with %ld uncertain attempts, but arrived %ld times", uid, PQgetvalue(rows, i, 1),
                               uncertain, there);
        json_object_del(counts, uid);
    }
    json_object_foreach(counts, id, count)
    {
        if (fault == NULL)
            fault = mem_printf("%s arrived, and the database does not know it", id);
    }
    PQclear(rows);
    json_decref(counts);
    return fault;
}

bool crowd_settle(struct harness *h, int timeout_ms)
{
    return harness_await(
        h,
        "WITH t AS (SELECT CASE WHEN demonstration THEN told_from + (clock_timestamp() - real_from) * rate"
        " ELSE clock_timestamp() END AS now FROM told.installation)"
        " SELECT (SELECT count(*) FROM told.event_state WHERE state = 'waiting')"
        " + (SELECT count(*) FROM told.notification WHERE state = 'queued' AND message_id IS NULL)"
        " + (SELECT count(*) FROM told.message WHERE state = 'claimed' OR (state = 'waiting' AND next_at <= (SELECT now FROM t)))",
        "0", timeout_ms);
}
