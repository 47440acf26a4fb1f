/* SPDX-License-Identifier: Apache-2.0 */
/* GOV.UK Notify's logins: a JSON Web Token (RFC 7519, HS256) made from an API key, good for 30 seconds. */
#ifndef TOLD_NOTIFY_TOKEN_H
#define TOLD_NOTIFY_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#define NOTIFY_ID_SIZE 37      /* a UUID and a NUL */
#define NOTIFY_TOKEN_SIZE 256

struct notify_key {
    char service_id[NOTIFY_ID_SIZE];
    char secret[NOTIFY_ID_SIZE];
};

/* "NAME-SERVICE_ID-SECRET", the last two UUIDs. NULL or why not (static). */
const char *notify_key_parse(const char *text, struct notify_key *ret);
/* Whether it is a UUID as Notify writes them, in small letters. */
const char *notify_id_validate(const char *text); /* NULL or why not */
void notify_token(const struct notify_key *key, int64_t issued_s, char out[NOTIFY_TOKEN_SIZE]);

#endif
