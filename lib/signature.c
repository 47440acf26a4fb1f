/* SPDX-License-Identifier: Apache-2.0 */
#include "told/signature.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "whsec_"
#define VERSION "v1,"
#define KEY_LEAST 24

const char *signature_key_parse(const char *text, struct signature_key *ret)
{
    const char *reason = NULL;
    struct signature_key key = {.len = 0};

    if (text == NULL || strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return "does not start with whsec_";
    const char *encoded = text + strlen(PREFIX);
    const char *end = NULL;
    if (sodium_base642bin(key.bytes, sizeof key.bytes, encoded, strlen(encoded), NULL, &key.len, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        *end != '\0') {
        reason = "is not padded base64 of at most 64 bytes after whsec_";
        goto done;
    }
    if (key.len < KEY_LEAST) {
        reason = "has fewer than 24 bytes of key";
        goto done;
    }
    *ret = key;
done:
    sodium_memzero(&key, sizeof key);
    return reason;
}

void signature_sign(const struct signature_key *key, const char *id, int64_t timestamp_s, const char *body,
                    size_t len, char out[SIGNATURE_TEXT_SIZE])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char stamp[24];
    int stamp_len = snprintf(stamp, sizeof stamp, ".%" PRId64 ".", timestamp_s);

    /* The multi-part form takes a key of any length; the one-shot form wants 32 bytes. */
    crypto_auth_hmacsha256_init(&state, key->bytes, key->len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)stamp, (unsigned long long)stamp_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);

    memcpy(out, VERSION, strlen(VERSION));
    sodium_bin2base64(out + strlen(VERSION), SIGNATURE_TEXT_SIZE - strlen(VERSION), mac, sizeof mac,
                      sodium_base64_VARIANT_ORIGINAL);
}
