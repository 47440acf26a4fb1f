/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/delay.h"
#include "told/ledger.h"
#include "told/mem.h"

/* The child's row is locked, so nobody inserts between the look and the step. */
static const struct pg_statement SAME = {
    "duty_same",
    "SELECT d.duty_id, d.case_ref, d.occurrence, d.state, d.shows, " PG_INSTANT("d.received_at") ","
    " EXISTS (SELECT FROM told.duty_ground g WHERE g.duty_id = d.duty_id AND g.event_id = $4),"
    " EXISTS (SELECT FROM told.duty_ground g JOIN told.event e USING (event_id) JOIN told.event_state s USING (event_id)"
    " WHERE g.duty_id = d.duty_id AND s.retracted_by IS NULL AND s.child_id = d.child_id AND (e.occurred_at, e.received_at, e.event_id) > ($8, $5, $4)"
    " AND (e.source, e.id) IS DISTINCT FROM ($6::text, $7::text)),"
    " d.recalled_at IS NOT NULL"
    " FROM told.duty d WHERE d.child_id = $1 AND d.rule = $2 AND d.key = $3"
    " ORDER BY d.duty_id FOR UPDATE",
    8};

static const struct pg_statement REVIEW = {
    "duty_review",
    "SELECT duty_id, state, occurrence FROM told.duty WHERE kind = 'review' AND child_id = $1 AND key = $2"
    " ORDER BY occurrence DESC FOR UPDATE",
    2};

static const struct pg_statement OF_EVENT = {
    "duty_of_event",
    "SELECT duty_id, rule, duty FROM told.duty"
    " WHERE child_id = $1 AND event_id = $2 AND kind = 'duty' AND state <> 'closed' ORDER BY duty_id",
    2};

static struct ledger_duty ledger_duty_of(PGresult *rows, int i)
{
    return (struct ledger_duty){.duty_id = pg_column_int(rows, i, 0),
                                .case_ref = pg_column(rows, i, 1),
                                .occurrence = (int)pg_column_int(rows, i, 2),
                                .closed = strcmp(pg_column(rows, i, 3), "closed") == 0,
                                .grounded = pg_column_bool(rows, i, 6),
                                .newer = pg_column_bool(rows, i, 7),
                                .shows = pg_column(rows, i, 4),
                                .received_at = pg_column_instant(rows, i, 5)};
}

struct alike {
    struct ledger_duty *list; /* owned */
    size_t count;
    int recalled; /* the last occurrence that nobody should have heard of: what comes now is no repeat of it */
};

/* The duties of the same child, rule and key; they point into the result. NULL when the database failed. */
static PGresult *find_alike(struct duty_store *s, const struct decide_subject *about, const struct decided_duty *d,
                            struct alike *ret)
{
    char child[24], event[24], received[INSTANT_TEXT_SIZE], occurred[INSTANT_TEXT_SIZE];
    PGresult *rows;

    snprintf(child, sizeof child, "%lld", (long long)about->child_id);
    snprintf(event, sizeof event, "%lld", (long long)about->event_id);
    rows = pg_run(s->pg, &SAME,
                  (const char *[]){child, rule_name(d->rule), d->key, event,
                                   instant_print(about->input->received_at, received), event_source(about->event),
                                   event_amends(about->event), instant_print(event_time(about->event), occurred)});
    if (rows == NULL)
        return NULL;
    ret->list = mem_new(sizeof *ret->list * ((size_t)PQntuples(rows) + 1));
    for (int i = 0; i < PQntuples(rows); i++) {
        struct ledger_duty one = ledger_duty_of(rows, i);

        if (!pg_column_bool(rows, i, 8))
            ret->list[ret->count++] = one;
        else if (one.occurrence > ret->recalled)
            ret->recalled = one.occurrence;
    }
    return rows;
}

static const char *as_of_text(const struct decided_duty *d, char out[CIVIL_TEXT_SIZE])
{
    return civil_is_none(d->as_of) ? NULL : civil_print(d->as_of, out);
}

static char *delay_of(const struct duty_store *s, const struct decide_subject *about, struct instant due_at)
{
    return delay_text(&(struct delay_times){.happened = event_time(about->event),
                                            .recorded = event_recorded(about->event),
                                            .received = about->input->received_at,
                                            .opened = s->now,
                                            .due = due_at});
}

/* Late from the start: the record says whose delay that was. */
static bool say_delay(struct duty_store *s, const struct decide_subject *about, int64_t duty_id, const char *delay)
{
    char *detail = store_detail("delay", delay, NULL);
    bool ok = store_journal(s->pg, s->now,
                            &(struct store_journal){.what = "duty opened late",
                                                    .event_id = about->event_id,
                                                    .child_id = about->child_id,
                                                    .duty_id = duty_id,
                                                    .detail = detail});

    free(detail);
    return ok;
}

static bool open_duty(struct duty_store *s, const struct decide_subject *about, const struct decided_duty *d, int occurrence,
                      int *opened)
{
    char as_of[CIVIL_TEXT_SIZE], *delay = delay_of(s, about, d->due_at), *because;
    json_t *lines = json_copy(d->because);
    int64_t id;
    bool ok;

    if (delay != NULL)
        json_array_append_new(lines, json_string(delay));
    because = json_dumps(lines, JSON_COMPACT);
    id = duty_store_open(s, &(struct duty_new){.kind = "duty",
                                                       .child_id = about->child_id,
                                                       .case_ref = event_case(about->event),
                                                       .rule = rule_name(d->rule),
                                                       .key = d->key,
                                                       .occurrence = occurrence,
                                                       .duty = d->duty,
                                                       .title = rule_title(d->rule),
                                                       .says = rule_says(d->rule),
                                                       .immediate = d->immediate,
                                                       .provisional = d->provisional,
                                                       .event_id = about->event_id,
                                                       .received_at = about->input->received_at,
                                                       .due_at = d->due_at,
                                                       .as_of = as_of_text(d, as_of),
                                                       .shows = d->shows,
                                                       .closes = rule_closes(d->rule),
                                                       .because = because,
                                                       .tell = d->tell,
                                                       .tell_count = d->tell_count,
                                                       .copy = d->copy,
                                                       .copy_count = d->copy_count,
                                                       .ladder = d->ladder});
    ok = id >= 0 && (id == 0 || delay == NULL || say_delay(s, about, id, delay));
    free(because);
    free(delay);
    json_decref(lines);
    *opened += id > 0;
    return ok;
}

static bool join_duty(struct duty_store *s, const struct decide_subject *about, int64_t duty_id, bool changes)
{
    return duty_store_add_ground(s, duty_id, about->event_id) &&
           store_journal(s->pg, s->now,
                         &(struct store_journal){.what = changes ? "duty grounds changed" : "duty repeated",
                                                 .event_id = about->event_id,
                                                 .child_id = about->child_id,
                                                 .duty_id = duty_id});
}

static bool apply_duty(struct duty_store *s, const struct decide_subject *about, const struct decided_duty *d, int *opened)
{
    struct alike alike = {0};
    const struct ledger_duty *same;
    struct ledger_entry entry = {0};
    char as_of[CIVIL_TEXT_SIZE];
    PGresult *rows = find_alike(s, about, d, &alike);
    bool ok = rows != NULL;

    if (!ok)
        goto done;
    same = ledger_same(alike.list, alike.count, event_case(about->event));
    ledger_enter(s->config->protocol, s->config->calendar, about->input, d, same, &entry);
    if (entry.occurrence > 0)
        ok = open_duty(s, about, d, entry.occurrence > alike.recalled ? entry.occurrence : alike.recalled + 1, opened);
    if (ok && entry.joins)
        ok = join_duty(s, about, same->duty_id, entry.changes);
    if (ok && entry.tells)
        ok = duty_store_move_as_of(s, same->duty_id, as_of_text(d, as_of)) &&
             duty_store_tell_again(s, same->duty_id, entry.due_at, entry.immediate, entry.shows, NULL);
done:
    ledger_entry_release(&entry);
    free(alike.list);
    PQclear(rows);
    return ok;
}

/* {"duties": […], "unknown": […]}: everything the one review of this event asks. */
static char *review_because(const struct decision *decision)
{
    json_t *root = json_object(), *duties = json_array(), *unknown = json_array();
    char *text;

    for (size_t i = 0; i < decision->review_count; i++) {
        const struct decided_review *r = &decision->reviews[i];

        json_array_append_new(duties, json_string(r->duty));
        for (size_t k = 0; k < r->unknown_count; k++) {
            bool known = false;

            for (size_t n = 0; n < json_array_size(unknown); n++)
                known |= strcmp(json_string_value(json_array_get(unknown, n)), r->unknown[k]) == 0;
            if (!known)
                json_array_append_new(unknown, json_string(r->unknown[k]));
        }
    }
    json_object_set_new(root, "duties", duties);
    json_object_set_new(root, "unknown", unknown);
    text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static bool open_review(struct duty_store *s, const struct decide_subject *about, const char *key, int occurrence,
                        const char *title, const char *says, const char *because, struct instant due, int *opened)
{
    const char *tell[] = {s->config->review_role};
    int64_t id = duty_store_open(
        s, &(struct duty_new){.kind = "review",
                              .child_id = about->child_id,
                              .case_ref = event_case(about->event),
                              .rule = "review",
                              .key = key,
                              .occurrence = occurrence,
                              .duty = "review",
                              .title = title,
                              .says = says,
                              .immediate = instant_ms_between(about->input->received_at, due) <= 3600 * 1000,
                              .event_id = about->event_id,
                              .received_at = about->input->received_at,
                              .due_at = due,
                              .shows = because,
                              .closes = "done",
                              .because = because,
                              .tell = tell,
                              .tell_count = 1,
                              .ladder = ""});

    *opened += id > 0;
    return id >= 0;
}

static bool apply_reviews(struct duty_store *s, const struct decide_subject *about, const struct decision *decision,
                          int *opened)
{
    char child[24], key[40], *because;
    struct instant due = INSTANT_NONE;
    int64_t there = 0;
    int occurrence = 0;
    bool open = false, ok = true;
    PGresult *rows;

    snprintf(child, sizeof child, "%lld", (long long)about->child_id);
    snprintf(key, sizeof key, "[%lld]", (long long)about->event_id);
    rows = pg_run(s->pg, &REVIEW, (const char *[]){child, key});
    if (rows == NULL)
        return false;
    if (PQntuples(rows) > 0) {
        there = pg_column_int(rows, 0, 0);
        open = strcmp(pg_column(rows, 0, 1), "closed") != 0;
        occurrence = (int)pg_column_int(rows, 0, 2);
    }
    PQclear(rows);
    if (decision->review_count == 0)
        return !open || duty_store_close(s, there, "discharged", "the missing fields became known", about->event_id);
    if (open)
        return true;
    for (size_t i = 0; i < decision->review_count; i++)
        due = i == 0 ? decision->reviews[i].due_at : instant_earlier(due, decision->reviews[i].due_at);
    because = review_because(decision);
    ok = open_review(s, about, key, occurrence + 1, "Say what is missing, so that duties can be decided",
                     "Find out what is missing, and have it recorded", because, due, opened);
    free(because);
    return ok;
}

bool decide_apply(struct duty_store *s, const struct decide_subject *about, const struct decision *decision, int *ret_opened)
{
    bool ok = true;

    for (size_t i = 0; ok && i < decision->duty_count; i++)
        ok = apply_duty(s, about, &decision->duties[i], ret_opened);
    return ok && apply_reviews(s, about, decision, ret_opened);
}

bool decide_apply_records(struct duty_store *s, const struct decide_subject *about, const struct decision *decision)
{
    bool ok = true;

    for (size_t i = 0; ok && i < decision->record_count; i++) {
        const struct decided_record *record = &decision->records[i];
        char *detail = store_detail("duty", record->duty, "rule", rule_name(record->rule), NULL);

        ok = store_journal(s->pg, s->now,
                           &(struct store_journal){.what = "recorded",
                                                   .event_id = about->event_id,
                                                   .child_id = about->child_id,
                                                   .detail = detail});
        free(detail);
    }
    return ok;
}

/* The question that the replaced event asked is its amendment's now. */
static bool close_review(struct duty_store *s, const struct decide_subject *about)
{
    char child[24], key[40];
    PGresult *rows;
    bool ok;

    snprintf(child, sizeof child, "%lld", (long long)about->child_id);
    snprintf(key, sizeof key, "[%lld]", (long long)about->event_id);
    rows = pg_run(s->pg, &REVIEW, (const char *[]){child, key});
    ok = rows != NULL && (PQntuples(rows) == 0 || duty_store_close(s, pg_column_int(rows, 0, 0), "discharged",
                                                                   "its event was amended", about->event_id));
    PQclear(rows);
    return ok;
}

bool decide_apply_replaced(struct duty_store *s, const struct decide_subject *about, const struct decision *decision)
{
    return close_review(s, about) && decide_apply_vanished(s, about, decision);
}

bool decide_apply_vanished(struct duty_store *s, const struct decide_subject *about, const struct decision *decision)
{
    char child[24], event[24];
    struct instant due = calendar_alarm_at(
        calendar_add_working_days(s->config->calendar, civil_day_of(s->now), 1));
    int opened = 0;
    bool ok = true;
    PGresult *rows;

    snprintf(child, sizeof child, "%lld", (long long)about->child_id);
    snprintf(event, sizeof event, "%lld", (long long)about->event_id);
    rows = pg_run(s->pg, &OF_EVENT, (const char *[]){child, event});
    for (int i = 0; rows != NULL && ok && i < PQntuples(rows); i++) {
        const struct rule *rule = protocol_find(s->config->protocol, pg_column(rows, i, 1));
        char *key, *because, *says;

        if (rule != NULL && ledger_made(decision, rule) != NULL)
            continue;
        key = mem_printf("[\"stands\",%s]", pg_column(rows, i, 0));
        says = mem_printf("Say whether D-%s, of duty %s, still stands: what was known about the child has changed",
                          pg_column(rows, i, 0), pg_column(rows, i, 2));
        because = store_detail("duty", pg_column(rows, i, 2), "question", "a later fact says it would not have come out", NULL);
        ok = open_review(s, about, key, 1, "Say whether a duty still stands: what was known has changed", says, because, due,
                         &opened);
        free(key);
        free(says);
        free(because);
    }
    PQclear(rows);
    return ok && rows != NULL;
}
