/* SPDX-License-Identifier: Apache-2.0 */
#include "told/wire.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/json.h"
#include "told/mem.h"

void wire_hello_release(struct wire_hello *m)
{
    free(m->source);
    *m = (struct wire_hello){0};
}

void wire_welcome_release(struct wire_welcome *m)
{
    free(m->source);
    *m = (struct wire_welcome){0};
}

void wire_ack_release(struct wire_ack *m)
{
    free(m->source);
    free(m->id);
    *m = (struct wire_ack){0};
}

void wire_nak_release(struct wire_nak *m)
{
    free(m->source);
    free(m->id);
    free(m->sha256);
    free(m->reason);
    *m = (struct wire_nak){0};
}

void wire_busy_release(struct wire_busy *m)
{
    free(m->reason);
    *m = (struct wire_busy){0};
}

void wire_beacon_release(struct wire_beacon *m)
{
    free(m->source);
    *m = (struct wire_beacon){0};
}

static const char *const VERBS[] = {
    [WIRE_NONE] = "",           [WIRE_HELLO] = "HELLO", [WIRE_WELCOME] = "WELCOME", [WIRE_EVENT] = "EVENT",
    [WIRE_ACK] = "ACK",         [WIRE_NAK] = "NAK",     [WIRE_BUSY] = "BUSY",       [WIRE_PING] = "PING",
    [WIRE_PONG] = "PONG",       [WIRE_GET] = "GET",     [WIRE_ITEM] = "ITEM",       [WIRE_END] = "END",
    [WIRE_CONFIRM] = "CONFIRM",
};

enum wire_verb wire_verb_parse(const char *bytes, size_t len)
{
    for (int verb = WIRE_HELLO; verb <= WIRE_CONFIRM; verb++)
        if (len == strlen(VERBS[verb]) && memcmp(bytes, VERBS[verb], len) == 0)
            return (enum wire_verb)verb;
    return WIRE_NONE;
}

const char *wire_verb_text(enum wire_verb verb)
{
    return VERBS[verb];
}

bool wire_sequence_parse(const char *text, uint64_t *ret)
{
    uint64_t sequence = 0;
    int digits = 0;

    for (; text != NULL && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == 20 || sequence > (INT64_MAX - (uint64_t)(text[digits] - '0')) / 10)
            return false;
        sequence = sequence * 10 + (uint64_t)(text[digits] - '0');
    }
    if (digits != 20 || text[digits] != '\0')
        return false;
    *ret = sequence;
    return true;
}

const char *wire_sequence_print(uint64_t sequence, char out[24])
{
    (void)snprintf(out, 24, "%020llu", (unsigned long long)sequence);
    return out;
}

bool wire_source_is_granted(const char *prefix, const char *source)
{
    size_t len = strlen(prefix);

    /* An empty prefix would grant everything: whoever means that has to name it. */
    if (len == 0 || strncmp(prefix, source, len) != 0)
        return false;
    return prefix[len - 1] == '/' || source[len] == '/' || source[len] == '\0';
}

/* ---- bodies: members are taken one by one; the first fault stays, and later ones are not looked for ---- */

struct body {
    json_t *root;
    char *fault; /* NULL: so far all is well */
};

static struct body body_open(const char *bytes, size_t len)
{
    struct body body = {NULL, NULL};

    body.root = json_parse(bytes, len, &body.fault);
    if (body.root != NULL && !json_is_object(body.root))
        body.fault = mem_copy("line 1 column 1: an array; expected an object");
    return body;
}

static char *body_close(struct body *body)
{
    json_decref(body->root);
    return body->fault;
}

/* Unknown members are passed over, so that a later version can say more. */
static const json_t *member(const struct body *body, const char *key)
{
    return body->fault == NULL ? json_object_get(body->root, key) : NULL;
}

static void refuse(struct body *body, const char *key, const char *expected)
{
    if (body->fault == NULL)
        body->fault = mem_printf("\"%s\": expected %s", key, expected);
}

/* A string, owned by the caller. NULL when there is none: a fault only where it is required. */
static char *take_text(struct body *body, const char *key, bool required)
{
    const json_t *value = member(body, key);

    if (value == NULL && !required)
        return NULL;
    if (json_string_length(value) > 0)
        return mem_copy(json_string_value(value));
    refuse(body, key, "a string that is not empty");
    return NULL;
}

static int64_t take_integer(struct body *body, const char *key, int64_t least, int64_t most)
{
    const json_t *value = member(body, key);
    int64_t number = json_integer_value(value);

    if (json_is_integer(value) && number >= least && number <= most)
        return number;
    refuse(body, key, least > 0 ? "an integer above zero" : "an integer, zero or above");
    return 0;
}

static uint64_t take_sequence(struct body *body, const char *key)
{
    uint64_t sequence = 0;

    if (!wire_sequence_parse(json_string_value(member(body, key)), &sequence))
        refuse(body, key, "a string of 20 digits, at most 09223372036854775807");
    return sequence;
}

static char *take_sha256(struct body *body, const char *key)
{
    char *text = take_text(body, key, false);

    if (text != NULL && (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64))
        refuse(body, key, "a SHA-256 as 64 digits of 0-9 and a-f");
    return text;
}

char *wire_hello_parse(const char *bytes, size_t len, struct wire_hello *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_hello m = {
        .version = (int)take_integer(&body, "wire", 1, INT_MAX),
        .source = take_text(&body, "source", true),
        .epoch = take_integer(&body, "epoch", 0, INT64_MAX),
        .first_unacked = take_sequence(&body, "first_unacked"),
    };

    if (body.fault == NULL)
        *ret = m;
    else
        wire_hello_release(&m);
    return body_close(&body);
}

char *wire_welcome_parse(const char *bytes, size_t len, struct wire_welcome *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_welcome m = {
        .source = take_text(&body, "source", true),
        .epoch = take_integer(&body, "epoch", 0, INT64_MAX),
        .next_sequence = take_sequence(&body, "next_sequence"),
        .credit = (int)take_integer(&body, "credit", 0, INT_MAX),
    };

    if (body.fault == NULL)
        *ret = m;
    else
        wire_welcome_release(&m);
    return body_close(&body);
}

char *wire_ack_parse(const char *bytes, size_t len, struct wire_ack *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_ack m = {.source = take_text(&body, "source", true), .id = take_text(&body, "id", false)};

    /* Both would leave open what is acknowledged: one event, or all up to a number. */
    if (m.id == NULL)
        m.sequence = take_sequence(&body, "sequence");
    else if (member(&body, "sequence") != NULL)
        refuse(&body, "sequence", "either \"sequence\" or \"id\", not both");
    if (body.fault == NULL)
        *ret = m;
    else
        wire_ack_release(&m);
    return body_close(&body);
}

char *wire_nak_parse(const char *bytes, size_t len, struct wire_nak *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_nak m = {
        .source = take_text(&body, "source", false),
        .id = take_text(&body, "id", false),
        .sha256 = take_sha256(&body, "sha256"),
        .reason = take_text(&body, "reason", true),
    };

    if (body.fault == NULL)
        *ret = m;
    else
        wire_nak_release(&m);
    return body_close(&body);
}

char *wire_busy_parse(const char *bytes, size_t len, struct wire_busy *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_busy m = {
        .reason = take_text(&body, "reason", true),
        .retry_after_s = (int)take_integer(&body, "retry_after", 0, INT_MAX),
    };

    if (body.fault == NULL)
        *ret = m;
    else
        wire_busy_release(&m);
    return body_close(&body);
}

char *wire_beacon_parse(const char *bytes, size_t len, struct wire_beacon *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_beacon m = {
        .source = take_text(&body, "source", true),
        .epoch = take_integer(&body, "epoch", 0, INT64_MAX),
        .last_sequence = take_sequence(&body, "last_sequence"),
        .oldest_sequence = take_sequence(&body, "oldest_sequence"),
    };

    if (body.fault == NULL)
        *ret = m;
    else
        wire_beacon_release(&m);
    return body_close(&body);
}

char *wire_end_parse(const char *bytes, size_t len, struct wire_end *ret)
{
    struct body body = body_open(bytes, len);
    struct wire_end m = {.high = take_sequence(&body, "high")};

    if (body.fault == NULL)
        *ret = m;
    return body_close(&body);
}
