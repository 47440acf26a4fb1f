/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domain events travel bare, or as queues and topics hand them on, one inside the other:
 *
 *   {"Records": [{"Sns": {…}} or {"body": "…"}]}, {"Messages": [{"Body": "…"}]}
 *   {"Type": "Notification", "Message": "{\"eventType\": …}", "MessageAttributes": {…}, "Timestamp"}
 *
 * where Message and body are JSON written as a string. A string is opened as strictly as a message is.
 */
#include "adapter_hmpps.h"

#include <stdlib.h>
#include <string.h>

#include "custody_event.h"
#include "foreign_time.h"
#include "told/mem.h"

#define ENVELOPES_MOST 6

static void open_envelope(const struct custody_message *message, size_t *count, const json_t *json,
                          int depth);

static void open_string(struct custody_message *message, size_t *count, const char *text, int depth)
{
    char *reason = NULL;
    json_t *inner = json_parse(text, strlen(text), &reason);

    if (inner == NULL)
        adapted_list_add_fault(message->list, message->part, reason);
    else
        open_envelope(message, count, inner, depth);
    free(reason);
    json_decref(inner);
}

/* What stands under `key`: text to be opened, or the thing itself. */
static void open_member(const struct custody_message *outer, size_t *count, const json_t *json,
                        const char *key, int depth)
{
    struct custody_message message = *outer;
    const json_t *member = json_object_get(json, key),
                 *attributes = json_object_get(json, "MessageAttributes");
    const char *timestamp = json_text_at(json, "Timestamp");
    char *part = *outer->part == '\0' ? mem_copy(key) : mem_printf("%s.%s", outer->part, key);

    message.part = part;
    if (attributes != NULL)
        message.attributes = attributes;
    if (timestamp != NULL)
        foreign_time_parse(timestamp, &message.enveloped_at);
    if (json_is_string(member))
        open_string(&message, count, json_string_value(member), depth);
    else
        open_envelope(&message, count, member, depth);
    free(part);
}

static void open_list(const struct custody_message *outer, size_t *count, const json_t *json, const char *key,
                      int depth)
{
    const json_t *list = json_object_get(json, key), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        struct custody_message message = *outer;
        char *part = mem_printf("%s%s%s[%zu]", outer->part, *outer->part == '\0' ? "" : ".", key, i);

        message.part = part;
        if (!adapted_list_is_full(message.list))
            open_envelope(&message, count, one, depth);
        free(part);
    }
}

/* The name of the member that holds the next layer, or NULL. */
static const char *find_layer(const json_t *json, const char *const *keys, size_t key_count, json_type type)
{
    for (size_t i = 0; i < key_count; i++) {
        const json_t *member = json_object_get(json, keys[i]);
        if (member != NULL && (json_typeof(member) == type || (type != JSON_ARRAY && json_is_object(member))))
            return keys[i];
    }
    return NULL;
}

static bool is_about_subscription(const json_t *json)
{
    const char *type = json_text_at(json, "Type");
    return type != NULL &&
           (strcmp(type, "SubscriptionConfirmation") == 0 || strcmp(type, "UnsubscribeConfirmation") == 0);
}

static void read_event(const struct custody_message *outer, size_t *count, const json_t *json)
{
    struct custody_message message = *outer;

    if (*message.part == '\0')
        message.part = "the message";
    message.index = (*count)++;
    custody_event_read(&message, json);
}

static void open_envelope(const struct custody_message *message, size_t *count, const json_t *json, int depth)
{
    static const char *const inside[] = {"Message", "Sns", "body", "Body"}, *const lists[] = {"Records",
                                                                                              "Messages"};
    const char *layer = find_layer(json, inside, sizeof inside / sizeof inside[0], JSON_STRING);
    const char *list = find_layer(json, lists, sizeof lists / sizeof lists[0], JSON_ARRAY);
    const char *part = *message->part == '\0' ? "the message" : message->part;

    if (depth > ENVELOPES_MOST)
        adapted_list_add_fault(message->list, part, "more envelopes than any queue puts around a message");
    else if (!json_is_object(json))
        adapted_list_add_fault(message->list, part, "not an object");
    else if (is_about_subscription(json))
        adapted_list_add_nothing(message->list, part, "about the subscription to the topic, and no event");
    else if (json_object_get(json, "eventType") != NULL)
        read_event(message, count, json);
    else if (list != NULL)
        open_list(message, count, json, list, depth + 1);
    else if (layer != NULL)
        open_member(message, count, json, layer, depth + 1);
    else
        read_event(message, count, json);
}

char *adapter_hmpps_run(const json_t *root, const struct adapter_origin *origin, struct adapted_list *list)
{
    const struct custody_message message = {
        .origin = origin, .list = list, .part = "", .enveloped_at = INSTANT_NONE};
    size_t count = 0;

    open_envelope(&message, &count, root, 0);
    if (adapted_list_is_full(list))
        return mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    if (list->count == 0)
        return mem_copy("an envelope with nothing in it");
    return NULL;
}
