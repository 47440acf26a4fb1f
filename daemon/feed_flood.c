/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_flood.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

enum { HOUR_MS = 3600 * 1000, KEPT = FEED_FLOOD_MOST + 1 };

struct flood_key {
    char *key; /* owned */
    int64_t at_ms[KEPT]; /* a ring: the oldest stands at `next` once it is full */
    size_t count, next;
};

struct feed_flood {
    struct flood_key *keys;
    size_t count;
};

struct feed_flood *feed_flood_new(void)
{
    return mem_new(sizeof(struct feed_flood));
}

void feed_flood_free(struct feed_flood *flood)
{
    if (flood == NULL)
        return;
    for (size_t i = 0; i < flood->count; i++)
        free(flood->keys[i].key);
    free(flood->keys);
    free(flood);
}

static struct flood_key *flood_key(struct feed_flood *flood, const char *key)
{
    for (size_t i = 0; i < flood->count; i++)
        if (strcmp(flood->keys[i].key, key) == 0)
            return &flood->keys[i];
    flood->keys = mem_grow(flood->keys, flood->count + 1, sizeof *flood->keys);
    flood->keys[flood->count] = (struct flood_key){.key = mem_copy(key)};
    return &flood->keys[flood->count++];
}

/* Full, and the oldest of all is not yet an hour old. */
static bool is_over(const struct flood_key *key, int64_t now_ms)
{
    return key->count == KEPT && now_ms - key->at_ms[key->next] < HOUR_MS;
}

enum feed_flood_verdict feed_flood_count(struct feed_flood *flood, const char *key, int64_t now_ms)
{
    struct flood_key *own = flood_key(flood, key);

    if (is_over(own, now_ms))
        return FEED_FLOOD_GOES_ON;
    own->at_ms[own->next] = now_ms;
    own->next = (own->next + 1) % KEPT;
    if (own->count < KEPT)
        own->count++;
    return is_over(own, now_ms) ? FEED_FLOOD_BEGINS : FEED_FLOOD_CALM;
}
