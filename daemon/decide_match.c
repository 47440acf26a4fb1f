/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "candidates.h"
#include "child_detail.h"
#include "decide_follow.h"
#include "decide_foreign.h"
#include "decide_hold.h"
#include "decide_whois.h"
#include "log.h"
#include "store.h"
#include "told/mem.h"

static const struct pg_statement LOCK = {"match_lock", "SELECT pg_advisory_xact_lock(" STORE_LOCK_CHILDREN ")", 0};

static const struct pg_statement WAITING = {
    "match_waiting",
    "SELECT e.event_id, encode(e.body, 'escape'), " PG_INSTANT("e.received_at") ", e.type, e.feed, s.unmatch, e.parent_id, h.state"
    " FROM told.event_state s JOIN told.event e USING (event_id)"
    " LEFT JOIN told.held_event b USING (event_id) LEFT JOIN told.hold h USING (hold_id)"
    " WHERE s.state = 'waiting' AND s.child_id IS NULL"
    " AND s.event_id >= $2::bigint AND ($2::bigint = 0 OR s.event_id = $2::bigint)"
    " ORDER BY s.event_id LIMIT $1",
    2};

static const struct pg_statement MATCHED = {
    "match_certain",
    "UPDATE told.event_state s SET child_id = q.child_id, match_because = q.because, match_evidence = q.evidence,"
    " match_review = q.review_id, begun = 0"
    " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[], $5::bigint[]) q (event_id, child_id, because, evidence,"
    " review_id) WHERE s.event_id = q.event_id",
    5};

enum { BY_NAME_MOST = 50 }; /* events looked up by name in one query: well within the client's deadline */

struct waiting {
    int64_t event_id;
    struct instant received_at;
    struct event *event; /* NULL: a foreign message, or one that is quarantined */
    struct person *person;
    bool taken_back; /* a person took a match of it back */
    struct identity_result result;
    bool is_news; /* the child is called or lives otherwise than we knew */
    int64_t parent_id;
    const char *feed;        /* of the result */
    enum timeline_hold hold; /* whether the brake held it before */
};

static bool says_news(const struct person *p, const struct candidates *c, int64_t child_id)
{
    bool name = p->family[0] == '\0' && p->given[0] == '\0', place = p->postcode == NULL;

    for (size_t i = 0; i < c->count; i++) {
        const struct identity_candidate *one = &c->list[i];

        if (one->child_id != child_id)
            continue;
        for (size_t k = 0; k < one->name_count; k++)
            name |= strcmp(one->names[k].family, p->family) == 0 && strcmp(one->names[k].given, p->given) == 0;
        for (size_t k = 0; k < one->postcode_count; k++)
            place |= strcmp(one->postcodes[k].postcode, p->postcode != NULL ? p->postcode : "") == 0;
    }
    return !name || !place;
}

/* Whoever shares an identifier and is called the same is known without a look at anybody else. */
static bool needs_names(const struct waiting *w)
{
    const struct person *p = w->person;
    bool searchable = p->family[0] != '\0' || p->given[0] != '\0' || (p->postcode != NULL && p->is_born_stated);

    return searchable && (w->taken_back || w->result.verdict != IDENTITY_CERTAIN || !w->result.is_corroborated);
}

/* Judges those that wait: all of them by identifier, or, by_name, those that this left open. */
static bool judge(struct duty_store *s, struct waiting *list, int count, bool by_name)
{
    struct candidates_asked *asked = mem_new(((size_t)count + 1) * sizeof *asked);
    struct waiting **who = mem_new(((size_t)count + 1) * sizeof(struct waiting *));
    struct candidates_found found = {0};
    size_t n = 0;
    bool ok = true;

    for (int i = 0; i < count; i++)
        if (list[i].event != NULL && (!by_name || needs_names(&list[i]))) {
            asked[n] = (struct candidates_asked){list[i].event_id, list[i].person, by_name};
            who[n++] = &list[i];
        }
    if (n > 0)
        ok = candidates_find(s->pg, asked, n, &found);
    for (size_t i = 0; ok && i < n; i++) {
        identity_release(&who[i]->result);
        identity_judge(&s->config->identity, who[i]->person, found.of[i].list, found.of[i].count, &who[i]->result);
        who[i]->is_news = who[i]->result.verdict == IDENTITY_CERTAIN &&
                          says_news(who[i]->person, &found.of[i], who[i]->result.child_id);
    }
    candidates_release(&found, n);
    free(who);
    free(asked);
    return ok;
}

/* A name that a publisher uses of this child finds it again; it never makes a match certain. */
static bool keep_alias(struct duty_store *s, const struct waiting *w)
{
    const json_t *person = event_person(w->event);

    return !w->is_news || child_detail_add(s->pg,
                                           &(struct child_detail){.child_id = w->result.child_id,
                                                                  .family_name = json_text_at(person, "family_name"),
                                                                  .given_names = json_text_at(person, "given_names"),
                                                                  .postcode = json_text_at(person, "postcode"),
                                                                  .origin = "event",
                                                                  .event_id = w->event_id,
                                                                  .at = s->now},
                                           NULL);
}

static void add_certain(struct pg_table *certain, const struct waiting *w)
{
    char event[24], child[24], review[24], *evidence = json_dumps(w->result.evidence, JSON_COMPACT);

    snprintf(event, sizeof event, "%lld", (long long)w->event_id);
    snprintf(child, sizeof child, "%lld", (long long)w->result.child_id);
    snprintf(review, sizeof review, "%lld", (long long)w->result.review_id);
    pg_table_add(certain, (const char *[]){event, child, w->result.because, evidence, w->result.review_id != 0 ? review : NULL});
    free(evidence);
}

/* Those that are certain so far are written, for whoever names one of them. */
static bool follow(struct duty_store *s, struct waiting *w, struct pg_table *certain, bool *ret_done, int64_t *ret_joins)
{
    struct decide_following following = {w->event_id, w->event, w->person, w->taken_back};
    int64_t was = w->result.child_id;
    bool ok;

    if (event_retracts(w->event) == NULL && event_amends(w->event) == NULL)
        return true;
    ok = pg_table_do(s->pg, &MATCHED, certain, NULL) && decide_follow(s, &following, &w->result, ret_done, ret_joins);
    w->is_news &= w->result.child_id == was; /* what it calls somebody is no alias of another child */
    return ok;
}

static bool settle(struct duty_store *s, struct waiting *w, struct pg_table *certain)
{
    bool done = false;
    int64_t joins = 0;

    if (!follow(s, w, certain, &done, &joins))
        return false;
    if (done)
        return true;
    if (w->result.verdict != IDENTITY_CERTAIN || w->taken_back)
        return decide_whois(s, &(struct decide_whois){.event_id = w->event_id,
                                                      .received_at = w->received_at,
                                                      .event = w->event,
                                                      .person = w->person,
                                                      .result = &w->result,
                                                      .taken_back = w->taken_back,
                                                      .joins = joins,
                                                      .asking = {.event_id = w->event_id,
                                                                 .parent_id = w->parent_id,
                                                                 .feed = w->feed,
                                                                 .received_at = w->received_at,
                                                                 .hold = w->hold}});
    add_certain(certain, w);
    return keep_alias(s, w);
}

static bool settle_all(struct duty_store *s, struct waiting *list, int count)
{
    struct pg_table certain = {.width = 5};
    bool ok = judge(s, list, count, false);

    for (int i = 0; ok && i < count; i += BY_NAME_MOST)
        ok = judge(s, list + i, count - i < BY_NAME_MOST ? count - i : BY_NAME_MOST, true);
    for (int i = 0; ok && i < count; i++)
        if (list[i].event != NULL)
            ok = settle(s, &list[i], &certain);
    ok = ok && pg_table_later(s->pg, &MATCHED, &certain, NULL) && decide_follow_wake(s);
    pg_table_release(&certain);
    return ok;
}

/* Parses one waiting row. A foreign message is expanded instead, and stays NULL here. */
static bool read_waiting(struct duty_store *s, PGresult *rows, int i, struct waiting *ret)
{
    enum event_fault fault;
    size_t len = 0;
    unsigned char *body = PQunescapeBytea((const unsigned char *)pg_column(rows, i, 1), &len);
    const char *type = pg_column(rows, i, 3);
    char *reason = NULL;
    bool ok = true;

    ret->event_id = pg_column_int(rows, i, 0);
    ret->received_at = pg_column_instant(rows, i, 2);
    ret->feed = pg_column(rows, i, 4);
    ret->taken_back = pg_column_bool(rows, i, 5);
    ret->parent_id = pg_column_int(rows, i, 6);
    ret->hold = timeline_hold_of(pg_column(rows, i, 7));
    if (ret->hold == TIMELINE_HOLD_VOID)
        ok = decide_hold_forget(s, ret->event_id);
    else if (strncmp(type, EVENT_FOREIGN_PREFIX, strlen(EVENT_FOREIGN_PREFIX)) == 0)
        ok = decide_foreign_expand(s, ret->event_id, (const char *)body, len, ret->received_at, ret->feed);
    else if ((ret->event = event_parse((const char *)body, len, &fault, &reason)) == NULL)
        /* Ingest took it under an older catalogue, or a person retried it: back to where a person sees it. */
        ok = decide_foreign_quarantine(s, ret->event_id, reason);
    else
        ret->person = person_read(event_person(ret->event), (const char *const *)s->config->trusted);
    free(reason);
    PQfreemem(body);
    return ok;
}

int decide_match_step(struct duty_store *s, int most, int64_t only)
{
    char limit[24], one[24];
    struct waiting *list = NULL;
    PGresult *rows = NULL;
    int count = -1;
    bool ok = pg_begin(s->pg) && pg_do(s->pg, &LOCK, NULL);

    snprintf(limit, sizeof limit, "%d", most);
    snprintf(one, sizeof one, "%lld", (long long)only);
    decide_brake_begin(s->brake);
    rows = ok ? pg_run(s->pg, &WAITING, (const char *[]){limit, one}) : NULL;
    if (rows == NULL)
        goto done;
    count = PQntuples(rows);
    list = mem_new(sizeof *list * (size_t)(count + 1));
    for (int i = 0; ok && i < count; i++)
        ok = read_waiting(s, rows, i, &list[i]);
    ok = ok && (count == 0 || settle_all(s, list, count)) && decide_brake_settle(s) && pg_commit(s->pg);
    for (int i = 0; i < count; i++) {
        identity_release(&list[i].result);
        person_free(list[i].person);
        event_free(list[i].event);
    }
    if (!ok)
        count = -1;
done:
    if (count < 0)
        pg_rollback(s->pg);
    PQclear(rows);
    free(list);
    return count;
}
