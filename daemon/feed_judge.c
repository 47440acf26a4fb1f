/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_judge.h"

#include <stdlib.h>
#include <string.h>

#include "told/event.h"
#include "told/mem.h"
#include "told/wire.h"

#define TOLD_SOURCE "told" /* told's own instants: no feed speaks in its name */
#define TOLD_PREFIX "told."

bool feed_judge_source(const struct config_feed *feed, const char *source)
{
    if (wire_source_is_granted(TOLD_SOURCE, source))
        return false;
    for (char **prefix = feed->sources; prefix != NULL && *prefix != NULL; prefix++)
        if (wire_source_is_granted(*prefix, source))
            return true;
    return false;
}

bool feed_judge_type(const struct config_feed *feed, const char *type)
{
    size_t foreign = strlen(EVENT_FOREIGN_PREFIX);

    if (strncmp(type, TOLD_PREFIX, strlen(TOLD_PREFIX)) == 0)
        return false;
    /* Somebody else's message is what the feed is there for, and only in the one format it is configured for. */
    if (strncmp(type, EVENT_FOREIGN_PREFIX, foreign) == 0)
        return strcmp(type + foreign, feed->adapter) == 0;
    for (char **granted = feed->types; granted != NULL && *granted != NULL; granted++)
        if (strcmp(*granted, "*") == 0 || strcmp(*granted, type) == 0)
            return true;
    return false;
}

static char *name_of(const json_t *root, const char *key)
{
    const char *text = json_text_at(root, key);

    return text != NULL && *text != '\0' && strlen(text) <= ARRIVAL_NAME_MOST ? mem_copy(text) : NULL;
}

/* What can still be known of a body that is refused: whose it is, and which line of whose log it settles. Looser than
 * json_parse on purpose: duplicate keys and depth are why many a body is refused. */
static void judge_attribute(struct arrival *arrival)
{
    json_t *root = json_loadb(arrival->bytes, arrival->len, 0, NULL);
    uint64_t sequence;

    if (json_is_object(root)) {
        arrival->source = name_of(root, "source");
        arrival->id = name_of(root, "id");
        arrival->has_sequence = wire_sequence_parse(json_text_at(root, "sequence"), &sequence);
        if (arrival->has_sequence)
            arrival->sequence = (int64_t)sequence;
    }
    json_decref(root);
}

static void judge_copy(struct arrival *arrival, const struct event *event)
{
    arrival->source = mem_copy(event_source(event));
    arrival->id = mem_copy(event_id(event));
    arrival->type = mem_copy(event_type(event));
    arrival->has_sequence = event_has_sequence(event);
    arrival->sequence = (int64_t)event_sequence(event);
    arrival->occurred_at = event_time(event);
    event_digest(event, arrival->digest);
}

static const char *judge_grants(const struct config_feed *feed, const struct arrival *arrival, const char *topic)
{
    if (!feed_judge_source(feed, arrival->source))
        return "source: not granted to this feed; grant its prefix in the feed's configuration or correct the publisher";
    if (!feed_judge_type(feed, arrival->type))
        return "type: not granted to this feed; grant it in the feed's configuration or correct the publisher";
    if (topic != NULL && strcmp(topic, arrival->type) != 0)
        return "topic: another than the type of the body";
    return NULL;
}

/* NULL for an event that is to be stored. */
static char *judge_reason(struct arrival *arrival, const struct config_feed *feed, const char *topic)
{
    enum event_fault fault = EVENT_OK;
    char *reason = NULL;
    const char *forbidden;
    struct event *event;

    if (arrival->len > feed->max_bytes)
        return mem_printf("body: %zu bytes, more than the %zu this feed may send", arrival->len, feed->max_bytes);
    event = event_parse(arrival->bytes, arrival->len, &fault, &reason);
    if (event == NULL)
        return reason;
    judge_copy(arrival, event);
    event_free(event);
    forbidden = judge_grants(feed, arrival, topic);
    return forbidden != NULL ? mem_copy(forbidden) : NULL;
}

struct arrival *feed_judge_body(const struct config_feed *feed, const char *topic, const char *bytes, size_t len)
{
    struct arrival *arrival = arrival_new(ARRIVAL_EVENT, feed->name, 0);
    char *reason;

    arrival->bytes = mem_copy_n(bytes, len);
    arrival->len = len;
    reason = judge_reason(arrival, feed, topic);
    if (reason == NULL)
        return arrival;
    arrival_refuse(arrival, reason);
    if (arrival->source == NULL)
        judge_attribute(arrival);
    return arrival;
}

struct arrival *feed_judge_debris(const struct config_feed *feed, const char *bytes, size_t len, const char *reason)
{
    struct arrival *arrival = arrival_new(ARRIVAL_EVENT, feed->name, 0);

    arrival->len = len < WIRE_QUARANTINE_MOST ? len : WIRE_QUARANTINE_MOST;
    arrival->bytes = mem_copy_n(bytes, arrival->len);
    arrival_refuse(arrival, mem_copy(reason));
    return arrival;
}
