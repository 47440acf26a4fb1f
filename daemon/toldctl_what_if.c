/* SPDX-License-Identifier: Apache-2.0 */
/* what-if: a changed protocol over what is stored. It sends nothing and writes nothing: its transaction is read only. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "decide_court.h"
#include "timeline_load.h"
#include "told/contrast.h"
#include "told/mem.h"
#include "toldctl.h"

static const struct pg_statement list_children = {
    "what_if_children",
    "SELECT DISTINCT s.child_id FROM told.event_state s JOIN told.event e USING (event_id)"
    " WHERE e.received_at >= $1 AND s.child_id IS NOT NULL AND s.state IN ('decided', 'review') ORDER BY 1",
    1};

struct what_if {
    struct toldctl *ctl;
    struct protocol *changed;
    struct instant since;
    int64_t child_id;              /* the present one */
    struct timeline_event **order; /* its events in order of receipt */
    json_t *changes;
    size_t events, children;
    size_t counts[CONTRAST_NO_LONGER_ASKED + 1];
};

static void say_fault(void *cookie, const char *file, int line, const char *text)
{
    (void)cookie;
    fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

/* ---- the changed protocol ---- */

/* Files and directories as given, read into one list. */
struct sources {
    struct protocol_file *files;
    char **names, **texts;
    size_t count;
};

static void add_file(struct config_reading *reading, struct sources *sources, const char *path)
{
    char *reason = NULL;
    size_t len = 0;
    char *text = config_text_read(path, &len, &reason);
    if (!text) {
        config_text_fault(reading, path, 1, "%s", reason);
        free(reason);
        return;
    }
    size_t count = sources->count++;
    sources->files = mem_grow(sources->files, count + 1, sizeof *sources->files);
    sources->names = mem_grow(sources->names, count + 1, sizeof *sources->names);
    sources->texts = mem_grow(sources->texts, count + 1, sizeof *sources->texts);
    sources->names[count] = mem_copy(path);
    sources->texts[count] = text;
    sources->files[count] = (struct protocol_file){sources->names[count], text, len};
}

static void add_path(struct config_reading *reading, struct sources *sources, const char *path)
{
    char **list = config_text_list(reading, path, ".conf", path, 1);
    for (size_t i = 0; list && list[i]; i++)
        add_file(reading, sources, list[i]);
    config_text_free_list(list);
}

static void sources_release(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->names[i]);
        free(sources->texts[i]);
    }
    free(sources->files);
    free(sources->names);
    free(sources->texts);
}

/* Every fault with file and line, also of names that the configuration does not know: EX_CONFIG. */
static int read_changed(struct what_if *w, const char *const *paths)
{
    struct config_reading reading = {.config = w->ctl->config, .fault = say_fault};
    struct sources sources = {0};
    for (size_t i = 0; paths[i]; i++)
        add_path(&reading, &sources, paths[i]);
    if (sources.count > 0)
        w->changed = protocol_parse(sources.files, sources.count, say_fault, NULL);
    if (w->changed)
        config_check_protocol(&reading, w->changed);
    sources_release(&sources);
    return w->changed && reading.faults == 0
               ? 0
               : toldctl_refuse(EX_CONFIG, "the changed protocol cannot be used; put right what is named above");
}

/* ---- one child ---- */

static int by_receipt(const void *a_, const void *b_)
{
    const struct timeline_event *a = *(struct timeline_event *const *)a_, *b = *(struct timeline_event *const *)b_;
    int order = instant_compare(a->received_at, b->received_at);
    return order ? order : (a->event_id > b->event_id) - (a->event_id < b->event_id);
}

static json_t *due_json(struct instant due)
{
    char text[INSTANT_TEXT_SIZE];
    return instant_is_none(due) ? json_null() : json_string(instant_print(due, text));
}

static void add_change(void *cookie, const struct contrast_change *change)
{
    struct what_if *w = cookie;
    const struct timeline_event *e = w->order[change->input];
    json_t *roles = json_array();
    for (size_t i = 0; i < change->role_count; i++)
        json_array_append_new(roles, json_string(change->roles[i]));
    w->counts[change->kind]++;
    json_array_append_new(w->changes,
                          json_pack("{ss sI ss sI ss so sb so so}", "change", contrast_kind_text(change->kind), "event",
                                    (json_int_t)e->event_id, "type", event_type(e->event), "child",
                                    (json_int_t)w->child_id, "duty", change->duty, "roles", roles, "copy",
                                    change->copy ? 1 : 0, "old_due_at", due_json(change->old_due_at), "new_due_at",
                                    due_json(change->new_due_at)));
}

/* Each event on the facts valid at its time, of all that is stored: where the daemon ends too, whatever came late. */
static void contrast_child(struct what_if *w, const struct timeline *t)
{
    const struct config *config = w->ctl->config;
    struct decide_input *inputs = mem_new((t->count + 1) * sizeof *inputs);
    struct timeline_view *views = mem_new((t->count + 1) * sizeof *views);
    size_t count = 0, first = 0;
    w->order = mem_new((t->count + 1) * sizeof(struct timeline_event *));
    for (size_t i = 0; i < t->count; i++)
        if (t->events[i].state == TIMELINE_DECIDED)
            w->order[count++] = &t->events[i];
    qsort(w->order, count, sizeof *w->order, by_receipt);
    for (size_t i = 0; i < count; i++) {
        const struct timeline_event *e = w->order[i];
        timeline_view(t, (size_t)(e - t->events), &views[i]);
        inputs[i] = (struct decide_input){.authority = config->authority,
                                          .received_at = e->received_at,
                                          .event = e->event,
                                          .facts = views[i].facts,
                                          .history = views[i].history,
                                          .history_count = views[i].history_count};
        decide_court_facts(config, e->event, &inputs[i]);
        first += instant_compare(e->received_at, w->since) < 0;
    }
    contrast(config->protocol, w->changed, config->calendar, inputs, count, first, add_change, w);
    w->events += count - first;
    w->children++;
    for (size_t i = 0; i < count; i++)
        timeline_view_release(&views[i]);
    free(w->order);
    free(views);
    free(inputs);
}

static int contrast_all(struct what_if *w)
{
    char since[INSTANT_TEXT_SIZE];
    PGresult *rows = pg_run(w->ctl->pg, &list_children, (const char *[]){instant_print(w->since, since)});
    bool good = rows != NULL;
    for (int i = 0; good && i < PQntuples(rows); i++) {
        struct timeline timeline;
        w->child_id = pg_column_int(rows, i, 0);
        good = timeline_load(&timeline, w->ctl->pg, w->child_id);
        if (good)
            contrast_child(w, &timeline);
        timeline_release(&timeline);
    }
    PQclear(rows);
    return good ? 0 : toldctl_database_code(w->ctl);
}

/* ---- what it says ---- */

static const char *local_due(const json_t *change, const char *key, char out[TOLDCTL_TIME_SIZE])
{
    struct instant at;
    const char *text = json_text_at(change, key);
    return text && instant_parse(text, &at) ? toldctl_local_time(at, out) : strcpy(out, "-");
}

static void print_change(const json_t *change)
{
    const json_t *role;
    size_t i;
    char old[TOLDCTL_TIME_SIZE], new[TOLDCTL_TIME_SIZE];
    printf("%-16s %-8s event %lld %s, C-%lld, due %s -> %s:%s", json_text_at(change, "change"), json_text_at(change, "duty"),
           (long long)json_integer_value(json_object_get(change, "event")), json_text_at(change, "type"),
           (long long)json_integer_value(json_object_get(change, "child")), local_due(change, "old_due_at", old),
           local_due(change, "new_due_at", new), json_is_true(json_object_get(change, "copy")) ? " copy to" : "");
    json_array_foreach(json_object_get(change, "roles"), i, role)
        printf(" %s", json_string_value(role));
    printf("\n");
}

static void print_all(const struct what_if *w)
{
    const json_t *change;
    size_t i;
    json_array_foreach(w->changes, i, change)
        print_change(change);
    printf("%zu events of %zu children:", w->events, w->children);
    for (int kind = 0; kind <= CONTRAST_NO_LONGER_ASKED; kind++)
        printf("%s %zu %s", kind ? "," : "", w->counts[kind], contrast_kind_text((enum contrast_kind)kind));
    printf("; nothing was sent or written\n");
}

static void print_json(const struct what_if *w)
{
    json_t *counts = json_object();
    char since[INSTANT_TEXT_SIZE];
    for (int kind = 0; kind <= CONTRAST_NO_LONGER_ASKED; kind++)
        json_object_set_new(counts, contrast_kind_text((enum contrast_kind)kind), json_integer((json_int_t)w->counts[kind]));
    json_t *whole = json_pack("{ss ss ss sI sI so sO}", "protocol", protocol_hash(w->ctl->config->protocol), "changed_protocol",
                              protocol_hash(w->changed), "since", instant_print(w->since, since), "events",
                              (json_int_t)w->events, "children", (json_int_t)w->children, "counts", counts, "changes",
                              w->changes);
    toldctl_print_json(whole);
    json_decref(whole);
}

static int run(struct what_if *w)
{
    int code = toldctl_open_database(w->ctl);
    if (!code)
        code = toldctl_open_snapshot(w->ctl);
    if (!code)
        code = contrast_all(w);
    if (w->ctl->pg)
        pg_rollback(w->ctl->pg);
    if (code)
        return code;
    if (w->ctl->json)
        print_json(w);
    else
        print_all(w);
    return json_array_size(w->changes) > 0 ? 1 : 0;
}

int toldctl_what_if(struct toldctl *ctl, int argc, char **argv)
{
    const char *paths[2 * TOLDCTL_LIST_MOST] = {NULL}, *since = NULL;
    struct what_if w = {.ctl = ctl};
    const struct toldctl_option options[] = {
        {.name = "protocol", .ret_list = paths}, {.name = "since", .ret_text = &since}, {.name = NULL}};
    /* --protocol FILE FILE…: the rest of the files are words of their own. */
    int at = toldctl_options(ctl, argc, argv, options, 0, TOLDCTL_LIST_MOST);
    if (at < 0)
        return EX_USAGE;
    size_t count = 0;
    while (paths[count])
        count++;
    if (count == 0 || !since || !toldctl_since(since, &w.since))
        return toldctl_usage(ctl->command);
    for (; at < argc; at++)
        paths[count++] = argv[at];
    int code = toldctl_open_config(ctl);
    if (!code)
        code = read_changed(&w, paths);
    w.changes = json_array();
    if (!code)
        code = run(&w);
    json_decref(w.changes);
    protocol_free(w.changed);
    return code;
}
