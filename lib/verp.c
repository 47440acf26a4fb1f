/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   token = base32( message, 8 bytes | attempt, 4 bytes | the first 16 bytes of an HMAC-SHA256 over both )
 *
 * Numbers are big-endian, base32 is that of RFC 4648 section 6 without padding. The tag alone makes it unguessable: a sender
 * of made-up bounces would have to hit 1 of 2^128.
 */
#include "told/verp.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "told/mem.h"

enum { NUMBERS = 12, TAG = 16, BYTES = NUMBERS + TAG, TOKEN = VERP_TOKEN_SIZE - 1 };

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
/* Another use of the same key would begin otherwise. */
static const char PURPOSE[] = "told return path 1";

static void tag_of(const unsigned char key[VERP_KEY_SIZE], const unsigned char numbers[NUMBERS], unsigned char out[TAG])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key, VERP_KEY_SIZE);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)PURPOSE, sizeof PURPOSE);
    crypto_auth_hmacsha256_update(&state, numbers, NUMBERS);
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(out, mac, TAG);
    sodium_memzero(&state, sizeof state);
}

static void encode(const unsigned char bytes[BYTES], char out[VERP_TOKEN_SIZE])
{
    unsigned held = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < BYTES; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            out[at++] = ALPHABET[held >> (bits - 5) & 31];
    }
    out[at++] = ALPHABET[held << (5 - bits) & 31];
    out[at] = '\0';
}

static int digit_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* One token has one form: bits beyond the last byte must be zero. */
static bool decode(const char token[TOKEN], unsigned char out[BYTES])
{
    unsigned held = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < TOKEN; i++) {
        int digit = digit_of(token[i]);

        if (digit < 0)
            return false;
        held = held << 5 | (unsigned)digit;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (unsigned char)(held >> bits);
        }
    }
    return (held & ((1U << bits) - 1)) == 0;
}

void verp_token(const unsigned char key[VERP_KEY_SIZE], const struct verp *verp, char out[VERP_TOKEN_SIZE])
{
    unsigned char bytes[BYTES];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)verp->message_id >> (56 - 8 * i));
    for (unsigned i = 0; i < 4; i++)
        bytes[8 + i] = (unsigned char)((unsigned)verp->attempt >> (24 - 8 * i));
    tag_of(key, bytes, bytes + NUMBERS);
    encode(bytes, out);
}

char *verp_print(const unsigned char key[VERP_KEY_SIZE], const struct verp *verp, const char *domain)
{
    char token[VERP_TOKEN_SIZE];

    verp_token(key, verp, token);
    return mem_printf("%s+%s@%s", VERP_LOCAL, token, domain);
}

static const char *read_numbers(const unsigned char bytes[BYTES], struct verp *ret)
{
    uint64_t message = 0;
    uint32_t attempt = 0;

    for (size_t i = 0; i < 8; i++)
        message = message << 8 | bytes[i];
    for (size_t i = 8; i < NUMBERS; i++)
        attempt = attempt << 8 | bytes[i];
    if (message == 0 || message > INT64_MAX || attempt == 0 || attempt > INT32_MAX)
        return "its token names no attempt";
    *ret = (struct verp){.message_id = (int64_t)message, .attempt = (int)attempt};
    return NULL;
}

const char *verp_parse(const unsigned char key[VERP_KEY_SIZE], const char *address, const char *domain, struct verp *ret)
{
    static const char BEGIN[] = VERP_LOCAL "+";
    size_t begin = sizeof BEGIN - 1;
    unsigned char bytes[BYTES], tag[TAG];

    if (address == NULL || strncasecmp(address, BEGIN, begin) != 0)
        return "it does not begin with " VERP_LOCAL "+";
    if (strcspn(address + begin, "@") != TOKEN || address[begin + TOKEN] != '@' || !decode(address + begin, bytes))
        return "its token is not of our form";
    if (strcasecmp(address + begin + TOKEN + 1, domain) != 0)
        return "its domain is not ours";
    tag_of(key, bytes, tag);
    if (sodium_memcmp(tag, bytes + NUMBERS, TAG) != 0)
        return "its token was not written by this told";
    return read_numbers(bytes, ret);
}
