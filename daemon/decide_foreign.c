/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_foreign.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide_known.h"
#include "store.h"
#include "told/adapter.h"
#include "told/event.h"
#include "told/hashchain.h"
#include "told/mem.h"

static const struct pg_statement DERIVED = {
    "foreign_event",
    "WITH one AS (INSERT INTO told.event (source, id, feed, type, occurred_at, received_at, parent_id, digest, body)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, convert_to($9, 'UTF8')) ON CONFLICT DO NOTHING RETURNING event_id)"
    " INSERT INTO told.event_state (event_id) SELECT event_id FROM one",
    9};

static const struct pg_statement END = {
    "foreign_end",
    "UPDATE told.event_state SET state = $2, reason = $3, decided_at = $4 WHERE event_id = $1", 4};

/* It stands in quarantine like what ingest refused, so that a person can look at it and have it taken up again. Nothing
 * happens where another process has dealt with it meanwhile. */
static const struct pg_statement QUARANTINE = {
    "event_quarantine",
    "WITH gone AS (UPDATE told.event_state SET state = 'quarantined', reason = $2, decided_at = $3"
    " WHERE event_id = $1 AND state = 'waiting' RETURNING event_id)"
    " INSERT INTO told.quarantine (feed, source, id, sha256, reason, received_at, body)"
    " SELECT e.feed, e.source, e.id, encode(sha256(e.body), 'hex'), $2, e.received_at, e.body FROM told.event e JOIN gone"
    " USING (event_id) ON CONFLICT (feed, source, id, sha256) DO UPDATE SET state = 'open', reason = EXCLUDED.reason"
    " RETURNING quarantine_id",
    3};

/* Its bytes are those of the message, which stands in told.event: of four megabytes with a thousand faults there is one copy. */
static const struct pg_statement PART = {
    "foreign_quarantine",
    "INSERT INTO told.quarantine (feed, source, id, sha256, reason, received_at, body)"
    " SELECT $1, e.source, $2, $3, $4, $5, '' FROM told.event e WHERE e.event_id = $6"
    " ON CONFLICT (feed, source, id, sha256) DO UPDATE SET state = 'open' RETURNING quarantine_id",
    6};

struct foreign {
    struct duty_store *s;
    int64_t event_id;
    char number[24], received[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    const char *feed, *source, *id;
    int aside;       /* parts set aside */
    char first[24];  /* the number of the first of them */
    char *fault;     /* of that one; owned */
};

static bool quarantine_part(struct foreign *f, const char *part, const char *reason)
{
    char sha[65], *id = mem_printf("%s/%s", f->id, part), *detail = mem_printf("event %s, %s: %s", f->number, part, reason);
    PGresult *row;
    bool ok;

    hashchain_hex(detail, strlen(detail), sha); /* one part may have several faults */
    row = pg_run(f->s->pg, &PART, (const char *[]){f->feed, id, sha, detail, f->received, f->number});
    ok = row != NULL;
    if (ok && f->aside++ == 0) {
        snprintf(f->first, sizeof f->first, "%s", pg_column(row, 0, 0));
        f->fault = mem_copy(detail);
    }
    PQclear(row);
    free(id);
    free(detail);
    return ok;
}

/* One alarm a message, however many of its parts are faulty: under the number that takes it up again, which also ends it. */
static bool alarm_aside(struct foreign *f)
{
    char *detail;
    bool ok;

    if (f->aside == 0)
        return true;
    detail = f->aside == 1 ? mem_copy(f->fault)
                           : mem_printf("%s; and %d more of its parts, look at toldctl quarantine", f->fault, f->aside - 1);
    ok = store_alarm(f->s->pg, "quarantine", f->first, detail, f->s->now);
    free(detail);
    return ok;
}

static bool insert_derived(struct foreign *f, const struct event *event)
{
    char occurred[INSTANT_TEXT_SIZE], digest[65], *body = json_canonical(event_json(event));
    bool ok;

    event_digest(event, digest);
    ok = pg_later(f->s->pg, &DERIVED,
                  (const char *[]){event_source(event), event_id(event), f->feed, event_type(event),
                                   instant_print(event_time(event), occurred), f->received, f->number, digest, body});
    free(body);
    return ok;
}

static bool take_part(struct foreign *f, const struct adapted *part, int *made)
{
    enum event_fault fault;
    char *reason = NULL;
    struct event *event;
    bool ok;

    if (part->nothing)
        return true;
    if (part->event == NULL)
        return quarantine_part(f, part->part, part->reason);
    event = event_from_json(part->event, &fault, &reason);
    ok = event != NULL ? insert_derived(f, event) : quarantine_part(f, part->part, reason);
    *made += event != NULL;
    event_free(event);
    free(reason);
    return ok;
}

/* The foreign bytes within the CloudEvent: data as JSON text (text that is no JSON stands there as a string), or
 * data_base64. The caller frees. */
static char *payload(const struct event *event, size_t *ret_len)
{
    const json_t *data = json_object_get(event_json(event), "data");
    const char *base64 = json_text_at(event_json(event), "data_base64");
    char *bytes;

    if (base64 != NULL) {
        bytes = mem_new(strlen(base64) + 1);
        if (sodium_base642bin((unsigned char *)bytes, strlen(base64), base64, strlen(base64), "\r\n ", ret_len, NULL,
                              sodium_base64_VARIANT_ORIGINAL) == 0)
            return bytes;
        free(bytes);
        return NULL;
    }
    if (data == NULL)
        return NULL;
    if (json_is_string(data)) {
        *ret_len = json_string_length(data);
        return mem_copy_n(json_string_value(data), *ret_len);
    }
    bytes = json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);
    *ret_len = bytes != NULL ? strlen(bytes) : 0;
    return bytes;
}

/* The end of a foreign message by its name: nothing to say is told from set aside, and both from events. */
static char *end_reason(const char *adapter, const struct adapted_list *list, int made, int of_age)
{
    const char *nothing = NULL;
    size_t faults = list->count - (size_t)made;

    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].nothing) {
            nothing = nothing != NULL ? nothing : list->items[i].reason;
            faults--;
        }
    if (faults > 0)
        return mem_printf("%s: %d event(s), %zu part(s) set aside", adapter, made + of_age, faults);
    if (made + of_age == 0)
        return mem_printf("%s: nothing to say: %s", adapter, nothing != NULL ? nothing : "an empty message");
    return mem_printf("%s: %d event(s) from %zu part(s)", adapter, made + of_age, list->count);
}

enum { ASKED_MOST = 50 }; /* people looked up in one query: well within the client's deadline */

/* The first event of each person stands for all of theirs, which follow it under the same part. */
static size_t first_of_each(const struct adapted_list *list, size_t *at, struct event **ret)
{
    enum event_fault fault;
    size_t count = 0;

    for (; *at < list->of_age_count; ++*at) {
        const struct adapted *one = &list->of_age[*at];
        char *reason = NULL;

        if (*at > 0 && strcmp(one->part, list->of_age[*at - 1].part) == 0)
            continue;
        if (count == ASKED_MOST)
            break;
        ret[count++] = one->event == NULL ? NULL : event_from_json(one->event, &fault, &reason);
        free(reason);
    }
    return count;
}

/* Of those of age only the ones we know, or may know: of a stranger not even a row is kept. */
static bool take_of_age(struct foreign *f, const struct adapted_list *list, int *made)
{
    struct event *people[ASKED_MOST];
    bool known[ASKED_MOST], ok = true;

    for (size_t at = 0; ok && at < list->of_age_count;) {
        size_t from = at, count = first_of_each(list, &at, people), who = 0;

        ok = decide_known(f->s, people, count, known);
        for (size_t i = from; ok && i < at; i++) {
            who += i > from && strcmp(list->of_age[i].part, list->of_age[i - 1].part) != 0;
            if (known[who] && list->of_age[i].event != NULL)
                ok = take_part(f, &list->of_age[i], made);
        }
        for (size_t i = 0; i < count; i++)
            event_free(people[i]);
    }
    return ok;
}

static bool expand(struct foreign *f, const struct event *event)
{
    const char *adapter = event_type(event) + strlen(EVENT_FOREIGN_PREFIX);
    struct adapted_list list = {0};
    size_t len = 0;
    char *bytes = payload(event, &len), *fault = NULL, *reason;
    int made = 0, of_age = 0;
    bool ok = true;

    if (bytes == NULL)
        fault = mem_copy("it has neither data nor a readable data_base64");
    else
        fault = adapter_run(adapter, f->s->config->codes, bytes, len, f->source, f->id, event_time(event), &list);
    if (fault != NULL) {
        ok = decide_foreign_quarantine(f->s, f->event_id, fault);
        free(fault);
        free(bytes);
        return ok;
    }
    for (size_t i = 0; ok && i < list.count; i++)
        ok = take_part(f, &list.items[i], &made);
    ok = ok && take_of_age(f, &list, &of_age);
    reason = end_reason(adapter, &list, made, of_age);
    ok = ok && alarm_aside(f) && pg_later(f->s->pg, &END, (const char *[]){f->number, "decided", reason, f->now});
    free(reason);
    free(bytes);
    adapted_list_release(&list);
    return ok;
}

bool decide_foreign_expand(struct duty_store *s, int64_t event_id_, const char *body, size_t len,
                           struct instant received_at, const char *feed)
{
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(body, len, &fault, &reason);
    struct foreign f = {.s = s, .event_id = event_id_, .feed = feed};
    bool ok;

    if (event == NULL) {
        ok = decide_foreign_quarantine(s, event_id_, reason);
        free(reason);
        return ok;
    }
    snprintf(f.number, sizeof f.number, "%lld", (long long)event_id_);
    instant_print(received_at, f.received);
    instant_print(s->now, f.now);
    f.source = event_source(event);
    f.id = event_id(event);
    ok = expand(&f, event);
    free(f.fault);
    event_free(event);
    return ok;
}

bool decide_foreign_quarantine(struct duty_store *s, int64_t event_id_, const char *reason)
{
    char number[24], now[INSTANT_TEXT_SIZE], *detail;
    PGresult *row;
    bool ok;

    snprintf(number, sizeof number, "%lld", (long long)event_id_);
    row = pg_run(s->pg, &QUARANTINE, (const char *[]){number, reason, instant_print(s->now, now)});
    if (row == NULL || PQntuples(row) == 0) {
        PQclear(row);
        return row != NULL;
    }
    detail = store_detail("reason", reason, NULL);
    ok = store_alarm(s->pg, "quarantine", pg_column(row, 0, 0), reason, s->now) &&
         store_journal(s->pg, s->now,
                       &(struct store_journal){.what = "event quarantined", .event_id = event_id_, .detail = detail});
    free(detail);
    PQclear(row);
    return ok;
}
