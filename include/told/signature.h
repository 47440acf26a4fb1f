/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body", by libsodium. */
#ifndef TOLD_SIGNATURE_H
#define TOLD_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_KEY_MOST 64
#define SIGNATURE_TEXT_SIZE 64

struct signature_key {
    uint8_t bytes[SIGNATURE_KEY_MOST];
    size_t len; /* 24 to 64, as the specification asks */
};

/* "whsec_<base64>". NULL or why not (static). */
const char *signature_key_parse(const char *text, struct signature_key *ret);
/* "v1,<base64>" */
void signature_sign(const struct signature_key *key, const char *id, int64_t timestamp_s, const char *body, size_t len,
                    char out[SIGNATURE_TEXT_SIZE]);

#endif
