/* SPDX-License-Identifier: Apache-2.0 */
/* jansson with the strictness told needs: duplicate keys refused, depth at most 16, one value and nothing after. */
#ifndef TOLD_JSON_H
#define TOLD_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MOST 16
/* Of somebody else's message: a hearing of the Common Platform names the offences of its next hearing 17 levels down. */
#define JSON_DEPTH_FOREIGN 32

/* A new reference, or NULL and *ret_reason (caller frees; "line L column C: what"). The reason never quotes the
 * input: it may hold a name. */
json_t *json_parse(const char *bytes, size_t len, char **ret_reason);
json_t *json_parse_within(const char *bytes, size_t len, int depth, char **ret_reason); /* the same, with a limit of its own */
/* Somebody else's message, read as its own readers do: of a key that stands twice the last holds, and *ret_twice says
 * where the first such key stands (caller frees; untouched if there is none). */
json_t *json_parse_foreign(const char *bytes, size_t len, char **ret_twice, char **ret_reason);
const char *json_text_at(const json_t *object, const char *key); /* the string, or NULL if absent or no string */
/* Canonical text (sorted keys, no blanks); the caller frees. Equal values give equal text. */
char *json_canonical(const json_t *value);
/* SHA-256 of the canonical text, without the named top-level keys (NULL-terminated list, may be NULL). 64 hex digits. */
void json_digest(const json_t *object, const char *const *without, char out[65]);

/* How many bytes to pass over: Windows begins a text with U+FEFF, which is no JSON and says nothing. */
size_t json_mark(const char *bytes, size_t len);

#endif
