/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the codes of other systems mean to us, read from the files of conf/codes: a list of rows for each table, checked
 * against the catalogue as they load. Adapters look codes up in it; which tables there are is fixed, their rows are not.
 */
#ifndef TOLD_CODES_H
#define TOLD_CODES_H

#include "told/json.h"

struct codes; /* immutable */

struct codes_file {
    const char *name; /* as shown in faults, for example "conf/codes/bail-statuses.conf" */
    const char *text;
    size_t len;
};

/* Called once for each fault: "what; what to do". file is NULL for a table that stands in none of them. */
typedef void codes_fault_fn(void *cookie, const char *file, int line, const char *text);

/* NULL if there was any fault; all faults of all files are reported in one run (one per unparsable file). */
struct codes *codes_parse(const struct codes_file *files, size_t count, codes_fault_fn *fault, void *cookie);
void codes_free(struct codes *codes);
const char *codes_hash(const struct codes *codes); /* SHA-256 over what the rows say, 64 hex digits: their version */
size_t codes_count(const struct codes *codes);     /* rows of all tables */
/* {"hash", "tables": [{"name", "rows": [{"code", "event", …}]}]}, members as in the files; the caller's. */
json_t *codes_json(const struct codes *codes);

#endif
