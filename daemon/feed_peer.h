/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publishers at the ROUTER, by routing id: what each has said HELLO for, what it waits for, and whether its frames
 * are to be thrown away. A reconnect is a new routing id and so a new peer.
 */
#ifndef TOLD_FEED_PEER_H
#define TOLD_FEED_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_PEER_NO_ACK INT64_MIN

enum { FEED_PEER_ROUTE_MOST = 255, FEED_PEER_KEY_SIZE = 41, FEED_PEER_SOURCES_MOST = 1000 };

/* One source of one connection. */
struct feed_hello {
    char *source; /* owned */
    int64_t epoch;
    int64_t first_unacked;
    bool is_granted; /* without a grant there is no cursor: whatever comes is quarantined */
    int64_t acked;   /* up to which it has been told, by WELCOME or ACK */
    int64_t ack_due; /* the next cumulative ACK; FEED_PEER_NO_ACK: none */
};

struct feed_peer {
    struct feed_peer *next; /* of its bucket */
    uint64_t number;        /* never used twice */
    size_t route_len;
    char route[FEED_PEER_ROUTE_MOST];
    char key[FEED_PEER_KEY_SIZE]; /* Z85, as the handshake proved it */
    bool is_dropped;    /* its frames are read and thrown away */
    bool is_gone;       /* nobody is there any more */
    bool is_throttled;  /* sent more than its credit: greeted again when all of it has settled */
    bool has_lost;      /* an answer could not be delivered: it has to say HELLO again */
    int64_t heard_ms, pinged_ms;
    int64_t busy_ms;    /* when BUSY was last said; 0: not since its last HELLO */
    struct feed_hello *hellos;
    size_t hello_count;
    size_t pending, pending_bytes; /* unsettled */
};

struct feed_peers;

struct feed_peers *feed_peers_new(void);
void feed_peers_free(struct feed_peers *peers);
struct feed_peer *feed_peers_find(struct feed_peers *peers, const void *route, size_t route_len); /* or NULL */
struct feed_peer *feed_peers_numbered(struct feed_peers *peers, uint64_t number);                /* or NULL */
/* A peer of that routing id as it is first heard; an older one with the same id (a publisher that fixes it) is forgotten.
 * NULL if the id is too long. */
struct feed_peer *feed_peers_add(struct feed_peers *peers, const void *route, size_t route_len, const char *key);
struct feed_peer *feed_peers_at(struct feed_peers *peers, size_t i); /* NULL beyond the last; any order but by number */
/* Forgets who is gone, and who has been silent for so long that it would have to say HELLO again anyway. */
void feed_peers_sweep(struct feed_peers *peers, int64_t now_ms);

struct feed_hello *feed_peer_hello(const struct feed_peer *peer, const char *source); /* or NULL */
/* NULL when it has too many sources. */
struct feed_hello *feed_peer_hello_put(struct feed_peer *peer, const char *source);
void feed_peer_hello_drop(struct feed_peer *peer, const char *source);

#endif
