/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config_read.h"
#include "config_table.h"
#include "told/mem.h"
#include "told/wire.h"

static const char ADAPTER_NONE[] = "cloudevents";
static const char FEED_PREFIX[] = "feed-"; /* as rules are written rule-D41 */

static const config_setting_t *member_or(const config_setting_t *group, const char *name)
{
    const config_setting_t *at = config_setting_get_member(group, name);

    return at != NULL ? at : group;
}

/* One of a pair key and key_file; the key when both are well. */
static void read_key_or_file(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                             const char *name, char **key, const char *file)
{
    char *file_name = mem_printf("%s_file", name);

    if (*key != NULL && file != NULL)
        config_text_fault_at(reading, text, member_or(at, file_name), "%s and %s both stand here, remove one", name, file_name);
    else if (file != NULL)
        *key = config_read_public_key(reading, text, member_or(at, file_name), file);
    free(file_name);
}

static void read_keys(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                      struct config_feed *feed)
{
    bool has_next = feed->next_key != NULL || feed->next_key_file != NULL;

    if (feed->kind == FEED_DIRECTORY) {
        if (feed->key != NULL || feed->key_file != NULL || has_next || feed->secret_key != NULL)
            config_text_fault_at(reading, text, at, "feed %s is a directory, believed by its owner and mode: remove its keys",
                                 feed->name);
        return;
    }
    if (feed->key == NULL && feed->key_file == NULL)
        config_text_fault_at(reading, text, at, "feed %s has neither key nor key_file, add the publisher's public key",
                             feed->name);
    read_key_or_file(reading, text, at, "key", &feed->key, feed->key_file);
    if (has_next && feed->kind == FEED_BROADCAST)
        config_text_fault_at(reading, text, member_or(at, feed->next_key_file != NULL ? "next_key_file" : "next_key"),
                             "feed %s is a broadcast, told pins one key of its publisher: remove the next one", feed->name);
    else
        read_key_or_file(reading, text, at, "next_key", &feed->next_key, feed->next_key_file);
}

static void check_kind(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                       const struct config_feed *feed)
{
    if (feed->kind == FEED_BROADCAST && feed->connect == NULL)
        config_text_fault_at(reading, text, at, "feed %s is a broadcast without connect, add the publisher's endpoint",
                             feed->name);
    if (feed->kind == FEED_DIRECTORY && (feed->path == NULL || feed->path[0] != '/'))
        config_text_fault_at(reading, text, member_or(at, "path"),
                             "feed %s is a directory, write its path, beginning with a /", feed->name);
    if (feed->kind != FEED_BROADCAST && feed->replay != NULL)
        config_text_fault_at(reading, text, member_or(at, "replay"), "feed %s is no broadcast, remove replay", feed->name);
    if (feed->kind != FEED_DIRECTORY && (feed->path != NULL || feed->owner != NULL))
        config_text_fault_at(reading, text, member_or(at, feed->path != NULL ? "path" : "owner"),
                             "feed %s is no directory, remove path and owner", feed->name);
    if (feed->owner != NULL && getpwnam(feed->owner) == NULL)
        config_text_fault_at(reading, text, member_or(at, "owner"), "owner: no such login here, correct it");
}

static void check_feed(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                       const struct config_feed *feed)
{
    size_t most = strcmp(feed->adapter, ADAPTER_NONE) == 0 ? WIRE_FRAME_MOST / 2 : WIRE_FRAME_MOST;

    check_kind(reading, text, at, feed);
    if (feed->max_bytes > most)
        config_text_fault_at(reading, text, member_or(at, "max_bytes"), "max_bytes is out of range, write %d to %zu", 1024,
                             most);
}

/* A text that is refused was said to be by its table; here it counts as absent. */
static int minute_of(const char *text, int otherwise)
{
    int minute = otherwise;

    return text != NULL && silence_parse_minute(text, &minute) ? minute : otherwise;
}

static int span_of(const char *text)
{
    int minutes = 0;

    return text != NULL && silence_parse_span(text, &minutes) ? minutes : 0;
}

/* When it is expected to speak. */
static void read_expects(struct config_reading *reading, const struct config_text *text, const config_setting_t *feed,
                         struct config_expects *ret)
{
    const config_setting_t *at = config_setting_get_member(feed, "expects");

    if (at == NULL || config_setting_is_group(at) != CONFIG_TRUE)
        return;
    ret->is_set = true;
    config_key_read(reading, text, at, &CONFIG_TABLE_EXPECTS, ret);
    ret->events = (struct silence_expects){.every_day = ret->days == 1,
                                           .from_minute = minute_of(ret->from, 0),
                                           .until_minute = minute_of(ret->until, 24 * 60),
                                           .after_minutes = span_of(ret->silent_after)};
    ret->link = ret->events;
    ret->link.after_minutes = span_of(ret->link_after);
    if (ret->events.until_minute <= ret->events.from_minute)
        config_text_fault_at(reading, text, member_or(at, "until"), "until is not after from, give the end of the same day");
    if (ret->silent_after == NULL && ret->link_after == NULL)
        config_text_fault_at(reading, text, at, "expects says neither silent_after nor link_after, add one");
}

static bool keys_meet(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The key says who speaks and the name what is stored with each event: neither may stand for two. */
static void check_unique(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                         const struct config_feed *feed)
{
    const struct config *config = reading->config;

    if (keys_meet(feed->key, feed->next_key))
        config_text_fault_at(reading, text, at, "feed %s: key and next_key are the same, remove the next one", feed->name);
    for (size_t i = 0; i < config->feed_count; i++) {
        const struct config_feed *other = &config->feeds[i];

        if (strcmp(other->name, feed->name) == 0)
            config_text_fault_at(reading, text, at, "feed %s stands in another file too, remove one", feed->name);
        if (keys_meet(other->key, feed->key) || keys_meet(other->key, feed->next_key) ||
            keys_meet(other->next_key, feed->key) || keys_meet(other->next_key, feed->next_key))
            config_text_fault_at(reading, text, member_or(at, feed->key_file != NULL ? "key_file" : "key"),
                                 "feeds %s and %s have the same key, give each its own", other->name, feed->name);
    }
}

static void read_feed(struct config_reading *reading, const struct config_text *text, const config_setting_t *at)
{
    struct config *config = reading->config;
    const char *name = config_setting_name(at);
    struct config_feed feed = {0};

    if (strncmp(name, FEED_PREFIX, strlen(FEED_PREFIX)) != 0 || name[strlen(FEED_PREFIX)] == '\0' ||
        config_setting_is_group(at) != CONFIG_TRUE) {
        config_text_fault_at(reading, text, at, "%s is no feed, write feed-NAME: { sources = [ … ]; … }", name);
        return;
    }
    feed.name = mem_copy(name + strlen(FEED_PREFIX));
    config_key_read(reading, text, at, &CONFIG_TABLE_FEED, &feed);
    if (feed.max_bytes == 0)
        feed.max_bytes = strcmp(feed.adapter, ADAPTER_NONE) == 0 ? WIRE_BODY_MOST : WIRE_ADAPTER_BODY_MOST;
    read_expects(reading, text, at, &feed.expects);
    read_keys(reading, text, at, &feed);
    check_feed(reading, text, at, &feed);
    check_unique(reading, text, at, &feed);
    if (feed.kind == FEED_CONFIRMED && feed.connect == NULL && config->ingest_bind != NULL)
        feed.connect = mem_copy(config->ingest_bind);
    config->feeds = mem_grow(config->feeds, config->feed_count + 1, sizeof *config->feeds);
    config->feeds[config->feed_count++] = feed;
}

static void read_file(struct config_reading *reading, const char *path)
{
    struct config_text text;

    if (config_text_open(&text, reading, path)) {
        const config_setting_t *root = config_root_setting(&text.parsed);

        for (int i = 0; i < config_setting_length(root); i++)
            read_feed(reading, &text, config_setting_get_elem(root, (unsigned)i));
    }
    config_text_close(&text);
}

void config_read_feeds(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *at = config_setting_get_member(config_root_setting(&told->parsed), "feeds");
    char *path = config_text_path(reading->config, reading->config->names.feeds);
    char **files = config_text_list(reading, path, ".conf", told->path, at != NULL ? (int)config_setting_source_line(at) : 1);

    for (size_t i = 0; files != NULL && files[i] != NULL; i++)
        read_file(reading, files[i]);
    config_text_free_list(files);
    free(path);
}
