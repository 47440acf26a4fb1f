/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte of what goes into an SMTP envelope or a header is judged here (traps 10, 14). */
#ifndef TOLD_ADDRESS_H
#define TOLD_ADDRESS_H

#include <stdbool.h>

/* NULL, or why not (static text). ASCII dot-atom local part (RFC 5321 4.1.2, no quoted strings), 1–64 bytes; a domain of
 * LDH labels with at least one dot, or exactly "localhost"; at most 254 bytes. No display names, no comments. */
const char *address_validate(const char *address);
/* The domain part of a valid address. */
const char *address_domain(const char *address);
/* Whether a valid address is of one of the domains, NULL-terminated: "a.example" is that domain, "*.a.example" each below
 * it; letters count the same in either case. NULL or an empty list: any domain. */
bool address_is_within(const char *address, const char *const *domains);
/* NULL, or why not: printable ASCII 0x20–0x7e only, at most 200 bytes. For subjects and header values. */
const char *address_validate_header(const char *value);

#endif
