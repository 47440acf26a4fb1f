/* SPDX-License-Identifier: Apache-2.0 */
#include "told/spool_record.h"

#include <stdbool.h>
#include <string.h>

enum { HEAD = 8, FIXED = 12, LEAST = FIXED, MOST = FIXED + 2 * SPOOL_NAME_MOST + SPOOL_BODY_MOST };

/* Four bits at a time, the polynomial reflected. */
static const uint32_t CRC_NIBBLES[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t spool_record_crc32c(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ CRC_NIBBLES[crc & 15];
        crc = (crc >> 4) ^ CRC_NIBBLES[crc & 15];
    }
    return crc ^ 0xffffffff;
}

static void put_number(char *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (char)(unsigned char)(number >> (8 * i));
}

static uint64_t number_at(const char *from, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)from[i] << (8 * i);
    return number;
}

static size_t at_most(size_t len, size_t most)
{
    return len < most ? len : most;
}

void spool_record_print(struct buf *out, const struct spool_record *record)
{
    size_t feed_len = at_most(record->feed_len, SPOOL_NAME_MOST);
    size_t topic_len = at_most(record->topic_len, SPOOL_NAME_MOST);
    size_t len = at_most(record->len, SPOOL_BODY_MOST);
    size_t begin = out->len;
    char head[HEAD + FIXED] = {0};

    put_number(head + HEAD, (uint64_t)record->received_at.us, 8);
    put_number(head + HEAD + 8, feed_len, 2);
    put_number(head + HEAD + 10, topic_len, 2);
    buf_append(out, head, sizeof head);
    buf_append(out, record->feed, feed_len);
    buf_append(out, record->topic, topic_len);
    buf_append(out, record->body, len);
    put_number(out->bytes + begin, out->len - begin - HEAD, 4);
    put_number(out->bytes + begin + 4, spool_record_crc32c(out->bytes + begin + HEAD, out->len - begin - HEAD), 4);
}

/* A whole record that is as it was written begins here. */
static bool is_whole(const char *bytes, size_t len, struct spool_record *ret, size_t *ret_size)
{
    const char *payload = bytes + HEAD;
    size_t size, names;

    if (len < HEAD + LEAST)
        return false;
    size = (size_t)number_at(bytes, 4);
    if (size < LEAST || size > MOST || size > len - HEAD)
        return false;
    ret->feed_len = (size_t)number_at(payload + 8, 2);
    ret->topic_len = (size_t)number_at(payload + 10, 2);
    names = ret->feed_len + ret->topic_len;
    if (ret->feed_len > SPOOL_NAME_MOST || ret->topic_len > SPOOL_NAME_MOST || names > size - FIXED ||
        size - FIXED - names > SPOOL_BODY_MOST || spool_record_crc32c(payload, size) != (uint32_t)number_at(bytes + 4, 4))
        return false;
    ret->received_at.us = (int64_t)number_at(payload, 8);
    ret->feed = payload + FIXED;
    ret->topic = ret->feed + ret->feed_len;
    ret->body = ret->topic + ret->topic_len;
    ret->len = size - FIXED - names;
    *ret_size = HEAD + size;
    return true;
}

enum spool_verdict spool_record_parse(const char *bytes, size_t len, struct spool_record *ret, size_t *ret_size)
{
    struct spool_record record;
    size_t size = 0;

    *ret_size = 0;
    if (len == 0)
        return SPOOL_END;
    if (is_whole(bytes, len, &record, &size)) {
        *ret = record;
        *ret_size = size;
        return SPOOL_RECORD;
    }
    /* Only what no record follows is a torn tail: nothing else is ever cut. */
    for (size_t at = 1; at < len; at++)
        if (is_whole(bytes + at, len - at, &record, &size)) {
            *ret_size = at;
            return SPOOL_DAMAGED;
        }
    *ret_size = len;
    return SPOOL_TORN;
}
