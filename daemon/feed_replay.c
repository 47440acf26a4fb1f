/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_replay.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "feed_connect.h"
#include "feed_judge.h"
#include "feed_message.h"
#include "log.h"
#include "told/mem.h"
#include "told/wire.h"

enum { MESSAGES_A_TURN = 500, GET_MOST = 500, ANSWER_MS = 10000 };

/* One round never holds more than one publisher's window: the rest of a long answer is asked for again. */
static const size_t ROUND_BYTES_MOST = WIRE_CREDIT_BYTES;

struct replay_source {
    char *name;
    bool is_due;
    int64_t from;      /* where the next GET goes on; 0: behind the cursor */
    int64_t asked_ms;
    int64_t unfilled;  /* how many were missing after the last round: only more than that is news */
    int64_t confirmed;
    unsigned silences; /* how often in a row it was asked for in vain */
};

/* What is asked for and not yet confirmed; one at a time, for END does not say whose it is. */
struct round {
    uint64_t number;
    size_t at; /* which source */
    int64_t epoch, from, highest, high;
    bool is_open, has_ended, is_cut;
    size_t pending, bytes;
    int64_t heard_ms;
};

struct feed_replay {
    void *context, *socket, *monitor;
    char *feed;
    uint64_t opened; /* how often: each connection is watched under a name of its own */
    struct ingest_store *store;
    struct cursor_table *cursors;
    struct feed_message *message; /* the one being read */
    struct replay_source *sources;
    size_t count, next; /* next: whose turn it is */
    struct round round;
    int64_t dialled_ms;
};

/* ---- start and end ---- */

static void close_sockets(struct feed_replay *replay)
{
    if (replay->socket != NULL) {
        (void)zmq_socket_monitor(replay->socket, NULL, 0);
        (void)zmq_close(replay->socket);
    }
    if (replay->monitor != NULL)
        (void)zmq_close(replay->monitor);
    replay->socket = replay->monitor = NULL;
}

static void open_sockets(struct feed_replay *replay, const struct config *config, const struct config_feed *feed)
{
    char *name = mem_printf("inproc://told.replay.%s.%llu", feed->name, (unsigned long long)++replay->opened);
    int linger = 0;

    replay->socket = feed_connect(replay->context, ZMQ_DEALER, config, feed, feed->replay, name);
    replay->monitor = replay->socket != NULL ? zmq_socket(replay->context, ZMQ_PAIR) : NULL;
    if (replay->monitor == NULL || zmq_setsockopt(replay->monitor, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_connect(replay->monitor, name) != 0)
        close_sockets(replay); /* tried again when it is asked the next time */
    free(name);
}

struct feed_replay *feed_replay_new(void *zmq_context, struct ingest_store *store, struct cursor_table *cursors,
                                    const struct config *config, const struct config_feed *feed)
{
    struct feed_replay *replay = mem_new(sizeof *replay);

    replay->context = zmq_context;
    replay->store = store;
    replay->cursors = cursors;
    replay->feed = mem_copy(feed->name);
    replay->message = feed_message_new();
    open_sockets(replay, config, feed);
    return replay;
}

void feed_replay_free(struct feed_replay *replay)
{
    if (replay == NULL)
        return;
    close_sockets(replay);
    for (size_t i = 0; i < replay->count; i++)
        free(replay->sources[i].name);
    free(replay->sources);
    feed_message_free(replay->message);
    free(replay->feed);
    free(replay);
}

void *feed_replay_socket(const struct feed_replay *replay)
{
    return replay->socket;
}

/* ---- hearing ---- */

/* What is beyond the bounds of a round is thrown away, and so is all behind it: it is asked for again. */
static void take_body(struct feed_replay *replay, const struct config_feed *feed)
{
    struct round *round = &replay->round;
    const struct feed_message *message = replay->message;
    struct arrival *arrival;

    if (!round->is_open || round->has_ended || round->is_cut)
        return;
    if (round->pending > 0 && (round->pending == GET_MOST || round->bytes + message->len > ROUND_BYTES_MOST)) {
        round->is_cut = true;
        return;
    }
    arrival = feed_judge_body(feed, NULL, message->body, message->len);
    if (arrival->source != NULL && strcmp(arrival->source, replay->sources[round->at].name) == 0) {
        arrival->epoch = round->epoch;
        if (arrival->has_sequence && arrival->sequence > round->highest)
            round->highest = arrival->sequence;
    } else {
        arrival->epoch = ARRIVAL_EPOCH_OF_CURSOR;
        arrival->has_sequence = false; /* not the log that was asked for */
    }
    arrival->settles = arrival->has_sequence;
    arrival->round = round->number;
    round->pending++;
    round->bytes += arrival->len;
    ingest_store_put(replay->store, arrival);
}

static void take_end(struct feed_replay *replay)
{
    struct wire_end end = {0};
    char *fault = wire_end_parse(replay->message->body, replay->message->len, &end);

    if (fault != NULL)
        log_warning("stage=ingest feed=%s reason=\"END that is none: %s\"", replay->feed, fault);
    replay->round.has_ended = true;
    replay->round.high = (int64_t)end.high;
    free(fault);
}

static void say(struct feed_replay *replay, enum wire_verb verb, const char *body)
{
    const char *word = wire_verb_text(verb);

    if (zmq_send(replay->socket, word, strlen(word), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        (void)zmq_send(replay->socket, body, strlen(body), ZMQ_DONTWAIT);
}

static void hear(struct feed_replay *replay, const struct config_feed *feed, int64_t now_ms)
{
    const struct feed_message *message = replay->message;
    enum wire_verb verb = wire_verb_parse(message->word, strlen(message->word));

    ingest_store_hear(replay->store, replay->feed);
    replay->round.heard_ms = now_ms;
    if (message->frames != FEED_MESSAGE_FRAMES) {
        ingest_store_put(replay->store, feed_judge_debris(feed, message->body, message->len,
                                                          "frames: a replay is a verb and a body, two frames"));
    } else if (verb == WIRE_ITEM) {
        take_body(replay, feed);
    } else if (verb == WIRE_END && replay->round.is_open) {
        take_end(replay);
    } else if (verb == WIRE_PING) {
        say(replay, WIRE_PONG, "{}");
    }
}

/* A connection that is new knows of no GET, and may have missed anything. */
static void watch(struct feed_replay *replay)
{
    unsigned char frame[8];
    char address[256];

    while (zmq_recv(replay->monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= 0) {
        (void)zmq_recv(replay->monitor, address, sizeof address, ZMQ_DONTWAIT);
        for (size_t i = 0; i < replay->count; i++)
            replay->sources[i].is_due = true;
    }
}

bool feed_replay_read(struct feed_replay *replay, const struct config_feed *feed, int64_t now_ms)
{
    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        if (replay->socket == NULL || !feed_message_read(replay->message, replay->socket))
            return false;
        hear(replay, feed, now_ms);
    }
    return true;
}

void feed_replay_settle(struct feed_replay *replay, const struct arrival *arrival)
{
    struct round *round = &replay->round;

    if (arrival->round != round->number || round->pending == 0)
        return;
    round->pending--;
    round->bytes -= arrival->len;
}

/* ---- asking ---- */

static void confirm(struct feed_replay *replay, struct replay_source *source, const struct cursor *cursor)
{
    int64_t settled = cursor_settled(cursor);
    char *body;

    if (settled <= source->confirmed)
        return;
    source->confirmed = settled;
    body = wire_confirm_print(source->name, (uint64_t)settled);
    say(replay, WIRE_CONFIRM, body);
    free(body);
}

/* All of a round is committed: where it brought something and more is there, the next one goes on from it. */
static void round_close(struct feed_replay *replay)
{
    struct round *round = &replay->round;
    struct replay_source *source = &replay->sources[round->at];
    const struct cursor *cursor = cursor_find(replay->cursors, source->name);
    bool has_more = round->is_cut || round->high > round->highest;

    round->is_open = false;
    source->silences = 0;
    if (cursor_epoch(cursor) != round->epoch) {
        source->is_due = true; /* its log was rebuilt meanwhile */
        source->from = source->confirmed = 0;
        return;
    }
    confirm(replay, source, cursor);
    source->from = has_more && round->highest >= round->from ? round->highest + 1 : 0;
    source->is_due = source->is_due || source->from > 0;
    source->unfilled = cursor_missing(cursor);
}

static void round_open(struct feed_replay *replay, size_t at, int64_t now_ms)
{
    struct replay_source *source = &replay->sources[at];
    const struct cursor *cursor = cursor_find(replay->cursors, source->name);
    int64_t behind = cursor_settled(cursor) + 1;
    struct wire_get get = {.source = source->name, .epoch = cursor_epoch(cursor), .max = GET_MOST,
                           .from = (uint64_t)(source->from > behind ? source->from : behind)};
    char *body = wire_get_print(&get);

    replay->round = (struct round){.number = replay->round.number + 1, .at = at, .epoch = get.epoch,
                                   .from = (int64_t)get.from, .highest = (int64_t)get.from - 1, .is_open = true,
                                   .heard_ms = now_ms};
    source->is_due = false;
    source->from = 0;
    source->asked_ms = now_ms;
    say(replay, WIRE_GET, body);
    free(body);
}

static bool knows(const struct feed_replay *replay, const char *source)
{
    for (size_t i = 0; i < replay->count; i++)
        if (strcmp(replay->sources[i].name, source) == 0)
            return true;
    return false;
}

/* Every source of the feed that stands somewhere, in an epoch that is known: it was said, or it is in the database. */
static void find_sources(struct feed_replay *replay)
{
    const struct cursor *cursor;

    for (size_t i = 0; (cursor = cursor_at(replay->cursors, i)) != NULL; i++) {
        if (!cursor_has_replay(cursor) || cursor_feed(cursor) == NULL || strcmp(cursor_feed(cursor), replay->feed) != 0 ||
            (cursor_epoch(cursor) == 0 && !cursor_is_claimed(cursor)) || knows(replay, cursor_source(cursor)))
            continue;
        replay->sources = mem_grow(replay->sources, replay->count + 1, sizeof *replay->sources);
        replay->sources[replay->count++] =
            (struct replay_source){.name = mem_copy(cursor_source(cursor)), .is_due = true};
    }
}

static bool is_due(const struct feed_replay *replay, const struct replay_source *source, int every_ms, int64_t now_ms)
{
    const struct cursor *cursor = cursor_find(replay->cursors, source->name);

    return source->is_due || now_ms - source->asked_ms >= every_ms || cursor_missing(cursor) > source->unfilled;
}

/* In turn; but each that nobody answers for holds the channel for as long as we wait, so those that were answered last time
 * go before it, all that they have. */
static void ask_next(struct feed_replay *replay, int every_ms, int64_t now_ms)
{
    size_t best = replay->count;

    for (size_t i = 0; i < replay->count; i++) {
        size_t at = (replay->next + i) % replay->count;

        if (is_due(replay, &replay->sources[at], every_ms, now_ms) &&
            (best == replay->count || replay->sources[at].silences < replay->sources[best].silences))
            best = at;
    }
    if (best == replay->count)
        return;
    replay->next = best + 1;
    round_open(replay, best, now_ms);
}

/* What was asked on the old connection can no longer be answered, so no late END is taken for another's. */
static void reconnect(struct feed_replay *replay, const struct config *config, int64_t now_ms)
{
    const struct config_feed *feed = config_feed(config, replay->feed);

    log_warning("stage=ingest feed=%s action=reconnect reason=\"its replay channel does not answer\"", replay->feed);
    replay->dialled_ms = now_ms;
    if (replay->round.is_open)
        replay->sources[replay->round.at].silences++;
    replay->round = (struct round){.number = replay->round.number + 1};
    close_sockets(replay);
    if (feed != NULL)
        open_sockets(replay, config, feed);
}

void feed_replay_tick(struct feed_replay *replay, const struct config *config, bool away, int64_t now_ms)
{
    struct round *round = &replay->round;

    if (replay->monitor != NULL)
        watch(replay);
    if (round->is_open && round->has_ended && round->pending == 0)
        round_close(replay);
    if (round->is_open && !round->has_ended ? now_ms - round->heard_ms > ANSWER_MS
                                            : replay->socket == NULL && now_ms - replay->dialled_ms > ANSWER_MS)
        reconnect(replay, config, now_ms);
    find_sources(replay);
    if (replay->socket != NULL && !round->is_open && !away)
        ask_next(replay, config->replay_every_s * 1000, now_ms);
}
