/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking due messages under a lease and a fence. The claim and its attempt row are committed before a socket is touched:
 * an attempt without an outcome is one that may have arrived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch_thread.h"
#include "log.h"
#include "pg_table.h"
#include "store.h"
#include "told/mem.h"

static const struct pg_statement ITEMS = {
    "claim_items",
    "SELECT n.message_id, n.notification_id, n.duty_id, n.telling, n.line, n.step, n.kind, n.role, n.because, n.recipient,"
    " d.child_id, d.case_ref, d.kind, d.duty, d.rule, d.title, d.state, d.because::text, d.immediate,"
    " " PG_INSTANT("d.due_at") ", " PG_INSTANT("d.received_at") ", e.type, d.event_id,"
    " " PG_INSTANT("coalesce(l.next_at, d.next_at)") ", l.above[least(l.step + 1, array_length(l.above, 1))], n.channel, d.says,"
    " CASE WHEN l.line IS NULL THEN (SELECT string_agg(o.role, ',' ORDER BY o.line) FROM told.duty_line o"
    " WHERE o.duty_id = d.duty_id) ELSE array_to_string(array_prepend(l.role, l.above[1:n.step - 1]), ',') END, n.telling < d.telling,"
    " d.as_of::text, n.code, d.closed_as, " PG_INSTANT("d.closed_at")
    " FROM told.notification n JOIN told.duty d USING (duty_id) LEFT JOIN told.event e USING (event_id)"
    " LEFT JOIN told.duty_line l ON l.duty_id = d.duty_id AND l.line = n.line"
    " WHERE n.message_id = ANY ($1::bigint[]) AND n.state IN ('queued', 'uncertain')"
    " ORDER BY n.message_id, d.due_at, n.notification_id FOR UPDATE OF n",
    1};

/* next_at says "waiting" as well as the state does, and does not lead the planner to the index of all that is due. */
static const struct pg_statement MESSAGES = {
    "claim_messages",
    "SELECT message_id, recipient, address, uid, frozen, uncertain, subject, body_text, body_html, fence + 1, attempts + 1,"
    " " PG_INSTANT("created_at") ", test, body_calendar, " PG_INSTANT("first_try_at") ", content = 'full',"
    " channel = 'webhook' AND EXISTS (SELECT FROM told.endpoint e WHERE e.name = address AND e.stopped_at IS NOT NULL)"
    " FROM told.message WHERE message_id = ANY ($1::bigint[]) AND next_at IS NOT NULL ORDER BY message_id FOR UPDATE",
    1};

/* The text is given at the first attempt only, and stands from then on. */
static const struct pg_statement CLAIM = {
    "claim_take",
    "UPDATE told.message m SET state = 'claimed', next_at = NULL, lease_until = $9, fence = fence + 1, claimed_by = $10,"
    " attempts = attempts + 1, first_try_at = coalesce(first_try_at, $11), frozen = true,"
    " subject = coalesce(m.subject, q.subject), body_text = coalesce(m.body_text, q.body_text),"
    " body_html = coalesce(m.body_html, q.body_html), body_calendar = coalesce(m.body_calendar, q.body_calendar),"
    " content = coalesce(m.content, q.content), template = coalesce(m.template, q.template),"
    " template_hash = coalesce(m.template_hash, q.template_hash)"
    " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])"
    " q (message_id, subject, body_text, body_html, body_calendar, content, template, template_hash)"
    " WHERE m.message_id = q.message_id",
    11};

static const struct pg_statement TAKE_ITEMS = {
    "claim_notifications",
    "UPDATE told.notification SET state = 'claimed' WHERE notification_id = ANY ($1::bigint[])", 1};

static const struct pg_statement ATTEMPT = {
    "claim_attempt",
    "INSERT INTO told.attempt (message_id, number, fence, claimed_by, started_at)"
    " SELECT message_id, number, fence, $4, $5::timestamptz FROM unnest($1::bigint[], $2::int[], $3::bigint[])"
    " q (message_id, number, fence)",
    5};

static const struct pg_statement END_ITEM = {
    "claim_end_notification", "UPDATE told.notification SET state = $2, reason = $3 WHERE notification_id = $1", 3};

/* With it the roles that gave way because they came to the same person: who is told for them now may be another. By email
 * too, for whoever that is may have no webhook; where an email of this rung stands already, that one counts. */
static const struct pg_statement REQUEUE = {
    "claim_requeue",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, created_at)"
    " SELECT n.duty_id, n.telling, n.line, n.step, n.kind, n.role, c.channel, $2::timestamptz"
    " FROM told.notification gone JOIN told.notification n USING (duty_id, telling, step, channel, recipient)"
    " CROSS JOIN LATERAL (VALUES ('email'), (n.channel)) c (channel) WHERE gone.notification_id = $1 AND n.state = 'superseded' ORDER BY n.notification_id ON CONFLICT DO NOTHING",
    2};

/* Its duty is not locked here, so what becomes of the line is for the route, which looks again who is told, and how. */
static const struct pg_statement ROUTE_AGAIN = {
    "claim_route_again",
    "UPDATE told.notification SET state = 'queued', recipient = NULL, because = NULL, message_id = NULL WHERE notification_id = $1",
    1};

static const struct pg_statement CANCEL = {
    "claim_cancel",
    "UPDATE told.message SET state = 'cancelled', reason = $2, next_at = NULL, other_at = NULL, lease_until = NULL WHERE message_id = $1", 2};

static const struct pg_statement FAIL = {
    "claim_fail",
    "UPDATE told.message SET state = 'failed', reason = $2, next_at = NULL, other_at = NULL, lease_until = NULL WHERE message_id = $1", 2};

/* What goes out once the claim is committed. */
struct claimed {
    const char *id, *recipient, *address, *uid;
    struct dispatch_thread thread;
    int64_t message_id, fence;
    struct dispatch_text text;
    struct instant date; /* of the first attempt: every attempt is the same mail */
    int attempt;
    bool send;
    bool stopped; /* its endpoint wants no more */
    bool unsafe; /* it names a child, and may not any more: what is assured has changed since */
};

static struct dispatch_item read_item(const struct dispatch *d, const PGresult *rows, int i)
{
    return (struct dispatch_item){.notification_id = pg_column_int(rows, i, 1),
                                  .duty_id = pg_column_int(rows, i, 2),
                                  .telling = (int)pg_column_int(rows, i, 3),
                                  .line = (int)pg_column_int(rows, i, 4),
                                  .step = (int)pg_column_int(rows, i, 5),
                                  .kind = pg_column(rows, i, 6),
                                  .role = pg_column(rows, i, 7),
                                  .because = pg_column(rows, i, 8),
                                  .child_id = pg_column_int(rows, i, 10),
                                  .case_ref = pg_column(rows, i, 11),
                                  .duty_kind = pg_column(rows, i, 12),
                                  .duty = pg_column(rows, i, 13),
                                  .rule = pg_column(rows, i, 14),
                                  .title = pg_column(rows, i, 15),
                                  .protocol_because = pg_column(rows, i, 17),
                                  .immediate = pg_column_bool(rows, i, 18),
                                  .due_at = pg_column_instant(rows, i, 19),
                                  .received_at = pg_column_instant(rows, i, 20),
                                  .event_type = pg_column(rows, i, 21),
                                  .event_id = pg_column_int(rows, i, 22),
                                  .next_at = pg_column_instant(rows, i, 23),
                                  .next_role = pg_column(rows, i, 24),
                                  .says = pg_column(rows, i, 26),
                                  .below = pg_column(rows, i, 27),
                                  .as_of = pg_column(rows, i, 29),
                                  .closed_as = pg_column(rows, i, 31),
                                  .closed_at = pg_column_instant(rows, i, 32),
                                  .code = config_returns_is_on(&d->config->returns) ? pg_column(rows, i, 30) : NULL};
}

static bool end_item(struct dispatch *d, const struct dispatch_item *item, const char *state, const char *reason)
{
    char id[24], *detail = store_detail("state", state, "reason", reason, "role", item->role, "because", item->because, NULL);
    bool ok;

    snprintf(id, sizeof id, "%lld", (long long)item->notification_id);
    ok = pg_do(d->pg, &END_ITEM, (const char *[]){id, state, reason}) &&
         store_journal(d->pg, d->now,
                       &(struct store_journal){.what = "notification ended",
                                               .duty_id = item->duty_id,
                                               .notification_id = item->notification_id,
                                               .detail = detail});
    free(detail);
    return ok;
}

/* Looked at again before each retry, and where it waited: a leaver or a moved case changes who is told. True: still this
 * recipient. */
static bool same_recipient(struct dispatch *d, const struct directory_children *children, const struct dispatch_item *item,
                           const char *recipient, const char *address, bool email, struct recipient *ret)
{
    size_t count = 0;
    const struct allocation *held = directory_children_get(
        children, (struct directory_asked){item->child_id, directory_children_at(item->as_of, d->now)}, &count);
    const char *now_at;

    directory_resolve(d->directory, d->config->calendar, item->role, held, count, item->immediate, d->now, ret);
    now_at = email ? ret->email : ret->webhook;
    return strcmp(ret->id, recipient) == 0 && now_at != NULL && strcmp(now_at, address) == 0;
}

struct claim {
    struct dispatch *d;
    PGresult *items;
    PGresult *threads; /* NULL where every mail begins its own */
    struct directory_children *children; /* NULL unless somebody has to be looked for again */
    bool email;
    struct pg_table messages, taken, attempts; /* what CLAIM, TAKE_ITEMS and ATTEMPT will write */
};

/* Who was found a moment ago is not looked for again. */
enum { RESOLVED_FOR_MS = 60000 };

/* The configuration may have changed while it waited. */
static const char *refusal(const struct claim *c, const char *address)
{
    return c->email ? config_refuses_mail(c->d->config, address) : NULL;
}

/* rows: of MESSAGES. */
static bool is_again(const struct claim *c, const PGresult *rows, int i)
{
    return pg_column_bool(rows, i, 4) || refusal(c, pg_column(rows, i, 2)) != NULL ||
           instant_ms_between(pg_column_instant(rows, i, 11), c->d->now) >= RESOLVED_FOR_MS;
}

/* Drops what is no longer needed from a message about to be sent. *ret_live: what stays. */
static bool sift(struct claim *c, const struct claimed *m, bool again, struct dispatch_item *live, size_t *ret_live)
{
    char now[INSTANT_TEXT_SIZE], id[24];
    bool ok = true;

    instant_print(c->d->now, now);
    for (int i = 0; ok && i < PQntuples(c->items); i++) {
        struct dispatch_item item;
        struct recipient who;
        bool after;

        if (pg_column_int(c->items, i, 0) != m->message_id)
            continue;
        item = read_item(c->d, c->items, i);
        after = dispatch_text_is_after(item.kind);
        if (!after && strcmp(pg_column(c->items, i, 16), "closed") == 0) {
            ok = end_item(c->d, &item, "cancelled", "the duty is closed");
        } else if (!after && pg_column_bool(c->items, i, 28)) {
            /* It was at the socket when the change came: what it says holds no more, and the next telling says the rest. */
            ok = end_item(c->d, &item, "cancelled", "overtaken by a change");
        } else if (after && refusal(c, m->address) != NULL) {
            ok = end_item(c->d, &item, "failed", refusal(c, m->address));
        } else if (c->email && !after && refused_addresses_has(c->d->refused, m->address)) {
            snprintf(id, sizeof id, "%lld", (long long)item.notification_id);
            ok = pg_do(c->d->pg, &ROUTE_AGAIN, (const char *[]){id});
        } else if (m->unsafe) {
            snprintf(id, sizeof id, "%lld", (long long)item.notification_id);
            ok = end_item(c->d, &item, "superseded", "mail to this address may name nobody any more") &&
                 pg_do(c->d->pg, &REQUEUE, (const char *[]){id, now});
        } else if (again && !after && !same_recipient(c->d, c->children, &item, m->recipient, m->address, c->email, &who)) {
            snprintf(id, sizeof id, "%lld", (long long)item.notification_id);
            ok = end_item(c->d, &item, "superseded", "another recipient holds the role now") &&
                 pg_do(c->d->pg, &REQUEUE, (const char *[]){id, now});
        } else {
            live[(*ret_live)++] = item;
        }
    }
    return ok;
}

/* It ends here; what it would have told is ended by the caller. */
static bool fail_message(struct claim *c, struct claimed *m, const char *reason)
{
    m->send = false;
    return pg_do(c->d->pg, &FAIL, (const char *[]){m->id, reason});
}

static bool freeze(struct claim *c, struct claimed *m, struct dispatch_item *live, size_t count)
{
    char *fault = NULL;

    if (c->email && !dispatch_disclose(c->d, m->address, live, count))
        return false;
    if (c->email)
        fault = dispatch_text_email(c->d->config, live, count, &m->text);
    if (c->email && fault == NULL)
        m->text.calendar = dispatch_calendar(c->d->config, live, count, c->d->now);
    else if (!c->email)
        dispatch_text_webhook(c->d->config, config_endpoint(c->d->config, m->address), &live[0], m->uid, &m->text);
    if (fault != NULL) {
        log_error("message=%s state=failed reason=\"%s\" do=\"correct the template\"", m->id, fault);
        free(fault);
        for (size_t i = 0; i < count; i++)
            if (!end_item(c->d, &live[i], "failed", "its text could not be made; see the log"))
                return false;
        return fail_message(c, m, "its text could not be made; see the log") &&
               store_alarm(c->d->pg, "template", m->id, "a notice could not be written from its template", c->d->now);
    }
    return true;
}

/* Its text is ours alone and needs no freezing: it is made anew where a claim was taken over. */
static bool freeze_test(struct claim *c, struct claimed *m)
{
    char *fault = NULL;

    if (refusal(c, m->address) != NULL)
        return fail_message(c, m, refusal(c, m->address));
    if (c->email)
        fault = dispatch_test_email(c->d->config, m->uid, c->d->now, &m->text);
    else
        dispatch_test_webhook(c->d->config, config_endpoint(c->d->config, m->address), m->uid, c->d->now, &m->text);
    if (fault == NULL)
        return true;
    log_error("message=%s state=failed reason=\"%s\" do=\"report it: the text of a test is part of told\"", m->id, fault);
    free(fault);
    return fail_message(c, m, "its text could not be made; see the log");
}

/* Exactly what the text speaks of. */
static void take_items(struct claim *c, const struct dispatch_item *live, size_t count)
{
    char id[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "%lld", (long long)live[i].notification_id);
        pg_table_add(&c->taken, (const char *[]){id});
    }
}

static bool write_claims(struct claim *c)
{
    char now[INSTANT_TEXT_SIZE], lease[INSTANT_TEXT_SIZE];
    const char *more[] = {dispatch_lease_end(c->d, lease), c->d->stage->worker, instant_print(c->d->now, now)};

    return pg_table_later(c->d->pg, &TAKE_ITEMS, &c->taken, NULL) && pg_table_later(c->d->pg, &CLAIM, &c->messages, more) &&
           pg_table_later(c->d->pg, &ATTEMPT, &c->attempts, more + 1);
}

/* rows: of MESSAGES. */
static bool prepare(struct claim *c, PGresult *rows, int i, struct claimed *ret)
{
    bool frozen = pg_column_bool(rows, i, 4), uncertain = pg_column_bool(rows, i, 5), ok;
    struct dispatch_item *live = mem_new(sizeof *live * (size_t)(PQntuples(c->items) + 1));
    size_t count = 0;

    *ret = (struct claimed){.id = pg_column(rows, i, 0),
                            .recipient = pg_column(rows, i, 1),
                            .address = pg_column(rows, i, 2),
                            .uid = pg_column(rows, i, 3),
                            .message_id = pg_column_int(rows, i, 0),
                            .fence = pg_column_int(rows, i, 9),
                            .attempt = (int)pg_column_int(rows, i, 10),
                            .date = pg_column_instant(rows, i, 14),
                            .send = true,
                            .stopped = pg_column_bool(rows, i, 16),
                            .unsafe = c->email && pg_column_bool(rows, i, 15) &&
                                      !dispatch_may_name(c->d->config, pg_column(rows, i, 2))};
    dispatch_thread_of(c->threads, ret->message_id, &ret->thread);
    ok = sift(c, ret, is_again(c, rows, i), live, &count);
    if (ok && pg_column_bool(rows, i, 12)) {
        ok = freeze_test(c, ret);
    } else if (ok && count == 0) {
        ret->send = false;
        ok = pg_do(c->d->pg, &CANCEL, (const char *[]){ret->id, "nothing in it is needed any more"});
    } else if (ok && frozen) {
        ret->text = (struct dispatch_text){.subject = mem_copy(pg_column(rows, i, 6)),
                                           .text = mem_copy(pg_column(rows, i, 7)),
                                           .html = mem_copy(pg_column(rows, i, 8)),
                                           .calendar = mem_copy(pg_column(rows, i, 13))};
    } else if (ok) {
        ok = freeze(c, ret, live, count);
    }
    if (ok && ret->send) {
        take_items(c, live, count);
        pg_table_add(&c->messages, frozen ? (const char *[]){ret->id, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
                                          : (const char *[]){ret->id, ret->text.subject, ret->text.text, ret->text.html,
                                                             ret->text.calendar, disclosure_text(ret->text.content), ret->text.template,
                                                             ret->text.template_hash});
        pg_table_add(&c->attempts, (const char *[]){ret->id, pg_column(rows, i, 10), pg_column(rows, i, 9)});
    }
    if (ok && ret->send && uncertain && c->email)
        dispatch_text_repeat(&ret->text);
    dispatch_disclose_release(live, count);
    free(live);
    return ok;
}

static void hold(struct dispatch *d, const struct claimed *m)
{
    if (d->flight_count == d->flight_room) {
        d->flight_room = d->flight_room * 2 + 16;
        d->flights = mem_grow(d->flights, d->flight_room, sizeof *d->flights);
    }
    d->flights[d->flight_count++] = (struct dispatch_flight){m->message_id, m->fence};
}

static void submit_email(struct dispatch *d, const struct claimed *m)
{
    char *return_path = verp_print(d->return_path.key, &(struct verp){m->message_id, m->attempt}, d->config->reference_domain);
    struct email_job job = {.message_id = m->message_id,
                            .fence = m->fence,
                            .envelope_from = return_path,
                            .reply_to = config_returns_is_on(&d->config->returns) ? return_path : NULL,
                            .to = mem_copy(m->address),
                            .subject = m->text.subject,
                            .message_id_header = mem_copy(m->uid),
                            .in_reply_to = m->thread.in_reply_to,
                            .references = m->thread.references.len > 0 ? m->thread.references.bytes : NULL,
                            .date = instant_is_none(m->date) ? d->now : m->date,
                            .text = m->text.text,
                            .html = m->text.html,
                            .calendar = m->text.calendar};

    if (email_relays_submit(d->email, &job))
        hold(d, m);
    free(return_path);
    free(job.to);
    free(job.message_id_header);
}

static void submit_webhook(struct dispatch *d, const struct claimed *m)
{
    struct webhook_job job = {.message_id = m->message_id,
                              .fence = m->fence,
                              .webhook_id = mem_copy(m->uid),
                              .timestamp = clock_real().us / 1000000,
                              .body = m->text.text};
    const char *reason = m->stopped ? "the endpoint answered 410 and is stopped; toldctl endpoints start lets it go on" : NULL;
    bool known = false;

    for (size_t i = 0; i < d->config->endpoint_count && !known; i++) {
        known = strcmp(d->config->endpoints[i].name, m->address) == 0;
        job.endpoint = i;
    }
    if (!known)
        reason = "no such endpoint in the configuration";
    if (reason == NULL && webhook_pool_submit(d->webhook, &job)) {
        hold(d, m);
    } else if (reason != NULL) {
        struct outcome out = {.message_id = m->message_id,
                              .fence = m->fence,
                              .begun = true,
                              .reply = {.outcome = REPLY_PERMFAIL, .reason = reason}};

        dispatch_outcome_keep(d, &out);
    }
    free(job.webhook_id);
}

static bool load_children(struct claim *c, const PGresult *rows)
{
    int count = PQntuples(c->items);
    struct directory_asked *asked;
    bool again = false;

    for (int i = 0; i < PQntuples(rows); i++)
        again = again || is_again(c, rows, i);
    if (!again)
        return true;
    asked = mem_new(sizeof *asked * (size_t)(count + 1));
    for (int i = 0; i < count; i++)
        asked[i] = (struct directory_asked){pg_column_int(c->items, i, 10),
                                            directory_children_at(pg_column(c->items, i, 29), c->d->now)};
    c->children = directory_children_load(c->d->pg, asked, (size_t)count);
    free(asked);
    return c->children != NULL;
}

/* A first telling begins a thread: most mails are that, and nothing is asked for them. */
static bool load_threads(struct claim *c, const char *ids)
{
    bool some = false;

    for (int i = 0; c->email && i < PQntuples(c->items) && !some; i++) {
        struct dispatch_item item = read_item(c->d, c->items, i);

        some = item.step > 0 || item.telling > 1 || (strcmp(item.kind, "tell") != 0 && strcmp(item.kind, "copy") != 0);
    }
    if (some)
        c->threads = dispatch_thread_load(c->d, ids);
    return !some || c->threads != NULL;
}

static PGresult *take(struct claim *c, const char *ids)
{
    PGresult *rows = NULL;

    c->items = pg_run(c->d->pg, &ITEMS, (const char *[]){ids});
    if (c->items != NULL && load_threads(c, ids))
        rows = pg_run(c->d->pg, &MESSAGES, (const char *[]){ids});
    if (rows == NULL || load_children(c, rows))
        return rows;
    PQclear(rows);
    return NULL;
}

/* *ret_rows: of MESSAGES, the claims point into it. Returns how many messages were taken, -1 when the database failed. */
static int claim_all(struct claim *c, const char *channel, size_t most, PGresult **ret_rows, struct claimed **ret_list)
{
    struct buf ids = {0};
    int count = dispatch_due(c->d, channel, most, &ids);
    PGresult *rows = NULL;
    bool ok = true;

    if (count > 0) {
        rows = take(c, pg_array_end(&ids));
        count = rows != NULL ? PQntuples(rows) : -1;
    }
    buf_release(&ids);
    *ret_list = mem_new(sizeof **ret_list * (size_t)(count + 1 > 0 ? count + 1 : 1));
    *ret_rows = rows;
    for (int i = 0; ok && i < count; i++)
        ok = prepare(c, rows, i, &(*ret_list)[i]);
    return ok && write_claims(c) ? count : -1;
}

static void release_claim(struct claim *c)
{
    PQclear(c->items);
    PQclear(c->threads);
    directory_children_free(c->children);
    pg_table_release(&c->messages);
    pg_table_release(&c->taken);
    pg_table_release(&c->attempts);
}

int dispatch_claim(struct dispatch *d, const char *channel, size_t most)
{
    struct claim c = {.d = d, .email = strcmp(channel, "email") == 0, .messages.width = 8, .taken.width = 1, .attempts.width = 3};
    struct claimed *list = NULL;
    PGresult *rows = NULL;
    int count, made;

    if (most == 0)
        return 0;
    if (!pg_begin(d->pg))
        return -1;
    count = claim_all(&c, channel, most, &rows, &list);
    made = rows != NULL ? PQntuples(rows) : 0;
    if (count <= 0 || !pg_commit(d->pg)) {
        pg_rollback(d->pg);
        count = count == 0 ? 0 : -1;
    }
    for (int i = 0; i < count; i++) {
        if (list[i].send && c.email)
            submit_email(d, &list[i]);
        else if (list[i].send)
            submit_webhook(d, &list[i]);
    }
    for (int i = 0; i < made; i++) {
        dispatch_text_release(&list[i].text);
        dispatch_thread_release(&list[i].thread);
    }
    free(list);
    PQclear(rows);
    release_claim(&c);
    return count;
}
