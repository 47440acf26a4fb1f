/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol as it is stored with its hash: a duty pins the version it was opened under, and years later that version
 * must still run. JSON array of {"name", "text"}, in the order that the hash was made in.
 */
#ifndef TOLD_PROTOCOL_STORED_H
#define TOLD_PROTOCOL_STORED_H

#include "told/protocol.h"

/* Of files that protocol_parse took. Names lose their directory: it is nobody's later. The caller frees. */
char *protocol_stored_print(const struct protocol_file *files, size_t count);
/* The same protocol, with the same hash. NULL if the text is no stored protocol (a fault in file "stored", line 1) or if
 * its rules have faults. */
struct protocol *protocol_stored_parse(const char *text, protocol_fault_fn *fault, void *cookie);

#endif
