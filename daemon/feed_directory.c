/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_directory.h"

#include <stdlib.h>
#include <string.h>

#include "drop_directory.h"
#include "feed_flood.h"
#include "feed_judge.h"
#include "log.h"
#include "publish_wrap.h"
#include "told/buf.h"
#include "told/json.h"
#include "told/mem.h"
#include "told/wire.h"

enum { LOOK_EVERY_MS = 1000, PENDING_MOST = 500, REASONS_MOST = 100 };

static const size_t PENDING_BYTES_MOST = WIRE_CREDIT_BYTES;

struct drop {
    char *feed, *path, *owner;
    struct drop_directory *directory; /* NULL: cannot be used now */
    bool said_unusable;
    int64_t looked_ms;
    uint64_t born; /* rounds up to here are of another drop of that name */
    char *name;            /* the file at hand; NULL: none */
    struct drop_file file;
    size_t at, line;       /* how far it was read */
    size_t pending, pending_bytes;
    size_t stored, refused;
    struct buf reasons;
};

struct feed_directory {
    struct ingest_store *store;
    struct feed_flood *flood;
    struct drop **drops; /* owned; their place is how settled ones find them */
    size_t count;
    uint64_t rounds; /* numbers that say which drop waits, never used twice */
};

struct feed_directory *feed_directory_new(struct ingest_store *store)
{
    struct feed_directory *feeds = mem_new(sizeof *feeds);

    feeds->store = store;
    feeds->flood = feed_flood_new();
    return feeds;
}

static void file_release(struct drop *drop)
{
    free(drop->name);
    free(drop->file.bytes);
    buf_release(&drop->reasons);
    drop->name = NULL;
    drop->file = (struct drop_file){0};
    drop->at = drop->line = drop->stored = drop->refused = 0;
}

static void drop_free(struct drop *drop)
{
    file_release(drop);
    drop_directory_close(drop->directory);
    free(drop->feed);
    free(drop->path);
    free(drop->owner);
    free(drop);
}

void feed_directory_free(struct feed_directory *feeds)
{
    if (feeds == NULL)
        return;
    for (size_t i = 0; i < feeds->count; i++)
        drop_free(feeds->drops[i]);
    free(feeds->drops);
    feed_flood_free(feeds->flood);
    free(feeds);
}

/* ---- which there are ---- */

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static struct drop *drop_find(const struct feed_directory *feeds, const char *feed)
{
    for (size_t i = 0; i < feeds->count; i++)
        if (strcmp(feeds->drops[i]->feed, feed) == 0)
            return feeds->drops[i];
    return NULL;
}

void feed_directory_configure(struct feed_directory *feeds, const struct config *config)
{
    size_t kept = 0;

    for (size_t i = 0; i < feeds->count; i++) {
        struct drop *drop = feeds->drops[i];
        const struct config_feed *feed = config_feed(config, drop->feed);

        if (feed != NULL && feed->kind == FEED_DIRECTORY && same(feed->path, drop->path) && same(feed->owner, drop->owner))
            feeds->drops[kept++] = drop;
        else
            drop_free(drop); /* the file at hand is read again by whoever comes after it */
    }
    feeds->count = kept;
    for (size_t i = 0; i < config->feed_count; i++) {
        const struct config_feed *feed = &config->feeds[i];
        struct drop *drop;

        if (feed->kind != FEED_DIRECTORY || drop_find(feeds, feed->name) != NULL)
            continue;
        drop = mem_new(sizeof *drop);
        drop->born = feeds->rounds;
        drop->feed = mem_copy(feed->name);
        drop->path = mem_copy(feed->path);
        drop->owner = mem_copy(feed->owner);
        feeds->drops = mem_grow(feeds->drops, feeds->count + 1, sizeof(struct drop *));
        feeds->drops[feeds->count++] = drop;
    }
}

static bool is_open(struct feed_directory *feeds, struct drop *drop)
{
    char *reason = NULL;

    if (drop->directory != NULL)
        return true;
    drop->directory = drop_directory_open(drop->path, drop->owner, &reason);
    if (reason != NULL && !drop->said_unusable) {
        char *detail = mem_printf("feed %s: its directory cannot be used: %s", drop->feed, reason);

        ingest_store_raise(feeds->store, "drop", drop->feed, detail);
        free(detail);
    } else if (reason == NULL) {
        log_info("stage=ingest feed=%s path=%s action=watching", drop->feed, drop->path);
    }
    drop->said_unusable = reason != NULL;
    free(reason);
    return drop->directory != NULL;
}

/* ---- what is in a file ---- */

static void note(struct drop *drop, const char *reason)
{
    if (++drop->refused <= REASONS_MOST)
        buf_printf(&drop->reasons, "%s\n", reason);
}

/* What it says of its place in a log cannot be held against anything: a directory has no epoch and no HELLO. */
static struct arrival *judge(const struct config_feed *feed, const char *bytes, size_t len)
{
    struct arrival *arrival = len <= WIRE_FRAME_MOST ? feed_judge_body(feed, NULL, bytes, len)
                                                     : feed_judge_debris(feed, bytes, len, "body: larger than 8 MiB");

    arrival->has_sequence = false;
    arrival->epoch = 0;
    return arrival;
}

/* Of more than a hundred bad bodies an hour no row is kept: the file itself stays in failed/. */
static void put(struct feed_directory *feeds, struct drop *drop, struct arrival *arrival, int64_t now_ms)
{
    if (arrival->kind == ARRIVAL_REFUSED) {
        char *line = mem_printf("event %zu: %s", drop->line, arrival->reason);

        note(drop, line);
        free(line);
        if (feed_flood_count(feeds->flood, drop->feed, now_ms) == FEED_FLOOD_GOES_ON) {
            arrival_free(arrival);
            return;
        }
    }
    arrival->round = ++feeds->rounds;
    drop->pending++;
    drop->pending_bytes += arrival->len;
    ingest_store_put(feeds->store, arrival);
}

static bool is_foreign(const struct config_feed *feed)
{
    return strcmp(feed->adapter, "cloudevents") != 0;
}

/* The bare foreign message: its id is the SHA-256 of its bytes (wire.md), its time that of the file, which does not count
 * when it is compared. */
static void put_foreign(struct feed_directory *feeds, struct drop *drop, const struct config_feed *feed, int64_t now_ms)
{
    struct buf body = {0};
    char *source = mem_copy(feed->sources[0]);

    if (source[0] != '\0' && source[strlen(source) - 1] == '/') /* a granted prefix; a source ends with a name */
        source[strlen(source) - 1] = '\0';
    publish_wrap(&body, feed->adapter, source, NULL, drop->file.changed_at, drop->file.bytes, drop->file.len);
    drop->line = 1;
    drop->at = drop->file.len;
    put(feeds, drop, judge(feed, buf_string(&body), body.len), now_ms);
    buf_release(&body);
    free(source);
}

static size_t trimmed(const char *bytes, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", bytes[len - 1]) != NULL)
        len--;
    return len;
}

/* NDJSON, or one event however it is laid out: that one does not end with its first line. */
static bool is_one_event(const struct drop_file *file, size_t from)
{
    json_t *root = json_loadb(file->bytes + from, file->len - from, 0, NULL);
    bool is_one = json_is_object(root);

    json_decref(root);
    return is_one;
}

static void put_lines(struct feed_directory *feeds, struct drop *drop, const struct config_feed *feed, int64_t now_ms)
{
    const struct drop_file *file = &drop->file;
    size_t from = drop->at == 0 ? json_mark(file->bytes, file->len) : drop->at;

    if (drop->at == 0 && is_one_event(file, from)) {
        drop->line = 1;
        drop->at = file->len;
        put(feeds, drop, judge(feed, file->bytes + from, trimmed(file->bytes + from, file->len - from)), now_ms);
        return;
    }
    drop->at = from;
    while (drop->at < file->len && drop->pending < PENDING_MOST && drop->pending_bytes < PENDING_BYTES_MOST) {
        const char *line = file->bytes + drop->at;
        const char *end = memchr(line, '\n', file->len - drop->at);
        size_t len = end != NULL ? (size_t)(end - line) : file->len - drop->at;

        drop->at += len + (end != NULL);
        drop->line++;
        len = trimmed(line, len);
        if (len > 0)
            put(feeds, drop, judge(feed, line, len), now_ms);
    }
}

/* ---- one file ---- */

static void begin(struct drop *drop)
{
    char *reason;

    drop->name = drop_directory_next(drop->directory);
    if (drop->name == NULL)
        return;
    reason = drop_directory_read(drop->directory, drop->name, &drop->file);
    if (reason == NULL && trimmed(drop->file.bytes, drop->file.len) == 0)
        reason = mem_copy("file: is empty");
    if (reason != NULL) {
        note(drop, reason);
        drop->at = drop->file.len; /* nothing of it is read */
    }
    free(reason);
}

/* Everything of it has settled. Its name may be anything, so it is said nowhere. */
static void end(struct feed_directory *feeds, struct drop *drop)
{
    bool is_good = drop->refused == 0;
    bool is_moved;

    if (drop->refused > REASONS_MOST)
        buf_printf(&drop->reasons, "and %zu more\n", drop->refused - REASONS_MOST);
    is_moved = is_good ? drop_directory_done(drop->directory, drop->name)
                       : drop_directory_fail(drop->directory, drop->name, buf_string(&drop->reasons));
    log_info("stage=ingest feed=%s file=%s stored=%zu refused=%zu", drop->feed, is_good ? "done" : "failed", drop->stored,
             drop->refused);
    if (!is_good) {
        char *detail = mem_printf("feed %s: a file was moved to failed/, the reason beside it", drop->feed);

        ingest_store_raise(feeds->store, "drop", drop->feed, detail);
        free(detail);
    }
    if (!is_moved) {
        char *detail = mem_printf("feed %s: a file could not be moved to %s/; give told the right to do so", drop->feed,
                                  is_good ? "done" : "failed");

        ingest_store_raise(feeds->store, "drop", drop->feed, detail);
        free(detail);
    }
    file_release(drop);
}

static void tick_drop(struct feed_directory *feeds, struct drop *drop, const struct config_feed *feed, bool is_away,
                      int64_t now_ms)
{
    if (drop->name == NULL && !is_away && now_ms - drop->looked_ms >= LOOK_EVERY_MS && is_open(feeds, drop)) {
        begin(drop);
        if (drop->name == NULL)
            drop->looked_ms = now_ms; /* as long as there are files, the next one at once */
    }
    if (drop->name == NULL)
        return;
    if (drop->at < drop->file.len && is_foreign(feed))
        put_foreign(feeds, drop, feed, now_ms);
    else if (drop->at < drop->file.len)
        put_lines(feeds, drop, feed, now_ms);
    if (drop->pending == 0 && drop->at >= drop->file.len)
        end(feeds, drop);
}

void feed_directory_tick(struct feed_directory *feeds, const struct config *config, bool is_away, int64_t now_ms)
{
    for (size_t i = 0; i < feeds->count; i++) {
        const struct config_feed *feed = config_feed(config, feeds->drops[i]->feed);

        if (feed != NULL)
            tick_drop(feeds, feeds->drops[i], feed, is_away, now_ms);
    }
}

void feed_directory_settle(struct feed_directory *feeds, const struct arrival *arrival)
{
    struct drop *drop = drop_find(feeds, arrival->feed);

    if (drop == NULL || arrival->round <= drop->born || drop->pending == 0)
        return;
    drop->pending--;
    drop->pending_bytes -= arrival->len < drop->pending_bytes ? arrival->len : drop->pending_bytes;
    if (arrival->outcome == ARRIVAL_STORED)
        drop->stored++;
    else if (arrival->freezes || strncmp(arrival->reason, "equivocation", strlen("equivocation")) == 0 ||
             arrival->nameless) /* what only the database could know; the rest was noted when it was judged */
        note(drop, arrival->reason);
}
