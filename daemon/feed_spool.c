/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_spool.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "spool.h"
#include "told/mem.h"
#include "told/wire.h"

#define MIB (INT64_C(1024) * 1024)

/* While the database answers so much may wait in memory, and so much of the spool is under way at a time. */
static const size_t KEPT_BYTES_MOST = 16 * 1024 * 1024;
static const size_t DRAIN_BYTES_MOST = 8 * 1024 * 1024;
enum { DRAIN_MOST = 500, FULL_TENTHS = 8 };

struct feed_spool {
    struct clock *clock;
    struct ingest_store *store;
    struct feed_heard *heard;
    struct spool *spool; /* NULL: none is configured */
    uint64_t kept, lost; /* since the database went */
    uint64_t said_aside; /* files that could not be read */
    bool said_filling;
};

struct feed_spool *feed_spool_new(struct clock *clock, struct ingest_store *store, struct feed_heard *heard,
                                  const struct config *config, char **ret_reason)
{
    struct feed_spool *spool = mem_new(sizeof *spool);

    spool->clock = clock;
    spool->store = store;
    spool->heard = heard;
    *ret_reason = NULL;
    if (config->spool != NULL) {
        char *path = config->spool[0] == '/' ? mem_copy(config->spool) : mem_printf("%s/%s", config->directory, config->spool);

        spool->spool = spool_open(path, config->spool_most_mib * MIB, ret_reason);
        free(path);
    }
    if (*ret_reason == NULL)
        return spool;
    feed_spool_free(spool);
    return NULL;
}

void feed_spool_free(struct feed_spool *spool)
{
    if (spool == NULL)
        return;
    spool_close(spool->spool);
    free(spool);
}

void feed_spool_configure(struct feed_spool *spool, const struct config *config)
{
    if (spool->spool != NULL)
        spool_set_most(spool->spool, config->spool_most_mib * MIB);
}

bool feed_spool_is_wanted(const struct feed_spool *spool, bool is_away)
{
    return spool->spool != NULL && (is_away || !spool_is_empty(spool->spool) ||
                                    ingest_store_bytes(spool->store) > KEPT_BYTES_MOST);
}

/* ---- to the disk ---- */

static void watch_room(struct feed_spool *spool)
{
    bool is_filling = spool_bytes(spool->spool) * 10 > spool_most(spool->spool) * FULL_TENTHS;
    char *detail;

    if (is_filling && !spool->said_filling) {
        detail = mem_printf("the spool holds %lld of at most %lld MiB: bring the database back, or give it more "
                            "(ingest.spool_most_mib); beyond its end what is subscribed is lost until it is replayed",
                            (long long)(spool_bytes(spool->spool) / MIB), (long long)(spool_most(spool->spool) / MIB));
        ingest_store_raise(spool->store, "spool", "spool", detail);
        free(detail);
    }
    spool->said_filling = is_filling;
}

static void keep(struct feed_spool *spool, struct instant at, const char *feed, const char *topic, const char *body,
                 size_t len)
{
    struct spool_record record = {.received_at = at, .feed = feed, .feed_len = strlen(feed), .topic = topic,
                                  .topic_len = strlen(topic), .body = body, .len = len};

    if (spool_put(spool->spool, &record)) {
        if (spool->kept++ == 0)
            log_warning("stage=ingest feed=%s action=spooling reason=\"the database is away or behind\"", feed);
    } else if (spool->lost++ == 0) {
        ingest_store_raise(spool->store, "spool", "spool",
                           "the spool is full: what is subscribed is lost until it is replayed; make room");
    }
}

void feed_spool_keep(struct feed_spool *spool, const char *feed, const struct feed_message *message)
{
    keep(spool, clock_told(spool->clock), feed, message->frames == FEED_MESSAGE_FRAMES ? message->word : "", message->body,
         message->len);
}

void feed_spool_sync(struct feed_spool *spool)
{
    if (spool->spool == NULL)
        return;
    if (!spool_sync(spool->spool))
        ingest_store_raise(spool->store, "spool", "spool",
                           "the disk would not have the spool: what is subscribed is lost until it is replayed; make room");
    watch_room(spool);
}

static void keep_arrival(struct feed_spool *spool, const struct arrival *arrival)
{
    keep(spool, clock_told(spool->clock), arrival->feed, arrival->topic, arrival->bytes, arrival->len);
}

void feed_spool_recall(struct feed_spool *spool)
{
    struct arrival_queue recalled = {0};
    struct arrival *arrival;

    if (spool->spool == NULL)
        return;
    feed_heard_release_all(spool->heard);
    /* Whether what is in flight gets there is not known: the database tells repeats from news. */
    for (size_t i = 0; (arrival = ingest_store_in_flight(spool->store, i)) != NULL; i++)
        if (arrival->topic != NULL && !arrival->is_spooled) {
            keep_arrival(spool, arrival);
            arrival->is_spooled = true;
        }
    ingest_store_recall(spool->store, &recalled);
    while ((arrival = arrival_queue_take(&recalled)) != NULL) {
        if (!arrival->is_spooled)
            keep_arrival(spool, arrival);
        arrival_free(arrival);
    }
}

/* ---- and back ---- */

static void hear_record(struct feed_spool *spool, const struct config *config, const struct spool_record *record,
                        int64_t now_ms)
{
    char *name = mem_copy_n(record->feed, record->feed_len);
    char *topic = mem_copy_n(record->topic, record->topic_len);
    char adapter[] = "cloudevents";
    const struct config_feed *feed = config_feed(config, name);
    const struct config_feed gone = {.name = name, .kind = FEED_BROADCAST, .adapter = adapter, .max_bytes = WIRE_FRAME_MOST};
    struct heard_message message = {.topic = topic, .body = record->body, .len = record->len, .is_whole = *topic != '\0',
                                    .received_at = record->received_at};

    /* A feed that was taken out of the configuration meanwhile grants nothing: what it sent is quarantined. */
    feed_heard_take(spool->heard, feed != NULL && feed->kind == FEED_BROADCAST ? feed : &gone, &message, now_ms);
    free(topic);
    free(name);
}

static void hear_damaged(struct feed_spool *spool, const struct spool_record *record, int64_t now_ms)
{
    char name[] = "spool";
    const struct config_feed nobody = {.name = name};
    struct heard_message message = {.topic = "", .body = record->body, .len = record->len,
                                    .damage = "spool: a record was damaged on the disk; its bytes are kept as they are",
                                    .received_at = clock_told(spool->clock)};

    log_warning("stage=ingest spool=damaged bytes=%zu action=quarantined", record->len);
    feed_heard_take(spool->heard, &nobody, &message, now_ms);
}

static void watch_unread(struct feed_spool *spool)
{
    if (spool_set_aside(spool->spool) == spool->said_aside)
        return;
    spool->said_aside = spool_set_aside(spool->spool);
    ingest_store_raise(spool->store, "spool", "spool",
                       "a file of the spool could not be read: it was set aside in the spool under a name that ends in "
                       ".unread; make it readable, take that ending off and restart told");
}

void feed_spool_drain(struct feed_spool *spool, const struct config *config, int64_t now_ms)
{
    struct spool_record record;
    enum spool_verdict verdict = SPOOL_RECORD;
    size_t bytes = 0;

    if (spool->spool == NULL || spool_is_empty(spool->spool) || feed_heard_draining(spool->heard) > 0)
        return;
    if (feed_heard_drained(spool->heard) == 0)
        spool_forget(spool->spool); /* what was read before has settled */
    for (int i = 0; i < DRAIN_MOST && bytes < DRAIN_BYTES_MOST; i++) {
        verdict = spool_next(spool->spool, &record);
        if (verdict == SPOOL_END)
            break;
        bytes += record.len;
        if (verdict == SPOOL_RECORD)
            hear_record(spool, config, &record, now_ms);
        else
            hear_damaged(spool, &record, now_ms);
    }
    watch_unread(spool);
    if (spool_is_empty(spool->spool)) {
        log_info("stage=ingest action=drained kept=%llu lost=%llu", (unsigned long long)spool->kept,
                 (unsigned long long)spool->lost);
        spool->kept = spool->lost = 0;
    }
}
