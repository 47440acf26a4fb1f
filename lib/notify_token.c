/* SPDX-License-Identifier: Apache-2.0 */
#include "told/notify_token.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* {"typ":"JWT","alg":"HS256"} */
#define HEADER "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
#define UUID_LEN 36

const char *notify_id_validate(const char *text)
{
    for (size_t i = 0; i < UUID_LEN; i++) {
        int is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_hyphen ? text[i] != '-' : text[i] == '\0' || strchr("0123456789abcdef", text[i]) == NULL)
            return "is no UUID, write its 36 characters as Notify shows them";
    }
    return text[UUID_LEN] == '\0' ? NULL : "is no UUID, write its 36 characters as Notify shows them";
}

const char *notify_key_parse(const char *text, struct notify_key *ret)
{
    size_t len = strlen(text);
    struct notify_key key;
    const char *why = "is no API key of Notify: NAME, the service's UUID and the secret's UUID with hyphens between";

    memset(&key, 0, sizeof key);
    if (len < (size_t)2 * UUID_LEN + 2 || text[len - UUID_LEN - 1] != '-' || text[len - (size_t)2 * UUID_LEN - 2] != '-')
        return why;
    memcpy(key.secret, text + len - UUID_LEN, UUID_LEN);
    memcpy(key.service_id, text + len - (size_t)2 * UUID_LEN - 1, UUID_LEN);
    if (notify_id_validate(key.secret) == NULL && notify_id_validate(key.service_id) == NULL) {
        *ret = key;
        why = NULL;
    }
    sodium_memzero(&key, sizeof key);
    return why;
}

void notify_token(const struct notify_key *key, int64_t issued_s, char out[NOTIFY_TOKEN_SIZE])
{
    char claims[128];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    int len = snprintf(claims, sizeof claims, "{\"iss\":\"%s\",\"iat\":%" PRId64 "}", key->service_id, issued_s);

    snprintf(out, NOTIFY_TOKEN_SIZE, HEADER ".");
    sodium_bin2base64(out + strlen(out), NOTIFY_TOKEN_SIZE - strlen(out), (const unsigned char *)claims, (size_t)len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key->secret, strlen(key->secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)out, strlen(out));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
    snprintf(out + strlen(out), NOTIFY_TOKEN_SIZE - strlen(out), ".");
    sodium_bin2base64(out + strlen(out), NOTIFY_TOKEN_SIZE - strlen(out), mac, sizeof mac,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
