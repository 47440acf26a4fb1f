/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that mail came back from: nothing is sent to them until an operator clears them or the directory names another.
 * Whoever marks or clears one counts the directory's version up, so that it is loaded anew. */
#ifndef TOLD_REFUSED_ADDRESSES_H
#define TOLD_REFUSED_ADDRESSES_H

#include "pg.h"

struct refused_addresses;

struct refused_addresses *refused_addresses_load(struct pg *pg); /* NULL when the database failed */
void refused_addresses_free(struct refused_addresses *refused);
bool refused_addresses_has(const struct refused_addresses *refused, const char *address);

#endif
