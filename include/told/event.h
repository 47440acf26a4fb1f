/* SPDX-License-Identifier: Apache-2.0 */
/* One event: a CloudEvents 1.0 object of the catalogue in `field.h`, parsed and checked. Immutable. */
#ifndef TOLD_EVENT_H
#define TOLD_EVENT_H

#include <stdint.h>

#include "told/civil.h"
#include "told/json.h"

#define EVENT_TYPE_INSTANT "told.instant" /* told's own; no feed may send it */
#define EVENT_STATEMENT "toldstatement" /* an extension attribute of our own */
#define EVENT_FOREIGN_PREFIX "foreign."   /* foreign.<adapter>: somebody else's message */

struct event; /* opaque; owns its JSON */

enum event_fault {
    EVENT_OK,
    EVENT_NOT_JSON,     /* not JSON, duplicate keys, too deep */
    EVENT_NOT_AN_EVENT, /* required attributes missing or of the wrong kind */
    EVENT_UNKNOWN_TYPE,
    EVENT_WRONG_FIELD, /* a known type with a field of the wrong kind or a word outside its set */
};

/* NULL, *ret_fault and *ret_reason (caller frees) on failure. The reason names attribute or field and what is
 * expected, never the value found. */
struct event *event_parse(const char *bytes, size_t len, enum event_fault *ret_fault, char **ret_reason);
/* The same from JSON already parsed; takes its own reference. */
struct event *event_from_json(json_t *root, enum event_fault *ret_fault, char **ret_reason);
void event_free(struct event *event);

const char *event_id(const struct event *event);
const char *event_source(const struct event *event);
const char *event_type(const struct event *event);
struct instant event_time(const struct event *event);
struct instant event_recorded(const struct event *event); /* recordedtime, or none */
bool event_has_sequence(const struct event *event);
uint64_t event_sequence(const struct event *event); /* 0 if it has none */
const char *event_case(const struct event *event);     /* data.case, or NULL */
const char *event_amends(const struct event *event);   /* data.amends, or NULL */
const char *event_retracts(const struct event *event); /* data.retracts, or NULL */
bool event_is_foreign(const struct event *event);      /* type foreign.<adapter>: data is not of the catalogue */
const json_t *event_json(const struct event *event);   /* borrowed */
const json_t *event_person(const struct event *event); /* data.person, or NULL; borrowed */
struct instant event_recorded_at(const struct event *event); /* recordedtime; none if it has none */
/* What a person said in its place, as event_answer took it; NULL: nothing. Borrowed. */
const json_t *event_answers(const struct event *event);
/* What the event states, the same in every message of its source that states it anew; NULL: each event stands for
 * itself. Adapters set it where a sender sends the whole again and does not say what it replaces. */
const char *event_statement(const struct event *event);
/* As if it had said `amends` (copied). */
void event_replace(struct event *event, const char *id);
const char *event_traceparent(const struct event *event);
/* From when the event's facts hold: `on` if it has one that is not the local day of `time` (00:00 of it), else `time`. */
struct instant event_valid_from(const struct event *event);
/* Whether two events of one (source, id) say the same: equal but for sequence, recordedtime, traceparent; a foreign message
 * also but for the time at which it was wrapped. */
void event_digest(const struct event *event, char out[65]);

#endif
