/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_store.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_alarm.h"
#include "ingest_batch.h"
#include "ingest_link.h"
#include "log.h"
#include "told/mem.h"

enum { SLOW_MS = 2000, HEARD_EVERY_MS = 10000, GAPS_EVERY_MS = 200 };

static const struct link_statement ROLLBACK = {"ingest-rollback", "ROLLBACK", 0};

struct ingest_store {
    struct ingest_link *link;
    struct ingest_batch *batch;
    struct cursor_table *cursors;
    struct kick *decide;
    int batch_most;
    struct ingest_waiting waiting;
    struct arrival_queue settled;
    const struct link_statement *sent; /* whose answer is awaited; NULL: none */
    uint64_t connection;               /* the one the batch in flight belongs to */
    bool give_back;                    /* after the rollback: what failed is sorted anew, not repeated as it is */
    char **heard;                      /* feeds, since heard_ms */
    size_t heard_count;
    int64_t heard_ms, gaps_ms, asked_ms;
    int gap_patience_ms, ask_again_ms;
};

struct ingest_store *ingest_store_new(struct clock *clock, struct cursor_table *cursors, struct kick *decide)
{
    struct ingest_store *store = mem_new(sizeof *store);

    store->link = ingest_link_new();
    store->batch = ingest_batch_new(clock, cursors, decide == NULL);
    store->cursors = cursors;
    store->decide = decide;
    return store;
}

static void heard_clear(struct ingest_store *store)
{
    for (size_t i = 0; i < store->heard_count; i++)
        free(store->heard[i]);
    free(store->heard);
    store->heard = NULL;
    store->heard_count = 0;
}

void ingest_store_free(struct ingest_store *store)
{
    if (store == NULL)
        return;
    ingest_link_free(store->link);
    ingest_batch_free(store->batch);
    arrival_queue_release(&store->waiting.arrivals);
    arrival_queue_release(&store->settled);
    alarm_list_release(&store->waiting.alarms);
    gap_list_release(&store->waiting.gaps);
    heard_clear(store);
    free(store);
}

void ingest_store_configure(struct ingest_store *store, const struct config *config)
{
    store->batch_most = config->batch_most;
    store->gap_patience_ms = config->gap_after_s * 1000;
    store->ask_again_ms = config->replay_every_s * 1000;
    ingest_link_aim(store->link, config->database, config->user_ingest, config->database_deadline_ms);
}

void ingest_store_put(struct ingest_store *store, struct arrival *arrival)
{
    arrival_queue_put(&store->waiting.arrivals, arrival);
}

void ingest_store_raise(struct ingest_store *store, const char *kind, const char *key, const char *detail)
{
    log_warning("stage=ingest alarm=%s key=%s detail=\"%s\"", kind, key, detail);
    alarm_list_add(&store->waiting.alarms, kind, key, detail, 1);
}

void ingest_store_hear(struct ingest_store *store, const char *feed)
{
    for (size_t i = 0; i < store->heard_count; i++)
        if (strcmp(store->heard[i], feed) == 0)
            return;
    store->heard = mem_grow(store->heard, store->heard_count + 1, sizeof(char *));
    store->heard[store->heard_count++] = mem_copy(feed);
}

/* ---- one batch ---- */

static void store_settle(struct ingest_store *store)
{
    /* Between processes the batch itself carries a NOTIFY. */
    if (ingest_batch_settle(store->batch, &store->settled, &store->waiting.arrivals))
        kick_wake(store->decide);
}

/* What was in flight is unknown: it goes back, in order, and is run again, which changes nothing that is there. */
static void store_give_back(struct ingest_store *store)
{
    ingest_batch_return(store->batch, &store->waiting);
    store->sent = NULL;
    store->give_back = false;
}

static void store_drop(struct ingest_store *store, const char *why)
{
    ingest_link_drop(store->link, why);
    store_give_back(store);
}

static void store_send(struct ingest_store *store, int64_t now_ms)
{
    struct param *params = NULL;
    const struct link_statement *statement = ingest_batch_next(store->batch, &params);

    if (statement == NULL) {
        store_settle(store);
        return;
    }
    store->sent = statement;
    ingest_link_send(store->link, statement, params, now_ms);
}

static void store_rollback(struct ingest_store *store, bool give_back, int64_t now_ms)
{
    store->give_back = give_back;
    store->sent = &ROLLBACK;
    ingest_link_send(store->link, &ROLLBACK, NULL, now_ms);
}

static void store_failed(struct ingest_store *store, const PGresult *answer, int64_t now_ms)
{
    const char *state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    char *why = mem_printf("SQLSTATE %s; look at the server's log", state != NULL ? state : "none: connection lost");

    if (state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0) &&
        ingest_batch_repeat(store->batch) == BATCH_AGAIN) {
        store_rollback(store, false, now_ms);
    } else if (state != NULL && (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
                                 strncmp(state, "54", 2) == 0) &&
               ingest_batch_isolate(store->batch, state)) {
        log_warning("stage=ingest statement=%s sqlstate=%s action=\"each of the batch alone\"", store->sent->name, state);
        store_rollback(store, true, now_ms);
    } else {
        store_drop(store, why);
    }
    free(why);
}

static void store_answer(struct ingest_store *store, const PGresult *answer, int64_t now_ms)
{
    ExecStatusType status = PQresultStatus(answer);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        store_failed(store, answer, now_ms);
        return;
    }
    if (store->sent == &ROLLBACK) {
        store->sent = NULL;
        if (store->give_back)
            store_give_back(store);
        return;
    }
    store->sent = NULL;
    switch (ingest_batch_answer(store->batch, answer, ingest_link_is_warned(store->link))) {
    case BATCH_AGAIN:
        store_rollback(store, false, now_ms);
        break;
    case BATCH_UNKNOWN:
        store_drop(store, "the commit is not known to be durable; look at the standby");
        break;
    case BATCH_DONE:
        store_settle(store);
        break;
    case BATCH_ON:
    default:
        break;
    }
}

/* ---- what time brings ---- */

/* A gap that can be replayed or that a publisher may yet send is given its time; any other is certain at once. */
static void store_state_gaps(struct ingest_store *store, struct cursor *cursor, int64_t now_ms)
{
    int64_t patience_ms = cursor_is_broadcast(cursor) && !cursor_has_replay(cursor) ? 0 : store->gap_patience_ms;
    struct cursor_hole hole;

    while (cursor_hole_is_due(cursor, now_ms, patience_ms, &hole)) {
        struct gap gap = {.feed = mem_copy(cursor_feed(cursor)), .source = mem_copy(cursor_source(cursor)),
                          .reason = hole.is_lost ? "oldest" : "missing", .epoch = cursor_epoch(cursor),
                          .first = hole.first, .last = hole.last, .open_ms = hole.open_ms};

        log_warning("stage=ingest alarm=gap feed=%s source=%s epoch=%lld first=%lld last=%lld action=degraded", gap.feed,
                    gap.source, (long long)gap.epoch, (long long)gap.first, (long long)gap.last);
        ingest_alarm_gap(&store->waiting.alarms, &store->waiting.gaps, &gap);
        free(gap.feed);
        free(gap.source);
    }
}

/* What a person has closed is in the database only. */
static void store_ask_again(struct ingest_store *store, const struct cursor *cursor)
{
    struct arrival *greeting = arrival_new(ARRIVAL_GREETING, cursor_feed(cursor), 0);

    greeting->source = mem_copy(cursor_source(cursor));
    greeting->epoch = ARRIVAL_EPOCH_OF_CURSOR;
    greeting->sequence = 1;
    ingest_store_put(store, greeting);
}

static void store_watch_gaps(struct ingest_store *store, int64_t now_ms)
{
    bool ask = now_ms - store->asked_ms >= store->ask_again_ms && ingest_link_is_up(store->link);
    struct cursor *cursor;

    if (now_ms - store->gaps_ms < GAPS_EVERY_MS)
        return;
    store->gaps_ms = now_ms;
    for (size_t i = 0; (cursor = cursor_at(store->cursors, i)) != NULL; i++) {
        if (cursor_feed(cursor) == NULL)
            continue; /* not greeted yet */
        store_state_gaps(store, cursor, now_ms);
        if (ask && cursor_is_stated(cursor))
            store_ask_again(store, cursor);
    }
    if (ask)
        store->asked_ms = now_ms;
}

static void store_note_heard(struct ingest_store *store, int64_t now_ms)
{
    if (store->heard_count == 0 || now_ms - store->heard_ms < HEARD_EVERY_MS)
        return;
    store->heard_ms = now_ms;
    for (size_t i = 0; i < store->heard_count; i++)
        ingest_batch_hear(store->batch, store->heard[i]);
    heard_clear(store);
}

void ingest_store_turn(struct ingest_store *store, int64_t now_ms)
{
    PGresult *answer;

    ingest_link_turn(store->link, now_ms);
    if (store->connection != ingest_link_number(store->link) || !ingest_link_is_up(store->link)) {
        if (ingest_batch_is_filled(store->batch))
            store_give_back(store);
        ingest_batch_forget_clock(store->batch);
        store->connection = ingest_link_number(store->link);
    }
    answer = ingest_link_take(store->link);
    if (answer != NULL)
        store_answer(store, answer, now_ms);
    PQclear(answer);
    store_watch_gaps(store, now_ms);
    if (!ingest_link_is_idle(store->link) || store->sent != NULL)
        return;
    if (!ingest_batch_is_filled(store->batch)) {
        store_note_heard(store, now_ms);
        if (!ingest_batch_fill(store->batch, &store->waiting, store->batch_most))
            return;
    }
    store_send(store, now_ms);
}

void ingest_store_recall(struct ingest_store *store, struct arrival_queue *ret)
{
    arrival_queue_recall(&store->waiting.arrivals, ret);
}

struct arrival *ingest_store_in_flight(struct ingest_store *store, size_t i)
{
    return ingest_batch_at(store->batch, i);
}

struct arrival *ingest_store_take(struct ingest_store *store)
{
    return arrival_queue_take(&store->settled);
}

int ingest_store_socket(const struct ingest_store *store)
{
    return ingest_link_socket(store->link);
}

short ingest_store_events(const struct ingest_store *store)
{
    return ingest_link_events(store->link);
}

const char *ingest_store_away(const struct ingest_store *store, int64_t now_ms)
{
    if (!ingest_link_is_up(store->link))
        return "database away";
    return ingest_link_running_ms(store->link, now_ms) > SLOW_MS ? "database does not answer" : NULL;
}

bool ingest_store_is_idle(const struct ingest_store *store)
{
    return store->waiting.arrivals.first == NULL && store->settled.first == NULL && !ingest_batch_is_filled(store->batch);
}

size_t ingest_store_bytes(const struct ingest_store *store)
{
    return store->waiting.arrivals.bytes + ingest_batch_bytes(store->batch);
}
