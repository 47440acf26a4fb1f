/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_heard.h"

#include <stdlib.h>
#include <string.h>

#include "feed_flood.h"
#include "feed_judge.h"
#include "told/mem.h"
#include "told/wire.h"

#define BEACON_TOPIC "told.beacon"

/* Beacons come every five seconds (wire.md): two of them may be lost. */
enum { DOUBT_MS = 10000, DOUBTS_MOST = 1000 };

struct doubt {
    struct arrival *arrival; /* owned */
    int64_t since_ms;
};

struct feed_heard {
    struct ingest_store *store;
    struct cursor_table *cursors;
    struct feed_flood *flood;
    struct doubt *doubts; /* in order of arrival */
    size_t doubt_count;
    size_t drained;
};

struct feed_heard *feed_heard_new(struct ingest_store *store, struct cursor_table *cursors)
{
    struct feed_heard *heard = mem_new(sizeof *heard);

    heard->store = store;
    heard->cursors = cursors;
    heard->flood = feed_flood_new();
    return heard;
}

void feed_heard_free(struct feed_heard *heard)
{
    if (heard == NULL)
        return;
    for (size_t i = 0; i < heard->doubt_count; i++)
        arrival_free(heard->doubts[i].arrival);
    free(heard->doubts);
    feed_flood_free(heard->flood);
    free(heard);
}

size_t feed_heard_drained(const struct feed_heard *heard)
{
    return heard->drained;
}

size_t feed_heard_draining(const struct feed_heard *heard)
{
    size_t doubted = 0;

    for (size_t i = 0; i < heard->doubt_count; i++)
        doubted += heard->doubts[i].arrival->is_drained;
    return heard->drained - doubted;
}

void feed_heard_settle(struct feed_heard *heard, const struct arrival *arrival)
{
    if (arrival->is_drained)
        heard->drained--;
}

/* Where it came from goes with it: back into the spool if the database is away before it is committed. */
static void stamp(struct feed_heard *heard, struct arrival *arrival, const struct heard_message *message)
{
    arrival->received_at = message->received_at;
    arrival->is_drained = !instant_is_none(message->received_at);
    heard->drained += arrival->is_drained;
    if (!arrival->is_drained)
        arrival->topic = mem_copy(message->topic);
}

/* ---- where a source stands ---- */

void feed_heard_greet(struct feed_heard *heard, const struct config_feed *feed, const char *source, int64_t epoch,
                      int64_t first)
{
    struct arrival *greeting = arrival_new(ARRIVAL_GREETING, feed->name, 0);

    greeting->source = mem_copy(source);
    greeting->epoch = epoch;
    greeting->sequence = first;
    greeting->has_replay = feed->replay != NULL;
    cursor_set_broadcast(cursor_get(heard->cursors, source), feed->replay != NULL);
    ingest_store_put(heard->store, greeting);
}

static bool is_greeted(const struct feed_heard *heard, const char *source)
{
    const struct cursor *cursor = cursor_find(heard->cursors, source);

    return cursor != NULL && cursor_is_broadcast(cursor);
}

/* ---- doubts ---- */

/* Those of a source (NULL: all) that are as old as that. */
static void release_doubts(struct feed_heard *heard, const char *source, int64_t since_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < heard->doubt_count; i++) {
        struct doubt doubt = heard->doubts[i];

        if (doubt.since_ms <= since_ms && (source == NULL || strcmp(doubt.arrival->source, source) == 0))
            ingest_store_put(heard->store, doubt.arrival);
        else
            heard->doubts[kept++] = doubt;
    }
    heard->doubt_count = kept;
}

void feed_heard_tick(struct feed_heard *heard, int64_t now_ms)
{
    /* All of a source goes with its first one, so that their order stays. */
    while (heard->doubt_count > 0 && (heard->doubts[0].since_ms <= now_ms - DOUBT_MS || heard->doubt_count > DOUBTS_MOST)) {
        char *source = mem_copy(heard->doubts[0].arrival->source);

        release_doubts(heard, source, INT64_MAX);
        free(source);
    }
}

void feed_heard_release_all(struct feed_heard *heard)
{
    release_doubts(heard, NULL, INT64_MAX);
}

static bool is_doubtful(const struct feed_heard *heard, const struct arrival *arrival)
{
    const struct cursor *cursor = cursor_find(heard->cursors, arrival->source);

    for (size_t i = 0; i < heard->doubt_count; i++)
        if (strcmp(heard->doubts[i].arrival->source, arrival->source) == 0)
            return true;
    return cursor != NULL && cursor_feed(cursor) != NULL && cursor_has(cursor, arrival->sequence);
}

static void doubt(struct feed_heard *heard, struct arrival *arrival, int64_t now_ms)
{
    heard->doubts = mem_grow(heard->doubts, heard->doubt_count + 1, sizeof *heard->doubts);
    heard->doubts[heard->doubt_count++] = (struct doubt){arrival, now_ms};
}

/* ---- what comes in ---- */

/* The publisher's key is pinned and its connection told's own: beyond the limit no more is kept of what cannot be
 * understood, and what can be is still taken. */
static void put_refused(struct feed_heard *heard, const struct config_feed *feed, struct arrival *arrival, int64_t now_ms)
{
    enum feed_flood_verdict verdict = feed_flood_count(heard->flood, feed->name, now_ms);
    char *detail;

    if (verdict == FEED_FLOOD_BEGINS) {
        detail = mem_printf("feed %s: more than %d bodies quarantined within an hour; no more of them are kept", feed->name,
                            FEED_FLOOD_MOST);
        ingest_store_raise(heard->store, "flood", feed->name, detail);
        free(detail);
    }
    if (verdict != FEED_FLOOD_GOES_ON) {
        ingest_store_put(heard->store, arrival);
        return;
    }
    feed_heard_settle(heard, arrival);
    arrival_free(arrival);
}

static void take_event(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                       int64_t now_ms)
{
    struct arrival *arrival = feed_judge_body(feed, message->topic, message->body, message->len);
    bool is_own = arrival->source != NULL && feed_judge_source(feed, arrival->source);

    arrival->epoch = ARRIVAL_EPOCH_OF_CURSOR;
    arrival->has_sequence = arrival->has_sequence && is_own;
    arrival->settles = arrival->has_sequence;
    stamp(heard, arrival, message);
    /* With replay all that it had before is wanted too. */
    if (arrival->has_sequence && !is_greeted(heard, arrival->source))
        feed_heard_greet(heard, feed, arrival->source, ARRIVAL_EPOCH_OF_CURSOR,
                         feed->replay != NULL ? 1 : arrival->sequence);
    if (arrival->kind == ARRIVAL_REFUSED)
        put_refused(heard, feed, arrival, now_ms);
    else if (arrival->has_sequence && is_doubtful(heard, arrival))
        doubt(heard, arrival, now_ms);
    else
        ingest_store_put(heard->store, arrival);
}

static void take_debris(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                        const char *reason, int64_t now_ms)
{
    struct arrival *arrival = feed_judge_debris(feed, message->body, message->len, reason);

    stamp(heard, arrival, message);
    put_refused(heard, feed, arrival, now_ms);
}

static void put_beacon(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                       const struct wire_beacon *beacon)
{
    struct arrival *arrival = arrival_new(ARRIVAL_BEACON, feed->name, 0);

    arrival->source = mem_copy(beacon->source);
    arrival->epoch = beacon->epoch;
    arrival->sequence = (int64_t)beacon->last_sequence;
    arrival->oldest = (int64_t)beacon->oldest_sequence;
    arrival->bytes = mem_copy_n(message->body, message->len);
    arrival->len = message->len;
    stamp(heard, arrival, message);
    ingest_store_put(heard->store, arrival);
}

/* A source that is new begins behind what it had before we heard of it, or with the oldest where that can be asked for; a
 * log that was rebuilt begins with its oldest, for none of it was heard. */
static void greet_beacon(struct feed_heard *heard, const struct config_feed *feed, const struct wire_beacon *beacon)
{
    const struct cursor *cursor = cursor_find(heard->cursors, beacon->source);
    int64_t oldest = (int64_t)beacon->oldest_sequence;
    int64_t behind = (int64_t)beacon->last_sequence + 1;

    if (!is_greeted(heard, beacon->source))
        feed_heard_greet(heard, feed, beacon->source, beacon->epoch, feed->replay != NULL ? oldest : behind);
    else if (cursor_epoch(cursor) < beacon->epoch)
        feed_heard_greet(heard, feed, beacon->source, beacon->epoch, oldest);
    else if (cursor_epoch(cursor) > beacon->epoch)
        ingest_store_raise(heard->store, "epoch", beacon->source, "a beacon with an epoch lower than the known one");
}

static void take_beacon(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                        int64_t now_ms)
{
    struct wire_beacon beacon = {0};
    char *reason = wire_beacon_parse(message->body, message->len, &beacon);

    if (reason != NULL) {
        take_debris(heard, feed, message, reason, now_ms);
    } else if (!feed_judge_source(feed, beacon.source) || strlen(beacon.source) > ARRIVAL_NAME_MOST) {
        take_debris(heard, feed, message, "beacon: source: not granted to this feed", now_ms);
    } else {
        greet_beacon(heard, feed, &beacon);
        put_beacon(heard, feed, message, &beacon);
        release_doubts(heard, beacon.source, INT64_MAX);
    }
    free(reason);
    wire_beacon_release(&beacon);
}

void feed_heard_take(struct feed_heard *heard, const struct config_feed *feed, const struct heard_message *message,
                     int64_t now_ms)
{
    if (message->damage != NULL)
        take_debris(heard, feed, message, message->damage, now_ms);
    else if (!message->is_whole)
        take_debris(heard, feed, message, "frames: a broadcast is a topic and a body, two frames", now_ms);
    else if (strcmp(message->topic, BEACON_TOPIC) == 0)
        take_beacon(heard, feed, message, now_ms);
    else
        take_event(heard, feed, message, now_ms);
}
