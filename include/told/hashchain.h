/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's chain: each link is SHA-256(previous link ‖ SHA-256(row text)). */
#ifndef TOLD_HASHCHAIN_H
#define TOLD_HASHCHAIN_H

#include <stddef.h>
#include <stdint.h>

#define HASHCHAIN_SIZE 32

void hashchain_link(const uint8_t previous[HASHCHAIN_SIZE], const char *row, size_t len, uint8_t ret[HASHCHAIN_SIZE]);
/* The SHA-256 of some bytes as 64 hex digits. */
void hashchain_hex(const void *bytes, size_t len, char out[65]);

#endif
