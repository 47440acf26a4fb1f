/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the confirmed feed, of broadcast beacons and of replay: bodies parsed and printed. Frames are the daemon's. */
#ifndef TOLD_WIRE_H
#define TOLD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 1
#define WIRE_CREDIT_DEFAULT 1000
#define WIRE_CREDIT_BYTES (16 * 1024 * 1024)
#define WIRE_BODY_MOST (1024 * 1024)          /* a feed's max_bytes unless it says otherwise */
#define WIRE_ADAPTER_BODY_MOST (4 * 1024 * 1024)
#define WIRE_FRAME_MOST (8 * 1024 * 1024)     /* ZMQ_MAXMSGSIZE: beyond it a frame vanishes unseen (trap 4) */
#define WIRE_QUARANTINE_MOST (64 * 1024)      /* kept of what is no message at all */
#define WIRE_PING_S 10
#define WIRE_SILENCE_S 30

enum wire_verb {
    WIRE_NONE,
    WIRE_HELLO,
    WIRE_WELCOME,
    WIRE_EVENT,
    WIRE_ACK,
    WIRE_NAK,
    WIRE_BUSY,
    WIRE_PING,
    WIRE_PONG,
    WIRE_GET,
    WIRE_ITEM,
    WIRE_END,
    WIRE_CONFIRM,
};

enum wire_verb wire_verb_parse(const char *bytes, size_t len); /* WIRE_NONE if it is none */
const char *wire_verb_text(enum wire_verb verb);

struct wire_hello {
    int version;
    char *source; /* owned */
    int64_t epoch;
    uint64_t first_unacked;
};
struct wire_welcome {
    char *source;
    int64_t epoch;
    uint64_t next_sequence;
    int credit;
};
struct wire_ack {
    char *source;
    uint64_t sequence; /* cumulative, when id is NULL */
    char *id;
};
struct wire_nak {
    char *source; /* or NULL */
    char *id;     /* or NULL */
    char *sha256; /* or NULL */
    char *reason;
};
struct wire_busy {
    char *reason;
    int retry_after_s;
};
struct wire_beacon {
    char *source;
    int64_t epoch;
    uint64_t last_sequence;
    uint64_t oldest_sequence;
};

/* Replay: told asks, the publisher sends ITEMs and one END, told confirms what it has committed. */
struct wire_get {
    const char *source; /* borrowed: told only says it */
    int64_t epoch;
    uint64_t from;
    int max;
};
struct wire_end {
    uint64_t high; /* the last sequence the publisher has */
};

/* NULL on success, else the reason (caller frees). Sequences are 20-digit strings on the wire, epoch an integer. */
char *wire_hello_parse(const char *bytes, size_t len, struct wire_hello *ret);
char *wire_welcome_parse(const char *bytes, size_t len, struct wire_welcome *ret);
char *wire_ack_parse(const char *bytes, size_t len, struct wire_ack *ret);
char *wire_nak_parse(const char *bytes, size_t len, struct wire_nak *ret);
char *wire_busy_parse(const char *bytes, size_t len, struct wire_busy *ret);
char *wire_beacon_parse(const char *bytes, size_t len, struct wire_beacon *ret);
char *wire_end_parse(const char *bytes, size_t len, struct wire_end *ret);
void wire_hello_release(struct wire_hello *m);
void wire_welcome_release(struct wire_welcome *m);
void wire_ack_release(struct wire_ack *m);
void wire_nak_release(struct wire_nak *m);
void wire_busy_release(struct wire_busy *m);
void wire_beacon_release(struct wire_beacon *m);
/* The caller frees. */
char *wire_hello_print(const struct wire_hello *m);
char *wire_welcome_print(const struct wire_welcome *m);
char *wire_ack_print(const struct wire_ack *m);
char *wire_nak_print(const struct wire_nak *m);
char *wire_busy_print(const struct wire_busy *m);
char *wire_get_print(const struct wire_get *m);
char *wire_confirm_print(const char *source, uint64_t sequence);

/* The 20-digit string; false unless exactly 20 decimal digits that fit 63 bits (PostgreSQL's bigint). */
bool wire_sequence_parse(const char *text, uint64_t *ret);
const char *wire_sequence_print(uint64_t sequence, char out[24]);

/* Whether a granted prefix covers a source: it ends at a '/' or at the end ("court/camber" gives nothing to
 * "court/camberwell"; "court/" or "court" gives "court/camberwell"). */
bool wire_source_is_granted(const char *prefix, const char *source);

#endif
