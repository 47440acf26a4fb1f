/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a child at an instant: the `child.…` fields of the catalogue, three-valued. A field that
 * nobody stated is unknown, never false.
 */
#ifndef TOLD_FACTS_H
#define TOLD_FACTS_H

#include "told/event.h"

struct facts;

struct facts *facts_new(void); /* everything unknown */
void facts_free(struct facts *facts);
struct facts *facts_copy(const struct facts *facts);

/* `field` without "child." as in a case's `child` ("born_on", "looked_after", "looked_after_basis", "in_need",
 * "markers", …). JSON null makes it unknown. NULL on success, else the reason (static text): unknown field, wrong
 * kind, word outside its set. "allocations" (object role → practitioner) replaces the whole list. */
const char *facts_set(struct facts *facts, const char *field, const json_t *value);
/* practitioner NULL: known that nobody holds the role. */
void facts_allocate(struct facts *facts, const char *role, const char *practitioner);
const char *facts_allocated(const struct facts *facts, const char *role); /* NULL: nobody or unknown */

/* What the event itself changes (events.md section 3, "becomes"). Called in order of valid-from for every event of
 * the child before the one that is decided. */
void facts_apply(struct facts *facts, const struct event *event);
/* Closed-world defaults of the daemon, after the fold: no custody event, custodial sentence or remand stored makes
 * in_custody false; no sentence stored makes sentenced false (events.md section 3). Never called for a case. */
void facts_close(struct facts *facts);

json_t *facts_json(const struct facts *facts);            /* new reference; the shape of a case's `child` */
void facts_digest(const struct facts *facts, char out[65]); /* of the canonical JSON */

#endif
