/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_batch.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_lookup.h"
#include "ingest_step.h"
#include "told/hashchain.h"
#include "told/mem.h"

/* A batch of large bodies ends here: one transaction never holds more than one publisher's window. */
static const size_t BATCH_BYTES_MOST = 16 * 1024 * 1024;
enum { TRIES_MOST = 5 };

struct ingest_batch *ingest_batch_new(struct clock *clock, struct cursor_table *cursors, bool notify)
{
    struct ingest_batch *batch = mem_new(sizeof *batch);

    batch->clock = clock;
    batch->cursors = cursors;
    batch->notify = notify;
    return batch;
}

/* Leaves it empty; the arrivals have gone elsewhere. */
static void batch_clear(struct ingest_batch *batch)
{
    struct cursor *cursor;

    free(batch->arrivals);
    free(batch->fresh);
    batch->arrivals = NULL;
    batch->fresh = NULL;
    batch->count = batch->bytes = batch->stored = 0;
    batch->tries = 0;
    for (size_t i = 0; i < batch->heard_count; i++)
        free(batch->heard[i]);
    free(batch->heard);
    batch->heard = NULL;
    batch->heard_count = 0;
    free(batch->greeting.ranges);
    batch->greeting = (struct batch_greeting){0};
    alarm_list_release(&batch->given);
    alarm_list_release(&batch->alarms);
    gap_list_release(&batch->given_gaps);
    gap_list_release(&batch->gaps);
    for (size_t i = 0; (cursor = cursor_at(batch->cursors, i)) != NULL; i++)
        cursor_try_drop(cursor);
}

void ingest_batch_free(struct ingest_batch *batch)
{
    if (batch == NULL)
        return;
    for (size_t i = 0; i < batch->count; i++)
        arrival_free(batch->arrivals[i]);
    arrival_queue_release(&batch->cut);
    batch_clear(batch);
    for (int i = 0; i < PARAM_MOST; i++)
        param_release(&batch->params[i]);
    free(batch);
}

static void batch_restart(struct ingest_batch *batch, bool careful)
{
    struct cursor *cursor;

    batch->careful = careful;
    batch->stored = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct arrival *arrival = batch->arrivals[i];

        batch->fresh[i] = arrival->kind == ARRIVAL_EVENT;
        if (careful && batch->fresh[i])
            hashchain_hex(arrival->bytes, arrival->len, arrival->sha256);
    }
    for (size_t i = 0; (cursor = cursor_at(batch->cursors, i)) != NULL; i++)
        cursor_try_drop(cursor);
    batch->step = ingest_step_due(batch, STEP_CLOCK);
}

/* A greeting reads where its source stands, and what the database refused before must hurt nobody else: alone. */
static bool stands_alone(const struct arrival *arrival)
{
    return arrival->kind == ARRIVAL_GREETING || arrival->kind == ARRIVAL_ROLL || arrival->alone;
}

/* A number that its source has had is a repeat or a lie: neither would be noticed by an insert alone where the event that
 * has the number stands under another one. */
static bool has_known_number(const struct ingest_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];
        const struct cursor *cursor = arrival->kind == ARRIVAL_EVENT && arrival->settles
                                          ? cursor_find(batch->cursors, arrival->source)
                                          : NULL;

        if (cursor != NULL && ingest_lookup_epoch(batch, arrival) == cursor_epoch(cursor) && cursor_has(cursor, arrival->sequence))
            return true;
    }
    return false;
}

bool ingest_batch_fill(struct ingest_batch *batch, struct ingest_waiting *all, int most)
{
    struct arrival_queue *waiting = &all->arrivals;
    size_t room = most > 0 ? (size_t)most : 1;
    bool ended = false;

    if (waiting->first == NULL && all->alarms.count == 0 && all->gaps.count == 0 && batch->heard_count == 0)
        return false;
    batch->arrivals = mem_grow(NULL, room, sizeof(struct arrival *));
    while (!ended && waiting->first != NULL && batch->count < room) {
        struct arrival *arrival = waiting->first;
        bool alone = stands_alone(arrival);

        if (batch->count > 0 && (alone || batch->bytes + arrival->len > BATCH_BYTES_MOST))
            break;
        batch->arrivals[batch->count++] = arrival_queue_take(waiting);
        batch->bytes += arrival->len;
        ended = alone || arrival->freezes; /* the feed's next event must find it frozen */
    }
    batch->fresh = mem_new(room);
    alarm_list_move(&batch->given, &all->alarms);
    gap_list_move(&batch->given_gaps, &all->gaps);
    batch_restart(batch, has_known_number(batch));
    return true;
}

void ingest_batch_hear(struct ingest_batch *batch, const char *feed)
{
    for (size_t i = 0; i < batch->heard_count; i++)
        if (strcmp(batch->heard[i], feed) == 0)
            return;
    batch->heard = mem_grow(batch->heard, batch->heard_count + 1, sizeof(char *));
    batch->heard[batch->heard_count++] = mem_copy(feed);
}

bool ingest_batch_is_filled(const struct ingest_batch *batch)
{
    return batch->arrivals != NULL;
}

struct arrival *ingest_batch_at(struct ingest_batch *batch, size_t i)
{
    return i < batch->count ? batch->arrivals[i] : NULL;
}

size_t ingest_batch_bytes(const struct ingest_batch *batch)
{
    return batch->bytes;
}

/* Beacons alone ask nothing of the database. */
static bool batch_is_beacons(const struct ingest_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->arrivals[i]->kind != ARRIVAL_BEACON)
            return false;
    return batch->given.count == 0 && batch->given_gaps.count == 0 && batch->heard_count == 0;
}

const struct link_statement *ingest_batch_next(struct ingest_batch *batch, struct param **ret_params)
{
    if (batch_is_beacons(batch))
        return NULL;
    *ret_params = batch->params;
    return ingest_step_fill(batch, batch->step);
}

enum batch_verdict ingest_batch_repeat(struct ingest_batch *batch)
{
    if (++batch->tries > TRIES_MOST)
        return BATCH_UNKNOWN;
    batch_restart(batch, true);
    return BATCH_AGAIN;
}

enum batch_verdict ingest_batch_answer(struct ingest_batch *batch, const PGresult *answer, bool warned)
{
    switch (ingest_step_take(batch, batch->step, answer, warned)) {
    case STEP_AGAIN:
        return ingest_batch_repeat(batch);
    case STEP_UNKNOWN:
        return BATCH_UNKNOWN;
    case STEP_ON:
    default:
        break;
    }
    if (batch->step == STEP_COMMIT)
        return BATCH_DONE;
    batch->step = ingest_step_due(batch, batch->step + 1);
    return BATCH_ON;
}

bool ingest_batch_isolate(struct ingest_batch *batch, const char *sqlstate)
{
    struct arrival *only = batch->count == 1 ? batch->arrivals[0] : NULL;

    for (size_t i = 0; i < batch->count; i++)
        if (batch->arrivals[i]->kind == ARRIVAL_EVENT || batch->arrivals[i]->kind == ARRIVAL_REFUSED)
            batch->arrivals[i]->alone = true;
    if (only == NULL || only->kind == ARRIVAL_GREETING || only->nameless)
        return only == NULL && batch->count > 0;
    only->nameless = true;
    arrival_refuse(only, mem_printf("the database refused it (SQLSTATE %s)", sqlstate));
    return true;
}

void ingest_batch_return(struct ingest_batch *batch, struct ingest_waiting *waiting)
{
    struct arrival_queue front = {0};

    for (size_t i = 0; i < batch->count; i++)
        arrival_queue_put(&front, batch->arrivals[i]);
    arrival_queue_return(&waiting->arrivals, &batch->cut);
    arrival_queue_return(&waiting->arrivals, &front);
    alarm_list_move(&waiting->alarms, &batch->given);
    gap_list_move(&waiting->gaps, &batch->given_gaps);
    batch_clear(batch);
}

void ingest_batch_forget_clock(struct ingest_batch *batch)
{
    batch->clock_asked = false;
}

/* A broadcast without replay has epoch 0 until its first beacon says which it is. */
static bool is_epoch_learned(const struct batch_greeting *greeting, const struct arrival *arrival)
{
    return greeting->was_epoch == 0 && arrival->peer == 0 && !arrival->has_replay;
}

static void settle_greeting(struct ingest_batch *batch, struct arrival *arrival)
{
    const struct batch_greeting *greeting = &batch->greeting;
    struct cursor *cursor = cursor_get(batch->cursors, arrival->source);

    cursor_set(cursor, arrival->feed, greeting->epoch, greeting->settled);
    /* Ranges are those of the epoch that was; they count on where it has stayed, or was only learned. In a log that was
     * built anew they would acknowledge what never came. */
    if (greeting->was_known && (greeting->was_epoch == greeting->epoch || is_epoch_learned(greeting, arrival)))
        for (size_t i = 0; i < greeting->range_count; i++)
            cursor_note(cursor, greeting->ranges[i].first, greeting->ranges[i].last);
    if (arrival->epoch >= 0 && arrival->epoch < greeting->epoch) {
        arrival->outcome = ARRIVAL_STALE;
        return;
    }
    /* A gap between the two was stated with the greeting itself. */
    if (arrival->peer != 0 && greeting->was_known && arrival->epoch == greeting->was_epoch)
        cursor_set_stated(cursor, arrival->sequence - 1);
    arrival->outcome = ARRIVAL_WELCOMED;
    arrival->epoch = greeting->epoch;
    arrival->sequence = cursor_settled(cursor) + 1;
}

static void settle_one(struct ingest_batch *batch, struct arrival *arrival)
{
    if (arrival->kind == ARRIVAL_GREETING) {
        settle_greeting(batch, arrival);
    } else if (arrival->kind == ARRIVAL_BEACON) {
        struct cursor *cursor = cursor_get(batch->cursors, arrival->source);

        if (cursor_epoch(cursor) == arrival->epoch) {
            cursor_claim(cursor, arrival->sequence);
            cursor_lose_below(cursor, arrival->oldest);
        }
        arrival->outcome = ARRIVAL_WELCOMED;
    } else if (arrival->kind == ARRIVAL_ROLL) {
        arrival->outcome = ARRIVAL_WELCOMED;
    } else {
        arrival->outcome = arrival->kind == ARRIVAL_EVENT ? ARRIVAL_STORED : ARRIVAL_QUARANTINED;
    }
}

bool ingest_batch_settle(struct ingest_batch *batch, struct arrival_queue *settled, struct arrival_queue *waiting)
{
    bool news = batch->stored > 0;
    struct cursor *cursor;

    for (size_t i = 0; (cursor = cursor_at(batch->cursors, i)) != NULL; i++)
        cursor_try_keep(cursor);
    for (size_t i = 0; i < batch->count; i++) {
        settle_one(batch, batch->arrivals[i]);
        arrival_queue_put(settled, batch->arrivals[i]);
    }
    arrival_queue_return(waiting, &batch->cut);
    batch_clear(batch);
    return news;
}
