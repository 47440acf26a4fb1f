/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_brake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/mem.h"

#define HOUR_US INT64_C(3600000000)

static const struct pg_statement HOUR = {
    "brake_hour",
    "SELECT coalesce((SELECT duties FROM told.feed_hour WHERE feed = $1 AND hour = $2), 0),"
    " greatest((SELECT max(duties) FROM told.feed_hour WHERE feed = $1 AND hour >= $3 AND hour < $2"
    "  AND NOT is_void),"
    " (SELECT released FROM told.feed_hour WHERE feed = $1 AND hour = $2), 0)",
    3};

static const struct pg_statement MESSAGE = {
    "brake_message", "SELECT coalesce((SELECT duties FROM told.message_fan_out WHERE event_id = $1), 0)", 1};

/* Shared until the commit: who answers the hold then finds every event that was put behind it. */
static const struct pg_statement FEED_HOLD = {
    "brake_feed_hold", "SELECT hold_id, state FROM told.hold WHERE feed = $1 AND event_id IS NULL AND state = 'open' FOR SHARE", 1};
static const struct pg_statement MESSAGE_HOLD = {
    "brake_message_hold",
    "SELECT hold_id, state FROM told.hold WHERE feed = $1 AND event_id = $2 ORDER BY hold_id DESC LIMIT 1 FOR SHARE", 2};

static const struct pg_statement EVENT_HOLD = {
    "brake_event_hold",
    "SELECT h.hold_id, h.state FROM told.hold h JOIN told.held_event USING (hold_id) WHERE held_event.event_id = $1 FOR SHARE OF h",
    1};

static const struct pg_statement OPEN = {
    "brake_open",
    "INSERT INTO told.hold (feed, event_id, reason, opened_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING hold_id",
    4};

static const struct pg_statement PUT = {
    "brake_put",
    "INSERT INTO told.held_event (event_id, hold_id, duties, passed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", 4};

static const struct pg_statement ADD_HOUR = {
    "brake_add_hour",
    "INSERT INTO told.feed_hour AS f (feed, hour, duties, released) VALUES ($1, $2, $3, $4) ON CONFLICT (feed, hour) DO UPDATE"
    " SET duties = f.duties + excluded.duties, released = f.released + excluded.released RETURNING duties",
    4};

static const struct pg_statement ADD_MESSAGE = {
    "brake_add_message",
    "INSERT INTO told.message_fan_out AS m (event_id, duties) VALUES ($1, $2) ON CONFLICT (event_id) DO UPDATE"
    " SET duties = m.duties + excluded.duties RETURNING duties",
    2};

/* One count: of a feed in an hour, or (feed NULL) of a foreign message. */
struct count {
    char *feed;
    int64_t key;  /* the hour in microseconds, or the message */
    long there;   /* as read */
    long busiest; /* of a feed */
    long added, added_freely, added_released; /* freely: a person has not said that they may */
    int64_t hold_id;                          /* of the message, else of the feed; 0: none */
    enum timeline_hold hold;
};

struct decide_brake {
    struct count *counts;
    size_t count;
    bool careful, again;
};

struct decide_brake *decide_brake_new(void)
{
    return mem_new(sizeof(struct decide_brake));
}

static void forget(struct decide_brake *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->counts[i].feed);
    b->count = 0;
}

void decide_brake_free(struct decide_brake *b)
{
    if (b == NULL)
        return;
    forget(b);
    free(b->counts);
    free(b);
}

void decide_brake_begin(struct decide_brake *b)
{
    forget(b);
    b->again = false;
}

void decide_brake_again(struct decide_brake *b)
{
    b->careful = b->again = true;
}

void decide_brake_rest(struct decide_brake *b)
{
    b->careful = false;
}

bool decide_brake_is_careful(const struct decide_brake *b)
{
    return b->careful;
}

bool decide_brake_is_again(const struct decide_brake *b)
{
    return b->again;
}

static const char *text_of(char out[24], int64_t value)
{
    snprintf(out, 24, "%lld", (long long)value);
    return out;
}

static int64_t hour_of(struct instant at)
{
    return at.us - at.us % HOUR_US;
}

static struct count *find(const struct decide_brake *b, const char *feed, int64_t key)
{
    for (size_t i = 0; i < b->count; i++) {
        struct count *c = &b->counts[i];

        if (c->key == key && (feed == NULL ? c->feed == NULL : c->feed != NULL && strcmp(c->feed, feed) == 0))
            return c;
    }
    return NULL;
}

static struct count *add(struct decide_brake *b, const char *feed, int64_t key)
{
    b->counts = mem_grow(b->counts, b->count + 1, sizeof *b->counts);
    b->counts[b->count] = (struct count){.feed = mem_copy(feed), .key = key};
    return &b->counts[b->count++];
}

static bool read_hold(struct duty_store *s, const struct pg_statement *statement, const char *const values[], struct count *c)
{
    PGresult *row = pg_run(s->pg, statement, values);

    if (row == NULL)
        return false;
    if (PQntuples(row) > 0) {
        c->hold_id = pg_column_int(row, 0, 0);
        c->hold = timeline_hold_of(pg_column(row, 0, 1));
    }
    PQclear(row);
    return true;
}

static bool look_hour(struct duty_store *s, const struct decide_asking *asking)
{
    struct instant hour = {hour_of(asking->received_at)},
                   since = instant_add_seconds(hour, -(int64_t)s->config->brake.busiest_days * 86400);
    char at[INSTANT_TEXT_SIZE], from[INSTANT_TEXT_SIZE];
    struct count *c;
    PGresult *row;

    if (find(s->brake, asking->feed, hour.us) != NULL)
        return true;
    row = pg_run(s->pg, &HOUR, (const char *[]){asking->feed, instant_print(hour, at), instant_print(since, from)});
    if (row == NULL)
        return false;
    c = add(s->brake, asking->feed, hour.us);
    c->there = pg_column_int(row, 0, 0);
    c->busiest = pg_column_int(row, 0, 1);
    PQclear(row);
    return read_hold(s, &FEED_HOLD, (const char *[]){asking->feed}, c);
}

static bool look_message(struct duty_store *s, const struct decide_asking *asking)
{
    char id[24];
    struct count *c;
    PGresult *row;

    if (find(s->brake, NULL, asking->parent_id) != NULL)
        return true;
    row = pg_run(s->pg, &MESSAGE, (const char *[]){text_of(id, asking->parent_id)});
    if (row == NULL)
        return false;
    c = add(s->brake, NULL, asking->parent_id);
    c->there = pg_column_int(row, 0, 0);
    PQclear(row);
    return read_hold(s, &MESSAGE_HOLD, (const char *[]){asking->feed, id}, c);
}

/* It waits though it is held: somebody had it taken up again. It may have been answered meanwhile. */
static bool look_event(struct duty_store *s, const struct decide_asking *asking, struct decide_brake_state *ret)
{
    struct count own = {0};
    char id[24];

    if (!read_hold(s, &EVENT_HOLD, (const char *[]){text_of(id, asking->event_id)}, &own))
        return false;
    ret->hold = own.hold;
    ret->hold_id = own.hold_id;
    return true;
}

bool decide_brake_look(struct duty_store *s, const struct decide_asking *asking, struct decide_brake_state *ret)
{
    const struct count *hour, *message = NULL;

    if (!look_hour(s, asking) || (asking->parent_id != 0 && !look_message(s, asking)))
        return false;
    hour = find(s->brake, asking->feed, hour_of(asking->received_at));
    if (asking->parent_id != 0)
        message = find(s->brake, NULL, asking->parent_id);
    *ret = (struct decide_brake_state){.load = {.hour = hour->there + hour->added, .busiest = hour->busiest},
                                       .hold = asking->hold};
    if (message != NULL)
        ret->load.message = message->there + message->added;
    if (asking->hold == TIMELINE_HOLD_OPEN)
        return look_event(s, asking, ret);
    if (asking->hold == TIMELINE_HOLD_NONE && message != NULL && message->hold != TIMELINE_HOLD_NONE) {
        ret->hold = message->hold; /* what a person says of a message holds for all that it became */
        ret->hold_id = message->hold_id;
    } else if (asking->hold == TIMELINE_HOLD_NONE) {
        ret->hold = hour->hold;
        ret->hold_id = hour->hold_id;
    }
    return true;
}

void decide_brake_count(struct duty_store *s, const struct decide_asking *asking, const struct duty_made *made)
{
    int64_t hour = hour_of(asking->received_at);

    for (size_t i = 0; i < s->brake->count; i++) {
        struct count *c = &s->brake->counts[i];

        if (c->feed == NULL ? c->key != asking->parent_id : c->key != hour || strcmp(c->feed, asking->feed) != 0)
            continue;
        c->added += made->calm + made->immediate;
        if (asking->hold == TIMELINE_HOLD_RELEASED)
            c->added_released += made->calm + made->immediate;
        else
            c->added_freely += made->calm;
    }
}

/* The new hold's number; the other process's where it was first; 0 where a person has answered that one meanwhile. */
static int64_t open_hold(struct duty_store *s, const struct decide_asking *asking, const char *message, const char *reason)
{
    char now[INSTANT_TEXT_SIZE], id_text[24], *detail;
    struct count there = {0};
    int64_t id;
    PGresult *row = pg_run(s->pg, &OPEN, (const char *[]){asking->feed, message, reason, instant_print(s->now, now)});
    bool ok;

    if (row == NULL)
        return -1;
    id = PQntuples(row) > 0 ? pg_column_int(row, 0, 0) : 0;
    PQclear(row);
    if (id == 0) {
        ok = message != NULL ? read_hold(s, &MESSAGE_HOLD, (const char *[]){asking->feed, message}, &there)
                             : read_hold(s, &FEED_HOLD, (const char *[]){asking->feed}, &there);
        return !ok ? -1 : there.hold == TIMELINE_HOLD_OPEN ? there.hold_id : 0;
    }
    detail = store_detail("hold", text_of(id_text, id), "feed", asking->feed, "message", message, "reason", reason, NULL);
    ok = store_journal(s->pg, s->now,
                       &(struct store_journal){.what = "held by the brake", .event_id = asking->event_id, .detail = detail});
    free(detail);
    return ok ? id : -1;
}

bool decide_brake_hold(struct duty_store *s, const struct decide_asking *asking, enum brake_verdict verdict, const char *reason,
                       const struct duty_made *would, int64_t *ret_hold)
{
    char number[24], event[24], calm[24], passed[24];
    int64_t message = asking->parent_id != 0 ? asking->parent_id : asking->event_id;
    struct count *c = verdict == BRAKE_MESSAGE ? find(s->brake, NULL, asking->parent_id)
                                               : find(s->brake, asking->feed, hour_of(asking->received_at));

    if (*ret_hold == 0)
        *ret_hold = open_hold(s, asking, verdict == BRAKE_MESSAGE ? text_of(number, message) : NULL, reason);
    if (*ret_hold == 0)
        decide_brake_again(s->brake);
    if (*ret_hold <= 0)
        return false;
    if (c != NULL && asking->hold == TIMELINE_HOLD_NONE) {
        c->hold = TIMELINE_HOLD_OPEN;
        c->hold_id = *ret_hold;
    }
    return pg_later(s->pg, &PUT,
                    (const char *[]){text_of(event, asking->event_id), text_of(number, *ret_hold), text_of(calm, would->calm),
                                     text_of(passed, would->immediate)});
}

static int by_key(const void *a_, const void *b_)
{
    const struct count *a = a_, *b = b_;
    int order = a->feed == NULL || b->feed == NULL ? (a->feed != NULL) - (b->feed != NULL) : strcmp(a->feed, b->feed);

    return order != 0 ? order : (a->key > b->key) - (a->key < b->key);
}

/* Returns whether what others added meanwhile makes this too much. */
static bool settle_one(struct duty_store *s, struct count *c, bool *ok)
{
    char key[24], at[INSTANT_TEXT_SIZE], added[24], released[24];
    long most = c->feed == NULL ? s->config->brake.message_most : brake_limit(&s->config->brake, c->busiest), now;
    PGresult *row;

    if (c->added == 0)
        return false;
    text_of(added, c->added);
    text_of(released, c->added_released);
    if (c->feed == NULL)
        row = pg_run(s->pg, &ADD_MESSAGE, (const char *[]){text_of(key, c->key), added});
    else
        row = pg_run(s->pg, &ADD_HOUR,
                     (const char *[]){c->feed, instant_print((struct instant){c->key}, at), added, released});
    *ok = row != NULL;
    now = *ok ? pg_column_int(row, 0, 0) : 0;
    PQclear(row);
    return *ok && c->added_freely > 0 && now != c->there + c->added && now > most;
}

bool decide_brake_settle(struct duty_store *s)
{
    struct decide_brake *b = s->brake;
    bool ok = true;

    if (b->count > 1)
        qsort(b->counts, b->count, sizeof *b->counts, by_key); /* every process in the same order */
    for (size_t i = 0; ok && i < b->count; i++)
        if (settle_one(s, &b->counts[i], &ok))
            b->again = true;
    return ok && !b->again;
}
