/* SPDX-License-Identifier: Apache-2.0 */
#include "told/hashchain.h"

#include <sodium.h>

_Static_assert(HASHCHAIN_SIZE == crypto_hash_sha256_BYTES, "a link is one SHA-256");

void hashchain_link(const uint8_t previous[HASHCHAIN_SIZE], const char *row, size_t len,
                    uint8_t ret[HASHCHAIN_SIZE])
{
    crypto_hash_sha256_state state;
    uint8_t row_hash[HASHCHAIN_SIZE];

    /* The row by its hash, so that whoever may not read a row can still check the chain around it. */
    crypto_hash_sha256(row_hash, (const uint8_t *)row, len);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, previous, HASHCHAIN_SIZE);
    crypto_hash_sha256_update(&state, row_hash, sizeof row_hash);
    crypto_hash_sha256_final(&state, ret); /* last: ret may be previous */
}

void hashchain_hex(const void *bytes, size_t len, char out[65])
{
    uint8_t hash[HASHCHAIN_SIZE];

    crypto_hash_sha256(hash, bytes, len);
    (void)sodium_bin2hex(out, 65, hash, sizeof hash);
}
