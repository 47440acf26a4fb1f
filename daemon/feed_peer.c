/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_peer.h"

#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

enum { BUCKETS = 256, SILENT_MS = 600 * 1000, DROPPED_MS = 3600 * 1000 };

struct feed_peers {
    struct feed_peer *buckets[BUCKETS]; /* by routing id */
    struct feed_peer **peers;           /* owned; ascending by number */
    size_t count;
    uint64_t last_number;
};

struct feed_peers *feed_peers_new(void)
{
    return mem_new(sizeof(struct feed_peers));
}

static void peer_free(struct feed_peer *peer)
{
    for (size_t i = 0; i < peer->hello_count; i++)
        free(peer->hellos[i].source);
    free(peer->hellos);
    free(peer);
}

void feed_peers_free(struct feed_peers *peers)
{
    if (peers == NULL)
        return;
    for (size_t i = 0; i < peers->count; i++)
        peer_free(peers->peers[i]);
    free(peers->peers);
    free(peers);
}

/* FNV-1a. */
static size_t bucket_of(const void *route, size_t route_len)
{
    const unsigned char *bytes = route;
    uint32_t hash = UINT32_C(2166136261);

    for (size_t i = 0; i < route_len; i++)
        hash = (hash ^ bytes[i]) * UINT32_C(16777619);
    return hash % BUCKETS;
}

struct feed_peer *feed_peers_find(struct feed_peers *peers, const void *route, size_t route_len)
{
    struct feed_peer *peer = peers->buckets[bucket_of(route, route_len)];

    while (peer != NULL && (peer->route_len != route_len || memcmp(peer->route, route, route_len) != 0))
        peer = peer->next;
    return peer;
}

struct feed_peer *feed_peers_numbered(struct feed_peers *peers, uint64_t number)
{
    size_t low = 0;
    size_t high = peers->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (peers->peers[middle]->number == number)
            return peers->peers[middle];
        if (peers->peers[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void unlink_peer(struct feed_peers *peers, struct feed_peer *peer)
{
    struct feed_peer **at = &peers->buckets[bucket_of(peer->route, peer->route_len)];

    while (*at != NULL && *at != peer)
        at = &(*at)->next;
    if (*at != NULL)
        *at = peer->next;
    peer->next = NULL;
}

struct feed_peer *feed_peers_add(struct feed_peers *peers, const void *route, size_t route_len, const char *key)
{
    size_t bucket = bucket_of(route, route_len);
    struct feed_peer *old = feed_peers_find(peers, route, route_len);
    struct feed_peer *peer;

    if (route_len > FEED_PEER_ROUTE_MOST || strlen(key) >= FEED_PEER_KEY_SIZE)
        return NULL;
    if (old != NULL) {
        unlink_peer(peers, old);
        old->is_gone = true;
    }
    peer = mem_new(sizeof *peer);
    peer->number = ++peers->last_number;
    memcpy(peer->route, route, route_len);
    peer->route_len = route_len;
    memcpy(peer->key, key, strlen(key));
    peer->next = peers->buckets[bucket];
    peers->buckets[bucket] = peer;
    peers->peers = mem_grow(peers->peers, peers->count + 1, sizeof(struct feed_peer *));
    peers->peers[peers->count++] = peer;
    return peer;
}

struct feed_peer *feed_peers_at(struct feed_peers *peers, size_t i)
{
    return i < peers->count ? peers->peers[i] : NULL;
}

static bool peer_is_over(const struct feed_peer *peer, int64_t now_ms)
{
    if (peer->is_gone)
        return true;
    return peer->pending == 0 && now_ms - peer->heard_ms > (peer->is_dropped ? DROPPED_MS : SILENT_MS);
}

void feed_peers_sweep(struct feed_peers *peers, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < peers->count; i++) {
        struct feed_peer *peer = peers->peers[i];

        if (peer_is_over(peer, now_ms)) {
            unlink_peer(peers, peer);
            peer_free(peer);
        } else {
            peers->peers[kept++] = peer;
        }
    }
    peers->count = kept;
}

struct feed_hello *feed_peer_hello(const struct feed_peer *peer, const char *source)
{
    for (size_t i = 0; i < peer->hello_count; i++)
        if (strcmp(peer->hellos[i].source, source) == 0)
            return &peer->hellos[i];
    return NULL;
}

struct feed_hello *feed_peer_hello_put(struct feed_peer *peer, const char *source)
{
    struct feed_hello *hello = feed_peer_hello(peer, source);

    if (hello != NULL)
        return hello;
    if (peer->hello_count == FEED_PEER_SOURCES_MOST)
        return NULL;
    peer->hellos = mem_grow(peer->hellos, peer->hello_count + 1, sizeof *peer->hellos);
    hello = &peer->hellos[peer->hello_count++];
    *hello = (struct feed_hello){.source = mem_copy(source), .acked = -1, .ack_due = FEED_PEER_NO_ACK};
    return hello;
}

void feed_peer_hello_drop(struct feed_peer *peer, const char *source)
{
    struct feed_hello *hello = feed_peer_hello(peer, source);

    if (hello == NULL)
        return;
    free(hello->source);
    *hello = peer->hellos[--peer->hello_count];
}
