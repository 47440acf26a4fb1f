/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told: the role of each queued notification becomes a recipient, the recipient's message takes it in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch_place.h"
#include "log.h"
#include "pg_table.h"
#include "store.h"
#include "told/mem.h"
#include "untold.h"

/* Duties before their notifications, as everybody locks them. */
static const struct pg_statement LOCK_DUTIES = {
    "route_lock_duties",
    "SELECT duty_id FROM told.duty WHERE duty_id IN (SELECT duty_id FROM told.notification WHERE state = 'queued'"
    " AND message_id IS NULL ORDER BY notification_id LIMIT $1) ORDER BY duty_id FOR UPDATE SKIP LOCKED",
    1};

static const struct pg_statement QUEUED = {
    "route_queued",
    "SELECT n.notification_id, n.duty_id, n.telling, n.line, n.step, n.kind, n.role, n.channel, n.recipient,"
    " d.child_id, d.case_ref, d.immediate, " PG_INSTANT("d.due_at") ", d.state,"
    " CASE WHEN n.kind IN ('correction', 'closing') THEN (SELECT m.address FROM told.notification o JOIN told.message m USING (message_id)"
    " WHERE o.duty_id = n.duty_id AND o.recipient = n.recipient AND o.channel = n.channel AND o.kind NOT IN ('correction', 'closing')"
    " ORDER BY o.notification_id DESC LIMIT 1) END, d.as_of::text, d.retry"
    " FROM told.notification n JOIN told.duty d USING (duty_id)"
    " WHERE n.duty_id = ANY ($1::bigint[]) AND n.state = 'queued' AND n.message_id IS NULL"
    " ORDER BY d.immediate DESC, n.notification_id FOR UPDATE OF n",
    1};

/* Nothing is updated if another notification of this telling and step goes to the same recipient already. */
static const struct pg_statement ASSIGN = {
    "route_assign",
    "UPDATE told.notification n SET recipient = $2, because = $3 WHERE notification_id = $1"
    " AND NOT EXISTS (SELECT FROM told.notification o WHERE o.duty_id = n.duty_id AND o.telling = n.telling"
    " AND o.step = n.step AND o.recipient = $2 AND o.channel = n.channel AND o.state <> 'superseded'"
    " AND o.notification_id <> n.notification_id)",
    3};

static const struct pg_statement ALSO = {
    "route_also",
    "INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, recipient, created_at)"
    " SELECT duty_id, telling, line, step, kind, role, 'webhook', CASE WHEN kind = 'correction' THEN recipient END,"
    " $2::timestamptz FROM told.notification WHERE notification_id = ANY ($1::bigint[]) ORDER BY notification_id"
    " ON CONFLICT DO NOTHING",
    2};

static struct dispatch_queued read_queued(const PGresult *rows, int i)
{
    return (struct dispatch_queued){.id = pg_column(rows, i, 0),
                           .duty_id = pg_column_int(rows, i, 1),
                           .telling = (int)pg_column_int(rows, i, 2),
                           .line = (int)pg_column_int(rows, i, 3),
                           .step = (int)pg_column_int(rows, i, 4),
                           .kind = pg_column(rows, i, 5),
                           .role = pg_column(rows, i, 6),
                           .channel = pg_column(rows, i, 7),
                           .recipient = pg_column(rows, i, 8),
                           .child_id = pg_column_int(rows, i, 9),
                           .case_ref = pg_column(rows, i, 10),
                           .immediate = pg_column_bool(rows, i, 11) && strcmp(pg_column(rows, i, 5), "closing") != 0,
                           .due_at = pg_column_instant(rows, i, 12),
                           .closed = strcmp(pg_column(rows, i, 13), "closed") == 0,
                           .told_at = pg_column(rows, i, 14),
                           .as_of = pg_column(rows, i, 15),
                           .retry = pg_column(rows, i, 16)};
}

/* The caller has locked the duty's row. */
static bool hurry_line(struct dispatch *d, int64_t duty_id, int line, int step)
{
    struct untold u = {.pg = d->pg, .now = d->now};
    bool ok = untold_line(&u, duty_id, line, step);

    d->escalate |= u.escalate;
    return ok;
}

/* What comes after goes where the telling went: over that channel, to that address, whoever holds the role now. */
static void recorded_recipient(const struct dispatch_queued *q, struct recipient *ret)
{
    *ret = (struct recipient){.kind = RECIPIENT_MAILBOX, .id = q->recipient, .role = q->role};
    if (strcmp(q->channel, "email") == 0)
        ret->email = q->told_at;
    else
        ret->webhook = q->told_at;
    snprintf(ret->because, sizeof ret->because, "told before as %s", q->role);
}

/* One of two roles that come to the same person gives way here too. */
static bool fail(struct dispatch *d, const struct dispatch_queued *q, const struct recipient *who, const char *fault)
{
    PGresult *rows = pg_run(d->pg, &ASSIGN, (const char *[]){q->id, who->id, who->because});
    bool ok = rows != NULL, taken = ok && strcmp(PQcmdTuples(rows), "1") == 0;

    PQclear(rows);
    return ok && dispatch_place_end(d, q, taken ? "failed" : "superseded",
                                    taken ? fault : "the same recipient is told of this duty at this step already", who);
}

/* Copies have no line, and whoever is only asked again beside one does not move it. */
static bool hurry(struct dispatch *d, const struct dispatch_queued *q)
{
    return q->line < 0 || strcmp(q->kind, "chase") == 0 || hurry_line(d, q->duty_id, q->line, q->step);
}

static bool say_nobody(struct dispatch *d, const struct dispatch_queued *q)
{
    char key[300];

    snprintf(key, sizeof key, "D-%lld %s", (long long)q->duty_id, q->role);
    log_warning("duty=%lld role=%s state=nobody-to-tell do=\"fill the role or its mailbox; the last resort is told\"",
                (long long)q->duty_id, q->role);
    return store_alarm(d->pg, "nobody-to-tell", key, "nobody holds this role and nobody stands in; the last resort is told",
                       d->now);
}

/* They are told by webhook, or the role fell through; either way somebody must correct the address. Of one that a bounce has
 * marked the operators have the alarm already, unless somebody ended it and left the mark. */
static bool say_barred(struct dispatch *d, const struct dispatch_queued *q, const struct recipient *who)
{
    bool ok = true;

    for (size_t i = 0; ok && i < who->barred_count; i++) {
        const char *because = who->barred[i].because;
        bool bounced = strcmp(because, DIRECTORY_CAME_BACK) == 0;

        log_warning("duty=%lld role=%s state=address-refused reason=\"%s\" do=\"correct the directory; the alarm names whose it is%s\"",
                    (long long)q->duty_id, q->role, because, bounced ? ", or clear the mark: toldctl address" : "");
        ok = bounced ? store_alarm(d->pg, "address-bounced", who->barred[i].id, STORE_ALARM_BOUNCED, d->now)
                     : store_alarm(d->pg, "address-refused", who->barred[i].id, because, d->now);
    }
    return ok;
}

struct routing {
    struct dispatch *d;
    struct directory_children *children;
    struct dispatch_place *places; /* those that get into a message */
    size_t place_count;
    struct pg_table also; /* those whose recipient has a webhook as well */
};

static void place(struct routing *r, const struct dispatch_queued *q, const struct recipient *who, const char *address,
                  bool has_other)
{
    r->places[r->place_count++] =
        (struct dispatch_place){.queued = *q, .who = *who, .address = address, .has_other = has_other};
}

/* Whoever reads why must see that it was not who is allocated now. Reasons that fill their room are not cut for it. */
static void say_as_of(const struct dispatch *d, const struct dispatch_queued *q, struct recipient *who)
{
    const struct directory_role *role = directory_role(d->directory, q->role);
    char day[32];
    size_t len, reasons = strlen(who->because);

    if (q->as_of == NULL || role == NULL || (role->held != ROLE_HELD_ALLOCATION && role->held != ROLE_HELD_TEAM))
        return;
    len = (size_t)snprintf(day, sizeof day, "as of %s; ", q->as_of);
    if (len >= sizeof day || len + reasons >= sizeof who->because)
        return;
    memmove(who->because + len, who->because, reasons + 1);
    memcpy(who->because, day, len);
}

static void resolve(struct routing *r, const struct dispatch_queued *q, struct recipient *ret)
{
    struct dispatch *d = r->d;
    size_t count = 0;
    const struct allocation *held = directory_children_get(
        r->children, (struct directory_asked){q->child_id, directory_children_at(q->as_of, d->now)}, &count);

    directory_resolve(d->directory, d->config->calendar, q->role, held, count, q->immediate, d->now, ret);
    say_as_of(d, q, ret);
}

static bool is_down(const struct dispatch *d, const char *endpoint)
{
    return d->webhook != NULL && webhook_pool_is_open(d->webhook, endpoint);
}

/* An endpoint that is for when mail fails, and for who has no mail address. */
static bool waits(const struct dispatch *d, const char *name)
{
    const struct webhook_endpoint *endpoint = config_endpoint(d->config, name);

    return endpoint != NULL && endpoint->when == WEBHOOK_MAIL_FAILS;
}

/* Why a mail to this address cannot be sent, or NULL. */
static const char *mail_fault(const struct dispatch *d, const char *address)
{
    if (address == NULL)
        return "the recipient has no mail address";
    return refused_addresses_has(d->refused, address) ? DIRECTORY_CAME_BACK : config_refuses_mail(d->config, address);
}

/* Where the role reaches nobody, its line's next step is due at once. */
static bool route(struct routing *r, const struct dispatch_queued *q)
{
    bool email = strcmp(q->channel, "email") == 0, after = dispatch_text_is_after(q->kind);
    struct dispatch *d = r->d;
    struct recipient who;
    const char *address, *fault = NULL;
    bool ok = true, has_other;

    if (q->closed && !after)
        return dispatch_place_end(d, q, "cancelled", "the duty is closed", NULL);
    if (after && q->recipient != NULL)
        recorded_recipient(q, &who);
    else
        resolve(r, q, &who);
    address = email ? who.email : who.webhook;
    if (who.kind == RECIPIENT_LAST_RESORT) {
        ok = say_nobody(d, q) && hurry(d, q);
    }
    if (ok && email)
        ok = say_barred(d, q, &who);
    fault = email ? mail_fault(d, address) : NULL;
    /* A correction goes over the channels that the telling took, and has a row for each. */
    has_other = email && !after && who.webhook != NULL;
    if (ok && has_other && (fault != NULL || !waits(d, who.webhook))) {
        pg_table_add(&r->also, (const char *[]){q->id});
        has_other = false;
    }
    if (!ok)
        return false;
    if (address == NULL && !email)
        return dispatch_place_end(d, q, "superseded", "the recipient has no webhook", &who);
    if (address == NULL && who.webhook != NULL && !is_down(d, who.webhook))
        return dispatch_place_end(d, q, "superseded", "the recipient has no mail address; the webhook tells", &who);
    if (fault == NULL) {
        place(r, q, &who, address, has_other);
        return true;
    }
    log_warning("notification=%s duty=%lld recipient=%s state=failed reason=\"%s\" do=\"correct the directory\"", q->id,
                (long long)q->duty_id, who.id, fault);
    return fail(d, q, &who, fault) && ((who.webhook != NULL && !is_down(d, who.webhook)) || hurry(d, q));
}

static bool route_all(struct dispatch *d, PGresult *rows)
{
    size_t count = (size_t)PQntuples(rows);
    struct routing r = {.d = d, .also.width = 1};
    struct directory_asked *asked = mem_new(sizeof *asked * (count + 1));
    char now[INSTANT_TEXT_SIZE];
    bool ok;

    for (size_t i = 0; i < count; i++)
        asked[i] = (struct directory_asked){pg_column_int(rows, (int)i, 9),
                                            directory_children_at(pg_column(rows, (int)i, 15), d->now)};
    r.places = mem_new(sizeof *r.places * (count + 1));
    r.children = directory_children_load(d->pg, asked, count);
    ok = r.children != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        struct dispatch_queued q = read_queued(rows, (int)i);

        ok = route(&r, &q);
    }
    ok = ok && pg_table_later(d->pg, &ALSO, &r.also, (const char *[]){instant_print(d->now, now)}) &&
         dispatch_place_all(d, r.places, r.place_count);
    pg_table_release(&r.also);
    directory_children_free(r.children);
    free(r.places);
    free(asked);
    return ok;
}

/* The queued notifications of some duties, whose rows are locked. */
static PGresult *lock_queued(struct dispatch *d)
{
    struct buf array = {0};
    char most[24];
    PGresult *duties, *rows = NULL;

    snprintf(most, sizeof most, "%d", DISPATCH_ROUTE_MOST);
    duties = pg_run(d->pg, &LOCK_DUTIES, (const char *[]){most});
    for (int i = 0; duties != NULL && i < PQntuples(duties); i++)
        pg_array_add(&array, pg_column(duties, i, 0));
    if (duties != NULL)
        rows = pg_run(d->pg, &QUEUED, (const char *[]){pg_array_end(&array)});
    PQclear(duties);
    buf_release(&array);
    return rows;
}

int dispatch_route(struct dispatch *d)
{
    int count;
    PGresult *rows;

    if (!pg_begin(d->pg))
        return -1;
    rows = lock_queued(d);
    count = rows != NULL ? PQntuples(rows) : -1;
    if (count > 0 && !route_all(d, rows))
        count = -1;
    PQclear(rows);
    if (count >= 0 && pg_commit(d->pg))
        return count;
    pg_rollback(d->pg);
    return -1;
}
