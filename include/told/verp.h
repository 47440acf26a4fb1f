/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The return path of one attempt (VERP): "told+TOKEN@domain". Whoever gets a bounce there knows which message and which try
 * of it came back, and that told itself wrote that address: the token holds both numbers and a keyed tag.
 */
#ifndef TOLD_VERP_H
#define TOLD_VERP_H

#include <stdint.h>

#define VERP_LOCAL "told" /* what stands before the '+' */
enum { VERP_KEY_SIZE = 32, VERP_TOKEN_SIZE = 46 };

struct verp {
    int64_t message_id; /* at least 1 */
    int attempt;        /* its number, at least 1 */
};

/* 45 letters and digits, lower case: a mail server may change the case of a local part, and 50 bytes fit into it. */
void verp_token(const unsigned char key[VERP_KEY_SIZE], const struct verp *verp, char out[VERP_TOKEN_SIZE]);
/* The whole address; the caller frees. */
char *verp_print(const unsigned char key[VERP_KEY_SIZE], const struct verp *verp, const char *domain);
/* NULL, or why the address is none of ours (static text; *ret untouched). Upper case is the same as lower. */
const char *verp_parse(const unsigned char key[VERP_KEY_SIZE], const char *address, const char *domain, struct verp *ret);

#endif
